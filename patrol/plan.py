"""What is to be looked at and when, from watches and calendar alone. It knows no roster and asks no clock.

Each slot follows from the version and the calendar that held at its own time, so that whoever plans the same stretch
again later, in one go or in many, gets the same slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import pairwise
from operator import itemgetter

from crawler.clock import SHANGHAI
from crawler.watches import Slot, Watch, WatchVersion
from patrol.calendar import Calendar, DayKind
from patrol.schedule import Timetable, read_timetable

_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
Times = Iterator[tuple[datetime, datetime, DayKind]]


def planned(versions: Iterable[WatchVersion], since: datetime, until: datetime, days: Calendar) -> Iterator[Slot]:
    """Every slot in (since, until], by time, watch and version. `latest` lies before the query's next planned time.

    A version plans for the moments after its `since` and up to its `until`; a paused one plans nothing.
    """
    for _, slots in merge(*(_slots(one, since, until, days) for one in versions), key=itemgetter(0)):
        yield from slots


def _slots(
    version: WatchVersion, since: datetime, until: datetime, days: Calendar
) -> Iterator[tuple[tuple[datetime, int, int], Iterator[Slot]]]:
    if version.watch.is_paused:
        return
    start = max(since, version.since)
    end = until if version.until is None else min(until, version.until)
    for planned_at, latest, kind in times(version.watch, start, end, days):
        yield (planned_at, version.watch_id, version.version), _at(version, planned_at, latest, kind.assumed)


def _at(version: WatchVersion, planned_at: datetime, latest: datetime, assumed: str) -> Iterator[Slot]:
    words = dict.fromkeys(one.words for one in version.watch.queries)
    for platform in dict.fromkeys(version.watch.platforms):
        for query in words:
            yield Slot(
                watch_id=version.watch_id,
                version=version.version,
                platform=platform,
                query=query,
                planned_at=planned_at,
                latest=latest,
                assumed=assumed,
            )


def times(watch: Watch, since: datetime, until: datetime, days: Calendar) -> Times:
    """When the watch plans something in (since, until], until when each may begin, and what kind of day it is."""
    table = read_timetable(watch)
    if until <= since:
        return
    for start, end in pairwise((since, *days.changes(since, until), until)):
        yield from _stretch(table, start, end, days.as_of(end))


def _stretch(table: Timetable, start: datetime, end: datetime, days: Calendar) -> Times:
    """The same for a stretch in which the calendar does not change."""
    grace = timedelta(minutes=table.grace)
    upcoming = _occurrences(table, start, end + grace, days)
    current = next(upcoming, None)
    while current is not None and current[0] <= end:
        following = next(upcoming, None)
        planned_at, left, kind = current
        latest = planned_at + min(grace, left)
        if following is not None:
            # At the next one's time this one is over: the same query is never due twice.
            latest = min(latest, following[0] - _SECOND)
        yield planned_at, latest, kind
        current = following


def _occurrences(
    table: Timetable, start: datetime, end: datetime, days: Calendar
) -> Iterator[tuple[datetime, timedelta, DayKind]]:
    """Moments in (start, end] with how long the window stays open then."""
    for day in _dates(start, end):
        kind = days.kind_of(day)
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
        for minute in table.minutes_on(day, kind):
            moment = midnight + minute * _MINUTE
            if start < moment <= end:
                yield moment, table.window.left(minute) * _MINUTE, kind


def _dates(start: datetime, end: datetime) -> Iterator[date]:
    first, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead)
