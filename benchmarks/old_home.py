"""A large home from a seed, written by the code of a released version: its rows, and the bytes they name.

It imports nothing but that version's own words and storage, so it is run by its path in a checkout of it:
`git worktree add OLD 9e57839; PYTHONPATH=OLD python benchmarks/old_home.py FOLDER EXHIBITS` writes a home of 0.1.0.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import storage
from crawler.items import (
    Capture,
    Entity,
    Exchange,
    Exhibit,
    Exhibits,
    Finding,
    Kind,
    Listing,
    Outcome,
    Reading,
    Sightings,
)
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun

SEED = 20261120
A_PAGE = 20  # exhibits
A_RUN = 3  # pages
A_ROUND = 60  # runs
TOOL = "lantian 0.1.0"
BEGAN = datetime(2025, 1, 1, 1, tzinfo=UTC)
OFFERS = ("发明专利包授权 不过全额退款", "专利加急内部渠道 七天下证", "第一发明人挂名 名额有限")
PLAIN = ("专利检索分析", "商标注册查询", "高新认定辅导", "版权登记咨询", "专利年费代缴", "实用新型撰写")
# What sellers and scripts put into their texts; a NUL and half a pair are among it.
ODD = ("", "", "", "", "\U0001f600", "100%_保", "\u202e", "e\u0301", "\0", "\ud83d", "'\"\n")


def main(home: Path, exhibits: int) -> None:
    """Rounds until there are so many exhibits; the same numbers give the same rows but for random ids."""
    chance = random.Random(SEED)
    home.mkdir(parents=True)
    store = ExhibitStore(open_database(home / "lantian.db"))
    pages = -(-exhibits // A_PAGE)
    with FolderArchive(home / "archive", tool=TOOL, rotate_at=64 << 20) as archive:
        for first in range(0, pages, A_ROUND * A_RUN):
            write_round(store, archive, chance, range(first, min(first + A_ROUND * A_RUN, pages)))
            archive.sync()
    store.engine.dispose()


def write_round(store: ExhibitStore, archive: FolderArchive, chance: random.Random, pages: range) -> None:
    """One round, all of whose runs are ok."""
    at = BEGAN + timedelta(minutes=pages.start)
    round_id = store.begin_round(at, TOOL, "")
    runs = [pages[start : start + A_RUN] for start in range(0, len(pages), A_RUN)]
    planned = [
        PlannedRun(id=f"{round_id}-{place}", platform="taobao", query=f"专利 {place}", planned_at=at)
        for place in range(len(runs))
    ]
    store.plan(round_id, planned)
    store.open_runs(planned, at)
    for run, numbers in zip(planned, runs, strict=True):
        for place, number in enumerate(numbers, 1):
            store.record(page(archive, chance, run, place, at + timedelta(seconds=number)))
        store.finish_run(run.id, Outcome.OK, "", "", at + timedelta(minutes=1))


def page(archive: FolderArchive, chance: random.Random, run: PlannedRun, number: int, at: datetime) -> Exhibits:
    """One page, kept first."""
    listings = tuple(listing(chance, place) for place in range(1, A_PAGE + 1))
    kept = keep(archive, run, number, at, listings)
    sightings = Sightings(
        run=run.id,
        platform=run.platform,
        query=run.query,
        page_number=number,
        requested_url=kept.url,
        url=kept.url,
        seen_at=at,
        reading=Reading(outcome=Outcome.OK, listings=listings, total=len(listings)),
        capture=kept,
        is_last=number == A_RUN,
    )
    return Exhibits(sightings=sightings, exhibits=tuple(exhibit(kept, one) for one in listings))


def listing(chance: random.Random, place: int) -> Listing:
    """One ware of some thousands of shops; one in twelve is offered as nobody may."""
    ware, shop = chance.randrange(2_000_000), chance.randrange(8_000)
    words = chance.choice(OFFERS) if chance.random() < 1 / 12 else " ".join(chance.sample(PLAIN, 2))
    return Listing(
        platform="taobao",
        kind=Kind.PRODUCT,
        position=place,
        title=f"{words} {ware % 977}",
        url=f"https://item.taobao.example/{ware}",
        text=f"{' '.join(chance.choices(PLAIN, k=8))} 电话 138{ware % 10**8:08} {chance.choice(ODD)}",
        seller=f"示例知产{shop}",
        seller_id=str(shop),
        item_id=str(ware),
        price=f"¥{chance.randrange(200, 9000)}",
        images=(f"https://img.taobao.example/{ware}.jpg",),
    )


def keep(archive: FolderArchive, run: PlannedRun, number: int, at: datetime, listings: tuple[Listing, ...]) -> Capture:
    shown = "".join(f"<li><b>{one.title}</b><p>{one.text}</p><i>{one.seller}</i></li>\n" for one in listings)
    body = gzip.compress(f"<!doctype html><ul>{shown}</ul>".encode("utf-8", "replace"), 6, mtime=0)
    return archive.keep(
        Exchange(
            url=f"https://s.taobao.example/?q={run.id}&page={number}",
            method="GET",
            request_headers=(("Host", "s.taobao.example"), ("User-Agent", TOOL)),
            request_body=b"",
            status=200,
            reason="OK",
            protocol="HTTP/1.1",
            response_headers=(("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip")),
            response_body=body,
            ip_address="127.0.0.1",
            fetched_at=at,
            is_specimen=True,
        )
    )


def exhibit(kept: Capture, one: Listing) -> Exhibit:
    """The listing with a finding where it begins with an offer, and the telephone it names."""
    public = hashlib.sha256(f"{kept.id} {one.position}".encode()).hexdigest()[:20]
    start = one.text.index("138")
    phone = Entity(kind="phone", value=one.text[start : start + 11], field="text", start=start, end=start + 11)
    found = (finding(one),) if one.title.startswith(OFFERS) else ()
    return Exhibit(id=public, listing=one, findings=found, entities=(phone,))


def finding(one: Listing) -> Finding:
    return Finding(
        rule="guaranteed_grant_promise",
        rule_digest="cd" * 32,
        state="active",
        category="guaranteed_grant",
        severity=3,
        field="title",
        start=0,
        end=6,
        quote=one.title[:6],
        points=70,
        needs=60,
        pro=(("包授权", 70),),
        contra=(),
        articles=("专利代理条例-25",),
    )


if __name__ == "__main__":
    print(Path(storage.__file__ or storage.__path__[0]).parent, file=sys.stderr)
    main(Path(sys.argv[1]), int(sys.argv[2]))
