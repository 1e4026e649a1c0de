"""The mapped classes of what processes and machines share: turns on hosts, hosts left alone, files handed over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class HostTurnRow(Base):
    """The line before one host, in seconds of the clock that all who use this database share."""

    __tablename__ = "host_turns"

    host: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[float]
    begun_at: Mapped[float]
    looked_at: Mapped[float]


class CoolDownRow(Base):
    """A host that refused us is left alone until then; the newest word counts."""

    __tablename__ = "cool_downs"

    host: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[str]


_IS_WAITING = text("collected_at IS NULL")


class HandedOverRow(Base):
    """A file of records that a worker began; from `at` on it lies on the shelf under `incoming/`, read back from there.

    `size` and `sha256` are of all its bytes, once it lies there. Until `collected_at` it belongs to no archive folder
    but the worker's.
    """

    __tablename__ = "handed_over"
    __table_args__ = (Index("ix_handed_over_waiting", "at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),)

    file: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str]
    begun_at: Mapped[datetime]
    size: Mapped[Big | None]
    sha256: Mapped[str | None]
    at: Mapped[datetime | None]
    collected_at: Mapped[datetime | None]
