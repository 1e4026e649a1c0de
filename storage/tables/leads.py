"""The mapped classes of leads and cases as people work on them: a lead's state, every move, the case it is part of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class CaseRow(Base):
    """All that is held against one actor at a time: `state` is open or closed. `number` is what people write."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"), index=True)
    state: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]
    reason: Mapped[str]
    unit: Mapped[str]
    assignee: Mapped[str]
    reopened: Mapped[int]


class LeadRow(Base):
    """One matter in the inbox: what one actor offers on one platform, or what somebody reported.

    `source`: monitoring, report, transferred, assigned, field, sample. `due_at` and `reference` (a document number)
    are of those that another office sent. The three times of a lead: `told_at` (通报, a named person has it),
    `handled_at` (处理, the first decision), `answered_at` (反馈). `decision` is the audit entry of the decision that
    stands, `approval` that of its approval.
    """

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_state_id", "state", "id"),
        Index("ix_leads_actor_platform", "actor_id", "platform"),
        Index("ix_leads_registered_at", "registered_at"),
        Index("ix_leads_district_id", "district", "id"),
        Index("ix_leads_assignee_id", "assignee", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    platform: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    title: Mapped[str]
    seller: Mapped[str]
    url: Mapped[str]
    categories: Mapped[list[Any]]
    points: Mapped[int]
    note: Mapped[str]
    state: Mapped[str]
    state_at: Mapped[datetime]
    district: Mapped[str]
    unit: Mapped[str]
    assignee: Mapped[str]
    reference: Mapped[str]
    office: Mapped[str]
    due_at: Mapped[datetime | None]
    found_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    reopened: Mapped[int]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]
    decision: Mapped[int | None]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approval: Mapped[int | None]


class MoveRow(Base):
    """One act upon a lead, for ever: `move` is a `storage.cases.moves.Step`, `entry` the audit entry it is in."""

    __tablename__ = "moves"
    __table_args__ = (Index("ix_moves_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    move: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    detail: Mapped[list[Any]]
    entry: Mapped[int]


class ExampleRow(Base):
    """A false alarm that a person dismissed, proposed as a rule's `lawful` example; `text` has its contacts masked.

    `state` is proposed, taken or refused.
    """

    __tablename__ = "examples"

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    exhibit: Mapped[str] = mapped_column(ForeignKey("exhibits.public_id"))
    rule: Mapped[str] = mapped_column(index=True)
    text: Mapped[str]
    reason: Mapped[str]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str]
    state: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str]
