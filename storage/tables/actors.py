"""The mapped classes of actors: who stands behind shops and accounts, what joins them, and who undid a join."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

_IS_OWN = text("merged_into IS NULL")


class ActorRow(Base):
    """One or several identities that are taken for one: a shop, an account, a company, an agency.

    What the registry says of it is as of `registry_version`, null while it has not been asked; `matched_as` is how it
    was matched (name, code, mention, person). `kind` is what a person confirmed, empty when nobody did. `merged_into`
    is where the identities of an actor went that was joined to another. An identity and the actor that it was at
    first have one id. `kind_entry` and `match_entry` are a person's audit entries.
    """

    __tablename__ = "actors"
    __table_args__ = (
        Index("ix_actors_registry_version", "registry_version", "id", sqlite_where=_IS_OWN, postgresql_where=_IS_OWN),
    )

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
    matched_as: Mapped[str]
    match_entry: Mapped[int | None]
    kind_entry: Mapped[int | None]


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
    """Why two identities are one actor: what both showed, or a person's word; open until somebody undid it.

    `value` is the contact both showed; of kind person it is the reason he gave. `reason` is why it was undone.
    `entry` and `undone_entry` are a person's audit entries.
    """

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
    entry: Mapped[int | None]
    undone_entry: Mapped[int | None]
