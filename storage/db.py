"""Opens the database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine


def open_database(url_or_path: str | Path) -> Engine:
    """A database at the newest schema; SQLite in WAL with synchronous=FULL."""
    raise NotImplementedError
