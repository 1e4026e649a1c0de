"""One only, among all who share a PostgreSQL; whoever dies lets go."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from storage.alone import PICTURES, alone

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from storage.alone import PICTURES, alone
with alone(sys.argv[1], PICTURES) as is_ours:
    print(is_ours, flush=True)
    time.sleep(600)
"""


def test_one_has_it_until_it_lets_go(new_database: Callable[[], str]) -> None:
    place, other = new_database(), new_database()
    with alone(place, PICTURES) as first, alone(place, PICTURES) as second:
        assert (first, second) == (True, False)
        with alone(place, PICTURES + 1) as another, alone(other, PICTURES) as elsewhere:
            assert (another, elsewhere) == (True, True)
    with alone(place, PICTURES) as again:
        assert again


def test_who_dies_lets_go(new_database: Callable[[], str]) -> None:
    place = new_database()
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, place], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with alone(place, PICTURES) as is_ours:
        assert not is_ours
    holder.kill()
    holder.communicate()
    for _ in range(600):
        with alone(place, PICTURES) as is_ours:
            if is_ours:
                return
        time.sleep(0.1)
    raise AssertionError("still held")


def test_on_sqlite_there_is_one_machine(tmp_path: Path) -> None:
    with alone(tmp_path / "lantian.db", PICTURES) as first, alone(tmp_path / "lantian.db", PICTURES) as second:
        assert first
        assert second
