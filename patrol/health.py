"""Watches over spiders: alarms raised and cleared by what new runs came to. Costs new runs, whatever the archive holds.

One look alone never raises an alarm and never clears one; only a date that is past speaks for itself. It looks at rows
only, and asks no platform anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from crawler.clock import in_shanghai
from crawler.tables import Alarms as Limits
from patrol.calendar import load_calendar
from patrol.platform_health import platform_signs
from patrol.query_health import query_signs
from patrol.series import AGREE
from patrol.supervision import Overdue, overdue
from patrol.view import View
from storage.alarms import CLEARS_AFTER, Alarms
from storage.health import Health
from storage.health_shapes import Alarm, AlarmKind, Cause, Look, Sign, Subject, Touched

# Another process may end a run a little before this one looks and write it down a little after.
OVERLAP = timedelta(hours=1)


def watch_over(engine: Engine, limits: Limits, now: datetime) -> tuple[Alarm, ...]:
    """Look over the runs that ended since the last time; returns the alarms this raised or cleared.

    Whoever calls it twice, or from two processes at once, gets no alarm twice.
    """
    health, alarms = Health(engine), Alarms(engine)
    touched = health.touched(_since(health, limits, now), now)
    health.write_looks(touched.rounds)
    looks = _looks(health, limits, touched, now)
    platforms = {platform for platform, _ in (*touched.queries, *looks)}
    view = View(
        health=health,
        limits=limits,
        now=now,
        days=load_calendar(engine),
        standing={one.subject: one for one in alarms.standing()},
        accepted={subject: at for name in platforms for subject, at in alarms.accepted(name).items()},
        looks=looks,
    )
    signs = [*_signs(view, touched), *_overdue_signs(view, overdue(engine, now))]
    return alarms.settle(signs, now, now - timedelta(days=limits.unseen_days))


def _since(health: Health, limits: Limits, now: datetime) -> datetime:
    """From when on runs are new. After a clock that was ahead nobody knows, so all that may matter is looked over."""
    before = health.watched_until()
    if before is None or before > now:
        return now - timedelta(days=limits.unseen_days)
    return before - OVERLAP


def _looks(health: Health, limits: Limits, touched: Touched, now: datetime) -> dict[tuple[str, str], tuple[Look, ...]]:
    several = health.devices_of(touched.rounds)
    limit = 2 * limits.runs + AGREE
    return {(platform, device): health.looks_of(platform, device, now, limit) for platform, device in several}


def _signs(view: View, touched: Touched) -> Iterator[Sign]:
    """Of platforms first: where nothing of a platform was seen, no query of it says so once more."""
    unseen = {subject.platform for subject in view.standing if _is_unseen_platform(subject)}
    for platform, device in view.looks:
        for sign in platform_signs(view, platform, device):
            unseen |= {platform} if sign.is_bad and _is_unseen_platform(sign.subject) else set()
            yield sign
    for platform, query in touched.queries:
        for sign in query_signs(view, platform, query):
            is_said = sign.subject.kind is AlarmKind.UNSEEN and platform in unseen
            if not is_said or sign.subject in view.standing:
                yield sign


def _overdue_signs(view: View, late: Sequence[Overdue]) -> Iterator[Sign]:
    """Agencies watched closely whose look is overdue: a date that is past needs no other look to agree."""
    told = {_overdue_subject(one): one for one in late}
    for subject, one in told.items():
        yield Sign(subject=subject, is_bad=True, since=one.due, at=view.now, cause=_overdue_cause(one))
    for subject, alarm in view.standing.items():
        if subject.kind is AlarmKind.OVERDUE and subject not in told:
            yield Sign(subject=subject, is_bad=False, since=alarm.since, at=view.now, good=CLEARS_AFTER)


def _overdue_subject(one: Overdue) -> Subject:
    return Subject(kind=AlarmKind.OVERDUE, platform="", query=one.priority.name, series=one.priority.agency)


def _overdue_cause(one: Overdue) -> Cause:
    last = f"上次看到是 {in_shanghai(one.last_seen)[:16]}" if one.last_seen else "列入名单以来没有看到过"
    words = f"重点监控对象应在 {in_shanghai(one.due)[:16]} 前再看一次，{last}：没有排进任务，或每次都没有看成"
    return Cause(word="overdue", words=words)


def _is_unseen_platform(subject: Subject) -> bool:
    return subject.kind is AlarmKind.UNSEEN and not subject.query
