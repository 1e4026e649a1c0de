"""A home that simulates does nothing real: no round, no patrol, no seal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import clock
from crawler.errors import EXIT_USAGE
from storage.db import open_database
from storage.marks import mark_simulation
from tests.console.conftest import Ran


@pytest.fixture
def simulating(tmp_path: Path) -> Path:
    """Its home."""
    engine = open_database(tmp_path / "home" / "lantian.db")
    mark_simulation(engine, clock.now())
    engine.dispose()
    return tmp_path / "home"


@pytest.mark.parametrize("command", [("round", "--spiders", "jd"), ("evidence", "seal")], ids=["round", "seal"])
def test_a_home_that_simulates_does_nothing_real(
    here: Callable[..., Ran], simulating: Path, command: tuple[str, ...]
) -> None:
    refused(here(*command), simulating)


def test_nor_does_a_patrol(lantian: Callable[..., Ran], simulating: Path) -> None:
    refused(lantian("patrol", "--once"), simulating)


def refused(ran: Ran, home: Path) -> None:
    """In one line, and nothing was done."""
    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert "只用于模拟" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not list(home.glob("archive/manifests/0*"))
