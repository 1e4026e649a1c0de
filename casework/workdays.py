"""Deadlines in working days, by whatever calendar the office has. What that only assumes is told with the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from crawler.clock import SHANGHAI
from crawler.errors import UserMistake

LONGEST = 250  # working days; a year


class Day(Protocol):
    """What a calendar says of a day; `assumed` is why nobody knows for sure, empty where it is known."""

    @property
    def is_workday(self) -> bool: ...

    @property
    def assumed(self) -> str: ...


class Workdays(Protocol):
    """A calendar: `patrol.calendar.Calendar` is one."""

    def kind_of(self, day: date) -> Day: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day, and why it is not sure."""

    day: date
    assumed: str = ""

    @property
    def at(self) -> datetime:
        """The end of that day in Shanghai: the first moment after it, which `last_day` turns into the day again."""
        return datetime.combine(self.day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)

    @property
    def words(self) -> str:
        """`2026年11月5日（暂按周末推算）`"""
        told = f"{self.day.year}年{self.day.month}月{self.day.day}日"
        return f"{told}（{self.assumed}）" if self.assumed else told


def deadline(calendar: Workdays, since: date, days: int) -> Deadline:
    """The last of so many working days, the first of them after `since`."""
    if not 1 <= days <= LONGEST:
        raise UserMistake(f"工作日数要在 1 到 {LONGEST} 之间，不是 {days}")
    day, left, assumed = since, days, ""
    while left:
        day += timedelta(days=1)
        kind = calendar.kind_of(day)
        assumed = assumed or kind.assumed
        left -= kind.is_workday
    return Deadline(day=day, assumed=assumed)


def last_day(due_at: datetime) -> date:
    """The last day of a deadline, of which `due_at` is the first moment after; every page tells this day."""
    return day_of(due_at - timedelta(microseconds=1))


def told_day(due_at: datetime | None) -> str:
    """The last day as papers and lists write it, `2026-12-04`; empty where there is no deadline."""
    return last_day(due_at).isoformat() if due_at else ""


def day_of(moment: datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment of that day in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
