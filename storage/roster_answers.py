"""What the roster says to those who report: rows in pages, and counts that the database makes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Engine, FunctionElement, Row, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Claim
from storage.roster_shapes import Entry, Tally
from storage.roster_writes import IS_CLAIMED, IS_PLANNED
from storage.tables.patrol import RosterRow

PAGE = 1000
_ROW = tuple(RosterRow.__table__.columns)
_PLACE = (RosterRow.planned_at, RosterRow.platform, RosterRow.key)


class ShanghaiDay(FunctionElement[date]):
    """The day on which a moment lies in Shanghai, whose clocks are never put forward or back."""

    inherit_cache = True
    type = Date()


@compiles(ShanghaiDay, "sqlite")
def _on_sqlite(element: ShanghaiDay, compiler: SQLCompiler, **words: Any) -> str:
    return f"date({compiler.process(element.clauses, **words)}, '+8 hours')"


@compiles(ShanghaiDay, "postgresql")
def _on_postgresql(element: ShanghaiDay, compiler: SQLCompiler, **words: Any) -> str:
    return f"CAST(({compiler.process(element.clauses, **words)}) AT TIME ZONE 'Asia/Shanghai' AS date)"


class RosterAnswers:
    """Questions to the roster; intervals are of planned times, without their beginning and with their end."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def entry(self, key: str) -> Entry:
        """One row; `UserMistake` when there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(*_ROW).where(RosterRow.key == key)).one_or_none()
        if row is None:
            raise UserMistake(f"巡查名册里没有 {key}")
        return _entry(row)

    def has_open(self) -> bool:
        """Whether any row has not ended."""
        is_open = or_(*(exists().where(state) for state in (IS_PLANNED, IS_CLAIMED)))
        with self.engine.connect() as connection:
            return bool(connection.execute(select(is_open)).scalar_one())

    def has_missed(self, since: datetime, until: datetime) -> bool:
        """Whether any row has ended as missed between these moments, both included."""
        missed = exists().where(
            RosterRow.outcome == literal_column("'missed'"), RosterRow.ended_at.between(since, until)
        )
        with self.engine.connect() as connection:
            return bool(connection.execute(select(missed)).scalar_one())

    def entries(
        self, since: datetime, until: datetime, platform: str = "", watch_id: int = 0, after: str = ""
    ) -> tuple[Entry, ...]:
        """Rows by time and platform, at most `PAGE`; the next ones with the last one's key as `after`."""
        query = select(*_ROW).where(*_within(since, until, platform, watch_id)).order_by(*_PLACE).limit(PAGE)
        if after:
            last = self.entry(after)
            query = query.where(
                RosterRow.planned_at >= last.planned_at,  # what the index is entered by
                tuple_(*_PLACE) > tuple_(last.planned_at, last.platform, last.key),
            )
        with self.engine.connect() as connection:
            return tuple(_entry(row) for row in connection.execute(query))

    def tally(self, since: datetime, until: datetime, platform: str = "", watch_id: int = 0) -> tuple[Tally, ...]:
        """How many rows ended how, by platform and day, counted by the database."""
        day = ShanghaiDay(RosterRow.planned_at)
        grouped = (RosterRow.platform, day, RosterRow.outcome)
        query = (
            select(RosterRow.platform, day.label("day"), RosterRow.outcome, func.count().label("rows"))
            .where(*_within(since, until, platform, watch_id))
            .group_by(*grouped)
            .order_by(*grouped)
        )
        with self.engine.connect() as connection:
            return tuple(
                Tally(platform=row.platform, day=row.day, outcome=_outcome(row.outcome), rows=row.rows)
                for row in connection.execute(query)
            )


def _within(since: datetime, until: datetime, platform: str, watch_id: int) -> Sequence[Any]:
    wanted = [RosterRow.planned_at > since, RosterRow.planned_at <= until]
    if platform:
        wanted.append(RosterRow.platform == platform)
    if watch_id:
        wanted.append(RosterRow.watch_id == watch_id)
    return wanted


def _outcome(word: str | None) -> Outcome | None:
    return Outcome(word) if word else None


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        key=row.key,
        watch_id=row.watch_id,
        version=row.version,
        platform=row.platform,
        query=row.query,
        planned_at=row.planned_at,
        latest=row.latest,
        assumed=row.assumed,
        state=Claim(row.state),
        attempts=row.attempts,
        run=row.run_id or "",
        holder=row.holder,
        snapshot=row.snapshot or "",
        claimed_at=row.claimed_at,
        lease_until=row.lease_until,
        ended_at=row.ended_at,
        outcome=_outcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
    )
