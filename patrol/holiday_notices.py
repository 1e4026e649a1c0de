"""Reads a notice of holidays as an office types it up: a CSV of date, kind (休|班) and name, checked row by row.

One row that cannot be right refuses the whole file; every complaint names its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from crawler.errors import UserMistake
from crawler.holidays import NoticeDay
from crawler.textfiles import read_text, shown
from patrol.calendar import noticed_year

COLUMNS = ("date", "kind", "name")
KINDS = {"休": False, "班": True}
NAME_AT_MOST = 40  # characters
ROWS_AT_MOST = 366
BYTES_AT_MOST = 1_000_000
HOLIDAYS = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")


def read_notice(path: Path) -> tuple[int, tuple[NoticeDay, ...]]:
    """The year it is for and its days in order; `UserMistake` names every line that cannot be right."""
    days: dict[date, NoticeDay] = {}
    complaints = []
    for number, cells in _rows(path):
        try:
            one = _day(cells)
            if one.day in days:
                raise UserMistake(f"{one.day} 前面已经有一行")
            days[one.day] = one
        except UserMistake as wrong:
            complaints.append(f"第 {number} 行：{wrong}")
    if complaints:
        more = f"（共 {len(complaints)} 处）" if len(complaints) > 3 else ""
        raise UserMistake(f"{shown(path)}：{'；'.join(complaints[:3])}{more}；整份没有导入")
    if not days:
        raise UserMistake(f"{shown(path)}：没有一行日期")
    found = tuple(days[day] for day in sorted(days))
    return noticed_year(found), found


def missing_holidays(days: tuple[NoticeDay, ...]) -> tuple[str, ...]:
    """Public holidays of which the notice has no day off: perhaps not all of it was typed up."""
    off = [one.name.replace("五一", "劳动") for one in days if not one.is_workday]
    return tuple(one for one in HOLIDAYS if not any(one in name for name in off))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows with their lines, without the title row: there may be none.

    Spreadsheet programs write UTF-8 with a mark, or the system's own encoding.
    """
    reader = csv.reader(
        read_text(path, what="放假通知", at_most=BYTES_AT_MOST, other="gb18030").splitlines(), strict=True
    )
    try:
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error:
        raise UserMistake(f"放假通知 {shown(path)} 第 {reader.line_num} 行：不是 CSV") from None
    if len(rows) > ROWS_AT_MOST:
        raise UserMistake(f"{shown(path)}：有 {len(rows)} 行，一年没有这么多天")
    has_titles = bool(rows) and not rows[0][1][0][:1].isdigit()
    if has_titles and tuple(map(str.lower, rows[0][1])) != COLUMNS:
        raise UserMistake(f"{shown(path)}：列名要是 {','.join(COLUMNS)}")
    yield from rows[1:] if has_titles else rows


def _day(cells: list[str]) -> NoticeDay:
    if len(cells) != len(COLUMNS):
        raise UserMistake(f"要有 {len(COLUMNS)} 格，这里有 {len(cells)} 格")
    written, kind, name = cells
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise UserMistake(f"{written!r} 不是日期，要写成 2027-01-01") from None
    if kind not in KINDS:
        raise UserMistake(f"{kind!r} 要是 休 或 班")
    if not 0 < len(name) <= NAME_AT_MOST or not name.isprintable():
        raise UserMistake(f"节日名要有 1 到 {NAME_AT_MOST} 个字")
    if KINDS[kind] and day.weekday() < 5:
        raise UserMistake(f"{written} 本来就是工作日，不会是调休上班")
    return NoticeDay(day=day, is_workday=KINDS[kind], name=name)
