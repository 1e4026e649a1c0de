"""A person at his desk: he sees the leads of his districts and takes steps with them, all of several or none.

Each step asks for the grants that it needs, is refused on a view that is no longer true, and is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from casework.acting import Acting, Grant
from crawler.errors import UserMistake
from storage.audit import Detail
from storage.cases.lead_shapes import NOTHING, Changes, Moved
from storage.cases.leads import WorkedLeads, lead_on, leads_on
from storage.cases.moves import State, Step
from storage.cases.moving import move_on
from storage.cases.shapes import WorkedLead
from storage.db import writing

WORKERS = (Grant.EXAMINER, Grant.REVIEWER)
LONGEST_REASON = 2_000  # characters
_DECISIONS = (Step.CONFIRM, Step.DISMISS)
_UNCLAIMED = (State.NEW, State.MORE)
Make = Callable[[Connection, WorkedLead], Moved]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who decides, and when. `in_batch` says in each entry that several were decided as one."""

    engine: Engine
    acting: Acting
    now: datetime
    in_batch: bool = False

    def named(self, words: Sequence[str]) -> tuple[WorkedLead, ...]:
        """These leads, once each; for what is outside of his districts there is none."""
        store = WorkedLeads(self.engine)
        found = [store.named(word, self.acting.districts) for word in words]
        if not found:
            raise UserMistake("要写明哪一条线索")
        return tuple({lead.id: lead for lead in found}.values())

    def moved(
        self, lead: WorkedLead, reason: str = "", detail: Detail | None = None, changes: Changes = NOTHING
    ) -> Moved:
        """An act of his, upon the lead as he saw it."""
        told: Detail = {**(detail or {}), **({"batch": True} if self.in_batch else {})}
        act = {"by": self.acting.name, "at": self.now, "reason": reason}
        return Moved(**act, detail=told, changes=changes, seen=lead.state_at)  # type: ignore[arg-type]

    def take(self, leads: Sequence[WorkedLead], step: Step, make: Make) -> tuple[WorkedLead, ...]:
        """This step with each, in one transaction; the leads as they are then. `make` says what comes with it."""
        with writing(self.engine).begin() as connection:
            for lead in leads:
                self.one(connection, self._claimed(connection, lead, step), step, make)
            return leads_on(connection, [lead.id for lead in leads])

    def one(self, connection: Connection, lead: WorkedLead, step: Step, make: Make) -> int:
        """The step with one lead; the number of its audit entry."""
        if not self.acting.sees(lead_on(connection, lead.id).district):
            raise UserMistake(f"没有线索 {lead.number}")
        return move_on(connection, lead.id, step, make(connection, lead), self.acting.sign)

    def _claimed(self, connection: Connection, lead: WorkedLead, step: Step) -> WorkedLead:
        """A decision over like ones takes those along that nobody has claimed."""
        if not self.in_batch or step not in _DECISIONS or lead.state not in _UNCLAIMED:
            return lead
        self.one(connection, lead, Step.CLAIM, lambda _, one: self.moved(one))
        return lead_on(connection, lead.id)


def reason_given(reason: str, what: str) -> str:
    """The reason without white space around it; `UserMistake` where there is none, or a book of it."""
    reason = reason.strip()
    if not reason:
        raise UserMistake(f"{what}要写明理由")
    if len(reason) > LONGEST_REASON:
        raise UserMistake(f"理由最多 {LONGEST_REASON} 字")
    return reason
