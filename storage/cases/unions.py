"""Actors become one, and part again, as joins between their identities say; leads and cases follow the identities.

The larger keeps its number, of equal ones the older. What parts gets back the number it had before, where it had one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.audit import Act, add_on
from storage.cases.appearances import appearances_on, chunks
from storage.cases.identities import CLOCK, actors_of, known_identities, new_actor, next_number
from storage.models import ListingRow
from storage.tables.actors import ActorRow, IdentityRow, JoinRow
from storage.tables.leads import CaseRow, LeadRow

_MATCH = ("agency", "agency_kind", "agency_code", "agency_status", "credit_code", "province", "in_charge")
_PERSONS = (*_MATCH, "matched_by", "matched_at", "matched_as", "match_entry")
_NOBODYS = dict.fromkeys((*_MATCH, "matched_by", "matched_as"), "") | {"matched_at": None, "match_entry": None}


class Components:
    """Which of some things belong together, by pairs."""

    def __init__(self, things: Iterable[int] = ()) -> None:
        self._of = {one: one for one in things}

    def join(self, one: int, other: int) -> None:
        self._of[self.root(one)] = self.root(other)

    def root(self, one: int) -> int:
        while self._of.setdefault(one, one) != one:
            self._of[one] = self._of[self._of[one]]
            one = self._of[one]
        return one

    def sets(self) -> list[list[int]]:
        """Each of them sorted, the one with the lowest first."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for one in sorted(self._of):
            found[self.root(one)].append(one)
        return list(found.values())


# -- becoming one ----------------------------------------------------------------------------------


def unite_on(connection: Connection, pairs: Sequence[tuple[int, int]], now: datetime) -> list[int]:
    """One actor out of the actors of each of these pairs of identities; the actors that have grown."""
    actors = actors_of(connection, sorted({one for pair in pairs for one in pair}))
    components = Components()
    for one, other in pairs:
        components.join(actors[one], actors[other])
    return [_united(connection, some, now) for some in components.sets() if len(some) > 1]


def _united(connection: Connection, actors: Sequence[int], now: datetime) -> int:
    sizes = _sizes(connection, actors)
    target = min(actors, key=lambda one: (-sizes[one], one))
    others = [one for one in actors if one != target]
    rows = _rows(connection, actors)
    told: dict[str, Any] = {"joined": [rows[one].number for one in others]}
    for some in chunks(others):
        connection.execute(update(IdentityRow).where(IdentityRow.actor_id.in_(some)).values(actor_id=target))
        connection.execute(update(ActorRow).where(ActorRow.merged_into.in_(some)).values(merged_into=target))
        connection.execute(update(ActorRow).where(ActorRow.id.in_(some)).values(merged_into=target))
    told |= {"leads": _move(connection, LeadRow, others, target), "cases": _move(connection, CaseRow, others, target)}
    inherited, told["conflict"] = _inherited(rows[target], [rows[one] for one in others])
    connection.execute(update(ActorRow).where(ActorRow.id == target).values(registry_version=None, **inherited))
    add_on(connection, Act(who=CLOCK, act="actors_joined", subject=rows[target].number, at=now, detail=told))
    return target


def _move(connection: Connection, of: type[LeadRow | CaseRow], others: Sequence[int], target: int) -> list[str]:
    moved: list[str] = []
    for some in chunks(others):
        statement = update(of).where(of.actor_id.in_(some)).values(actor_id=target)
        moved += connection.execute(statement.returning(of.number)).scalars()
    return sorted(moved)


def _inherited(target: Any, others: Sequence[Any]) -> tuple[dict[str, Any], list[str]]:
    """What persons said of those that are joined holds for the whole, unless they said different things."""
    taken: dict[str, Any] = {}
    conflict: list[str] = []
    said = [one for one in (target, *others) if one.kind]
    if len({one.kind for one in said}) > 1:
        taken |= {"kind": "", "kind_entry": None}
        conflict.append("kind")
    elif said and not target.kind:
        taken |= {"kind": said[0].kind, "kind_entry": said[0].kind_entry}
    matched = [one for one in (target, *others) if one.match_entry is not None]
    if len({(one.agency_code, one.credit_code, one.agency) for one in matched}) > 1:
        taken |= _NOBODYS
        conflict.append("match")
    elif matched and target.match_entry is None:
        taken |= {name: getattr(matched[0], name) for name in _PERSONS}
    return taken, conflict


# -- parting ---------------------------------------------------------------------------------------


def part_on(connection: Connection, identities: Collection[int], now: datetime) -> list[str]:
    """Part the actors of these identities where no open join holds them together; the numbers of what parted."""
    actors = sorted(set(actors_of(connection, sorted(identities)).values()))
    return [number for actor in actors for number in _parted(connection, actor, now)]


def _parted(connection: Connection, actor: int, now: datetime) -> list[str]:
    query = select(IdentityRow.id).where(IdentityRow.actor_id == actor).order_by(IdentityRow.id)
    components = Components(connection.execute(query).scalars())
    whole = [one for some in components.sets() for one in some]
    for some in chunks(whole):
        joins = select(JoinRow.one_id, JoinRow.other_id).where(JoinRow.one_id.in_(some), JoinRow.undone_at.is_(None))
        for row in connection.execute(joins):
            components.join(row.one_id, row.other_id)
    parts = components.sets()
    stays = min(parts, key=lambda some: (-len(some), actor not in some, some[0]))
    leaving = {_number_of(connection, some, now): some for some in parts if some is not stays}
    for target, some in leaving.items():
        _leave(connection, actor, target, some)
    if leaving:
        _follow(connection, actor, {one: target for target, some in leaving.items() for one in some})
    rows = _rows(connection, list(leaving))
    return [rows[one].number for one in leaving]


def _number_of(connection: Connection, identities: Sequence[int], now: datetime) -> int:
    """An actor for what parts: the oldest that one of these was at first and is no more, or else a new one."""
    for some in chunks(identities):
        free = select(func.min(ActorRow.id)).where(ActorRow.id.in_(some), ActorRow.merged_into.is_not(None))
        found = connection.execute(free).scalar_one()
        if found is not None:
            connection.execute(update(ActorRow).where(ActorRow.id == found).values(merged_into=None))
            return int(found)
    name = connection.execute(select(IdentityRow.name).where(IdentityRow.id == identities[0])).scalar_one()
    number = next_number(connection)
    connection.execute(insert(ActorRow).values(new_actor(number, name, now)))
    return number


def _leave(connection: Connection, actor: int, target: int, identities: Sequence[int]) -> None:
    for some in chunks(identities):
        connection.execute(update(IdentityRow).where(IdentityRow.id.in_(some)).values(actor_id=target))
        were = update(ActorRow).where(ActorRow.id.in_(some), ActorRow.merged_into == actor)
        connection.execute(were.values(merged_into=target))
    rows = _rows(connection, [actor, target])
    lost: dict[str, Any] = {"registry_version": None}
    if rows[target].kind_entry is not None and rows[target].kind_entry == rows[actor].kind_entry:
        lost |= {"kind": "", "kind_entry": None}
    if rows[target].match_entry is not None and rows[target].match_entry == rows[actor].match_entry:
        lost |= _NOBODYS
    connection.execute(update(ActorRow).where(ActorRow.id == actor).values(**lost))
    connection.execute(update(ActorRow).where(ActorRow.id == target).values(registry_version=None))


def _follow(connection: Connection, actor: int, leaving: dict[int, int]) -> None:
    """Leads whose listings all left for one actor go there, and cases whose leads all did."""
    leads = _leads(connection, actor)
    for lead, identities in leads.items():
        targets = {leaving.get(one, actor) for one in identities}
        if len(targets) == 1 and (target := targets.pop()) != actor:
            connection.execute(update(LeadRow).where(LeadRow.id == lead).values(actor_id=target))
    for case in connection.execute(select(CaseRow.id).where(CaseRow.actor_id == actor)).scalars().all():
        owners = set(connection.execute(select(LeadRow.actor_id).where(LeadRow.case_id == case)).scalars())
        if len(owners) == 1 and (owner := owners.pop()) != actor and owner is not None:
            connection.execute(update(CaseRow).where(CaseRow.id == case).values(actor_id=owner))


def _leads(connection: Connection, actor: int) -> dict[int, set[int]]:
    """The identities behind each lead of an actor that has listings."""
    listings = select(ListingRow.key, ListingRow.lead_id).join(LeadRow, LeadRow.id == ListingRow.lead_id)
    rows = connection.execute(listings.where(LeadRow.actor_id == actor)).all()
    appearances = appearances_on(connection, [row.key for row in rows], bare=True)
    known = known_identities(connection, list(appearances.values()))
    behind: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        one = appearances.get(row.key)
        identity = known.get((one.platform, one.key)) if one else None
        behind[row.lead_id].add(identity.id if identity is not None else 0)
    return behind


# -- rows ------------------------------------------------------------------------------------------


def _sizes(connection: Connection, actors: Sequence[int]) -> Counter[int]:
    sizes: Counter[int] = Counter()
    for some in chunks(actors):
        query = select(IdentityRow.actor_id, func.count().label("size")).where(IdentityRow.actor_id.in_(some))
        for row in connection.execute(query.group_by(IdentityRow.actor_id)):
            sizes[row.actor_id] = row.size
    return sizes


def _rows(connection: Connection, actors: Sequence[int]) -> dict[int, Any]:
    return {
        row.id: row
        for some in chunks(actors)
        for row in connection.execute(select(ActorRow.__table__).where(ActorRow.id.in_(some)))
    }
