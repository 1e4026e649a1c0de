"""Where the verifier reads from: names, sizes and streams, never more than it was given.

A folder is the usual source; an object store is handed in by whoever knows one. Links and whatever else is not a
plain file are never opened.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 20
OPEN_SUFFIX = ".open"
FOLDERS = frozenset({"manifests", "manifests/authorities"})


class Source(Protocol):
    """The files of one archive. Names are relative, parted by "/". Any thread may call it."""

    def names(self) -> Iterator[str]:
        """Every name there is, in any order, plain or not; of folders those that have no business there."""
        ...

    def is_plain(self, name: str) -> bool:
        """Whether it is a file of its own: no link, no device."""
        ...

    def size(self, name: str) -> int:
        """Bytes; raises `OSError` when there is no such file."""
        ...

    def open(self, name: str, start: int = 0) -> BinaryIO:
        """The bytes from `start` on; raises `OSError` when there is no such plain file."""
        ...


class FolderSource:
    """The files under one folder. The folder itself may be a link, nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def names(self) -> Iterator[str]:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            with os.scandir(self.folder / prefix) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{prefix}{entry.name}/")
                        if prefix + entry.name not in FOLDERS:
                            yield prefix + entry.name
                    else:
                        yield prefix + entry.name

    def is_plain(self, name: str) -> bool:
        try:
            return stat.S_ISREG((self.folder / name).lstat().st_mode)
        except FileNotFoundError:
            return False

    def size(self, name: str) -> int:
        return self._path(name).lstat().st_size

    def _path(self, name: str) -> Path:
        path = self.folder / name
        # Its writer may finish a file while we are at others.
        final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
        return final if final != path and not path.exists() and final.exists() else path

    def open(self, name: str, start: int = 0) -> BinaryIO:
        path = self._path(name)
        if not path.parent.resolve().is_relative_to(self.folder):
            raise PermissionError(f"{name} leaves the archive")
        # Without O_NONBLOCK a pipe that took the file's place would hold us for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        file = io.FileIO(fd)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise PermissionError(f"{name} is no plain file")
            file.seek(start)
        except OSError:
            file.close()
            raise
        return io.BufferedReader(file, CHUNK)


def read_bounded(source: Source, name: str, limit: int) -> bytes:
    """The whole file; `ValueError` when it is longer than anything that we would have written."""
    with source.open(name) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise ValueError(f"longer than {limit} bytes")
    return raw
