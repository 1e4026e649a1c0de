"""Advertisers' own pages that a round opens: which exhibits call for one, and what was opened when.

Chosen and planned in one transaction, so that a page is opened once in thirty days and each opening has its outcome.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, insert, or_, select

from crawler.items import Outcome
from crawler.watches import is_too_long
from storage.db import writing
from storage.landing_leases import ROUND_LEASE, settle
from storage.models import CaptureRow, ExhibitRow, PageRecord, Run
from storage.rounds import planned_row
from storage.shapes import PlannedRun
from storage.tables.patrol import RosterRow
from storage.tables.rechecks import LandingRow

PLATFORM = "landing"
AGAIN_AFTER = timedelta(days=30)
BATCH = 500
LOOKED_THROUGH = 50  # times the limit: exhibits that are looked through for addresses worth opening


class Why(StrEnum):
    """What called for the page: an advertisement that names it, or a text that already speaks."""

    AD = "ad"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """One opening: the exhibit it was made for and the run that looked."""

    exhibit: str
    url: str
    why: Why
    run: str
    at: datetime
    outcome: Outcome | None = None
    reason: str = ""


class Landings:
    """The openings in a database. `engine` comes from `storage.db`; a claim's crawl holds them for `lease` seconds."""

    def __init__(self, engine: Engine, lease: float = ROUND_LEASE.total_seconds()) -> None:
        self._engine = engine
        self._lease = timedelta(seconds=lease)
        self._writer = writing(engine)

    def plan(
        self,
        round_id: str | None,
        runs: Sequence[str],
        is_wanted: Callable[[str, bool], bool],
        limit: int,
        now: datetime,
    ) -> tuple[PlannedRun, ...]:
        """Runs for at most `limit` pages that these runs' exhibits call for, the gravest first.

        `is_wanted` is asked of each address, and whether it comes from a specimen. Only addresses are opened that
        the result page itself names: never a redirecting or paid link.
        """
        with self._writer.begin() as connection:
            chosen = list(_chosen(connection, runs, is_wanted, limit, now))
            rows = [PlannedRun(id=uuid.uuid4().hex, platform=PLATFORM, query=one.url, planned_at=now) for one in chosen]
            if rows:
                connection.execute(insert(Run), [planned_row(row, round_id) for row in rows])
                claim = _claim_of(connection, round_id, runs)
                held = {"at": now, "claim": claim, "lease_until": now + (self._lease if claim else ROUND_LEASE)}
                openings = [
                    {"exhibit": one.public_id, "url": one.url, "why": _why(one), "run_id": row.id, **held}
                    for one, row in zip(chosen, rows, strict=True)
                ]
                connection.execute(insert(LandingRow), openings)
        return tuple(rows)

    def of(self, exhibit: str) -> tuple[Landing, ...]:
        """The openings made for an exhibit, the newest first."""
        query = (
            select(LandingRow.exhibit, LandingRow.url, LandingRow.why, LandingRow.run_id, LandingRow.at, Run.outcome,
                   Run.reason)
            .join(Run, Run.id == LandingRow.run_id)
            .where(LandingRow.exhibit == exhibit)
            .order_by(LandingRow.id.desc())
        )  # fmt: skip
        with self._engine.connect() as connection:
            return tuple(
                Landing(
                    exhibit=row.exhibit, url=row.url, why=Why(row.why), run=row.run_id, at=row.at,
                    outcome=Outcome(row.outcome) if row.outcome else None, reason=row.reason,
                )
                for row in connection.execute(query)
            )  # fmt: skip

    def write_off(self, now: datetime) -> int:
        """Openings whose crawl died end as missed; returns how many. The roster's settling does it too."""
        with self._writer.begin() as connection:
            return settle(connection, now, self._lease)


def _claim_of(connection: Connection, round_id: str | None, runs: Sequence[str]) -> str:
    """The claim whose round this is, though all its rows may have ended; nothing for a round by hand."""
    claimed = exists().where(RosterRow.run_id.in_(runs[:BATCH]), RosterRow.claim == round_id)
    return round_id if round_id and connection.execute(select(claimed)).scalar_one() else ""


def _why(row: Row[Any]) -> str:
    return (Why.FLAGGED if row.points > 0 else Why.AD).value


def _chosen(
    connection: Connection, runs: Sequence[str], is_wanted: Callable[[str, bool], bool], limit: int, now: datetime
) -> Iterator[Row[Any]]:
    left, seen = limit, set[str]()
    for row in _candidates(connection, runs, limit):
        if left <= 0:
            return
        url = row.url.partition("#")[0]
        if (
            url in seen
            or is_too_long(row.url)
            or not is_wanted(url, row.is_specimen)
            or _was_opened(connection, row.url, now)
        ):
            continue
        seen.add(url)
        left -= 1
        yield row


def _candidates(connection: Connection, runs: Sequence[str], limit: int) -> list[Row[Any]]:
    """Exhibits of these runs that name an address of their own: flagged ones first, then advertisements."""
    found: list[Row[Any]] = []
    for start in range(0, len(runs), BATCH):
        query = (
            select(ExhibitRow.id, ExhibitRow.public_id, ExhibitRow.url, ExhibitRow.points, ExhibitRow.is_ad,
                   CaptureRow.is_specimen)
            .join(PageRecord, PageRecord.capture_id == ExhibitRow.capture_id)
            .join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)
            .where(PageRecord.run_id.in_(runs[start : start + BATCH]), ~ExhibitRow.is_redirect)
            .where(or_(ExhibitRow.is_ad, ExhibitRow.points > 0))
            .order_by(ExhibitRow.points.desc(), ExhibitRow.is_ad.desc(), ExhibitRow.id)
            .limit(limit * LOOKED_THROUGH)
        )  # fmt: skip
        found.extend(connection.execute(query))
    return sorted(found, key=lambda row: (-row.points, not row.is_ad, row.id))


def _was_opened(connection: Connection, url: str, now: datetime) -> bool:
    earlier = select(LandingRow.id).where(LandingRow.url == url, LandingRow.at > now - AGAIN_AFTER).limit(1)
    return connection.execute(earlier).first() is not None
