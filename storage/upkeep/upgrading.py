"""An upgrade on purpose: the copy, the migration, and what the rows of evidence say before it and after it.

Where they do not say the same the migration is taken back; what was never in the old schema is not compared.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from crawler.errors import EvidenceBroken
from storage.audit import Act, add_on
from storage.upkeep.copies import keep_copy
from storage.whereabouts import SQLITE

# What a letter or a package rests on. Other tables may be written anew by a migration as it needs.
EVIDENCE = (
    "captures",
    "pages",
    "exhibits",
    "findings",
    "entities",
    "audit",
    "seals",
    "sealed_extents",
    "browser_captures",
    "shelved",
)
_AT_ONCE = 5_000
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDigest:
    """What a table's rows come to: SHA-256 over these columns of them, in the order of the key."""

    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


class Upgrade:
    """A migration that somebody asked for, which the log knows of as soon as anybody does. `enter` makes the entry;
    `tell` is called with each name of `EVIDENCE`, twice."""

    def __init__(self, tell: Tell, enter: Callable[[Upgrade], Act]) -> None:
        self.revision = ""
        self.copy: Path | None = None
        self.evidence: tuple[TableDigest, ...] = ()
        self._tell, self._enter = tell, enter

    def before(self, connection: Connection, revision: str, head: str) -> None:
        """The copy of a file, and the digests of what is there."""
        self.revision = revision
        if connection.dialect.name == SQLITE:
            self.copy = keep_copy(Path(connection.engine.url.database or ""), head)
        else:
            # Reading a large table is no idleness, but a migration may be silent for long.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        self.evidence = evidence_on(connection, self._tell)

    def after(self, connection: Connection) -> None:
        """`EvidenceBroken` unless every row of evidence says what it said; then the entry."""
        known = {one.table: one for one in self.evidence}
        for table in EVIDENCE:
            one = known.get(table)
            if one and digest_of(connection, table, one.columns) != one:
                raise EvidenceBroken(f"升级会改动 {table} 里的证据：没有升级，数据库原样未动")
            self._tell(table)
        add_on(connection, self._enter(self))


def evidence_on(connection: Connection, tell: Tell) -> tuple[TableDigest, ...]:
    """The digests of all tables of evidence that there are."""
    look = inspect(connection)
    there = set(look.get_table_names())
    found = []
    for table in EVIDENCE:
        if table in there:
            columns = tuple(one["name"] for one in look.get_columns(table))
            found.append(digest_of(connection, table, columns))
        tell(table)
    return tuple(found)


def digest_of(connection: Connection, table: str, columns: tuple[str, ...]) -> TableDigest:
    """One table's digest, read row by row; the values are as the driver gives them, so only one database's compare."""
    quote = connection.dialect.identifier_preparer.quote
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    named, ordered = (", ".join(map(quote, several)) for several in (columns, keys))
    query = text(f"SELECT {named} FROM {quote(table)} ORDER BY {ordered}")  # noqa: S608 - names of our own schema
    digest, number = hashlib.sha256(), 0
    settings = {"stream_results": True, "yield_per": _AT_ONCE}
    for some in connection.execute(query, execution_options=settings).partitions():
        digest.update("".join(f"{tuple(row)!r}\n" for row in some).encode("utf-8", "surrogatepass"))
        number += len(some)
    return TableDigest(table=table, columns=columns, rows=number, sha256=digest.hexdigest())


def files_of(archive: Path) -> dict[str, tuple[int, int]]:
    """Size and time of last change of every file of the archive, by name: what an upgrade has no business with."""
    found = {}
    for folder, _, names in os.walk(archive):
        for name in names:
            path = Path(folder, name)
            told = path.stat()
            found[path.relative_to(archive).as_posix()] = (told.st_size, told.st_mtime_ns)
    return found
