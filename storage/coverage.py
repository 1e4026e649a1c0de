"""What was to be looked at in a stretch of time and how each of it ended: counted by the database, a day at a time.

Out of the roster, and out of rounds that a person ran by hand. It knows no plan: what nobody wrote down is not here.
Advertisers' own pages that rounds opened are a kind of their own: no plan asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, and_, case, exists, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from crawler.items import Outcome
from crawler.watches import Claim
from storage.models import Round, Run
from storage.tables.patrol import RosterRow
from storage.tables.rechecks import LandingRow
from storage.tables.supervision import AgencyAimRow

BY_HAND = 0  # the watch of what no watch planned
IS_LANDING = exists().where(LandingRow.run_id == Run.id)
LONGEST_ROUND = timedelta(days=1)  # a round by hand that has not ended by then has died
LATE = "late"  # its time or its lease is over, and nobody has written how it ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Which planned times: from `since` on and before `until`, as they stand `now`; empty names mean any."""

    since: datetime
    until: datetime
    now: datetime
    platform: str = ""
    watch_id: int = 0


class Asking(StrEnum):
    """Why it was looked at: a watch planned it, a person asked for it, or a page that was seen named it."""

    PLANNED = "planned"
    HAND = "hand"
    LANDING = "landing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many runs of one query on one platform on one day that ended alike.

    `outcome` is `None` for those without a result; then `reason` is what is known of them. `watch_id` is 0 where no
    watch planned them, as `kind` tells. `assumed` is why the day is counted as it is; `agencies` are those that the
    query is after.
    """

    day: date
    watch_id: int
    platform: str
    query: str
    outcome: Outcome | None
    reason: str
    rows: int
    kind: Asking = Asking.PLANNED
    assumed: str = ""
    agencies: tuple[str, ...] = ()


class Coverage:
    """Questions about stretches of time. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def lines(self, day: date, within: Within) -> Iterator[Line]:
        """What was planned in a stretch that is one day, by platform and query."""
        with self.engine.connect() as connection:
            for row in connection.execute(planned_rows(within)):
                yield replace(_line(row, day, Asking.PLANNED), watch_id=row.watch_id, assumed=row.assumed)
            if within.watch_id:
                return
            for row in connection.execute(hand_rows(within)):
                yield _line(row, day, Asking.HAND)
            for row in connection.execute(landing_rows(within)):
                yield _line(row, day, Asking.LANDING)

    def landings(self, round_id: str) -> frozenset[str]:
        """The runs of a round that opened an advertiser's own page."""
        with self.engine.connect() as connection:
            return frozenset(connection.execute(select(Run.id).where(Run.round_id == round_id, IS_LANDING)).scalars())

    def aims(self, watch_id: int) -> dict[str, tuple[str, ...]]:
        """The queries of a watch that are after agencies, and after which; none for a watch that is after none."""
        found: dict[str, tuple[str, ...]] = {}
        query = select(AgencyAimRow.words, AgencyAimRow.agency).where(AgencyAimRow.watch_id == watch_id)
        with self.engine.connect() as connection:
            for row in connection.execute(query.order_by(AgencyAimRow.words, AgencyAimRow.agency)):
                found[row.words] = (*found.get(row.words, ()), row.agency)
        return found


def planned_rows(within: Within) -> Any:
    """The roster's rows, counted."""
    alike: tuple[InstrumentedAttribute[Any], ...] = (
        RosterRow.watch_id,
        RosterRow.platform,
        RosterRow.query,
        RosterRow.outcome,
        RosterRow.reason,
        RosterRow.assumed,
    )
    is_late = or_(
        and_(RosterRow.state == Claim.PLANNED.value, RosterRow.latest < within.now),
        and_(RosterRow.state == Claim.CLAIMED.value, RosterRow.lease_until < within.now),
    )
    state = case((is_late, LATE), else_=RosterRow.state).label("standing")
    query = (
        select(*alike, state, func.count().label("rows"))
        .where(RosterRow.planned_at >= within.since, RosterRow.planned_at < within.until)
        .group_by(*alike, text("standing"))
        .order_by(RosterRow.platform, RosterRow.query, RosterRow.watch_id, RosterRow.outcome, RosterRow.reason)
    )
    if within.platform:
        # Asked plainly, SQLite would take the index of ended runs, and with it all that a platform ever had.
        query = query.where(func.coalesce(RosterRow.platform, "") == within.platform)
    return query.where(RosterRow.watch_id == within.watch_id) if within.watch_id else query


def hand_rows(within: Within) -> Any:
    """The runs of rounds that no roster planned. Every attempt at a row of the roster has that row's own time.

    A claim has a round too: what it opened besides its rows was asked for by nobody's hand.
    """
    of_roster = exists().where(
        RosterRow.planned_at == Run.planned_at, RosterRow.platform == Run.platform, RosterRow.query == Run.query
    )
    return _round_rows(within).where(~of_roster, ~IS_LANDING)


def landing_rows(within: Within) -> Any:
    """Advertisers' own pages that rounds opened, whoever began the round."""
    return _round_rows(within).where(IS_LANDING)


def _round_rows(within: Within) -> Any:
    alike: tuple[InstrumentedAttribute[Any], ...] = (Run.platform, Run.query, Run.outcome, Run.reason)
    is_late = Round.started_at < within.now - LONGEST_ROUND
    state = case((is_late, LATE), else_=Claim.CLAIMED.value).label("standing")
    query = (
        select(*alike, state, func.count().label("rows"))
        .join(Round, Round.id == Run.round_id)
        .where(Round.started_at >= within.since, Round.started_at < within.until)
        .group_by(*alike, text("standing"))
        .order_by(*alike)
    )
    return query.where(func.coalesce(Run.platform, "") == within.platform) if within.platform else query


def _line(row: Any, day: date, kind: Asking) -> Line:
    return Line(
        day=day,
        watch_id=BY_HAND,
        platform=row.platform,
        query=row.query,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason if row.outcome else row.standing,
        rows=row.rows,
        kind=kind,
    )
