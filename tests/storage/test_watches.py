"""A watch is never overwritten: every change is a version by a named person, and none reaches into what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime

import pytest
from roster_specimens import DAY, HOUR, MINUTE, NINE, WATCH
from sqlalchemy import Engine, select

from crawler.errors import UserMistake
from crawler.watches import Days, Device, Origin, Watch, WatchQuery, WatchVersion
from storage.audit import AuditLog
from storage.roster import Roster
from storage.tables.patrol import WatchVersionRow
from storage.watches import Watches

BY = "张三（虚构）"
FULL = Watch(
    name="重点 · 夜间",
    platforms=("jd", "baidu"),
    queries=(WatchQuery(words="专利包过", origin=Origin.RULES, category="guarantee"), WatchQuery(words="代写")),
    schedule="0 1 * * *",
    key_schedule="0 13 * * *",
    days=Days.WORKDAYS,
    window="00:00-06:00",
    grace=90,
    place="北京",
    device=Device.MOBILE,
    depth=2,
    budget=7,
    is_paused=True,
)


@pytest.fixture
def watches(engine: Engine) -> Watches:
    return Watches(engine)


def test_a_watch_comes_back_as_it_was_written(watches: Watches) -> None:
    defaults = replace(WATCH, name="")
    assert all(getattr(FULL, one.name) != getattr(defaults, one.name) for one in fields(Watch)), (
        "nothing is left to chance"
    )
    number = watches.add(FULL, f" {BY} ", NINE)
    told = WatchVersion(watch_id=number, version=1, watch=FULL, since=NINE, until=None, by=BY)
    assert watches.find(f"{FULL.name} ") == watches.version(number, 1) == told
    assert watches.current() == (told,)
    assert [(one.watch_id, one.until, one.newest) for one in watches.written()] == [(number, NINE, 1)]


def test_a_change_is_a_version_and_an_entry_in_the_log(watches: Watches) -> None:
    number = watches.add(FULL, BY, NINE)
    watches.add(WATCH, BY, NINE)
    changed = replace(FULL, is_paused=False, schedule="0 2 * * *")
    assert watches.change(number, changed, "李四（虚构）", NINE + HOUR) == 2
    first, second, other = watches.versions(NINE - DAY, NINE + DAY)
    assert (first.watch, first.since, first.until, first.by) == (FULL, NINE, NINE + HOUR, BY)
    assert (second.watch, second.since, second.until, second.by) == (changed, NINE + HOUR, None, "李四（虚构）")
    assert other.watch == WATCH
    assert watches.current() == (second, other)
    entries = AuditLog(watches.engine).entries()
    assert [(one.who, one.act, one.subject) for one in entries] == [
        (BY, "watch_added", FULL.name),
        (BY, "watch_added", WATCH.name),
        ("李四（虚构）", "watch_changed", FULL.name),
    ]
    told = json.loads(json.loads(entries[-1].detail)["watch"])
    assert (told["schedule"], told["queries"][0]) == ("0 2 * * *", ["专利包过", "rules", "guarantee"])


def test_versions_are_those_that_held_in_between(watches: Watches) -> None:
    number = watches.add(WATCH, BY, NINE)
    for hour in (1, 2, 3):
        watches.change(number, replace(WATCH, depth=hour), BY, NINE + hour * HOUR)

    def held(since: datetime, until: datetime) -> list[int]:
        return [one.version for one in watches.versions(since, until)]

    assert held(NINE - DAY, NINE) == [], "none before it was written"
    assert held(NINE, NINE + HOUR) == [1]
    assert held(NINE + HOUR, NINE + HOUR + MINUTE) == [2]
    assert held(NINE + HOUR - MINUTE, NINE + 2 * HOUR + MINUTE) == [1, 2, 3]
    assert held(NINE + DAY, NINE + 2 * DAY) == [4]
    assert [one.watch_id for one in watches.versions(NINE, NINE + DAY, watch_id=number + 1)] == []


@pytest.mark.parametrize("ahead", [HOUR, 3 * HOUR, DAY])
def test_no_change_reaches_into_what_is_written(watches: Watches, ahead: DAY) -> None:
    """The clock was ahead when the roster was written, and has jumped back since."""
    number = watches.add(WATCH, BY, NINE)
    Roster(watches.engine).write(number, [], NINE + ahead, NINE + ahead)
    watches.change(number, replace(WATCH, depth=1), BY, NINE + MINUTE)
    watches.change(number, replace(WATCH, depth=2), BY, NINE - DAY)
    assert [(one.since, one.until) for one in watches.versions(NINE - DAY, NINE + 9 * DAY)] == [
        (NINE, NINE + ahead),
        (NINE + ahead, None),
    ], "the one that was changed at once never held"
    assert watches.version(number, 2).until == NINE + ahead


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda watches: watches.add(WATCH, "  ", NINE), "是谁"),
        (lambda watches: watches.add(replace(WATCH, name=" "), BY, NINE), "要有名称"),
        (lambda watches: watches.add(replace(WATCH, platforms=()), BY, NINE), "要有名称、平台"),
        (lambda watches: watches.add(replace(WATCH, queries=()), BY, NINE), "查询词"),
        (lambda watches: watches.add(replace(WATCH, queries=WATCH.queries * 2), BY, NINE), "重复"),
        (lambda watches: watches.add(replace(WATCH, platforms=("jd", "jd")), BY, NINE), "重复"),
        (lambda watches: [watches.add(WATCH, BY, NINE) for _ in range(2)], "已有名为"),
        (lambda watches: watches.change(watches.add(WATCH, BY, NINE), FULL, BY, NINE), "不能改名"),
        (lambda watches: watches.change(5, WATCH, BY, NINE), "没有巡查任务"),
        (lambda watches: watches.find("没有的"), "没有巡查任务 没有的"),
        (lambda watches: watches.version(1, 9), "没有巡查任务"),
    ],
    ids="nobody nameless nowhere nothing queries platforms again renamed unknown unfound unversioned".split(),
)
def test_what_cannot_be_is_refused_and_nothing_written(
    watches: Watches, wrong: Callable[[Watches], object], why: str
) -> None:
    with pytest.raises(UserMistake, match=why):
        wrong(watches)
    with watches.engine.connect() as connection:
        assert len(connection.execute(select(WatchVersionRow.version)).all()) == AuditLog(watches.engine).head().count
    assert len(watches.current()) <= 1
