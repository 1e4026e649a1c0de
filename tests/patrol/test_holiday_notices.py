"""A notice of holidays typed up by an office: taken whole or refused, with the line that cannot be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.errors import UserMistake
from patrol.holiday_notices import BYTES_AT_MOST, missing_holidays, read_notice

WHOLE = [
    "2099-01-01,休,元旦", "2099-02-10,休,春节", "2099-04-04,休,清明", "2099-05-01,休,五一", "2099-06-20,休,端午",
    "2099-10-01,休,国庆、中秋", "2099-10-10,班,国庆",
]  # fmt: skip


def notice(tmp_path: Path, *lines: str, title: str = "date,kind,name") -> Path:
    path = tmp_path / "notice.csv"
    path.write_text("\ufeff" + "\r\n".join((title, *lines)) + "\r\n", encoding="utf-8")
    return path


def test_a_whole_notice(tmp_path: Path) -> None:
    year, days = read_notice(notice(tmp_path, *reversed(WHOLE), ""))
    assert (year, len(days), days[0].name, days[-1].is_workday) == (2099, 7, "元旦", True)
    assert missing_holidays(days) == ()
    assert missing_holidays(days[:2]) == ("清明", "劳动", "端午", "中秋", "国庆")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2099-02-30,休,春节", "第 2 行：'2099-02-30' 不是日期"),
        ("2099/02/03,休,春节", "第 2 行：'2099/02/03' 不是日期"),
        ("2099-02-03,假,春节", "'假' 要是 休 或 班"),
        ("2099-02-03,休,", "节日名"),
        ("2099-02-03,休", "要有 3 格，这里有 2 格"),
        ("2099-02-03,休,春节,多", "要有 3 格，这里有 4 格"),
        ("2099-02-03,休,春\x1b[2J", "节日名"),
        ("2099-10-09,班,国庆", "本来就是工作日"),
        ("2099-02-10,休,春节", "第 4 行：2099-02-10 前面已经有一行"),
        ("2098-11-01,休,国庆", "只能是一年"),
    ],
)
def test_one_bad_row_refuses_the_file(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(UserMistake) as refused:
        read_notice(notice(tmp_path, line, *WHOLE))
    assert why in str(refused.value)


def test_every_complaint_is_counted(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match=r"第 2 行.*第 3 行.*第 4 行.*共 5 处.*整份没有导入"):
        read_notice(notice(tmp_path, *["x,休,春节"] * 5))


def test_what_a_spreadsheet_program_writes(tmp_path: Path) -> None:
    path = tmp_path / "gbk.csv"
    path.write_bytes("2099-01-01,休,元旦\r\n , ,\r\n2099-02-10,休,春节\r\n".encode("gbk"))
    assert [one.name for one in read_notice(path)[1]] == ["元旦", "春节"], "the system's encoding, and no titles"


def test_files_that_are_no_notice(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="列名"):
        read_notice(notice(tmp_path, *WHOLE, title="日期,类别,名称"))
    with pytest.raises(UserMistake, match="没有一行"):
        read_notice(notice(tmp_path))
    with pytest.raises(UserMistake, match="没有这个文件"):
        read_notice(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"date,kind,name\n2099-01-01,\xff\xff,\x81\n")
    with pytest.raises(UserMistake, match="第 2 行：不是 UTF-8 文字"):
        read_notice(tmp_path / "bytes.csv")
    (tmp_path / "open.csv").write_text('date,kind,name\n2099-01-01,休,"元旦\n', encoding="utf-8")
    with pytest.raises(UserMistake, match="第 2 行：不是 CSV"):
        read_notice(tmp_path / "open.csv")
    (tmp_path / "large.csv").write_bytes(b"x" * (BYTES_AT_MOST + 1))
    with pytest.raises(UserMistake, match="太大"):
        read_notice(tmp_path / "large.csv")
    with pytest.raises(UserMistake, match="没有这么多天"):
        read_notice(notice(tmp_path, *["2099-01-01,休,元旦"] * 366))
