"""What rows on a server contradict is found there: an edited log, a manifest that is gone or another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from storage_specimens import T0, archive_in, exchange

from storage.audit import Act, AuditLog
from storage.ledger_check import contradictions
from storage.seal import Sealer
from storage.sealing.manifests import head_path

NOW = datetime(2099, 1, 1, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, engine: Engine) -> Path:
    """An archive with two manifests, each over a longer log."""
    folder = tmp_path / "archive"
    for number in (1, 2):
        AuditLog(engine).add(Act(who="王芳", act="sign", subject=f"{number}", at=T0))
        with archive_in(folder) as archive:
            archive.keep(exchange(b"%d" % number))
        Sealer(folder, engine, tool="lantian/0.3.0", demand="sealed").seal("", NOW)
    return folder


def kinds(engine: Engine, folder: Path) -> list[tuple[str, str]]:
    return [(one.kind, one.record or one.part) for one in contradictions(engine, folder)]


def behind_its_back(engine: Engine, *changes: str) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for change in changes:
            connection.execute(text(change))


def test_what_holds_contradicts_nothing(engine: Engine, folder: Path) -> None:
    assert AuditLog(engine).head().count == 4
    assert kinds(engine, folder) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET who = '别人' WHERE id = 3", [("audit", "3")]),
        ("UPDATE audit SET previous = '' WHERE id = 2", [("audit", "2")]),
        ("DELETE FROM audit WHERE id = 1", [("audit", "2"), ("audit", "manifests/000001.json")]),
        ("DELETE FROM audit", [("audit", "manifests/000001.json")]),
        ("DELETE FROM audit WHERE id > 2", [("audit", "manifests/000002.json")]),
        ("UPDATE seals SET sha256 = 'ab' WHERE number = 2", [("fork", "manifests/000002.json")]),
    ],
    ids=["edited", "unchained", "the first gone", "all gone", "cut", "another manifest"],
)
def test_rows_that_were_changed_are_found(
    engine: Engine, folder: Path, change: str, found: list[tuple[str, str]]
) -> None:
    behind_its_back(engine, change)
    assert kinds(engine, folder) == found


def test_a_manifest_that_is_gone_is_found(engine: Engine, folder: Path) -> None:
    head_path(folder, 2).unlink()
    assert kinds(engine, folder) == [("chain_cut", "manifests/000002.json")]
