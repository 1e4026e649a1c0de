"""Rows of text out of the tables people save: CSV in the encodings of office software, and XLSX.

It knows nothing of agencies. A file that is no table, or would cost more than a registry can, is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from crawler.errors import UserMistake
from storage.registers.xlsx import Workbook, column_letters
from storage.registers.xlsx_parts import COLUMNS_AT_MOST

ENCODINGS = ("utf-8-sig", "gb18030")  # in this order: gb18030 also takes much of what is UTF-8
DELIMITERS = ",\t;"
BYTES_AT_MOST = 300 << 20
ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LOOKED_AT = 64 << 10

IsHeader = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its number as the person's program counts, cells as text without outer gaps."""

    number: int
    cells: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table. `title` is empty for CSV; `merged` (last row, range) fills as the rows are read."""

    title: str = ""
    is_hidden: bool = False
    rows: Iterator[Row]
    merged: list[tuple[int, str]] = field(default_factory=list)

    def place(self, row: Row, column: int = -1) -> str:
        """Where a cell stands, or its row, in words the person's program shows."""
        if not self.title:
            return f"第 {row.number} 行"
        return f"{self.title}!{column_letters(column) if column >= 0 else ''}{row.number}"


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The file, looked at for its size; `UserMistake` when it cannot be read."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise UserMistake(f"{path}：不是普通文件")
        with path.open("rb") as file:
            if file.seek(0, io.SEEK_END) > BYTES_AT_MOST:
                raise UserMistake(f"{path}：大于 {BYTES_AT_MOST >> 20} MB，不像名录")
            file.seek(0)
            yield file
    except OSError as wrong:
        raise UserMistake(f"{path}: {wrong.strerror or wrong}") from None


def sheets(path: Path, file: io.BufferedReader, is_header: IsHeader) -> Iterator[Sheet]:
    """The tables of an opened file, whatever its name ends in. Rows are read as they are asked for."""
    begins = file.read(4)
    file.seek(0)
    if begins == OLD_OFFICE:
        raise UserMistake(f"{path}：是旧的 .xls，或加了密码；请另存为不加密的 .xlsx 或 CSV")
    if begins == ZIP:
        for told in Workbook(path, file).sheets():
            rows = (Row(number, cells) for number, cells in told.rows)
            yield Sheet(title=told.title, is_hidden=told.is_hidden, rows=rows, merged=told.merged)
    else:
        yield Sheet(rows=_csv_rows(path, file, is_header))


def _csv_rows(path: Path, file: io.BufferedReader, is_header: IsHeader) -> Iterator[Row]:
    encoding = _encoding(path, file)
    delimiter = _delimiter(file, encoding, is_header)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if len(cells) > COLUMNS_AT_MOST:
                raise UserMistake(f"{path} 第 {reader.line_num} 行：有 {len(cells)} 格，最多 {COLUMNS_AT_MOST} 格")
            yield Row(reader.line_num, tuple(map(_cell, cells)))
    except csv.Error as wrong:
        raise UserMistake(f"{path} 第 {reader.line_num} 行：引号或分隔不对（{wrong}）") from None
    finally:
        # A reader who stopped at the first rows may leave only after the file was closed.
        if not file.closed:
            text.detach()


def _cell(written: str) -> str:
    """Office programs write ="011227" into CSV files so that a code stays text."""
    bare = written.strip()
    return bare[2:-1] if bare.startswith('="') and bare.endswith('"') else bare


def _encoding(path: Path, file: io.BufferedReader) -> str:
    """Which encoding the whole file is in; it is decoded once for that, piece by piece."""
    marks = file.read(2)
    candidates = ("utf-16",) if marks in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ENCODINGS
    for encoding in candidates:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for piece in iter(lambda: file.read(1 << 20), b""):
                if "\0" in decoder.decode(piece):
                    raise UserMistake(f"{path}：是二进制文件，不是 CSV 或 XLSX")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UserMistake(f"{path} 既不是 UTF-8，也不是 GB18030 或带标记的 UTF-16")


def _delimiter(file: io.BufferedReader, encoding: str, is_header: IsHeader) -> str:
    """The one under which a row of column names can be read; a comma when there is none."""
    file.seek(0)
    begins = codecs.getincrementaldecoder(encoding)().decode(file.read(LOOKED_AT))
    for delimiter in DELIMITERS:
        try:
            rows = list(islice(csv.reader(io.StringIO(begins, newline=""), delimiter=delimiter), 20))
        except csv.Error:
            continue
        if any(is_header(tuple(map(_cell, row))) for row in rows):
            return delimiter
    return DELIMITERS[0]
