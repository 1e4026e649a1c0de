"""The forgetful disk forgets what POSIX lets it forget, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

from faults.conftest import Nursery
from faults.disk import TRACED, Call, Disk, laid, recorded


def disk_after(*calls: Call) -> Disk:
    disk = Disk(Path("/d"))
    for call in calls:
        disk.did(call)
    return disk


CREATED = Call("open", "/d/a", flags="O_CREAT")
WRITTEN = Call("pwrite", "/d/a", content=b"hello")
SYNCED, FOLDER_SYNCED = Call("sync", "/d/a"), Call("sync", "/d")


def test_a_name_is_there_when_its_folder_was_synced() -> None:
    assert disk_after(CREATED, WRITTEN, SYNCED).after_a_cut(None) == {}
    assert disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED).after_a_cut(None) == {"/d/a": b"hello"}


def test_bytes_are_there_when_the_file_was_synced() -> None:
    more = Call("pwrite", "/d/a", content=b"!", number=5)
    disk = disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED, more)
    assert disk.after_a_cut(None) == {"/d/a": b"hello"}
    assert {disk.after_a_cut(random.Random(seed))["/d/a"] for seed in range(40)} == {b"hello", b"hello!"}


def test_a_rename_that_was_not_synced_leaves_the_old_name() -> None:
    renamed = Call("rename", "/d/a", "/d/b")
    before = disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED, renamed)
    assert before.after_a_cut(None) == {"/d/a": b"hello"}
    left = [before.after_a_cut(random.Random(seed)) for seed in range(40)]
    assert {"/d/a": b"hello"} in left
    assert {"/d/b": b"hello"} in left, "a rename is one step: a name or the other, never none and never both"
    assert all(len(one) == 1 for one in left)
    before.did(FOLDER_SYNCED)
    assert before.after_a_cut(None) == {"/d/b": b"hello"}


def test_what_was_cut_off_and_not_synced_is_still_there() -> None:
    cut = Call("truncate", "/d/a", number=2)
    disk = disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED, cut)
    assert disk.after_a_cut(None) == {"/d/a": b"hello"}
    disk.did(SYNCED)
    assert disk.after_a_cut(None) == {"/d/a": b"he"}


def test_a_folder_is_there_when_the_one_above_was_synced() -> None:
    calls = [
        Call("mkdir", "/d/f"),
        Call("open", "/d/f/a", flags="O_CREAT"),
        Call("sync", "/d/f/a"),
        Call("sync", "/d/f"),
    ]
    disk = disk_after(*calls)
    assert disk.after_a_cut(None) == {}
    disk.did(Call("sync", "/d"))
    assert disk.after_a_cut(None) == {"/d/f/a": b""}


def test_a_recorded_round_replayed_to_its_end_is_the_home_it_left(
    tmp_path: Path, nursery: Nursery, strace: str
) -> None:
    root, log = tmp_path / "disk", tmp_path / "log"
    root.mkdir()
    tracing = ["-y", "-xx", "-s", "10000000", "-o", str(log), "-e", f"trace={TRACED}"]
    assert nursery.traced("driver", tmp_path / "out", tracing, root / "home", root / "ack", 3) == 0
    disk = Disk(root)
    for call in recorded(log, root):
        disk.did(call)
    laid(disk.after_a_cut(None), root, tmp_path / "copy")
    there = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {path.suffix for path in there} >= {".gz", ".json", ".jsonl", ".db"}
    for path in there:
        assert (tmp_path / "copy" / path.relative_to(root)).read_bytes() == path.read_bytes(), path.name
