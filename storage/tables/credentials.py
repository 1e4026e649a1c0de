"""The mapped classes of what proves a person and what each may do: credentials, and grants that two people gave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class CredentialRow(Base):
    """One way in which a person proves himself and signs: `kind` is password or token.

    `public` is the Ed25519 key that the secret gives with `salt`, both hexadecimal; the secret is nowhere.
    `entry` is the audit entry that introduced it.
    """

    __tablename__ = "credentials"
    __table_args__ = (UniqueConstraint("public"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    label: Mapped[str]
    salt: Mapped[str]
    public: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    entry: Mapped[int]


class GrantRow(Base):
    """A role or right of a person, asked for by one and confirmed by another; never removed, only ended.

    It holds from `confirmed_at` to `ended_at`. `entry` is the audit entry of the confirmation, null while it waits.
    A new password set by others is one too: `grant` is password and `credential` the row that counts from then on.
    """

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    grant: Mapped[str]
    credential: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"))
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    entry: Mapped[int | None]
