"""The mapped classes of care: how often rules fired in each round, what was judged again, and groups of like leads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class RuleCount(Base):
    """The findings of one rule in one round, as that round judged; later judging changes nothing here.

    `round_id` is empty for runs that no round planned. A row of none says since when the rule is known.
    """

    __tablename__ = "rule_counts"
    __table_args__ = (Index("ix_rule_counts_round_id_rule", "round_id", "rule"),)

    rule: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(primary_key=True)
    findings: Mapped[int]
    last_at: Mapped[datetime | None]


class Rejudgement(Base):
    """One time that somebody had the archive judged again and kept the result; `ended_at` is null if that died."""

    __tablename__ = "rejudgements"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    tool: Mapped[str]
    rules_digest: Mapped[str]
    asked: Mapped[str]
    seen: Mapped[int]
    changed: Mapped[int]
    ended_at: Mapped[datetime | None]


class LeadGroup(Base):
    """Leads that are one offer. `size` counts its listings; one that was joined to another says to which."""

    __tablename__ = "lead_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    merged_into: Mapped[int | None]


class GroupHead(Base):
    """The newest lead of a group, on each platform and, under the empty name, on any."""

    __tablename__ = "group_heads"
    __table_args__ = (
        Index("ix_group_heads_platform_newest", "platform", "newest"),
        Index("ix_group_heads_platform_points", "platform", "points", "newest"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("lead_groups.id"), primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    newest: Mapped[int]
    points: Mapped[int]


class Exemplar(Base):
    """What a listing of a group looked like when it joined: the values of its signature, four bytes each."""

    __tablename__ = "exemplars"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("lead_groups.id"), index=True)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Band(Base):
    """Where exemplars are looked up: those that agree in a part of their signature share a key."""

    __tablename__ = "bands"
    __table_args__ = {"sqlite_with_rowid": False}

    key: Mapped[Big] = mapped_column(primary_key=True)
    exemplar_id: Mapped[int] = mapped_column(ForeignKey("exemplars.id"), primary_key=True)
