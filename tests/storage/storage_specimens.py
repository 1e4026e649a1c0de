"""Invented exchanges, pages of exhibits and homes that the storage tests share."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.captures import BrowserCapture, Exchange, Snapshot
from crawler.items import Capture, Entity, Exhibit, Exhibits, Finding, How, Kind, Listing, Outcome, Reading, Sightings
from storage import warc
from storage.archive import FolderArchive
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.rounds import pages_on
from storage.shapes import PageRow

# For what only SQLite can be asked: how much work a question is, and the file itself.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
T0 = datetime(2026, 8, 1, 2, 30, 15, 123456, tzinfo=UTC)
TOOL = "lantian 0.1.0"


def database_of(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where the new database is that a test was parametrised for; without that, a file. Both are copies."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return Path(shutil.copyfile(request.getfixturevalue("_empty_database"), tmp_path / "lantian.db"))
    return str(request.getfixturevalue("migrated_database"))


EXCHANGE = Exchange(
    url="https://www.xinghe.example/s?wd=%E4%B8%93%E5%88%A9&pn=1",
    method="GET",
    request_headers=(("Host", "www.xinghe.example"), ("User-Agent", TOOL), ("X-Odd", "one"), ("X-Odd", "two")),
    request_body=b"",
    status=200,
    reason="OK",
    protocol="HTTP/1.1",
    response_headers=(("Content-Type", "text/html; charset=gbk"), ("content-LENGTH", "11"), ("Set-Cookie", "a=1")),
    response_body=b"\x1f\x8b not html",
    ip_address="127.0.0.1",
    fetched_at=T0,
)

SNAPSHOT = Snapshot(
    url="https://www.xinghe.example/shop/1",
    how=How.PICTURE,
    mime="image/png",
    body=b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    taken_at=T0,
    tool="chromium 156",
)


def exchange(body: bytes = b"", **changes: object) -> Exchange:
    headers = (("Content-Type", "text/html"), ("Content-Length", str(len(body))))
    return replace(EXCHANGE, **{"response_body": body, "response_headers": headers, **changes})


def archive_in(folder: Path, **settings: int) -> FolderArchive:
    return FolderArchive(folder, tool=TOOL, **settings)


def capture(name: str, how: How = How.HTTP) -> Capture:
    return Capture(
        id=name,
        url="https://www.xinghe.example/",
        how=how,
        status=200,
        mime="text/html",
        taken_at=T0,
        file="lantian-20260801T023015Z-00000000.warc.gz",
        offset=571,
        length=4021,
        sha256="ab" * 32,
        size=20_000,
        ip_address="127.0.0.1",
        is_specimen=True,
    )


def listing(item: str, **changes: object) -> Listing:
    return replace(
        Listing(
            platform="taobao",
            kind=Kind.PRODUCT,
            position=1,
            title=f"发明专利代写 包授权 {item}",
            url=f"https://item.taobao.example/{item}",
            text="不授权全额退款，电话 13800000000",
            seller="星河知产",
            seller_id="7001",
            item_id=item,
            price="¥2 800.00",
            images=(f"https://img.taobao.example/{item}.jpg", "https://img.taobao.example/二.jpg"),
        ),
        **changes,
    )


def finding(category: str = "guaranteed_grant", points: int = 70, **changes: object) -> Finding:
    return replace(
        Finding(
            rule=f"{category}_promise",
            rule_digest="cd" * 32,
            state="active",
            category=category,
            severity=3,
            field="title",
            start=7,
            end=10,
            quote="包授权",
            points=points,
            needs=60,
            pro=(("包授权", points + 20),),
            contra=(("含义不明", -20),),
            articles=("专利代理条例-25",),
        ),
        **changes,
    )


PHONE = Entity(kind="phone", value="13800000000", field="text", start=11, end=22)


def page_of(
    listings: tuple[Listing, ...],
    *,
    run: str = "run-1",
    number: int = 1,
    findings: dict[str, tuple[Finding, ...]] | None = None,
    picture: bool = False,
    **reading: object,
) -> Exhibits:
    """A page of these listings; `findings` by item id. Later pages were seen later."""
    kept = capture(f"capture-{run}-{number}")
    listings = tuple(replace(one, position=place) for place, one in enumerate(listings, 1))
    sightings = Sightings(
        run=run,
        platform="taobao",
        query="包授权",
        page_number=number,
        requested_url=f"https://s.taobao.example/?page={number}",
        url=f"https://s.taobao.example/?p={number}",
        seen_at=T0 + timedelta(seconds=number),
        reading=Reading(outcome=Outcome.OK, listings=listings, **reading),
        capture=kept,
    )
    found = findings or {}
    return Exhibits(
        sightings=sightings,
        exhibits=tuple(
            Exhibit(
                id=hashlib.sha256(f"{kept.id} {one.position}".encode()).hexdigest()[:20],
                listing=one,
                findings=found.get(one.item_id, ()),
                entities=(PHONE,) if one.item_id in found else (),
            )
            for one in listings
        ),
        visit=visit_of(f"{run}-{number}") if picture else None,
    )


def visit_of(name: str, **changes: object) -> BrowserCapture:
    """A complete capture whose parts are named after it: `picture-<name>`, `dom-<name>` …"""
    picture = capture(f"picture-{name}", How.PICTURE)
    return replace(
        BrowserCapture(
            id=f"visit-{name}",
            url=picture.url,
            requested_url=picture.url,
            started_at=picture.taken_at,
            ended_at=picture.taken_at + timedelta(seconds=2),
            file=picture.file,
            offset=picture.offset,
            length=5 * picture.length,
            records=5,
            picture=picture,
            dom=capture(f"dom-{name}", How.BROWSER),
            text=capture(f"text-{name}", How.TEXT),
            mhtml=capture(f"mhtml-{name}", How.MHTML),
            facts=capture(f"facts-{name}", How.FACTS),
        ),
        **changes,
    )


def first_wrong(log: AuditLog) -> int:
    """The number of the first entry of the audit log that does not fit, 0 when all do."""
    previous, at = "", 0
    while found := log.entries(at):
        for entry in found:
            at += 1
            if entry.id != at or entry.previous != previous or entry.digest != entry.computed():
                return at
            previous = entry.digest
    return 0


def pages_of(store: ExhibitStore, run: str) -> tuple[PageRow, ...]:
    """The pages of a run that were recorded, in their order."""
    with store.engine.connect() as connection:
        return pages_on(connection, run)


def keep_snapshot(archive: FolderArchive, snapshot: Snapshot) -> Capture:
    """A resource record of its own, as pictures and rendered pages were kept before there were visits."""
    record_id, payload = str(uuid.uuid4()), warc.Payload(head=b"", body=snapshot.body)
    member = warc.member(warc.resource_fields(snapshot, record_id), payload, payload.sha256)
    file, offset = archive.append_at(len(member), lambda _: member)
    return Capture(
        id=record_id,
        url=snapshot.url,
        how=snapshot.how,
        status=0,
        mime=snapshot.mime,
        taken_at=snapshot.taken_at,
        file=file,
        offset=offset,
        length=len(member),
        sha256=payload.sha256,
        size=len(snapshot.body),
        is_specimen=snapshot.is_specimen,
    )
