"""Pages out of a WACZ that somebody saved. Nothing is unpacked to the disk, and no name in it leads anywhere."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO

from crawler.errors import UserMistake
from crawler.saved import MOST_PAGES, MOST_UNPACKED, Form, Saved
from spiders.savedwarc import STEP, Answer, Budget, answers, saved_of

MOST_ENTRIES = 10_000
LARGEST_LIST = 4 << 20  # bytes
_END = 22  # bytes of a zip's end, but for its comment
# All others the standard library unpacks at one go, however large what comes of it.
_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What the standard library raises over a zip that lies.
_LIES = (
    zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
    struct.error, zlib.error, OverflowError,
)  # fmt: skip


def open_wacz(raw: bytes) -> Saved:
    """The pages of a WACZ. Raises `UserMistake` for whatever is odd about the zip."""
    _refuse_huge_directory(raw)
    budget = Budget()
    found: list[Answer] = []
    try:
        with zipfile.ZipFile(BytesIO(raw)) as opened:
            entries = _entries(opened)
            for name in sorted(entries):
                if name.startswith("archive/") and name.endswith((".warc", ".warc.gz")):
                    pieces = _entry(opened, entries[name], budget)
                    found += answers(pieces, budget, is_packed=name.endswith(".gz"))
            listed = _listed(opened, entries, budget)
    except _LIES as wrong:
        raise UserMistake(f"压缩包读不了：{_told(wrong)}") from None
    return saved_of(Form.WACZ, found, listed)


def _told(wrong: Exception) -> str:
    return f"{type(wrong).__name__}: {ascii(str(wrong))[1:-1][:100]}"


def _refuse_huge_directory(raw: bytes) -> None:
    """A directory of millions of entries is refused before it is read, whatever the zip's end says their number is."""
    if raw.count(b"PK\1\2") > MOST_ENTRIES:
        raise UserMistake(f"压缩包里的文件超过 {MOST_ENTRIES} 个")
    if b"PK\5\6" not in raw[-(_END + 65_535) :]:
        raise UserMistake("压缩包不完整：没有结尾")


def _entries(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for one in opened.infolist():
        name = one.filename
        if name in found:
            raise UserMistake(f"压缩包里有两个 {ascii(name)[:80]}")
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise UserMistake(f"压缩包里的文件名会越出文件夹：{ascii(name)[:80]}")
        mode = one.external_attr >> 16
        if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UserMistake(f"压缩包里有链接或特殊文件：{ascii(name)[:80]}")
        if one.flag_bits & 1:
            raise UserMistake("压缩包有密码")
        if one.compress_type not in _IN_PIECES:
            raise UserMistake(f"压缩包用了不支持的压缩方法（{one.compress_type}）：{ascii(name)[:80]}")
        if one.file_size > MOST_UNPACKED:
            raise UserMistake(f"解开后超过 {MOST_UNPACKED >> 20} MB：{ascii(name)[:80]}")
        found[name] = one
    return found


def _entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    with opened.open(entry) as file:
        while piece := file.read(STEP):
            budget.unpack(len(piece))
            yield piece


def _listed(opened: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], budget: Budget) -> frozenset[str]:
    """The addresses in pages/pages.jsonl, which says what its maker meant to save."""
    if "pages/pages.jsonl" not in entries:
        return frozenset()
    text = b""
    for piece in _entry(opened, entries["pages/pages.jsonl"], budget):
        text += piece
        if len(text) > LARGEST_LIST:
            raise UserMistake("pages/pages.jsonl 过大")
    found = (_address(line) for line in text.decode("utf-8", "replace").splitlines()[: MOST_PAGES * 10])
    return frozenset(url for url in found if url)


def _address(line: str) -> str:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    url = told.get("url", "") if isinstance(told, dict) else ""
    return url if isinstance(url, str) else ""
