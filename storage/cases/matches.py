"""Which actors the registry has to be asked about again, what they call themselves, and what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from crawler.agencies import Agency
from storage.cases.actor_acts import agency_values
from storage.cases.identities import CLOCK
from storage.tables.actors import ActorRow, ContactRow, IdentityRow

WORDS_AT_MOST = 200  # of one actor; a registry is asked for each
CODES = ("credit_code", "agency_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an actor calls himself and shows. What a person `said` he is, by code or name, is asked for alone."""

    actor: int
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    is_said: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the registry says: the agency, and by what it was found; `office` is in charge of it."""

    actor: int
    agency: Agency | None
    matched_as: str
    office: str = ""


def due_on(connection: Connection, version: int, limit: int) -> list[Known]:
    """Actors that this version of the registry was not asked about, at most so many."""
    of = ActorRow.registry_version
    found: list[Any] = []
    for one in (of.is_(None), of < version, of > version):
        query = select(ActorRow.__table__).where(ActorRow.merged_into.is_(None), one).order_by(of, ActorRow.id)
        found += connection.execute(query.limit(limit - len(found))).all()
        if len(found) == limit:
            break
    return [_known(connection, row) for row in found]


def answer_on(connection: Connection, answers: Sequence[Answered], version: int, now: datetime) -> None:
    """Write down what a version answered. Who was matched by a person stays so, with a new status."""
    for one in answers:
        values = agency_values(one.agency) | {"registry_version": version, "in_charge": one.office}
        of = update(ActorRow).where(ActorRow.id == one.actor)
        by_clock = {"matched_as": one.matched_as, "matched_by": CLOCK if one.agency else "", "matched_at": now}
        connection.execute(of.where(ActorRow.match_entry.is_(None)).values(**values, **by_clock))
        if one.agency is not None:
            connection.execute(of.where(ActorRow.match_entry.is_not(None)).values(**values))
        else:
            connection.execute(of.values(registry_version=version))


def _known(connection: Connection, row: Any) -> Known:
    if row.match_entry is not None:
        return Known(actor=row.id, is_said=True, said=row.agency_code or row.credit_code or row.agency)
    names = select(IdentityRow.name).where(IdentityRow.actor_id == row.id, IdentityRow.kind != "listing")
    identities = select(IdentityRow.id).where(IdentityRow.actor_id == row.id)
    shown = select(ContactRow.kind, ContactRow.value).where(
        ContactRow.identity_id.in_(identities),
        ContactRow.kind.in_((*CODES, "company")),
        ContactRow.is_common.is_(False),
    )
    contacts = connection.execute(shown.order_by(ContactRow.id).limit(WORDS_AT_MOST)).all()
    return Known(
        actor=row.id,
        names=_once(connection.execute(names.order_by(IdentityRow.id).limit(WORDS_AT_MOST)).scalars().all()),
        codes=_once([one.value for one in contacts if one.kind in CODES]),
        mentioned=_once([one.value for one in contacts if one.kind not in CODES]),
    )


def _once(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
