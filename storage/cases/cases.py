"""Cases as rows: all that is held against one actor at a time. Opened by a confirmed lead, closed by a person.

One with a lead that is not over is not closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, exists, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Detail, Signer, add_on
from storage.cases.lead_shapes import CasesWanted, WorkedCase
from storage.cases.leads import MOST_ID
from storage.cases.moves import OVER
from storage.cases.numbers import next_number
from storage.cases.same_actor import joined_to, root_of
from storage.cases.shapes import WorkedLead
from storage.models import encodable
from storage.people import OURSELVES
from storage.tables.leads import CaseRow, LeadRow

OPEN, CLOSED = "open", "closed"
_CASE = tuple(CaseRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAct:
    """When and why something is done with a case; whoever signs does it, ourselves where nobody does."""

    at: datetime
    reason: str = ""
    detail: Detail = field(default_factory=dict)


class WorkedCases:
    """The cases of one database. `districts` is the asker's scope: a case is there for whom one of its leads is."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def cases(self, wanted: CasesWanted) -> tuple[WorkedCase, ...]:
        """Newest first."""
        asked: list[ColumnElement[bool]] = [CaseRow.id < wanted.before] if wanted.before else []
        same = {CaseRow.state: wanted.state, CaseRow.assignee: wanted.assignee}
        asked += [column == value for column, value in same.items() if value]
        asked += _within(wanted.districts)
        query = select(*_CASE).where(*asked).order_by(CaseRow.id.desc()).limit(wanted.limit)
        with self.engine.connect() as connection:
            if wanted.actor_id:
                query = query.where(CaseRow.actor_id.in_(joined_to(connection, [wanted.actor_id])))
            return tuple(_case(row) for row in connection.execute(query))

    def named(self, word: str, districts: Sequence[str] = ()) -> WorkedCase:
        """One by its number or its id; `UserMistake` for none."""
        written = encodable(word.strip())
        is_id = written.isdecimal() and written.isascii() and int(written) <= MOST_ID
        which = CaseRow.id == int(written) if is_id else CaseRow.number == written.upper()
        with self.engine.connect() as connection:
            row = connection.execute(select(*_CASE).where(which, *_within(districts))).one_or_none()
        if row is None:
            raise UserMistake(f"没有案件 {word}")
        return _case(row)


def join_case(connection: Connection, lead: WorkedLead, act: CaseAct, sign: Signer) -> int:
    """The case that a confirmed lead belongs to: the one it is in, its actor's, or a new one; open in any event."""
    known = lead.case_id or _of_actor(connection, lead.actor_id)
    if known is not None:
        reopen_case(connection, known, act, sign)
        return known
    number = next_number(connection, CaseRow.id, CaseRow.number, "A", act.at)
    signed = sign(_act("case_open", number, act))
    add_on(connection, signed)
    values = {"number": number, "actor_id": lead.actor_id, "state": OPEN, "opened_at": act.at, "opened_by": signed.who}
    empty = {"closed_at": None, "closed_by": "", "reason": "", "unit": lead.unit, "assignee": lead.assignee}
    new = insert(CaseRow).values(**values, **empty, reopened=0).returning(CaseRow.id)
    return int(connection.execute(new).scalar_one())


def reopen_case(connection: Connection, case_id: int, act: CaseAct, sign: Signer) -> bool:
    """Open a case again; nothing happens to one that is open, and `False` says so."""
    case = case_on(connection, case_id)
    if case.state == OPEN:
        return False
    add_on(connection, sign(_act("case_reopen", case.number, act)))
    values = {"state": OPEN, "closed_at": None, "closed_by": "", "reason": act.reason, "reopened": case.reopened + 1}
    connection.execute(update(CaseRow).where(CaseRow.id == case_id).values(**values))
    return True


def close_case(connection: Connection, case_id: int, act: CaseAct, sign: Signer) -> None:
    """Nothing is left to do; a lead of it that is not over is named and refused."""
    case = case_on(connection, case_id)
    if case.state == CLOSED:
        raise UserMistake(f"{case.number} 已经结案")
    left = select(LeadRow.number).where(LeadRow.case_id == case_id, LeadRow.state.not_in(OVER))
    numbers = connection.execute(left.order_by(LeadRow.id).limit(10)).scalars().all()
    if numbers:
        raise UserMistake(f"{case.number} 还有没有办结的线索：{'、'.join(numbers)}")
    signed = sign(_act("case_close", case.number, act))
    add_on(connection, signed)
    values = {"state": CLOSED, "closed_at": act.at, "closed_by": signed.who, "reason": act.reason}
    connection.execute(update(CaseRow).where(CaseRow.id == case_id).values(**values))


def assign_case(connection: Connection, case_id: int, to: tuple[str, str], act: CaseAct, sign: Signer) -> None:
    """Which unit and which person (`to`, in this order) answers for it; an empty word leaves what is there."""
    case = case_on(connection, case_id)
    unit, assignee = to[0] or case.unit, to[1] or case.assignee
    detail: Detail = {**act.detail, "unit": unit, "assignee": assignee}
    add_on(connection, sign(_act("case_assign", case.number, CaseAct(at=act.at, reason=act.reason, detail=detail))))
    connection.execute(update(CaseRow).where(CaseRow.id == case_id).values(unit=unit, assignee=assignee))


def case_on(connection: Connection, case_id: int) -> WorkedCase:
    """One as this transaction sees it."""
    row = connection.execute(select(*_CASE).where(CaseRow.id == case_id)).one_or_none()
    if row is None:
        raise UserMistake(f"没有案件 {case_id}")
    return _case(row)


def _act(act: str, number: str, case_act: CaseAct) -> Act:
    detail: Detail = {**case_act.detail, "reason": case_act.reason}
    return Act(who=OURSELVES, act=act, subject=number, at=case_act.at, detail=detail)


def _of_actor(connection: Connection, actor: int | None) -> int | None:
    """The actor's newest case, an open one before all others."""
    if actor is None:
        return None
    query = select(CaseRow.id).where(CaseRow.actor_id.in_(joined_to(connection, [root_of(connection, actor)])))
    return connection.execute(query.order_by(CaseRow.state.desc(), CaseRow.id.desc()).limit(1)).scalar_one_or_none()


def _within(districts: Sequence[str]) -> list[ColumnElement[bool]]:
    if not districts:
        return []
    return [exists().where(LeadRow.case_id == CaseRow.id, LeadRow.district.in_(districts))]


def _case(row: Row[Any]) -> WorkedCase:
    return WorkedCase(**row._mapping)
