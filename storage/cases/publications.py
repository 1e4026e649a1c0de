"""The publication list (公示): entries that end by themselves on their last day, or when credit was restored.

An entry is never deleted: what was published, by whom, until when and why it went stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Detail, Signer, add_on
from storage.tables.actors import ActorRow
from storage.tables.leads import CaseRow
from storage.tables.reports import PublicationRow

PUBLISH, REMOVE = "publish_add", "publish_remove"
LONGEST_ID = 2**31 - 1
_ENTRY = tuple(PublicationRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPublication:
    """What is to be published of a case. `first_day` and `last_day` are the beginnings of days in Shanghai.

    `approvals` are the audit entries it rests on.
    """

    case_id: int
    case: str
    title: str
    facts: str
    basis: str
    at: datetime
    by: str
    first_day: datetime
    last_day: datetime
    approvals: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One entry, see `storage.tables.reports.PublicationRow`; `case` and `actor` are as they are called now."""

    id: int
    case_id: int
    case: str
    actor: str
    credit_code: str
    title: str
    facts: str
    basis: str
    published_at: datetime
    published_by: str
    first_day: datetime
    last_day: datetime
    removed_at: datetime | None
    removed_by: str
    reason: str
    entry: int


class Publications:
    """The entries of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def in_force(self, day: datetime, ends: datetime, after: int = 0, limit: int = 200) -> tuple[Publication, ...]:
        """Those on the list on the day that begins at `day` and is over at `ends`, as they were published."""
        is_on = (PublicationRow.first_day <= day) & (PublicationRow.last_day >= day)
        stands = PublicationRow.removed_at.is_(None) | (PublicationRow.removed_at >= ends)
        query = _told().where(is_on, stands, PublicationRow.id > after)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(PublicationRow.id).limit(limit))
            return tuple(Publication(**row._mapping) for row in rows)

    def publication(self, number: int) -> Publication:
        """One entry; `UserMistake` for none."""
        with self.engine.connect() as connection:
            return _one(connection, number)

    def begun(self, since: datetime, until: datetime) -> int:
        """How many entries began in this stretch; whatever was over before it is not looked at."""
        query = select(func.count()).where(
            PublicationRow.last_day >= since, PublicationRow.first_day >= since, PublicationRow.first_day < until
        )
        with self.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


def add_publication(connection: Connection, new: NewPublication, sign: Signer) -> Publication:
    """Write an entry and the act in one; the transaction must hold the write lock."""
    detail: Detail = {
        "title": new.title,
        "facts": new.facts,
        "basis": new.basis,
        "first_day": new.first_day.date().isoformat(),
        "last_day": new.last_day.date().isoformat(),
        "approvals": [str(one) for one in new.approvals],
    }
    signed = sign(Act(who=new.by, act=PUBLISH, subject=new.case, at=new.at, detail=detail))
    entry = add_on(connection, signed)
    values = {name: value for name, value in asdict(new).items() if name not in ("case", "at", "by", "approvals")}
    fresh = {"removed_at": None, "removed_by": "", "reason": ""}
    told = values | fresh | {"published_at": new.at, "published_by": signed.who, "entry": entry}
    number = connection.execute(insert(PublicationRow).values(told).returning(PublicationRow.id)).scalar_one()
    return _one(connection, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Which entry goes, why, when and at whose word."""

    number: int
    reason: str
    at: datetime
    by: str


def remove_publication(connection: Connection, removal: Removal, sign: Signer) -> Publication:
    """The entry is off the list from now on."""
    found = _one(connection, removal.number)
    if found.removed_at is not None:
        raise UserMistake(f"公示 {removal.number} 已经移出名单")
    detail: Detail = {"publication": removal.number, "reason": removal.reason}
    signed = sign(Act(who=removal.by, act=REMOVE, subject=found.case, at=removal.at, detail=detail))
    add_on(connection, signed)
    gone = {"removed_at": removal.at, "removed_by": signed.who, "reason": removal.reason}
    connection.execute(update(PublicationRow).where(PublicationRow.id == removal.number).values(gone))
    return _one(connection, removal.number)


def _told() -> Any:
    actor = (func.coalesce(func.nullif(ActorRow.agency, ""), ActorRow.name, "").label("actor"),)
    credit = func.coalesce(ActorRow.credit_code, "").label("credit_code")
    query = select(*_ENTRY, CaseRow.number.label("case"), *actor, credit)
    query = query.join(CaseRow, CaseRow.id == PublicationRow.case_id)
    return query.outerjoin(ActorRow, ActorRow.id == CaseRow.actor_id)


def _one(connection: Connection, number: int) -> Publication:
    known = 0 < number <= LONGEST_ID
    rows: Sequence[Row[Any]] = connection.execute(_told().where(PublicationRow.id == number)).all() if known else ()
    if not rows:
        raise UserMistake(f"没有公示 {number}")
    return Publication(**rows[0]._mapping)
