"""The audit log as it is looked up, always along an index, and its head as the newest manifest has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.audit import AuditEntry, AuditHead, head_on
from storage.sealing.manifests import FOLDER, head_of
from storage.tables.sealing import AuditRow

_COLUMNS: tuple[InstrumentedAttribute[object], ...] = tuple(
    getattr(AuditRow, column.name) for column in AuditRow.__table__.columns
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditWanted:
    """Which entries, the newest first; empty means any. `first` and `before` are moments, `below` a number."""

    subject: str = ""
    act: str = ""
    who: str = ""
    first: datetime | None = None
    before: datetime | None = None
    below: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSealed:
    """The log's head as a manifest has it."""

    manifest: int
    head: AuditHead


def chosen(engine: Engine, wanted: AuditWanted) -> list[AuditEntry]:
    """The entries that are wanted."""
    with engine.connect() as connection:
        query = select(*_COLUMNS).order_by(AuditRow.id.desc()).limit(wanted.limit)
        for column, value in (
            (AuditRow.subject, wanted.subject),
            (AuditRow.act, wanted.act),
            (AuditRow.who, wanted.who),
        ):
            query = query.where(column == value) if value else query
        if wanted.below:
            query = query.where(AuditRow.id < wanted.below)
        if wanted.first is not None:
            query = query.where(AuditRow.id >= _number_at(connection, wanted.first))
        if wanted.before is not None:
            query = query.where(AuditRow.id < _number_at(connection, wanted.before))
        return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def alike_before(connection: Connection, entry: AuditEntry) -> Iterator[AuditEntry]:
    """The entries of the same act upon the same subject before this one."""
    same = (AuditRow.subject == entry.subject) & (AuditRow.act == entry.act) & (AuditRow.id < entry.id)
    for row in connection.execute(select(*_COLUMNS).where(same).order_by(AuditRow.id)):
        yield AuditEntry(**row._mapping)


def newest_sealed(archive: Path) -> HeadSealed | None:
    """The head in the newest manifest of the archive, by its file; `None` where nothing is sealed."""
    return next((_sealed(archive, number) for number in reversed(_numbers(archive))), None)


def sealed_heads(archive: Path) -> Iterator[HeadSealed]:
    """The log's head in each manifest, the oldest first."""
    return (_sealed(archive, number) for number in _numbers(archive))


def _numbers(archive: Path) -> list[int]:
    return sorted(int(path.stem) for path in (archive / FOLDER).glob("*.json") if path.stem.isdigit())


def _sealed(archive: Path, number: int) -> HeadSealed:
    return HeadSealed(manifest=number, head=head_of(archive, number).audit)


def _number_at(connection: Connection, moment: datetime) -> int:
    """The first entry not before this moment, found by halves: entries are numbered in the order of time."""
    low, high = 1, head_on(connection).count + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(AuditRow.at).where(AuditRow.id == middle)).scalar_one_or_none()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low
