"""Copies files so that what is told of them is what lies there: read once, digested on the way, safe on the disk.

It never writes over a file, and cleans up after itself whatever ends it but a power cut.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crawler.errors import UserMistake
from storage.folders import sync_folder
from storage.warcfile import is_still

CHUNK = 1 << 20
SPARE = 64 << 20  # bytes that stay free beside what is written
PART = ".part"
# A file system that knows no links, has enough of them, or is another one; or the file is gone.
_NO_LINK = frozenset(
    (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EACCES, errno.ENOENT)
)

Tell = Callable[[str], None]
Watch = Callable[[int], AbstractContextManager[Tell]]  # is told how many steps there are, then each one's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What came to lie there."""

    size: int
    sha256: str


@contextmanager
def folder_of_ours(path: Path) -> Iterator[Path]:
    """A new folder that is ours while this lasts, and gone afterwards unless it was renamed.

    What a dead process left under the name is taken away; `UserMistake` when a living one has it.
    """
    with the_lock(path):
        if path.exists():
            shutil.rmtree(path)
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def clear(path: Path) -> None:
    """Take away an unfinished folder, unless a living process has it: `UserMistake`."""
    with the_lock(path):
        shutil.rmtree(path)


@contextmanager
def the_lock(path: Path) -> Iterator[None]:
    """Whoever works at a folder holds it; `UserMistake` when a living process does.

    The lock of a folder lies beside it: on network disks a folder itself cannot be locked.
    """
    lock = lock_of(path)
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not is_still(lock, fd):
            raise BlockingIOError  # whoever had it has just ended, and another one may have begun
        yield
        lock.unlink(missing_ok=True)
    except BlockingIOError:
        raise UserMistake(f"{path} 正在写入") from None
    except BaseException:
        lock.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def lock_of(path: Path) -> Path:
    """Where the lock of an unfinished folder lies."""
    return path.with_name(f".{path.name.lstrip('.')}.lock")


def copied(source: int, size: int, target: Path) -> Copied:
    """The first `size` bytes of an open file as a new file, safe when this returns; fewer where the file ends."""
    digest, left = hashlib.sha256(), size
    _parents(target)
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb", buffering=0) as file:
        while left and (piece := os.read(source, min(CHUNK, left))):
            left -= len(piece)
            digest.update(piece)
            view = memoryview(piece)
            while view:
                view = view[file.write(view) or 0 :]
        os.fsync(fd)
    return Copied(size=size - left, sha256=digest.hexdigest())


def linked(source: Path, target: Path) -> bool:
    """The same file under another name; false where that cannot be."""
    _parents(target)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as wrong:
        if wrong.errno in _NO_LINK:
            return False
        raise
    return True


def digested_file(path: Path) -> Copied:
    """Size and SHA-256 of a plain file as it lies; a link is no such file."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        return Copied(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=os.fstat(fd).st_size)


def safe_all(folder: Path) -> None:
    """Every name below the folder is as safe as its file."""
    for root, _, _ in os.walk(folder):
        sync_folder(Path(root))


def must_fit(folder: Path, size: int) -> None:
    """`UserMistake` where the disk has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise UserMistake(f"空间不够：{folder} 要 {megabytes(size + SPARE)}，只剩 {megabytes(free)}；什么都没有改动")


def megabytes(size: int) -> str:
    """As people are told it, rounded up."""
    return f"{-(-size // (1 << 20))} MB"


def _parents(target: Path) -> None:
    with suppress(FileExistsError):
        target.parent.mkdir(mode=0o700, parents=True)
