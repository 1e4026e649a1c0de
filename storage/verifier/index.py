"""What a record's own header says, and the line it must have in the package's index; nothing of the writer is asked."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from storage.verifier.warc import Member

HEAD_LIMIT = 1 << 22
LINE_LIMIT = 1 << 20
PAYLOAD_LIMIT = 1 << 23
_STEP, _PLAIN = 1 << 14, 1 << 18
_SESSIONS = (
    "jsessionid=[0-9a-z]{32}",
    "phpsessid=[0-9a-z]{32}",
    "sid=[0-9a-z]{32}",
    "aspsessionid[a-z]{8}=[a-z]{24}",
    "cfid=[^&]+&cftoken=[^&]+",
)
_END, _HTTP = b"\r\n\r\n", b"application/http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The head of a record: its named fields in lower case, and the HTTP message's head where it has one."""

    fields: dict[str, str]
    message: bytes

    def field(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def visit(self) -> str:
        return self.field("lantian-visit")

    @property
    def status(self) -> int:
        """What the HTTP message says, 0 where there is none or it says nothing."""
        said = self.message[9:12].decode("latin-1")
        return int(said) if said.isascii() and said.isdecimal() else 0

    @property
    def mime(self) -> str:
        """The type of the HTTP message's entity, or of the record's block, in lower case, without parameters."""
        if self.message:
            lines = (line.partition(":") for line in self.message.decode("latin-1").split("\r\n")[1:])
            named = next((value for name, _, value in lines if name.lower() == "content-type"), "")
        else:
            named = self.field("content-type")
        return named.split(";")[0].strip().lower()

    @property
    def is_specimen(self) -> bool:
        return self.field("lantian-specimen") == "yes"


def described(file: BinaryIO, length: int) -> Description:
    """The head of the record in the next `length` bytes; empty where they have none."""
    head, message = _heads(_unpacked(file, length, HEAD_LIMIT))
    lines = (line.decode("utf-8", "surrogateescape").partition(": ") for line in head.split(b"\r\n")[1:])
    fields = {name.lower(): value for name, _, value in lines}
    is_message = fields.get("content-type", "").startswith("application/http")
    return Description(fields=fields, message=message if is_message else b"")


def payload(file: BinaryIO, length: int) -> bytes:
    """The block of a record without an HTTP message, b"" when it is none or longer than `PAYLOAD_LIMIT`."""
    plain = bytearray()
    for piece in _unpacked(file, length, PAYLOAD_LIMIT + 1):
        plain += piece
    at = plain.find(_END)
    if at < 0 or len(plain) > PAYLOAD_LIMIT:
        return b""
    return bytes(memoryview(plain)[at + len(_END) :]).removesuffix(_END)


def _heads(pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The record's own head, and that of the HTTP message in it; what was searched is not searched again."""
    plain, searched = bytearray(), 0
    ends: list[int] = []
    for piece in pieces:
        plain += piece
        while len(ends) < 2 and (at := plain.find(_END, searched)) >= 0:
            ends.append(at)
            searched = at + len(_END)
        if len(ends) == 2 or (ends and _HTTP not in plain[: ends[0]]):
            break
        searched = max(searched, len(plain) - len(_END) + 1)
    head = bytes(plain[: ends[0]]) if ends else b""
    has_message = len(ends) == 2 and _HTTP in head
    return head, bytes(plain[ends[0] + len(_END) : ends[1]]) if has_message else b""


def _unpacked(file: BinaryIO, length: int, limit: int) -> Iterator[bytes]:
    """What the member in the next `length` bytes unpacks to, piece by piece, `limit` bytes of it at most."""
    unpacker = zlib.decompressobj(wbits=31)
    while length and limit and not unpacker.eof and (packed := file.read(min(length, _STEP))):
        length -= len(packed)
        while packed and limit:
            try:
                plain = unpacker.decompress(packed, min(limit, _PLAIN))
            except zlib.error:
                return
            packed, limit = unpacker.unconsumed_tail, limit - len(plain)
            yield plain


def line_of(member: Member, said: Description, offset: int) -> bytes:
    """The record's line in the index, b"" where it has none: requests, descriptions, pictures of a page."""
    is_picture = member.how == "picture" and not member.uri.startswith("urn:")
    if member.type not in ("response", "resource") or is_picture:
        return b""
    told = {
        "url": member.uri,
        "mime": said.mime or "unk",
        "status": said.status or 200,
        "digest": f"sha256:{member.payload_sha256}",
        "length": member.length,
        "offset": offset,
        "filename": "data.warc.gz",
    }
    moment = "".join(one for one in member.date[:19] if one.isdigit())
    return f"{_key(member.uri)} {moment} {json.dumps(told, ensure_ascii=True)}\n".encode("utf-8", "surrogateescape")


def _key(url: str) -> str:
    """The address as index keys have it (SURT): what players look under, worked out a second time."""
    scheme, _, _ = url.partition("://")
    if scheme not in ("http", "https"):
        return url.replace(" ", "%20")
    try:
        address = urlsplit(url)
        host, port = address.hostname or "", address.port
    except ValueError:
        return url.lower()
    if www := re.match(r"www\d*\.", host):
        host = host[www.end() :]
    host = ",".join(host.split(".")[::-1])
    if port is not None and port not in (80, 443):
        host = f"{host}:{port}"
    folders: list[str] = []
    for folder in _unescaped(address.path).split("/")[1:]:
        if folder == ".." and folders:
            del folders[-1]
        elif folder and folder != ".":
            folders.append(folder)
    path = "/".join(["", *folders]).lower() or "/"
    terms = _without_sessions(_unescaped(address.query)).lower().split("&")
    query = "&".join("=".join(term) for term in sorted(term.split("=", 1) for term in terms))
    return f"{host}){path}{'?' if query else ''}{query}"


def _unescaped(text: str) -> str:
    before, now = b"", text.encode("utf-8", "surrogatepass")
    while before != now:
        before, now = now, unquote_to_bytes(now)
    return quote_from_bytes(now, safe="!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~")


def _without_sessions(query: str) -> str:
    for numbered in _SESSIONS:
        if found := re.fullmatch(f"(.*){numbered}(?:&(.*))?", query, re.IGNORECASE | re.DOTALL):
            query = found[1] + (found[2] or "")
    return query
