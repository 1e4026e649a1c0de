"""Rounds, their runs and the pages of each: planned before anything is asked, ended in exactly one outcome."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import LONGEST_QUERY, is_too_long
from storage.audit import Act, Detail, add_on
from storage.db import writing
from storage.models import PageRecord, Round, Run, encodable
from storage.shapes import Override, PageRow, PlannedRun, RunRow
from storage.tables.hand import OverrideRow
from storage.tables.patrol import RosterRow
from storage.tables.rechecks import LandingRow
from storage.tasks import note_end

_RUN = tuple(Run.__table__.columns)
_PAGE = tuple(PageRecord.__table__.columns)


class Rounds:
    """The part of the store that knows what should be looked at, and how that ended."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    # -- planning ------------------------------------------------------------------------------

    def begin_round(self, started_at: datetime, tool: str, settings: str) -> str:
        """A new round's id."""
        round_id = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        with self._writer.begin() as connection:
            connection.execute(insert(Round).values(id=round_id, started_at=started_at, tool=tool, settings=settings))
        return round_id

    def settings_of(self, round_id: str | None) -> str:
        """What a round said of its settings when it began; nothing for a run that no round planned."""
        with self.engine.connect() as connection:
            return connection.execute(select(Round.settings).where(Round.id == round_id)).scalar_one_or_none() or ""

    def is_first_round(self) -> bool:
        """Whether at most one round has begun here."""
        with self.engine.connect() as connection:
            return len(connection.execute(select(Round.id).limit(2)).all()) < 2

    def plan(self, round_id: str, runs: Sequence[PlannedRun]) -> None:
        """Write down every run of a round before the first request goes out."""
        if runs:
            with self._writer.begin() as connection:
                connection.execute(insert(Run), [planned_row(run, round_id) for run in runs])

    def open_runs(self, planned: Sequence[PlannedRun], at: datetime) -> None:
        """The first requests of these runs are about to go out; runs that no round planned get a row.

        What is there stays as it is: a second opening changes nothing.
        """
        if not planned:
            return
        new = insert(Run).on_conflict_do_nothing(index_elements=[Run.id])
        waits = update(Run).where(Run.id == bindparam("run_id"), Run.started_at.is_(None))
        with self._writer.begin() as connection:
            connection.execute(new, [planned_row(one, None) for one in planned])
            connection.execute(waits.values(started_at=at), [{"run_id": one.id} for one in planned])

    # -- ending --------------------------------------------------------------------------------

    def finish_run(self, run_id: str, outcome: Outcome, reason: str, detail: str, ended_at: datetime) -> RunRow:
        """End a run with its one outcome; its counts are filled from its pages.

        A run that the sweeper wrote off as missed may still end truly; any other second ending
        must say the same as the first, or it is a `ValueError`.
        """
        with self._writer.begin() as connection:
            before = run_on(connection, run_id)
            if before.outcome not in (None, Outcome.MISSED):
                if (before.outcome, before.reason) != (outcome, reason):
                    raise ValueError(f"run {run_id} already ended as {before.outcome} {before.reason}")
                return before
            return end_on(connection, run_id, (outcome, reason, detail), ended_at)

    def sweep(self, now: datetime) -> tuple[RunRow, ...]:
        """Write off what was planned before `now` and has not ended, and say what that was.

        Called before a round begins, when nothing of an earlier one can still be running. The roster's runs are
        left alone, and what their crawls open besides: they stand under leases, and are written off with those.
        """
        rostered = exists().where(RosterRow.run_id == Run.id)
        opened = exists().where(LandingRow.run_id == Run.id, LandingRow.claim != "", LandingRow.lease_until > now)
        left_over = (Run.outcome.is_(None), Run.planned_at < now, ~rostered, ~opened)
        unended = select(*_RUN).where(*left_over).order_by(Run.planned_at)
        with self._writer.begin() as connection:
            left = [_run_row(row) for row in connection.execute(unended)]
            return tuple(end_on(connection, run.id, _written_off(run), now) for run in left)

    # -- asking --------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunRow:
        """One run; `LookupError` when there is none."""
        with self.engine.connect() as connection:
            return run_on(connection, run_id)

    def coverage(self, round_id: str | None = None) -> tuple[RunRow, ...]:
        """Every run of a round, by platform and query; of the latest round when none is named."""
        with self.engine.connect() as connection:
            latest = select(Round.id).order_by(Round.started_at.desc(), Round.id.desc()).limit(1)
            asked = latest if round_id is None else select(Round.id).where(Round.id == encodable(round_id))
            found = connection.execute(asked).scalar_one_or_none()
            if found is None and round_id is not None:
                raise UserMistake(f"没有编号为 {round_id} 的一轮")
            rows = select(*_RUN).where(Run.round_id == found).order_by(Run.platform, Run.query, Run.planned_at)
            return tuple(_run_row(row) for row in connection.execute(rows)) if found else ()

    # -- overrides of robots.txt ---------------------------------------------------------------

    def sign_override(self, override: Override) -> None:
        """Record who decided to look although robots.txt forbids it, and why."""
        if not override.person.strip() or not override.reason.strip() or not override.platform.strip():
            raise UserMistake("例外要写明平台、姓名和理由")
        row = {
            "platform": override.platform,
            "person": override.person.strip(),
            "reason": override.reason.strip(),
            "signed_at": override.signed_at,
        }
        with self._writer.begin() as connection:
            connection.execute(insert(OverrideRow), [row])
            detail: Detail = {"reason": override.reason.strip()}
            person = override.person.strip()
            add_on(
                connection,
                Act(who=person, act="override", subject=override.platform, at=override.signed_at, detail=detail),
            )

    def overrides(self) -> tuple[Override, ...]:
        """Every override in the order they were signed."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(*OverrideRow.__table__.columns).order_by(OverrideRow.id))
            return tuple(
                Override(
                    platform=row.platform,
                    person=row.person,
                    reason=row.reason,
                    signed_at=row.signed_at,
                    number=row.id,
                )
                for row in rows
            )


def planned_row(planned: PlannedRun, round_id: str | None) -> dict[str, Any]:
    """The row of a run of which nothing is known yet."""
    if is_too_long(planned.query):
        raise UserMistake(f"查询词最长 {LONGEST_QUERY} 字节：{planned.query[:30]}…")
    return {
        "id": planned.id,
        "round_id": round_id,
        "platform": planned.platform,
        "query": planned.query,
        "planned_at": planned.planned_at,
        "reason": "",
        "detail": "",
        "pages": 0,
        "listings": 0,
        "lost": 0,
        "captures": 0,
    }


def _written_off(run: RunRow) -> tuple[Outcome, str, str]:
    if run.started_at is None:
        return Outcome.MISSED, "not_started", "the round ended before this query's turn"
    return Outcome.MISSED, "interrupted", "the round ended while this query was being asked"


def end_on(connection: Connection, run_id: str, verdict: tuple[Outcome, str, str], ended_at: datetime) -> RunRow:
    """End a run with this outcome, reason and detail, whatever it said before; its counts are those of its pages."""
    outcome, reason, detail = verdict
    pages = pages_on(connection, run_id)
    connection.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            outcome=outcome.value,
            reason=reason,
            detail=encodable(detail),
            ended_at=ended_at,
            pages=len(pages),
            listings=sum(page.listings for page in pages),
            lost=sum(page.lost for page in pages),
            total=next((page.total for page in pages if page.total is not None), None),
            captures=sum(bool(page.capture) for page in pages),
        )
    )
    ended = run_on(connection, run_id)
    note_end(connection, ended)
    return ended


def run_on(connection: Connection, run_id: str) -> RunRow:
    row = connection.execute(select(*_RUN).where(Run.id == run_id)).one_or_none()
    if row is None:
        raise LookupError(f"there is no run {run_id}")
    return _run_row(row)


def pages_on(connection: Connection, run_id: str) -> tuple[PageRow, ...]:
    rows = connection.execute(select(*_PAGE).where(PageRecord.run_id == run_id).order_by(PageRecord.number))
    return tuple(_page_row(row) for row in rows)


def _run_row(row: Row[Any]) -> RunRow:
    return RunRow(
        id=row.id,
        round=row.round_id,
        platform=row.platform,
        query=row.query,
        planned_at=row.planned_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        detail=row.detail,
        pages=row.pages,
        listings=row.listings,
        lost=row.lost,
        total=row.total,
        captures=row.captures,
    )


def _page_row(row: Row[Any]) -> PageRow:
    return PageRow(
        run=row.run_id,
        number=row.number,
        requested_url=row.requested_url,
        url=row.url,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
        total=row.total,
        listings=row.listings,
        lost=row.lost,
        capture=row.capture_id or "",
        seen_at=row.seen_at,
    )
