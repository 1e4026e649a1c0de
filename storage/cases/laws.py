"""What a named legal reviewer confirmed of which version of an article, and which powers other offices gave ours.

It judges no article: a confirmation counts for the very version it was given for, and only while that version stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.audit import Act, Signer, add_on
from storage.db import writing
from storage.models import encodable
from storage.tables.letters import DelegationRow, LawConfirmationRow

MOST = 2000  # confirmations and delegations an office has; its articles are some hundreds
_CONFIRMATION = (
    LawConfirmationRow.id,
    LawConfirmationRow.article,
    LawConfirmationRow.digest,
    LawConfirmationRow.source,
    LawConfirmationRow.confirmed_at,
    LawConfirmationRow.confirmed_by,
    LawConfirmationRow.entry,
)
_DELEGATION = tuple(DelegationRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class LawConfirmation:
    """Somebody read one version of an article against `source`; `entry` is the audit entry that proves it."""

    id: int
    article: str
    digest: str
    source: str
    confirmed_at: datetime
    confirmed_by: str
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelegation:
    """A power that another office gave ours; `kind` is delegation (委托) or assignment (交办), both days included."""

    number: str
    kind: str
    giver: str
    scope: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDelegation(NewDelegation):
    """The same as it is kept: by whom it was added and, before its last day, ended."""

    id: int
    added_at: datetime
    added_by: str
    ended_at: datetime | None
    ended_by: str
    entry: int


class Laws:
    """Confirmations and delegations of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def confirm(self, article: str, digest: str, source: str, now: datetime, sign: Signer) -> LawConfirmation:
        """Write that a version was read against its source; a version that somebody confirmed already stays his."""
        detail = {"digest": digest, "source": source}
        act = sign(Act(who="", act="law_confirm", subject=article, at=now, detail=detail))
        with writing(self._engine).begin() as connection:
            known = select(*_CONFIRMATION).where(
                LawConfirmationRow.article == article, LawConfirmationRow.digest == digest
            )
            if (row := connection.execute(known).one_or_none()) is None:
                values = {
                    "article": article,
                    "digest": digest,
                    "source": encodable(source),
                    "confirmed_at": now,
                    "confirmed_by": act.who,
                    "entry": add_on(connection, act),
                }
                connection.execute(insert_once(LawConfirmationRow).values(values).on_conflict_do_nothing())
                row = connection.execute(known).one()
        return LawConfirmation(**row._mapping)

    def confirmed(self, limit: int = MOST) -> tuple[LawConfirmation, ...]:
        """Every confirmation, newest first."""
        query = select(*_CONFIRMATION).order_by(LawConfirmationRow.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return tuple(LawConfirmation(**row._mapping) for row in connection.execute(query))

    def confirmations(self) -> Mapping[tuple[str, str], str]:
        """Who confirmed which version, as `casework.law.choose` asks for it. Rows: the log alone proves them."""
        return {(one.article, one.digest): one.confirmed_by for one in self.confirmed()}

    def add_delegation(self, new: NewDelegation, now: datetime, sign: Signer) -> KeptDelegation:
        """Write down a delegation; `UserMistake` where its number is there already."""
        told = {"kind": new.kind, "giver": new.giver, "scope": new.scope}
        detail = {**told, "first": str(new.first), "last": str(new.last), "step": "add"}
        act = sign(Act(who="", act="delegation", subject=new.number, at=now, detail=detail))
        with writing(self._engine).begin() as connection:
            known = select(DelegationRow.id).where(DelegationRow.number == encodable(new.number))
            if connection.execute(known).one_or_none():
                raise UserMistake(f"{new.number} 已经登记")
            values = {
                "number": encodable(new.number),
                "kind": new.kind,
                "giver": encodable(new.giver),
                "scope": [encodable(word) for word in new.scope],
                "first_day": _moment(new.first),
                "last_day": _moment(new.last),
                "added_at": now,
                "added_by": act.who,
                "ended_at": None,
                "ended_by": "",
                "entry": add_on(connection, act),
            }
            connection.execute(insert(DelegationRow).values(values))
        return self.delegation(new.number)

    def end_delegation(self, number: str, reason: str, now: datetime, sign: Signer) -> KeptDelegation:
        """End one before its last day; `UserMistake` where there is none, or it has ended."""
        if self.delegation(number).ended_at is not None:
            raise UserMistake(f"{number} 已经终止")
        act = sign(Act(who="", act="delegation", subject=number, at=now, detail={"step": "end", "reason": reason}))
        live = (DelegationRow.number == encodable(number), DelegationRow.ended_at.is_(None))
        with writing(self._engine).begin() as connection:
            ended = connection.execute(
                update(DelegationRow).where(*live).values(ended_at=now, ended_by=act.who).returning(DelegationRow.id)
            )
            if ended.one_or_none() is None:
                raise UserMistake(f"{number} 已经终止")
            add_on(connection, act)
        return self.delegation(number)

    def delegation(self, number: str) -> KeptDelegation:
        """One by its document's number."""
        query = select(*_DELEGATION).where(DelegationRow.number == encodable(number))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UserMistake(f"没有登记委托或交办文书 {number}：lantian law delegation list")
        return _kept(row)

    def delegations(self, on: date | None = None) -> tuple[KeptDelegation, ...]:
        """All there ever were, newest first; on a day, those that nobody has ended.

        One past its last day is among them: that a document has run out is a reason that must be told.
        """
        query = select(*_DELEGATION).order_by(DelegationRow.id.desc()).limit(MOST)
        with self._engine.connect() as connection:
            kept = tuple(_kept(row) for row in connection.execute(query))
        return tuple(one for one in kept if on is None or one.ended_at is None)


def _moment(day: date) -> datetime:
    """A day of ours as the moment it begins."""
    return datetime.combine(day, time(), SHANGHAI)


def _kept(row: Row[Any]) -> KeptDelegation:
    return KeptDelegation(
        id=row.id,
        number=row.number,
        kind=row.kind,
        giver=row.giver,
        scope=tuple(row.scope),
        first=row.first_day.astimezone(SHANGHAI).date(),
        last=row.last_day.astimezone(SHANGHAI).date(),
        added_at=row.added_at,
        added_by=row.added_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        entry=row.entry,
    )
