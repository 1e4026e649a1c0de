"""A home that simulates is never sealed, and one in which anything was looked at never simulates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from storage_specimens import EXCHANGE, T0, TOOL

from crawler import clock
from crawler.errors import UserMistake
from storage.archive import FolderArchive
from storage.exhibits import ExhibitStore
from storage.marks import is_simulation, mark_simulation, refuse_simulation
from storage.seal import Sealer
from storage.sealing.chain import Chain, Draft
from storage.sealing.manifests import Kind


def test_a_new_home_may_be_marked_and_stays_so(engine: Engine) -> None:
    assert not is_simulation(engine)
    refuse_simulation(engine)
    mark_simulation(engine, T0)
    mark_simulation(engine, T0 + timedelta(days=1))
    assert is_simulation(engine)
    with pytest.raises(UserMistake, match="只用于模拟"):
        refuse_simulation(engine)


def test_a_home_that_looked_at_anything_is_not_marked(planned: ExhibitStore) -> None:
    with pytest.raises(UserMistake, match="已经有巡查记录"):
        mark_simulation(planned.engine, T0)
    assert not is_simulation(planned.engine)


def test_a_simulation_is_never_sealed(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with FolderArchive(folder, tool=TOOL) as archive:
        archive.keep(EXCHANGE)
        archive.sync()
    sealer = Sealer(folder, engine, tool=TOOL, demand="sealed")
    mark_simulation(engine, T0)
    with pytest.raises(UserMistake, match="永远不能封存"):
        sealer.seal("", clock.now())
    chain = Chain(folder, engine, tool=TOOL, demand="sealed")
    with chain.locked(T0), chain.leaves() as leaves, pytest.raises(UserMistake, match="永远不能封存"):
        chain.lengthen(Draft(kind=Kind.RECORDS, files=()), leaves, T0)
    assert sealer.head().number == 0
    assert not list((folder / "manifests").glob("0*"))


def test_the_same_archive_is_sealed_in_a_home_without_the_mark(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with FolderArchive(folder, tool=TOOL) as archive:
        archive.keep(EXCHANGE)
        archive.sync()
    assert Sealer(folder, engine, tool=TOOL, demand="sealed").seal("", clock.now()).manifests == 1
