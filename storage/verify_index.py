"""What a record's own header says, and the line it must have in the package's index; nothing of the writer is asked."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from storage.verify_warc import Member

HEAD_LIMIT = 1 << 22
LINE_LIMIT = 1 << 20
PAYLOAD_LIMIT = 1 << 25
_STEP = 1 << 14
_SESSIONS = (
    "jsessionid=[0-9a-z]{32}",
    "phpsessid=[0-9a-z]{32}",
    "sid=[0-9a-z]{32}",
    "aspsessionid[a-z]{8}=[a-z]{24}",
    "cfid=[^&]+&cftoken=[^&]+",
)
_END = b"\r\n\r\n"


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
    def is_specimen(self) -> bool:
        return self.field("lantian-specimen") == "yes"


def described(file: BinaryIO, length: int) -> Description:
    """The head of the record in the next `length` bytes; empty where they have none."""
    plain, unpacker, left = b"", zlib.decompressobj(wbits=31), length
    while left and len(plain) < HEAD_LIMIT and not _is_whole(plain):
        packed = file.read(min(left, _STEP))
        if not packed:
            break
        left -= len(packed)
        try:
            plain += unpacker.decompress(packed, HEAD_LIMIT - len(plain))
        except zlib.error:
            break
    head, _, block = plain.partition(_END)
    lines = (line.decode("utf-8", "surrogateescape").partition(": ") for line in head.split(b"\r\n")[1:])
    fields = {name.lower(): value for name, _, value in lines}
    message = block.partition(_END)[0] if fields.get("content-type", "").startswith("application/http") else b""
    return Description(fields=fields, message=message)


def payload(file: BinaryIO, length: int) -> bytes:
    """The block of a record without an HTTP message, b"" when it is none or longer than `PAYLOAD_LIMIT`."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(file.read(length), PAYLOAD_LIMIT)
    except zlib.error:
        return b""
    block = plain.partition(_END)[2]
    return block.removesuffix(_END) if unpacker.eof else b""


def _is_whole(plain: bytes) -> bool:
    head, end, block = plain.partition(_END)
    return bool(end) and (b"application/http" not in head or _END in block)


def line_of(member: Member, said: Description, offset: int) -> bytes:
    """The record's line in the index, b"" where it has none: requests, descriptions, pictures of a page."""
    is_picture = member.how == "picture" and not member.uri.startswith("urn:")
    if member.type not in ("response", "resource") or is_picture:
        return b""
    status = said.message[9:12].decode("latin-1")
    told = {
        "url": member.uri,
        "mime": _mime(said) or "unk",
        "status": int(status) if status.isdecimal() else 200,
        "digest": f"sha256:{member.payload_sha256}",
        "length": member.length,
        "offset": offset,
        "filename": "data.warc.gz",
    }
    moment = "".join(one for one in member.date[:19] if one.isdigit())
    return f"{_key(member.uri)} {moment} {json.dumps(told, ensure_ascii=True)}\n".encode("utf-8", "surrogateescape")


def _mime(said: Description) -> str:
    if said.message:
        lines = (line.partition(":") for line in said.message.decode("latin-1").split("\r\n")[1:])
        named = next((value for name, _, value in lines if name.lower() == "content-type"), "")
    else:
        named = said.field("content-type")
    return named.split(";")[0].strip().lower()


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
