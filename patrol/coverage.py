"""What was seen of a stretch of time and what was not: the roster's rows, rounds by hand, and what nobody wrote down.

What a watch plans and no row tells of is said to be just that. Nothing here ever counts what was not seen as empty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import chain

from crawler.clock import SHANGHAI
from crawler.items import Outcome
from crawler.watches import WatchVersion
from patrol.calendar import Calendar
from patrol.plan import planned
from storage.coverage import BY_HAND, Asking, Coverage, Line, Within
from storage.watches import Written

# What the reason of a line without an outcome says.
WAITING, GOING_ON, UNWRITTEN = "planned", "claimed", "unwritten"
STILL_OPEN = (WAITING, GOING_ON)
LONGEST = 366  # days
# A patrol writes down what is due at its next look at the clock; so long it is not called absent.
SLACK = timedelta(minutes=5)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The versions of the watches that are asked about, how far each is written down, and the calendar."""

    versions: Sequence[WatchVersion]
    written: Sequence[Written]
    days: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The days from `first` to `last`, of one platform or one watch if named, as of `now`."""

    first: date
    last: date
    now: datetime
    platform: str = ""
    watch_id: int = 0

    @property
    def each_day(self) -> Iterator[date]:
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)

    def of(self, day: date) -> Within:
        """The day's own moments, in Shanghai."""
        return Within(
            since=begin_of(day),
            until=begin_of(day + timedelta(days=1)),
            now=self.now,
            platform=self.platform,
            watch_id=self.watch_id,
        )


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def lines(coverage: Coverage, plan: Planned, stretch: Stretch) -> Iterator[Line]:
    """Every line of the stretch, day by day, so that no more than a day is ever in memory."""
    aims: dict[int, dict[str, tuple[str, ...]]] = {BY_HAND: {}}
    for day in stretch.each_day:
        within = stretch.of(day)
        if within.since > stretch.now:
            return
        for line in chain(coverage.lines(day, within), _unwritten(plan, stretch, day, within)):
            if line.watch_id not in aims:
                aims[line.watch_id] = coverage.aims(line.watch_id)
            agencies = aims[line.watch_id].get(line.query)
            yield replace(line, agencies=agencies) if agencies else line


def _unwritten(plan: Planned, stretch: Stretch, day: date, within: Within) -> Iterator[Line]:
    """What was due by now and is in no roster, because no patrol has run since."""
    until = {one.watch_id: one.until for one in plan.written}
    end = min(within.until - _INSTANT, stretch.now)
    counted: Counter[tuple[int, str, str, str]] = Counter()
    lately = {watch_id for watch_id, at in until.items() if stretch.now - at < SLACK}
    for version in plan.versions:
        since = max(within.since - _INSTANT, until[version.watch_id])
        if since < end:
            slots = planned([version], since, end, plan.days)
            counted.update((one.watch_id, one.platform, one.query, one.assumed) for one in slots)
    for (watch_id, platform, query, assumed), rows in sorted(counted.items()):
        if stretch.platform in ("", platform):
            yield Line(
                day=day,
                watch_id=watch_id,
                platform=platform,
                query=query,
                outcome=None,
                reason=WAITING if watch_id in lately else UNWRITTEN,
                rows=rows,
                assumed=assumed,
            )


@dataclass(slots=True)
class Share:
    """How many were to be seen, and were."""

    rows: int = 0
    clean: int = 0
    open: int = 0

    def add(self, line: Line) -> None:
        self.rows += line.rows
        self.clean += line.rows if line.outcome is not None and line.outcome.is_clean else 0
        self.open += line.rows if line.outcome is None and line.reason in STILL_OPEN else 0

    @property
    def unseen(self) -> int:
        """What ended without having been seen, or was never begun."""
        return self.rows - self.clean - self.open


@dataclass(slots=True)
class Totals:
    """The lines of a stretch added up; as large as platforms × days and platforms × queries, however many rows.

    `by_query_day` is filled for one platform alone.
    """

    of_queries: bool = False
    whole: Share = field(default_factory=Share)
    by_platform: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    by_day: defaultdict[tuple[str, date], Share] = field(default_factory=lambda: defaultdict(Share))
    by_query: defaultdict[tuple[str, str], Share] = field(default_factory=lambda: defaultdict(Share))
    by_query_day: defaultdict[tuple[str, date], Share] = field(default_factory=lambda: defaultdict(Share))
    ended: Counter[Outcome] = field(default_factory=Counter)
    why: defaultdict[str, Counter[tuple[Outcome | None, str]]] = field(default_factory=lambda: defaultdict(Counter))
    unwritten: Counter[int] = field(default_factory=Counter)
    by_agency: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    words_of: dict[str, str] = field(default_factory=dict)
    assumed: defaultdict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    by_hand: int = 0
    landings: Share = field(default_factory=Share)

    def add(self, line: Line) -> None:
        """Pages that rounds opened besides are counted apart: nobody had planned to look at them."""
        if line.kind is Asking.LANDING:
            self.landings.add(line)
            return
        for share in (
            self.whole,
            self.by_platform[line.platform],
            self.by_day[line.platform, line.day],
            self.by_query[line.platform, line.query],
            *(self.by_agency[one] for one in line.agencies),
        ):
            share.add(line)
        if self.of_queries:
            self.by_query_day[line.query, line.day].add(line)
        self.words_of |= dict.fromkeys(line.agencies, line.query)
        if line.outcome is not None:
            self.ended[line.outcome] += line.rows
        if line.reason == UNWRITTEN:
            self.unwritten[line.watch_id] += line.rows
        if line.outcome is None or not line.outcome.is_clean:
            self.why[line.platform][line.outcome, line.reason] += line.rows
        if line.assumed:
            self.assumed[line.assumed].add(line.day)
        self.by_hand += line.rows if line.kind is Asking.HAND else 0

    @property
    def agencies_unseen(self) -> list[str]:
        """Agencies of which not one look was clean."""
        return sorted(agency for agency, share in self.by_agency.items() if not share.clean)

    @property
    def never_seen(self) -> list[tuple[str, str]]:
        """Queries of which not one look was clean, and not one is still to come."""
        return sorted(name for name, share in self.by_query.items() if not share.clean and share.unseen == share.rows)


def added_up(several: Iterable[Line], *, of_queries: bool = False) -> Totals:
    totals = Totals(of_queries=of_queries)
    for line in several:
        totals.add(line)
    return totals
