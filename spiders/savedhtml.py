"""Pages a browser wrote down as one file: HTML, SingleFile's HTML and MHTML. What they say of themselves is a claim.

MHTML is taken apart with bounds on headers, parts and depth before anything in it is decoded.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from crawler.errors import UserMistake
from crawler.saved import LONGEST_CLAIM, LONGEST_URL, Form, Saved, SavedPage

LARGEST_HEAD = 64 << 10  # bytes of the headers of one part
LONGEST_TYPE = 2000  # characters
MOST_INLINE = 20_000  # data: addresses in one page
MOST_PARTS, DEEPEST = 5000, 4
EARLY = 16 << 10  # bytes at the beginning in which a claim is looked for
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d{1,6}\)([^\s>]{1,2000})")
_SINGLEFILE = re.compile(rb"<!--\s*Page saved with SingleFile\b(.{0,8000}?)-->", re.S)
_ITS_URL = re.compile(rb"^\s*url:\s*(\S{1,2000})", re.M)
_ITS_DATE = re.compile(rb"^\s*saved date:\s*([^\r\n]{1,100})", re.M)
_INLINE = re.compile(
    rb"data:([a-z0-9.+-]{0,40}/?[a-z0-9.+-]{0,60})(?:;[a-z0-9=.-]{1,40}){0,3}?(;base64)?,([A-Za-z0-9+/=%._~-]{256,})"
)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# What the standard library raises over headers that lie.
_LIES = (ValueError, LookupError, TypeError, AttributeError)


# -- HTML ------------------------------------------------------------------------------------------


def open_html(raw: bytes) -> Saved:
    """A page as it lies in the file, but for long data: addresses, which the page is read without."""
    early = raw[:EARLY]
    pictures: dict[str, bytes] = {}

    def shortened(found: re.Match[bytes]) -> bytes:
        name, inside = _short(found)
        if inside:
            pictures[name.decode("ascii")] = inside
        return name

    # More than any page has: whoever writes so many only wants us to look at each.
    body = _INLINE.sub(shortened, raw) if raw.count(b"data:") <= MOST_INLINE else raw
    told = _SINGLEFILE.search(early)
    if told:
        url, at = _ITS_URL.search(told[1]), _ITS_DATE.search(told[1])
        page = SavedPage(body=body, content_type="text/html", url=_url(url), at=_words(at), pictures=pictures)
        return Saved(form=Form.SINGLEFILE, pages=(page,))
    page = SavedPage(body=body, content_type="text/html", url=_url(_SAVED_FROM.search(early)), pictures=pictures)
    return Saved(form=Form.HTML, pages=(page,))


def _short(found: re.Match[bytes]) -> tuple[bytes, bytes]:
    """A name that stands for a long data: address, and the bytes of the picture it is, if it is one."""
    digest = hashlib.sha256(found[0]).hexdigest().encode()
    name = b"data:%s;sha256,%s" % (found[1], digest)
    if not found[1].startswith(b"image/") or not found[2]:
        return name, b""
    try:
        return name, base64.b64decode(found[3])
    except binascii.Error:
        return name, b""


def _url(found: re.Match[bytes] | None) -> str:
    return found[1].decode("utf-8", "replace")[:LONGEST_URL] if found else ""


def _words(found: re.Match[bytes] | None) -> str:
    return found[1].decode("utf-8", "replace").strip()[:LONGEST_CLAIM] if found else ""


# -- MHTML -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that holds no others: its headers, and its body still encoded."""

    head: Message
    body: bytes

    @property
    def kind(self) -> str:
        return _kind(self.head)

    @property
    def location(self) -> str:
        return _named(self.head, "Content-Location")


def looks_like_mhtml(early: bytes) -> bool:
    """Whether a file begins as a message with parts: header lines, and among them a type with a boundary."""
    lines = early.lstrip(b"\r\n")
    first = re.match(rb"[!-9;-~]{1,80}:", lines)
    return first is not None and re.search(rb"^content-type:\s*multipart/", lines, re.I | re.M) is not None


def open_mhtml(raw: bytes) -> Saved:
    """The one page of the file, with the pictures beside it. Raises `UserMistake`."""
    head, _ = _parted(raw.lstrip(b"\r\n"))
    counted = [0]
    parts = list(_leaves(raw.lstrip(b"\r\n"), 0, counted))
    snapshot = _named(head, "Snapshot-Content-Location")
    root = _root(head, parts, snapshot)
    return Saved(
        form=Form.MHTML,
        pages=(
            SavedPage(
                body=_decoded(root),
                content_type=_named(root.head, "Content-Type"),
                url=(snapshot or root.location)[:LONGEST_URL],
                at=_named(head, "Date")[:LONGEST_CLAIM],
                pictures={one.location: _decoded(one) for one in parts if one.kind.startswith("image/")},
            ),
        ),
    )


def _root(head: Message, parts: list[Part], snapshot: str) -> Part:
    """The part that is the page: the one that the file names, else its first document."""
    pages = [one for one in parts if one.kind in ("text/html", "application/xhtml+xml")]
    if not pages:
        raise UserMistake("MHTML 里没有网页")
    start = _param(head, "start")
    named = [one for one in pages if start and _named(one.head, "Content-ID") == start]
    same = [one for one in pages if snapshot and one.location == snapshot]
    return (named or same or pages)[0]


def _leaves(raw: bytes, depth: int, counted: list[int]) -> Iterator[Part]:
    head, body = _parted(raw)
    if not _kind(head).startswith("multipart/"):
        yield Part(head=head, body=body)
        return
    if depth >= DEEPEST:
        raise UserMistake(f"MHTML 嵌套超过 {DEEPEST} 层")
    boundary = _param(head, "boundary")
    if not boundary or len(boundary) > 200:
        raise UserMistake("MHTML 没有可用的分隔符")
    for part in _pieces(body, boundary.encode("utf-8", "surrogateescape"), counted):
        yield from _leaves(part, depth + 1, counted)


def _pieces(body: bytes, boundary: bytes, counted: list[int]) -> Iterator[bytes]:
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for found in line.finditer(body):
        counted[0] += 1
        if counted[0] > MOST_PARTS:
            raise UserMistake(f"MHTML 的部件超过 {MOST_PARTS} 个")
        if start >= 0:
            yield _without_line_end(body[start : found.start()])
        if found[1]:
            return
        start = found.end()
    raise UserMistake("MHTML 不完整：没有结尾")


def _without_line_end(raw: bytes) -> bytes:
    """Without the one line end that belongs to the boundary before it."""
    return raw[2:] if raw.startswith(b"\r\n") else raw[1:] if raw.startswith(b"\n") else raw


def _parted(raw: bytes) -> tuple[Message, bytes]:
    """The headers at the beginning, of which there may be none, and what follows them."""
    if not raw or raw.startswith((b"\r\n", b"\n")):
        return Message(), _without_line_end(raw)
    end = _HEAD_END.search(raw, 0, LARGEST_HEAD)
    if end is None:
        raise UserMistake("MHTML 的头部不完整或过长")
    try:
        head = BytesHeaderParser().parsebytes(raw[: end.end()])
    except _LIES as wrong:
        raise UserMistake(f"MHTML 的头部读不懂：{type(wrong).__name__}") from None
    # The standard library takes time that grows with the square of a type's parameters.
    if any(len(str(said)) > LONGEST_TYPE for said in head.get_all("Content-Type", [])):
        raise UserMistake("MHTML 一个部件的类型写得过长")
    return head, raw[end.end() :]


def _kind(head: Message) -> str:
    try:
        return str(head.get_content_type()).lower()
    except _LIES:
        return ""


def _param(head: Message, name: str) -> str:
    try:
        found = head.get_boundary() if name == "boundary" else head.get_param(name)
    except _LIES:
        return ""
    return found if isinstance(found, str) else ""


def _named(head: Message, name: str) -> str:
    """A header's words, what is no text in it replaced."""
    try:
        said = head[name]
    except _LIES:
        return ""
    return "" if said is None else str(said).replace("\r", "").replace("\n", "").strip()


def _decoded(part: Part) -> bytes:
    coding = _named(part.head, "Content-Transfer-Encoding").lower()
    if coding == "base64":
        try:
            return base64.b64decode(part.body)
        except binascii.Error as wrong:
            raise UserMistake(f"MHTML 的一个部件解不开：{wrong}") from None
    if coding == "quoted-printable":
        return quopri.decodestring(part.body)
    if coding in ("", "7bit", "8bit", "binary"):
        return part.body
    raise UserMistake("MHTML 的一个部件用了不认识的编码")
