"""Until when an opening is somebody's: a claim's as long as its crawl shows signs of life, a round's for an hour.

On the caller's own transaction. What nobody holds any more ends as missed; an opening that has ended is never touched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select, update

from crawler.items import Outcome
from storage.models import Run
from storage.rounds import end_on
from storage.tables.rechecks import LandingRow

ROUND_LEASE = timedelta(hours=1)  # longer than the openings of one round may take
BATCH = 500
_HELD = LandingRow.lease_until.is_not(None)
_OF_CLAIM = LandingRow.claim != ""
_IS_OPEN = exists().where(Run.id == LandingRow.run_id, Run.outcome.is_(None))
_DIED = (Outcome.MISSED, "interrupted", "the crawl ended before this page was opened")


def keep(connection: Connection, claim: str, until: datetime) -> bool:
    """The claim's crawl lives: its openings are its own until then. Whether any is still open."""
    return _moved(connection, until, LandingRow.claim == claim, _IS_OPEN)


def let_go(connection: Connection, claim: str, now: datetime) -> bool:
    """The claim's crawl is known to be dead. Whether it left any opening without an end."""
    return _moved(connection, now, LandingRow.claim == claim, LandingRow.lease_until > now, _IS_OPEN)


def settle(connection: Connection, now: datetime, lease: timedelta) -> int:
    """Openings that nobody holds any more end as missed; returns how many.

    No lease is longer than one that is given now: those that are stem from before the clock jumped back.
    """
    _moved(connection, now + lease, _OF_CLAIM, LandingRow.lease_until > now + lease)
    _moved(connection, now + ROUND_LEASE, LandingRow.claim == "", LandingRow.lease_until > now + ROUND_LEASE)
    over = (
        select(LandingRow.id, LandingRow.run_id, Run.outcome)
        .join(Run, Run.id == LandingRow.run_id)
        .where(_HELD, LandingRow.lease_until <= now)
        .order_by(LandingRow.id)
        .limit(BATCH)
    )
    rows = connection.execute(over).all()
    left = [row for row in rows if row.outcome is None]
    for row in left:
        end_on(connection, row.run_id, _DIED, now)
    if rows:
        free = update(LandingRow).where(LandingRow.id.in_([row.id for row in rows]))
        connection.execute(free.values(lease_until=None))
    return len(left)


def _moved(connection: Connection, until: datetime, *of: ColumnElement[bool] | Any) -> bool:
    return connection.execute(update(LandingRow).where(_HELD, *of).values(lease_until=until)).rowcount > 0
