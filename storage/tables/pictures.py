"""The mapped classes of pictures: which wait to be read, and what was read in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, TextClause, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

_IS_PENDING = text("state = 'pending'")
_IS_READ = text("state = 'read'")
_HAS_CAPTURE = text("capture_id IS NOT NULL")
_HAS_BYTES = text("sha256 <> ''")


def _picture_index(name: str, where: TextClause, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class PictureRow(Base):
    """A picture of one exhibit that was to be read, and what became of it. `sha256` is of its bytes."""

    __tablename__ = "pictures"
    __table_args__ = (
        UniqueConstraint("exhibit_id", "url"),
        _picture_index("ix_pictures_pending", _IS_PENDING, "url", "id"),
        _picture_index("ix_pictures_read", _IS_READ, "url"),
        _picture_index("ix_pictures_capture_id", _HAS_CAPTURE, "capture_id"),
        _picture_index("ix_pictures_sha256", _HAS_BYTES, "sha256", "exhibit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    exhibit_id: Mapped[int] = mapped_column(ForeignKey("exhibits.id"))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    url: Mapped[str]
    queued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    capture_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    sha256: Mapped[str]
    findings: Mapped[int]


class PictureTextRow(Base):
    """What stands in a picture, by the digest of its bytes: read once, however many listings show it."""

    __tablename__ = "picture_texts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    engine: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    lines: Mapped[list[Any]]
    marks: Mapped[list[Any]]
    read_at: Mapped[datetime]


# Written out, for SQLite takes an index of some rows only where it reads their condition in the question.
HAS_BYTES = PictureRow.sha256 != literal_column("''")
