"""Before anything leaves the audit log must be whole, and be what every sealed manifest knew of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from empty_home import laid
from people_specimens import BEGUN, founders, someone
from sqlalchemy import Engine, text
from storage_specimens import archive_in, exchange

from casework.acting import Grant
from casework.granting import disable
from casework.whole_log import refuse_gaps
from crawler.errors import EvidenceBroken
from storage.audit import AuditEntry, AuditLog
from storage.db import open_database
from storage.people import People
from storage.seal import Sealer

LATER = datetime(2099, 1, 1, tzinfo=UTC)


def seal(engine: Engine, archive: Path) -> None:
    """One message more, and a manifest over it."""
    with archive_in(archive) as kept:
        kept.keep(exchange(uuid.uuid4().bytes))
    Sealer(archive, engine, tool="lantian/0.6.0", demand="sealed").seal("0" * 64, LATER)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Engine, Path]:
    """A home in which a reviewer was disabled after the first manifest, and something went on after that."""
    engine, archive = open_database(laid(tmp_path / "lantian.db")), tmp_path / "archive"
    first, _ = founders(engine)
    someone(engine, "王一", Grant.REVIEWER)
    seal(engine, archive)
    disable(People(engine), first, "王一", BEGUN)
    someone(engine, "李二", Grant.EXAMINER)
    return engine, archive


def rewritten(engine: Engine, change: Callable[[list[AuditEntry]], list[AuditEntry]]) -> None:
    """The log as whoever has the database would leave it: its triggers gone, numbers and digests made to fit."""
    from dataclasses import asdict, replace

    from storage.tables.sealing import AuditRow

    entries, previous = change(AuditLog(engine).entries()), ""
    with engine.begin() as connection:
        for what in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_no_{what}"))
        connection.execute(text("DELETE FROM audit"))
        for number, one in enumerate(entries, 1):
            fitting = replace(one, id=number, previous=previous)
            fitting = replace(fitting, digest=fitting.computed())
            connection.execute(AuditRow.__table__.insert().values(asdict(fitting)))
            previous = fitting.digest


def test_a_whole_log_is_let_pass(sealed: tuple[Engine, Path]) -> None:
    refuse_gaps(*sealed)


@pytest.mark.parametrize("act", ["user_disabled", "grant_confirmed"])
def test_an_entry_taken_out_of_the_middle_is_missed(sealed: tuple[Engine, Path], act: str) -> None:
    engine, archive = sealed
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE act = :act"), {"act": act})
    with pytest.raises(EvidenceBroken, match="与其摘要或前一条不符"):
        refuse_gaps(engine, archive)


def test_a_log_begun_anew_is_not_what_a_manifest_knew(sealed: tuple[Engine, Path]) -> None:
    engine, archive = sealed
    rewritten(engine, lambda entries: entries[1:])
    with pytest.raises(EvidenceBroken, match="第 1 号清单所记不符"):
        refuse_gaps(engine, archive)
    seal(engine, archive)  # sealing it again does not help
    with pytest.raises(EvidenceBroken, match="第 1 号清单所记不符"):
        refuse_gaps(engine, archive)


def test_a_log_cut_short_has_less_than_a_manifest_knew(sealed: tuple[Engine, Path]) -> None:
    engine, archive = sealed
    rewritten(engine, lambda entries: entries[:2])
    with pytest.raises(EvidenceBroken, match="截短"):
        refuse_gaps(engine, archive)
