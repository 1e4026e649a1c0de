"""One WARC record, read by a second hand while its bytes pass by: header, length, block and payload digest.

It knows what ISO 28500 and the manifests say and none of the code that wrote; it never holds a record whole.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from storage.verifier.format import MOMENT, UUID

HEADER_LIMIT = 1 << 16
MESSAGE_LIMIT, MESSAGE_STEP = 1 << 21, 1 << 14
# No page, picture or file of parts that we keep comes near it; what says so is there to keep a reader busy.
BLOCK_LIMIT = 1 << 31

_FIRST = b"WARC/1.1"
_RECORD_END = b"\r\n\r\n"
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([^\r\n\0]*)")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,15}")
_TYPES = frozenset({"warcinfo", "response", "request", "resource", "metadata"})
# What a record of pages cannot be without; a description of the file has neither address nor payload.
_ALWAYS = ("warc-type", "warc-record-id", "warc-date", "warc-block-digest")
_OF_PAGES = ("warc-target-uri", "warc-payload-digest")


class Fault(NamedTuple):
    """What is wrong with a record: a kind of breakage, and words."""

    kind: str
    detail: str


class Damaged(Exception):
    """The bytes are not one whole record."""


class Record:
    """Feed it a record's plain bytes in pieces, then `finish`. `Damaged` when no record can come of them."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.fault: Fault | None = None
        self.payload_size = 0
        self._head = b""
        self._left = -1
        self._has_message = False
        self._is_in_message_head = False
        self._message = b""
        self._block = hashlib.sha256()
        self._payload = self._block
        self._end = b""

    def feed(self, plain: bytes) -> None:
        if self._left >= 0:
            self._take(memoryview(plain))
            return
        self._head = self._head + plain if self._head else plain
        at = self._head.find(_RECORD_END, 0, HEADER_LIMIT)
        if not self._head.startswith(_FIRST[: len(self._head)]) or (at < 0 and len(self._head) >= HEADER_LIMIT):
            raise Damaged("it does not begin as a WARC 1.1 record")
        if at >= 0:
            head, self._head = self._head, b""
            self._begin(head[:at])
            self._take(memoryview(head)[at + len(_RECORD_END) :])

    def _begin(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        if first != _FIRST:
            raise Damaged("it does not begin as a WARC 1.1 record")
        for line in lines:
            self._field(line)
        length = self.fields.get("content-length", "")
        if not _LENGTH.fullmatch(length) or int(length) > BLOCK_LIMIT:
            raise Damaged(f"its length is {length[:40]!r}")
        self._left = int(length)
        if self.fields.get("content-type", "").startswith("application/http"):
            self._has_message = self._is_in_message_head = True
            self._payload = hashlib.sha256()

    def _field(self, line: bytes) -> None:
        found = _FIELD.fullmatch(line)
        if found is None:
            self._wrong("header", f"a line of the header is no field: {line[:80]!r}")
            return
        name = found[1].decode().lower()
        if name in self.fields:
            self._wrong("header", f"the field {name} is there twice")
        self.fields[name] = found[2].decode("utf-8", "backslashreplace")

    def _take(self, plain: memoryview) -> None:
        block, behind = plain[: self._left], plain[self._left :]
        if block:
            self._left -= len(block)
            self._block.update(block)
            self._pay(block)
        self._end += bytes(behind[: len(_RECORD_END) + 1])
        if len(self._end) > len(_RECORD_END):
            raise Damaged("the record is longer than it says")

    def _pay(self, block: memoryview) -> None:
        if self._is_in_message_head:
            known = len(self._message)
            self._message += bytes(block[:MESSAGE_STEP])
            at = self._message.find(_RECORD_END)
            if at < 0 and len(block) > MESSAGE_STEP:
                self._message += bytes(block[MESSAGE_STEP:])
                at = self._message.find(_RECORD_END)
            if at < 0 and len(self._message) > MESSAGE_LIMIT:
                raise Damaged("the HTTP message has no end of its head")
            if at < 0:
                return
            self._is_in_message_head, self._message = False, b""
            block = block[at + len(_RECORD_END) - known :]
        if self._has_message:
            self._payload.update(block)
        self.payload_size += len(block)

    @property
    def payload_sha256(self) -> str:
        return self._payload.hexdigest()

    def finish(self) -> None:
        """No more bytes come: `fault` is then what the record says wrongly of itself, if anything."""
        if self._left or self._end != _RECORD_END:
            raise Damaged("the record is shorter than it says")
        if self._is_in_message_head:
            self._wrong("header", "the HTTP message has no end of its head")
        kind = self.fields.get("warc-type", "")
        wanted = _ALWAYS if kind == "warcinfo" else _ALWAYS + _OF_PAGES
        for name in wanted:
            if name not in self.fields:
                self._wrong("header", f"the field {name} is missing")
        if kind not in _TYPES or not MOMENT.fullmatch(self.fields.get("warc-date", "")) or not self.id:
            self._wrong("header", "WARC-Type, WARC-Record-ID or WARC-Date is not as we write it")
        self._compare("warc-block-digest", self._block.hexdigest())
        self._compare("warc-payload-digest", self._payload.hexdigest())

    def _compare(self, name: str, digest: str) -> None:
        said = self.fields.get(name, "")
        if said and said != f"sha256:{digest}":
            self._wrong("block_digest", f"{name} says {said[:80]}, the bytes {digest}")

    @property
    def id(self) -> str:
        """The uuid in WARC-Record-ID, "" where there is none as we write it."""
        said = self.fields.get("warc-record-id", "")
        inner = said.removeprefix("<urn:uuid:").removesuffix(">")
        return inner if said == f"<urn:uuid:{inner}>" and UUID.fullmatch(inner) else ""

    def _wrong(self, kind: str, detail: str) -> None:
        self.fault = self.fault or Fault(kind, detail)
