"""The mapped classes of complete captures: where each lies, what it shows, which paid links were opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class BrowserCaptureRow(Base):
    """One visit of the browser: its records lie together in `file`. One that no run asked for has no run."""

    __tablename__ = "browser_captures"

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    requested_url: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    file: Mapped[str] = mapped_column(index=True)
    offset: Mapped[Big]
    length: Mapped[Big]
    records: Mapped[int]
    picture_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    dom_id: Mapped[str] = mapped_column(ForeignKey("captures.id"))
    text_id: Mapped[str] = mapped_column(ForeignKey("captures.id"))
    mhtml_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    facts_id: Mapped[str] = mapped_column(ForeignKey("captures.id"))
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"), index=True)
    page_number: Mapped[int | None]
    is_specimen: Mapped[bool]


class ShowingRow(Base):
    """What a browser capture is worth for one exhibit. `frame` holds the boxes of its quotes in the picture."""

    __tablename__ = "showings"
    __table_args__ = (Index("ix_showings_listing_key", "listing_key", "verdict", "exhibit_id"),)

    exhibit_id: Mapped[int] = mapped_column(ForeignKey("exhibits.id"), primary_key=True, autoincrement=False)
    listing_key: Mapped[str] = mapped_column(ForeignKey("listings.key"))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    browser_capture_id: Mapped[str | None] = mapped_column(ForeignKey("browser_captures.id"), index=True)
    verdict: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    frame: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int]
    seen_at: Mapped[datetime]


class PaidOpeningRow(Base):
    """An advertisement's own link that was opened; the row is there before the link is.

    `listing_key` has no foreign key: an advertisement that is seen for the first time is written down later.
    """

    __tablename__ = "paid_openings"
    __table_args__ = (Index("ix_paid_openings_listing_key", "listing_key", "opened_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_key: Mapped[str]
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    opened_at: Mapped[datetime]
    outcome: Mapped[str]
    browser_capture_id: Mapped[str | None] = mapped_column(ForeignKey("browser_captures.id"))
