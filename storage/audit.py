"""The audit log: who did what, each entry chained to the one before. It is only ever appended to.

An entry's digest is SHA-256 over the canonical JSON of id, at, who, act, subject, detail and the
digest before; the log's head goes into every manifest, so that a log rewritten later does not fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.pool import Pool

from storage.canonical import canonical
from storage.db import writing
from storage.models import encodable
from storage.tables.sealing import AuditRow
from storage.warc import date

Detail = Mapping[str, str | int | bool | Sequence[str]]
Signer = Callable[["Act"], "Act"]  # gives an act the signature of whoever acts
BATCH = 1000
# By pool: all engines made of one engine share it.
_SIGNERS: WeakKeyDictionary[Pool, tuple[str, Signer]] = WeakKeyDictionary()
_COLUMNS: tuple[InstrumentedAttribute[object], ...] = tuple(
    getattr(AuditRow, column.name) for column in AuditRow.__table__.columns
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody did: `who` is a person's name or our own, `act` a word, `subject` what it was done to."""

    who: str
    act: str
    subject: str
    at: datetime
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """How many entries there are and the digest of the last; 0 and empty where there is none."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry as it was written."""

    id: int
    at: datetime
    who: str
    act: str
    subject: str
    detail: str
    previous: str
    digest: str

    def computed(self) -> str:
        """The digest that its own words come to."""
        told = {
            "act": self.act,
            "at": date(self.at),
            "detail": self.detail,
            "id": self.id,
            "previous": self.previous,
            "subject": self.subject,
            "who": self.who,
        }
        return hashlib.sha256(canonical(told)).hexdigest()

    def follows(self, last: AuditHead) -> bool:
        """Whether it is the next after `last`, and its digest its own."""
        return (self.id, self.previous, self.digest) == (last.count + 1, last.digest, self.computed())


def unsigned(act: Act) -> Act:
    """The signer of what nobody does: the clock's own acts."""
    return act


def add_on(connection: Connection, act: Act) -> int:
    """Append an entry within the caller's own transaction, so that act and entry are one commit; its number.

    The transaction must hold the write lock (`storage.db.writing`): the entry before is read here.
    """
    last, act = head_on(connection), _signed(connection, act)
    detail = canonical({name: encodable(value) for name, value in act.detail.items()}).decode().rstrip("\n")
    entry = AuditEntry(
        id=last.count + 1,
        at=act.at,
        who=encodable(act.who),
        act=act.act,
        subject=encodable(act.subject),
        detail=detail,
        previous=last.digest,
        digest="",
    )
    connection.execute(insert(AuditRow).values(asdict(entry) | {"digest": entry.computed()}))
    return entry.id


def sign_as(engine: Engine, name: str, sign: Signer) -> None:
    """From now on whatever this person does through this engine is signed, by whichever module it is written down."""
    _SIGNERS[engine.pool] = (name, sign)


def _signed(connection: Connection, act: Act) -> Act:
    name, sign = _SIGNERS.get(connection.engine.pool, ("", None))
    return sign(act) if sign is not None and act.who == name and "signature" not in act.detail else act


def head_on(connection: Connection) -> AuditHead:
    """The head as this transaction sees it."""
    newest = select(AuditRow.id, AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return AuditHead(count=row.id, digest=row.digest) if row else AuditHead(count=0, digest="")


def entries_of(connection: Connection, acts: Sequence[str]) -> list[AuditEntry]:
    """All entries of these acts, in their order. For acts of which there are few: those about people."""
    query = select(*_COLUMNS).where(AuditRow.act.in_(acts)).order_by(AuditRow.id)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def entry_on(connection: Connection, number: int) -> AuditEntry | None:
    """The entry of this number; there may be none."""
    row = connection.execute(select(*_COLUMNS).where(AuditRow.id == number)).one_or_none()
    return AuditEntry(**row._mapping) if row else None


class AuditLog:
    """The log of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, act: Act) -> None:
        """Append an entry in a transaction of its own."""
        with writing(self._engine).begin() as connection:
            add_on(connection, act)

    def head(self) -> AuditHead:
        """How many entries, and the digest of the last."""
        with self._engine.begin() as connection:
            return head_on(connection)

    def entries(self, after: int = 0, limit: int = BATCH) -> list[AuditEntry]:
        """Entries in their order, those with a greater id than `after`."""
        query = select(*_COLUMNS).where(AuditRow.id > after).order_by(AuditRow.id).limit(limit)
        with self._engine.begin() as connection:
            return [AuditEntry(**row._mapping) for row in connection.execute(query)]
