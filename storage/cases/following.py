"""What follows upon letters, as rows: their re-checks' looks, what came back, what is overdue. It judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from storage.cases.letter_moves import OUT
from storage.cases.letter_shapes import KeptLetter, RecheckOf
from storage.cases.letters import BATCH, letter_of
from storage.cases.moves import OVER, Step
from storage.rechecks import Standing, Verdict
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRecheckRow, LetterRow
from storage.tables.rechecks import RecheckLookRow, RecheckRow

_OF = tuple(LetterRecheckRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLook:
    """One look that has ended: what it came to, when, and the capture that shows it."""

    verdict: Verdict
    at: datetime
    capture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One re-check as it stands, with the looks that count for a letter, the oldest first; `planned` counts all."""

    recheck_id: int
    state: Standing
    planned: int
    looks: tuple[SeenLook, ...]
    is_settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What the re-checks of a lead in a letter came to."""

    looks: int
    blocked: int
    gone_at: datetime | None = None
    gone_capture: str = ""
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """A lead that a round saw again after a re-check had seen it gone."""

    letter_id: int
    lead_id: int
    at: datetime


def watch_on(connection: Connection, letter_id: int, lead_id: int, rechecks: Sequence[int], since: datetime) -> None:
    """These re-checks speak for the lead from now on."""
    rows = [
        {"letter_id": letter_id, "lead_id": lead_id, "recheck_id": one, "since": since, "counted": -1}
        for one in dict.fromkeys(rechecks)
    ]
    if not rows:
        return
    connection.execute(insert(LetterRecheckRow), rows)
    mine = (LetterLeadRow.letter_id == letter_id, LetterLeadRow.lead_id == lead_id)
    connection.execute(update(LetterLeadRow).where(*mine).values(recheck_id=rows[0]["recheck_id"]))


def waiting(engine: Engine, after: tuple[int, int] = (0, 0)) -> tuple[tuple[int, int], ...]:
    """Letter and lead of whatever has looks that were not all counted, in order, from the one after `after`."""
    letter_id, lead_id = LetterRecheckRow.letter_id, LetterRecheckRow.lead_id
    query = (
        select(letter_id, lead_id)
        .join(RecheckRow, RecheckRow.id == LetterRecheckRow.recheck_id)
        .where(RecheckRow.looks != LetterRecheckRow.counted)
        .where((letter_id > after[0]) | ((letter_id == after[0]) & (lead_id > after[1])))
        .distinct()
        .order_by(letter_id, lead_id)
        .limit(BATCH)
    )
    with engine.connect() as connection:
        return tuple((row.letter_id, row.lead_id) for row in connection.execute(query))


def watched_on(connection: Connection, letter_id: int, lead_id: int) -> tuple[Watched, ...]:
    """Every re-check that speaks for this lead in this letter."""
    query = select(*_OF).where(LetterRecheckRow.letter_id == letter_id, LetterRecheckRow.lead_id == lead_id)
    return tuple(_watched(connection, RecheckOf(**row._mapping)) for row in connection.execute(query).all())


def _watched(connection: Connection, one: RecheckOf) -> Watched:
    recheck = connection.execute(
        select(RecheckRow.state, RecheckRow.looks).where(RecheckRow.id == one.recheck_id)
    ).one()  # fmt: skip
    names = (RecheckLookRow.verdict, RecheckLookRow.at, RecheckLookRow.capture)
    of_it = select(*names).where(RecheckLookRow.recheck_id == one.recheck_id).order_by(RecheckLookRow.planned_at)
    rows = connection.execute(of_it).all()
    ended = [row for row in rows if row.verdict and row.at is not None]
    looks = tuple(
        SeenLook(verdict=Verdict(row.verdict), at=row.at, capture=row.capture) for row in ended if row.at > one.since
    )
    return Watched(
        recheck_id=one.recheck_id,
        state=Standing(recheck.state),
        planned=recheck.looks,
        looks=looks,
        is_settled=len(ended) == len(rows),
    )


def counted_on(connection: Connection, letter_id: int, lead_id: int, watched: Sequence[Watched]) -> None:
    """These looks are counted; a re-check whose looks have all ended is not asked about again before the next."""
    for one in watched:
        mine = (LetterRecheckRow.letter_id == letter_id, LetterRecheckRow.lead_id == lead_id)
        counted = update(LetterRecheckRow).where(*mine, LetterRecheckRow.recheck_id == one.recheck_id)
        connection.execute(counted.values(counted=one.planned if one.is_settled else -1))


def came_on(connection: Connection, letter_id: int, lead_id: int, came: Came) -> None:
    """Write what its re-checks came to."""
    mine = (LetterLeadRow.letter_id == letter_id, LetterLeadRow.lead_id == lead_id)
    values = {name: getattr(came, name) for name in ("looks", "blocked", "gone_at", "gone_capture", "back_at")}
    connection.execute(update(LetterLeadRow).where(*mine).values(values))


def returned(engine: Engine) -> tuple[Back, ...]:
    """Leads that a round saw again after they were gone, and of which no letter knows yet."""
    query = (
        select(LetterLeadRow.letter_id, LetterLeadRow.lead_id, MoveRow.at)
        .join(MoveRow, MoveRow.lead_id == LetterLeadRow.lead_id)
        .where(LetterLeadRow.gone_at.is_not(None), LetterLeadRow.back_at.is_(None))
        .where(MoveRow.move == Step.RELAPSE.value, MoveRow.at > LetterLeadRow.gone_at)
        .order_by(LetterLeadRow.letter_id, LetterLeadRow.lead_id, MoveRow.id)
        .limit(BATCH)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    firsts = {(row.letter_id, row.lead_id): row.at for row in reversed(rows)}
    return tuple(Back(letter_id=letter, lead_id=lead, at=at) for (letter, lead), at in sorted(firsts.items()))


def back_on(connection: Connection, back: Back) -> None:
    """It came back."""
    mine = (LetterLeadRow.letter_id == back.letter_id, LetterLeadRow.lead_id == back.lead_id)
    connection.execute(update(LetterLeadRow).where(*mine, LetterLeadRow.back_at.is_(None)).values(back_at=back.at))


def overdue(engine: Engine, now: datetime, after: int = 0) -> tuple[KeptLetter, ...]:
    """Letters whose day has passed and that are not answered in full, from the one after `after`."""
    query = select(*LetterRow.__table__.columns).where(
        LetterRow.state.in_(("sent", "delivered")), LetterRow.due_at < now, LetterRow.escalated_at.is_(None)
    )
    query = query.where(LetterRow.id > after, LetterRow.reminds.is_(None)).order_by(LetterRow.id).limit(BATCH)
    with engine.connect() as connection:
        return tuple(letter_of(row) for row in connection.execute(query))


def is_over_on(connection: Connection, letter_id: int) -> bool:
    """Whether a letter is out and each of its leads is gone, or over for another reason."""
    state = connection.execute(select(LetterRow.state).where(LetterRow.id == letter_id)).scalar_one()
    left = (
        select(LetterLeadRow.lead_id)
        .join(LeadRow, LeadRow.id == LetterLeadRow.lead_id)
        .where(LetterLeadRow.letter_id == letter_id, LetterLeadRow.gone_at.is_(None))
        .where(LeadRow.state.not_in(OVER))
        .limit(1)
    )
    return state in OUT and connection.execute(left).first() is None


def lead_state_on(connection: Connection, lead_id: int) -> str:
    """Where a lead is now."""
    return str(connection.execute(select(LeadRow.state).where(LeadRow.id == lead_id)).scalar_one())


def recheck_of(engine: Engine, platform: str, query: str, listing_key: str) -> int | None:
    """The re-check of this very thing that is going on, `None` where there is none or it has ended."""
    is_it = (RecheckRow.platform == platform, RecheckRow.query == query, RecheckRow.listing_key == listing_key)
    going = select(RecheckRow.id).where(*is_it, RecheckRow.state == Standing.OPEN.value)
    with engine.connect() as connection:
        return connection.execute(going).scalar_one_or_none()
