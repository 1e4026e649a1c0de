"""The power fails between any two calls of a round: what was acknowledged is there, and the next round goes on."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from faults.conftest import Nursery
from faults.disk import TRACED, Call, Disk, laid, recorded
from faults.driver import body_of
from faults.promises import acknowledged, broken_promises, picked_up

PAGES = 7
IN_CI = 24  # cuts
SEED = 20261120


def changing(call: Call) -> bool:
    return call.name != "open"


def test_no_power_cut_loses_what_was_acknowledged(
    tmp_path: Path, nursery: Nursery, strace: str, is_torture: bool
) -> None:
    disk_root, log = tmp_path / "disk", tmp_path / "log"
    disk_root.mkdir()
    tracing = ["-y", "-xx", "-s", "10000000", "-o", str(log), "-e", f"trace={TRACED}"]
    code = nursery.traced("driver", tmp_path / "out", tracing, disk_root / "home", disk_root / "ack", PAGES)
    assert code == 0, (tmp_path / "out").read_text()
    calls = recorded(log, disk_root)
    assert len(calls) > 100
    chance = random.Random(SEED)
    cuts = range(1, len(calls) + 1) if is_torture else sorted(chance.sample(range(1, len(calls) + 1), IN_CI))
    complaints, acked = [], 0
    disk, done = Disk(disk_root), 0
    for number, cut in enumerate(cuts):
        for call in calls[done:cut]:
            disk.did(call)
        done = cut
        for name, luck in (("bare", None), ("torn", random.Random(SEED + number))):
            onto = tmp_path / f"{name}-{number}"
            onto.mkdir()
            laid(disk.after_a_cut(luck), disk_root, onto)
            complaints += [f"cut after call {cut} ({name}): {one}" for one in after(onto)]
            acked += len(acknowledged(onto / "ack"))
    assert complaints == []
    assert acked > IN_CI, "hardly anything was acknowledged"


def after(disk: Path, body: Callable[[str], bytes] = body_of) -> list[str]:
    home, ack = disk / "home", disk / "ack"
    home.mkdir(exist_ok=True)
    (home / "archive").mkdir(exist_ok=True)
    picked_up(home)
    return broken_promises(home, ack, body)
