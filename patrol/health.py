"""Watches over spiders: alarms raised and cleared by what new runs came to. Costs new runs, whatever the archive holds.

One look alone never raises an alarm and never clears one. It looks at rows only, and asks no platform anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine

from crawler.tables import Alarms as Limits
from patrol.calendar import load_calendar
from patrol.platform_health import platform_signs
from patrol.query_health import query_signs
from patrol.series import AGREE
from patrol.view import View
from storage.alarms import Alarms
from storage.health import Health
from storage.health_shapes import Alarm, AlarmKind, Look, Sign, Subject, Touched

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
    return alarms.settle([*_signs(view, touched)], now, now - timedelta(days=limits.unseen_days))


def _since(health: Health, limits: Limits, now: datetime) -> datetime:
    """From when on runs are new. A clock that jumped back does not hide what has ended since."""
    before = health.watched_until() or now - timedelta(days=limits.unseen_days)
    return min(before, now) - OVERLAP


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


def _is_unseen_platform(subject: Subject) -> bool:
    return subject.kind is AlarmKind.UNSEEN and not subject.query
