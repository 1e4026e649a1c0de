"""A sealed and indexed home with pages of invented offers as Taobao writes them, some written to break a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from empty_home import laid
from storage_specimens import exchange, finding, listing

from crawler import clock
from crawler.config import TOOL
from crawler.items import Entity, Exhibit, Exhibits, Listing, Page, Sightings
from pipelines.tie import exhibit_id
from spiders.taobao import Taobao
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.seal import Sealer
from storage.searching.indexing import Indexer
from storage.shapes import PlannedRun

BEGUN = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
PER_PAGE = 20
PHONE = "13800000000"
HOSTILE = (
    '=HYPERLINK("http://evil.example/","包授权")',
    "+86 包授权",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1) 包授权",
    "\t=1+1",
    "  =1+1",
    "\r\n=1+1",
    "＝1+1",
    "包授权\x1b[31m\x07\x00红",
    "包授权\u202e反\u2066向",
    '引"号",逗号;分号',
    "第一行\r\n第二行\r第三行\n第四行",
    "半\ud800个",
    "_x0041_ 与 _x000D_",
    "<b>&amp;</b>]]>",
    "\u0085\u2028\u2029 包授权",
    "专" * 40_000,
    "😀" * 20_000,
)


def offers(number: int, page: int, more: str = "") -> tuple[Listing, ...]:
    """The listings of a page, each of an item of its own; `more` stands in each text."""
    names = [f"{page}-{place}" for place in range(1, number + 1)]
    return tuple(
        replace(listing(name, text=f"不授权全额退款，电话 {PHONE}，第 {name} 号{more}"), position=place)
        for place, name in enumerate(names, 1)
    )


def page(listings: Sequence[Listing]) -> bytes:
    """The answer to a search that shows these, as far as Taobao's spider looks at one."""
    auctions = [
        {
            "nid": one.item_id,
            "title": escape(one.title, quote=False),
            "raw_title": escape(one.text, quote=False),
            "detail_url": one.url,
            "nick": one.seller,
            "user_id": one.seller_id,
            "view_price": one.price.removeprefix("¥"),
            "pic_url": next(iter(one.images), ""),
        }
        for one in listings
    ]
    return json.dumps({"mods": {"itemlist": {"data": {"auctions": auctions}}}}).encode()


def hostile() -> tuple[Listing, ...]:
    """One page of all that a page can do to a table."""
    return tuple(
        replace(listing(f"hostile-{place}", title=title, text="包授权", seller=title[:50]), position=place)
        for place, title in enumerate(HOSTILE, 1)
    )


def made(home: Path, pages: Sequence[Sequence[Listing]], *, is_sealed: bool = True, database: str = "") -> None:
    """Each page is a capture; every first listing of a page has a finding and names a phone."""
    home.mkdir(exist_ok=True)
    engine = open_database(database or laid(home / "lantian.db"))
    store = ExhibitStore(engine)
    runs = [PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=BEGUN)]
    store.plan(store.begin_round(BEGUN, TOOL, "pages=1 delay=3"), runs)
    store.open_runs(runs, BEGUN)
    engine.dispose()
    added(home, pages, is_sealed=is_sealed, database=database)


def added(
    home: Path, pages: Sequence[Sequence[Listing]], *, first: int = 1, is_sealed: bool = True, database: str = ""
) -> None:
    """More pages of the same run; the first has this number."""
    engine = open_database(database or home / "lantian.db")
    store = ExhibitStore(engine)
    with FolderArchive(home / "archive", tool=TOOL) as archive:
        for number, listings in enumerate(pages, first):
            _record(store, archive, number, listings)
    if is_sealed:
        Sealer(home / "archive", engine, tool=TOOL, demand="sealed").seal("", clock.now())
    Indexer(engine, lambda title, text: ()).catch_up(lambda _: None)
    engine.dispose()


def _record(store: ExhibitStore, archive: FolderArchive, number: int, listings: Sequence[Listing]) -> None:
    at, url, body = BEGUN + timedelta(minutes=number), f"https://s.taobao.example/?p={number}", page(listings)
    capture = archive.keep(exchange(body, url=url, fetched_at=at))
    archive.sync()
    reading = Taobao().read(Page(url=url, requested_url=url, body=body, content_type="text/html", query="包授权"))
    listings = reading.listings
    found = (finding(start=0, end=2, quote=listings[0].title[:2]),)
    phone = (Entity(kind="mobile", value=PHONE, field="text", start=0, end=11),)
    exhibits = tuple(
        Exhibit(
            id=exhibit_id(capture.id, one.position, one.key),
            listing=one,
            findings=found if place == 0 else (),
            entities=phone if place == 0 else (),
        )
        for place, one in enumerate(listings)
    )
    sightings = Sightings(
        run="run-1",
        platform="taobao",
        query="包授权",
        page_number=number,
        requested_url=url,
        url=url,
        seen_at=at,
        reading=reading,
        capture=capture,
    )
    store.record(Exhibits(sightings=sightings, exhibits=exhibits))
