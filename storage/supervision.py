"""Whom the office supervises: each agency's last successful look, and who is watched closely.

A look is a planned run that ended `ok` or `empty` and whose query was after that agency; nothing else counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from crawler.agencies import ATTORNEY, PATENT_AGENCY, Agency
from crawler.errors import UserMistake
from storage.audit import Act, add_on
from storage.bulk import Bulk
from storage.db import writing
from storage.models import encodable
from storage.registers.names import name_norm
from storage.registry import ENTRY, as_agency, current_version, entry_coded, entry_named
from storage.supervision_shapes import Aim, Follows, Priority, Supervised, identities, identity
from storage.tables.patrol import RosterRow
from storage.tables.registry import RegistryEntry, RegistryUse
from storage.tables.supervision import AgencyAimRow, AgencyWatchRow, PriorityRow

PAGE = 500  # agencies
NO_REGISTRY = "还没有导入名录：先运行 lantian registry import"
_PRIORITY = tuple(one for one in PriorityRow.__table__.columns if one.name != "id")
# Words and not parameters: a partial index serves no parameter.
_LAST_LOOK = (
    select(func.max(RosterRow.ended_at))
    .where(RosterRow.watch_id == AgencyAimRow.watch_id, RosterRow.query == AgencyAimRow.words)
    .where(text("roster.outcome IN ('ok', 'empty')"))
    .scalar_subquery()
)


class Supervision:
    """The agencies of the current registry. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)
        self._aims = Bulk(insert_once(AgencyAimRow).on_conflict_do_nothing())

    # -- agencies ------------------------------------------------------------------------------

    def page(self, after: int = 0, limit: int = PAGE) -> tuple[Supervised, ...]:
        """Agencies and branches of the current registry by row, those with a greater number than `after`."""
        with self.engine.connect() as connection:
            version, since = _registry(connection)
            query = select(*ENTRY).where(RegistryEntry.version_id == version, RegistryEntry.kind != ATTORNEY)
            rows = connection.execute(query.where(RegistryEntry.id > after).order_by(RegistryEntry.id).limit(limit))
            entries = [(row.id, as_agency(row)) for row in rows]
            known = sorted({one for _, entry in entries for one in identities(entry)})
            looks, watched = _looks(connection, known), _watched(connection, known)
        return tuple(
            Supervised(
                number=number,
                entry=entry,
                since=since,
                last_seen=max((at for one in identities(entry) if (at := looks.get(one)) is not None), default=None),
                priority=next((watched[one] for one in identities(entry) if one in watched), None),
                is_aimed=any(one in looks for one in identities(entry)),
            )
            for number, entry in entries
        )

    def agencies(self) -> Iterator[Supervised]:
        """All of them, a page at a time."""
        page = self.page()
        while page:
            yield from page
            page = self.page(page[-1].number)

    def version(self) -> int:
        """The current registry's; `UserMistake` where there is none."""
        with self.engine.connect() as connection:
            return _registry(connection)[0]

    def last_look(self, priority: Priority) -> datetime | None:
        """When an agency that is watched closely was last seen, under whatever it was known by."""
        with self.engine.connect() as connection:
            current = connection.execute(current_version()).one_or_none()
            entry = _entry(connection, current.id, priority) if current else None
            known = {priority.agency, *(identities(entry) if entry else ())}
            looks = _looks(connection, sorted(known))
        return max((at for at in looks.values() if at is not None), default=None)

    # -- who is watched closely ----------------------------------------------------------------

    def add_priority(self, entry: Agency, reason: str, by: str, now: datetime) -> Priority:
        """From now on it is watched closely; `UserMistake` when it is already."""
        new = Priority(
            agency=identity(entry), name=encodable(entry.name), reason=encodable(reason), added_at=now, added_by=by
        )
        with self._writer.begin() as connection:
            if _watched(connection, identities(entry)):
                raise UserMistake(f"{entry.name} 已在重点监控名单里")
            values = {name: getattr(new, name) for name in ("agency", "name", "reason", "added_at", "added_by")}
            connection.execute(insert(PriorityRow).values(values | {"removed_by": "", "removed_why": ""}))
            detail = {"agency": new.agency, "reason": reason}
            add_on(connection, Act(who=by, act="priority_added", subject=entry.name, at=now, detail=detail))
        return new

    def remove_priority(self, word: str, reason: str, by: str, now: datetime) -> Priority:
        """From now on it is not, for this reason; `word` is its name or what it is known by."""
        is_it = PriorityRow.removed_at.is_(None) & (
            (PriorityRow.agency == encodable(word)) | (PriorityRow.name == encodable(word))
        )
        with self._writer.begin() as connection:
            found = [_as_priority(row) for row in connection.execute(select(*_PRIORITY).where(is_it))]
            if len(found) != 1:
                raise UserMistake(f"重点监控名单里没有 {word}；现有的见 lantian agency priority list")
            gone = {"removed_at": now, "removed_by": by, "removed_why": encodable(reason)}
            connection.execute(update(PriorityRow).where(is_it).values(gone))
            detail = {"agency": found[0].agency, "reason": reason}
            add_on(connection, Act(who=by, act="priority_removed", subject=found[0].name, at=now, detail=detail))
        return replace(found[0], removed_at=now, removed_by=by, removed_why=encodable(reason))

    def priorities(self, *, with_removed: bool = False) -> tuple[Priority, ...]:
        """Who is watched closely, in the order they came; with those who no longer are if asked."""
        query = select(*_PRIORITY).order_by(PriorityRow.id)
        with self.engine.connect() as connection:
            rows = connection.execute(query if with_removed else query.where(PriorityRow.removed_at.is_(None)))
            return tuple(_as_priority(row) for row in rows)

    def priority_entries(self) -> tuple[Agency, ...]:
        """Who is watched closely, as the current registry has him; by what the list says where it has not."""
        standing = self.priorities()
        with self.engine.connect() as connection:
            current = connection.execute(current_version()).one_or_none()
            entries = [_entry(connection, current.id, one) if current else None for one in standing]
        return tuple(entry or _by_name(one) for entry, one in zip(entries, standing, strict=True))

    # -- watches that are after agencies -------------------------------------------------------

    def aim(self, watch_id: int, follows: Follows, aims: Iterable[Aim]) -> None:
        """What a watch's queries are after. What they were after before stays: what was seen was seen."""
        rows = [
            {"watch_id": watch_id, "words": encodable(one.words), "agency": one.agency} for one in dict.fromkeys(aims)
        ]
        follow = insert_once(AgencyWatchRow).values(watch_id=watch_id, follows=follows.value)
        with self._writer.begin() as connection:
            connection.execute(
                follow.on_conflict_do_update(index_elements=["watch_id"], set_={"follows": follows.value})
            )
            self._aims.execute(connection, rows)

    def followers(self) -> dict[int, Follows]:
        """Watches whose queries are agencies, and which."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(AgencyWatchRow.watch_id, AgencyWatchRow.follows))
            return {row.watch_id: Follows(row.follows) for row in rows}


def _registry(connection: Connection) -> tuple[int, datetime]:
    """The version in use and since when."""
    row = connection.execute(current_version()).one_or_none()
    if row is None:
        raise UserMistake(NO_REGISTRY)
    newest = select(func.max(RegistryUse.used_at)).where(RegistryUse.version_id == row.id)
    return row.id, connection.execute(newest).scalar_one()


def _looks(connection: Connection, known: Iterable[str]) -> dict[str, datetime | None]:
    """The last look at each of these that a query was ever after; `None` where none has succeeded yet."""
    query = select(AgencyAimRow.agency, _LAST_LOOK.label("at")).where(AgencyAimRow.agency.in_(tuple(known)))
    found: dict[str, datetime | None] = {}
    for agency, at in connection.execute(query):
        before = found.get(agency)
        found[agency] = at if before is None else before if at is None else max(at, before)
    return found


def _watched(connection: Connection, known: Iterable[str]) -> dict[str, Priority]:
    standing = select(*_PRIORITY).where(PriorityRow.removed_at.is_(None), PriorityRow.agency.in_(tuple(known)))
    return {row.agency: _as_priority(row) for row in connection.execute(standing)}


def _entry(connection: Connection, version: int, priority: Priority) -> Agency | None:
    """The entry a priority agency has in this registry, by whatever it was known."""
    if len(priority.agency) in (5, 18) and priority.agency.isalnum():
        coded = entry_coded(connection, version, priority.agency)
        if coded is not None:
            return coded
    return entry_named(connection, version, name_norm(priority.name))


def _by_name(priority: Priority) -> Agency:
    return Agency(name=priority.name, code=priority.agency, kind=PATENT_AGENCY, status="")


def _as_priority(row: Row[Any]) -> Priority:
    return Priority(**row._mapping)
