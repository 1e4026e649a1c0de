"""The registry as detection asks it: out of a file, or the version of it that a home goes by.

Answers are entries of a list drawn on some day, never proof; a person is never an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from weakref import finalize

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, case, create_engine, select
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from crawler.agencies import ACTIVE, ATTORNEY, BRANCH, BRANCH_OF, FORMER_NAME, PATENT_AGENCY, TRADEMARK_AGENCY, Agency
from storage.db import postgres_engine
from storage.registers.names import agency_of_branch, name_norm
from storage.registers.reader import read_registry
from storage.registers.words import agency_code, credit_code
from storage.tables.registry import RegistryEntry, RegistryName, RegistryUse, RegistryVersion
from storage.whereabouts import POSTGRES, SQLITE, Place, url_of

OWN, FORMER, TRADE = 0, 1, 2  # sorts of RegistryName
REMEMBERED = 20_000  # names; a round meets the same sellers again and again
ENTRY: tuple[ColumnElement[Any], ...] = tuple(RegistryEntry.__table__.columns)
# A firm may be listed as both: that it is licensed says more than that it is filed.
PREFERRED = {PATENT_AGENCY: 0, BRANCH: 1, TRADEMARK_AGENCY: 2}
_PREFERRED = case(PREFERRED, value=RegistryEntry.kind, else_=len(PREFERRED))

Named = Callable[[str], Agency | None]


@dataclass(frozen=True, slots=True)
class CsvRegistry:
    """A registry out of a file, CSV or XLSX, held in memory. Implements `crawler.agencies.RegistryView`."""

    by_name: dict[str, Agency]
    by_code: dict[str, Agency]
    as_of: str = ""

    @classmethod
    def load(cls, path: Path, today: date = date.max) -> Self:
        """Read the whole file; `RegistryInvalid` names the first row that cannot be used."""
        entries: list[Agency] = []
        read_registry(path, today, entries.append)
        firms = sorted((one for one in entries if one.kind != ATTORNEY), key=_rank)
        by_name: dict[str, Agency] = {}
        by_code: dict[str, Agency] = {}
        for one in firms:
            by_name.setdefault(name_norm(one.name), one)
            for code in filter(None, (one.code, one.credit_code)):
                by_code.setdefault(code, one)
        for one in firms:
            for former in one.former_names:
                by_name.setdefault(name_norm(former), replace(one, found_as=FORMER_NAME))
        return cls(by_name, by_code)

    def find(self, name: str) -> Agency | None:
        """The entry of this name, of its former name, or of the agency whose branch it names."""
        return found(name, self.by_name.get)

    def find_code(self, code: str) -> Agency | None:
        """The entry of this agency code or credit code."""
        return self.by_code.get(code_of(code))


class StoredRegistry:
    """One version of the registry in a home's database. Implements `crawler.agencies.RegistryView`.

    It only reads, each time over a connection of its own, so any thread may ask; what it answered it remembers.
    Versions never change: two of the same home and version are equal.
    """

    def __init__(self, database: Place, version: int, as_of: str) -> None:
        self.database, self.version, self.as_of = database, version, as_of
        engine = reading(database)
        # Nobody else knows of its connections.
        finalize(self, engine.dispose)
        self._named = lru_cache(REMEMBERED)(_asked(engine, version, entry_named))
        self._coded = lru_cache(REMEMBERED)(_asked(engine, version, entry_coded))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredRegistry) and (self.database, self.version) == (other.database, other.version)

    def __hash__(self) -> int:
        return hash((self.database, self.version))

    @classmethod
    def current(cls, database: Place) -> Self | None:
        """The version this home goes by, or `None` before the first import. The schema must be this code's."""
        engine = reading(database)
        with engine.connect() as connection:
            row = connection.execute(current_version()).one_or_none()
        engine.dispose()
        return None if row is None else cls(database, row.id, row.as_of)

    def find(self, name: str) -> Agency | None:
        """The entry of this name, of its former name, or of the agency whose branch it names."""
        return found(name, self._named)

    def find_code(self, code: str) -> Agency | None:
        """The entry of this agency code or credit code."""
        bare = code_of(code)
        return self._coded(bare) if bare else None


def reading(database: Place) -> Engine:
    """An engine that cannot write. On SQLite it keeps no connection open; on PostgreSQL one, since opening is dear."""
    url = url_of(database)
    if url.get_backend_name() == POSTGRES:
        return postgres_engine(url, pool_size=1).execution_options(postgresql_readonly=True)
    read_only = URL.create(SQLITE, database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    return create_engine(read_only, poolclass=NullPool)


def current_version() -> Select[int, str]:
    """The version that was imported or chosen last."""
    return (
        select(RegistryVersion.id, RegistryVersion.as_of)
        .join(RegistryUse, RegistryUse.version_id == RegistryVersion.id)
        .order_by(RegistryUse.id.desc())
        .limit(1)
    )


def entry_named(connection: Connection, version: int, norm: str) -> Agency | None:
    """The firm of this normal name: by its own before a former one, licensed before filed, active before struck off."""
    query: Select[Any] = (
        select(*ENTRY, RegistryName.sort)
        .join(RegistryName, RegistryName.entry_id == RegistryEntry.id)
        .where(RegistryName.version_id == version, RegistryName.name_norm == norm, RegistryName.sort.in_((OWN, FORMER)))
        .where(RegistryEntry.kind != ATTORNEY)
        .order_by(RegistryName.sort, _PREFERRED, RegistryEntry.status != ACTIVE, RegistryEntry.id)
    )
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else as_agency(row, FORMER_NAME if row.sort == FORMER else "")


def entry_coded(connection: Connection, version: int, code: str) -> Agency | None:
    """The firm of this agency code or credit code."""
    column = RegistryEntry.credit_code if len(code) == 18 else RegistryEntry.code
    query = select(*ENTRY).where(RegistryEntry.version_id == version, column == code)
    row = connection.execute(query.order_by(_PREFERRED, RegistryEntry.id).limit(1)).one_or_none()
    return None if row is None else as_agency(row)


def as_agency(row: Row[Any], found_as: str = "") -> Agency:
    """A row as the value that travels."""
    return Agency(
        name=row.name, code=row.code, kind=row.kind, status=row.status, credit_code=row.credit_code, icp=row.icp,
        website=row.website, former_names=tuple(row.former_names), province=row.province,
        status_date=row.status_date, license_no=row.license_no, parent_code=row.parent_code,
        last_four=row.last_four, found_as=found_as,
    )  # fmt: skip


def _asked(engine: Engine, version: int, ask: Callable[[Connection, int, str], Agency | None]) -> Named:
    def answer(word: str) -> Agency | None:
        with engine.connect() as connection:
            return ask(connection, version, word)

    return answer


def found(name: str, named: Named) -> Agency | None:
    """The entry a name leads to, by itself or as a branch's, where `named` knows the normal names."""
    norm = name_norm(name)
    if not norm:
        return None
    own = named(norm)
    agency = named(agency_of_branch(norm)) if own is None else None
    return own if agency is None else replace(agency, found_as=BRANCH_OF)


def code_of(code: str) -> str:
    """A code as the registry keeps it, or empty."""
    return credit_code(code) or agency_code(code, TRADEMARK_AGENCY)


def _rank(one: Agency) -> tuple[int, bool]:
    return PREFERRED[one.kind], not one.is_active
