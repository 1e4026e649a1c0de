"""The mapped classes of letters: to whom, on what law, what came of them; and what a named person confirmed once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class OperatorRow(Base):
    """Who runs a platform, by name and seat, as a named person confirmed; a later confirmation replaces it.

    `platforms` are their ids; `is_current` is false for what was replaced.
    """

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    seat: Mapped[str]
    credit_code: Mapped[str]
    platforms: Mapped[list[Any]]
    source: Mapped[str]
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[str]
    entry: Mapped[int]
    is_current: Mapped[bool]


class LawConfirmationRow(Base):
    """A named legal reviewer read one version of an article against the original: `digest` is of that version."""

    __tablename__ = "law_confirmations"
    __table_args__ = (UniqueConstraint("article", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[str]
    digest: Mapped[str]
    source: Mapped[str]
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[str]
    entry: Mapped[int]


class DelegationRow(Base):
    """A power that another office gave ours: `kind` is delegation (委托) or assignment (交办), with its document."""

    __tablename__ = "delegations"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    giver: Mapped[str]
    scope: Mapped[list[Any]]
    first_day: Mapped[datetime]
    last_day: Mapped[datetime]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    entry: Mapped[int]


class LetterRow(Base):
    """One letter from draft to answer. `content` is canonical JSON of what it says, `digest` its SHA-256.

    `kind` and `state` are words of `casework.letters`. `document` is the number the office gave it, `due_at` the end
    of the day by which an answer was asked for. `reminds` is the letter it reminds of.
    """

    __tablename__ = "letters"
    __table_args__ = (
        Index("ix_letters_state_due", "state", "due_at"),
        Index("ix_letters_drafted_at", "drafted_at"),
        Index("ix_letters_sent_at", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    verb: Mapped[str]
    addressee: Mapped[str]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str]
    content: Mapped[str]
    digest: Mapped[str]
    articles: Mapped[list[Any]]
    drafted_at: Mapped[datetime]
    drafted_by: Mapped[str]
    entry: Mapped[int]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str]
    approval: Mapped[int | None]
    document: Mapped[str]
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[str]
    delivered_at: Mapped[datetime | None]
    delivery: Mapped[str]
    due_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reminds: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True)
    escalated_at: Mapped[datetime | None]


class LetterLeadRow(Base):
    """One lead in one letter, with the exhibits shown and what the addressee did about it.

    `measure` is the answer's word (删除 屏蔽 断链 下架 暂停 终止 未处置), `gone_at` when a re-check saw it gone,
    `back_at` when it was seen again after that; `recheck_id` is the first of its re-checks.
    """

    __tablename__ = "letter_leads"
    __table_args__ = (Index("ix_letter_leads_gone_at", "gone_at"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), primary_key=True, index=True)
    exhibits: Mapped[list[Any]]
    is_true: Mapped[str]
    measure: Mapped[str]
    measured_on: Mapped[str]
    remark: Mapped[str]
    answered_at: Mapped[datetime | None]
    recheck_id: Mapped[int | None] = mapped_column(ForeignKey("rechecks.id"), index=True)
    looks: Mapped[int]
    blocked: Mapped[int]
    gone_at: Mapped[datetime | None]
    gone_capture: Mapped[str]
    back_at: Mapped[datetime | None]


class LetterRecheckRow(Base):
    """One re-check that says what became of a lead in a letter: each of a lead's addresses has its own.

    Looks that ended before `since` were of an earlier letter; `counted` is how many looks were planned or counted
    when they were last counted.
    """

    __tablename__ = "letter_rechecks"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), primary_key=True)
    recheck_id: Mapped[int] = mapped_column(ForeignKey("rechecks.id"), primary_key=True, index=True)
    since: Mapped[datetime]
    counted: Mapped[int]


class LetterStepRow(Base):
    """One step in a letter's life, for ever: drafted, approved, sent, delivered, answered, reminded, escalated …"""

    __tablename__ = "letter_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), index=True)
    step: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]
    entry: Mapped[int | None]
