"""Cron's five fields as cron(5) has them, windows, and what is refused with its reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crawler.errors import UserMistake
from crawler.watches import Days, Watch, WatchQuery
from patrol.calendar import Calendar, DayKind
from patrol.schedule import read_schedule, read_timetable, read_window

MONDAY = date(2026, 11, 16)


def days_of(text: str, length: int = 14) -> list[str]:
    """The days from a Monday on, two weeks of them, on which it fires."""
    schedule = read_schedule(text)
    days = (MONDAY + timedelta(days=ahead) for ahead in range(length))
    return [f"{day:%a %d}" for day in days if schedule.holds_on(day)]


def minutes_of(text: str) -> list[str]:
    return [f"{minute // 60:02}:{minute % 60:02}" for minute in read_schedule(text).minutes]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 8 * * 0", ["Sun 22", "Sun 29"]),
        ("0 8 * * 7", ["Sun 22", "Sun 29"]),
        ("0 8 * * sun", ["Sun 22", "Sun 29"]),
        ("0 8 * * 1", ["Mon 16", "Mon 23"]),
        ("0 8 * * MON,wed", ["Mon 16", "Wed 18", "Mon 23", "Wed 25"]),
        ("0 8 * * 6-7", ["Sat 21", "Sun 22", "Sat 28", "Sun 29"]),
        ("0 8 18 * *", ["Wed 18"]),
        # Both restrict: either will do.
        ("0 8 18 * 1", ["Mon 16", "Wed 18", "Mon 23"]),
        # One begins with a star and restricts nothing by itself: both must hold.
        ("0 8 */2 * 1", ["Mon 23"]),
        ("0 8 16-22 * */3", ["Wed 18", "Sat 21", "Sun 22"]),
        ("0 8 * dec *", []),
        ("0 8 * 10-12/2 1", []),
        ("0 8 * 9-11/2 1", ["Mon 16", "Mon 23"]),
        ("0 0 31 * 5", ["Fri 20", "Fri 27"]),
    ],
)
def test_days(text: str, days: list[str]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30 8,14 * * *", ["08:30", "14:30"]),
        ("*/20 9-10 * * *", ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]),
        ("5-15/5 0 * * *", ["00:05", "00:10", "00:15"]),
        ("0 20,8,8 * * *", ["08:00", "20:00"]),
        ("59 23 * * *", ["23:59"]),
    ],
)
def test_minutes(text: str, minutes: list[str]) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 8 * *", "五段"),
        ("@daily", "五段"),
        ("", "五段"),
        ("60 8 * * *", "分 '60' 要在 0 到 59"),
        ("0 24 * * *", "时 '24'"),
        ("0 8 0 * *", "日 '0'"),
        ("0 8 * 13 *", "月 '13'"),
        ("0 8 * * 8", "星期 '8'"),
        ("0 8 * * fri-sun", "从小到大"),
        ("0 22-6 * * *", "从小到大"),
        ("*/0 8 * * *", "大于 0"),
        ("*/x 8 * * *", "大于 0"),
        ("5/15 8 * * *", "/ 前面"),
        ("0 8 L * *", "日 'L'"),
        ("0 8 * * 5#2", "星期 '5#2'"),
        ("0 8 ? * *", "日"),
        ("-1 8 * * *", "分"),
        ("٣ 8 * * *", "分"),
        ("0 8 30 2 *", "永远不会到"),
        ("0 8 31 4,6,9,11 *", "永远不会到"),
        ("1, 8 * * *", "分 ''"),
        ("1111111111111 8 * * *", "分"),
    ],
)
def test_what_cron_does_not_know_is_refused(text: str, why: str) -> None:
    with pytest.raises(UserMistake) as refused:
        read_schedule(text)
    assert why in str(refused.value)


def test_leap_days_come() -> None:
    assert read_schedule("0 8 29 2 *").holds_on(date(2028, 2, 29))


@pytest.mark.parametrize(
    ("text", "open_at", "shut_at"),
    [
        ("08:00-20:00", {480: 720, 1199: 1}, (479, 1200)),
        ("22:00-06:00", {1320: 480, 1439: 361, 0: 360, 359: 1}, (360, 1319)),
        ("20:00-24:00", {1200: 240}, (0, 1199)),
    ],
)
def test_windows(text: str, open_at: dict[int, int], shut_at: tuple[int, ...]) -> None:
    window = read_window(text)
    assert {minute: window.left(minute) for minute in open_at} == open_at
    assert [window.left(minute) for minute in shut_at] == [0, 0]


@pytest.mark.parametrize("text", ["8:00-20:00", "08:00", "08:00-08:00", "08:60-09:00", "24:00-06:00", "08:00-24:01"])
def test_windows_that_cannot_be(text: str) -> None:
    with pytest.raises(UserMistake, match="时段"):
        read_window(text)


def watch(**told: object) -> Watch:
    fixed = {"name": "试", "platforms": ("baidu",), "queries": (WatchQuery(words="专利"),), "schedule": "0 8,12 * * *"}
    return Watch(**fixed | told)  # type: ignore[arg-type]


def test_days_bind_the_schedule_and_not_that_of_key_dates() -> None:
    table = read_timetable(watch(days=Days.WORKDAYS, key_schedule="0 10 * * *"))
    kinds = {
        "workday": DayKind(is_workday=True, is_key=False),
        "rest": DayKind(is_workday=False, is_key=False),
        "key rest": DayKind(is_workday=False, is_key=True),
        "key workday": DayKind(is_workday=True, is_key=True),
    }
    found = {name: table.minutes_on(MONDAY, kind) for name, kind in kinds.items()}
    assert found == {"workday": (480, 720), "rest": (), "key rest": (600,), "key workday": (480, 600, 720)}


def test_rest_days_are_the_calendars() -> None:
    table = read_timetable(watch(days=Days.RESTDAYS))
    days = Calendar()
    assert table.minutes_on(date(2026, 10, 10), days.kind_of(date(2026, 10, 10))) == (), "a Saturday that is worked"
    assert table.minutes_on(date(2026, 10, 5), days.kind_of(date(2026, 10, 5))) == (480, 720)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"window": "09:00-11:00"}, "没有一次在时段"),
        ({"key_schedule": "0 3 * * *", "window": "07:00-13:00"}, "没有一次在时段"),
        ({"grace": 0}, "grace"),
        ({"grace": 10_081}, "grace"),
        ({"key_schedule": "x"}, "五段"),
    ],
)
def test_times_that_cannot_be(told: dict[str, object], why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        read_timetable(watch(**told))
