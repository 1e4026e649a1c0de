"""Who has a lead next: a person, a unit, a district, another office; and what came back, until it is closed.

A reason is demanded where somebody will ask for one later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casework.acting import Grant
from casework.review.desk import WORKERS, Desk, reason_given
from crawler.errors import UserMistake
from storage.audit import Detail
from storage.cases.lead_shapes import Changes
from storage.cases.moves import Step
from storage.cases.shapes import WorkedLead
from storage.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """Where leads go: a district or another office, under which document, until when; `districts` are the ones that
    our office may give leads to, where its settings say so."""

    to: str
    document: str = ""
    due_at: datetime | None = None
    reason: str = ""
    districts: tuple[str, ...] = ()


def assign(desk: Desk, leads: Sequence[WorkedLead], unit: str, to: str, reason: str = "") -> tuple[WorkedLead, ...]:
    """责任部门 and 责任人: somebody who is there and may act; an empty word leaves what is there."""
    desk.acting.needs(*WORKERS)
    unit, to = able(desk, unit, to)
    detail: Detail = {"unit": unit, "assignee": to}
    changes = Changes(unit=unit or None, assignee=to or None)
    return desk.take(leads, Step.ASSIGN, lambda _, lead: desk.moved(lead, reason.strip(), detail, changes))


def able(desk: Desk, unit: str, to: str) -> tuple[str, str]:
    """Unit and person as they are written down; the person is one of us who may still act."""
    unit, to = unit.strip(), to.strip()
    if not unit and not to:
        raise UserMistake("要写明责任部门或责任人")
    if to and People(desk.engine).named(to).disabled_at is not None:
        raise UserMistake(f"用户 {to} 已停用")
    return unit, to


def delegate(desk: Desk, leads: Sequence[WorkedLead], handing: Handing) -> tuple[WorkedLead, ...]:
    """交办: a district looks into it and tells what it found."""
    desk.acting.needs(*WORKERS)
    to = handing.to.strip()
    if not to or (handing.districts and to not in handing.districts):
        raise UserMistake(f"要写明交办到哪个区县：{'、'.join(handing.districts) or '区县名'}")
    detail: Detail = {"district": to, "document": handing.document.strip(), **_due(handing)}
    changes = Changes(district=to, reference=handing.document.strip() or None, due_at=handing.due_at)
    return desk.take(leads, Step.DELEGATE, lambda _, lead: desk.moved(lead, handing.reason.strip(), detail, changes))


def feedback(desk: Desk, leads: Sequence[WorkedLead], result: str, teller: str) -> tuple[WorkedLead, ...]:
    """What the district found, and who told it; the lead is to be decided on again."""
    desk.acting.needs(*WORKERS)
    result = reason_given(result, "反馈")
    if not teller.strip():
        raise UserMistake("要写明谁反馈的")
    detail: Detail = {"result": result, "teller": teller.strip()}
    return desk.take(leads, Step.FEEDBACK, lambda _, lead: desk.moved(lead, result, detail))


def hand_over(desk: Desk, leads: Sequence[WorkedLead], handing: Handing) -> tuple[WorkedLead, ...]:
    """移送 to the office whose matter it is, under a document of ours."""
    desk.acting.needs(*WORKERS)
    if not handing.to.strip() or not handing.document.strip():
        raise UserMistake("移送要写明移送到哪个机关、文号")
    detail: Detail = {"office": handing.to.strip(), "document": handing.document.strip()}
    changes = Changes(office=handing.to.strip(), reference=handing.document.strip())
    return desk.take(leads, Step.HAND_OVER, lambda _, lead: desk.moved(lead, handing.reason.strip(), detail, changes))


def answer(desk: Desk, leads: Sequence[WorkedLead], result: str) -> tuple[WorkedLead, ...]:
    """反馈: what became of it was told to whoever waits for it, or by whom we had asked."""
    desk.acting.needs(*WORKERS)
    result = reason_given(result, "反馈")
    return desk.take(leads, Step.ANSWER, lambda _, lead: desk.moved(lead, result, {"result": result}))


def close(desk: Desk, leads: Sequence[WorkedLead], reason: str) -> tuple[WorkedLead, ...]:
    """Nothing is left to do."""
    desk.acting.needs(*WORKERS)
    reason = reason_given(reason, "办结")
    return desk.take(leads, Step.CLOSE, lambda _, lead: desk.moved(lead, reason))


def reopen(desk: Desk, leads: Sequence[WorkedLead], reason: str) -> tuple[WorkedLead, ...]:
    """It is looked into again, and so is its case."""
    desk.acting.needs(Grant.REVIEWER, Grant.ADMIN)
    reason = reason_given(reason, "重新研判")
    return desk.take(leads, Step.REOPEN, lambda _, lead: desk.moved(lead, reason))


def _due(handing: Handing) -> Detail:
    return {"due": handing.due_at.isoformat()} if handing.due_at else {}
