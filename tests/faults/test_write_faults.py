"""Every write, sync, cut and rename of a round fails once: a full disk, a bad one, a read-only one.

strace makes exactly the n-th call fail, or every so many-th; a small tmpfs in a mount namespace is really full
and really read-only. After each the next round begins. libfiu cannot be used: a process under it aborts as soon
as it loads an extension module written in Rust.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from faults.conftest import ENVIRONMENT, Nursery
from faults.driver import body_of
from faults.promises import acknowledged, broken_promises, picked_up

CALLS = "pwrite64,write,fsync,fdatasync,ftruncate,rename,unlink,mkdir"
ERRORS = ("ENOSPC", "EIO", "EROFS")
PAGES = 5
IN_CI = 14  # of all places, chosen by the seed
SEED = 20261120
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")


def places(nursery: Nursery, folder: Path) -> list[tuple[str, int]]:
    """Each call of an undisturbed round that changes its home or its acknowledgements: (name, which in order)."""
    home, log = folder / "counted", folder / "counted.log"
    tracing = ["-y", "-o", str(log), "-e", f"trace={CALLS}"]
    assert nursery.traced("driver", folder / "counted.out", tracing, home, folder / "counted.ack", PAGES) == 0
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if match := _CALL.match(line):
            counts[match[1]] = counts.get(match[1], 0) + 1
            if str(folder) in match[2].split('"')[0] or f'"{folder}' in match[2]:
                found.append((match[1], counts[match[1]]))
    return found


def after(nursery: Nursery, home: Path, ack: Path) -> list[str]:
    """What does not hold when the next round has begun, and when it has ended."""
    picked_up(home)
    complaints = broken_promises(home, ack, body_of)
    code = nursery.run("driver", home.with_suffix(".next"), home, ack, 2)
    if code:
        complaints.append(f"the next round did not go on: {home.with_suffix('.next').read_text()[:300]}")
    return complaints + broken_promises(home, ack, body_of)


def test_whatever_write_fails_nothing_acknowledged_is_lost(
    tmp_path: Path, nursery: Nursery, strace: str, is_torture: bool
) -> None:
    everywhere = places(nursery, tmp_path)
    assert {name for name, _ in everywhere} >= {"pwrite64", "fsync", "rename", "write"}
    chosen = everywhere if is_torture else random.Random(SEED).sample(everywhere, IN_CI)
    complaints, refused, acked = [], 0, 0
    for number, (call, when) in enumerate(chosen):
        error = ERRORS[number % len(ERRORS)]
        home, ack = tmp_path / f"home-{number}", tmp_path / f"ack-{number}"
        tracing = ["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
        code = nursery.traced("driver", tmp_path / f"{number}.out", tracing, home, ack, PAGES)
        assert code in (0, 1, 3), (tmp_path / f"{number}.out").read_text()
        refused += code != 0
        acked += len(acknowledged(ack))
        complaints += [f"{error} at {call} {when}: {one}" for one in after(nursery, home, ack)]
    assert complaints == []
    assert refused >= len(chosen) // 2, "hardly a fault was noticed: were they injected at all?"
    assert acked > len(chosen), "hardly anything was acknowledged"


@pytest.mark.parametrize("fault", ["pwrite64 ENOSPC", "fsync EIO", "fdatasync EIO", "write ENOSPC"])
def test_a_disk_that_fails_again_and_again_loses_nothing_acknowledged(
    tmp_path: Path, nursery: Nursery, strace: str, is_torture: bool, fault: str
) -> None:
    call, error = fault.split()
    chance = random.Random(f"{SEED} {call}")
    for turn in range(20 if is_torture else 1):
        home, ack = tmp_path / f"home-{turn}", tmp_path / f"ack-{turn}"
        first, step = chance.randrange(6, 14), chance.randrange(3, 9)
        inject = f"inject={call}:error={error}:when={first}+{step}"
        tracing = ["-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        code = nursery.traced("driver", tmp_path / "out", tracing, home, ack, 12)
        assert code in (1, 3), f"{inject} was not noticed: {(tmp_path / 'out').read_text()}"
        assert after(nursery, home, ack) == []


def in_small_disk(folder: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """A shell script in a mount namespace of its own, where `folder` is a file system of that size."""
    command = ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size={size} tmpfs {folder} && {script}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=ENVIRONMENT)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


@pytest.mark.parametrize("size", ["200k", "500k"])
def test_a_disk_that_is_full_loses_nothing_acknowledged(tmp_path: Path, nursery: Nursery, size: str) -> None:
    from faults import driver

    disk, copy, ack = tmp_path / "disk", tmp_path / "copy", tmp_path / "ack"
    disk.mkdir()
    if in_small_disk(disk, "100k", "true").returncode:
        pytest.skip("no mount namespace may be made here")
    run = f"{sys.executable} {driver.__file__} {disk}/home {ack} 40; code=$?; cp -a {disk}/home {copy}; exit $code"
    ended = in_small_disk(disk, size, run)
    assert ended.returncode in (1, 3), f"the disk was never full: {ended.stdout}{ended.stderr}"
    assert "No space left" in ended.stdout or "disk is full" in ended.stdout, ended.stdout
    assert after(nursery, copy, ack) == []


def test_a_disk_that_turns_read_only_loses_nothing_acknowledged(tmp_path: Path, nursery: Nursery) -> None:
    from faults import driver

    disk, copy, ack = tmp_path / "disk", tmp_path / "copy", tmp_path / "ack"
    disk.mkdir()
    if in_small_disk(disk, "100k", "true").returncode:
        pytest.skip("no mount namespace may be made here")
    driver_run = f"{sys.executable} {driver.__file__} {disk}/home {ack} 4"
    # A file held open for writing keeps a mount from turning read-only, so it turns between two rounds.
    run = f"{driver_run} && mount -o remount,ro {disk} && ! {driver_run}; code=$?; cp -a {disk}/home {copy}; exit $code"
    ended = in_small_disk(disk, "20m", run)
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
    assert acknowledged(ack)
    assert after(nursery, copy, ack) == []
