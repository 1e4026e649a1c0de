"""A database at our schema: a copy, since making one takes longer than most tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.db import open_database


@pytest.fixture
def engine(tmp_path: Path, _empty_database: Path) -> Iterator[Engine]:
    """An engine on a new database, `lantian.db` under tmp_path."""
    shutil.copyfile(_empty_database, tmp_path / "lantian.db")
    engine = open_database(tmp_path / "lantian.db")
    yield engine
    engine.dispose()
