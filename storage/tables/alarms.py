"""The mapped classes of health: what each round saw of each platform, the alarms it came to, and how far was looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class PlatformLook(Base):
    """What one round saw of one platform: how its runs ended, and how many listings had which field.

    It follows from runs, pages and exhibits alone and is written again when another run of the round ends. Runs
    that ask for an address are not in it: they say how that address is, not how the platform is.
    """

    __tablename__ = "platform_looks"
    __table_args__ = (Index("ix_platform_looks_platform_device_at", "platform", "device", "at"),)

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    at: Mapped[datetime]
    runs: Mapped[int]
    clean: Mapped[int]
    empty: Mapped[int]
    login: Mapped[int]
    listings: Mapped[int]
    ads: Mapped[int]
    texts: Mapped[int]
    sellers: Mapped[int]
    prices: Mapped[int]
    images: Mapped[int]
    urls: Mapped[int]
    shown_urls: Mapped[int]


_STANDS = text("cleared_at IS NULL")


class AlarmRow(Base):
    """One alarm, for ever: it is cleared, never removed.

    `query` and `series` are empty where it is about a whole platform. `since` is when the trouble began, `usual` what
    was usual before, `last_at` the last look over it; `good` counts the good looks since the last bad one. `run_id` to
    `url` name the page that shows it.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index(
            "ix_alarms_standing",
            "kind",
            "platform",
            "query",
            "series",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("ix_alarms_series", "platform", "query", "kind", "series", "cleared_at"),
        Index("ix_alarms_raised_at", "raised_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    platform: Mapped[str]
    query: Mapped[str]
    series: Mapped[str]
    since: Mapped[datetime]
    raised_at: Mapped[datetime]
    last_at: Mapped[datetime]
    usual: Mapped[float]
    good: Mapped[int]
    cause: Mapped[str]
    words: Mapped[str]
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    page_number: Mapped[int]
    capture_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    url: Mapped[str]
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[str] = mapped_column(server_default="")
    acked_at: Mapped[datetime | None]
    acked_by: Mapped[str] = mapped_column(server_default="")
    acked_reason: Mapped[str] = mapped_column(server_default="")


class WatchedRow(Base):
    """Up to which moment the ended runs have been looked over for alarms."""

    __tablename__ = "watched"

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
