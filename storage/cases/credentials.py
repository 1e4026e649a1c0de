"""What proves people and what they asked and gave each other, as rows. Rows only repeat what audit entries say:
who may do what is never taken from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from crawler.errors import UserMistake
from storage.tables.credentials import CredentialRow, GrantRow
from storage.tables.people import UserRow

PASSWORD, TOKEN = "password", "token"
_CREDENTIAL = tuple(CredentialRow.__table__.columns)
_GRANT = (*GrantRow.__table__.columns, UserRow.name.label("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential to be written down, see `CredentialRow`."""

    user_id: int
    kind: str
    label: str
    salt: str
    public: str
    made_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One credential, see `CredentialRow`. `entry` is 0 until something introduced it."""

    id: int
    user_id: int
    kind: str
    label: str
    salt: str
    public: str
    made_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A grant that is asked for, see `GrantRow`."""

    user_id: int
    grant: str
    asked_at: datetime
    asked_by: str
    credential: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantAsked:
    """One grant, see `GrantRow`; `name` is the person's."""

    id: int
    user_id: int
    name: str
    grant: str
    credential: int | None
    asked_at: datetime
    asked_by: str
    confirmed_at: datetime | None
    confirmed_by: str
    ended_at: datetime | None
    ended_by: str
    entry: int | None


# -- credentials -----------------------------------------------------------------------------------


def add_credential(connection: Connection, new: NewCredential) -> int:
    """A row that nothing has introduced yet; its number."""
    values = asdict(new) | {"ended_at": None, "ended_by": "", "entry": 0}
    return int(connection.execute(insert(CredentialRow).values(values).returning(CredentialRow.id)).scalar_one())


def introduce(connection: Connection, number: int, entry: int) -> None:
    """This entry introduced it."""
    connection.execute(update(CredentialRow).where(CredentialRow.id == number).values(entry=entry))


def end_credential(connection: Connection, number: int, by: str, at: datetime) -> None:
    """It proves nothing from now on."""
    ended = update(CredentialRow).where(CredentialRow.id == number, CredentialRow.ended_at.is_(None))
    connection.execute(ended.values(ended_at=at, ended_by=by))


def credential_on(connection: Connection, number: int) -> Credential | None:
    """The credential of this number; there may be none."""
    row = connection.execute(select(*_CREDENTIAL).where(CredentialRow.id == number)).one_or_none()
    return Credential(**row._mapping) if row else None


def credentials_of(connection: Connection, user_id: int) -> tuple[Credential, ...]:
    """All of a person, ended ones too, in the order they were made."""
    query = select(*_CREDENTIAL).where(CredentialRow.user_id == user_id).order_by(CredentialRow.id)
    return tuple(Credential(**row._mapping) for row in connection.execute(query))


# -- grants ----------------------------------------------------------------------------------------


def add_grant(connection: Connection, new: NewGrant) -> int:
    """A grant that waits for another's confirmation; its number."""
    nothing = {"confirmed_at": None, "confirmed_by": "", "ended_at": None, "ended_by": "", "entry": None}
    return int(connection.execute(insert(GrantRow).values(asdict(new) | nothing).returning(GrantRow.id)).scalar_one())


def confirm_grant(connection: Connection, number: int, by: str, at: datetime, entry: int) -> None:
    """It holds from now on, by this entry."""
    confirmed = {"confirmed_at": at, "confirmed_by": by, "entry": entry}
    connection.execute(update(GrantRow).where(GrantRow.id == number).values(**confirmed))


def end_grant(connection: Connection, number: int, by: str, at: datetime) -> None:
    """It holds no longer, or never will."""
    connection.execute(update(GrantRow).where(GrantRow.id == number).values(ended_at=at, ended_by=by))


def grant_on(connection: Connection, number: int) -> GrantAsked:
    """The grant of this number; `UserMistake` when there is none."""
    row = connection.execute(_grants().where(GrantRow.id == number)).one_or_none()
    if row is None:
        raise UserMistake(f"没有第 {number} 号授权")
    return _grant(row)


def grants_on(connection: Connection, user_id: int = 0, after: int = 0, limit: int = 500) -> tuple[GrantAsked, ...]:
    """Grants in the order they were asked for, of one person or of all, those with a greater number than `after`."""
    query = _grants().where(GrantRow.id > after).order_by(GrantRow.id).limit(limit)
    found = query.where(GrantRow.user_id == user_id) if user_id else query
    return tuple(_grant(row) for row in connection.execute(found))


def set_districts(connection: Connection, user_id: int, districts: tuple[str, ...]) -> None:
    """The districts a person works for, none for all."""
    connection.execute(update(UserRow).where(UserRow.id == user_id).values(districts=list(districts)))


def _grants() -> Select[Any]:
    return select(*_GRANT).join_from(GrantRow, UserRow, GrantRow.user_id == UserRow.id)


def _grant(row: Row[Any]) -> GrantAsked:
    return GrantAsked(**row._mapping)
