"""What was seen, what was not, and what nobody wrote down: each planned run is counted once, whatever became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from covered import BEGUN, DAY, SNAPSHOT, WATCH, Office
from looked import Looked, Saw
from sqlalchemy import event

from crawler.items import Outcome
from crawler.watches import Slot, WatchQuery
from patrol.calendar import ASSUMED, Calendar
from patrol.coverage import UNWRITTEN, Planned, Stretch, Totals, added_up, lines
from storage.coverage import LATE, Coverage, Within, hand_rows, landing_rows, planned_rows
from storage.roster_shapes import Wanted
from storage.shapes import PlannedRun
from storage.supervision import Supervision
from storage.supervision_shapes import Aim, Follows
from storage.watches import Watches

FIRST = date(2026, 8, 3)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


def totals(office: Office, days: int, now: datetime, **asked: object) -> Totals:
    first = asked.pop("first", FIRST)
    stretch = Stretch(first=first, last=date.fromordinal(first.toordinal() + days - 1), now=now, **asked)
    store = Watches(office.engine)
    plan = Planned(versions=store.versions(BEGUN - DAY, now), written=store.written(), days=Calendar())
    return added_up(lines(Coverage(office.engine), plan, stretch))


def walled(slot: Slot) -> tuple[Outcome, str]:
    return (Outcome.BLOCKED, "captcha") if slot.platform == "taobao" else (Outcome.OK, "")


def test_every_planned_run_is_counted_once_by_how_it_ended(office: Office) -> None:
    office.patrol(BEGUN + 3 * DAY, walled)
    found = totals(office, 3, BEGUN + 3 * DAY)
    assert (found.whole.rows, found.whole.clean, found.whole.unseen, found.whole.open) == (12, 6, 6, 0)
    assert found.ended == Counter({Outcome.OK: 6, Outcome.BLOCKED: 6})
    assert found.by_platform["taobao"].clean == 0
    assert found.by_day["taobao", FIRST].rows == 2
    assert found.never_seen == [("taobao", "包授权"), ("taobao", "绿色通道")]
    assert found.why["taobao"] == Counter({(Outcome.BLOCKED, "captcha"): 6})


def test_on_postgresql_it_is_counted_alike(migrated_database: str) -> None:
    office = Office(migrated_database)
    office.patrol(BEGUN + 2 * DAY, walled)
    Looked(office.engine).round(BEGUN + DAY / 2, {"包授权": Saw()})
    found = totals(office, 3, BEGUN + 3 * DAY)
    assert (found.whole.rows, found.whole.clean, found.by_hand, found.unwritten) == (13, 5, 1, {office.watch_id: 4})
    assert totals(office, 3, BEGUN + 3 * DAY, platform="taobao", watch_id=office.watch_id).whole.rows == 6
    office.engine.dispose()


def test_only_the_days_the_platform_and_the_watch_that_are_asked_for(office: Office) -> None:
    office.patrol(BEGUN + 3 * DAY)
    assert totals(office, 1, BEGUN + 3 * DAY).whole.rows == 4
    assert totals(office, 2, BEGUN + 3 * DAY, platform="baidu").whole.rows == 4
    assert totals(office, 2, BEGUN + 3 * DAY, watch_id=office.watch_id).whole.rows == 8
    assert totals(office, 2, BEGUN + 3 * DAY, watch_id=99).whole.rows == 0


def test_what_is_planned_and_nobody_wrote_down_is_counted_as_unwritten(office: Office) -> None:
    office.patrol(BEGUN + DAY)
    found = totals(office, 5, BEGUN + 3.5 * DAY)
    assert (found.whole.rows, found.whole.clean, found.unwritten) == (16, 4, {office.watch_id: 12})
    assert found.whole.unseen == 12
    assert found.why["baidu"] == Counter({(None, UNWRITTEN): 6})
    office.patrol(BEGUN + 3.5 * DAY)
    assert totals(office, 5, BEGUN + 3.5 * DAY).unwritten == Counter()


def test_a_row_whose_time_is_over_is_not_seen_though_nobody_ended_it(office: Office) -> None:
    nine = BEGUN + 9 * DAY / 24
    office.roster.write(office.watch_id, office.slots(nine), nine, nine)
    soon = totals(office, 1, nine)
    assert (soon.whole.rows, soon.whole.open, soon.whole.unseen) == (4, 4, 0)
    (late,) = {line for counted in totals(office, 1, nine + DAY).why.values() for line in counted}
    assert late == (None, LATE)
    assert totals(office, 1, nine + DAY).whole.unseen == 4
    claimed = office.roster.claim(Wanted(watch_id=office.watch_id, version=1), "t", nine, 600, SNAPSHOT)
    assert len(claimed.runs) == 4
    assert totals(office, 1, nine).why["baidu"] == Counter({(None, "claimed"): 2})
    assert totals(office, 1, nine + DAY).whole.unseen == 4, "its lease is over"


def test_what_became_due_just_now_is_waiting_and_no_patrol_is_called_absent(office: Office) -> None:
    nine = BEGUN + 9 * DAY / 24
    office.patrol(nine - DAY / 1440)
    soon = totals(office, 1, nine + DAY / 1440)
    assert (soon.whole.open, soon.unwritten) == (4, Counter())
    assert totals(office, 1, nine + DAY / 24).unwritten == {office.watch_id: 4}


def test_a_day_that_has_not_come_is_not_missed(office: Office) -> None:
    office.patrol(BEGUN + DAY)
    assert totals(office, 30, BEGUN + DAY).whole.rows == 4


def test_what_a_person_asked_is_counted_too_and_never_twice(office: Office) -> None:
    office.patrol(BEGUN + DAY, walled)
    Looked(office.engine).round(BEGUN + DAY / 2, {"包授权": Saw(), "挂证": Saw()})
    found = totals(office, 1, BEGUN + DAY)
    assert (found.whole.rows, found.by_hand) == (6, 2), "attempts at the roster's rows are no rounds by hand"
    assert totals(office, 1, BEGUN + DAY, watch_id=office.watch_id).by_hand == 0
    assert totals(office, 1, BEGUN + DAY, platform="taobao").by_hand == 0


def test_pages_that_rounds_open_besides_are_neither_planned_nor_asked_by_hand(office: Office) -> None:
    office.patrol(BEGUN + DAY, walled)
    (claimed,) = {run.round for run in office.store.coverage()}
    begun = totals(office, 1, BEGUN + DAY)
    office.opens_besides([run.id for run in office.store.coverage() if run.outcome is Outcome.OK], 4)
    by_hand = Looked(office.engine).round(BEGUN + DAY / 2, {"挂证": Saw(count=20, ads=20)})
    office.opens_besides(by_hand, 2)
    found = totals(office, 1, BEGUN + DAY)
    tallied = sum(one.rows for one in office.roster.tally(BEGUN, BEGUN + DAY))
    assert (found.whole.rows, found.by_hand, tallied) == (5, 1, 4)
    assert begun.whole.rows == tallied == found.by_platform["taobao"].rows + found.by_platform["baidu"].rows - 1
    assert (found.landings.rows, found.landings.clean) == (6, 4)
    assert "landing" not in found.by_platform
    assert totals(office, 1, BEGUN + DAY, watch_id=office.watch_id).landings.rows == 0
    assert totals(office, 1, BEGUN + DAY, platform="landing").landings.rows == 6
    assert totals(office, 1, BEGUN + DAY, platform="baidu").landings.rows == 0
    assert len(Coverage(office.engine).landings(claimed or "")) == 4


def test_a_round_by_hand_that_died_is_not_going_on_for_ever(office: Office) -> None:
    round_id = office.store.begin_round(BEGUN, "t", "")
    office.store.plan(round_id, [PlannedRun(id="r", platform="baidu", query="挂证", planned_at=BEGUN)])
    assert totals(office, 1, BEGUN + DAY / 2, platform="baidu").by_query["baidu", "挂证"].open == 1
    assert totals(office, 1, BEGUN + 2 * DAY, platform="baidu").by_query["baidu", "挂证"].unseen == 1


def test_days_that_are_only_assumed_are_named(tmp_path: Path) -> None:
    begun = datetime.fromisoformat("2090-03-06T00:00:00+08:00")
    office = Office(tmp_path, begun=begun)
    office.patrol(begun + 2 * DAY)
    found = totals(office, 2, begun + 2 * DAY, first=date(2090, 3, 6))
    assert found.assumed == {ASSUMED: {date(2090, 3, 6), date(2090, 3, 7)}}
    office.engine.dispose()


def test_supervised_agencies_are_seen_or_not_by_the_queries_after_them(office: Office) -> None:
    aims = (Aim(words="包授权", agency="11000"), Aim(words="绿色通道", agency="11001"))
    Supervision(office.engine).aim(office.watch_id, Follows.NAMED, aims)
    office.patrol(
        BEGUN + 2 * DAY,
        lambda slot: (Outcome.BLOCKED, "captcha") if slot.query == "绿色通道" else (Outcome.EMPTY, "no_result"),
    )
    found = totals(office, 2, BEGUN + 2 * DAY)
    assert {agency: (one.rows, one.clean) for agency, one in found.by_agency.items()} == {
        "11000": (4, 4), "11001": (4, 0),
    }  # fmt: skip
    assert found.agencies_unseen == ["11001"]


def test_the_cost_is_of_the_days_that_are_asked_for(office: Office) -> None:
    office.patrol(BEGUN + 8 * DAY)
    told: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *words: told.append(words[2]))
    costs = []
    for days in (1, 2, 4):
        told.clear()
        totals(office, days, BEGUN + 8 * DAY)
        costs.append(len(told))
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0]), "so many questions a day, whatever it holds"


@pytest.mark.parametrize("asked", [{}, {"platform": "baidu"}, {"watch_id": 1}])
def test_no_question_of_coverage_walks_a_table(office: Office, asked: dict[str, object]) -> None:
    office.patrol(BEGUN + DAY)
    within = Within(since=BEGUN, until=BEGUN + DAY, now=BEGUN + DAY, **asked)
    with office.engine.connect() as connection:
        for query in (planned_rows(within), hand_rows(within), landing_rows(within)):
            words = str(query.compile(connection, compile_kwargs={"literal_binds": False}))
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", tuple(0 for _ in range(words.count("?"))))
            told = [row.detail for row in steps]
            assert any("planned_at>?" in one or "started_at>?" in one for one in told), told
            assert not any(one.startswith("SCAN") for one in told), told
        steps = connection.exec_driver_sql("EXPLAIN QUERY PLAN SELECT * FROM roster WHERE detail = 'x'")
        assert any(row.detail.startswith("SCAN") for row in steps), "a walk would be seen"


def test_queries_after_a_change_of_the_watch_are_those_of_their_time(office: Office) -> None:
    office.patrol(BEGUN + DAY)
    changed = replace(WATCH, queries=(WatchQuery(words="包授权"),))
    Watches(office.engine).change(office.watch_id, changed, "王敏", BEGUN + DAY)
    found = totals(office, 3, BEGUN + 3 * DAY)
    assert found.unwritten == {office.watch_id: 4}
    assert found.by_query["baidu", "绿色通道"].rows == 1
