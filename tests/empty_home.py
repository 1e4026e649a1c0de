"""A database as a new home has it, laid where one is wanted: migrating each anew takes longer than most tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from storage.db import open_database


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lantian.db"
        open_database(path).dispose()
        return path.read_bytes()


def laid(path: Path) -> Path:
    """The path, where an empty database of our schema lies now unless something lay there before."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())
    return path
