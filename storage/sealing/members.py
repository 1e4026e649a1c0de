"""Walks the gzip members of a WARC file forward from an offset and digests each as it lies there.

Never writes, never maps the file (its writer may cut it), and holds no record: a block is only digested.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SM3, Hash
from isal import igzip_lib, isal_zlib

from crawler.errors import EvidenceBroken, LantianError

_MAGIC = b"\x1f\x8b\x08\x00"
# Its stub says it is an exception, not a class of them.
_NOT_GZIP: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]
_VERSION = b"WARC/1.1\r\n"
_HEAD_END = b"\r\n\r\n"
_ID = re.compile(r"<urn:uuid:([0-9a-f-]{36})>")
TYPES = ("warcinfo", "response", "request", "resource", "metadata")
DAMAGED = "damaged"
_LARGEST_HEAD = 16 << 20
_FIRST, _STEP, _PLAIN = 1 << 14, 1 << 18, 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One whole record in its gzip member, digested as it lies in the file; or bytes that are none, type `damaged`.

    `date` is the record's own word, as it stands there.
    """

    offset: int
    length: int
    id: str
    type: str
    sha256: str
    sm3: str
    date: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length


class Unreadable(LantianError):
    """The disk does not give the file's bytes; what was walked before stands."""


class Walk:
    """One way through an open file from `start` up to `end`; `at` is where it has come to.

    A finished file is walked to its end, whatever cannot be read becomes a damaged member. Of an
    unfinished one it stops at the first bytes that are no whole record yet: a writer may be at them, or
    recovery will decide.
    """

    def __init__(self, fd: int, start: int, end: int, *, is_finished: bool) -> None:
        self.at = start
        self._fd = fd
        self._end = end
        self._is_finished = is_finished

    def members(self) -> Iterator[Member]:
        """The members in their order; `Unreadable` when the disk does not give them."""
        while self.at < self._end:
            found = self._whole(self.at)
            if not found.type and not self._is_finished:
                return
            if not found.type:
                found = self._damaged(self.at, self._next_whole(self.at + 1))
            self.at = found.end
            yield found

    def _whole(self, start: int) -> Member:
        """The whole record that begins at `start`; one without a type when there is none."""
        unpacker, record = isal_zlib.decompressobj(wbits=31), _Record()
        sha256, sm3 = hashlib.sha256(), Hash(SM3())
        at, step = start, _FIRST
        try:
            while not unpacker.eof and at < self._end:
                packed = self._read(at, step)
                record.add(unpacker.decompress(packed, _PLAIN))
                while unpacker.unconsumed_tail:
                    record.add(unpacker.decompress(unpacker.unconsumed_tail, _PLAIN))
                used = packed[: len(packed) - len(unpacker.unused_data)]
                sha256.update(used)
                sm3.update(used)
                at, step = at + len(used), _STEP
            if not unpacker.eof:
                raise EvidenceBroken("the gzip member is cut off")
            said = record.checked()
        except (_NOT_GZIP, EvidenceBroken):
            return Member(offset=start, length=0, id="", type="", sha256="", sm3="")
        digests = {"sha256": sha256.hexdigest(), "sm3": sm3.finalize().hex()}
        return Member(offset=start, length=at - start, id=said.id, type=said.type, date=said.date, **digests)

    def _next_whole(self, start: int) -> int:
        """Where the next whole record begins, the end of the file when there is none."""
        for at in self._magics(start):
            if self._whole(at).type:
                return at
        return self._end

    def _magics(self, start: int) -> Iterator[int]:
        while start < self._end:
            window, found = self._read(start, _STEP), -1
            while (found := window.find(_MAGIC, found + 1)) >= 0:
                yield start + found
            start += max(len(window) - len(_MAGIC) + 1, 1)

    def _damaged(self, start: int, end: int) -> Member:
        sha256, sm3 = hashlib.sha256(), Hash(SM3())
        for at in range(start, end, _STEP):
            packed = self._read(at, min(_STEP, end - at))
            sha256.update(packed)
            sm3.update(packed)
        length = end - start
        return Member(
            offset=start, length=length, id="", type=DAMAGED, sha256=sha256.hexdigest(), sm3=sm3.finalize().hex()
        )

    def _read(self, at: int, length: int) -> bytes:
        wanted = min(length, self._end - at)
        try:
            packed = os.pread(self._fd, wanted, at)
        except OSError as wrong:
            raise Unreadable(wrong.strerror) from None
        if len(packed) != wanted:
            raise Unreadable("the file became shorter while it was read")
        return packed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    id: str
    type: str
    date: str


class _Record:
    """One record's plain bytes as they come."""

    def __init__(self) -> None:
        self._head = b""
        self._fields: dict[str, str] = {}
        self._left = 0
        self._tail = b""
        self._block = hashlib.sha256()

    def add(self, plain: bytes) -> None:
        if not self._fields:
            self._head += plain
            if not self._head.startswith(_VERSION[: len(self._head)]) or len(self._head) > _LARGEST_HEAD + _PLAIN:
                raise EvidenceBroken("it does not begin as a WARC 1.1 record")
            head, end, plain = self._head.partition(_HEAD_END)
            if not end:
                return
            self._begin(head)
        self._block.update(plain[: self._left])
        # More than the record's end is already too much.
        self._tail = (self._tail + plain[self._left :])[: len(_HEAD_END) + 1]
        self._left -= min(self._left, len(plain))

    def _begin(self, head: bytes) -> None:
        for line in head.split(b"\r\n")[1:]:
            name, colon, value = line.partition(b": ")
            key = name.decode("ascii", "replace").lower()
            if not colon or key in self._fields:
                raise EvidenceBroken("the record's header is not as we write it")
            self._fields[key] = value.decode("utf-8", "surrogateescape")
        length = self._fields.get("content-length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < 20):
            raise EvidenceBroken("the record does not say how long it is")
        self._left = int(length)

    def checked(self) -> _Said:
        """What the record says of itself, once all of it was added."""
        if not self._fields or self._left or self._tail != _HEAD_END:
            raise EvidenceBroken("the record is not as long as it says")
        if self._fields.get("warc-block-digest", "") != f"sha256:{self._block.hexdigest()}":
            raise EvidenceBroken("the record's block does not match its digest")
        record_id = _ID.fullmatch(self._fields.get("warc-record-id", ""))
        kind = self._fields.get("warc-type", "")
        if not record_id or kind not in TYPES:
            raise EvidenceBroken("the record has no id or no type that we write")
        return _Said(id=record_id[1], type=kind, date=self._fields.get("warc-date", ""))
