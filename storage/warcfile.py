"""One WARC file while it is being written: made, locked, appended to, synced, finished.

It bears `.open` behind its name and an advisory lock until it is whole, so that recovery can
tell a living writer from a dead one. It never leaves half a record behind a failed write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import secrets
import struct
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Self

from crawler import clock
from storage import warc
from storage.folders import made, sync_folder

OPEN_SUFFIX = ".open"
RAW = (
    "entities as received: content encoding kept, transfer encoding removed; a Transfer-Encoding or untrue "
    "Content-Length header is renamed X-Archive-Orig-*; line breaks in header values are spaces; "
    "request records are rebuilt from the header lines the HTTP client says it sent"
)


class WarcFile:
    """An open file; `name` is the one it will have when it is finished."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.is_torn = False
        self._fd = fd
        self._end = 0
        self._records_start = 0
        self._is_synced = True

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(OPEN_SUFFIX)

    @property
    def end(self) -> int:
        """Where the next append begins."""
        return self._end

    @classmethod
    def create(cls, folder: Path, tool: str) -> Self:
        """A new file that begins with a warcinfo record, its name safe in the folder."""
        made(folder)
        file = cls(*_locked(folder))
        try:
            file.append(_warcinfo(file.name, tool))
            sync_folder(folder)
        except OSError:
            file.path.unlink()
            file.abandon()
            raise
        file._records_start = file._end
        return file

    def has_room(self, length: int, limit: int) -> bool:
        """Whether `length` more bytes stay within `limit`; a first record always has room."""
        return self._end == self._records_start or self._end + length <= limit

    def append(self, members: bytes) -> int:
        """Write at the end and return where it begins; after an error the end is where it was."""
        start, view = self._end, memoryview(members)
        self._is_synced = False
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLKW, _range_lock(fcntl.F_WRLCK))
        try:
            while view:
                written = os.pwrite(self._fd, view, self._end)
                self._end += written
                view = view[written:]
        except BaseException:
            self._cut_back(start)
            raise
        finally:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _range_lock(fcntl.F_UNLCK))
        return start

    def _cut_back(self, end: int) -> None:
        self._end = end
        try:
            os.ftruncate(self._fd, end)
        except OSError:
            self.is_torn = True

    def sync(self) -> None:
        """All that was appended is on the disk when this returns."""
        if not self._is_synced:
            os.fsync(self._fd)
            self._is_synced = True

    def finish(self) -> None:
        """Sync, take the final name, let go."""
        self.sync()
        self.path.rename(self.path.with_name(self.name))
        sync_folder(self.path.parent)
        os.close(self._fd)

    def abandon(self) -> None:
        """Let go and leave the file as it is, for recovery."""
        os.close(self._fd)


def is_still(path: Path, fd: int) -> bool:
    """Whether the name still leads to the open file: recovery or its writer may have been faster."""
    try:
        return path.stat().st_ino == os.fstat(fd).st_ino
    except FileNotFoundError:
        return False


def settled_size(fd: int) -> int:
    """How long a living writer's file is between two appends, -1 when it has no living writer.

    What a failed append leaves for an instant, whole records perhaps, is never counted.
    `BlockingIOError` when the writer does not come to rest.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _size_between_appends(fd)
    fcntl.flock(fd, fcntl.LOCK_UN)
    return -1


def _size_between_appends(fd: int) -> int:
    for wait in (0.001, 0.01, 0.1, 1.0):
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _range_lock(fcntl.F_RDLCK))
            break
        except (BlockingIOError, PermissionError):
            # On some network file systems the writer's own lock is of this kind: waiting for ever would not help.
            time.sleep(wait)
    else:
        raise BlockingIOError(errno.EAGAIN, "its writer does not come to rest")
    try:
        return os.fstat(fd).st_size
    finally:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _range_lock(fcntl.F_UNLCK))


def _range_lock(kind: int) -> bytes:
    """`struct flock` for the file's first byte: held by a writer while it appends, beside its lock on the file."""
    return struct.pack("hhqqi", kind, os.SEEK_SET, 0, 1, 0)


def _locked(folder: Path) -> tuple[Path, int]:
    while True:
        name = f"lantian-{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.warc.gz"
        path = folder / (name + OPEN_SUFFIX)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_still(path, fd):
                return path, fd
        except BlockingIOError:
            pass  # a recovery took it for a dead writer's in the instant before the lock, and removes it
        os.close(fd)


def _warcinfo(name: str, tool: str) -> bytes:
    lines = (
        f"software: {tool}; Python {platform.python_version()}; isal {version('isal')}",
        "format: WARC File Format 1.1",
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots: obeyed, except where a named person signed an override",
        f"description: {RAW}",
    )
    body = b"".join(warc.line_text(line) + b"\r\n" for line in lines)
    fields = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", warc.urn(str(uuid.uuid4()))),
        ("WARC-Date", warc.date(clock.now())),
        ("WARC-Filename", name),
        ("Content-Type", "application/warc-fields"),
    ]
    return warc.member(fields, warc.Payload(head=b"", body=body))
