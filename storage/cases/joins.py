"""What identities show, and the joins that follow: whoever shows a phone is joined to the first who showed it.

A value that too many show leads to nobody and joins nobody. Each contact of an identity is looked at once, when it
is new: a join that was undone therefore never comes back for the same reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.audit import Act, add_on
from storage.bulk import Bulk
from storage.cases.appearances import Contact, chunks
from storage.cases.identities import CLOCK
from storage.cases.unions import part_on, unite_on
from storage.models import encodable
from storage.tables.actors import ActorRow, ContactRow, IdentityRow, JoinRow

COMMON_OVER = 20  # identities; a value that more show is a hotline, a stock picture, a platform's own
LIST_OVER = 8  # values of one kind in one exhibit; beyond that it is a directory, not somebody's address
JOINING = ("mobile", "phone", "wechat", "qq", "mail", "icp", "credit_code", "agency_code", "picture")
NAMING = ("company", "agency_code", "credit_code")  # what the registry can be asked about
TOO_COMMON = "太多身份出现同一内容，不能说明是同一主体"
# Platforms' own licences, as their pages show them, and public hotlines.
OWN_TO_NOBODY = frozenset(
    {
        *(("icp", one) for one in ("京ICP证030173号", "京ICP证070359号", "京ICP证110745号", "京ICP证050897号")),
        *(("icp", one) for one in ("京ICP证140141号", "京ICP备12025439号", "京ICP备10036305号", "京ICP证060405号")),
        *(("icp", one) for one in ("沪ICP备13030189号", "渝ICP备10202274号")),
        ("phone", "01062356655"),
        ("phone", "01063218500"),
    }
)
_NEW_CONTACTS = Bulk(insert(ContactRow))
_NEW_JOINS = Bulk(insert(JoinRow))
_OPEN = JoinRow.undone_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an identity shows in an exhibit."""

    identity: int
    contact: Contact


@dataclass(frozen=True, slots=True)
class _Value:
    """One value that is new for some identities. `known` are the identities that showed it before, first ones first."""

    kind: str
    value: str
    known: tuple[int, ...]
    fresh: tuple[int, ...]

    @property
    def was_common(self) -> bool:
        return len(self.known) > COMMON_OVER or (self.kind, self.value) in OWN_TO_NOBODY

    @property
    def is_common(self) -> bool:
        return self.was_common or len(self.known) + len(self.fresh) > COMMON_OVER

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """A star: everybody with the first."""
        if self.kind not in JOINING or self.is_common:
            return ()
        first, *others = (*self.known, *self.fresh)
        return tuple((first, one) for one in others if one in self.fresh)


def show_on(connection: Connection, shown: Sequence[Shown], now: datetime) -> None:
    """Write down what is new of this, and join and part what follows from it."""
    fresh = _fresh(connection, shown)
    if not fresh:
        return
    lists = _lists(shown)
    values = [_value(connection, of, [one.identity for one in some]) for of, some in _by_value(fresh, lists).items()]
    common = {(one.kind, one.value) for one in values if one.is_common}
    _NEW_CONTACTS.execute(connection, [_row(one, is_common=_names(one) in common or one in lists) for one in fresh])
    for value in values:
        if value.is_common and not value.was_common:
            _dissolve(connection, value, now)
    pairs = [(value, pair) for value in values for pair in value.pairs]
    _NEW_JOINS.execute(connection, [_join(value, pair, now) for value, pair in pairs])
    unite_on(connection, [pair for _, pair in pairs], now)
    _ask_anew(connection, [one.identity for one in fresh if one.contact.kind in NAMING])


def _names(one: Shown) -> tuple[str, str]:
    return one.contact.kind, encodable(one.contact.value)


def _fresh(connection: Connection, shown: Sequence[Shown]) -> list[Shown]:
    """Once each what these identities did not show before."""
    once = {(one.identity, *_names(one)): one for one in reversed(shown)}
    # One question an identity and kind: SQLite finds no index for rows of values.
    asked: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for identity, kind, value in once:
        asked[identity, kind].append(value)
    known = {(*of, value) for of, values in asked.items() for value in _known(connection, of, values)}
    return [one for place, one in reversed(once.items()) if place not in known]


def _known(connection: Connection, of: tuple[int, str], values: Sequence[str]) -> set[str]:
    query = select(ContactRow.value).where(ContactRow.identity_id == of[0], ContactRow.kind == of[1])
    return {
        one for some in chunks(values) for one in connection.execute(query.where(ContactRow.value.in_(some))).scalars()
    }


def _lists(shown: Sequence[Shown]) -> set[Shown]:
    """What stands among many of its kind in one exhibit."""
    together: defaultdict[tuple[int, str, str], list[Shown]] = defaultdict(list)
    for one in set(shown):
        together[one.identity, one.contact.exhibit, one.contact.kind].append(one)
    return {one for some in together.values() if len(some) > LIST_OVER for one in some}


def _by_value(fresh: Sequence[Shown], lists: set[Shown]) -> dict[tuple[str, str], list[Shown]]:
    grouped: defaultdict[tuple[str, str], list[Shown]] = defaultdict(list)
    for one in fresh:
        if one not in lists:
            grouped[_names(one)].append(one)
    return grouped


def _value(connection: Connection, of: tuple[str, str], fresh: Sequence[int]) -> _Value:
    """Reads no more than tells that a value is common. What stood in a list counts for nothing."""
    query = select(ContactRow.id, ContactRow.identity_id).where(ContactRow.kind == of[0], ContactRow.value == of[1])
    rows = connection.execute(query.limit(COMMON_OVER + 1)).all()
    if len(rows) <= COMMON_OVER:
        rows = connection.execute(query.where(ContactRow.is_common.is_(False)).order_by(ContactRow.id)).all()
    return _Value(*of, tuple(row.identity_id for row in rows), tuple(fresh))


def _row(one: Shown, *, is_common: bool) -> dict[str, Any]:
    return {
        "identity_id": one.identity,
        "kind": one.contact.kind,
        "value": one.contact.value,
        "exhibit": one.contact.exhibit,
        "seen_at": one.contact.seen_at,
        "is_common": is_common,
    }


def _join(value: _Value, pair: tuple[int, int], now: datetime) -> dict[str, Any]:
    told = {"one_id": pair[0], "other_id": pair[1], "kind": value.kind, "value": value.value, "at": now, "by": CLOCK}
    return told | {"undone_at": None, "undone_by": "", "reason": "", "entry": None, "undone_entry": None}


def _dissolve(connection: Connection, value: _Value, now: datetime) -> None:
    """A value has become too common: it joins nobody any more, and what it joined is parted."""
    of = ContactRow.kind == value.kind, ContactRow.value == value.value
    connection.execute(update(ContactRow).where(*of).values(is_common=True))
    ended = update(JoinRow).where(
        JoinRow.one_id.in_(value.known), JoinRow.kind == value.kind, JoinRow.value == value.value, _OPEN
    )
    undone = ended.values(undone_at=now, undone_by=CLOCK, reason=TOO_COMMON)
    joins = connection.execute(undone.returning(JoinRow.id)).scalars().all()
    if not joins:
        return
    parted = part_on(connection, value.known, now)
    detail = {"kind": value.kind, "joins": [str(one) for one in sorted(joins)], "parted": parted, "reason": TOO_COMMON}
    add_on(connection, Act(who=CLOCK, act="join_undone", subject="common", at=now, detail=detail))


def _ask_anew(connection: Connection, identities: Sequence[int]) -> None:
    """The registry may know more of who names a firm or a code."""
    for some in chunks(sorted(set(identities))):
        actors = select(IdentityRow.actor_id).where(IdentityRow.id.in_(some))
        connection.execute(update(ActorRow).where(ActorRow.id.in_(actors)).values(registry_version=None))


def open_joins(connection: Connection, identities: Sequence[int]) -> list[Any]:
    """The open joins among these identities, which are all of one or several actors."""
    query = select(JoinRow.__table__).where(_OPEN)
    found = [
        row
        for some in chunks(identities)
        for row in connection.execute(query.where(JoinRow.one_id.in_(some)).order_by(JoinRow.id))
    ]
    return sorted(found, key=lambda row: row.id)


def count_showing(connection: Connection, kind: str, value: str) -> int:
    """How many identities show a value, counted no further than tells that it is common."""
    some = select(ContactRow.id).where(ContactRow.kind == kind, ContactRow.value == value).limit(COMMON_OVER + 1)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())
