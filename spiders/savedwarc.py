"""Pages out of a WARC that somebody saved: read forward, once, and never beyond what such a file may come to.

Our own archive has a reader of its own, which takes nothing but what we write; this one takes what tools write, and
lets none of it hold more memory or time than a page is worth.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from scrapy.settings import Settings

from crawler.errors import PageBroken, UserMistake
from crawler.saved import LONGEST_CLAIM, LONGEST_URL, MOST_UNPACKED, Form, Saved, SavedPage
from crawler.unpack import unpacked

MOST_RECORDS, MOST_MEMBERS = 20_000, 100_000
LARGEST_HEAD, LARGEST_PAGE = 64 << 10, 32 << 20  # bytes
MOST_KEPT = 96 << 20  # bytes of pages and pictures that are held at once
GZIP = b"\x1f\x8b"
STEP = 1 << 16
_END = b"\r\n\r\n"
_VERSIONS = (b"WARC/1.0", b"WARC/1.1")
_PAGES = ("text/html", "application/xhtml+xml")


class Budget:
    """How many bytes may still be unpacked, and how many held, for all of one file."""

    def __init__(self) -> None:
        self.records = 0
        self._left, self._room = MOST_UNPACKED, MOST_KEPT

    def unpack(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise UserMistake(f"解开后超过 {MOST_UNPACKED >> 20} MB")

    def hold(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise UserMistake(f"其中的网页合计超过 {MOST_KEPT >> 20} MB")


# -- bytes -----------------------------------------------------------------------------------------


def _plain(packed: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip members, one after the other, unpack to, piece by piece."""
    unpacker, members = zlib.decompressobj(wbits=31), 0
    try:
        for piece in packed:
            left = piece
            while left:
                if unpacker.eof:
                    unpacker, members = zlib.decompressobj(wbits=31), members + 1
                    if members > MOST_MEMBERS:
                        raise UserMistake(f"gzip 段超过 {MOST_MEMBERS} 个")
                yield unpacker.decompress(left, STEP * 4)
                left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        while not unpacker.eof and (rest := unpacker.decompress(b"", STEP * 4)):
            yield rest
    except zlib.error as wrong:
        raise UserMistake(f"gzip 数据已损坏：{wrong}") from None
    if not unpacker.eof:
        raise UserMistake("gzip 数据不完整：没有结尾")


def _slices(raw: bytes) -> Iterator[bytes]:
    return (raw[start : start + STEP] for start in range(0, len(raw), STEP))


class Stream:
    """Bytes that come in pieces, taken in the lengths that a record says."""

    def __init__(self, pieces: Iterator[bytes], budget: Budget) -> None:
        self._pieces = pieces
        self._budget = budget
        self._held = bytearray()

    def head(self) -> bytes:
        """Up to the next empty line, which is taken too; empty where nothing more comes."""
        while (at := self._held.find(_END)) < 0:
            if len(self._held) > LARGEST_HEAD:
                raise UserMistake("WARC 记录的头部过长")
            if not self._more():
                if self._held.strip():
                    raise UserMistake("WARC 文件不完整：最后一条记录没有写完")
                return b""
        if at > LARGEST_HEAD:
            raise UserMistake("WARC 记录的头部过长")
        found = bytes(self._held[:at])
        del self._held[: at + len(_END)]
        return found

    def take(self, length: int) -> bytes:
        while len(self._held) < length and self._more():
            pass
        if len(self._held) < length:
            raise UserMistake("WARC 文件不完整：最后一条记录没有写完")
        found = bytes(memoryview(self._held)[:length])
        del self._held[:length]
        return found

    def skip(self, length: int) -> None:
        while length:
            if not self._held and not self._more():
                raise UserMistake("WARC 文件不完整：最后一条记录没有写完")
            gone = min(length, len(self._held))
            del self._held[:gone]
            length -= gone

    def past_lines(self) -> None:
        """Over the line ends between two records."""
        while True:
            rest = self._held.lstrip(b"\r\n")
            self._held = bytearray(rest)
            if rest or not self._more():
                return

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._budget.unpack(len(piece))
        self._held += piece
        return True


# -- records ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One document or picture out of a WARC."""

    url: str
    at: str
    status: int
    content_type: str
    body: bytes

    @property
    def kind(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_looked_at(self) -> bool:
        """Nothing else is taken out of its encoding: that would be work for something nobody reads."""
        return self.kind in _PAGES or self.kind.startswith("image/")


def open_warc(raw: bytes) -> Saved:
    """The pages of a WARC, plain or of gzip members. Raises `UserMistake`."""
    budget = Budget()
    found = list(answers(_slices(raw), budget, is_packed=raw.startswith(GZIP)))
    return saved_of(Form.WARC, found, frozenset())


def saved_of(form: Form, found: list[Answer], listed: frozenset[str]) -> Saved:
    """The documents among the answers as pages, each once; the pictures are beside every one of them."""
    pictures = {one.url: one.body for one in found if one.kind.startswith("image/")}
    seen: dict[tuple[str, bytes], SavedPage] = {}
    for one in found:
        if one.kind in _PAGES and not 300 <= one.status < 400:
            page = SavedPage(
                body=one.body,
                content_type=one.content_type,
                url=one.url,
                at=one.at,
                status=one.status,
                pictures=pictures,
            )
            seen.setdefault((one.url, one.body), page)
    if not seen:
        raise UserMistake("里面没有网页的应答")
    return Saved(form=form, pages=tuple(seen.values()), listed=listed)


def answers(pieces: Iterator[bytes], budget: Budget, *, is_packed: bool) -> Iterator[Answer]:
    """The documents and pictures of one WARC, in its order."""
    stream = Stream(_plain(pieces) if is_packed else pieces, budget)
    while True:
        stream.past_lines()
        head = stream.head()
        if not head:
            return
        budget.records += 1
        if budget.records > MOST_RECORDS:
            raise UserMistake(f"WARC 记录超过 {MOST_RECORDS} 条")
        fields = _fields(head)
        length = _length(fields)
        if not _is_wanted(fields) or length > LARGEST_PAGE:
            stream.skip(length)
            continue
        found = _answer(fields, stream.take(length), budget)
        if found is not None:
            budget.hold(len(found.body))
            yield found


def _fields(head: bytes) -> dict[str, str]:
    first, *lines = head.split(b"\r\n")
    if first not in _VERSIONS:
        raise UserMistake("不是 WARC 1.0 或 1.1 文件")
    pairs = (line.partition(b":") for line in lines)
    return {
        name.decode("latin-1").strip().lower(): value.decode("utf-8", "replace").strip() for name, _, value in pairs
    }


def _length(fields: Mapping[str, str]) -> int:
    said = fields.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,15}", said):
        raise UserMistake("WARC 记录没有可用的长度")
    return int(said)


def _is_wanted(fields: Mapping[str, str]) -> bool:
    kind, mime = fields.get("warc-type", ""), fields.get("content-type", "").lower()
    if not _target(fields).startswith(("http://", "https://")):
        return False
    return (kind == "response" and mime.startswith("application/http")) or (kind == "resource" and bool(mime))


def _target(fields: Mapping[str, str]) -> str:
    return fields.get("warc-target-uri", "").strip("<>")[: LONGEST_URL + 1]


def _answer(fields: Mapping[str, str], block: bytes, budget: Budget) -> Answer | None:
    """The document or picture of a record, out of its content encoding; `None` for a message that is none."""
    url, at = _target(fields), fields.get("warc-date", "")[:LONGEST_CLAIM]
    if fields["warc-type"] == "resource":
        whole = Answer(url=url, at=at, status=200, content_type=fields["content-type"], body=block)
        return whole if whole.is_looked_at else None
    head, end, body = block.partition(_END)
    status = re.match(rb"HTTP/\d(?:\.\d)? (\d{3})", head)
    if not end or status is None or len(head) > LARGEST_HEAD:
        return None
    lines = (line.decode("latin-1").partition(":") for line in head.split(b"\r\n")[1:])
    told = [(name.strip().lower(), value.strip()) for name, _, value in lines]
    named = dict(told)
    encodings = [value for name, value in told if name == "content-encoding"]
    is_chunked = "chunked" in named.get("transfer-encoding", "").lower()
    packed = Answer(url=url, at=at, status=int(status[1]), content_type=named.get("content-type", ""), body=body)
    if not packed.is_looked_at:
        return None
    return replace(packed, body=_opened(_joined(body) if is_chunked else body, encodings, budget))


def _joined(body: bytes) -> bytes:
    """A body out of its chunks; one whose writer had already joined them stays as it is."""
    found: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at, at + 64)
        size = re.fullmatch(rb"([0-9A-Fa-f]{1,8})(?:;.*)?", body[at:end]) if end >= 0 else None
        if size is None or len(found) > MOST_MEMBERS:
            return body
        length = int(size[1], 16)
        if not length:
            return b"".join(found)
        found.append(body[end + 2 : end + 2 + length])
        at = end + 2 + length + 2


def _opened(body: bytes, encodings: list[str], budget: Budget) -> bytes:
    """Out of its content encoding. Browsers' recorders keep the encoding's name with a body that is plain."""
    try:
        found = unpacked(body, encodings, _settings())
    except PageBroken as broken:
        if broken.reason == "too_large":
            raise UserMistake("一个网页解开后过大") from None
        return body
    budget.unpack(len(found))
    return found


@cache
def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    return settings
