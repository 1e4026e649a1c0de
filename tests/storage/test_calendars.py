"""Notices, key dates and struck words: kept with who and when, and never holding for what is already in the roster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from storage_specimens import database_of, on_both, on_sqlite

from crawler.errors import UserMistake
from crawler.holidays import KeyDate, NoticeDay
from crawler.tables import Patrol
from crawler.watches import Days, Watch, WatchQuery
from patrol.calendar import load_calendar
from patrol.plan import planned
from patrol.tick import PatrolStore, write_down
from storage.audit import AuditLog
from storage.calendars import AHEAD, Calendars
from storage.db import open_database
from storage.roster import Roster
from storage.struck import StruckWords
from storage.watches import Watches

T0 = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = NoticeDay(day=date(2026, 11, 6), is_workday=False, name="元旦")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    yield engine
    engine.dispose()


def fair(name: str = "展会") -> KeyDate:
    return KeyDate(name=name, first="2026-11-01", last="2026-11-30", lead=0, since=T0)


def watched(engine: Engine) -> int:
    watch = Watch(
        name="试", platforms=("baidu",), queries=(WatchQuery(words="专利"),), schedule="0 8,14 * * *",
        key_schedule="30 * * * *", days=Days.WORKDAYS,
    )  # fmt: skip
    return Watches(engine).add(watch, "甲", T0)


@on_both
def test_notices_are_kept_and_the_last_of_a_year_counts(database: Engine) -> None:
    store = Calendars(database)
    assert store.import_notice(2026, (FRIDAY,), "a.csv", "甲", T0)
    assert not store.import_notice(2026, (FRIDAY,), "b.csv", "乙", T0 + HOUR), "it is that one already"
    other = NoticeDay(day=date(2026, 11, 7), is_workday=True, name="国庆")
    assert store.import_notice(2026, (other,), "c.csv", "丙", T0 + DAY)
    assert store.import_notice(2026, (FRIDAY,), "d.csv", "丁", T0 + 2 * DAY), "the first one again, after another"
    found = store.notices()
    assert [(one.file, one.imported_by, one.notice.since) for one in found] == [
        ("a.csv", "甲", T0 + AHEAD), ("c.csv", "丙", T0 + DAY + AHEAD), ("d.csv", "丁", T0 + 2 * DAY + AHEAD),
    ]  # fmt: skip
    assert [one.notice.days for one in found] == [(FRIDAY,), (other,), (FRIDAY,)]
    assert not load_calendar(database).kind_of(FRIDAY.day).is_workday
    assert [(one.who, one.subject) for one in AuditLog(database).entries()] == [
        ("甲", "2026"),
        ("丙", "2026"),
        ("丁", "2026"),
    ]


@on_both
def test_key_dates_are_kept_when_they_are_gone(database: Engine) -> None:
    store = Calendars(database)
    store.add_key_date(fair(), "甲", T0)
    with pytest.raises(UserMistake, match="已有名为"):
        store.add_key_date(fair(), "乙", T0)
    store.remove_key_date("展会", "乙", T0 + DAY)
    with pytest.raises(UserMistake, match="没有名为"):
        store.remove_key_date("展会", "乙", T0 + DAY)
    store.add_key_date(fair(), "丙", T0 + 2 * DAY)
    told = [(one.added_by, one.removed_by, one.key.since, one.key.until) for one in store.key_dates()]
    assert told == [
        ("甲", "乙", T0 + AHEAD, T0 + DAY + AHEAD), ("丙", "", T0 + 2 * DAY + AHEAD, None),
    ]  # fmt: skip


@on_both
def test_struck_words_stay_struck(database: Engine) -> None:
    words = StruckWords(database)
    words.strike("专利包授权", "甲", T0)
    with pytest.raises(UserMistake, match="已经划去"):
        words.strike("专利包授权", "乙", T0)
    assert words.all() == {"专利包授权"}


@on_sqlite
def test_a_change_holds_after_what_the_roster_has(database: Engine) -> None:
    watched(database)
    store = PatrolStore(database, Patrol())
    write_down(store, T0 + 5 * DAY)
    calendars = Calendars(database)
    back = T0 + DAY  # the clock has jumped
    assert calendars.add_key_date(fair(), "甲", back).since == T0 + 5 * DAY + AHEAD
    calendars.import_notice(2026, (FRIDAY,), "a.csv", "甲", back)
    assert calendars.notices()[0].notice.since == T0 + 5 * DAY + AHEAD
    calendars.remove_key_date("展会", "甲", back)
    assert calendars.key_dates()[0].key.until == T0 + 5 * DAY + AHEAD


@on_sqlite
def test_the_plan_is_what_was_written_whatever_changed_on_the_way(database: Engine) -> None:
    """Notices and key dates come and go between ticks, the patrol sleeps, the clock jumps: plan and rows are one."""
    watch, store, calendars = watched(database), PatrolStore(database, Patrol()), Calendars(database)
    changes = {
        3: lambda now: calendars.add_key_date(fair(), "甲", now),
        20: lambda now: calendars.import_notice(2026, (FRIDAY,), "a.csv", "甲", now),
        21: lambda now: calendars.remove_key_date("展会", "甲", now - 9 * HOUR),
        40: lambda now: calendars.add_key_date(fair("再"), "甲", now),
        41: lambda now: calendars.import_notice(2026, (), "b.csv", "甲", now),
    }
    for number in [*range(12), *range(19, 60, 1), 30, 61]:
        now = T0 + number * timedelta(hours=2.7)
        if number in changes:
            changes[number](now)
        write_down(store, now)
    until = T0 + 61 * timedelta(hours=2.7)
    whole = list(planned(Watches(database).versions(T0, until), T0, until, load_calendar(database)))
    entries = Roster(database).entries(T0, until, watch_id=watch)
    assert {(one.key, one.latest) for one in whole} == {(one.key, one.latest) for one in entries}
    assert len(whole) == len(entries) > 100
