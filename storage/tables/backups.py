"""The mapped class of backups: where each lies, what it came to, and whether it was restored for a test."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class BackupRow(Base):
    """One backup. It counts from `tested_at` on, when a test restore of it verified; `trouble` says why one did not."""

    __tablename__ = "backups"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    place: Mapped[str]
    files: Mapped[int]
    bytes: Mapped[Big]
    exhibits: Mapped[int]
    head: Mapped[str]
    made_by: Mapped[str]
    entry: Mapped[int]
    tested_at: Mapped[datetime | None]
    trouble: Mapped[str]
