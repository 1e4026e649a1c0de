"""XLSX as rows of text, one pass, a row in memory at a time; formats and macros are not looked at.

openpyxl's reader takes a minute where this takes seconds (its XML parser is pure Python, because of entities) and
keeps every row's element. This one is expat, which refuses entities here because it refuses every DOCTYPE.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from openpyxl.utils.cell import get_column_letter

from crawler.errors import UserMistake
from storage.registers.xlsx_parts import Book, Cells, Reader, Refused, Relations, Strings, Styles, parser_of

PART_AT_MOST = 300 << 20  # bytes unpacked, of all parts that are read
SHEETS_AT_MOST = 100
RATIO_AT_MOST, RATIO_FROM = 200, 10 << 20  # a real sheet packs thirty to one
PIECE = 1 << 16
_BROKEN = (BadZipFile, KeyError, ValueError, IndexError, OverflowError, NotImplementedError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet: `merged` holds (last row, range) once all rows were read."""

    title: str
    is_hidden: bool
    rows: Iterator[tuple[int, tuple[str, ...]]]
    merged: list[tuple[int, str]] = field(default_factory=list)


def column_letters(place: int) -> str:
    """A for 0."""
    return str(get_column_letter(place + 1))


class Workbook:
    """An opened XLSX file; `UserMistake` for one that is broken or hostile, whenever that is noticed."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._left = PART_AT_MOST
        with self._readable():
            self._zip = ZipFile(file)
            self._strings: list[str] = []
            self._book = Book()
            self._relations = Relations()
            self._styles = Styles()
            self._open()

    def sheets(self) -> Iterator[Part]:
        """The sheets in their order; each must be read before the next."""
        for title, relation, is_hidden in self._book.sheets[:SHEETS_AT_MOST]:
            kind, name = self._relations.targets.get(relation, ("", ""))
            if kind == "worksheet":
                cells = Cells(self._strings, self._styles.dates(), is_1904=self._book.is_1904)
                yield Part(title, is_hidden, self._rows(self._named(name), cells), cells.merged)

    def _open(self) -> None:
        packaged = Relations()
        self._parse("_rels/.rels", packaged)
        book = next((name for kind, name in packaged.targets.values() if kind == "officeDocument"), "xl/workbook.xml")
        self._folder = posixpath.dirname(book.lstrip("/"))
        self._parse(book.lstrip("/"), self._book)
        self._parse(f"{self._folder}/_rels/{posixpath.basename(book)}.rels".lstrip("/"), self._relations)
        found = dict(self._relations.targets.values())
        if "sharedStrings" in found:
            self._parse(self._named(found["sharedStrings"]), Strings(self._strings))
        if "styles" in found:
            self._parse(self._named(found["styles"]), self._styles)

    def _named(self, target: str) -> str:
        return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{self._folder}/{target}")

    def _rows(self, name: str, cells: Cells) -> Iterator[tuple[int, tuple[str, ...]]]:
        with self._readable():
            for _ in self._pieces(name, cells):
                yield from cells.taken()

    def _parse(self, name: str, reader: Reader) -> None:
        for _ in self._pieces(name, reader):
            pass

    def _pieces(self, name: str, reader: Reader) -> Iterator[None]:
        """Feed one part to its reader, piece by piece."""
        part = self._zip.getinfo(name)
        if part.flag_bits & 1:
            raise Refused("加了密码")
        if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            # The standard library unpacks these at one go, whatever size the part says it has.
            raise Refused(f"用了不支持的压缩方法（{part.compress_type}）")
        if part.file_size > self._left or (
            part.file_size > RATIO_FROM and part.file_size > RATIO_AT_MOST * part.compress_size
        ):
            raise Refused(f"展开后过大（{part.file_size >> 20} MB），像是压缩炸弹")
        self._left -= part.file_size
        parser = parser_of(reader)
        with self._zip.open(part) as unpacked:
            while piece := unpacked.read(PIECE):
                parser.Parse(piece, False)  # noqa: FBT003 - expat's own signature
                yield
        parser.Parse(b"", True)  # noqa: FBT003
        yield

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            raise UserMistake(f"{self._path}：{refused}") from None
        except (*_BROKEN, expat.ExpatError) as wrong:
            raise UserMistake(f"{self._path}：不是完好的 XLSX（{type(wrong).__name__}: {wrong}）") from None
