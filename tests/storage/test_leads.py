"""Leads are the latest flagged sightings, page by page, and no question reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import event, text
from storage_specimens import T0, finding, listing, on_sqlite, page_of

from crawler.errors import UserMistake
from crawler.items import Outcome
from storage.exhibits import ExhibitStore
from storage.shapes import LeadFilter, Order, PlannedRun

FULL_SCAN = re.compile(r"^SCAN \w+$|.*\bSeq Scan on ")


def fill(store: ExhibitStore, pages: int, *, run: str = "run-1") -> None:
    """Ten listings a page; the first is flagged, by turns for two categories and with seven weights."""
    for number in range(1, pages + 1):
        items = tuple(listing(f"{number}-{place}", platform=("jd", "taobao")[number % 2]) for place in range(10))
        category = ("guaranteed_grant", "green_channel")[number % 2]
        found = {items[0].item_id: (finding(category, 60 + number % 7),)}
        store.record(page_of(items, run=run, number=number, findings=found))


def paged(store: ExhibitStore, wanted: LeadFilter) -> list[str]:
    """Every lead by pages of `wanted.limit`."""
    shown: list[str] = []
    before = ""
    while leads := store.leads(replace(wanted, before=before)):
        assert len(leads) <= wanted.limit
        shown += [lead.listing for lead in leads]
        before = leads[-1].exhibit
    return shown


def test_lead_is_the_latest_flagged_sighting(planned: ExhibitStore) -> None:
    two = (finding(points=65), finding("green_channel", 90))
    planned.record(page_of((listing("1", title="旧"),), number=1, findings={"1": (finding(),)}))
    planned.record(page_of((listing("1", title="新"), listing("2")), number=2, findings={"1": two}, picture=True))
    planned.record(page_of((listing("1", title="已改"),), number=3))
    (lead,) = planned.leads()
    assert (lead.title, lead.points, lead.sightings) == ("新", 90, 3)
    assert lead.categories == ("green_channel", "guaranteed_grant")
    assert lead.findings == (two[1], two[0])
    assert (lead.first_seen, lead.last_seen) == (T0 + timedelta(seconds=1), T0 + timedelta(seconds=3))
    assert lead.capture.id == "capture-run-1-2"
    assert lead.picture is not None
    assert lead.picture.id == "picture-run-1-2"
    assert planned.exhibit(lead.exhibit).exhibit.listing.title == "新"


def test_lead_without_a_picture(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), findings={"1": (finding(),)}))
    assert planned.leads()[0].picture is None


def test_nothing_flagged_is_no_lead(planned: ExhibitStore) -> None:
    assert planned.leads() == ()
    planned.record(page_of((listing("1"),)))
    assert planned.leads() == ()


def test_newest_or_heaviest_first(planned: ExhibitStore) -> None:
    fill(planned, 20)
    newest = planned.leads()
    assert [lead.last_seen for lead in newest] == sorted((lead.last_seen for lead in newest), reverse=True)
    heaviest = planned.leads(LeadFilter(order=Order.POINTS))
    order = [(lead.points, lead.last_seen) for lead in heaviest]
    assert order == sorted(order, reverse=True)
    assert len(heaviest) == len(newest) == 20


def test_pages_of_leads_join_without_gap_or_repeat(planned: ExhibitStore) -> None:
    fill(planned, 20)
    for order, limit, platform, category in product(Order, (1, 3, 7, 50), ("", "jd"), ("", "guaranteed_grant")):
        wanted = LeadFilter(order=order, limit=limit, platform=platform, category=category)
        everything = [lead.listing for lead in planned.leads(replace(wanted, limit=1000))]
        assert len(everything) == (10 if platform or category else 20)
        assert paged(planned, wanted) == everything, wanted


def test_filters_are_exact(planned: ExhibitStore) -> None:
    fill(planned, 20)
    assert {lead.platform for lead in planned.leads(LeadFilter(platform="jd"))} == {"jd"}
    assert {lead.categories for lead in planned.leads(LeadFilter(category="green_channel"))} == {("green_channel",)}
    assert planned.leads(LeadFilter(platform="jd", category="green_channel")) == ()
    assert planned.leads(LeadFilter(platform="j")) == ()


def test_a_category_the_latest_sighting_lost_is_not_found_by_it(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), number=1, findings={"1": (finding("green_channel"),)}))
    planned.record(page_of((listing("1"),), number=2, findings={"1": (finding("guaranteed_grant"),)}))
    assert planned.leads(LeadFilter(category="green_channel")) == ()
    assert len(planned.leads(LeadFilter(category="guaranteed_grant"))) == 1


@on_sqlite
def test_every_lead_at_once(planned: ExhibitStore) -> None:
    """More than SQLite binds in one statement."""
    many = tuple(listing(str(number)) for number in range(33_000))
    planned.record(page_of(many, findings={one.item_id: (finding(),) for one in many}))
    leads = planned.leads(LeadFilter(limit=100_000))
    assert len(leads) == 33_000
    assert all(lead.findings for lead in leads)


def test_unknown_place_to_go_on_from_is_said(planned: ExhibitStore) -> None:
    with pytest.raises(UserMistake, match="没有证据项"):
        planned.leads(LeadFilter(before="0123456789"))


# -- what questions cost ---------------------------------------------------------------------------


@contextmanager
def statements(store: ExhibitStore) -> Iterator[list[tuple[str, object]]]:
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SELECT pg_advisory")):
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


def plan_of(store: ExhibitStore, statement: str, parameters: object) -> list[str]:
    with store.engine.connect() as connection:
        one = parameters[0] if isinstance(parameters, list) else parameters
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)  # type: ignore[arg-type]
            return [row.detail for row in rows]
        # Then it walks a table only where no index serves.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return list(connection.exec_driver_sql(f"EXPLAIN {statement}", one).scalars())  # type: ignore[arg-type]


def steps(store: ExhibitStore, ask: Callable[[ExhibitStore], object]) -> int:
    """How much work SQLite does for a question, in steps of its machine."""
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    assert raw is not None
    raw.set_progress_handler(step, 1)
    ask(store)
    raw.set_progress_handler(None, 0)
    return taken


QUESTIONS: dict[str, Callable[[ExhibitStore], object]] = {
    "newest": lambda store: store.leads(LeadFilter(limit=5)),
    "heaviest": lambda store: store.leads(LeadFilter(limit=5, order=Order.POINTS)),
    "newest of a platform": lambda store: store.leads(LeadFilter(limit=5, platform="jd")),
    "heaviest of a platform": lambda store: store.leads(LeadFilter(limit=5, platform="jd", order=Order.POINTS)),
    "newest of a category": lambda store: store.leads(LeadFilter(limit=5, category="green_channel")),
    "heaviest of a category": lambda store: store.leads(
        LeadFilter(limit=5, category="green_channel", order=Order.POINTS)
    ),
    "exhibit": lambda store: store.exhibit(page_of((listing("1-0"),)).exhibits[0].id[:8]),
    "coverage": lambda store: store.coverage(),
    "run": lambda store: store.run("run-1"),
    "finish": lambda store: store.finish_run("run-2", Outcome.OK, "", "", T0),
    "sweep": lambda store: store.sweep(T0),
    "record": lambda store: store.record(page_of((listing("n"),), run="run-2", number=1, findings={"n": (finding(),)})),
}


@pytest.fixture
def filled(planned: ExhibitStore) -> ExhibitStore:
    planned.open_runs([PlannedRun(id="run-2", platform="jd", query="q", planned_at=T0)], T0)
    fill(planned, 60)
    return planned


def test_no_question_reads_a_whole_table(filled: ExhibitStore) -> None:
    for name, ask in QUESTIONS.items():
        with statements(filled) as asked:
            ask(filled)
        assert asked, name
        for statement, parameters in asked:
            for line in plan_of(filled, statement, parameters):
                assert not FULL_SCAN.match(line), f"{name}: {statement}: {line}"
                assert "TEMP B-TREE FOR ORDER BY" not in line or "FROM findings" in statement, (
                    f"{name}: {statement}: {line}"
                )


def test_the_plan_check_is_seen_to_fail(filled: ExhibitStore) -> None:
    plan = plan_of(filled, "SELECT title FROM exhibits WHERE title = '包'", ())
    assert any(FULL_SCAN.match(line) for line in plan)


@on_sqlite
def test_cost_does_not_grow_with_the_archive(filled: ExhibitStore) -> None:
    asked = {name: ask for name, ask in QUESTIONS.items() if name not in ("finish", "sweep", "record")}
    small = {name: steps(filled, ask) for name, ask in asked.items()}
    filled.open_runs([PlannedRun(id="run-3", platform="jd", query="q", planned_at=T0)], T0)
    fill(filled, 600, run="run-3")
    large = {name: steps(filled, ask) for name, ask in asked.items()}
    assert {name: (small[name], large[name]) for name in asked if large[name] > small[name] * 1.1} == {}


@on_sqlite
def test_the_cost_check_is_seen_to_fail(filled: ExhibitStore) -> None:
    def bad(store: ExhibitStore) -> None:
        with store.engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM exhibits WHERE title LIKE '%包%'")).all()

    small = steps(filled, bad)
    fill_run = PlannedRun(id="run-3", platform="jd", query="q", planned_at=T0)
    filled.open_runs([fill_run], T0)
    fill(filled, 300, run="run-3")
    assert steps(filled, bad) > small * 3
