"""Finish what a dead process left open; `recover(folder)` runs before a new writer starts.

It cuts only what lies behind the last record that verifies, says so, and never touches the file of a
living writer, nor cuts what a manifest covers. Damage with whole records behind it is said, and left as it is.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from crawler.errors import EvidenceBroken
from storage import warc
from storage.folders import sync_folder
from storage.warcfile import OPEN_SUFFIX, is_still

_MAGIC = b"\x1f\x8b\x08\x00"
_STEP = 1 << 16
_TORN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """One file finished for a dead writer; `str()` of it says in words what was cut.

    `kept`, `cut` and `damaged` are bytes; a file without a whole record has kept none and is removed.
    """

    file: str
    records: int
    kept: int
    cut: int
    damaged: int = 0

    def __str__(self) -> str:
        if not self.records:
            return f"{self.file}: removed, its {self.cut} bytes held no whole record"
        said = f"{self.file}: {self.records} whole records in {self.kept} bytes kept, {self.cut} bytes cut off the end"
        return f"{said}; {self.damaged} bytes between whole records are damaged" if self.damaged else said


def recover(folder: Path, sealed: Mapping[str, int] = MappingProxyType({})) -> list[Recovered]:
    """Finish every `.open` file that no living process holds, oldest first.

    `sealed` says how far manifests cover each file, by its final name. A file that no longer has its sealed
    records is left as it is, the others are finished, and `EvidenceBroken` names it.
    """
    paths = sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}"))
    done: list[Recovered] = []
    broken: list[str] = []
    for path in paths:
        try:
            done += _finish_dead(path, sealed.get(path.name.removesuffix(OPEN_SUFFIX), 0))
        except EvidenceBroken as wrong:
            broken.append(str(wrong))
    if done:
        sync_folder(folder)
    if broken:
        raise EvidenceBroken("; ".join(broken))
    return done


def _finish_dead(path: Path, sealed: int) -> Iterator[Recovered]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_still(path, fd):
            yield _finish(path, fd, sealed)
    except BlockingIOError:
        return
    finally:
        os.close(fd)


def _finish(path: Path, fd: int, sealed: int) -> Recovered:
    size = os.fstat(fd).st_size
    records, kept, whole = _survey(fd, size)
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    if final.exists():
        raise EvidenceBroken(f"{path.name} and {final.name} are both there; a person must look at them")
    if kept < sealed:
        raise EvidenceBroken(f"{path.name}: sealed up to {sealed}, but whole only up to {kept}")
    if records:
        os.ftruncate(fd, kept)
        os.fsync(fd)
        path.rename(final)
    else:
        path.unlink()
    return Recovered(file=final.name, records=records, kept=kept, cut=size - kept, damaged=kept - whole)


def _survey(fd: int, size: int) -> tuple[int, int, int]:
    """Whole records, the end of the last of them, and the bytes they fill."""
    if not size:
        return 0, 0, 0
    records = kept = whole = 0
    with mmap.mmap(fd, size, access=mmap.ACCESS_READ) as view:
        start = 0
        while 0 <= start < size:
            end = _member_end(view, start, size)
            if end > 0:
                records, kept, whole = records + 1, end, whole + end - start
                start = end
            else:
                start = _next_start(view, start, size, is_torn=end == _TORN)
    return records, kept, whole


def _next_start(view: mmap.mmap, start: int, size: int, *, is_torn: bool) -> int:
    """Where records may go on behind bytes that are none, -1 when nowhere.

    A page may hold whole records of invented pages, which lie there as they are when it does not compress. So what
    is found inside a record that the file's end tears counts only if it goes on, record for record, to that end.
    """
    at = view.find(_MAGIC, start + 1)
    while is_torn and at >= 0 and not _is_whole_from(view, at, size):
        at = view.find(_MAGIC, at + 1)
    return at


def _is_whole_from(view: mmap.mmap, at: int, size: int) -> bool:
    while 0 < at < size:
        at = _member_end(view, at, size)
    return at == size


def _member_end(view: mmap.mmap, start: int, size: int) -> int:
    """Where the whole record that begins at `start` ends; 0 when there is none, `_TORN` when the file ends in it."""
    unpacker = zlib.decompressobj(wbits=31)
    plain = bytearray()
    at = start
    try:
        while not unpacker.eof and at < size:
            piece = view[at : at + _STEP]
            plain += unpacker.decompress(piece)
            at += len(piece)
        if not unpacker.eof:
            return _TORN
        warc.read_record(bytes(plain))
    except (zlib.error, EvidenceBroken):
        return 0
    return at - len(unpacker.unused_data)
