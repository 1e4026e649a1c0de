"""A large archive's rows from a seed: listings seen again and again, some of them flagged, some of those leads.

Rows only: the captures they name have no bytes, so nothing of it can be sealed, verified or exported.
`python -m benchmarks.big_home FOLDER EXHIBITS` writes FOLDER/lantian.db; the same numbers give the same rows.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, literal_column
from sqlalchemy.dialects.postgresql import insert as upsert

from benchmarks.made import GUILTY, WORDS
from storage.bulk import Bulk
from storage.db import open_database, writing
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow, PageRecord, Round, Run, shop_of
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow

SEED = 20261120
A_PAGE = 50  # exhibits
AT_ONCE = 100  # pages in a transaction
BEGAN = datetime(2024, 1, 1, 1, tzinfo=UTC)
PLATFORMS = ("baidu", "so360", "sogou", "bing", "taobao", "tmall", "jd", "alibaba1688", "wuba", "zbj", "tieba", "zhihu")
KINDS = ("ad", "result", "product", "product", "shop", "post")
RULES = (
    ("guaranteed_grant_promise", "guaranteed_grant"),
    ("green_channel_inside", "green_channel"),
    ("official_impersonation_window", "official_impersonation"),
    ("inventor_listing_seat", "inventor_listing"),
    ("licence_renting_offer", "licence_renting"),
)
STATES = ("new", "claimed", "confirmed", "dismissed", "closed")
SHOPS = 8_000
SEEN = 4  # times that a listing is seen, on average
FLAGGED = 0.08
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One listing as one page shows it. `rule` is 0 for one that is not flagged; `shop` is its actor too."""

    wares: int
    platform: str
    title: str
    text: str
    rule: int
    phone: str
    shop: int

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.platform}\0{self.wares}".encode()).hexdigest()[:32]

    @property
    def lead(self) -> int:
        """A lead is one actor's on one platform."""
        return (self.shop - 1) * len(PLATFORMS) + PLATFORMS.index(self.platform) + 1 if self.rule else 0

    @property
    def seller(self) -> str:
        return f"示例知产{self.shop}"


def dictionary() -> tuple[list[str], list[int]]:
    """Words of the segmenter's dictionary and how often each occurs."""
    import jieba

    lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    parted = [line.split() for line in lines]
    return [parts[0] for parts in parted], list(accumulate(int(parts[1]) for parts in parted))


class Made:
    """All rows of an archive of `exhibits` exhibits, page by page, the oldest first."""

    def __init__(self, exhibits: int) -> None:
        self._exhibits = exhibits
        self._chance = random.Random(SEED)
        self._words, self._weights = dictionary()
        self._listings: dict[int, tuple[str, str]] = {}
        self._step = timedelta(days=900) / max(exhibits // A_PAGE, 1)

    def write(self, engine: Engine) -> None:
        """Every page in the order of its time, a hundred to a transaction."""
        with writing(engine).begin() as connection:
            connection.execute(insert(Round), self._rounds())
            connection.execute(insert(ActorRow), [_actor(number) for number in range(1, SHOPS + 1)])
        pages = self._exhibits // A_PAGE
        for first in range(0, pages, AT_ONCE):
            with writing(engine).begin() as connection:
                for page in range(first, min(first + AT_ONCE, pages)):
                    self._page(connection, page)

    def _rounds(self) -> Rows:
        return [{"id": "r0", "started_at": BEGAN, "tool": "lantian", "settings": "{}"}]

    def _page(self, connection: Connection, page: int) -> None:
        at, platform = BEGAN + page * self._step, PLATFORMS[page % len(PLATFORMS)]
        run, capture = f"{page:032x}", f"{page:08x}-0000-4000-8000-000000000000"
        _RUNS.execute(connection, [_run(run, platform, page, at)])
        _CAPTURES.execute(connection, [_capture(capture, page, at)])
        _PAGES.execute(connection, [_page_row(run, capture, at)])
        several = list(self._seen(page, platform))
        firsts = page * A_PAGE + 1
        _LISTINGS.execute(connection, [_listing(one, number, at, firsts) for number, one in enumerate(several)])
        shown = [_exhibit(one, number, firsts, run, capture, at) for number, one in enumerate(several)]
        _EXHIBITS.execute(connection, shown)
        _FINDINGS.execute(
            connection, [_finding(one, firsts + number) for number, one in enumerate(several) if one.rule]
        )
        _ENTITIES.execute(
            connection, [_entity(one, firsts + number) for number, one in enumerate(several) if one.phone]
        )
        leads = [_lead(one, at) for one in several if one.rule and one.lead]
        if leads:
            connection.execute(upsert(LeadRow).on_conflict_do_nothing(), leads)

    def _seen(self, page: int, platform: str) -> Iterator[Seen]:
        """A page's listings: each is one of those of its platform that are about at the time."""
        about = max(self._exhibits // SEEN // len(PLATFORMS), A_PAGE)
        for number in self._chance.sample(range(about), A_PAGE):
            wares = number * len(PLATFORMS) + page % len(PLATFORMS)
            yield self._one(wares, platform, version=page // max(self._exhibits // A_PAGE // 3, 1))

    def _one(self, wares: int, platform: str, version: int) -> Seen:
        chance = random.Random(wares * 7 + version)
        rule = chance.randrange(len(RULES)) + 1 if random.Random(wares).random() < FLAGGED else 0
        trade = chance.choices(WORDS, k=12)
        plain = chance.choices(self._words, cum_weights=self._weights, k=100)
        offer = [GUILTY[(rule - 1) % len(GUILTY)]] if rule else []
        parts = offer + trade[:5]
        body = trade[5:] + plain
        chance.shuffle(body)
        phone = f"139{wares % 10**8:08d}" if wares % 3 == 0 else ""
        text = "".join(body) + (f" 电话 {phone}" if phone else "")
        shop = wares % SHOPS + 1
        return Seen(wares=wares, platform=platform, title="".join(parts), text=text, rule=rule, phone=phone, shop=shop)


# -- rows --------------------------------------------------------------------------------------------


def _actor(number: int) -> dict[str, Any]:
    empty = dict.fromkeys(("kind", "agency", "agency_kind", "agency_code", "agency_status", "credit_code"), "")
    empty |= dict.fromkeys(("province", "in_charge", "matched_by", "matched_as"), "")
    return {"id": number, "number": f"Z{number:06}", "name": f"示例知产{number}", "made_at": BEGAN} | empty


def _run(run: str, platform: str, page: int, at: datetime) -> dict[str, Any]:
    counts = {"pages": 1, "listings": A_PAGE, "lost": 0, "total": None, "captures": 1}
    times = {"planned_at": at, "started_at": at, "ended_at": at}
    words = {"platform": platform, "query": f"专利{page % 40}", "outcome": "ok", "reason": "", "detail": ""}
    return {"id": run, "round_id": "r0"} | words | times | counts


def _capture(capture: str, page: int, at: datetime) -> dict[str, Any]:
    where = {"file": f"{page // 1000:06}.warc.gz", "offset": page % 1000 * 60_000, "length": 60_000}
    bytes_ = {"sha256": f"{page:064x}", "size": 200_000, "ip_address": "", "is_specimen": False}
    said = {"url": f"https://www.example.com/s?p={page}", "how": "http", "status": 200, "mime": "text/html"}
    return {"id": capture, "taken_at": at} | said | where | bytes_


def _page_row(run: str, capture: str, at: datetime) -> dict[str, Any]:
    said = {"requested_url": "https://www.example.com/", "url": "https://www.example.com/", "outcome": "ok"}
    counts = {"reason": "", "detail": "", "total": None, "listings": A_PAGE, "lost": 0}
    return {"run_id": run, "number": 1, "capture_id": capture, "seen_at": at} | said | counts


def _listing(one: Seen, number: int, at: datetime, first: int) -> dict[str, Any]:
    who = {"platform": one.platform, "seller": one.seller, "seller_id": f"{one.shop}", "item_id": f"{one.wares}"}
    led = {"flagged_id": first + number if one.rule else None, "points": 70 if one.rule else 0}
    led |= {"lead_id": one.lead or None, "led_upto": first + number if one.rule else None}
    times = {"first_seen": at, "last_seen": at, "sightings": 1}
    return {"key": one.key, "shop": shop_of(one.platform, one.seller, f"{one.shop}")} | who | led | times


def _exhibit(one: Seen, number: int, first: int, run: str, capture: str, at: datetime) -> dict[str, Any]:  # noqa: PLR0913, PLR0917 - a row's parts
    row = first + number
    flags = {"is_ad": False, "is_redirect": False, "points": 70 if one.rule else 0, "position": number + 1}
    ids = {"id": row, "public_id": hashlib.sha256(b"%d" % row).hexdigest()[:32], "listing_key": one.key}
    where = {"run_id": run, "page_number": 1, "capture_id": capture, "seen_at": at}
    shown = {"title": one.title, "text": one.text, "seller": one.seller, "price": f"¥{one.wares % 900 + 100}.00"}
    address = f"https://item.example.com/{one.wares}"
    said = {"url": address, "display_url": "", "images": (), "kind": KINDS[one.wares % len(KINDS)]}
    digest = hashlib.sha256(f"{one.title}\0{one.text}".encode()).hexdigest()
    return ids | where | shown | said | flags | {"text_digest": digest}


def _finding(one: Seen, row: int) -> dict[str, Any]:
    rule, category = RULES[one.rule - 1]
    what = {"rule": rule, "rule_digest": "00" * 32, "state": "active", "category": category, "severity": 3}
    where = {"field": "title", "start": 0, "end": 4, "quote": one.title[:4], "points": 70, "needs": 60}
    return (
        {"exhibit_id": row}
        | what
        | where
        | {"pro": (), "contra": (), "articles": (), "tags": (), "image": "", "box": ()}
    )


def _entity(one: Seen, row: int) -> dict[str, Any]:
    start = len(one.text) - len(one.phone)
    return {
        "exhibit_id": row,
        "kind": "phone",
        "value": one.phone,
        "field": "text",
        "start": start,
        "end": len(one.text),
    }


def _lead(one: Seen, at: datetime) -> dict[str, Any]:
    state = STATES[one.lead % len(STATES)]
    words = {"source": "monitoring", "platform": one.platform, "title": one.title, "seller": one.seller, "state": state}
    empty = dict.fromkeys(("url", "note", "district", "unit", "assignee", "reference", "office"), "")
    empty |= dict.fromkeys(("decided_by", "reason", "approved_by"), "")
    times = {"state_at": at, "found_at": at, "registered_at": at, "reopened": 0, "points": 70}
    told = {"id": one.lead, "number": f"X{one.lead:08}", "actor_id": one.shop, "categories": [RULES[one.rule - 1][1]]}
    return told | words | empty | times


def _seen_again() -> Any:
    statement = upsert(ListingRow)
    new = statement.excluded
    times = {"last_seen": new.last_seen, "sightings": ListingRow.sightings + literal_column("1")}
    flags = {"flagged_id": new.flagged_id, "lead_id": new.lead_id, "led_upto": new.led_upto}
    return statement.on_conflict_do_update(index_elements=[ListingRow.key], set_=times | flags)


_RUNS, _CAPTURES, _PAGES = Bulk(upsert(Run)), Bulk(upsert(CaptureRow)), Bulk(upsert(PageRecord))
_LISTINGS, _EXHIBITS = Bulk(_seen_again()), Bulk(upsert(ExhibitRow))
_FINDINGS, _ENTITIES = Bulk(upsert(FindingRow)), Bulk(upsert(EntityRow))


def make(place: Path | str, exhibits: int) -> Engine:
    """The database at `place` with so many exhibits, none of them in the search's index yet."""
    engine = open_database(place)
    Made(exhibits).write(engine)
    return engine


def main(words: Sequence[str]) -> None:
    folder = Path(words[0])
    folder.mkdir(parents=True, exist_ok=True)
    make(folder / "lantian.db", int(words[1])).dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
