"""The registry of agencies from a CSV file the office keeps; a row that cannot be right is refused with its line.

Columns: name, code, kind, status (机构名称, 机构代码, 类型, 状态), in any order and among others.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crawler.agencies import Agency
from crawler.errors import UserMistake

COLUMNS = {"name": "机构名称", "code": "机构代码", "kind": "类型", "status": "状态"}
ENCODINGS = ("utf-8-sig", "gb18030")  # in this order: gb18030 also takes much of what is UTF-8


@dataclass(frozen=True, slots=True)
class CsvRegistry:
    """Agencies by folded name. Implements `crawler.agencies.RegistryView`."""

    by_name: dict[str, Agency]
    by_code: dict[str, Agency]
    as_of: str = ""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the whole file; `UserMistake` names the first line that cannot be used."""
        by_name: dict[str, Agency] = {}
        codes: dict[str, int] = {}
        for line, agency in _agencies(path):
            where = f"{path} 第 {line} 行"
            if _folded(agency.name) in by_name:
                raise UserMistake(f"{where}: {agency.name} 出现了两次")
            if agency.code and agency.code in codes:
                raise UserMistake(f"{where}: 代码 {agency.code} 与第 {codes[agency.code]} 行相同")
            by_name[_folded(agency.name)] = agency
            codes[agency.code] = line
        return cls(by_name, {agency.code: agency for agency in by_name.values() if agency.code})

    def find(self, name: str) -> Agency | None:
        """The agency of exactly this name, width and spaces aside."""
        return self.by_name.get(_folded(name))

    def find_code(self, code: str) -> Agency | None:
        """The agency of this code."""
        return self.by_code.get(code)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _agencies(path: Path) -> Iterator[tuple[int, Agency]]:
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    header: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if header:
                yield rows.line_num, _agency(f"{path} 第 {rows.line_num} 行", header, row)
            else:
                header = _header(path, row)
    except csv.Error as wrong:
        raise UserMistake(f"{path} 第 {rows.line_num} 行：{wrong}") from None
    if not header:
        raise UserMistake(f"{path}: 文件是空的；第一行要写列名 {'、'.join(COLUMNS)}")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as wrong:
        raise UserMistake(f"{path}: {wrong.strerror}") from None
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UserMistake(f"{path} 既不是 UTF-8，也不是 GB18030")


def _header(path: Path, row: list[str]) -> list[str]:
    english = {chinese: name for name, chinese in COLUMNS.items()}
    names = [english.get(cell.strip(), cell.strip()) for cell in row]
    for name, chinese in COLUMNS.items():
        if names.count(name) != 1:
            raise UserMistake(f"{path} 第 1 行：列 {name}（{chinese}）要有且只有一个")
    return names


def _agency(where: str, header: list[str], row: list[str]) -> Agency:
    if len(row) != len(header):
        raise UserMistake(f"{where}: 有 {len(row)} 格，列名有 {len(header)} 个")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True) if name in COLUMNS}
    if not cells["name"]:
        raise UserMistake(f"{where}: 机构没有名称")
    return Agency(name=cells["name"], code=cells["code"], kind=cells["kind"], status=cells["status"])
