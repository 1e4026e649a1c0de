"""The mapped classes of people: who may sign, how they prove who they are, and what two of them extracted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class UserRow(Base):
    """One person, for ever: who leaves is disabled, since old records name him. `password` is argon2id's own text.

    `failures` counts wrong passwords since the last right one. `districts` are those he works for, none for all.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    badge: Mapped[str] = mapped_column(unique=True)
    unit: Mapped[str]
    password: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    disabled_at: Mapped[datetime | None]
    disabled_by: Mapped[str]
    failures: Mapped[int]
    failed_at: Mapped[datetime | None]
    districts: Mapped[list[Any]] = mapped_column(server_default="[]")


class ExtractionRow(Base):
    """What two officers did with one exhibit; written once. `facts` is canonical JSON and has the steps in it.

    `visits` are ids of browser captures, `outcome` is a picture's verdict, `seal` the manifest that covers them.
    """

    __tablename__ = "extractions"

    id: Mapped[str] = mapped_column(primary_key=True)
    exhibit: Mapped[str] = mapped_column(ForeignKey("exhibits.public_id"), index=True)
    officer_a: Mapped[int] = mapped_column(ForeignKey("users.id"))
    officer_b: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    place: Mapped[str]
    visits: Mapped[list[Any]]
    outcome: Mapped[str]
    reason: Mapped[str]
    seal: Mapped[int | None]
    facts: Mapped[str]
