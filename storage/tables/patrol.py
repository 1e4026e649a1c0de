"""The mapped classes of patrol: watches in all their versions, the roster, and what was set when a run was claimed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class WatchRow(Base):
    """One watch, for ever. `planned_until` is the moment up to which its runs are written down."""

    __tablename__ = "watches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    planned_until: Mapped[datetime]


class WatchVersionRow(Base):
    """A watch as it was from `since` until `until`. Written once, but for its end."""

    __tablename__ = "watch_versions"

    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    by: Mapped[str]
    platforms: Mapped[list[Any]]
    queries: Mapped[list[Any]]
    schedule: Mapped[str]
    key_schedule: Mapped[str]
    days: Mapped[str]
    window: Mapped[str]
    grace: Mapped[int]
    place: Mapped[str]
    device: Mapped[str]
    depth: Mapped[int]
    budget: Mapped[int]
    is_paused: Mapped[bool]


class SnapshotRow(Base):
    """The settings under which a run was claimed, canonical JSON, by its SHA-256. No secret is in it."""

    __tablename__ = "snapshots"

    digest: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[str]
    first_at: Mapped[datetime]


_IS_PLANNED = text("state = 'planned'")
_IS_CLAIMED = text("state = 'claimed'")
_IS_MISSED = text("outcome = 'missed'")
_IS_SEEN = text("outcome IN ('ok', 'empty')")


class RosterRow(Base):
    """One planned run and its one outcome. `key` follows from watch, platform, query and time.

    `run_id` is the run of the latest attempt: an attempt that died stays in `runs` as missed. While `state` is
    `claimed` it is `holder`'s until `lease_until`; `claim` is that claim's id, new with each.
    """

    __tablename__ = "roster"
    __table_args__ = (
        ForeignKeyConstraint(["watch_id", "version"], ["watch_versions.watch_id", "watch_versions.version"]),
        Index("ix_roster_planned_at", "planned_at", "platform"),
        Index("ix_roster_watch", "watch_id", "planned_at"),
        # All that asking for waiting and passed rows needs, and what is claimed together beside each other.
        Index(
            "ix_roster_open",
            *("watch_id", "version", "platform", "planned_at", "latest"),
            sqlite_where=_IS_PLANNED,
            postgresql_where=_IS_PLANNED,
        ),
        Index("ix_roster_leases", "lease_until", sqlite_where=_IS_CLAIMED, postgresql_where=_IS_CLAIMED),
        Index("ix_roster_claim", "claim", sqlite_where=_IS_CLAIMED, postgresql_where=_IS_CLAIMED),
        Index("ix_roster_platform_ended_at", "platform", "ended_at"),
        Index("ix_roster_missed", "ended_at", sqlite_where=_IS_MISSED, postgresql_where=_IS_MISSED),
        Index("ix_roster_seen", "watch_id", "query", "ended_at", sqlite_where=_IS_SEEN, postgresql_where=_IS_SEEN),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    watch_id: Mapped[int]
    version: Mapped[int]
    platform: Mapped[str]
    query: Mapped[str]
    planned_at: Mapped[datetime]
    latest: Mapped[datetime]
    assumed: Mapped[str]
    state: Mapped[str]
    claim: Mapped[str]
    holder: Mapped[str]
    claimed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int]
    snapshot: Mapped[str | None] = mapped_column(ForeignKey("snapshots.digest"))
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"), unique=True)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason: Mapped[str]
    detail: Mapped[str]


class MarkRow(Base):
    """What a home is besides an archive: in one marked `simulation` time is made up, and nothing is ever sealed."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(server_default="")
