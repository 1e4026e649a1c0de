"""The rows of identities: one for each name under which somebody appeared, each an actor of its own at first.

Whoever calls holds the write lock. Who is joined to whom is decided elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.bulk import Bulk
from storage.cases.appearances import Appearance, chunks
from storage.models import encodable
from storage.tables.actors import ActorRow, IdentityRow

Place = tuple[str, str]  # platform and key
CLOCK = "lantian"  # who joins and parts where no person did
_NEW_ACTORS = Bulk(insert(ActorRow))
_NEW_IDENTITIES = Bulk(insert(IdentityRow))
_SEEN = (
    update(IdentityRow.__table__)  # type: ignore[arg-type]
    .where(IdentityRow.__table__.c.id == bindparam("of"))
    .values(name=bindparam("called"), first_seen=bindparam("from_then"), last_seen=bindparam("until"))
)


def place_of(one: Appearance) -> Place:
    """Where its row is found."""
    return encodable(one.platform), encodable(one.key)


def settle_on(connection: Connection, appearances: Sequence[Appearance], now: datetime) -> dict[Place, int]:
    """The identity of each appearance; new ones are written, old ones are seen again."""
    known = known_identities(connection, appearances)
    newest = {place_of(one): one for one in sorted(appearances, key=lambda one: one.last_seen)}
    earliest: dict[Place, datetime] = {}
    for one in appearances:
        earliest[place_of(one)] = min(one.first_seen, earliest.get(place_of(one), one.first_seen))
    fresh = [place for place in newest if place not in known]
    numbers = dict(zip(fresh, range(next_number(connection), 2**62), strict=False))
    _found(connection, [(numbers[place], newest[place], earliest[place]) for place in fresh], now)
    _see(connection, [(row, newest[place], earliest[place]) for place, row in known.items()])
    return numbers | {place: row.id for place, row in known.items()}


def _found(connection: Connection, fresh: Sequence[tuple[int, Appearance, datetime]], now: datetime) -> None:
    _NEW_ACTORS.execute(connection, [new_actor(number, encodable(one.name), now) for number, one, _ in fresh])
    rows = [
        {
            "id": number,
            "actor_id": number,
            "kind": one.kind,
            "platform": one.platform,
            "key": one.key,
            "name": one.name,
            "first_seen": first,
            "last_seen": one.last_seen,
        }
        for number, one, first in fresh
    ]
    _NEW_IDENTITIES.execute(connection, rows)


def _see(connection: Connection, known: Sequence[tuple[Any, Appearance, datetime]]) -> None:
    rows = [
        {
            "of": row.id,
            "called": one.name if one.last_seen >= row.last_seen else row.name,
            "from_then": min(first, row.first_seen),
            "until": max(one.last_seen, row.last_seen),
        }
        for row, one, first in known
    ]
    if rows:
        connection.execute(_SEEN, rows)


def known_identities(connection: Connection, appearances: Sequence[Appearance]) -> dict[Place, Any]:
    """Those that have a row, by platform and key."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for platform, key in map(place_of, appearances):
        keys[platform].add(key)
    query = select(IdentityRow.__table__)
    return {
        (row.platform, row.key): row
        for platform, several in sorted(keys.items())
        for some in chunks(sorted(several))
        for row in connection.execute(query.where(IdentityRow.platform == platform, IdentityRow.key.in_(some)))
    }


def actors_of(connection: Connection, identities: Sequence[int]) -> dict[int, int]:
    """The actor of each identity."""
    query = select(IdentityRow.id, IdentityRow.actor_id)
    return {
        row.id: row.actor_id
        for some in chunks(identities)
        for row in connection.execute(query.where(IdentityRow.id.in_(some)))
    }


def new_actor(number: int, name: str, now: datetime) -> dict[str, Any]:
    """A row of an actor of whom nothing is known yet."""
    told = dict.fromkeys(("kind", "agency", "agency_kind", "agency_code", "agency_status", "credit_code"), "")
    told |= dict.fromkeys(("province", "in_charge", "matched_by", "matched_as"), "")
    unknown = dict.fromkeys(("merged_into", "registry_version", "matched_at", "match_entry", "kind_entry"))
    return {"id": number, "number": f"ZT-{number:06d}", "name": name, "made_at": now, **told, **unknown}


def next_number(connection: Connection) -> int:
    """Free as an actor and as an identity: an identity and the actor that it is at first share it."""
    taken = [connection.execute(select(func.max(one))).scalar_one() or 0 for one in (ActorRow.id, IdentityRow.id)]
    return max(taken) + 1
