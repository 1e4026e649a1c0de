"""One act upon a lead: the state's change, the move and the signed audit entry, in one transaction or not at all.

What `storage.cases.moves.TABLE` does not allow, a view that is no longer true, and the approval of one's own
decision are refused here, whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from crawler import clock
from crawler.errors import UserMistake
from storage.audit import Act, Detail, Signer, add_on
from storage.cases.cases import CaseAct, reopen_case
from storage.cases.lead_exhibits import hand_listings_on
from storage.cases.lead_shapes import Moved
from storage.cases.leads import lead_on, moves_on
from storage.cases.moves import STATE_WORDS, STEP_WORDS, State, Step, after
from storage.cases.shapes import WorkedLead
from storage.tables.leads import LeadRow, MoveRow

_TELLS = (Step.CLAIM, Step.ASSIGN, Step.DELEGATE)
_HANDLES = (Step.CONFIRM, Step.DISMISS, Step.DELEGATE, Step.HAND_OVER)
_ANSWERS = (Step.ANSWER, Step.FEEDBACK, Step.VANISH)
_DECIDES = (Step.CONFIRM, Step.DISMISS)
_UNDECIDES = (Step.SEND_BACK, Step.FEEDBACK, Step.RELAPSE, Step.REOPEN)
_AGAIN = (Step.RELAPSE, Step.REOPEN)
_UNDECIDED = {"decided_by": "", "decided_at": None, "decision": None, "reason": ""}
_UNAPPROVED = {"approved_by": "", "approved_at": None, "approval": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    lead: WorkedLead
    step: Step
    state: State
    entry: int
    who: str


def move_on(connection: Connection, lead_id: int, step: Step, moved: Moved, sign: Signer) -> int:
    """Take this step with a lead; the number of its audit entry. The transaction must hold the write lock.

    `UserMistake` for what the table does not allow. A lead that is open again opens its case.
    """
    lead = lead_on(connection, lead_id)
    _refuse_stale(connection, lead, step, moved)
    state = after(step, State(lead.state))
    detail: Detail = {**moved.detail, "before": lead.state, "after": state.value, "reason": moved.reason}
    act = Act(who=moved.by, act=f"lead_{step}", subject=lead.number, at=moved.at, detail=detail)
    signed = sign(act)
    if step is Step.APPROVE and signed.who == lead.decided_by:
        raise UserMistake(f"{lead.number} 由 {signed.who} 认定，不能由同一人复核")
    entry = add_on(connection, signed)
    values = _values(_Done(lead=lead, step=step, state=state, entry=entry, who=signed.who), moved)
    connection.execute(update(LeadRow).where(LeadRow.id == lead.id).values(**values))
    connection.execute(
        insert(MoveRow).values(
            lead_id=lead.id,
            move=step.value,
            before=lead.state,
            after=state.value,
            by=signed.who,
            at=moved.at,
            reason=moved.reason,
            detail=list(_lines(moved.detail)),
            entry=entry,
        )
    )
    if step in _AGAIN and lead.case_id is not None:
        reopen_case(
            connection, lead.case_id, CaseAct(at=moved.at, reason=moved.reason, detail={"lead": lead.number}), sign
        )
    if step is Step.MERGE and moved.changes.merged_into:
        hand_listings_on(connection, lead.id, moved.changes.merged_into)
    return entry


def _refuse_stale(connection: Connection, lead: WorkedLead, step: Step, moved: Moved) -> None:
    """Two people may decide at once: the second one is told what the first one did."""
    if moved.seen is None or moved.seen == lead.state_at:
        return
    last = moves_on(connection, lead.id)[-1]
    raise UserMistake(
        f"两人同时处理 {lead.number}：{last.by} 已于 {clock.in_shanghai(last.at)} {STEP_WORDS[Step(last.move)]}，"
        f"现在是{STATE_WORDS[State(lead.state)]}；没有{STEP_WORDS[step]}，请重新查看后再定"
    )


def _values(done: _Done, moved: Moved) -> dict[str, Any]:
    """What the act makes of the row. Each of the three times is the first, and stays."""
    at, lead, step = moved.at, done.lead, done.step
    values = {name: value for name, value in asdict(moved.changes).items() if value is not None}
    if step is Step.CLAIM:
        values["assignee"] = done.who
    names_somebody = step is not Step.ASSIGN or bool(values.get("assignee"))
    first = {
        "told_at": step in _TELLS and names_somebody,
        "handled_at": step in _HANDLES,
        "answered_at": step in _ANSWERS,
    }
    values |= {name: at for name, is_reached in first.items() if is_reached and getattr(lead, name) is None}
    if step in _UNDECIDES:
        values |= _UNDECIDED | _UNAPPROVED
    if step in _DECIDES:
        values |= {
            "decided_by": done.who,
            "decided_at": at,
            "decision": done.entry,
            "reason": moved.reason,
        } | _UNAPPROVED
    if step is Step.APPROVE:
        values |= {"approved_by": done.who, "approved_at": at, "approval": done.entry}
    if step is Step.CLOSE:
        values["closed_at"] = at
    if step in _AGAIN:
        values |= {"closed_at": None, "reopened": lead.reopened + 1}
    return values | {"state": done.state.value, "state_at": lead.state_at if done.state == lead.state else at}


def _lines(detail: Detail) -> Iterator[str]:
    """The detail as the lead's own history tells it, a line a value."""
    for name, value in detail.items():
        for one in value if not isinstance(value, str | int) else (value,):
            yield f"{name}={one}"
