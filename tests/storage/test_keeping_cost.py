"""Expiry, shelf and audit cost what there is to do, not what was ever kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keeping_specimens import DAY, NOW, Home, home_in, keep_page, keep_wall
from sqlalchemy import event, text
from storage_specimens import archive_in
from test_retention import folder_shelf

from crawler.tables import Retention
from storage.fixity import audit_slice
from storage.keeping.needs import Needs
from storage.shelving import Shelver
from storage.verifier.source import FolderSource


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as made:
        yield made


@contextmanager
def asked(home: Home) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(home.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(home.engine, "before_cursor_execute", note)


def fill(home: Home, files: int) -> None:
    for _ in range(files):
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {"1": True, "2": False}, NOW)
    home.seal()


def test_young_files_cost_an_expiry_no_question_each(home: Home) -> None:
    counts = []
    for _ in range(2):
        fill(home, 3)
        home.expire(NOW + DAY)  # looks at new files once
        with asked(home) as statements:
            assert home.expire(NOW + 2 * DAY).records == 0
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_what_is_old_is_found_by_an_index_and_asked_for_once(home: Home) -> None:
    fill(home, 1)
    with asked(home) as statements, home.engine.connect() as connection:
        Needs(Retention(), NOW).due_files(connection)
    (query,) = (one for one in statements if "FROM captures" in one)
    with home.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("2026-01-01",)).all()
    assert any("ix_captures_due (taken_at<?)" in str(row) for row in plan), plan
    with asked(home) as statements:
        home.expire(NOW + 2 * DAY)
    assert statements.count(query) == 1


def test_a_shelf_with_nothing_to_do_costs_the_same_however_much_lies_there(home: Home, tmp_path: Path) -> None:
    home.shelf = folder_shelf(tmp_path / "shelf")
    counts = []
    for _ in range(2):
        fill(home, 3)
        shelver = Shelver(home.archive, home.engine, home.shelf)
        assert shelver.shelve(NOW, home.seen.append).files
        with asked(home) as statements:
            assert shelver.shelve(NOW, home.seen.append).files == 0
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_what_an_expiry_replaced_leaves_the_shelf_once(home: Home, tmp_path: Path) -> None:
    home.shelf = folder_shelf(tmp_path / "shelf")
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    shelver = Shelver(home.archive, home.engine, home.shelf)
    shelver.shelve(NOW, home.seen.append)
    assert home.expire(NOW + 181 * DAY).records == 2
    assert [shelver.shelve(NOW, home.seen.append).removed for _ in range(2)] == [1, 0]
    assert [one.endswith("-x2.warc.gz") for one in home.shelf.names() if one.endswith(".warc.gz")] == [True]
    with home.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM shelved WHERE is_replaced")).scalar_one() == 0


def test_an_audit_asks_once_what_there_is_to_read(home: Home) -> None:
    fill(home, 2)
    with asked(home) as statements:
        audited = audit_slice(FolderSource(home.archive), home.engine, 1, NOW)
    assert (audited.files, audited.unread_bytes, audited.oldest_checked) == (2, 0, NOW)
    assert sum("FROM sealed_extents LEFT OUTER JOIN fixity" in one for one in statements) == 1
