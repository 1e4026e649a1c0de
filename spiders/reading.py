"""From bytes to what a person reads: the one seam between our spiders and the HTML parser.

Selectors here are strict: `one` refuses none and many, `many` refuses none. Text is joined
without inventing spaces, so a title cut up by highlight tags comes out whole. Bytes that are
not a whole, sane document are refused by name (`PageBroken`) before a parser sees them.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawler.errors import PageBroken, PageChanged
from crawler.items import Page
from spiders.tangle import refuse_tangle

Node = LexborNode

MAX_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024
SURE = 12  # bytes beyond the characters: half a dozen Chinese ones

_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x7fELF",
    b"RIFF",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"OggS",
    b"ID3",
)
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""")
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_LATIN = re.compile(r"(?:x-)?(?:latin-?1|iso-?8859-?1|windows-?1252|cp-?1252|(?:us-)?ascii)", re.I)
_OPENED = re.compile(r"<(?:html|head|body)[\s>]", re.I)
_ENDED = re.compile(r"</(?:html|body)\s*>", re.I)
_UNSEEN = 'script,style,template,noscript,[hidden],[style*="display:none"],[style*="display: none"]'
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLOCK_TAGS = (
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main "
    "ol p pre section table td th tr ul"
)
BLOCKS = frozenset(_BLOCK_TAGS.split())


class Document:
    """A page whose bytes were found sane, with its text and, when asked for, its tree."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.url = page.url
        self.text = decode(page)

    @cached_property
    def tree(self) -> LexborHTMLParser:
        refuse_tangle(self.text)
        return LexborHTMLParser(self.text)

    @cached_property
    def root(self) -> Node:
        root = self.tree.root
        if root is None:
            raise PageBroken("empty", "no element in the document")
        return root

    @cached_property
    def title(self) -> str:
        """What the browser's tab says; looked for in the source, so that it costs no parsing."""
        start = re.search(r"<title[^>]{0,200}>", self.text[: CHUNK * 8], re.I)
        if start is None:
            return ""
        end = self.text.find("<", start.end())
        return clean(self.text[start.end() : end if end >= 0 else None][:500])

    @cached_property
    def is_truncated(self) -> bool:
        """It says where it begins but never where it ends."""
        return bool(_OPENED.search(self.text[:CHUNK])) and not _ENDED.search(self.text[-CHUNK:])

    @property
    def is_json(self) -> bool:
        return self.text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")

    @cached_property
    def json(self) -> Any:
        """The body as JSON; a body that only looks like it is `error truncated`."""
        try:
            return json.loads(self.text.lstrip("\ufeff"))
        except (ValueError, RecursionError) as wrong:
            raise PageBroken("truncated", f"not a whole JSON text: {wrong}") from None


def decode(page: Page) -> str:
    """The body as text. The declared charset is tried first but not trusted.

    Raises `PageBroken`: empty, too_large, binary or undecodable.
    """
    body = page.body
    if len(body) > MAX_BYTES:
        raise PageBroken("too_large", f"{len(body)} bytes, the limit is {MAX_BYTES}")
    if not body.strip():
        raise PageBroken("empty", "no bytes in the body")
    if body.startswith(_MAGIC):
        raise PageBroken("binary", f"begins with {body[:4]!r}")
    for charset in _charsets(page):
        try:
            text = body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        return _refuse_garbage(text.lstrip("\ufeff"))
    return _refuse_garbage(body.decode(next(iter(_charsets(page))), "replace"))


def _charsets(page: Page) -> list[str]:
    head = page.body[:4096]
    for bom, charset in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(bom):
            return [charset]
    found = _HEADER.search(page.content_type)
    meta = _META.search(head) or _XML.search(head)
    declared = ([found[1]] if found else []) + ([meta[1].decode("ascii")] if meta else [])
    # What calls itself gb2312 or gbk on the Chinese web is gb18030.
    names = ["gb18030" if name.lower() in ("gb2312", "gbk", "gb_2312-80") else name for name in declared]
    # A server's default of Latin letters fits any bytes whatever, so it proves nothing about a page of ours.
    known = [name for name in names if not _LATIN.fullmatch(name)]
    surely = ["utf-8"] if _is_surely_utf8(page.body) else []
    return [name for name in (*surely, *known, "utf-8", "gb18030", *names) if _is_text_codec(name)]


def _is_surely_utf8(body: bytes) -> bool:
    """Half a dozen Chinese characters in another charset are never by chance whole UTF-8."""
    try:
        return len(body) - len(body.decode("utf-8")) >= SURE
    except UnicodeDecodeError:
        return False


def _is_text_codec(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


def _refuse_garbage(text: str) -> str:
    """A page may hold a few damaged characters; a body that was never decoded holds thousands."""
    damaged = text.count("\ufffd") + text.count("\x00")
    if damaged > 8 and damaged * 100 > len(text):
        raise PageBroken("undecodable", f"{damaged} of {len(text)} characters are damaged")
    return text


def clean(text: str) -> str:
    """Runs of white space become one space; what no database takes becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", " ".join(text.replace("\x00", "\ufffd").split()))


def text_of(node: Node | None) -> str:
    """What a person reads in `node`, without scripts, styles and hidden parts; "" for none."""
    if node is None:
        return ""
    if node.css_first(_UNSEEN) is not None:
        return clean("".join(_seen(node)))
    return clean(node.text())


def _seen(node: Node) -> list[str]:
    unseen = {part.mem_id for part in node.css(_UNSEEN)}
    parts: list[str] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part.mem_id in unseen and part.mem_id != node.mem_id:
            continue
        if part.is_text_node:
            parts.append(part.text() or "")
        stack.extend(reversed(list(part.iter(include_text=True))))
    return parts


def block_text_of(node: Node | None, without: Iterable[Node] = ()) -> str:
    """What a person reads in a long text, one line a paragraph, so that no two words join across a border.

    `without` are parts that are read by themselves.
    """
    if node is None:
        return ""
    unseen = {part.mem_id for part in node.css(_UNSEEN)} - {node.mem_id}
    unseen.update(part.mem_id for part in without)
    parts: list[str] = []
    stack: list[Node | str] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            parts.append(part)
        elif part.is_text_node:
            parts.append(part.text() or "")
        elif part.mem_id not in unseen:
            if part.tag in BLOCKS:
                parts.append("\n")
                stack.append("\n")
            stack.extend(reversed(list(part.iter(include_text=True))))
    return "\n".join(filter(None, map(clean, "".join(parts).split("\n"))))


def fragment(html: str) -> Node:
    """A piece of HTML carried by a script or a comment, parsed with the same care as a page."""
    text = _SURROGATE.sub("\ufffd", html)
    refuse_tangle(text)
    root = LexborHTMLParser(text).root
    if root is None:
        raise PageBroken("empty", "no element in the fragment")
    return root


def attr(node: Node | None, name: str) -> str:
    """The attribute's value, "" when there is no node, no such attribute or no value."""
    return (node.attributes.get(name) or "") if node is not None else ""


def one(node: Node, css: str) -> Node:
    """The only match. None or several mean that the page is not what we know."""
    found = node.css(css)
    if len(found) != 1:
        raise PageChanged("structure", f"{len(found)} matches of {css}, expected 1")
    return found[0]


def first(node: Node, css: str) -> Node | None:
    """The first match, for a part that may honestly be absent."""
    return node.css_first(css)


def many(node: Node, css: str) -> list[Node]:
    """All matches; none means that the page is not what we know."""
    found = node.css(css)
    if not found:
        raise PageChanged("structure", f"no match of {css}")
    return found


def matches(node: Node, css: str) -> list[Node]:
    """All matches of a selector that is not ours; none where the parser does not understand it."""
    try:
        return node.css(css)
    except SelectolaxError:
        return []


def absolute(base: str, link: str) -> str:
    """`link` as an http(s) address, or "" when it is none (script, fragment, malformed)."""
    link = link.strip()
    if not link or link.startswith("#"):
        return ""
    try:
        url = urljoin(base, link)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    return clean(url).replace(" ", "%20")
