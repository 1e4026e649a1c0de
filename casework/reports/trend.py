"""How often what is unlawful was seen, by week and category. A listing counts once a week, however often it was seen.

It follows how much was looked at: the coverage statement goes with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from casework.reports.charts import Chart, Series, lines
from casework.reports.words import CATEGORY_WORDS, labelled
from crawler.clock import SHANGHAI
from storage.cases.trend_rows import Mention

_label = labelled(CATEGORY_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The Mondays of the weeks, and for each category a number a week. `listings` counts each once a week."""

    weeks: tuple[date, ...]
    categories: Mapping[str, tuple[int, ...]]
    listings: tuple[int, ...]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def trend_of(mentions: Iterable[Mention], first: date, last: date) -> Trend:
    """Mentions in their order of time; memory holds one week."""
    start = monday_of(first)
    weeks = tuple(start + timedelta(days=7 * place) for place in range((monday_of(last) - start).days // 7 + 1))
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
    by_category = {key: tuple(counted[key, week] for week in weeks) for key in names}
    return Trend(weeks=weeks, categories=by_category, listings=tuple(listings[week] for week in weeks))


def trend_chart(trend: Trend, kind: str) -> Chart:
    """One line a category; `kind` is png or svg."""
    names = [week.strftime("%m-%d") for week in trend.weeks]
    series = [Series(name=_label(key), values=values) for key, values in trend.categories.items()]
    return lines("每周看到的违法招揽信息（涉嫌，条）", names, series, kind)
