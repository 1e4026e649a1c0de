"""The mapped classes of looking again: advertisers' own pages, re-checks and their looks; and of what was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big

_IS_HELD = text("lease_until IS NOT NULL")


class LandingRow(Base):
    """An advertiser's own page that was opened because of an exhibit: `why` is `ad` or `flagged`, `run_id` the look.

    `claim` is the roster's claim whose crawl opens it, empty in a round by hand; that crawl has it until `lease_until`.
    """

    __tablename__ = "landings"
    __table_args__ = (
        Index("ix_landings_url_at", "url", "at"),
        Index("ix_landings_leases", "lease_until", sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    exhibit: Mapped[str] = mapped_column(ForeignKey("exhibits.public_id"), index=True)
    url: Mapped[str]
    why: Mapped[str]
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), unique=True)
    at: Mapped[datetime]
    claim: Mapped[str] = mapped_column(server_default="")
    lease_until: Mapped[datetime | None]


IS_WATCHED = text("state <> 'stopped'")


class RecheckRow(Base):
    """What is looked at again until it is gone. `query` is an address, or words where the thing only stood in a list.

    `quote` is what must be gone, `state` open, gone or stopped; `next_at` is the planned moment of the next look: what
    is gone is looked for again some times.
    """

    __tablename__ = "rechecks"
    __table_args__ = (
        UniqueConstraint("platform", "query", "listing_key"),
        Index("ix_rechecks_due", "next_at", sqlite_where=IS_WATCHED, postgresql_where=IS_WATCHED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    query: Mapped[str]
    listing_key: Mapped[str]
    exhibit: Mapped[str | None] = mapped_column(ForeignKey("exhibits.public_id"))
    quote: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    since: Mapped[datetime]
    next_at: Mapped[datetime]
    looks: Mapped[int]
    state: Mapped[str]
    ended_at: Mapped[datetime | None]


class RecheckLookRow(Base):
    """One look of a re-check: `planned_at` is a moment of its schedule, `verdict` stays empty until the run has ended.

    Absence is a verdict only of a page that was seen; `visit` is the browser capture that shows it.
    """

    __tablename__ = "recheck_looks"
    __table_args__ = (
        Index(
            "ix_recheck_looks_waiting",
            "roster_key",
            sqlite_where=text("verdict = ''"),
            postgresql_where=text("verdict = ''"),
        ),
    )

    recheck_id: Mapped[int] = mapped_column(ForeignKey("rechecks.id"), primary_key=True)
    planned_at: Mapped[datetime] = mapped_column(primary_key=True)
    roster_key: Mapped[str] = mapped_column(ForeignKey("roster.key"))
    verdict: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    capture: Mapped[str] = mapped_column(server_default="")
    visit: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime | None]


class NoticeRow(Base):
    """One message that went out, or did not: `kind` is digest or grave; `key` says what it was about, once.

    `upto` is the newest finding it knew of, `finds` the newest find of a saved search; `tried_at` is when the last of
    its `tries` began.
    """

    __tablename__ = "notices"

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    words: Mapped[str]
    upto: Mapped[Big]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int]
    tried_at: Mapped[datetime | None]
    error: Mapped[str]
    finds: Mapped[int] = mapped_column(server_default="0")
