"""How rows of the roster end, on the caller's own transaction. None of these touches a row that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, select, update

from crawler.items import Outcome
from crawler.watches import Claim
from storage.models import Run, encodable
from storage.roster_shapes import LEASE_EXPIRED, NOT_CLAIMED, NOT_RUNNING
from storage.roster_writes import IS_CLAIMED, IS_PLANNED
from storage.rounds import end_on
from storage.tables.patrol import RosterRow, WatchRow

INTERRUPTED = "interrupted"
BATCH = 500  # rows that end one by one in one transaction
_AWAY = "the patrol stood still when its time ended"
_NO_TURN = "no crawl had room for it while it could have begun"
_HELD = "nothing was begun when its time ended"
_NO_SECOND_TURN = "its crawl died, and its time ended before it could be tried again"


def end_as_runs_did(connection: Connection, *of: ColumnElement[bool]) -> int:
    """Claimed rows whose run has ended end exactly so; returns how many."""
    told = update(RosterRow).where(IS_CLAIMED, *of, Run.id == RosterRow.run_id, Run.outcome.is_not(None))
    values = {
        "state": Claim.ENDED.value,
        "lease_until": None,
        "outcome": Run.outcome,
        "reason": Run.reason,
        "detail": Run.detail,
        "ended_at": Run.ended_at,
    }
    return connection.execute(told.values(values)).rowcount


def expire_leases(connection: Connection, now: datetime, tries: int) -> tuple[int, int]:
    """Rows whose holder gave no sign of life: their runs are written off, and they are planned again or end.

    At most `BATCH` of them; returns how many went back, and how many ended. Runs that have ended must have been
    told before.
    """
    columns = (RosterRow.key, RosterRow.run_id, RosterRow.attempts, RosterRow.latest, RosterRow.holder)
    rows = connection.execute(select(*columns).where(IS_CLAIMED, RosterRow.lease_until <= now).limit(BATCH)).all()
    again = [row for row in rows if row.attempts < tries and row.latest >= now]
    left = [row for row in rows if row.attempts >= tries or row.latest < now]
    for row in again:
        end_on(connection, row.run_id, (Outcome.MISSED, INTERRUPTED, f"{row.holder} gave no sign of life"), now)
    if again:
        free = {"state": Claim.PLANNED.value, "claim": "", "lease_until": None}
        _update_each(connection, again, free)
    end_unfinished(connection, left, (LEASE_EXPIRED, "its crawl died, and there is no further try"), now)
    return len(again), len(left)


def end_unfinished(connection: Connection, rows: Sequence[Any], why: tuple[str, str], now: datetime) -> None:
    """Claimed rows whose runs have not ended are missed for this reason and detail, the runs as interrupted."""
    reason, detail = why
    for row in rows:
        end_on(connection, row.run_id, (Outcome.MISSED, INTERRUPTED, f"{reason}: {detail}"), now)
    if rows:
        missed = {"state": Claim.ENDED.value, "lease_until": None, "outcome": Outcome.MISSED.value}
        missed |= {"reason": reason, "detail": encodable(detail)}
        _update_each(connection, rows, missed | {"ended_at": now})


def end_passed(connection: Connection, now: datetime, seen: datetime, held: str = "") -> int:
    """Planned rows that can no longer begin are missed; returns how many. `held` is why nothing may begin, as a word.

    Whose watch was written up to `seen` had a patrol until lately; where it was not, the patrol stood still.
    """
    away = exists().where(
        WatchRow.id == RosterRow.watch_id, WatchRow.planned_until < seen, WatchRow.planned_until < RosterRow.latest
    )
    died = RosterRow.attempts > 0
    missed = {
        "state": Claim.ENDED.value,
        "outcome": Outcome.MISSED.value,
        "reason": case((died, LEASE_EXPIRED), (away, NOT_RUNNING), else_=held or NOT_CLAIMED),
        "detail": case((died, _NO_SECOND_TURN), (away, _AWAY), else_=_HELD if held else _NO_TURN),
        "ended_at": now,
    }
    passed = update(RosterRow).where(and_(IS_PLANNED, RosterRow.latest < now))
    return connection.execute(passed.values(missed)).rowcount


def _update_each(connection: Connection, rows: Sequence[Any], values: dict[str, Any]) -> None:
    one = update(RosterRow).where(RosterRow.key == bindparam("row_key")).values(values)
    connection.execute(one, [{"row_key": row.key} for row in rows])
