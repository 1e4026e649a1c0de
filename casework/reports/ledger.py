"""工作台账: one row a lead, every act of its life on a sheet of its own, and what was not covered on a third.

It is written as it is read: however many leads there are, memory holds one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO

from casework.reports.coverage import COLUMNS as COVERAGE_COLUMNS
from casework.reports.coverage import Covered, statement, table
from casework.reports.ledger_columns import COLUMNS, Told, day
from casework.reports.sheets import Book, Head, Sheet
from crawler.clock import in_shanghai
from storage.cases.ledger_rows import LedgerRow
from storage.cases.moves import STATE_WORDS, STEP_WORDS, State, Step

SUSPECTED = "各条均为涉嫌，以查证结论为准；空格为本系统没有的信息，由人填写。"
MOVES = (
    Head(name="线索编号", width=14),
    Head(name="时间", width=18),
    Head(name="动作", width=12),
    Head(name="办理人", width=10),
    Head(name="之前状态", width=11),
    Head(name="之后状态", width=11),
    Head(name="理由", width=30),
    Head(name="详情", width=40),
    Head(name="审计记录号", width=10),
)


def write_ledger(
    file: BinaryIO, rows: Iterable[LedgerRow], told: Told, covered: Covered, each: Callable[[], None]
) -> int:
    """Write the workbook; returns how many leads stand in it. `each` is called after each lead."""
    book = Book()
    title = f"知识产权代理“蓝天”专项整治工作台账（{covered.first} 至 {covered.last} 登记）"
    heads = [one.head for one in COLUMNS]
    leads = book.sheet("工作台账", heads, (title, f"截至 {in_shanghai(told.now)}。{SUSPECTED}"))
    moves = book.sheet("办理过程", MOVES, ("每一条线索的每一步，不可删改；审计记录号可与审计日志核对。",))
    written = 0
    for row in rows:
        leads.add(one.cell(row, told) for one in COLUMNS)
        _add_moves(moves, row, told)
        written += 1
        each()
    add_coverage(book, covered)
    book.save(file)
    return written


def add_coverage(book: Book, covered: Covered) -> None:
    """The coverage statement as a sheet."""
    sheet = book.sheet("覆盖说明", [Head(name=one, width=16) for one in COVERAGE_COLUMNS], statement(covered))
    for cells in table(covered):
        sheet.add(int(one) if one.isdecimal() else one for one in cells)


def _add_moves(sheet: Sheet, row: LedgerRow, told: Told) -> None:
    for move in row.moves:
        detail = told.shown("\n".join(move.detail))
        states = (_state(move.before), _state(move.after))
        word = STEP_WORDS[Step(move.move)]
        cells = (row.lead.number, in_shanghai(move.at), word, move.by, *states, told.shown(move.reason))
        sheet.add((*cells, detail, move.entry))


def _state(word: str) -> str:
    return STATE_WORDS[State(word)] if word else ""


__all__ = ["add_coverage", "day", "write_ledger"]
