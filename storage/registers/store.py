"""Versions of the registry in a home's database: imported whole or not at all, kept for ever, one of them in use.

A file is read and checked before the first row is written, so that no crawl waits for a list that is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from crawler.agencies import ATTORNEY, Agency
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.audit import Act, Detail, add_on
from storage.bulk import Bulk
from storage.db import writing
from storage.models import encodable
from storage.registers.names import name_norm, trade_name
from storage.registers.reader import Told, read_registry
from storage.registry import (
    ENTRY,
    FORMER,
    OWN,
    TRADE,
    as_agency,
    code_of,
    current_version,
    entry_coded,
    entry_named,
    found,
)
from storage.tables.registry import RegistryEntry, RegistryName, RegistryUse, RegistryVersion

BATCH = 5_000  # rows
SHRUNK_BELOW = 0.5
NEAR_AT_MOST = 10
_FIELDS = tuple(one.name for one in fields(Agency))
_VALUES = attrgetter(*_FIELDS)
_LAST_CHARACTER = "\U0010ffff"
_VERSION = tuple(RegistryVersion.__table__.columns)
_NEW_ENTRIES = Bulk(insert(RegistryEntry))
_NEW_NAMES = Bulk(insert(RegistryName))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One import. `id` is 0 for one that was only tried; `as_of` and `imported_by` are empty when nobody said."""

    id: int
    digest: str
    file: str
    source: str
    as_of: str
    imported_at: datetime
    imported_by: str
    counts: tuple[tuple[str, str, int], ...]
    is_current: bool

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a person says of the file: where it is from, the day it was drawn, who imports it and when."""

    at: datetime
    as_of: str = ""
    source: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How an import ended. Not `is_new`: this very file is that version already."""

    version: Version
    told: Told
    is_new: bool
    shrunk: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one version says to a name or a code: the entry it leads to, the persons of this name, near ones."""

    version: Version
    entry: Agency | None
    persons: tuple[Agency, ...]
    near: tuple[Agency, ...]


class Registries:
    """The versions in one database. `engine` comes from `storage.db.open_database`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def load(self, path: Path, said: Provenance, *, is_trial: bool = False) -> Imported:
        """Import a file, and go by it from now on; `RegistryInvalid` and nothing written when any row is wrong."""
        with TemporaryFile("w+", encoding="utf-8", prefix="lantian-") as spool:
            told = read_registry(path, said.at.astimezone(SHANGHAI).date(), lambda one: _spool(spool, one))
            with self.engine.connect() as connection:
                known, current = _by_digest(connection, told.digest), _current(connection)
            if known is not None or is_trial:
                version = known or _version(path, said, told)
                return Imported(version=version, told=told, is_new=known is None, shrunk=_shrunk(current, told))
            spool.seek(0)
            with self._writer.begin() as connection:
                # Under the write lock: the same file may have been imported since the first look.
                known = _by_digest(connection, told.digest)
                version = known or _written(connection, _version(path, said, told), _spooled(spool))
                if known is None:
                    _note(connection, "registry_import", version, said.at, said.by)
            return Imported(version=version, told=told, is_new=known is None, shrunk=_shrunk(current, told))

    def versions(self) -> tuple[Version, ...]:
        """Every version, the first one first."""
        with self.engine.connect() as connection:
            current = _current_id(connection)
            rows = connection.execute(select(*_VERSION).order_by(RegistryVersion.id))
            return tuple(_as_version(row, current) for row in rows)

    def use(self, version: int, at: datetime, by: str) -> Version:
        """Go by this version from now on; `UserMistake` when there is none."""
        with self._writer.begin() as connection:
            row = connection.execute(select(*_VERSION).where(RegistryVersion.id == version)).one_or_none()
            if row is None:
                raise UserMistake(f"没有名录版本 {version}；现有的见 lantian registry list")
            if _current_id(connection) != version:
                connection.execute(insert(RegistryUse).values(version_id=version, used_at=at, used_by=encodable(by)))
                _note(connection, "registry_use", _as_version(row, version), at, by)
            return _as_version(row, version)

    def ask(self, word: str) -> Answer:
        """What the current version says to a name or a code; `UserMistake` before the first import."""
        with self.engine.connect() as connection:
            version = _current(connection)
            if version is None:
                raise UserMistake("还没有导入名录：先运行 lantian registry import")
            norm, code = name_norm(word), code_of(word)
            entry = entry_coded(connection, version.id, code) if code else None
            entry = entry or found(word, lambda name: entry_named(connection, version.id, name))
            persons = _led_to(connection, version.id, (norm, norm), OWN, is_person=True)
            trade = "" if entry or persons else trade_name(norm)
            between = (trade, trade + _LAST_CHARACTER)
            near = _led_to(connection, version.id, between, TRADE, is_person=False) if trade else ()
            return Answer(version=version, entry=entry, persons=persons, near=near)


# -- asking ----------------------------------------------------------------------------------------


def _led_to(
    connection: Connection, version: int, between: tuple[str, str], sort: int, *, is_person: bool
) -> tuple[Agency, ...]:
    """Entries whose names of this sort lie between two words, ends included."""
    query = (
        select(*ENTRY)
        .join(RegistryName, RegistryName.entry_id == RegistryEntry.id)
        .where(RegistryName.version_id == version, RegistryName.name_norm.between(*between), RegistryName.sort == sort)
        .where((RegistryEntry.kind == ATTORNEY) if is_person else (RegistryEntry.kind != ATTORNEY))
        .order_by(RegistryName.name_norm, RegistryEntry.id)
    )
    return tuple(map(as_agency, connection.execute(query.limit(NEAR_AT_MOST))))


def _current_id(connection: Connection) -> int:
    row = connection.execute(current_version()).one_or_none()
    return 0 if row is None else row.id


def _current(connection: Connection) -> Version | None:
    current = _current_id(connection)
    row = connection.execute(select(*_VERSION).where(RegistryVersion.id == current)).one_or_none()
    return None if row is None else _as_version(row, current)


def _by_digest(connection: Connection, digest: str) -> Version | None:
    row = connection.execute(select(*_VERSION).where(RegistryVersion.digest == digest)).one_or_none()
    return None if row is None else _as_version(row, _current_id(connection))


def _as_version(row: Row[Any], current: int) -> Version:
    return Version(
        id=row.id, digest=row.digest, file=row.file, source=row.source, as_of=row.as_of,
        imported_at=row.imported_at, imported_by=row.imported_by, is_current=row.id == current,
        counts=tuple((kind, status, rows) for kind, status, rows in row.counts),
    )  # fmt: skip


# -- importing -------------------------------------------------------------------------------------


def _spool(spool: IO[str], agency: Agency) -> None:
    spool.write(json.dumps(_VALUES(agency), ensure_ascii=False) + "\n")


def _spooled(spool: IO[str]) -> Iterator[Agency]:
    for line in spool:
        values = dict(zip(_FIELDS, json.loads(line), strict=True))
        yield Agency(**values | {"former_names": tuple(values["former_names"])})


def _version(path: Path, said: Provenance, told: Told) -> Version:
    return Version(
        id=0, digest=told.digest, file=encodable(path.name), source=encodable(said.source), as_of=said.as_of,
        imported_at=said.at, imported_by=encodable(said.by), counts=told.counts, is_current=False,
    )  # fmt: skip


def _written(connection: Connection, version: Version, entries: Iterator[Agency]) -> Version:
    """The version with its rows, in the transaction that is open."""
    values = {one.name: getattr(version, one.name) for one in RegistryVersion.__table__.columns if one.name != "id"}
    version_id = connection.execute(insert(RegistryVersion).values(**values).returning(RegistryVersion.id)).scalar_one()
    first = (connection.execute(select(func.max(RegistryEntry.id))).scalar_one() or 0) + 1
    while batch := list(islice(entries, BATCH)):
        _NEW_ENTRIES.execute(connection, [_entry(one, version_id, first + at) for at, one in enumerate(batch)])
        _NEW_NAMES.execute(connection, _names(batch, version_id, first))
        first += len(batch)
    used = {"used_at": version.imported_at, "used_by": version.imported_by}
    connection.execute(insert(RegistryUse).values(version_id=version_id, **used))
    return replace(version, id=version_id, is_current=True)


def _note(connection: Connection, act: str, version: Version, at: datetime, by: str) -> None:
    """The audit log's word of it, in the same commit."""
    detail: Detail = {"file": version.file, "digest": version.digest, "as_of": version.as_of, "source": version.source}
    add_on(connection, Act(who=by, act=act, subject=f"registry {version.id}", at=at, detail=detail))


def _entry(agency: Agency, version: int, entry: int) -> dict[str, Any]:
    return {
        "id": entry, "version_id": version, "kind": agency.kind, "name": agency.name,
        "former_names": agency.former_names, "code": agency.code, "credit_code": agency.credit_code,
        "province": agency.province, "status": agency.status, "status_date": agency.status_date,
        "license_no": agency.license_no, "website": agency.website, "icp": agency.icp,
        "parent_code": agency.parent_code, "last_four": agency.last_four,
    }  # fmt: skip


def _names(batch: Sequence[Agency], version: int, first: int) -> list[dict[str, Any]]:
    return [
        {"version_id": version, "entry_id": entry, "name_norm": norm, "sort": sort}
        for entry, agency in enumerate(batch, first)
        for sort, norm in _norms(agency)
    ]


def _norms(agency: Agency) -> Iterator[tuple[int, str]]:
    norm = name_norm(agency.name)
    yield OWN, norm
    for former in agency.former_names:
        yield FORMER, name_norm(former)
    trade = "" if agency.kind == ATTORNEY else trade_name(norm)
    if trade:
        yield TRADE, trade


def _shrunk(current: Version | None, told: Told) -> tuple[tuple[str, int, int], ...]:
    """Kinds that lose more than half their rows: perhaps a part of the list was saved, not all of it."""
    now, before = _by_kind(told.counts), _by_kind(current.counts if current else ())
    return tuple((kind, rows, now[kind]) for kind, rows in sorted(before.items()) if now[kind] < SHRUNK_BELOW * rows)


def _by_kind(counts: Sequence[tuple[str, str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for kind, _, rows in counts:
        found[kind] += rows
    return found
