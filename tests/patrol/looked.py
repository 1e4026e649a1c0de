"""Invented rounds for the tests of health: what each saw is written by the store itself, as a crawl would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from crawler.items import Capture, Exhibit, Exhibits, How, Kind, Listing, Outcome, Reading, Sightings
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun

MONDAY = datetime(2026, 8, 3, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai


@dataclass(frozen=True, kw_only=True)
class Saw:
    """How one run ended: `count` listings, all with the fields of `like`, `ads` of them advertisements."""

    count: int = 10
    outcome: Outcome = Outcome.OK
    reason: str = ""
    detail: str = ""
    ads: int = 1
    pages: int = 1
    lost: int = 0
    total: int | None = None
    without: tuple[str, ...] = ()


EMPTY = Saw(count=0, outcome=Outcome.EMPTY, reason="no_result", ads=0)
CAPTCHA = Saw(count=0, outcome=Outcome.BLOCKED, reason="captcha", ads=0)
LOGIN = Saw(count=0, outcome=Outcome.LOGIN, reason="login_wall", ads=0)


class Looked:
    """Writes rounds into a database, one after the other."""

    def __init__(self, engine: Engine) -> None:
        self.store = ExhibitStore(engine)
        self.rounds = 0

    def round(
        self, at: datetime, saw: Mapping[str, Saw], platform: str = "baidu", settings: str = "pages=1 delay=3"
    ) -> list[str]:
        """One round at this time; `saw` by query. Returns the ids of its runs."""
        self.rounds += 1
        round_id = self.store.begin_round(at, "t", settings)
        planned = [
            PlannedRun(id=f"run-{self.rounds}-{place}", platform=platform, query=query, planned_at=at)
            for place, query in enumerate(saw)
        ]
        self.store.plan(round_id, planned)
        self.store.open_runs(planned, at)
        for run, one in zip(planned, saw.values(), strict=True):
            self.end(run, one, at)
        return [run.id for run in planned]

    def end(self, run: PlannedRun, saw: Saw, at: datetime) -> None:
        per_page = [saw.count // saw.pages] * saw.pages
        per_page[0] += saw.count - sum(per_page)
        for number, count in enumerate(per_page, 1):
            self.store.record(page(run, replace(saw, count=count), number, at))
        self.store.finish_run(run.id, saw.outcome, saw.reason, saw.detail, at)


def page(run: PlannedRun, saw: Saw, number: int, at: datetime) -> Exhibits:
    kept = capture(f"capture-{run.id}-{number}", at)
    listings = tuple(listing(run, saw, place) for place in range(1, saw.count + 1))
    reading = Reading(
        outcome=saw.outcome, reason=saw.reason, detail=saw.detail, total=saw.total, listings=listings, lost=saw.lost
    )
    sightings = Sightings(
        run=run.id,
        platform=run.platform,
        query=run.query,
        page_number=number,
        requested_url=f"https://www.baidu.com/s?pn={number}",
        url=f"https://www.baidu.com/s?wd=x&pn={number}",
        seen_at=at,
        reading=reading,
        capture=kept,
    )
    exhibits = tuple(
        Exhibit(id=hashlib.sha256(f"{kept.id} {one.position}".encode()).hexdigest()[:20], listing=one)
        for one in listings
    )
    return Exhibits(sightings=sightings, exhibits=exhibits)


def listing(run: PlannedRun, saw: Saw, place: int) -> Listing:
    full = Listing(
        platform=run.platform,
        kind=Kind.RESULT,
        position=place,
        title=f"专利代理 {place}",
        url=f"https://xinghe.example/{place}",
        is_ad=place <= saw.ads,
        text="星河知产，示例",
        display_url="xinghe.example",
        seller="星河知产",
        price="¥ 100",
        images=("https://xinghe.example/1.jpg",),
    )
    blank = {name: () if name == "images" else "" for name in saw.without}
    return replace(full, **blank)


def capture(name: str, at: datetime) -> Capture:
    return Capture(
        id=name,
        url="https://www.baidu.com/s?wd=x",
        how=How.HTTP,
        status=200,
        mime="text/html",
        taken_at=at,
        file="lantian-20260801T023015Z-00000000.warc.gz",
        offset=571,
        length=4021,
        sha256="ab" * 32,
        size=20_000,
    )


def day(number: float) -> datetime:
    """So many days after the first Monday."""
    return MONDAY + timedelta(days=number)
