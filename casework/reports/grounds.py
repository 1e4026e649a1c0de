"""On what publications, typical cases and credit facts rest: a decision and its approval, proven from the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from casework.acting import Grant
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.lead_shapes import WorkedCase
from storage.cases.leads import WorkedLeads
from storage.cases.moves import State
from storage.cases.shapes import LeadsWanted, WorkedLead

TRUE = (State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER, State.CLOSED)
MOST_LEADS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The proven approvals of a case: their audit entries, and who decided what they approved."""

    approvals: tuple[int, ...]
    deciders: frozenset[str]


def proven_grounds(engine: Engine, case: WorkedCase, districts: tuple[str, ...]) -> Grounds:
    """The approvals of a case's leads as the audit log proves them; `UserMistake` when there is none."""
    wanted = LeadsWanted(states=TRUE, case_id=case.id, districts=districts, limit=MOST_LEADS)
    leads = [one for one in WorkedLeads(engine).leads(wanted) if one.approval is not None]
    if not leads:
        raise UserMistake(f"{case.number} 没有经复核属实的线索，不能公示，也不是典型案例")
    trust = Trust(engine)
    proven = [proven_lead(trust, lead) for lead in leads]
    return Grounds(approvals=tuple(entry for entry, _ in proven), deciders=frozenset(name for _, name in proven))


def proven_lead(trust: Trust, lead: WorkedLead) -> tuple[int, str]:
    """The approval's entry, and who decided what it approves; `EvidenceBroken` where the log does not prove both."""
    approval = trust.proven(lead.approval or 0, "lead_approve", lead.number, Grant.REVIEWER)
    entry = approval.detail.get("decision")
    if not isinstance(entry, int):
        raise EvidenceBroken(f"操作日志第 {approval.entry} 条没有说复核的是哪个决定")
    decision = trust.proven(entry, "lead_confirm", lead.number, Grant.EXAMINER, Grant.REVIEWER)
    if decision.name == approval.name:
        raise EvidenceBroken(f"{lead.number} 的认定和复核是同一人")
    return approval.entry, decision.name
