"""People and what they extracted, as rows. Passwords pass through here only as what argon2 made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Signer, add_on, unsigned
from storage.db import writing
from storage.models import encodable
from storage.tables.people import ExtractionRow, UserRow

OURSELVES = "lantian"
WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word for the log
_EXTRACTION = tuple(ExtractionRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to be added; `badge` is the number of the law-enforcement certificate, `by` who adds."""

    name: str
    badge: str
    unit: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can sign, or could until `disabled_at`. `failures` are wrong passwords since the last right one."""

    id: int
    name: str
    badge: str
    unit: str
    added_at: datetime
    added_by: str
    disabled_at: datetime | None
    disabled_by: str
    failures: int
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Whose name was given in vain, why in a word, and for what."""

    name: str
    why: str
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What two officers did with one exhibit, see `ExtractionRow`; `officers` are rows of people."""

    id: str
    exhibit: str
    officers: tuple[int, int]
    started_at: datetime
    ended_at: datetime
    place: str
    visits: tuple[str, ...]
    outcome: str
    reason: str
    seal: int | None
    facts: str


class People:
    """Who there is. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def add(self, new: NewPerson, password: str, at: datetime) -> Person:
        """A new person with this password, already hashed; name and badge must be nobody's, not even a former one's."""
        with self._writer.begin() as connection:
            return add_person_on(connection, new, password, at)

    def everybody(self) -> tuple[Person, ...]:
        """In the order they were added, the disabled too."""
        with self.engine.connect() as connection:
            return tuple(_person(row) for row in connection.execute(select(*_PERSON).order_by(UserRow.id)))

    def named(self, name: str) -> Person:
        """This person, perhaps disabled; `UserMistake` when there is none."""
        with self.engine.connect() as connection:
            return _person(_row(connection, name))

    def disable(self, name: str, by: str, at: datetime) -> Person:
        """From now on this person signs nothing; what he signed stands."""
        with self._writer.begin() as connection:
            return disable_on(connection, Act(who=by, act="user_disabled", subject=name, at=at))

    # -- credentials ---------------------------------------------------------------------------

    def password_of(self, person: Person) -> str:
        """What argon2 made of the password."""
        with self.engine.connect() as connection:
            return str(connection.execute(select(UserRow.password).where(UserRow.id == person.id)).scalar_one())

    def note_refusal(self, refusal: Refusal) -> None:
        """Somebody was not believed. Wrong passwords are counted in the row: several processes count together."""
        wrong = update(UserRow).where(UserRow.name == encodable(refusal.name))
        detail = {"why": refusal.why, "for": refusal.purpose}
        with self._writer.begin() as connection:
            if refusal.why == WRONG_PASSWORD:
                connection.execute(wrong.values(failures=UserRow.failures + 1, failed_at=refusal.at))
            add_on(
                connection, Act(who=OURSELVES, act="refused", subject=refusal.name[:100], at=refusal.at, detail=detail)
            )

    def note_success(self, person: Person) -> None:
        """The right password: failures are forgotten."""
        with self._writer.begin() as connection:
            connection.execute(update(UserRow).where(UserRow.id == person.id).values(failures=0, failed_at=None))

    # -- extractions ---------------------------------------------------------------------------

    def keep_extraction(self, done: Extraction, by: tuple[Person, Person]) -> None:
        """Write down what was done, once; the log gets the digest of its facts."""
        digest = hashlib.sha256(done.facts.encode()).hexdigest()
        detail = {"extraction": done.id, "outcome": done.outcome, "facts": digest, "visits": done.visits}
        who = "、".join(one.name for one in by)
        act = Act(who=who, act="extracted", subject=done.exhibit, at=done.ended_at, detail=detail)
        values = {name: getattr(done, name) for name in _SAME}
        with self._writer.begin() as connection:
            connection.execute(
                insert(ExtractionRow).values(
                    **values, officer_a=by[0].id, officer_b=by[1].id, visits=list(done.visits), facts=done.facts
                )
            )
            add_on(connection, act)

    def extractions_of(self, exhibit: str) -> tuple[Extraction, ...]:
        """What officers did with this exhibit, the newest last; nothing when nobody did."""
        query = select(*_EXTRACTION).where(ExtractionRow.exhibit == exhibit)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(ExtractionRow.started_at, ExtractionRow.id)).all()
        return tuple(_extraction(row) for row in rows)


def add_person_on(
    connection: Connection, new: NewPerson, password: str, at: datetime, sign: Signer = unsigned
) -> Person:
    """See `People.add`; within the caller's transaction, with his signature. `password` is empty where a credential
    proves the person."""
    _refuse_taken(connection, new)
    values = {"name": new.name, "badge": new.badge, "unit": new.unit, "added_by": new.by}
    fresh = {"disabled_at": None, "disabled_by": "", "failures": 0, "failed_at": None}
    connection.execute(insert(UserRow).values(**values, password=password, added_at=at, **fresh))
    told = {"badge": new.badge, "unit": new.unit}
    add_on(connection, sign(Act(who=new.by, act="user_added", subject=new.name, at=at, detail=told)))
    return _person(_row(connection, new.name))


def disable_on(connection: Connection, act: Act) -> Person:
    """See `People.disable`; `act` is signed by whoever disables the person that is its subject."""
    if _row(connection, act.subject).disabled_at is not None:
        raise UserMistake(f"{act.subject} 已经停用")
    gone = update(UserRow).where(UserRow.name == act.subject).values(disabled_at=act.at, disabled_by=act.who)
    connection.execute(gone)
    add_on(connection, act)
    return _person(_row(connection, act.subject))


def person_on(connection: Connection, name: str) -> Person:
    """This person, perhaps disabled; `UserMistake` when there is none."""
    return _person(_row(connection, name))


_PERSON = tuple(column for column in UserRow.__table__.columns if column.name in Person.__slots__)
_SAME = ("id", "exhibit", "started_at", "ended_at", "place", "outcome", "reason", "seal")


def _row(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(select(*_PERSON).where(UserRow.name == encodable(name))).one_or_none()
    if row is None:
        raise UserMistake(f"没有用户 {name!r}")
    return row


def _refuse_taken(connection: Connection, new: NewPerson) -> None:
    taken = select(UserRow.name, UserRow.badge).where((UserRow.name == new.name) | (UserRow.badge == new.badge))
    for row in connection.execute(taken):
        if row.name == new.name:
            raise UserMistake(f"已经有用户 {new.name}；同名的人请加以区别")
        raise UserMistake(f"执法证号 {new.badge} 已经是 {row.name} 的")


def _person(row: Row[Any]) -> Person:
    return Person(**{name: row._mapping[name] for name in Person.__slots__})


def _extraction(row: Row[Any]) -> Extraction:
    same = {name: row._mapping[name] for name in _SAME}
    officers = (row.officer_a, row.officer_b)
    return Extraction(**same, officers=officers, visits=tuple(row.visits), facts=row.facts)
