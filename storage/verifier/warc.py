"""WARC files as gzip members: one read at the place a manifest names, or all of them one after the other.

A member must be exactly one record. Memory is bounded whatever a file claims, and looking for the next whole record
behind damage costs no more than a few readings of the file.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage.verifier.digest import Digests
from storage.verifier.record import Damaged, Fault, Record
from storage.verifier.source import CHUNK, Source

MAGIC = b"\x1f\x8b\x08"
PLAIN_MAGIC = MAGIC + b"\0"
PLAIN = 1 << 22
STEP = 1 << 16
SEARCH = 4


@dataclass(slots=True)
class Member:
    """One gzip member as it lies, and what the record in it says of itself."""

    offset: int
    length: int
    sha256: str
    sm3: str
    id: str = ""
    type: str = ""
    date: str = ""
    uri: str = ""
    how: str = ""
    payload_sha256: str = ""
    payload_size: int = 0
    fault: Fault | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(slots=True)
class Gap:
    """Bytes that are no whole record; `is_last` when nothing whole comes after them.

    `is_torn` says that they may be the beginning of one that the file's end cuts off.
    """

    offset: int
    length: int
    is_last: bool
    is_torn: bool
    detail: str


class _Unpacking:
    """A member's packed bytes go in, its record is read."""

    def __init__(self) -> None:
        self.record = Record()
        self._unpacker = zlib.decompressobj(wbits=31)
        self._first = b""

    def feed(self, packed: bytes) -> None:
        self._begin(packed)
        try:
            self.record.feed(self._unpacker.decompress(packed, PLAIN))
            while self._unpacker.unconsumed_tail and not self._unpacker.eof:
                self.record.feed(self._unpacker.decompress(self._unpacker.unconsumed_tail, PLAIN))
        except zlib.error as wrong:
            raise Damaged(f"the gzip member is damaged ({wrong})") from None

    def _begin(self, packed: bytes) -> None:
        """A name, a comment or an extra field in the gzip header would be bytes that no record knows of."""
        if len(self._first) < len(PLAIN_MAGIC):
            self._first += packed[: len(PLAIN_MAGIC) - len(self._first)]
            if not PLAIN_MAGIC.startswith(self._first):
                raise Damaged("the gzip header is not a plain one")

    @property
    def is_over(self) -> bool:
        return self._unpacker.eof

    @property
    def unused(self) -> bytes:
        return self._unpacker.unused_data

    def finish(self) -> None:
        if not self.is_over:
            raise Damaged("the gzip member has no end")
        self.record.finish()


def read_at(file: BinaryIO, offset: int, length: int) -> Member:
    """The next `length` bytes, which are said to be one member. Both digests are of all that there is of them."""
    digests, unpacking, left, fault = Digests(), _Unpacking(), length, None
    while left and (packed := file.read(min(left, CHUNK))):
        left -= len(packed)
        digests.update(packed)
        fault = fault or _fed(unpacking, packed)
    if left:
        fault = Fault("cut_file", "the file ends before the record does")
    return _member(unpacking, Member(offset, length, *digests.both(), fault=fault))


def digests_at(file: BinaryIO, length: int) -> tuple[str, str]:
    """SHA-256 and SM3 of the next `length` bytes, whatever they are."""
    digests = Digests()
    while length and (packed := file.read(min(length, CHUNK))):
        length -= len(packed)
        digests.update(packed)
    return digests.both()


def _fed(unpacking: _Unpacking, packed: bytes) -> Fault | None:
    try:
        if unpacking.is_over:
            raise Damaged("the bytes are more than one gzip member")
        unpacking.feed(packed)
        if unpacking.unused:
            raise Damaged("the bytes are more than one gzip member")
    except Damaged as damaged:
        return Fault("damaged_record", str(damaged))
    return None


def _member(unpacking: _Unpacking, member: Member) -> Member:
    record = unpacking.record
    if member.fault is None:
        try:
            unpacking.finish()
            member.fault = record.fault
        except Damaged as damaged:
            member.fault = Fault("damaged_record", str(damaged))
    member.id, said = record.id, record.fields
    member.type, member.date = said.get("warc-type", ""), said.get("warc-date", "")
    member.uri, member.how = said.get("warc-target-uri", ""), said.get("lantian-how", "")
    member.payload_sha256, member.payload_size = record.payload_sha256, record.payload_size
    return member


# -- without a manifest ------------------------------------------------------------------------


class _Window:
    """A file read forward, with what was read too far kept for the next member; `limit` is bytes it likes to read."""

    def __init__(self, source: Source, name: str, end: int, limit: int) -> None:
        self._source, self._name, self._end, self._left = source, name, end, limit
        self._file: BinaryIO | None = None
        self._kept = b""
        self._at = -1

    @property
    def is_tired(self) -> bool:
        return self._left < 0

    def go(self, at: int) -> None:
        if at != self._at:
            self.close()
            self._file, self._kept, self._at = self._source.open(self._name, at), b"", at

    def read(self) -> bytes:
        piece, self._kept = self._kept, b""
        if not piece and self._file is not None:
            piece = self._file.read(min(STEP, self._end - self._at))
            self._left -= len(piece)
        self._at += len(piece)
        return piece

    def give_back(self, piece: bytes) -> None:
        self._kept, self._at = piece, self._at - len(piece)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def walk(source: Source, name: str, start: int, end: int) -> Iterator[Member | Gap]:
    """Every member between two places, and the gaps between whole ones, in order."""
    window, at = _Window(source, name, end, SEARCH * (end - start) + CHUNK), start
    try:
        while at < end:
            found = _one(window, at)
            if isinstance(found, Fault):
                again = _next_whole(window, at + 1, end)
                behind = end if again is None else again.offset
                is_torn = again is None and found.kind == "cut_file"
                yield Gap(at, behind - at, again is None, is_torn, found.detail)
                if again is None:
                    return
                found = again
            yield found
            at = found.end
    finally:
        window.close()


def _next_whole(window: _Window, at: int, end: int) -> Member | None:
    while (at := _next_magic(window, at, end)) < end and not window.is_tired:
        found = _one(window, at)
        if isinstance(found, Member):
            return found
        at += 1
    return None


def _one(window: _Window, at: int) -> Member | Fault:
    """The member that begins at `at`, or why there is none."""
    window.go(at)
    digests, unpacking, length = Digests(), _Unpacking(), 0
    try:
        while not unpacking.is_over and (packed := window.read()):
            unpacking.feed(packed)
            window.give_back(unpacking.unused)
            used = packed[: len(packed) - len(unpacking.unused)]
            length += len(used)
            digests.update(used)
        if not unpacking.is_over:
            return Fault("cut_file", "the file ends before the gzip member does")
        unpacking.finish()
    except Damaged as damaged:
        return Fault("damaged_record", str(damaged))
    return _member(unpacking, Member(at, length, *digests.both()))


def _next_magic(window: _Window, at: int, end: int) -> int:
    """Where a gzip member may next begin, `end` for nowhere."""
    window.go(at)
    tail = b""
    while piece := window.read():
        seen = tail + piece
        found = seen.find(MAGIC)
        if found >= 0:
            return at - len(tail) + found
        at, tail = at + len(piece), seen[-2:]
    return end
