"""The three measured times of a lead, 第一时间 通报、处理、反馈: hours from when it was registered, and which are late.

Reports count from the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.tables import Reports
from storage.cases.moves import OVER
from storage.cases.shapes import WorkedLead

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hours until it was reached, `None` while it was not; `limit` is what is allowed. Late when it took longer, or
    already takes longer; what nobody waits for any more is not late."""

    hours: float | None
    limit: float
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """All three, and whether the day that another office set has passed without an answer."""

    told: Span
    handled: Span
    answered: Span
    is_overdue: bool


def times_of(lead: WorkedLead, limits: Reports, now: datetime) -> Times:
    """The times of one lead as they are now."""
    return Times(
        told=_span(lead, lead.told_at, limits.told_hours, now),
        handled=_span(lead, lead.handled_at, limits.handled_hours, now),
        answered=_span(lead, lead.answered_at, limits.answered_hours, now),
        is_overdue=_is_overdue(lead, now),
    )


def _is_overdue(lead: WorkedLead, now: datetime) -> bool:
    if lead.due_at is None or (lead.answered_at is None and lead.state in OVER):
        return False
    return (lead.answered_at or now) > lead.due_at


def _span(lead: WorkedLead, reached: datetime | None, limit: float, now: datetime) -> Span:
    if reached is not None:
        hours = (reached - lead.registered_at) / HOUR
        return Span(hours=round(hours, 2), limit=limit, is_late=hours > limit)
    is_late = lead.state not in OVER and (now - lead.registered_at) / HOUR > limit
    return Span(hours=None, limit=limit, is_late=is_late)
