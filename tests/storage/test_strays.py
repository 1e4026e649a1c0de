"""A backup that nobody wrote down is found in its folder; one of another home is none of ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from test_homes import HOMES

from console.upkeep.backups import enter_strays
from crawler.config import Config
from storage.audit import Act, AuditLog
from storage.db import open_database
from storage.upkeep.backup import Made, Order, back_up
from storage.upkeep.backups import Backups
from storage.upkeep.copying import Tell
from storage.upkeep.proving import Proof
from storage.upkeep.strays import strays

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROOF = Proof(exhibits=0, pages=0, records=0, state="sealed")


@contextmanager
def unseen(number: int) -> Iterator[Tell]:
    yield lambda name: None


def made(engine: Engine, home: Path, hours: int) -> Made:
    """One after another entry in the log, as each command that is done leaves one."""
    now = NOW + timedelta(hours=hours)
    AuditLog(engine).add(Act(who=home.name, act="test", subject="", at=now))
    return back_up(Config(home=home), Order(folder=home.parent / "backups", now=now), unseen)


def test_what_died_unwritten_is_entered_and_goes_in_its_turn(tmp_path: Path) -> None:
    homes = [Path(shutil.copytree(HOMES / "0.5.0", tmp_path / name)) for name in ("ours", "theirs")]
    ours, theirs = [open_database(home / "lantian.db") for home in homes]
    lost, foreign = made(ours, homes[0], 1), made(theirs, homes[1], 2)
    (shutil.copytree(lost.place, lost.place.with_name("lantian-broken")) / "BACKUP.json").write_bytes(b"{}")
    shutil.copytree(lost.place, lost.place.with_name("lantian-half.part"))
    assert list(strays(ours, tmp_path / "backups", 0)) == [replace(lost, linked=0)]
    last = lost.inventory.facts.audit.count
    assert list(strays(ours, tmp_path / "backups", last)) == [], "one that a restored home was made of"
    enter_strays(ours, tmp_path / "backups")
    assert list(strays(ours, tmp_path / "backups", 0)) == []
    known = Backups(ours)
    (entered,) = known.newest()
    assert (entered.place, entered.at, entered.tested_at) == (str(lost.place), NOW + timedelta(hours=1), None)
    for hours in (3, 4):
        later = made(ours, homes[0], hours)
        known.proved(known.enter(later, "王一"), later, PROOF, NOW)
    assert known.prune(1, NOW, tmp_path / "backups", lambda place, why: None) == 2
    assert (lost.place.exists(), foreign.place.exists(), later.place.exists()) == (False, True, True)
    for engine in (ours, theirs):
        engine.dispose()
