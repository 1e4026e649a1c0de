"""Looks for words in whatever lies in a folder or was printed, in every form a program would write them.

Containers are opened: zips within zips, gzip, zlib streams of PDF, databases as bytes, pages of PDF as text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pypdf import PdfReader

DEEPEST = 6
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)


def forms(word: str) -> dict[str, bytes]:
    """A word as bytes, by the name of the form."""
    plain = {name: word.encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "utf-32-le")}
    found = dict(plain)
    for name in ("utf-8", "gb18030", "utf-16-le"):
        raw = plain[name]
        found[f"hex of {name}"] = raw.hex().encode()
        found[f"HEX of {name}"] = raw.hex().upper().encode()
        for shift in range(3):
            # What surrounds it changes its first and last characters: those between are its own.
            coded = base64.b64encode(b"\0" * shift + raw)
            start, end = -(-shift * 4 // 3), (shift + len(raw)) * 8 // 6
            found[f"base64 of {name} at {shift}"] = coded[start:end]
            found[f"urlsafe base64 of {name} at {shift}"] = coded[start:end].replace(b"+", b"-").replace(b"/", b"_")
    found["percent"] = quote(word).encode()
    found["percent lower"] = quote(word).lower().encode()
    found["percent gbk"] = quote(word.encode("gb18030")).encode()
    found["json"] = word.encode("unicode_escape")
    found["html"] = "".join(f"&#{ord(one)};" for one in word).encode()
    found["html hex"] = "".join(f"&#x{ord(one):x};" for one in word).encode()
    return found


class Search:
    """Finds any of these words; what it finds is told as place and form, never left out."""

    def __init__(self, *words: str) -> None:
        self._forms = [(word, name, raw) for word in words for name, raw in forms(word).items()]
        self._clean: set[tuple[bytes, int]] = set()

    def in_bytes(self, raw: bytes, place: str, depth: int = 0) -> Iterator[str]:
        """Every hit in these bytes and in whatever they hold. The very bytes that had none are not opened again."""
        key = (hashlib.sha256(raw).digest(), depth)
        if key not in self._clean:
            found = list(self._looked(raw, place, depth))
            if not found:
                self._clean.add(key)
            yield from found

    def _looked(self, raw: bytes, place: str, depth: int) -> Iterator[str]:
        yield from (f"{place}: {word} as {name}" for word, name, form in self._forms if form in raw)
        if depth < DEEPEST:
            for name, inner in opened(raw):
                yield from self.in_bytes(inner, f"{place}/{name}", depth + 1)

    def in_folder(self, folder: Path) -> Iterator[str]:
        """Every hit in the folder's files and their names."""
        for path in sorted(folder.rglob("*")):
            yield from self.in_bytes(str(path.relative_to(folder)).encode(), f"name of {path}", DEEPEST)
            if path.is_file() and not path.is_symlink():
                yield from self.in_bytes(path.read_bytes(), str(path.relative_to(folder)))


def opened(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """What these bytes hold, as far as they are a container."""
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as inside:
            for entry in inside.infolist():
                yield entry.filename, inside.read(entry)
    elif raw.startswith(b"\x1f\x8b"):
        yield from _members(raw)
    elif raw.startswith(b"%PDF"):
        yield "text", "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages).encode()
        for at, found in enumerate(_STREAM.findall(raw)):
            inner = _inflated(found)
            if inner:
                yield f"stream {at}", inner
    elif raw.lstrip().startswith(b"<?xml") or b"<w:t" in raw or b"<t>" in raw:
        # Office programs cut a word into runs.
        yield "text without tags", re.sub(rb"<[^>]*>", b"", raw)


def _members(raw: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        yield "gzip", gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw)
    except zlib.error:
        return b""
