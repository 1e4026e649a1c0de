"""The way back from a clock that was far ahead: what it had written down for times to come is taken out again.

By a named person and in the audit log. Rows about the future say nothing that happened; what was looked at stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Detail, add_on
from storage.db import writing
from storage.tables.patrol import RosterRow, WatchRow, WatchVersionRow
from storage.tables.rechecks import RecheckLookRow, RecheckRow
from storage.watches import newest_on, write_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """One watch that was written up to `until`: how many rows were `withdrawn`, and how many had been looked at."""

    name: str
    until: datetime
    withdrawn: int
    kept: int


def put_back(engine: Engine, by: str, now: datetime) -> tuple[PutBack, ...]:
    """Every watch that is written beyond `now` is written up to now again, and what it wants holds from now on.

    `UserMistake` where there is none, or where the clock must be wrong now: no watch was there yet.
    """
    with writing(engine).begin() as connection:
        first = connection.execute(select(func.min(WatchVersionRow.since)).where(WatchVersionRow.version == 1))
        begun = first.scalar_one()
        if begun is None or now <= begun:
            raise UserMistake("现在的时钟早于第一个巡查任务，必是错的；先校准时钟")
        ahead = select(WatchRow.id, WatchRow.name, WatchRow.planned_until).where(WatchRow.planned_until > now)
        rows = connection.execute(ahead.order_by(WatchRow.id)).all()
        if not rows:
            raise UserMistake("没有写到今后去的巡查任务，不必改")
        return tuple(_put_back(connection, row, by, now) for row in rows)


def _put_back(connection: Connection, watch: Any, by: str, now: datetime) -> PutBack:
    beyond = (RosterRow.watch_id == watch.id, RosterRow.planned_at > now)
    unseen = (*beyond, RosterRow.run_id.is_(None))
    _look_again(connection, select(RosterRow.key).where(*unseen), now)
    withdrawn = connection.execute(delete(RosterRow).where(*unseen)).rowcount
    kept = connection.execute(select(func.count()).select_from(RosterRow).where(*beyond)).scalar_one()
    connection.execute(update(WatchRow).where(WatchRow.id == watch.id).values(planned_until=now))
    _hold_now(connection, watch.id, by, now)
    detail: Detail = {"planned_until": watch.planned_until.isoformat(), "withdrawn": withdrawn, "kept": kept}
    add_on(connection, Act(who=by, act="watch_put_back", subject=watch.name, at=now, detail=detail))
    return PutBack(name=watch.name, until=watch.planned_until, withdrawn=withdrawn, kept=kept)


def _look_again(connection: Connection, keys: Any, now: datetime) -> None:
    """Re-checks whose looks are withdrawn are due now."""
    looks = RecheckLookRow.roster_key.in_(keys)
    again = update(RecheckRow).where(
        RecheckRow.state == "open", RecheckRow.id.in_(select(RecheckLookRow.recheck_id).where(looks))
    )
    connection.execute(again.values(next_at=now))
    connection.execute(delete(RecheckLookRow).where(looks))


def _hold_now(connection: Connection, watch_id: int, by: str, now: datetime) -> None:
    """What was decided meanwhile holds from now on; versions that were to begin later never did."""
    newest = newest_on(connection, watch_id)
    if newest.since <= now:
        return
    mine = WatchVersionRow.watch_id == watch_id
    later = update(WatchVersionRow).where(mine, WatchVersionRow.since > now)
    connection.execute(later.values(until=WatchVersionRow.since))
    held = update(WatchVersionRow).where(mine, WatchVersionRow.since <= now, WatchVersionRow.until > now)
    connection.execute(held.values(until=now))
    again = replace(newest, version=newest.version + 1, since=now, until=None, by=by)
    write_on(connection, again, "watch_changed", now)
