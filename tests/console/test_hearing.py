"""A migration that any command sets off is told in one line, and what the command found stays on stdout."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from conftest import ROOT

from storage.db import HEAD

HOMES = ROOT / "tests" / "storage" / "homes"


def test_an_older_home_is_copied_and_that_is_said(lantian: Callable[..., object], tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(HOMES / "0.1.0", home, dirs_exist_ok=True)
    first, second = lantian("leads", "--json"), lantian("leads", "--json")
    copy = f"lantian.db.before-{HEAD}"
    assert first.err.splitlines() == [
        f"{home / 'lantian.db'}：数据库由结构 0001 升级到 {HEAD}；升级前的数据库留在旁边的 {copy}"
    ]
    assert (len(first.lines), first.out, second.err) == (2, second.out, "")
    assert (home / copy).is_file()
