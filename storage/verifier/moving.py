"""Whether an archive was written to while it was read: then what seems broken may only have been half done."""

from __future__ import annotations

from pathlib import Path

from storage.verifier.source import Source

# Seconds to wait before what moved is read again.
PAUSES = (0.1, 0.5, 2.0)

Marks = tuple[frozenset[str], tuple[tuple[int, int], ...]]


def marks(source: Source, database: Path | None) -> Marks:
    """What changes whenever a round, a seal or an expiry does anything: the list of files, and the database's."""
    beside = (database, Path(f"{database}-wal")) if database else ()
    return frozenset(source.names()), tuple(map(_written, beside))


def _written(path: Path) -> tuple[int, int]:
    """When and how long; a log may go at any moment."""
    try:
        told = path.stat()
    except FileNotFoundError:
        return 0, 0
    return told.st_mtime_ns, told.st_size
