"""What was looked at in the days of a report, and what was not, as its coverage statement needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Engine

from casework.reports.coverage import Covered, Looks, PlatformCoverage
from console.coverage_period import unproven
from crawler import clock
from crawler.errors import UserMistake
from crawler.items import Outcome
from patrol.calendar import load_calendar
from patrol.coverage import UNWRITTEN, Planned, Share, Stretch, Totals, added_up, begin_of, lines
from patrol.platforms import label_of
from storage.coverage import LATE, Coverage
from storage.watches import Watches


def day(text: str) -> date:
    """`2026-11-20`."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake(f"{text!r} 不是日期，要写成 2026-11-20") from None
    if not 1970 < found.year < 9000:
        raise UserMistake(f"{text!r} 太早或太晚")
    return found


def covered(engine: Engine, first: date, last: date, now: datetime) -> Covered:
    """What was to be looked at in these days, up to today, and what was not seen."""
    today = now.astimezone(clock.SHANGHAI).date()
    stretch = Stretch(first=first, last=min(last, max(first, today)), now=now)
    totals = added_up(lines(Coverage(engine), _planned(engine, stretch), stretch))
    platforms = sorted(totals.by_platform.items())
    seen = {name for name, share in platforms if share.clean}
    never = [f"{label_of(name)}「{query}」" for name, query in totals.never_seen if name in seen]
    return Covered(
        first=first,
        last=last,
        as_of=clock.in_shanghai(now),
        platforms=tuple(_platform(name, share, totals) for name, share in platforms),
        by_hand=totals.by_hand,
        landings_opened=totals.landings.rows,
        landings_seen=totals.landings.clean,
        never_seen=tuple(never),
        unwritten=sum(totals.unwritten.values()),
        assumed_days=len({one for several in totals.assumed.values() for one in several}),
        agencies=len(totals.by_agency),
        agencies_seen=len(totals.by_agency) - len(totals.agencies_unseen),
        days=_days(totals),
    )


def _days(totals: Totals) -> tuple[Looks, ...]:
    seen, unseen = Counter[date](), Counter[date]()
    for (_, day_), share in totals.by_day.items():
        seen[day_] += share.clean
        unseen[day_] += share.unseen
    return tuple(Looks(day=one, seen=seen[one], unseen=unseen[one]) for one in sorted(seen))


def _planned(engine: Engine, stretch: Stretch) -> Planned:
    watches = Watches(engine)
    since = begin_of(stretch.first)
    versions = watches.versions(since, stretch.now) if since < stretch.now else ()
    return Planned(versions=versions, written=watches.written(), days=load_calendar(engine))


def _platform(name: str, share: Share, totals: Totals) -> PlatformCoverage:
    why = totals.why[name]
    return PlatformCoverage(
        label=label_of(name),
        planned=share.rows,
        seen=share.clean,
        unseen=share.unseen,
        open=share.open,
        blocked=sum(rows for (outcome, _), rows in why.items() if outcome in (Outcome.BLOCKED, Outcome.LOGIN)),
        missed=_missed(why.items()),
        ads_unproven="ads" in unproven(name),
    )


def _missed(why: Iterable[tuple[tuple[Outcome | None, str], int]]) -> int:
    """What should have run and did not, whether somebody wrote that down or nobody did."""
    return sum(
        rows
        for (outcome, reason), rows in why
        if outcome is Outcome.MISSED or (outcome is None and reason in (UNWRITTEN, LATE))
    )
