"""The roster: one row a planned run, and exactly one outcome each. What no longer can happen is written, not dropped.

Every change of state is one transaction. A row that has ended is never changed again, whoever comes late.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Update, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import UserMistake
from crawler.watches import Claim, Slot, WatchVersion
from storage import landing_leases
from storage.bulk import Bulk
from storage.db import writing
from storage.models import Round, Run
from storage.roster_answers import RosterAnswers
from storage.roster_shapes import Claimed, Settled, Snapshot, Waiting, Wanted, run_id
from storage.roster_writes import IS_CLAIMED, IS_PLANNED, has_changed, rows_of
from storage.rounds import planned_row
from storage.settling import BATCH, end_as_runs_did, end_passed, end_unfinished, expire_leases
from storage.shapes import PlannedRun
from storage.tables.patrol import RosterRow, SnapshotRow, WatchRow
from storage.watches import version_on

_CLAIMED_ROW = (
    RosterRow.key,
    RosterRow.watch_id,
    RosterRow.version,
    RosterRow.platform,
    RosterRow.query,
    RosterRow.planned_at,
    RosterRow.attempts,
    RosterRow.run_id,
)


class Roster(RosterAnswers):
    """What should be looked at, row by row. `engine` comes from `storage.db`; a lease is seconds."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._writer = writing(engine)
        self._rows = Bulk(insert(RosterRow).on_conflict_do_nothing(index_elements=[RosterRow.key]))
        self._runs = Bulk(insert(Run))

    # -- writing ---------------------------------------------------------------------------------------

    def write(self, watch_id: int, slots: Iterable[Slot], until: datetime, now: datetime, newest: int = 0) -> int:
        """Write the slots of one watch that are not there, and that it is written up to `until`; returns their number.

        What can no longer begin, or is over the watch's budget for its day, ends at once: the last ones in order.
        With `newest` nothing at all is written when the watch has a newer version that holds before `until`: the
        slots were planned without it.
        """
        ordered = sorted(slots, key=lambda slot: slot.planned_at)
        moved = update(WatchRow).where(WatchRow.id == watch_id, WatchRow.planned_until < until)
        with self._writer.begin() as connection:
            if newest and has_changed(connection, watch_id, newest, until):
                return 0
            rows = rows_of(connection, watch_id, ordered, now)
            self._rows.execute(connection, rows)
            connection.execute(moved.values(planned_until=until))
        return len(rows)

    # -- claiming --------------------------------------------------------------------------------------

    def waiting(self, now: datetime) -> tuple[Waiting, ...]:
        """What may begin now, by watch version and platform; whose turn is oldest comes first."""
        oldest, number = func.min(RosterRow.planned_at), func.count()
        grouped = (RosterRow.watch_id, RosterRow.version, RosterRow.platform)
        query = (
            select(*grouped, oldest.label("since"), number.label("rows"))
            .where(IS_PLANNED, RosterRow.planned_at <= now, RosterRow.latest >= now)
            .group_by(*grouped)
            .order_by(oldest, *grouped)
        )
        with self.engine.connect() as connection:
            return tuple(
                Waiting(
                    watch_id=row.watch_id,
                    version=row.version,
                    platform=row.platform,
                    rows=row.rows,
                    since=row.since,
                )
                for row in connection.execute(query)
            )

    def claim(self, wanted: Wanted, holder: str, now: datetime, lease: float, snapshot: Snapshot) -> Claimed:
        """Take what may begin now: it is the holder's for `lease` seconds, and each gets the run of this attempt."""
        with self._writer.begin() as connection:
            watch = version_on(connection, wanted.watch_id, wanted.version)
            rows = connection.execute(_taken(wanted, now)).all()
            if not rows:
                return Claimed(id="", round="", watch=watch, runs=())
            claim = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
            _keep_snapshot(connection, snapshot, now)
            started = {"id": claim, "started_at": now, "tool": snapshot.tool, "settings": snapshot.words}
            connection.execute(insert(Round).values(started))
            runs = _in_order(watch, [_planned_run(row, run_id(row.key, row.attempts + 1)) for row in rows])
            self._runs.execute(connection, [planned_row(run, claim) for run in runs])
            held = {
                "state": Claim.CLAIMED.value,
                "claim": claim,
                "holder": holder,
                "claimed_at": now,
                "lease_until": now + timedelta(seconds=lease),
                "snapshot": snapshot.digest,
            }
            connection.execute(_held(wanted, claim).values(held))
        return Claimed(id=claim, round=claim, watch=watch, runs=runs)

    def claimed(self, claim_id: str) -> Claimed:
        """What of a claim is still to be done; `UserMistake` when nothing is, or there never was such a claim."""
        query = (
            select(*_CLAIMED_ROW)
            .join(Run, Run.id == RosterRow.run_id)
            .where(IS_CLAIMED, RosterRow.claim == claim_id, Run.outcome.is_(None))
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
            if not rows:
                raise UserMistake(f"没有待办的认领 {claim_id}：已经办完，或已到期收回")
            watch = version_on(connection, rows[0].watch_id, rows[0].version)
        runs = _in_order(watch, [_planned_run(row, row.run_id) for row in rows])
        return Claimed(id=claim_id, round=claim_id, watch=watch, runs=runs)

    def beat(self, claim_id: str, now: datetime, lease: float) -> bool:
        """A sign of life: the lease is `lease` seconds again. False when nothing of the claim is open any more:
        all of it has ended, pages of advertisers too, or it was taken back; a crawl may then still be sealing, and
        harms no row."""
        mine, until = update(RosterRow).where(IS_CLAIMED, RosterRow.claim == claim_id), now + timedelta(seconds=lease)
        with self._writer.begin() as connection:
            opens = landing_leases.keep(connection, claim_id, until)
            return connection.execute(mine.values(lease_until=until)).rowcount > 0 or opens

    def let_go(self, claim_id: str, now: datetime) -> bool:
        """Its crawl is known to be dead: the lease ends now, so that the next settling need not wait for it."""
        mine = update(RosterRow).where(IS_CLAIMED, RosterRow.claim == claim_id, RosterRow.lease_until > now)
        with self._writer.begin() as connection:
            opens = landing_leases.let_go(connection, claim_id, now)
            return connection.execute(mine.values(lease_until=now)).rowcount > 0 or opens

    # -- ending ----------------------------------------------------------------------------------------

    def give_up(self, claim_id: str, now: datetime, reason: str, detail: str = "") -> int:
        """What of the claim has not ended by itself ends as missed for this reason, for good; returns how many."""
        mine = select(*_CLAIMED_ROW).where(IS_CLAIMED, RosterRow.claim == claim_id).limit(BATCH)
        given_up, is_more = 0, True
        while is_more:
            with self._writer.begin() as connection:
                end_as_runs_did(connection, RosterRow.claim == claim_id)
                rows = connection.execute(mine).all()
                end_unfinished(connection, rows, (reason, detail), now)
                landing_leases.let_go(connection, claim_id, now)
            given_up, is_more = given_up + len(rows), len(rows) == BATCH
        return given_up

    def settle(self, now: datetime, lease: float, tries: int, held: str = "") -> Settled:
        """Give every row what has happened to it: an outcome, its turn again, or the end of its time.

        Leases end so many in a transaction, so that others who write need not wait long. While nothing may begin,
        `held` is the reason of whatever misses its time.
        """
        told, is_more = Settled(), True
        while is_more:
            with self._writer.begin() as connection:
                ended = end_as_runs_did(connection)
                clamped = _clamp(connection, now + timedelta(seconds=lease))
                back, lapsed = expire_leases(connection, now, tries)
                passed = end_passed(connection, now, now - timedelta(seconds=lease), held)
                cut = landing_leases.settle(connection, now, timedelta(seconds=lease))
            told += Settled(ended=ended, back=back, lapsed=lapsed, passed=passed, clamped=clamped, cut=cut)
            is_more = back + lapsed == BATCH
        return told


def _taken(wanted: Wanted, now: datetime) -> Any:
    """The rows that a claim takes: of each platform and query the earliest."""
    turn = func.row_number().over(
        partition_by=(RosterRow.platform, RosterRow.query), order_by=(RosterRow.planned_at, RosterRow.key)
    )
    mine = [RosterRow.watch_id == wanted.watch_id, RosterRow.version == wanted.version]
    if wanted.platforms:
        mine.append(RosterRow.platform.in_(wanted.platforms))
    due = (
        select(*_CLAIMED_ROW, turn.label("turn"))
        .where(IS_PLANNED, *mine, RosterRow.planned_at <= now, RosterRow.latest >= now)
        .subquery()
    )
    query = select(due).where(due.c.turn == 1).order_by(due.c.planned_at, due.c.platform, due.c.key)
    return query.limit(wanted.limit) if wanted.limit else query


def _held(wanted: Wanted, claim: str) -> Update:
    """The rows for which the claim's round has a run are the claim's. In a round a query is asked once."""
    run = select(Run.id).where(
        Run.round_id == claim,
        Run.platform == RosterRow.platform,
        Run.query == RosterRow.query,
        Run.planned_at == RosterRow.planned_at,
    )
    mine = (RosterRow.watch_id == wanted.watch_id, RosterRow.version == wanted.version)
    return (
        update(RosterRow)
        .where(IS_PLANNED, *mine, run.exists())
        .values(attempts=RosterRow.attempts + 1, run_id=run.scalar_subquery())
    )


def _planned_run(row: Any, run: str) -> PlannedRun:
    return PlannedRun(id=run, platform=row.platform, query=row.query, planned_at=row.planned_at)


def _in_order(watch: WatchVersion, runs: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
    """In the watch's own order; what is not of its lists (a re-check's address) comes last, by time."""
    platforms = {name: place for place, name in enumerate(watch.watch.platforms)}
    queries = {query.words: place for place, query in enumerate(watch.watch.queries)}

    def place(run: PlannedRun) -> tuple[int, int, datetime, str]:
        there = platforms[run.platform] if run.platform in platforms else len(platforms)
        asked = queries[run.query] if run.query in queries else len(queries)
        return there, asked, run.planned_at, run.query

    return tuple(sorted(runs, key=place))


def _keep_snapshot(connection: Connection, snapshot: Snapshot, now: datetime) -> None:
    new = insert(SnapshotRow).values(digest=snapshot.digest, settings=snapshot.settings, first_at=now)
    connection.execute(new.on_conflict_do_nothing(index_elements=[SnapshotRow.digest]))


def _clamp(connection: Connection, longest: datetime) -> int:
    """No lease is longer than one that is given now: those that are stem from before the clock jumped back."""
    beyond = update(RosterRow).where(IS_CLAIMED, RosterRow.lease_until > longest)
    return connection.execute(beyond.values(lease_until=longest)).rowcount
