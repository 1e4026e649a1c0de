"""The mapped classes of actors: who stands behind shops and accounts, what joins them, and who undid a join."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class ActorRow(Base):
    """One or several identities that are taken for one: a shop, an account, a company, an agency.

    What the registry says of it is as of `registry_version`; `filing` is filed, unfiled or empty for a trademark
    agency. `merged_into` is where the identities of an actor went that was joined to another.
    """

    __tablename__ = "actors"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    made_at: Mapped[datetime]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("actors.id"), index=True)
    agency: Mapped[str]
    agency_kind: Mapped[str]
    agency_code: Mapped[str]
    agency_status: Mapped[str]
    credit_code: Mapped[str]
    province: Mapped[str]
    in_charge: Mapped[str]
    registry_version: Mapped[int | None]
    matched_by: Mapped[str]
    matched_at: Mapped[datetime | None]


class IdentityRow(Base):
    """One name under which somebody appears: a seller of a platform, an own site. `key` is what is his alone there."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("platform", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    kind: Mapped[str]
    platform: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class ContactRow(Base):
    """What an identity showed that others may show too: a phone, WeChat, QQ, mail, ICP, licence, name or picture.

    `value` is in normal form, `exhibit` the first that showed it. One that `is_common` joins nobody.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("identity_id", "kind", "value"),
        Index("ix_contacts_kind_value", "kind", "value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identities.id"))
    kind: Mapped[str]
    value: Mapped[str]
    exhibit: Mapped[str]
    seen_at: Mapped[datetime]
    is_common: Mapped[bool]


class JoinRow(Base):
    """Why two identities are one actor: what both showed, or a person's word; open until somebody undid it."""

    __tablename__ = "joins"

    id: Mapped[int] = mapped_column(primary_key=True)
    one_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str]
    reason: Mapped[str]
