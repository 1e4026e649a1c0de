"""What is looked at again until it is gone: why, when next, and what each look came to. Looks are rows of the roster.

Absence counts only where a page was seen and kept; what was blocked stays unseen, and is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from crawler.errors import UserMistake
from crawler.items import Outcome
from storage.audit import Act, Detail, add_on
from storage.db import writing
from storage.models import CaptureRow, ExhibitRow, PageRecord, encodable
from storage.rows import CAPTURE, capture_of
from storage.tables.patrol import RosterRow
from storage.tables.rechecks import IS_WATCHED, RecheckLookRow, RecheckRow
from storage.tables.showings import BrowserCaptureRow

BATCH = 200
_RECHECK = tuple(RecheckRow.__table__.columns)
_LOOK = tuple(RecheckLookRow.__table__.columns)


class Standing(StrEnum):
    """Whether something is still looked at again, and if not, why."""

    OPEN = "open"
    GONE = "gone"
    STOPPED = "stopped"


class Verdict(StrEnum):
    """What a look came to: it is there; its page is gone; its text is; a list shows it no more; nothing was seen."""

    PRESENT = "present"
    GONE = "gone"
    TEXT_GONE = "text_gone"
    NOT_SHOWN = "not_shown"
    UNSEEN = "unseen"

    @property
    def is_absence(self) -> bool:
        return self in (Verdict.GONE, Verdict.TEXT_GONE, Verdict.NOT_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecheck:
    """What is to be looked at again. `query` is an address, or words where the thing only stood in a list, and then
    `listing_key` says which one it is; `quote` is the text that must be gone."""

    platform: str
    query: str
    quote: str
    reason: str
    by: str
    listing_key: str = ""
    exhibit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """One thing that is looked at again; `next_at` is the planned moment of the next look."""

    id: int
    platform: str
    query: str
    listing_key: str
    exhibit: str
    quote: str
    reason: str
    by: str
    since: datetime
    next_at: datetime
    looks: int
    state: Standing
    ended_at: datetime | None

    @property
    def is_address(self) -> bool:
        return self.query.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look: the row of the roster that stands for it, and what it came to once that has ended."""

    recheck: int
    planned_at: datetime
    roster_key: str
    verdict: Verdict | None = None
    reason: str = ""
    run: str = ""
    capture: str = ""
    visit: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the run of a look saw: its outcome, the captures of its pages, its listings' keys, points and texts."""

    run: str
    outcome: Outcome
    reason: str
    ended_at: datetime
    captures: tuple[Any, ...] = ()
    visit: str = ""
    keys: frozenset[str] = frozenset()
    points: int = 0
    texts: tuple[str, ...] = ()


class Rechecks:
    """The re-checks in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    # -- people ------------------------------------------------------------------------------------

    def add(self, new: NewRecheck, next_at: datetime, now: datetime) -> int:
        """Its number; what is already looked at again, or was until it was gone, goes on under the same."""
        if not new.by.strip() or not new.reason.strip() or not new.query.strip():
            raise UserMistake("复查要写明看什么、谁决定、为什么")
        words = {name: encodable(getattr(new, name).strip()) for name in ("query", "quote", "reason", "by")}
        with self._writer.begin() as connection:
            known = connection.execute(_same(new.platform, words["query"], new.listing_key)).one_or_none()
            if known is not None and known.state == Standing.OPEN.value:
                raise UserMistake(f"已在复查，第 {known.id} 号")
            values = {**words, "since": now, "next_at": next_at, "state": Standing.OPEN.value, "ended_at": None}
            if known is None:
                whose = {"platform": new.platform, "listing_key": new.listing_key, "exhibit": new.exhibit or None}
                made = insert(RecheckRow).values(**values, **whose, looks=0).returning(RecheckRow.id)
                number = int(connection.execute(made).scalar_one())
            else:
                number = known.id
                connection.execute(update(RecheckRow).where(RecheckRow.id == number).values(values))
            detail: Detail = {"reason": words["reason"], "query": words["query"]}
            add_on(connection, Act(who=words["by"], act="recheck", subject=str(number), at=now, detail=detail))
        return number

    def stop(self, number: int, by: str, reason: str, now: datetime) -> None:
        """No further look; what is not open cannot be stopped."""
        if not by.strip() or not reason.strip():
            raise UserMistake("停止复查要写明谁决定、为什么")
        with self._writer.begin() as connection:
            _one(connection, number)
            ended = update(RecheckRow).where(RecheckRow.id == number, RecheckRow.state == Standing.OPEN.value)
            if not connection.execute(ended.values(state=Standing.STOPPED.value, ended_at=now)).rowcount:
                raise UserMistake(f"第 {number} 号复查已经结束")
            add_on(
                connection,
                Act(who=by.strip(), act="recheck_stopped", subject=str(number), at=now, detail={"reason": reason}),
            )

    # -- looks -------------------------------------------------------------------------------------

    def due(self, now: datetime) -> tuple[Recheck, ...]:
        """What is to be looked at by now, also once more after it was gone, the longest due first; at most a batch."""
        query = select(*_RECHECK).where(IS_WATCHED, RecheckRow.next_at <= now)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(RecheckRow.next_at, RecheckRow.id).limit(BATCH))
            return tuple(_recheck(row) for row in rows)

    def planned(self, number: int, looks: Sequence[Look], next_at: datetime) -> None:
        """These looks stand in the roster, and the next is planned for then. Twice is as good as once."""
        with self._writer.begin() as connection:
            known = select(RecheckLookRow.planned_at).where(RecheckLookRow.recheck_id == number)
            there = set(connection.execute(known).scalars())
            rows = [
                {"recheck_id": number, "planned_at": one.planned_at, "roster_key": one.roster_key}
                for one in looks
                if one.planned_at not in there
            ]
            if rows:
                connection.execute(insert(RecheckLookRow), rows)
            moved = {"next_at": next_at, "looks": RecheckRow.looks + len(rows)}
            connection.execute(update(RecheckRow).where(RecheckRow.id == number).values(moved))

    def ended(self) -> tuple[tuple[Recheck, Look, Seen], ...]:
        """Looks without a verdict whose rows of the roster have ended, with what their runs saw; at most a batch."""
        query = (
            select(*_LOOK, RosterRow.run_id.label("seen_in"), RosterRow.outcome, RosterRow.reason.label("said"),
                   RosterRow.ended_at.label("ended"))
            .join(RosterRow, RosterRow.key == RecheckLookRow.roster_key)
            .where(RecheckLookRow.verdict == "", RosterRow.outcome.is_not(None))
            .order_by(RosterRow.ended_at, RecheckLookRow.recheck_id)
            .limit(BATCH)
        )  # fmt: skip
        with self._engine.connect() as connection:
            rows: list[Row[Any]] = list(connection.execute(query))
            return tuple((_one(connection, row.recheck_id), _look(row), _seen(connection, row)) for row in rows)

    def conclude(self, look: Look, settle: Callable[[Recheck, Sequence[Look]], tuple[Standing, datetime]]) -> Recheck:
        """Give a look its verdict. `settle` is asked, of the thing and its looks so far, newest first, how it stands
        then and when it is looked at next."""
        if look.verdict is None or look.at is None:
            raise ValueError("a look that came to nothing yet")
        mine = (RecheckLookRow.recheck_id == look.recheck, RecheckLookRow.planned_at == look.planned_at)
        told = {"verdict": look.verdict.value, "reason": encodable(look.reason), "run_id": look.run or None}
        told |= {"capture": look.capture, "visit": look.visit, "at": look.at}
        waits = update(RecheckLookRow).where(*mine, RecheckLookRow.verdict == "")
        with self._writer.begin() as connection:
            if connection.execute(waits.values(told)).rowcount:
                before = _one(connection, look.recheck)
                ended = [one for one in _looks(connection, look.recheck, limit=20) if one.verdict]
                state, next_at = settle(before, ended)
                if before.state is not Standing.STOPPED:
                    ended_at = None if state is Standing.OPEN else before.ended_at or look.at
                    values = {"state": state.value, "next_at": next_at, "ended_at": ended_at}
                    connection.execute(update(RecheckRow).where(RecheckRow.id == look.recheck).values(values))
            return _one(connection, look.recheck)

    # -- questions ---------------------------------------------------------------------------------

    def rechecks(self, state: Standing | None = None, after: int = 0, limit: int = BATCH) -> tuple[Recheck, ...]:
        """In the order of their numbers, from the one after `after`."""
        query = select(*_RECHECK).where(RecheckRow.id > after).order_by(RecheckRow.id).limit(limit)
        query = query.where(RecheckRow.state == state.value) if state else query
        with self._engine.connect() as connection:
            return tuple(_recheck(row) for row in connection.execute(query))

    def recheck(self, number: int) -> tuple[Recheck, tuple[Look, ...]]:
        """One with its looks, the newest first; `UserMistake` when there is none."""
        with self._engine.connect() as connection:
            return _one(connection, number), _looks(connection, number)


def _same(platform: str, query: str, listing_key: str) -> Any:
    is_same = (RecheckRow.platform == platform, RecheckRow.query == query, RecheckRow.listing_key == listing_key)
    return select(RecheckRow.id, RecheckRow.state).where(*is_same)


def _one(connection: Connection, number: int) -> Recheck:
    row = connection.execute(select(*_RECHECK).where(RecheckRow.id == number)).one_or_none()
    if row is None:
        raise UserMistake(f"没有第 {number} 号复查")
    return _recheck(row)


def _looks(connection: Connection, number: int, limit: int = 1000) -> tuple[Look, ...]:
    query = select(*_LOOK).where(RecheckLookRow.recheck_id == number).order_by(RecheckLookRow.planned_at.desc())
    return tuple(_look(row) for row in connection.execute(query.limit(limit)))


def _recheck(row: Row[Any]) -> Recheck:
    told = {column.name: getattr(row, column.name) for column in _RECHECK}
    return Recheck(**told | {"exhibit": row.exhibit or "", "state": Standing(row.state)})


def _look(row: Row[Any]) -> Look:
    return Look(
        recheck=row.recheck_id,
        planned_at=row.planned_at,
        roster_key=row.roster_key,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reason=row.reason,
        run=row.run_id or "",
        capture=row.capture,
        visit=row.visit,
        at=row.at,
    )


def _seen(connection: Connection, row: Row[Any]) -> Seen:
    ended = Seen(run=row.seen_in or "", outcome=Outcome(row.outcome), reason=row.said, ended_at=row.ended)
    if not row.seen_in:
        return ended
    pages = select(*CAPTURE).join(PageRecord, PageRecord.capture_id == CaptureRow.id)
    captures = connection.execute(pages.where(PageRecord.run_id == row.seen_in).order_by(PageRecord.number)).all()
    shown = (
        select(ExhibitRow.listing_key, ExhibitRow.points, ExhibitRow.title, ExhibitRow.text)
        .join(PageRecord, PageRecord.capture_id == ExhibitRow.capture_id)
        .where(PageRecord.run_id == row.seen_in)
    )
    listings = connection.execute(shown).all()
    visit = select(BrowserCaptureRow.id).where(BrowserCaptureRow.run_id == row.seen_in).limit(1)
    return Seen(
        run=ended.run,
        outcome=ended.outcome,
        reason=ended.reason,
        ended_at=ended.ended_at,
        captures=tuple(capture_of(one) for one in captures),
        visit=connection.execute(visit).scalar_one_or_none() or "",
        keys=frozenset(one.listing_key for one in listings),
        points=max((one.points for one in listings), default=0),
        texts=tuple(text for one in listings for text in (one.title, one.text)),
    )
