"""When a watch runs, as its own words say: cron's five fields in Shanghai, days, a window. What cannot be is refused.

A field that begins with a star restricts nothing: days of the month and of the week are joined by "or" only where
both restrict, as cron(5) has it. Sunday is 0 and 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from crawler.errors import UserMistake
from crawler.watches import Days, Watch
from patrol.calendar import DayKind

DAY = 24 * 60  # minutes
LONGEST_GRACE = 7 * DAY
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.lowest
        if not text.isascii() or not text.isdecimal() or not self.lowest <= int(text[:4]) <= self.highest:
            raise UserMistake(f"{self.name} {text!r} 要在 {self.lowest} 到 {self.highest} 之间")
        return int(text)


FIELDS = (
    _Field("分", 0, 59),
    _Field("时", 0, 23),
    _Field("日", 1, 31),
    _Field("月", 1, 12, MONTHS),
    _Field("星期", 0, 7, WEEKDAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Cron fields, read. `minutes` are those of a day, in order; of `weekdays` Sunday is 0."""

    minutes: tuple[int, ...]
    month_days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either: bool

    def holds_on(self, day: date) -> bool:
        """Whether it fires on this day at all."""
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.month_days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.is_either else by_month and by_week


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From which minute of the day until which, the last one not included. It may pass midnight."""

    start: int = 0
    end: int = DAY

    def left(self, minute: int) -> int:
        """Minutes until it closes, 0 where it is not open. A whole day's closes at no midnight."""
        if self.end - self.start == DAY:
            return LONGEST_GRACE
        if self.start < self.end:
            return self.end - minute if self.start <= minute < self.end else 0
        return DAY - minute + self.end if minute >= self.start else max(0, self.end - minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """All that a watch says of its times. On key dates the second schedule holds too, whatever `days` says."""

    schedule: Schedule
    key_schedule: Schedule | None
    days: Days
    window: Window
    grace: int

    def minutes_on(self, day: date, kind: DayKind) -> tuple[int, ...]:
        """The minutes of this day at which something is planned, in order."""
        found = self._ordinary(kind) and self.schedule.holds_on(day)
        minutes = self.schedule.minutes if found else ()
        if self.key_schedule is not None and kind.is_key and self.key_schedule.holds_on(day):
            minutes = tuple(sorted({*minutes, *self.key_schedule.minutes}))
        return tuple(one for one in minutes if self.window.left(one))

    def _ordinary(self, kind: DayKind) -> bool:
        return self.days is Days.ALL or kind.is_workday == (self.days is Days.WORKDAYS)


def read_timetable(watch: Watch) -> Timetable:
    """What the watch says of its times; `UserMistake` says which part cannot be, and why."""
    if not 1 <= watch.grace <= LONGEST_GRACE:
        raise UserMistake(f"宽限 grace 要在 1 到 {LONGEST_GRACE} 分钟之间，不是 {watch.grace}")
    window = read_window(watch.window)
    key_schedule = read_schedule(watch.key_schedule) if watch.key_schedule else None
    schedule = read_schedule(watch.schedule)
    for text, one in ((watch.schedule, schedule), (watch.key_schedule, key_schedule)):
        if one is not None and not any(window.left(minute) for minute in one.minutes):
            raise UserMistake(f"时间表 {text!r} 没有一次在时段 {watch.window} 之内")
    return Timetable(schedule=schedule, key_schedule=key_schedule, days=watch.days, window=window, grace=watch.grace)


def read_schedule(text: str) -> Schedule:
    """Cron's five fields; `UserMistake` says which field is wrong."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise UserMistake(f"时间表 {text!r} 要有五段：分 时 日 月 星期，这里有 {len(fields)} 段")
    try:
        minutes, hours, month_days, months, weekdays = (
            _numbers(field, written) for field, written in zip(FIELDS, fields, strict=True)
        )
    except UserMistake as wrong:
        raise UserMistake(f"时间表 {text!r}：{wrong}") from None
    is_either = not fields[2].startswith("*") and not fields[4].startswith("*")
    if not is_either and not any(day <= _MONTH_DAYS[month - 1] for month in months for day in month_days):
        raise UserMistake(f"时间表 {text!r}：没有这样的日子，永远不会到")
    return Schedule(
        minutes=tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes)),
        month_days=month_days,
        months=months,
        weekdays=frozenset(one % 7 for one in weekdays),
        is_either=is_either,
    )


def read_window(text: str) -> Window:
    """HH:MM-HH:MM, empty for the whole day."""
    if not text:
        return Window()
    found = _WINDOW.fullmatch(text)
    hour, minute, last_hour, last_minute = map(int, found.groups()) if found else (0, 0, 0, 0)
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if not found or start == end or end > DAY:
        raise UserMistake(f"时段 {text!r} 要写成 时:分-时:分，首尾不同，如 08:00-20:00 或 22:00-06:00")
    return Window(start=start, end=end)


def _numbers(field: _Field, text: str) -> frozenset[int]:
    return frozenset(number for part in text.split(",") for number in _part(field, part))


def _part(field: _Field, text: str) -> range:
    span, slash, step_text = text.partition("/")
    step = int(step_text) if step_text.isascii() and step_text.isdecimal() and len(step_text) < 4 else 0
    if slash and not step:
        raise UserMistake(f"{field.name} {text!r}：/ 后面要是大于 0 的整数")
    if span == "*":
        return range(field.lowest, field.highest + 1, step or 1)
    first, dash, last = span.partition("-")
    if slash and not dash:
        raise UserMistake(f"{field.name} {text!r}：/ 前面要是 * 或范围，如 1-5/2")
    start, end = field.number(first), field.number(last if dash else first)
    if end < start:
        raise UserMistake(f"{field.name} {text!r}：范围要从小到大（星期日可写 7）")
    return range(start, end + 1, step or 1)
