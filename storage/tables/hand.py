"""The mapped classes of what people do by hand: tasks behind walls, files, profiles, what was signed for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big

_IS_OPEN = text("closed_at IS NULL")


class TaskRow(Base):
    """One query of one platform that a person must look at, for ever one row: it is closed, and opened again.

    `place` and `device` are those of the watch that met the wall: a page for telephones is another page.
    `run_id` is the run that last met the wall; `times` counts them since the task was last opened.
    `closed_how` says in a word what closed it: import, clean_run or person.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("platform", "query", "place", "device"),
        Index("ix_tasks_open", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    query: Mapped[str]
    place: Mapped[str]
    device: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    first_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]
    closed_how: Mapped[str]
    closed_why: Mapped[str]


class ImportRow(Base):
    """One file a person brought in. `capture_id` is the file itself, whole; what it says of itself is a claim."""

    __tablename__ = "imports"
    __table_args__ = (UniqueConstraint("sha256", "platform"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    platform: Mapped[str]
    capture_id: Mapped[str] = mapped_column(ForeignKey("captures.id"), unique=True)
    name: Mapped[str]
    size: Mapped[Big]
    format: Mapped[str]
    by: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    how: Mapped[str]
    note: Mapped[str]
    claimed_url: Mapped[str]
    claimed_at: Mapped[str]
    is_clean: Mapped[bool]


class ImportedPageRow(Base):
    """One page out of such a file, as it was read: its own capture, or the file's where that is the page."""

    __tablename__ = "imported_pages"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "page_number"], ["pages.run_id", "pages.number"]),
        UniqueConstraint("run_id", "page_number"),
    )

    capture_id: Mapped[str] = mapped_column(ForeignKey("captures.id"), primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
    run_id: Mapped[str]
    page_number: Mapped[int]
    claimed_url: Mapped[str]
    claimed_at: Mapped[str]


class ConfirmationRow(Base):
    """Two officers who answer for an imported exhibit, each by his own password."""

    __tablename__ = "confirmations"

    exhibit: Mapped[str] = mapped_column(primary_key=True)
    officer_a: Mapped[int] = mapped_column(ForeignKey("users.id"))
    officer_b: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


class ProfileRow(Base):
    """One time a person signed in at a platform with the office's own account; the newest of a platform holds.

    `paused_at` is when it was found signed out: nothing uses it any more. `sha256` is of the encrypted file.
    """

    __tablename__ = "profiles"
    __table_args__ = (Index("ix_profiles_platform", "platform", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    sha256: Mapped[str]
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str]


class OverrideRow(Base):
    """A named person's decision against a robots.txt."""

    __tablename__ = "overrides"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(index=True)
    person: Mapped[str]
    reason: Mapped[str]
    signed_at: Mapped[datetime]
