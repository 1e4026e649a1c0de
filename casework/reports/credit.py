"""Credit facts for whoever keeps agencies' credit: what two people found, with its articles and papers. No scores.

Only of agencies of the registry, and only what was approved and still stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from casework.reports.coverage import Covered
from casework.reports.ledger import add_coverage
from casework.reports.ledger_columns import TRUE, Told, cited, day
from casework.reports.sheets import Book, Head
from casework.reports.words import ACTOR_WORDS, CATEGORY_WORDS, labelled
from storage.cases.ledger_rows import LedgerActor, LedgerRow
from storage.cases.moves import State

HEADS = (
    Head(name="机构名称", width=28), Head(name="机构代码", width=10), Head(name="统一社会信用代码", width=20),
    Head(name="机构性质", width=14), Head(name="机构状态", width=10), Head(name="事实（类别）", width=20),
    Head(name="违规表述", width=36), Head(name="平台", width=10), Head(name="条文", width=28),
    Head(name="文书", width=22), Head(name="复核日期", width=12), Head(name="发现日期", width=12),
    Head(name="线索编号", width=14), Head(name="案件编号", width=14),
)  # fmt: skip
NOTE = "只列事实，不计分值；是否采集、如何计分由有权机关按规定决定。"
_category, _kind = labelled(CATEGORY_WORDS), labelled(ACTOR_WORDS, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFact:
    """One approved lead of one agency of the registry."""

    agency: LedgerActor
    row: LedgerRow


def is_approved(row: LedgerRow) -> bool:
    """Whether two people stand behind it, now."""
    state = State(row.lead.state)
    return row.lead.approved_at is not None and (state in TRUE or state is State.CLOSED)


def credit_facts(rows: Iterable[LedgerRow]) -> Iterator[CreditFact]:
    """Of these leads those that are facts about an agency."""
    for row in rows:
        if is_approved(row) and row.actor and row.actor.agency:
            yield CreditFact(agency=row.actor, row=row)


def cells_of(fact: CreditFact, told: Told) -> tuple[str, ...]:
    """One fact as it is exported."""
    agency, row = fact.agency, fact.row
    quotes = "\n".join(dict.fromkeys(told.shown(one.quote) for one in row.exhibits))
    articles = cited(row, told)
    papers = "\n".join(one.document or f"（未编号）{one.number}" for one in row.letters)
    codes = (agency.agency, agency.agency_code, agency.credit_code)
    kind = _kind(agency.kind or agency.agency_kind)
    what = ("、".join(map(_category, row.lead.categories)), quotes, told.label_of(row.lead.platform))
    days = (day(row.lead.approved_at), day(row.lead.found_at))
    return (*codes, kind, agency.agency_status, *what, articles, papers, *days, row.lead.number, row.case)


def write_credit(file: BinaryIO, facts: Iterable[CreditFact], told: Told, covered: Covered) -> int:
    """Write the workbook; returns how many facts stand in it."""
    book = Book()
    title = f"信用事实（{covered.first} 至 {covered.last} 复核）"
    sheet = book.sheet("信用事实", HEADS, (title, NOTE))
    written = 0
    for fact in facts:
        sheet.add(cells_of(fact, told))
        written += 1
    add_coverage(book, covered)
    book.save(file)
    return written
