"""Where a home is put together before it has its place, and how it gets it: at once, or, in a folder that was there
(a mounted disk, a link to one), entry by entry behind a mark.

It takes no place of anything, and a home that is half in its place says so until it is wholly there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crawler.errors import UserMistake
from storage.folders import save, sync_folder
from storage.upkeep.copying import PART, folder_of_ours, lock_of, the_lock

_INSIDE, _MARK = f".restoring{PART}", ".restoring"
_OF_DISKS = "lost+found"  # in every new file system of one kind


def refuse_taken(home: Path) -> None:
    """`UserMistake` where no new home may come to lie."""
    if home.is_symlink() and not home.exists():
        raise UserMistake(f"{home} 是指向空处的链接：先建好它所指的文件夹")
    if home.exists() and (not home.is_dir() or {path.name for path in home.iterdir()} - _ours(home)):
        raise UserMistake(f"{home} 已经有了，不覆盖：换一个新的文件夹")
    if not home.parent.is_dir():
        raise UserMistake(f"没有 {home.parent} 这个文件夹")


def _ours(home: Path) -> set[str]:
    inside = home / _INSIDE
    return {_OF_DISKS, inside.name, lock_of(inside).name, f".{_MARK}.tmp"}


@contextmanager
def unfinished(home: Path) -> Iterator[Path]:
    """A new folder on the disk that the home will lie on."""
    path = home / _INSIDE if home.is_dir() else home.with_name(f".{home.name}{PART}")
    with folder_of_ours(path) as part:
        yield part


def take_place(part: Path, home: Path, sha256: str) -> None:
    """What was put together, and is safe on the disk, becomes the home; `sha256` says of which backup."""
    if part.parent != home:
        part.rename(home)
        sync_folder(home.parent)
        return
    save(home / _MARK, sha256.encode())
    _move(part, home)


def gone_on(home: Path, sha256: str) -> bool:
    """Whether the home was half in its place, and now is wholly; `UserMistake` for one of another backup."""
    mark = home / _MARK
    if not mark.is_file():
        return False
    if mark.read_text(encoding="utf-8") != sha256:
        raise UserMistake(f"{home} 里是另一份备份恢复到一半的：用那一份再恢复一次，或先清空它")
    with the_lock(home / _INSIDE):
        _move(home / _INSIDE, home)
    return True


def _move(part: Path, home: Path) -> None:
    """Everything was proved before: what is left to do is names."""
    for path in sorted(part.iterdir()) if part.is_dir() else ():
        path.rename(home / path.name)
    sync_folder(home)
    with suppress(FileNotFoundError):
        part.rmdir()
    (home / _MARK).unlink()
    sync_folder(home)
