"""The zip of a package, read strictly: there is one way to write it, and whatever differs by a byte is named.

Stored entries only, in a fixed order, at a fixed date; nothing before, between or after them. Nothing is unpacked to
the disk, and no name leads anywhere.
"""

from __future__ import annotations

import io
import os
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from storage.verifier.report import Broken

RECORDS = "archive/data.warc.gz"
INDEX = "indexes/index.cdx"
PAGES = "pages/pages.jsonl"
PACKAGE = "lantian/package.json"
PROOFS = "lantian/proofs.jsonl"
VERIFY = "lantian/VERIFY.md"
DATAPACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
STAMP = "lantian/package-token"
_ID = r"[0-9a-f][0-9a-f-]{7,63}"
# In the order in which they stand; a package has all of `NEEDED` and any of the others.
PLACES = tuple(
    re.compile(one)
    for one in (
        *(re.escape(name) for name in (RECORDS, INDEX, PAGES, PACKAGE, PROOFS, VERIFY)),
        r"chain/[0-9]{6,12}\.(?:json|tsr)",
        r"authorities/[0-9a-f]{16}\.pem",
        rf"pictures/{_ID}\.png",
        rf"texts/{_ID}\.txt",
        r"documents/[a-z0-9][a-z0-9-]{0,80}\.(?:docx|pdf)",
        *(re.escape(name) for name in (DATAPACKAGE, DIGEST, STAMP)),
    )
)
NEEDED = (RECORDS, INDEX, PAGES, PACKAGE, PROOFS, VERIFY, DATAPACKAGE, DIGEST)
MOST_ENTRIES, MOST_LISTED = 65_534, 1 << 24
# An entry that claims to unpack to more than this, and a hundred times its size, was made to fill a disk.
BOMB_BYTES, BOMB_RATIO = 1 << 24, 100

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_FIXED_DATE = 1 << 5 | 1  # 1 January 1980, midnight
_REGULAR_FILE = 0o100644 << 16
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file in the zip: its bytes are those from `start`, `size` of them."""

    name: str
    start: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What the central directory says of one entry."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    raw: bytes


class Misbuilt(Exception):
    """It is no zip of ours; `broken` says in what, the first thing first."""

    def __init__(self, *broken: Broken) -> None:
        super().__init__(str(broken[0]))
        self.broken = broken


def read_entries(file: BinaryIO, part: str) -> tuple[Entry, ...]:
    """The entries in their order; raises `Misbuilt`. `part` is the package's name to complain under."""
    size = file.seek(0, os.SEEK_END)
    start, count = _end_of(file, size, part)
    listed = list(_listed(_read(file, start, size - _END.size - start), count, part))
    if wrong := [*_suspicious(listed, size, part)]:
        raise Misbuilt(*wrong)
    entries, at = [], 0
    for one in listed:
        entries.append(_entry(file, one, at, part))
        at = entries[-1].start + one.size
    if at != start:
        raise Misbuilt(Broken(kind="zip_structure", part=part, offset=at, detail="文件之间有别的字节"))
    _refuse_disorder(listed, part)
    return tuple(entries)


def _end_of(file: BinaryIO, size: int, part: str) -> tuple[int, int]:
    """Where the central directory starts, and how many entries it has."""

    def misbuilt(detail: str) -> Misbuilt:
        return Misbuilt(Broken(kind="zip_structure", part=part, offset=max(size - _END.size, 0), detail=detail))

    raw = _read(file, max(size - _END.size, 0), _END.size)
    if len(raw) < _END.size or not raw.startswith(b"PK\5\6"):
        raise misbuilt("末尾不是压缩包应有的结尾：被截短，或者后面加了东西")
    _, disk, first_disk, here, count, length, start, comment = _END.unpack(raw)
    if disk or first_disk or comment or here != count or start + length != size - _END.size:
        raise misbuilt("结尾与目录不符")
    if not 0 < count <= MOST_ENTRIES or length > MOST_LISTED:
        raise misbuilt(f"有 {count} 个文件，目录 {length} 字节")
    return start, count


def _listed(raw: bytes, count: int, part: str) -> Iterator[_Listed]:
    at = 0
    for _ in range(count):
        head = raw[at : at + _CENTRAL.size]
        if len(head) < _CENTRAL.size or not head.startswith(b"PK\1\2"):
            raise Misbuilt(Broken(kind="zip_structure", part=part, detail="目录不完整"))
        _, _, _, _, method, _, _, crc, packed, size, named, extra, comment, *_, offset = _CENTRAL.unpack(head)
        end = at + _CENTRAL.size + named + extra + comment
        name = raw[at + _CENTRAL.size : at + _CENTRAL.size + named].decode("utf-8", "backslashreplace")
        yield _Listed(
            name=name, method=method, crc=crc, packed=packed, size=size, offset=offset, raw=raw[at:end]
        )  # fmt: skip
        at = end
    if at != len(raw):
        raise Misbuilt(Broken(kind="zip_structure", part=part, detail="目录后面有别的字节"))


def _suspicious(listed: list[_Listed], size: int, part: str) -> Iterator[Broken]:
    """What an attack on whoever unpacks it looks like; told by name even where more is wrong."""
    for name, times in Counter(one.name.casefold() for one in listed).items():
        if times > 1:
            yield Broken(kind="zip_duplicate", part=part, detail=f"{_shown(name)} 出现 {times} 次")
    for one in listed:
        if not _SAFE.fullmatch(one.name):
            yield Broken(kind="zip_path", part=part, detail=_shown(one.name))
        elif one.size > BOMB_BYTES and one.size > BOMB_RATIO * one.packed:
            yield Broken(kind="zip_bomb", part=part, detail=f"{one.name} 自称解开后有 {one.size} 字节")
        elif not any(place.fullmatch(one.name) for place in PLACES):
            yield Broken(kind="package_extra", part=one.name, detail="证据包中不该有这个文件")
    if sum(one.packed for one in listed) > size:
        yield Broken(kind="zip_bomb", part=part, detail="各文件合起来比压缩包还大：它们互相重叠")


def _entry(file: BinaryIO, one: _Listed, at: int, part: str) -> Entry:
    """The entry that begins at `at`; both its headers must be the only ones that we would write."""
    named = one.name.encode("utf-8")
    common = (0, 0, 0, _FIXED_DATE, one.crc, one.size, one.size, len(named), 0)
    local = _LOCAL.pack(b"PK\3\4", 20, *common) + named
    central = _CENTRAL.pack(b"PK\1\2", 3 << 8 | 20, 20, *common, 0, 0, 0, _REGULAR_FILE, at) + named
    if one.raw != central or _read(file, at, len(local)) != local:
        detail = f"{_shown(one.name)} 不是原样写入的"
        raise Misbuilt(Broken(kind="zip_structure", part=part, offset=at, detail=detail))
    return Entry(name=one.name, start=at + len(local), size=one.size, crc=one.crc)


def _refuse_disorder(listed: list[_Listed], part: str) -> None:
    places = [(next(at for at, place in enumerate(PLACES) if place.fullmatch(one.name)), one.name) for one in listed]
    for before, after in pairwise(places):
        if before >= after:
            raise Misbuilt(Broken(kind="zip_structure", part=part, detail=f"{after[1]} 的次序不对"))
    for name in NEEDED:
        if name not in {one.name for one in listed}:
            raise Misbuilt(Broken(kind="package_missing", part=name))


def _shown(name: str) -> str:
    return ascii(name[:80])


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


class Window(io.RawIOBase):
    """The bytes of one entry as a file of its own; several may be open at once over one package."""

    def __init__(self, file: BinaryIO, entry: Entry, start: int = 0) -> None:
        super().__init__()
        self._fd = file.fileno()
        self._at = entry.start + min(max(start, 0), entry.size)
        self._end = entry.start + entry.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        piece = os.pread(self._fd, min(len(view), self._end - self._at), self._at)
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def opened(file: BinaryIO, entry: Entry, start: int = 0) -> BinaryIO:
    """The entry's bytes from `start` on."""
    return io.BufferedReader(Window(file, entry, start), 1 << 20)
