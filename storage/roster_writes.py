"""What new rows of the roster say: planned, or ended at once as missed.

The latter where their time or the day's budget is over, or where nobody could ever ask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, literal_column, or_, select

from crawler.clock import SHANGHAI
from crawler.items import Outcome
from crawler.watches import LONGEST_QUERY, Claim, Slot, is_too_long
from storage.models import encodable
from storage.roster_shapes import BUDGET, NOT_RUNNING, TOO_LONG
from storage.tables.patrol import RosterRow, WatchVersionRow


def _is_in(state: Claim) -> ColumnElement[bool]:
    # A literal: a partial index serves no parameter.
    return RosterRow.state == literal_column(f"'{state.value}'")


IS_PLANNED, IS_CLAIMED = _is_in(Claim.PLANNED), _is_in(Claim.CLAIMED)


def has_changed(connection: Connection, watch_id: int, newest: int, until: datetime) -> bool:
    """Whether the watch has a later version than this that holds before `until`."""
    later = exists().where(
        WatchVersionRow.watch_id == watch_id, WatchVersionRow.version > newest, WatchVersionRow.since < until
    )
    return bool(connection.execute(select(later)).scalar_one())


def rows_of(connection: Connection, watch_id: int, slots: Sequence[Slot], now: datetime) -> list[dict[str, Any]]:
    """The rows of those slots, in order, that are not written yet."""
    if not slots:
        return []
    there = _written(connection, watch_id, slots)
    new = {slot.key: slot for slot in slots if slot.key not in there}
    budgets = _budgets(connection, watch_id, {slot.version for slot in new.values()})
    used = _used(connection, watch_id, new.values()) if any(budgets.values()) else Counter[date]()
    return [_row(key, slot, _verdict(slot, budgets[slot.version], used, now), now) for key, slot in new.items()]


def _written(connection: Connection, watch_id: int, slots: Sequence[Slot]) -> set[str]:
    of_those = RosterRow.planned_at.between(slots[0].planned_at, slots[-1].planned_at)
    return set(connection.execute(select(RosterRow.key).where(RosterRow.watch_id == watch_id, of_those)).scalars())


def _budgets(connection: Connection, watch_id: int, versions: Iterable[int]) -> dict[int, int]:
    query = select(WatchVersionRow.version, WatchVersionRow.budget).where(
        WatchVersionRow.watch_id == watch_id, WatchVersionRow.version.in_(sorted(versions))
    )
    return {row.version: row.budget for row in connection.execute(query)}


def _used(connection: Connection, watch_id: int, slots: Iterable[Slot]) -> Counter[date]:
    """Runs of each day that were had or may still be: what ended without a run used nothing."""
    ran = or_(RosterRow.state != Claim.ENDED.value, RosterRow.run_id.is_not(None))
    number = select(func.count()).where(RosterRow.watch_id == watch_id, ran)
    used: Counter[date] = Counter()
    for day in {_day(slot.planned_at) for slot in slots}:
        start, end = _bounds(day)
        used[day] = connection.execute(
            number.where(RosterRow.planned_at >= start, RosterRow.planned_at < end)
        ).scalar_one()
    return used


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _bounds(day: date) -> tuple[datetime, datetime]:
    midnight = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    return midnight, midnight + timedelta(days=1)


def _verdict(slot: Slot, budget: int, used: Counter[date], now: datetime) -> tuple[str, str]:
    """Reason and detail where the slot ends at once, else empty words."""
    if is_too_long(slot.query):
        return TOO_LONG, f"more than {LONGEST_QUERY} bytes"
    if slot.latest < now:
        return NOT_RUNNING, "no patrol ran while it could have begun"
    day = _day(slot.planned_at)
    if budget and used[day] >= budget:
        return BUDGET, f"{budget} runs a day, and {used[day]} are planned on this one"
    used[day] += 1
    return "", ""


def _row(key: str, slot: Slot, verdict: tuple[str, str], now: datetime) -> dict[str, Any]:
    reason, detail = verdict
    return {
        "key": key,
        "watch_id": slot.watch_id,
        "version": slot.version,
        "platform": slot.platform,
        "query": encodable(slot.query),
        "planned_at": slot.planned_at,
        "latest": slot.latest,
        "assumed": slot.assumed,
        "state": (Claim.ENDED if reason else Claim.PLANNED).value,
        "claim": "",
        "holder": "",
        "claimed_at": None,
        "lease_until": None,
        "attempts": 0,
        "snapshot": None,
        "run_id": None,
        "ended_at": now if reason else None,
        "outcome": Outcome.MISSED.value if reason else None,
        "reason": reason,
        "detail": detail,
    }
