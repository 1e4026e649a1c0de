"""Which days are worked and which are watched closely, in China, as far as is known.

The years that `chinese_calendar` knows are its; a notice the office imported wins. For any other year weekdays are
counted and every answer says so; where 春节 and 中秋 fall in such a year is not guessed at all.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import chinese_calendar
from chinese_calendar.constants import Holiday
from sqlalchemy import Engine

from crawler.errors import UserMistake
from crawler.holidays import KeyDate, Notice, NoticeDay
from storage.calendars import Calendars

ASSUMED = "暂按周末推算"
# Written as the library and notices do; a notice may join two: 国庆节、中秋节.
KEY_HOLIDAYS = ("春节", "劳动", "五一", "中秋", "国庆")
# By law these stand on the same days every year, whatever is moved around them.
_FIXED = {(5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}
_NAMES = {one.value: one.chinese for one in Holiday}
_YEARLY = re.compile(r"\d\d-\d\d")
LONGEST_LEAD = 60  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class DayKind:
    """What a day is. `name` is its holiday and the key dates it belongs to; `assumed` is why nobody knows for sure."""

    is_workday: bool
    is_key: bool
    name: str = ""
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    is_workday: bool
    holiday: str
    assumed: str


class Calendar:
    """The days as they are known by now; `as_of` gives the same as it was when something was planned."""

    def __init__(self, notices: Sequence[Notice] = (), keys: Sequence[KeyDate] = ()) -> None:
        self._notices, self._keys = tuple(notices), tuple(keys)
        self._by_year = {one.year: one for one in notices}  # the last one of a year is the one that counts
        self._by_day = {one.day: one for year in sorted(self._by_year) for one in self._by_year[year].days}
        self._standing = tuple(one for one in keys if one.until is None)
        self._told: dict[date, DayKind] = {}

    def kind_of(self, day: date) -> DayKind:
        """What this day is; the same day is only worked out once."""
        if day not in self._told:
            known = self._known(day)
            names = [known.holiday] if known.holiday else []
            names += [one.name for one in self._standing if self._is_within(one, day)]
            is_key = len(names) > bool(known.holiday) or _is_key_holiday(known)
            self._told[day] = DayKind(
                is_workday=known.is_workday, is_key=is_key, name="、".join(dict.fromkeys(names)), assumed=known.assumed
            )
        return self._told[day]

    def is_known(self, year: int) -> bool:
        """Whether the library or a notice tells of this year."""
        return year in self._by_year or _is_in_library(date(year, 1, 1))

    def changes(self, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """The moments strictly between at which the calendar became another one."""
        moments = {one.since for one in self._notices} | {one.since for one in self._keys}
        moments |= {one.until for one in self._keys if one.until is not None}
        return tuple(sorted(one for one in moments if since < one < until))

    def as_of(self, moment: datetime) -> Calendar:
        """The calendar that holds for what is planned at this moment: a change holds only for later ones."""
        notices = [one for one in self._notices if one.since < moment]
        keys = [one for one in self._keys if one.since < moment and (one.until is None or moment <= one.until)]
        return Calendar(notices, [replace(one, until=None) for one in keys])

    def _known(self, day: date) -> _Known:
        noticed = self._by_day.get(day)
        if noticed is not None:  # of its own year, or in the next one's notice
            return _Known(noticed.is_workday, noticed.name, "")
        if day.year in self._by_year:
            return _Known(day.weekday() < 5, "", "")
        if _is_in_library(day):
            is_off, name = chinese_calendar.get_holiday_detail(day)
            return _Known(not is_off, _NAMES[name] if name else "", "")
        return _Known(day.weekday() < 5, _FIXED.get((day.month, day.day), ""), ASSUMED)

    def _is_within(self, key: KeyDate, day: date) -> bool:
        if is_holiday_name(key.first):
            return any(self._is_day_of(key.first, day + timedelta(days=ahead)) for ahead in range(key.lead + 1))
        return any(first - timedelta(days=key.lead) <= day <= last for first, last in _spans(key, day))

    def _is_day_of(self, holiday: str, day: date) -> bool:
        known = self._known(day)
        is_off = not known.is_workday or (bool(known.assumed) and bool(known.holiday))
        return is_off and _bare(holiday) in _bare(known.holiday)


def checked_key_date(key: KeyDate) -> KeyDate:
    """The same; `UserMistake` says what cannot be."""
    where = f"重点日期 {key.name}"
    if not 0 <= key.lead <= LONGEST_LEAD:
        raise UserMistake(f"{where}：提前的天数要在 0 到 {LONGEST_LEAD} 之间，不是 {key.lead}")
    if is_holiday_name(key.first):
        if key.last != key.first:
            raise UserMistake(f"{where}：节日没有另外的末日")
        return key
    is_yearly = {bool(_YEARLY.fullmatch(one)) for one in (key.first, key.last)}
    if len(is_yearly) > 1:
        raise UserMistake(f"{where}：首日和末日要写法一样，都是 月-日 或都是 年-月-日")
    first, last = (_day(f"2000-{one}" if is_yearly == {True} else one, where) for one in (key.first, key.last))
    if is_yearly == {False} and last < first:
        raise UserMistake(f"{where}：末日 {key.last} 早于首日 {key.first}")
    return key


def is_holiday_name(word: str) -> bool:
    """Whether a key date hangs on a public holiday instead of on days."""
    return bool(word) and _bare(word) in {_bare(one) for one in _NAMES.values()}


def _bare(holiday: str) -> str:
    return holiday.replace("五一", "劳动").removesuffix("节")


def noticed_year(days: Sequence[NoticeDay]) -> int:
    """The year a notice is for, though December of the year before may be in it; `UserMistake` for several years."""
    years = sorted({one.day.year for one in days})
    year = years[-1]
    early = [one.day for one in days if one.day.year != year]
    if len(years) > 2 or any(one.year != year - 1 or one.month != 12 for one in early):
        raise UserMistake(f"一份通知只能是一年的（可带上一年 12 月的日子），这里有 {'、'.join(map(str, years))}")
    return year


def _spans(key: KeyDate, day: date) -> list[tuple[date, date]]:
    """First and last days of a key date near this day; of a yearly one those of the years around."""
    if not _YEARLY.fullmatch(key.first):
        return [(date.fromisoformat(key.first), date.fromisoformat(key.last))]
    found = []
    for year in (day.year - 1, day.year, day.year + 1):
        first, last = _in_year(key.first, year), _in_year(key.last, year + (key.last < key.first))
        if first is not None and last is not None:
            found.append((first, last))
    return found


def _in_year(month_day: str, year: int) -> date | None:
    """This day of a year; 02-29 is in leap years only."""
    if not date.min.year <= year < date.max.year or (month_day == "02-29" and not isleap(year)):
        return None
    return date.fromisoformat(f"{year:04}-{month_day}")


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserMistake(f"{where}：{text.removeprefix('2000-')!r} 不是日期，要写成 04-26 或 2026-04-26") from None


def _is_key_holiday(known: _Known) -> bool:
    is_off = not known.is_workday or bool(known.assumed)
    return is_off and any(word in known.holiday for word in KEY_HOLIDAYS)


def _is_in_library(day: date) -> bool:
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def load_calendar(engine: Engine) -> Calendar:
    """The calendar as this home knows it, with all that it ever was."""
    stored = Calendars(engine)
    return Calendar([one.notice for one in stored.notices()], [one.key for one in stored.key_dates()])
