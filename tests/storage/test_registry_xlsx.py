"""XLSX as spreadsheets write it, as they should not, and as nobody would in good faith."""

from __future__ import annotations

import hashlib
import io
import random
import re
import zipfile
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from registry_specimens import (
    AGENCY,
    BRANCH,
    COLUMNS,
    MAIN,
    PERSON,
    ROWS,
    TODAY,
    TRADEMARK,
    as_office_saves,
    repacked,
    workbook,
)

from crawler.agencies import Agency
from crawler.errors import RegistryInvalid, UserMistake
from storage.registers.reader import Told, read_registry
from storage.registers.sheets import opened, sheets
from storage.registry import CsvRegistry

SHEET = "xl/worksheets/sheet1.xml"


def read(path: Path) -> tuple[list[Agency], Told]:
    kept: list[Agency] = []
    told = read_registry(path, TODAY, kept.append)
    return kept, told


def cells(path: Path) -> list[list[tuple[str, ...]]]:
    with opened(path) as file:
        return [[row.cells for row in sheet.rows] for sheet in sheets(path, file, lambda _: True)]


def test_a_list_is_the_same_in_either_form(tmp_path: Path) -> None:
    path = workbook(tmp_path / "名录.xlsx", 机构=(COLUMNS, *ROWS))
    kept, told = read(path)
    assert [(one.name, one.code, one.last_four) for one in kept][:1] == [("星河知识产权代理有限公司", "99001", "")]
    assert (told.rows, told.personal) == (5, ("性别",))
    assert "机构!E2 统一社会信用代码" in told.warnings[0]
    found = CsvRegistry.load(path, TODAY).find("旧星河所")
    assert found is not None
    assert read(as_office_saves(path)) == (kept, replace(told, digest=hashlib.sha256(path.read_bytes()).hexdigest()))


def test_cells_are_read_as_openpyxl_reads_them(tmp_path: Path) -> None:
    chance = random.Random(7)
    values: list[Any] = [
        "星河 <&> \"'",
        " 两头空 ",
        "多\n行",
        11227,
        11227.0,
        -1.5,
        True,
        0.1,
        date(2026, 1, 2),
        "é😀",
        None,
    ]
    rows = [[chance.choice(values) for _ in range(12)] for _ in range(300)]
    path = workbook(tmp_path / "a.xlsx", 表=rows)
    expected = [tuple(map(plain, row)) for row in openpyxl.load_workbook(path)["表"].iter_rows(values_only=True)]
    longest = max(map(len, expected))
    assert [row + ("",) * (longest - len(row)) for row in cells(path)[0]] == expected
    assert cells(as_office_saves(path)) == cells(workbook(path, 表=rows))


def plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def test_numbers_and_days_are_codes_and_days(tmp_path: Path) -> None:
    rows = [
        ("kind", "name", "code", "status", "状态日期"),
        ("专利代理机构", "甲所", 99001, "在业", date(2026, 1, 2)),
        ("专利代理机构", "乙所", 99002.0, "在业", datetime(2026, 1, 2)),  # noqa: DTZ001 - a spreadsheet has no zone
        ("专利代理机构", "丙所", "'099003", "在业", "2026-01-02"),
        ("专利代理机构", "丁所", "99004.0", "在业", 20260102),
    ]
    kept, _ = read(workbook(tmp_path / "a.xlsx", 表=rows))
    assert [one.code for one in kept] == ["99001", "99002", "99003", "99004"]
    assert {one.status_date for one in kept} == {"2026-01-02"}


def test_days_before_1904_and_days_by_a_chinese_format(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", 表=[("类型", "名称", "状态", "状态日期"), ("商标", "甲所", "在业", date(2026, 1, 2))]
    )
    kept = zipfile.ZipFile(path)
    styles = kept.read("xl/styles.xml").replace(b'<xf numFmtId="164"', b'<xf numFmtId="31"')
    assert b'<xf numFmtId="31"' in styles
    assert read(repacked(path, "xl/styles.xml", styles))[0][0].status_date == "2026-01-02"
    book = re.sub(b"<workbookPr[^>]*>", b'<workbookPr date1904="1"/>', zipfile.ZipFile(path).read("xl/workbook.xml"))
    with pytest.raises(RegistryInvalid, match="2030-01-03 在今天之后"):
        read(repacked(path, "xl/workbook.xml", book))


def test_a_number_too_long_for_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    rows = [("类型", "名称", "状态", "统一社会信用代码"), ("商标代理机构", "甲所", "在业", 919900001234567890)]
    with pytest.raises(RegistryInvalid, match="表!D2 统一社会信用代码：被表格软件当成了数字"):
        read(workbook(tmp_path / "a.xlsx", 表=rows))


def test_sheets_may_be_named_for_what_they_list(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        说明=[("填表说明",), ("请逐行填写",)],
        专利代理机构=[("专利代理机构名录",), ("机构名称", "机构代码", "状态"), ("甲所", 99001, "在业")],
        专利代理师=[("姓名", "资格证号", "所在机构代码", "状态", "生日"), ("测试甲", 9912345, 99001, "执业", "略")],
        空表=[],
    )  # fmt: skip
    kept, told = read(path)
    assert [(one.kind, one.name, one.parent_code, one.last_four) for one in kept] == [
        ("patent_agency", "甲所", "", ""),
        ("patent_attorney", "测试甲", "99001", "2345"),
    ]
    assert told.warnings == ("工作表 说明 的前 10 行里没有列名，没有读",)
    assert told.personal == ("生日",)


def test_what_the_person_does_not_see_is_not_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY), 旧=(COLUMNS, TRADEMARK))
    book = openpyxl.load_workbook(path)
    book["旧"].sheet_state = "hidden"
    book.save(path)
    kept, told = read(path)
    assert [one.name for one in kept] == [AGENCY[1]]
    assert "隐藏的工作表 旧 没有读" in told.warnings


def test_merged_cells_are_refused_below_the_titles_and_not_above(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 机构=(("名录",), COLUMNS, AGENCY, TRADEMARK))
    book = openpyxl.load_workbook(path)
    book["机构"].merge_cells("A1:D1")
    book.save(path)
    assert len(read(path)[0]) == 2
    book["机构"].merge_cells("F3:F4")
    book.save(path)
    with pytest.raises(RegistryInvalid) as caught:
        read(path)
    assert "机构：F3:F4 是合并单元格，请先取消合并并填满" in caught.value.complaints


def test_formulas_count_by_their_value_and_not_without_one(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, (AGENCY[0], "=A1", "", "=1+1", "", "在业")))
    with pytest.raises(RegistryInvalid, match=r"机构!B2 机构名称：.*公式") as caught:
        read(path)
    assert caught.value.total == 2
    sheet = zipfile.ZipFile(path).read(SHEET).replace(b"<f>A1</f><v></v>", "<f>A1</f><v>甲所</v>".encode())
    sheet = sheet.replace(b'<c r="B2"', b'<c t="str" r="B2"').replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>99001</v>")
    sheet = sheet.replace(b"<f>A1</f><v/>", "<f>A1</f><v>甲所</v>".encode()).replace(
        b"<f>1+1</f><v/>", b"<f>1+1</f><v>99001</v>"
    )
    kept, _ = read(repacked(path, SHEET, sheet))
    assert [(one.name, one.code) for one in kept] == [("甲所", "99001")]


def test_names_with_prefixes_gaps_and_spoken_sounds_are_read(tmp_path: Path) -> None:
    """As other programs write: prefixed names, no cell references, runs with phonetic text, absolute targets."""
    path = as_office_saves(workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY)))
    titles = "".join(f'<x:c t="inlineStr"><x:is><x:t>{one}</x:t></x:is></x:c>' for one in ("类型", "名称", "状态"))
    strings = (
        f'<sst xmlns="{MAIN}"><si><r><t>甲</t></r><r><t>乙所</t></r>'
        "<rPh sb='0' eb='1'><t>jia</t></rPh></si><si><t>商标代理机构</t></si></sst>"
    )
    row = '<x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v>0</x:v></x:c><x:c t="str"><x:v>在业</x:v></x:c>'
    rows = f"<x:row>{titles}</x:row><x:row/><x:row>{row}</x:row>"
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    repacked(repacked(path, "xl/sharedStrings.xml", strings.encode()), SHEET, sheet.encode())
    relations = (
        zipfile.ZipFile(path)
        .read("xl/_rels/workbook.xml.rels")
        .replace(b'Target="worksheets', b'Target="/xl/worksheets')
    )
    kept, _ = read(repacked(path, "xl/_rels/workbook.xml.rels", relations))
    assert [one.name for one in kept] == ["甲乙所"]


def test_styled_empty_cells_cost_nothing_and_say_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY))
    book = openpyxl.load_workbook(path)
    for row in range(3, 400):
        book["机构"].cell(row=row, column=150).fill = PatternFill("solid", "FFFF00")
    book.save(path)
    assert len(read(path)[0]) == 1


# -- hostile and broken files ------------------------------------------------------------------

BOMB = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><sst>&b;&b;&b;</sst>'
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE s SYSTEM "http://specimen.example/x.dtd"><worksheet/>"""


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", SHEET, "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"])
@pytest.mark.parametrize("content", [BOMB, OUTSIDE])
def test_entities_are_refused_wherever_they_stand(tmp_path: Path, part: str, content: bytes) -> None:
    path = repacked(as_office_saves(workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY))), part, content)
    with pytest.raises(UserMistake, match="DOCTYPE"):
        read(path)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", SHEET])
def test_what_unpacks_to_far_more_than_a_list_is_refused_before_it_does(tmp_path: Path, part: str) -> None:
    path = repacked(as_office_saves(workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY))), part, b"<a/>" * (8 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UserMistake, match="压缩炸弹"):
        read(path)


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        ("<row r='2'><c r='A2' t='s'><v>99999999</v></c></row>", "不是完好的 XLSX"),
        ("<row r='2'><c r='A2' t='s'><v>x</v></c></row>", "不是完好的 XLSX"),
        ("<row r='2'><c r='A2'><v>abc</v></c></row>", "不是完好的 XLSX"),
        ("<row r='x'/>", "不是完好的 XLSX"),
        ("<row r='2'><c r='2'><v>1</v></c></row>", "不是完好的 XLSX"),
        (f"<row r='2'><c r='A2' t='str'><v>{'长' * 40_000}</v></c></row>", "超过三万字"),
        ("<row r='2'><c r='A2'>", "不是完好的 XLSX"),
    ],
)
def test_a_broken_sheet_is_one_line(tmp_path: Path, sheet: str, why: str) -> None:
    content = f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>'.encode()
    with pytest.raises(UserMistake, match=why) as caught:
        read(repacked(workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY)), SHEET, content))
    assert "\n" not in str(caught.value)


def test_a_locked_package_is_one_line(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY))
    raw = bytearray(path.read_bytes())
    at = -1
    while (at := raw.find(b"PK\x01\x02", at + 1)) >= 0:
        raw[at + 8] |= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(UserMistake, match="加了密码"):
        read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_can_only_be_unpacked_at_one_go_is_refused(tmp_path: Path, method: int) -> None:
    """Whatever size the part says that it has."""
    path, odd = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY)), tmp_path / "odd.xlsx"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(odd, "w", method) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name))
    with pytest.raises(UserMistake, match="压缩方法"):
        read(odd)


def test_a_row_number_beyond_all_rows_costs_nothing(tmp_path: Path) -> None:
    row = '<row r="999999999999"><c r="ZZZZZ1"><v>1</v></c></row>'
    far = f'<worksheet xmlns="{MAIN}"><sheetData>{row}</sheetData></worksheet>'
    with pytest.raises(RegistryInvalid):
        read(repacked(workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, AGENCY)), SHEET, far.encode()))


def test_a_bent_file_is_a_mistake_and_never_a_failure(tmp_path: Path) -> None:
    """Five hundred files with bytes changed, cut or doubled: each is read or refused in one line."""
    good = workbook(tmp_path / "a.xlsx", 机构=(COLUMNS, *ROWS), 分支=(COLUMNS, BRANCH, PERSON)).read_bytes()
    chance, refused = random.Random(11), 0
    for _ in range(500):
        bent = bytearray(good)
        for _ in range(chance.randint(1, 20)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        if chance.random() < 0.3:
            bent = bent[: chance.randrange(len(bent))]
        path = tmp_path / "bent.xlsx"
        path.write_bytes(bytes(bent))
        try:
            read(path)
        except UserMistake:
            refused += 1
    assert refused > 100


def test_parts_bent_inside_the_package_are_a_mistake_and_never_a_failure(tmp_path: Path) -> None:
    good = workbook(tmp_path / "good.xlsx", 机构=(COLUMNS, *ROWS))
    parts = {name: zipfile.ZipFile(good).read(name) for name in zipfile.ZipFile(good).namelist()}
    chance = random.Random(13)
    words = [
        b'"-1"',
        b'""',
        b"<v>",
        b"</c>",
        b'"x"',
        b'r="',
        b"rId9",
        b"99999999999999999999",
        b"\xff",
        b"1e999",
        b"nan",
    ]
    for _ in range(500):
        name = chance.choice([one for one in parts if one.endswith((".xml", ".rels"))])
        bent, at = parts[name], chance.randrange(len(parts[name]))
        bent = bent[:at] + chance.choice(words) + bent[at + chance.randrange(6) :]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for one, content in parts.items():
                if one != name or chance.random() > 0.05:
                    archive.writestr(one, bent if one == name else content)
        path = tmp_path / "bent.xlsx"
        path.write_bytes(packed.getvalue())
        with suppress(UserMistake):
            read(path)
