"""The states of a lead and the moves between them: the one table. What it does not allow, nobody can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crawler.errors import UserMistake


class State(StrEnum):
    """Where a lead is."""

    NEW = "new"
    EXAMINING = "examining"
    MORE = "more"
    CONFIRMED = "confirmed"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    MERGED = "merged"
    DELEGATED = "delegated"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    GONE = "gone"
    CLOSED = "closed"


class Step(StrEnum):
    """What can be done with a lead. `RELAPSE` and `VANISH` are the clock's, the others people's."""

    REGISTER = "register"
    CLAIM = "claim"
    ASSIGN = "assign"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    NEED_MORE = "need_more"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    MERGE = "merge"
    DELEGATE = "delegate"
    FEEDBACK = "feedback"
    HAND_OVER = "hand_over"
    SEND = "send"
    ANSWER = "answer"
    VANISH = "vanish"
    CLOSE = "close"
    RELAPSE = "relapse"
    REOPEN = "reopen"


STATE_WORDS = {
    State.NEW: "待认领",
    State.EXAMINING: "研判中",
    State.MORE: "待补充",
    State.CONFIRMED: "属实待复核",
    State.APPROVED: "已复核",
    State.DISMISSED: "不属实",
    State.MERGED: "已并入",
    State.DELEGATED: "已交办",
    State.HANDED_OVER: "已移送",
    State.SENT: "已发函",
    State.GONE: "复查已消失",
    State.CLOSED: "已办结",
}
STEP_WORDS = {
    Step.REGISTER: "登记",
    Step.CLAIM: "认领",
    Step.ASSIGN: "分派",
    Step.CONFIRM: "认定属实",
    Step.DISMISS: "认定不属实",
    Step.NEED_MORE: "要求补充",
    Step.SEND_BACK: "退回",
    Step.APPROVE: "复核通过",
    Step.MERGE: "并入",
    Step.DELEGATE: "交办",
    Step.FEEDBACK: "交办反馈",
    Step.HAND_OVER: "移送",
    Step.SEND: "发函",
    Step.ANSWER: "反馈",
    Step.VANISH: "复查消失",
    Step.CLOSE: "办结",
    Step.RELAPSE: "复发",
    Step.REOPEN: "重新研判",
}

# Nothing is to be done about these any more: their pages may expire as any others.
OVER = (State.DISMISSED, State.MERGED, State.CLOSED)
_OPEN = (State.NEW, State.EXAMINING, State.MORE)
_WORKED = (*_OPEN, State.CONFIRMED, State.APPROVED, State.DELEGATED, State.SENT, State.GONE, State.HANDED_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """From which states a step may be taken, and where it leads: `None` is where the lead already is."""

    before: tuple[State, ...]
    after: State | None


TABLE: Mapping[Step, Allowed] = {
    Step.CLAIM: Allowed(before=(State.NEW, State.MORE), after=State.EXAMINING),
    Step.ASSIGN: Allowed(before=_WORKED, after=None),
    Step.CONFIRM: Allowed(before=(State.EXAMINING,), after=State.CONFIRMED),
    Step.DISMISS: Allowed(before=(State.EXAMINING,), after=State.DISMISSED),
    Step.NEED_MORE: Allowed(before=(State.EXAMINING,), after=State.MORE),
    Step.SEND_BACK: Allowed(before=(State.CONFIRMED, State.APPROVED), after=State.EXAMINING),
    Step.APPROVE: Allowed(before=(State.CONFIRMED,), after=State.APPROVED),
    Step.MERGE: Allowed(before=_OPEN, after=State.MERGED),
    Step.DELEGATE: Allowed(before=(*_OPEN, State.CONFIRMED, State.APPROVED), after=State.DELEGATED),
    Step.FEEDBACK: Allowed(before=(State.DELEGATED,), after=State.EXAMINING),
    Step.HAND_OVER: Allowed(before=(State.APPROVED,), after=State.HANDED_OVER),
    Step.SEND: Allowed(before=(State.APPROVED,), after=State.SENT),
    Step.ANSWER: Allowed(before=(*_WORKED, State.DISMISSED, State.CLOSED), after=None),
    Step.VANISH: Allowed(before=(State.SENT,), after=State.GONE),
    Step.CLOSE: Allowed(
        before=(State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER, State.DISMISSED), after=State.CLOSED
    ),
    Step.RELAPSE: Allowed(before=(State.GONE, State.CLOSED), after=State.NEW),
    Step.REOPEN: Allowed(before=(State.DISMISSED, State.CLOSED, State.HANDED_OVER), after=State.EXAMINING),
}


def after(step: Step, before: State) -> State:
    """Where this step leads from there; `UserMistake` for one that the table does not allow."""
    allowed = TABLE.get(step)
    if allowed is None or before not in allowed.before:
        raise UserMistake(f"{STATE_WORDS[before]}的线索不能{STEP_WORDS[step]}")
    return allowed.after or before
