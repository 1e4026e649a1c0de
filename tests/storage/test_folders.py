"""Files are whole under their names or not there, also when the disk fails on the way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from storage.folders import save, save_new, take_name


def steps_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The system calls that make a name safe, in their order, as they are made."""
    made: list[str] = []

    def noted(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **settings: object) -> object:
            what = name
            if name == "fsync":
                path = Path(f"/proc/self/fd/{arguments[0]}").readlink()
                what = "fsync folder" if path.is_dir() else f"fsync {path.suffix}"
            made.append(what)
            return real(*arguments, **settings)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "rename", "link"):
        noted(name)
    return made


def test_bytes_then_name_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = steps_of(monkeypatch)
    save(tmp_path / "head.json", b"one")
    save(tmp_path / "head.json", b"two")
    assert made == ["fsync .tmp", "rename", "fsync folder"] * 2
    made.clear()
    save_new(tmp_path / "new.json", b"three")
    assert made == ["fsync .tmp", "link", "fsync folder"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"head.json": b"two", "new.json": b"three"}


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    save_new(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        save_new(tmp_path / "a", b"two")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        save_new(tmp_path / "dangling", b"two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "dangling"]
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_disk_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "a", b"one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path / "a", b"two")
    with pytest.raises(OSError, match="No space"):
        save_new(tmp_path / "b", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert not (tmp_path / "b").exists()


def test_where_there_are_no_links_the_name_is_taken_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody makes meanwhile is not replaced, for it cannot be made; and nothing is left of what failed."""
    rename, tried = os.rename, []

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def meanwhile(*arguments: object) -> None:
        tried.append(len(tried))
        with pytest.raises(FileExistsError):
            (tmp_path / "a").open("xb")
        if tried == [0]:
            raise OSError(errno.EIO, "Input/output error")
        rename(*arguments)

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "rename", meanwhile)
    with pytest.raises(OSError, match="Input"):
        save_new(tmp_path / "a", b"one")
    assert list(tmp_path.iterdir()) == []
    save_new(tmp_path / "a", b"one")
    assert (tmp_path / "a").read_bytes() == b"one"


def test_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    save_new(tmp_path / "a", b"one")
    assert (tmp_path / "a").read_bytes() == b"one"
    (tmp_path / "temp").write_bytes(b"two")
    with pytest.raises(FileExistsError):
        take_name(tmp_path / "temp", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"one"
