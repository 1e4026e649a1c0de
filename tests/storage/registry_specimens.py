"""Invented lists of agencies: codes of no province, credit codes whose check digit is wrong, persons named 测试."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
COLUMNS = (
    "类型",
    "机构名称",
    "曾用名",
    "机构代码",
    "统一社会信用代码",
    "状态",
    "状态日期",
    "所属机构代码",
    "姓名",
    "资格证号",
    "性别",
)
AGENCY = (
    "专利代理机构",
    "星河知识产权代理有限公司",
    "银河专利事务所；旧星河所",
    "99001",
    "91990000MA00000019",
    "在业",
    "2020-01-02",
)
FIRM = ("专利代理机构", "示例（北京）专利代理事务所（普通合伙）", "", "99002", "", "吊销", "2025/3/4")
BRANCH = ("分支机构", "星河知识产权代理有限公司苏州分公司", "", "", "", "在业", "", "99001")
PERSON = ("专利代理师", "", "", "", "", "执业", "", "99001", "测试甲", "9912345", "女")
TRADEMARK = ("商标代理机构", "北辰商标代理有限公司", "", "", "", "存续")
ROWS = (AGENCY, FIRM, BRANCH, PERSON, TRADEMARK)


def table(*rows: Sequence[str], delimiter: str = ",", columns: Sequence[str] = COLUMNS) -> str:
    """A list as CSV text."""
    whole = (list(row) + [""] * (len(columns) - len(row)) for row in rows)
    return "".join(delimiter.join(row) + "\n" for row in (columns, *whole))


def written(folder: Path, content: str | bytes, name: str = "registry.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    """An XLSX file with these sheets, as openpyxl writes it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def as_office_saves(path: Path) -> Path:
    """The same file with its texts in a table that cells share, as office programs do and openpyxl does not."""
    parts = {name: zipfile.ZipFile(path).read(name).decode() for name in zipfile.ZipFile(path).namelist()}
    texts: dict[str, int] = {}
    for name in [one for one in parts if one.startswith("xl/worksheets/")]:
        parts[name] = re.sub(
            r't="inlineStr"><is>(<t.*?</t>)</is>',
            lambda found: f't="s"><v>{texts.setdefault(found[1], len(texts))}</v>',
            parts[name],
            flags=re.S,
        )
    strings = "".join(f"<si>{text}</si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    shared = f'<Relationship Id="rIdS" Type="{RELATION}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    relations = parts["xl/_rels/workbook.xml.rels"].replace("</Relationships>", shared)
    parts["xl/_rels/workbook.xml.rels"] = relations
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def repacked(path: Path, part: str, content: bytes) -> Path:
    """The same file with one part replaced."""
    kept = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in kept.namelist():
            archive.writestr(name, content if name == part else kept.read(name))
        assert part in kept.namelist()
    return path
