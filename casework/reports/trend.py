"""How often what is unlawful was seen, by week and category. A listing counts once a week, however often it was seen.

It follows how much was looked at: the coverage statement goes with it. A week in which no page was seen has no
number, not a zero, and the picture itself says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from casework.reports.charts import GAP, Chart, Marks, Series, lines
from casework.reports.coverage import Looks
from casework.reports.words import CATEGORY_WORDS, labelled
from crawler.clock import SHANGHAI
from storage.cases.trend_rows import Mention

BLANK = "空白（灰底）：该周没有巡查，或全部没有看到，不等于没有违法信息"
PARTLY = "▽：该周有一部分没有看到（被拦、漏查、出错）"
_label = labelled(CATEGORY_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The Mondays of the weeks, how much was looked at in each, and for each category a number a week.

    The number is `None` where nothing was found and no look saw its page. `listings` counts each listing once a week.
    """

    weeks: tuple[date, ...]
    looks: tuple[Looks, ...]
    categories: Mapping[str, tuple[int | None, ...]]
    listings: tuple[int | None, ...]

    @property
    def blank(self) -> tuple[int, ...]:
        """The places of the weeks of which nothing is known."""
        return tuple(place for place, number in enumerate(self.listings) if number is None)

    @property
    def partly(self) -> tuple[int, ...]:
        """The places of the weeks of which a part was not seen."""
        partly = (place for place, one in enumerate(self.looks) if one.unseen or not one.seen)
        return tuple(place for place in partly if place not in self.blank)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def trend_of(mentions: Iterable[Mention], days: Iterable[Looks], first: date, last: date) -> Trend:
    """Mentions in their order of time, and the looks of each day; memory holds one week of mentions."""
    start = monday_of(first)
    weeks = tuple(start + timedelta(days=7 * place) for place in range((monday_of(last) - start).days // 7 + 1))
    looks = _weekly(days, weeks)
    counted: Counter[tuple[str, date]] = Counter()
    listings: Counter[date] = Counter()
    current, seen = date.min, set[tuple[str, str]]()
    for one in mentions:
        week = monday_of(one.seen_at.astimezone(SHANGHAI).date())
        if week != current:
            current, seen = week, set()
        for key in ("", *one.categories):  # the empty one is the listing itself
            if (one.listing, key) not in seen:
                seen.add((one.listing, key))
                listings[week] += not key
                counted[key, week] += bool(key)
    names = sorted({key for key, _ in counted if key}, key=lambda key: list(CATEGORY_WORDS).index(key))
    by_category = {key: _known(looks, [counted[key, week] for week in weeks]) for key in names}
    whole = _known(looks, [listings[week] for week in weeks])
    return Trend(weeks=weeks, looks=looks, categories=by_category, listings=whole)


def _weekly(days: Iterable[Looks], weeks: Sequence[date]) -> tuple[Looks, ...]:
    seen, unseen = Counter[date](), Counter[date]()
    for one in days:
        seen[monday_of(one.day)] += one.seen
        unseen[monday_of(one.day)] += one.unseen
    return tuple(Looks(day=week, seen=seen[week], unseen=unseen[week]) for week in weeks)


def _known(looks: Sequence[Looks], numbers: Sequence[int]) -> tuple[int | None, ...]:
    """Nothing found is a zero only where somebody saw."""
    return tuple(number if number or one.seen else None for one, number in zip(looks, numbers, strict=True))


def trend_chart(trend: Trend, kind: str) -> Chart:
    """One line a category; `kind` is png or svg."""
    names = [week.strftime("%m-%d") for week in trend.weeks]
    series = [
        Series(name=_label(key), values=tuple(GAP if one is None else one for one in values))
        for key, values in trend.categories.items()
    ]
    told = (BLANK if trend.blank else "", PARTLY if trend.partly else "")
    marks = Marks(blank=trend.blank, partly=trend.partly, words=tuple(filter(None, told)))
    return lines("每周看到的违法招揽信息（涉嫌，条）", names, series, kind, marks)
