"""The mapped classes of keeping: holds, what retention has looked at, and which files lie on the shelf."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class HoldRow(Base):
    """A person's word that a listing's captures must stay; open until somebody lifts it."""

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_key: Mapped[str] = mapped_column(ForeignKey("listings.key"), index=True)
    person: Mapped[str]
    reason: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str]


class LookRow(Base):
    """A file that retention went through, and the date of the oldest record that stayed without a row in `captures`.

    Until that one is due, and nothing that has a row is, the file need not be opened again.
    """

    __tablename__ = "looks"

    file: Mapped[str] = mapped_column(primary_key=True)
    oldest: Mapped[datetime | None]


_IS_REPLACED = text("is_replaced")


class ShelvedRow(Base):
    """A file that was put on the shelf and read back from there; `sha256` is of all its bytes.

    `is_replaced` is true once an expiry put another in its place: it is to be taken from the shelf.
    """

    __tablename__ = "shelved"
    __table_args__ = (Index("ix_shelved_replaced", "file", sqlite_where=_IS_REPLACED, postgresql_where=_IS_REPLACED),)

    file: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[Big]
    sha256: Mapped[str]
    at: Mapped[datetime]
    is_replaced: Mapped[bool] = mapped_column(default=False)
