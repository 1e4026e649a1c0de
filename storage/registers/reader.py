"""A list of agencies out of a file: every row checked, every error named, and nothing given out as whole that is not.

The one reader of `lantian registry import` and `lantian screen --registry`. What nobody may keep of a person stays out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from crawler.agencies import ATTORNEY, BRANCH, PATENT_AGENCY, Agency
from crawler.errors import RegistryInvalid, UserMistake
from storage.registers.names import name_norm
from storage.registers.rows import RowCheck
from storage.registers.sheets import Row, Sheet, opened, sheets
from storage.registers.words import TITLES, fields, is_personal, kinds, plain

SHOWN_AT_MOST = 50
HEADER_WITHIN = 10  # rows that are not blank: official tables begin with a title and notes
KNOWN_AT_LEAST = 2  # columns that make a row of titles
ROWS_AT_MOST = 1_000_000

Keep = Callable[[Agency], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a file told besides its entries. `counts`: (kind, status, rows); `personal` and `unread`: columns."""

    digest: str
    counts: tuple[tuple[str, str, int], ...]
    warnings: tuple[str, ...]
    personal: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.counts)


def read_registry(path: Path, today: date, keep: Keep) -> Told:
    """Read the whole file and `keep` each entry; `RegistryInvalid` when any row is wrong, whatever was kept."""
    reading = _Reading(today, keep)
    with opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        try:
            for sheet in sheets(path, file, is_header):
                reading.read(sheet)
        except UserMistake as wrong:
            if not reading.complaints.total:
                raise
            reading.complaints.add(str(wrong))
    reading.end()
    if reading.complaints.total:
        raise RegistryInvalid(path, reading.complaints.lines(), reading.complaints.total)
    return reading.told(digest)


def is_header(cells: Iterable[str]) -> bool:
    """Whether these are the titles of columns."""
    return len({fields()[word] for word in map(plain, cells) if word in fields()}) >= KNOWN_AT_LEAST


@dataclass(slots=True)
class _Notes:
    """The first of many lines, and how many there were."""

    total: int = 0
    _first: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        self.total += 1
        if len(self._first) < SHOWN_AT_MOST:
            self._first.append(line)

    def lines(self) -> tuple[str, ...]:
        left = self.total - len(self._first)
        return (*self._first, f"还有 {left} 处") if left else tuple(self._first)


@dataclass(frozen=True, slots=True)
class _Header:
    """Where each field stands; `kind` is what the sheet's own name says, or empty."""

    titles: tuple[str, ...]
    columns: dict[str, int]
    kind: str

    @property
    def width(self) -> int:
        return max(at for at, title in enumerate(self.titles) if title) + 1

    def values(self, cells: tuple[str, ...]) -> dict[str, str]:
        return {name: cells[at] if at < len(cells) else "" for name, at in self.columns.items()}


class _Reading:
    """The sheets of one file, one after the other."""

    def __init__(self, today: date, keep: Keep) -> None:
        self.complaints, self._warnings = _Notes(), _Notes()
        self._today, self._keep = today, keep
        self._personal: dict[str, None] = {}
        self._unread: dict[str, None] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._ties = _Ties()
        self._rows = self._tables = 0

    def read(self, sheet: Sheet) -> None:
        if sheet.is_hidden:
            self._warnings.add(f"隐藏的工作表 {sheet.title} 没有读")
            return
        rows = (row for row in sheet.rows if not row.is_blank)
        begins = self._header(sheet, rows)
        if begins is None:
            return
        row, header = begins
        for entry in rows:
            self._row(sheet, header, entry)
        below = [place for last, place in sheet.merged if last > row.number]
        if below:
            # Only the first cell of a merged range holds its value: the rest would be taken for empty.
            self.complaints.add(f"{sheet.title}：{'、'.join(below[:3])} 是合并单元格，请先取消合并并填满")

    def end(self) -> None:
        """What only the whole file shows: branches and attorneys of agencies that are not there."""
        if not self._tables and not self.complaints.total:
            self.complaints.add(f"没有找到列名；第一行要写列名：{'、'.join(map(TITLES.__getitem__, _NEEDED))} 等")
        elif not self._rows and not self.complaints.total:
            self.complaints.add("只有列名，没有一行机构")
        for line in self._ties.loose():
            self.complaints.add(line)

    def told(self, digest: str) -> Told:
        counts = sorted((kind, status, rows) for (kind, status), rows in self._counts.items())
        shown = self._warnings.lines()
        return Told(
            digest=digest, counts=tuple(counts), warnings=shown,
            personal=tuple(self._personal), unread=tuple(self._unread),
        )  # fmt: skip

    def _header(self, sheet: Sheet, rows: Iterator[Row]) -> tuple[Row, _Header] | None:
        """The row of titles and what it says, or `None` when this sheet is no table of agencies."""
        first: Row | None = None
        for row in islice(rows, HEADER_WITHIN):
            first = first or row
            if is_header(row.cells):
                self._tables += 1
                return self._titles(sheet, row)
        if first and sheet.title:
            self._warnings.add(f"工作表 {sheet.title} 的前 {HEADER_WITHIN} 行里没有列名，没有读")
        elif first:
            self._titles(sheet, first)
        return None

    def _titles(self, sheet: Sheet, row: Row) -> tuple[Row, _Header] | None:
        said = [fields().get(plain(cell), "") for cell in row.cells]
        columns = {name: said.index(name) for name in dict.fromkeys(said) if name}
        kind = kinds().get(plain(sheet.title), "")
        absent = [name for name in _NEEDED if name not in columns and not (name == "kind" and kind)]
        if "person" in columns and "name" in absent:
            absent.remove("name")
        doubled = [name for name in columns if said.count(name) > 1]
        for name in (*absent, *doubled):
            self.complaints.add(f"{sheet.place(row)}：列 {name}（{TITLES[name]}）要有且只有一个")
        for title in (cell for cell, name in zip(row.cells, said, strict=True) if cell and not name):
            (self._personal if is_personal(title) else self._unread)[title] = None
        return None if absent or doubled else (row, _Header(row.cells, columns, kind))

    def _row(self, sheet: Sheet, header: _Header, row: Row) -> None:
        self._rows += 1
        if self._rows > ROWS_AT_MOST:
            raise UserMistake(f"超过 {ROWS_AT_MOST} 行，不像名录")
        width = header.width
        if not sheet.title and (len(row.cells) < width or any(row.cells[width:])):
            self.complaints.add(f"{sheet.place(row)}：有 {len(row.cells)} 格，列名有 {width} 个")
            return
        check = RowCheck(header.values(row.cells), header.kind, self._today)
        agency = check.agency()
        for name, what in check.complaints:
            self.complaints.add(f"{_place(sheet, header, row, name)}：{what}")
        for name, what in check.warnings:
            self._warnings.add(f"{_place(sheet, header, row, name)}：{what}")
        if agency is None:
            return
        for what in self._ties.meet(agency, sheet.place(row)):
            self.complaints.add(f"{sheet.place(row)}：{what}")
        self._counts[agency.kind, agency.status] += 1
        if not self.complaints.total:
            self._keep(agency)


_NEEDED = ("name", "kind", "status")


def _place(sheet: Sheet, header: _Header, row: Row, name: str) -> str:
    at = header.columns.get(name, -1)
    return f"{sheet.place(row, at)} {header.titles[at]}" if at >= 0 else sheet.place(row)


class _Ties:
    """What entries have to do with each other. It keeps digests and places, so that a large file stays cheap."""

    def __init__(self) -> None:
        self._seen: dict[int, str] = {}
        self._codes: set[str] = set()
        self._wanted: dict[str, tuple[str, str, int]] = {}

    def meet(self, agency: Agency, place: str) -> Iterator[str]:
        """Complaints over what an earlier entry has too. One firm may be a patent and a trademark agency."""
        for sort, (what, key) in enumerate(_keys(agency)):
            if not key:
                continue
            # A digest of 64 bits: two of a million would meet by chance once in ten million files.
            earlier = self._seen.setdefault(hash((agency.kind, sort, key)), place)
            if earlier is not place:
                yield f"{what}与 {earlier} 相同，出现了两次"
        if agency.code and agency.kind in (PATENT_AGENCY, BRANCH):
            self._codes.add(agency.code)
        if agency.parent_code:
            name, first, rows = self._wanted.get(agency.parent_code, (agency.kind, place, 0))
            self._wanted[agency.parent_code] = (name, first, rows + 1)

    def loose(self) -> Iterator[str]:
        """Complaints over agencies that are referred to and not there."""
        for code, (kind, place, rows) in self._wanted.items():
            if code not in self._codes:
                more = f"（这样的有 {rows} 行）" if rows > 1 else ""
                whose = "执业机构" if kind == ATTORNEY else "所属机构"
                yield f"{place}：{whose} {code} 不在这份名录里{more}；机构要在同一份名录中一并导入"


def _keys(agency: Agency) -> Iterator[tuple[str, str]]:
    if agency.kind == ATTORNEY:
        yield (
            "这位代理师（姓名、机构、资格证号后四位）",
            f"{name_norm(agency.name)} {agency.parent_code} {agency.last_four}",
        )
        return
    yield f"名称 {agency.name} ", name_norm(agency.name)
    # A branch often goes by its agency's code.
    yield f"代码 {agency.code} ", agency.code if agency.code != agency.parent_code else ""
    yield f"统一社会信用代码 {agency.credit_code} ", agency.credit_code
