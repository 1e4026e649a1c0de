"""Which rows of actors are one actor: leads and cases keep the row they were made for, also when it was joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from storage.tables.actors import ActorRow


def root_of(connection: Connection, actor: int) -> int:
    """The actor that this one was joined to in the end, or itself."""
    while True:
        into = connection.execute(select(ActorRow.merged_into).where(ActorRow.id == actor)).scalar_one_or_none()
        if into is None:
            return actor
        actor = into


def joined_to(connection: Connection, roots: Iterable[int]) -> Mapping[int, int]:
    """Each of these actors, and each that was joined to one of them, to which one."""
    found = {root: root for root in roots}
    last = sorted(found)
    while last:
        query = select(ActorRow.id, ActorRow.merged_into).where(ActorRow.merged_into.in_(last))
        joined = {row.id: found[row.merged_into] for row in connection.execute(query) if row.id not in found}
        found |= joined
        last = sorted(joined)
    return found


def actor_named(connection: Connection, actor: int) -> tuple[str, str]:
    """Number and name of whom this row of actors stands for now."""
    row = connection.execute(
        select(ActorRow.number, ActorRow.name).where(ActorRow.id == root_of(connection, actor))
    ).one()
    return row.number, row.name
