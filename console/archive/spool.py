"""A file in the making, beside its name: what a kill or a full disk leaves of it is gone on with, by the same question.

The folder is its owner's alone and goes when the file has its name; nothing that has the name is written over, and
nothing is taken for written that the disk has not confirmed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from console.output import harmless
from crawler.errors import UserMistake
from storage.canonical import canonical
from storage.folders import sync_folder, take_name

ROWS, BODY, FINISHED = "rows", "body", "finished"
_LOCK, _ASKED, _MARK = "lock", "asked.json", "mark.json"
_BIG = "<i8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far it has come: exhibits asked for (`done`), of those in the file (`lines`), the file's safe bytes.

    `sha256` is that of the finished file, `entries` how many the audit log had before that was written down there,
    -1 as long as nobody tried. `is_noted` when it is there.
    """

    done: int = 0
    lines: int = 0
    size: int = 0
    is_specimen: bool = False
    sha256: str = ""
    entries: int = -1
    is_noted: bool = False


class Spool:
    """What there is of the file `out`; opened by `spool`."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out = folder, out
        self.mark = Mark()
        self.number = 0  # exhibits asked for
        self.id = ""

    # -- the question --------------------------------------------------------------------------------

    @property
    def is_begun(self) -> bool:
        """Whether the exhibits are written down that the file is to have."""
        return (self.folder / _ASKED).exists()

    def begin(self, question: str, rows: Iterable[NDArray[np.int64]]) -> None:
        """Write down which exhibits, once and for all: what is found later is not in this file."""
        number = 0
        with _private(self.folder / ROWS) as file:
            for some in rows:
                file.write(some.astype(_BIG).tobytes())
                number += len(some)
            _safe(file)
        self._save(_ASKED, {"question": question, "number": number, "id": os.urandom(8).hex()})
        self.take_up(question)

    def take_up(self, question: str) -> None:
        """Go on where it was left; `UserMistake` when something else was asked."""
        asked = json.loads((self.folder / _ASKED).read_bytes())
        if asked["question"] != question:
            raise UserMistake(
                f"{_told(self.out)} 有另一个没有写完的导出（问题、格式、权限、导出人或软件版本不同）："
                f"用原来的命令接着导出，或换一个文件名，或删除 {_told(self.folder)}"
            )
        self.number, self.id = asked["number"], asked["id"]
        if (self.folder / _MARK).exists():
            self.mark = Mark(**json.loads((self.folder / _MARK).read_bytes()))

    def rows(self, after: int, most: int) -> NDArray[np.int64]:
        """So many of the exhibits, those that come after the first `after`."""
        with (self.folder / ROWS).open("rb") as file:
            file.seek(after * 8)
            return np.frombuffer(file.read(most * 8), dtype=_BIG).astype(np.int64)

    # -- the file ------------------------------------------------------------------------------------

    @contextmanager
    def body(self) -> Iterator[BinaryIO]:
        """The body, cut to what is safe, to be appended to."""
        with _private(self.folder / BODY, keeps=True) as file:
            if os.fstat(file.fileno()).st_size < self.mark.size:
                raise UserMistake(f"{_told(self.folder)} 里的半成品不完整：删除这个文件夹，重新导出")
            file.truncate(self.mark.size)
            file.seek(self.mark.size)
            yield file

    def written(self, file: BinaryIO, mark: Mark) -> None:
        """From now on this much of the body is safe."""
        _safe(file)
        self.keep(replace(mark, size=file.tell()))

    @contextmanager
    def finishing(self) -> Iterator[BinaryIO]:
        """The finished file, written from the body; begun anew each time."""
        with _private(self.folder / FINISHED) as file:
            yield file
            _safe(file)

    def digest(self, name: str) -> str:
        """The SHA-256 of a file of the spool."""
        with (self.folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def keep(self, mark: Mark) -> None:
        """Remember how far it has come."""
        self._save(_MARK, asdict(mark))
        self.mark = mark

    def is_named(self, name: str) -> bool:
        """Whether a dying run gave the file its name already."""
        return self.out.exists() and (self.folder / name).exists() and self.out.samefile(self.folder / name)

    def hand_over(self, name: str) -> None:
        """The finished file gets its name; `UserMistake` where that is taken, and all stays as it is."""
        if not self.is_named(name):
            try:
                take_name(self.folder / name, self.out)
            except FileExistsError:
                raise UserMistake(f"{_told(self.out)} 已经存在，不会覆盖：移走它，再运行同一命令") from None
            sync_folder(self.out.absolute().parent)
        # First what says that something is to be gone on with: a death in between must not begin it anew.
        (self.folder / _ASKED).unlink()
        shutil.rmtree(self.folder)

    def _save(self, name: str, told: dict[str, object]) -> None:
        temp = self.folder / f"{name}.part"
        with _private(temp) as file:
            file.write(canonical(told))
            _safe(file)
        temp.rename(self.folder / name)
        sync_folder(self.folder)


def spool_of(out: Path) -> Path:
    """The folder in which a file of this name is made."""
    return out.with_name(f".{out.name}.export")


@contextmanager
def spool(out: Path) -> Iterator[Spool]:
    """The spool of this file, made where there is none; nobody else works in it meanwhile."""
    folder = spool_of(out)
    try:
        folder.mkdir(mode=0o700)
        sync_folder(folder.absolute().parent)
    except FileExistsError:
        _refuse_foreign(folder)
    with _private(folder / _LOCK, keeps=True) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserMistake(f"另有一个导出正在写 {_told(out)}") from None
        yield Spool(folder, out)


def discard(one: Spool) -> None:
    """Nothing is to be gone on with."""
    shutil.rmtree(one.folder)


def _refuse_foreign(folder: Path) -> None:
    """A folder that others could have filled would have its contents leave under our name."""
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise UserMistake(f"{_told(folder)} 不是本程序建的文件夹：移走它，或换一个文件名")


@contextmanager
def _private(path: Path, *, keeps: bool = False) -> Iterator[BinaryIO]:
    """A file of its owner alone; a link in its place is not followed."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | (0 if keeps else os.O_TRUNC)
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
        yield file


def _safe(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _told(path: Path) -> str:
    return harmless(str(path))
