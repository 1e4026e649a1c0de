"""Whether what was decided or given was taken back since: asked of the audit log, never of rows."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from storage.cases.moves import Step
from storage.tables.sealing import AuditRow

# After any of these a lead must be confirmed and approved anew.
TAKEN_BACK = (Step.SEND_BACK, Step.DISMISS, Step.NEED_MORE, Step.RELAPSE, Step.REOPEN, Step.MERGE, Step.CONFIRM)


def taken_back_on(connection: Connection, number: str, approval: int) -> str:
    """The step that undid a lead's approval after its entry, empty when it stands."""
    acts = tuple(f"lead_{one}" for one in TAKEN_BACK)
    later = select(AuditRow.act).where(AuditRow.subject == number, AuditRow.id > approval, AuditRow.act.in_(acts))
    found = connection.execute(later.order_by(AuditRow.id).limit(1)).scalar_one_or_none()
    return found.removeprefix("lead_") if found else ""


def is_ended_on(connection: Connection, number: str, entry: int) -> bool:
    """Whether a delegation was ended after this entry."""
    later = select(AuditRow.detail).where(AuditRow.subject == number, AuditRow.id > entry, AuditRow.act == "delegation")
    return any(json.loads(detail).get("step") == "end" for detail in connection.execute(later).scalars())
