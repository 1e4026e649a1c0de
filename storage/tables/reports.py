"""The mapped classes of what other people sent and get: reports, lists of other offices, publications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class ReporterRow(Base):
    """Who reported a lead, and in which words, for those alone who have the key: nothing of it is readable here."""

    __tablename__ = "reporters"

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


class PublicationRow(Base):
    """An entry of the office's publication list: until `last_day`, or until credit was restored (信用修复)."""

    __tablename__ = "publications"
    __table_args__ = (Index("ix_publications_last_day", "last_day", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    title: Mapped[str]
    facts: Mapped[str]
    basis: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[str]
    first_day: Mapped[datetime]
    last_day: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str]
    reason: Mapped[str]
    entry: Mapped[int]


class TransferRow(Base):
    """A package of leads that went to another office or came from one: `direction` is out or in."""

    __tablename__ = "transfers"
    __table_args__ = (UniqueConstraint("direction", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[str]
    digest: Mapped[str]
    office: Mapped[str]
    signed_with: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    leads: Mapped[list[Any]]
    entry: Mapped[int]


class TransferredLeadRow(Base):
    """A lead of another office, once: `origin` is what is its alone there, `digest` what it said.

    `document` and `due_at` are as that office wrote them, whatever became of the lead's own since.
    """

    __tablename__ = "transferred_leads"
    __table_args__ = (UniqueConstraint("office", "origin"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    office: Mapped[str]
    origin: Mapped[str]
    digest: Mapped[str]
    document: Mapped[str] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    at: Mapped[datetime]
