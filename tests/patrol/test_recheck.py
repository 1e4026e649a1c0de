"""Looking again: the schedule, what a look came to, and when something counts as gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from empty_home import laid
from sqlalchemy import Engine

from crawler.errors import UserMistake
from crawler.items import Capture, How, Outcome
from patrol.plan import planned
from patrol.recheck import (
    NAME,
    NEVER,
    afterwards,
    conclude_ended,
    following,
    stands,
    verdict_of,
    write_due,
)
from storage.audit import AuditLog
from storage.db import open_database
from storage.rechecks import Look, NewRecheck, Recheck, Rechecks, Seen, Standing, Verdict
from storage.roster import Roster
from storage.roster_shapes import Snapshot, Wanted
from storage.watches import Watches

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = (1, 3, 7)
URL = "https://xinghe.example/land"
CAPTURE = Capture(
    id="c1", url=URL, how=How.HTTP, status=404, mime="text/html", taken_at=T0, file="a.warc.gz", offset=0, length=9,
    sha256="0", size=1,
)  # fmt: skip
NEW = NewRecheck(platform="landing", query=URL, quote="包授权 不成功退款", reason="示例函〔2026〕1号", by="张虚构")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    yield engine
    engine.dispose()


def recheck(**changed: object) -> Recheck:
    told: dict[str, object] = {
        "id": 1, "platform": "landing", "query": URL, "listing_key": "", "exhibit": "", "quote": NEW.quote,
        "reason": "r", "by": "b", "since": T0, "next_at": T0 + DAY, "looks": 0, "state": Standing.OPEN,
        "ended_at": None,
    }  # fmt: skip
    return Recheck(**told | changed)  # type: ignore[arg-type]


def seen(outcome: Outcome = Outcome.OK, **changed: object) -> Seen:
    told: dict[str, object] = {"run": "r1", "outcome": outcome, "reason": "", "ended_at": T0, "captures": (CAPTURE,)}
    return Seen(**told | changed)  # type: ignore[arg-type]


# -- when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "day"),
    [(0.0, 1), (0.5, 1), (1.0, 3), (2.9, 3), (3.0, 7), (7.0, 14), (13.9, 14), (14.0, 21), (1000.0, 1001)],
)
def test_the_schedule_thins_out_and_never_ends(after: float, day: int) -> None:
    assert following(T0, DAYS, T0 + after * DAY) == T0 + day * DAY


def test_a_look_is_a_row_of_the_roster_and_written_once(database: Engine) -> None:
    rechecks = Rechecks(database)
    number = rechecks.add(NEW, T0 + DAY, T0)
    assert write_due(database, DAYS, T0 + DAY - timedelta(seconds=1)) == 0
    assert write_due(database, DAYS, T0 + DAY) == 1
    assert write_due(database, DAYS, T0 + DAY) == 0
    one, looks = rechecks.recheck(number)
    assert (one.next_at, one.looks) == (T0 + 3 * DAY, 1)
    row = Roster(database).entries(T0, T0 + 9 * DAY)[0]
    assert (row.key, row.platform, row.query) == (looks[0].roster_key, "landing", URL)
    # The watch they belong to plans nothing by itself.
    versions = Watches(database).versions(T0, T0 + 400 * DAY)
    assert [one.watch.name for one in versions] == [NAME]
    assert list(planned(versions, T0, T0 + 400 * DAY, calendar(database))) == []


def calendar(database: Engine) -> object:
    from patrol.calendar import load_calendar

    return load_calendar(database)


def test_of_days_in_which_nobody_looked_every_moment_has_a_row_that_says_so(database: Engine) -> None:
    number = Rechecks(database).add(NEW, T0 + DAY, T0)
    later = T0 + 8 * DAY
    assert write_due(database, DAYS, later) == 3
    Roster(database).settle(later, 600.0, 2)
    rows = Roster(database).entries(T0, later)
    assert [(row.planned_at, row.outcome) for row in rows] == [(T0 + day * DAY, Outcome.MISSED) for day in DAYS[:2]] + [
        (T0 + 7 * DAY, Outcome.MISSED if later > T0 + 8 * DAY else None)
    ]
    conclude_ended(database, lambda _: True, DAYS)
    one, looks = Rechecks(database).recheck(number)
    assert {look.verdict for look in looks[1:]} == {Verdict.UNSEEN}
    assert one.state is Standing.OPEN


def test_a_death_between_row_and_look_loses_and_doubles_nothing(database: Engine) -> None:
    rechecks = Rechecks(database)
    number = rechecks.add(NEW, T0 + DAY, T0)
    write_due(database, DAYS, T0 + DAY)
    with database.begin() as connection:  # as if the process had died after the row was written
        connection.exec_driver_sql("DELETE FROM recheck_looks")
        connection.exec_driver_sql("UPDATE rechecks SET looks = 0, next_at = '2026-03-03 01:00:00.000000'")
    assert write_due(database, DAYS, T0 + DAY) == 0
    assert len(rechecks.recheck(number)[1]) == 1
    assert len(Roster(database).entries(T0, T0 + 9 * DAY)) == 1


# -- what it came to -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "look", "verdict"),
    [
        (recheck(), seen(Outcome.GONE, reason="http_404"), Verdict.GONE),
        (recheck(), seen(Outcome.GONE, captures=()), Verdict.UNSEEN),
        (recheck(), seen(texts=("我们 包授权\n不成功退款 哦",)), Verdict.PRESENT),
        (recheck(), seen(texts=("正规代理",)), Verdict.TEXT_GONE),
        (recheck(), seen(texts=("换了说法",), points=60), Verdict.PRESENT),
        (recheck(), seen(Outcome.EMPTY), Verdict.TEXT_GONE),
        (recheck(quote=""), seen(texts=("正规代理",)), Verdict.PRESENT),
        (recheck(query="专利", listing_key="k"), seen(keys=frozenset("k")), Verdict.PRESENT),
        (recheck(query="专利", listing_key="k"), seen(keys=frozenset("z")), Verdict.NOT_SHOWN),
        *(
            (recheck(), seen(outcome), Verdict.UNSEEN)
            for outcome in Outcome
            if outcome not in (Outcome.OK, Outcome.EMPTY, Outcome.GONE)
        ),
    ],
)
def test_only_what_was_seen_and_kept_is_a_presence_or_an_absence(one: Recheck, look: Seen, verdict: Verdict) -> None:
    assert verdict_of(one, look)[0] is verdict


def looked(*verdicts: Verdict) -> list[Look]:
    """Newest first, one a day."""
    count = len(verdicts)
    return [
        Look(recheck=1, planned_at=T0, roster_key="k", verdict=one, at=T0 + (count - place) * DAY)
        for place, one in enumerate(verdicts)
    ]


GONE, TEXT, LIST, THERE, UNSEEN = Verdict.GONE, Verdict.TEXT_GONE, Verdict.NOT_SHOWN, Verdict.PRESENT, Verdict.UNSEEN


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ((GONE,), Standing.OPEN),
        ((GONE, GONE), Standing.GONE),
        ((TEXT, GONE), Standing.GONE),
        ((GONE, UNSEEN, GONE), Standing.GONE),
        ((UNSEEN, GONE, GONE), Standing.OPEN),
        ((UNSEEN,) * 9, Standing.OPEN),
        ((GONE, THERE, GONE), Standing.OPEN),
        ((LIST, LIST), Standing.OPEN),
        ((LIST, LIST, LIST), Standing.GONE),
        ((THERE, GONE, GONE), Standing.OPEN),
    ],
)
def test_absence_is_believed_when_it_was_seen_again_and_a_wall_is_none(
    verdicts: tuple[Verdict, ...], state: Standing
) -> None:
    looks = looked(*verdicts)
    told, coming = stands(DAYS, recheck(), looks)
    newest = looks[0].at
    assert told is state
    assert newest
    assert coming > newest
    if verdicts[0] is not THERE:
        assert coming <= newest + DAY if state is Standing.OPEN else coming > newest


def test_what_is_gone_is_looked_for_some_times_more(database: Engine) -> None:
    """Sellers come back: after 7, 30 and 90 days it is looked for; seen again it is open as before."""
    gone_at = T0 + 10 * DAY
    gone = replace(recheck(), state=Standing.GONE, ended_at=gone_at)
    assert [afterwards(gone_at, gone_at + days * DAY) for days in (0, 7, 30, 90)] == [
        gone_at + 7 * DAY, gone_at + 30 * DAY, gone_at + 90 * DAY, NEVER
    ]  # fmt: skip
    assert stands(DAYS, gone, looked(GONE, GONE, GONE))[0] is Standing.GONE
    assert stands(DAYS, gone, looked(UNSEEN, GONE, GONE))[0] is Standing.GONE, "a wall is no return"
    assert stands(DAYS, gone, looked(THERE, GONE, GONE))[0] is Standing.OPEN

    rechecks = Rechecks(database)
    number = rechecks.add(NEW, T0, T0)
    for _ in range(2):
        now = rechecks.recheck(number)[0].next_at
        write_due(database, DAYS, now)
        look = rechecks.recheck(number)[1][0]
        rechecks.conclude(replace(look, verdict=GONE, capture="c1", at=now), partial(stands, DAYS))
    one = rechecks.recheck(number)[0]
    assert (one.state, one.ended_at) == (Standing.GONE, now)
    assert one.next_at == now + 7 * DAY
    assert write_due(database, DAYS, now + 6 * DAY) == 0
    assert write_due(database, DAYS, now + 8 * DAY) == 1
    assert rechecks.recheck(number)[0].next_at == now + 30 * DAY


def ended(database: Engine, now: datetime, outcome: Outcome, reason: str) -> None:
    """The row that is due is claimed and its run ends so, without a page."""
    roster = Roster(database)
    waiting = roster.waiting(now)[0]
    wanted = Wanted(watch_id=waiting.watch_id, version=waiting.version)
    claimed = roster.claim(wanted, "test", now, 600.0, Snapshot(tool="t", settings="{}"))
    for run in claimed.runs:
        from storage.exhibits import ExhibitStore

        ExhibitStore(database).finish_run(run.id, outcome, reason, "", now)
    roster.settle(now, 600.0, 2)


def test_what_was_blocked_is_asked_again_the_next_day(database: Engine) -> None:
    rechecks = Rechecks(database)
    number = rechecks.add(NEW, T0 + 3 * DAY, T0)
    write_due(database, DAYS, T0 + 3 * DAY)
    ended(database, T0 + 3 * DAY, Outcome.BLOCKED, "captcha")
    assert conclude_ended(database, lambda _: True, DAYS) == ()
    one, looks = rechecks.recheck(number)
    assert (looks[0].verdict, looks[0].reason) == (Verdict.UNSEEN, "blocked captcha")
    assert one.next_at == T0 + 4 * DAY
    assert one.state is Standing.OPEN


# -- people ----------------------------------------------------------------------------------------


def test_who_asked_and_who_stopped_stand_in_the_log(database: Engine) -> None:
    rechecks = Rechecks(database)
    number = rechecks.add(NEW, T0 + DAY, T0)
    with pytest.raises(UserMistake, match="已在复查"):
        rechecks.add(NEW, T0 + DAY, T0)
    rechecks.stop(number, "李虚构", "已结案", T0 + DAY)
    with pytest.raises(UserMistake, match="已经结束"):
        rechecks.stop(number, "李虚构", "已结案", T0 + DAY)
    assert rechecks.due(T0 + 9 * DAY) == ()
    assert rechecks.add(NEW, T0 + 9 * DAY, T0 + 8 * DAY) == number
    acts = [(one.who, one.act) for one in AuditLog(database).entries() if one.act.startswith("recheck")]
    assert acts == [("张虚构", "recheck"), ("李虚构", "recheck_stopped"), ("张虚构", "recheck")]


@pytest.mark.parametrize("missing", ["by", "reason", "query"])
def test_nobody_asks_without_name_and_reason(database: Engine, missing: str) -> None:
    told = {"platform": "landing", "query": URL, "quote": "", "reason": "r", "by": "b"} | {missing: " "}
    with pytest.raises(UserMistake):
        Rechecks(database).add(NewRecheck(**told), T0 + DAY, T0)


def test_the_due_are_found_by_an_index(database: Engine) -> None:
    with database.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM rechecks"
            " WHERE state <> 'stopped' AND next_at <= '2026' ORDER BY next_at, id"
        ).all()
    assert any("ix_rechecks_due" in str(step) for step in plan)
