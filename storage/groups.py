"""Groups of like leads: one offer under many addresses is one decision.

A flagged listing joins the group of one whose text is like its own, whose categories are the same, and that shares
its seller or a contact, or else is a copy almost word for word. It is compared with those that share a band of
their signatures, never with all. What joins two groups makes them one: the larger keeps its number.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import eq
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.bulk import Bulk
from storage.models import ListingRow
from storage.placing import Placing
from storage.tables.care import Band, Exemplar, GroupHead, LeadGroup

LIKE, COPIED = 0.7, 0.9  # share of equal values: of one seller or contact, and of different ones
# (bands, values in each): the first finds 99 of 100 pairs at 0.7, the second at 0.9.
LIKE_BANDS, COPIED_BANDS = (24, 5), (12, 10)
FULL = 32  # exemplars under one key; beyond that a key says too little
ANY = ""
AT_ONCE = 10_000  # SQLite binds 32 766 values in one statement
_LEAD: tuple[ColumnElement[Any], ...] = (ListingRow.flagged_id.label("newest"), ListingRow.points.label("points"))
_HEAD: tuple[ColumnElement[Any], ...] = (GroupHead.newest.label("newest"), GroupHead.points.label("points"))


def place(connection: Connection, placings: Sequence[Placing]) -> None:
    """Give each of these listings, once each, its group, and renew the heads of the groups.

    One that was placed for the same reasons before stays where it is.
    """
    known = _groups_of(connection, [one.key for one in placings])
    alone = [one for one in placings if not one.signature and known[one.key][0] is None]
    _found_alone(connection, alone)
    for one in placings:
        group, placed_as = known[one.key]
        if one.signature and (group is None or placed_as != _mark(one)):
            if group is not None:
                group = _groups_of(connection, [one.key])[one.key][0]  # merged meanwhile
            _settle(connection, one, group)
    now = _groups_of(connection, [one.key for one in placings])
    _renew_heads(connection, [(now[one.key][0], one) for one in placings])


def unplace(connection: Connection, key: str, platform: str) -> None:
    """Take a listing that is no lead any more out of its group. The group remembers what it looked like."""
    group = _groups_of(connection, [key])[key][0]
    connection.execute(update(ListingRow).where(ListingRow.key == key).values(group_id=None, placed_as=None))
    if group is not None:
        _leave(connection, group, platform)


def find_head(connection: Connection, group: int, platform: str) -> None:
    """Look for the newest lead of a group anew, where it may have been taken away or fallen back."""
    newest = select(*_LEAD).where(
        ListingRow.group_id == group, ListingRow.platform == platform, ListingRow.flagged_id.is_not(None)
    )
    _set_head(connection, group, platform, newest.order_by(ListingRow.flagged_id.desc()))
    heads = select(*_HEAD).where(GroupHead.group_id == group, GroupHead.platform != ANY)
    _set_head(connection, group, ANY, heads.order_by(GroupHead.newest.desc()))


def _set_head(connection: Connection, group: int, platform: str, candidates: Select[Any]) -> None:
    head = connection.execute(candidates.limit(1)).mappings().one_or_none()
    connection.execute(delete(GroupHead).where(GroupHead.group_id == group, GroupHead.platform == platform))
    if head is not None:
        _NEWER_HEADS.execute(connection, [{"group_id": group, "platform": platform, **head}])


# -- one listing -------------------------------------------------------------------------------


def _settle(connection: Connection, one: Placing, group: int | None) -> None:
    """Find or found this listing's group; one that says something else than before may leave the `group` it was in."""
    keys = dict(band_keys(one))
    met = _met(connection, list(keys))
    matches = {row.group_id for row in met if _is_like(one, row, keys[row.key])}
    if group is not None and _sizes(connection, [group])[group] == 1:
        matches.add(group)  # alone it keeps its number, or takes it along
    target = _united(connection, matches) if matches else _founded(connection)
    placed = {"group_id": target, "placed_as": _mark(one)}
    connection.execute(update(ListingRow).where(ListingRow.key == one.key).values(**placed))
    if group not in matches:
        _grow(connection, target, 1)
        if group is not None:
            _leave(connection, group, one.platform)
    _remember(connection, target, one, _missing(keys, met, matches))


def _leave(connection: Connection, group: int, platform: str) -> None:
    _grow(connection, group, -1)
    find_head(connection, group, platform)


def band_keys(one: Placing) -> Iterator[tuple[int, float]]:
    """Each key under which like ones are found, with the share of values that must agree with what is found there."""
    categories = "\0".join(sorted(one.categories))
    for who in (one.seller, *one.contacts):
        if who:
            yield from ((key, LIKE) for key in _keys(one.signature, LIKE_BANDS, f"{categories}\1{who}"))
    yield from ((key, COPIED) for key in _keys(one.signature, COPIED_BANDS, categories))


def _keys(signature: Sequence[int], bands: tuple[int, int], scope: str) -> Iterator[int]:
    count, width = bands
    for number in range(count):
        values = packed(signature[number * width : (number + 1) * width])
        yield _digest(f"{count}\1{number}\1{scope}".encode("utf-8", "surrogatepass") + values)


def _digest(body: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "big", signed=True)


def _mark(one: Placing) -> int | None:
    if not one.signature:
        return None
    told = "\0".join((*sorted(one.categories), "\1", one.seller, *one.contacts))
    return _digest(told.encode("utf-8", "surrogatepass") + packed(one.signature))


def packed(signature: Sequence[int]) -> bytes:
    """Values of 32 bits as bytes."""
    return struct.pack(f">{len(signature)}I", *signature)


def _is_like(one: Placing, row: Row[int, int, bytes], needed: float) -> bool:
    other = struct.unpack(f">{len(row.signature) // 4}I", row.signature)
    agreeing: int = sum(map(eq, one.signature, other))
    return agreeing >= needed * len(one.signature)


def _met(connection: Connection, keys: list[int]) -> Sequence[Row[int, int, bytes]]:
    query = select(Band.key, Exemplar.group_id, Exemplar.signature).join(Exemplar, Exemplar.id == Band.exemplar_id)
    return connection.execute(query.where(Band.key.in_(keys)).order_by(Band.key, Exemplar.id)).all()


def _missing(keys: Mapping[int, float], met: Sequence[Row[int, int, bytes]], matches: set[int]) -> list[int]:
    """Keys under which nothing of the group is found yet, and that are not full of others."""
    found: dict[int, list[int]] = {key: [] for key in keys}
    for row in met:
        found[row.key].append(row.group_id)
    return [key for key, groups in found.items() if len(groups) < FULL and matches.isdisjoint(groups)]


def _remember(connection: Connection, group: int, one: Placing, keys: Sequence[int]) -> None:
    if keys:
        new = insert(Exemplar).values(group_id=group, signature=packed(one.signature)).returning(Exemplar.id)
        exemplar = connection.execute(new).scalar_one()
        _NEW_BANDS.execute(connection, [{"key": key, "exemplar_id": exemplar} for key in keys])


# -- groups ------------------------------------------------------------------------------------


def _founded(connection: Connection) -> int:
    group = _next_group(connection)
    connection.execute(insert(LeadGroup).values(id=group, size=0))
    return group


def _found_alone(connection: Connection, placings: Sequence[Placing]) -> None:
    """A group of its own for each, many at once."""
    numbered = list(enumerate(placings, _next_group(connection)))
    _NEW_GROUPS.execute(connection, [{"id": group, "size": 1} for group, _ in numbered])
    if numbered:
        joins = update(ListingRow).where(ListingRow.key == bindparam("of")).values(group_id=bindparam("group"))
        connection.execute(joins, [{"group": group, "of": one.key} for group, one in numbered])


def _next_group(connection: Connection) -> int:
    """The write lock is held, so nobody else takes this number."""
    return (connection.execute(select(func.max(LeadGroup.id))).scalar_one() or 0) + 1


def _united(connection: Connection, groups: set[int]) -> int:
    """One group out of several: the largest takes the others in, of equal ones the oldest."""
    sizes = _sizes(connection, sorted(groups))
    target = min(sizes, key=lambda group: (-sizes[group], group))
    others = sorted(groups - {target})
    if others:
        moved = update(ListingRow).where(ListingRow.group_id.in_(others), ListingRow.flagged_id.is_not(None))
        connection.execute(moved.values(group_id=target))
        connection.execute(update(Exemplar).where(Exemplar.group_id.in_(others)).values(group_id=target))
        heads = select(GroupHead.platform, GroupHead.newest, GroupHead.points).where(GroupHead.group_id.in_(others))
        _NEWER_HEADS.execute(connection, [{"group_id": target, **row._mapping} for row in connection.execute(heads)])
        connection.execute(delete(GroupHead).where(GroupHead.group_id.in_(others)))
        connection.execute(update(LeadGroup).where(LeadGroup.id.in_(others)).values(size=0, merged_into=target))
        _grow(connection, target, sum(sizes[group] for group in others))
    return target


def _grow(connection: Connection, group: int, by: int) -> None:
    connection.execute(update(LeadGroup).where(LeadGroup.id == group).values(size=LeadGroup.size + by))


def _sizes(connection: Connection, groups: Sequence[int]) -> dict[int, int]:
    query = select(LeadGroup.id, LeadGroup.size).where(LeadGroup.id.in_(groups))
    return {row.id: row.size for row in connection.execute(query)}


def _groups_of(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[int | None, int | None]]:
    """Group of each listing, and for what it was placed there."""
    return {
        row.key: (row.group_id, row.placed_as)
        for start in range(0, len(keys), AT_ONCE)
        for row in connection.execute(
            select(ListingRow.key, ListingRow.group_id, ListingRow.placed_as).where(
                ListingRow.key.in_(keys[start : start + AT_ONCE])
            )
        )
    }


def _renew_heads(connection: Connection, placed: Iterable[tuple[int | None, Placing]]) -> None:
    heads = [
        {"group_id": group, "platform": platform, "newest": one.flagged, "points": one.points}
        for group, one in placed
        for platform in (one.platform, ANY)
    ]
    _NEWER_HEADS.execute(connection, heads)


def _newer_heads() -> Insert:
    statement = insert(GroupHead)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[GroupHead.group_id, GroupHead.platform],
        set_={"newest": new.newest, "points": new.points},
        where=new.newest >= GroupHead.newest,
    )


_NEW_GROUPS = Bulk(insert(LeadGroup))
_NEW_BANDS = Bulk(insert(Band))
_NEWER_HEADS = Bulk(_newer_heads())
