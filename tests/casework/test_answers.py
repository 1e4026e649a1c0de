"""A returned receipt: every wrong line is named and nothing counts; hostile files are refused in one sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from casework.letters.answers import LONGEST, ROWS_AT_MOST, Expected, answers_read
from casework.letters.letter_list import ANSWER_COLUMNS
from crawler.errors import UserMistake

EXPECTED = Expected(letter="H2026-00001", leads={"X2026-00001": 1, "X2026-00002": 2}, today=date(2026, 11, 20))
HEAD = tuple(name for name, _ in ANSWER_COLUMNS)
GOOD = ("X2026-00001", "属实", "删除", "2026-11-19", "示例公司", "示例经办")


def book(path: Path, *rows: Sequence[object], above: Sequence[Sequence[object]] = ()) -> Path:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (*above, HEAD, *rows):
        sheet.append(list(row))
    made.save(path)
    return path


def test_filled_lines_are_answers_and_empty_ones_are_none(tmp_path: Path) -> None:
    empty = ("X2026-00002", "", "", "", "", "")
    (answer,) = answers_read(book(tmp_path / "a.xlsx", GOOD, empty), EXPECTED)
    assert (answer.lead_id, answer.is_true, answer.measure, answer.measured_on) == (1, "属实", "删除", "2026-11-19")
    assert answer.remark == "主体信息：示例公司；经办人：示例经办"


def test_reasons_stand_behind_the_measure(tmp_path: Path) -> None:
    rows = (
        ("X2026-00001", "不属实", "未处置：经核查为科普文章", "", "", ""),
        ("X2026-00002", "部分属实", "断链（仅搜索结果）", "2026年11月1日", "", ""),
    )
    first, second = answers_read(book(tmp_path / "a.xlsx", *rows), EXPECTED)
    assert (first.measure, first.measured_on, first.remark) == ("未处置", "", "理由：经核查为科普文章")
    assert (second.measure, second.measured_on, second.remark) == ("断链", "2026-11-01", "理由：仅搜索结果")


def wrong(path: Path, *words: str) -> None:
    with pytest.raises(UserMistake) as refused:
        answers_read(path, EXPECTED)
    for word in words:
        assert word in str(refused.value), refused.value
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (0, "X2026-00009", "线索编号不在这份函中"),
        (0, "", "线索编号不在这份函中"),
        (1, "大概", "是否属实要填"),
        (2, "处理了", "措施要填"),
        (2, "未处置", "未处置的要说明理由"),
        (2, '=HYPERLINK("http://x.example")', "措施要填"),
        (3, "", "没有处置时间"),
        (3, "昨天", "处置时间要写成"),
        (3, "2026-02-30", "处置时间要写成"),
        (3, "2026-11-21", "处置时间在今天以后"),
        (4, "字" * (LONGEST + 1), f"主体信息超过 {LONGEST} 字"),
        (4, "示例\u202e公司", "主体信息有不能显示的字符"),
    ],
)
def test_a_line_that_cannot_be(tmp_path: Path, place: int, value: str, why: str) -> None:
    row = list(GOOD)
    row[place] = value
    wrong(book(tmp_path / "a.xlsx", row), "第 2 行", why, "整份没有导入")


def test_every_wrong_line_is_named_and_right_ones_do_not_count(tmp_path: Path) -> None:
    rows = (GOOD, GOOD, ("X2026-00002", "是", "删", "明天", "", ""))
    wrong(
        book(tmp_path / "a.xlsx", *rows),
        "第 3 行：与第 2 行线索编号相同",
        "第 4 行：是否属实",
        "第 4 行：措施",
        "第 4 行：处置时间",
    )


def test_a_receipt_of_another_letter(tmp_path: Path) -> None:
    named = [("函件编号", "H2026-00009", "关于…")]
    wrong(book(tmp_path / "a.xlsx", GOOD, above=named), "是 H2026-00009 的回执，不是 H2026-00001 的")
    assert answers_read(book(tmp_path / "b.xlsx", GOOD, above=[("函件编号", "H2026-00001", "")]), EXPECTED)


def test_what_is_no_receipt(tmp_path: Path) -> None:
    made = Workbook()
    made.save(tmp_path / "empty.xlsx")
    wrong(tmp_path / "empty.xlsx", "没有找到回执的列名")
    wrong(book(tmp_path / "head.xlsx"), "没有一行填写了结果")
    (tmp_path / "text.xlsx").write_text("不是表格", encoding="utf-8")
    wrong(tmp_path / "text.xlsx")
    (tmp_path / "cut.xlsx").write_bytes(book(tmp_path / "a.xlsx", GOOD).read_bytes()[:600])
    wrong(tmp_path / "cut.xlsx", "不是完好的 XLSX")
    wrong(tmp_path / "none.xlsx")
    wrong(tmp_path)


def patched(path: Path, part: str, text: bytes) -> Path:
    """The same workbook with one part replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, text if name == part else before.read(name))
    path.write_bytes(buffer.getvalue())
    return path


def test_hostile_files(tmp_path: Path) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet>&x;</worksheet>'
    wrong(patched(book(tmp_path / "entity.xlsx", GOOD), sheet, entity), "DOCTYPE")
    wrong(patched(book(tmp_path / "bomb.xlsx", GOOD), sheet, b"<worksheet>" + b" " * (30 << 20)), "压缩炸弹")
    wrong(patched(book(tmp_path / "deep.xlsx", GOOD), sheet, b"<a>" * 200_000))


def test_more_rows_than_a_letter_has(tmp_path: Path) -> None:
    made = Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(list(HEAD))
    for _ in range(ROWS_AT_MOST + 1):
        sheet.append(["X2026-00001"])
    made.save(tmp_path / "long.xlsx")
    wrong(tmp_path / "long.xlsx", f"超过 {ROWS_AT_MOST} 行")
