"""When something is due to be told. Asked at every tick: it reads a row or two, and loads nothing that tells."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import Engine

from crawler import clock
from crawler.tables import Notify
from storage.notices import Kind, Notices

STALE = timedelta(days=2)  # what could not be told by then is no news


def digest_moment(day: date, settings: Notify) -> datetime:
    """When the digest of this day goes out."""
    hour, minute = map(int, settings.digest.split(":"))
    return datetime.combine(day, time(hour, minute), tzinfo=clock.SHANGHAI)


def digest_key(day: date) -> str:
    return f"{Kind.DIGEST} {day.isoformat()}"


def is_digest_due(notices: Notices, settings: Notify, now: datetime) -> bool:
    """Whether the day's time has come and nobody has written its digest."""
    day = now.astimezone(clock.SHANGHAI).date()
    return now >= digest_moment(day, settings) and not notices.has(digest_key(day))


def is_due(database: Engine, settings: Notify, now: datetime) -> bool:
    """Whether a digest is due, or a message waits that may be tried now."""
    notices = Notices(database)
    return is_digest_due(notices, settings, now) or bool(notices.waiting(now, now - STALE))
