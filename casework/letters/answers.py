"""The returned 回执, read strictly: every line that cannot be right is named, and then nothing of the file counts.

A file from outside is hostile until read; a formula is no answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from casework.letters.letter_list import LETTER_LABEL, MEASURES, TRUTHS
from crawler.errors import UserMistake
from storage.cases.letter_shapes import AnsweredLead
from storage.registers.sheets import Row, Sheet, opened, sheets
from storage.registers.xlsx import column_letters

BYTES_AT_MOST = 20 << 20
ROWS_AT_MOST = 20_000
HEADER_WITHIN = 20
SHOWN_AT_MOST = 30
LONGEST = 500  # characters of a cell
NOTHING_DONE = "未处置"
_COLUMNS = {
    "number": "线索编号",
    "is_true": "是否属实",
    "measure": "措施",
    "measured_on": "处置时间",
    "whose": "主体信息",
    "clerk": "经办人",
    "remark": "备注",
}
_BY_TITLE = {title: name for name, title in _COLUMNS.items()}
_MEASURE = re.compile(rf"({'|'.join(MEASURES)})(?:[：:，,；;、·（(\s]+(.*?)[）)]?)?", re.S)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Whose answer is awaited: our number of the letter, its leads by their numbers; until today."""

    letter: str
    leads: Mapping[str, int]
    today: date


def answers_read(path: Path, expected: Expected) -> tuple[AnsweredLead, ...]:
    """Every filled line; lines left wholly empty behind the lead's number are no answer. `UserMistake` else."""
    reading = _Reading(expected)
    with opened(path) as file:
        if path.stat().st_size > BYTES_AT_MOST:
            raise UserMistake(f"{path}：大于 {BYTES_AT_MOST >> 20} MB，不像反馈回执")
        for sheet in sheets(path, file, _is_header):
            if not sheet.is_hidden:
                reading.read(sheet)
    if not reading.has_header:
        reading.complain("没有找到回执的列名：线索编号、是否属实、措施")
    elif not reading.answers and not reading.total:
        reading.complain("回执中没有一行填写了结果")
    if reading.total:
        more = f"（共 {reading.total} 处）" if reading.total > len(reading.complaints) else ""
        raise UserMistake(f"{path}：{'；'.join(reading.complaints)}{more}；整份没有导入")
    return tuple(reading.answers)


@dataclass(slots=True)
class _Reading:
    expected: Expected
    answers: list[AnsweredLead] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    total: int = 0
    has_header: bool = False
    _lines: dict[str, str] = field(default_factory=dict)

    def complain(self, words: str) -> None:
        self.total += 1
        if len(self.complaints) < SHOWN_AT_MOST:
            self.complaints.append(words)

    def read(self, sheet: Sheet) -> None:
        rows = (row for row in sheet.rows if not row.is_blank)
        header = self._header(rows)
        if header is None:
            return
        if self.has_header:
            self.complain(f"{sheet.title}：有两张带回执列名的表")
            return
        self.has_header = True
        columns = self._columns(header)
        for count, row in enumerate(rows):
            if count >= ROWS_AT_MOST:
                raise UserMistake(f"超过 {ROWS_AT_MOST} 行，不像反馈回执")
            self._row(row, columns)

    def _header(self, rows: Iterator[Row]) -> Row | None:
        """The row of column names; above it may stand which letter the receipt is of."""
        named = ""
        for row in islice(rows, HEADER_WITHIN):
            if _is_header(row.cells):
                if named and named != self.expected.letter:
                    self.complain(f"是 {named} 的回执，不是 {self.expected.letter} 的")
                return row
            if row.cells[0] == LETTER_LABEL and len(row.cells) > 1:
                named = row.cells[1]
        return None

    def _columns(self, header: Row) -> dict[str, int]:
        columns: dict[str, int] = {}
        for at, title in enumerate(header.cells):
            name = _BY_TITLE.get(_plain(title), "")
            if name in columns:
                self.complain(f"第 {header.number} 行：有两列{title.strip()}（{column_letters(at)}）")
            elif name:
                columns[name] = at
        for name in ("number", "is_true", "measure"):
            if name not in columns:
                self.complain(f"第 {header.number} 行：没有{_COLUMNS[name]}列")
        return columns

    def _row(self, row: Row, columns: Mapping[str, int]) -> None:
        told = {name: row.cells[at] if at < len(row.cells) else "" for name, at in columns.items()}
        told = dict.fromkeys(_COLUMNS, "") | told
        if not _is_filled(told):
            return
        wrong = list(self._wrong(told))
        for words in wrong:
            self.complain(f"第 {row.number} 行：{words}")
        first = self._lines.setdefault(told["number"], str(row.number))
        if first != str(row.number):
            self.complain(f"第 {row.number} 行：与第 {first} 行线索编号相同")
        elif not wrong:
            self.answers.append(self._answer(told))

    def _wrong(self, told: Mapping[str, str]) -> Iterator[str]:
        """What of a line cannot be."""
        for name, text in told.items():
            if text.startswith("="):
                yield f"{_COLUMNS[name]}是公式"
            elif len(text) > LONGEST:
                yield f"{_COLUMNS[name]}超过 {LONGEST} 字"
            elif any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") and one not in "\n\r\t" for one in text):
                yield f"{_COLUMNS[name]}有不能显示的字符"
        if told["number"] not in self.expected.leads:
            yield "线索编号不在这份函中"
        if told["is_true"] not in TRUTHS:
            yield f"是否属实要填：{'、'.join(TRUTHS)}"
        measure, reason = _measure(told["measure"])
        if not measure:
            yield f"措施要填：{'、'.join(MEASURES)}，理由写在其后"
        elif measure == NOTHING_DONE and not (reason or told["remark"]):
            yield "未处置的要说明理由"
        yield from self._wrong_day(told)

    def _wrong_day(self, told: Mapping[str, str]) -> Iterator[str]:
        written = told["measured_on"]
        if not written:
            if _measure(told["measure"])[0] not in ("", NOTHING_DONE):
                yield "没有处置时间"
            return
        day = _day(written)
        if day is None:
            yield "处置时间要写成 2026-01-31"
        elif day > self.expected.today:
            yield "处置时间在今天以后"

    def _answer(self, told: Mapping[str, str]) -> AnsweredLead:
        measure, reason = _measure(told["measure"])
        labelled = (("理由", reason), *((_COLUMNS[name], told[name]) for name in ("whose", "clerk", "remark")))
        day = _day(told["measured_on"])
        return AnsweredLead(
            lead_id=self.expected.leads[told["number"]],
            number=told["number"],
            is_true=told["is_true"],
            measure=measure,
            measured_on=day.isoformat() if day else "",
            remark="；".join(f"{label}：{' '.join(text.split())}" for label, text in labelled if text),
        )


def _is_filled(told: Mapping[str, str]) -> bool:
    return any(text for name, text in told.items() if name != "number")


def _is_header(cells: tuple[str, ...]) -> bool:
    return {_COLUMNS["number"], _COLUMNS["measure"]} <= {_plain(cell) for cell in cells}


def _plain(title: str) -> str:
    """A column's name without what is explained behind it."""
    return re.split(r"[（(]", title.strip())[0].strip()


def _measure(written: str) -> tuple[str, str]:
    """The measure, and what was written behind it; neither where it does not begin with one of ours."""
    found = _MEASURE.fullmatch(written.strip())
    return (found[1], (found[2] or "").strip()) if found else ("", "")


def _day(written: str) -> date | None:
    found = _DAY.fullmatch(written)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
