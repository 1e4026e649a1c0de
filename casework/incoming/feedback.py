"""What the sender of a list gets back: for each of its matters the state, the result, our letters, and what is late.

Nobody who reported anything is in it, and contacts are masked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Engine

from casework.incoming.listed import TITLES
from casework.masking import masked
from casework.reports.sheets import Book, Head
from casework.workdays import told_day
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.cases.leads import leads_on
from storage.cases.moves import STATE_WORDS, State
from storage.cases.shapes import WorkedLead
from storage.cases.transfers import Origin, SentLetter, origins_of, sent_letters

_ENDED = (State.CLOSED, State.DISMISSED)
_HELD = (State.CONFIRMED, State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER)
HEADS = (
    Head(name="编号", width=16),
    Head(name="本局线索编号", width=14),
    Head(name="网址", width=40),
    Head(name="主体", width=20),
    Head(name="状态", width=12),
    Head(name="结论", width=12),
    Head(name="理由", width=30),
    Head(name="函件文号", width=24),
    Head(name="平台处置", width=14),
    Head(name="登记时间", width=18),
    Head(name="处理时间", width=18),
    Head(name="反馈时间", width=18),
    Head(name="截止日期", width=18),
    Head(name="是否超期", width=10),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What we answer about one matter; a moment that has not come is `None`."""

    origin: str
    lead: str
    lead_id: int
    url: str
    seller: str
    state: str
    result: str
    reason: str
    letters: tuple[str, ...]
    measures: tuple[str, ...]
    registered_at: datetime
    handled_at: datetime | None
    answered_at: datetime | None
    due_at: datetime | None
    is_late: bool

    def cells(self) -> Iterator[str]:
        """The row of the table, in the order of `HEADS`."""
        yield from (self.origin, self.lead, self.url, self.seller, self.state, self.result, self.reason)
        yield from ("、".join(self.letters), "、".join(self.measures))
        yield from map(_when, (self.registered_at, self.handled_at, self.answered_at))
        yield told_day(self.due_at)
        yield "超期" if self.is_late else ""


def answers(engine: Engine, asked: tuple[str, str], sees: Callable[[str], bool], now: datetime) -> tuple[Answer, ...]:
    """Every matter of a document, in the order it came. `asked` is the office (empty for any) and the document;
    `sees` says which districts are the asker's."""
    office, document = asked
    with engine.connect() as connection:
        origins = origins_of(connection, office, document)
        ids = [one.lead_id for one in origins]
        leads = {one.id: one for at in range(0, len(ids), 500) for one in leads_on(connection, ids[at : at + 500])}
        letters = _by_lead(sent_letters(connection, ids))
    seen = [one for one in origins if sees(leads[one.lead_id].district)]
    if not seen:
        raise UserMistake(f"没有文号 {document} 的来件")
    return tuple(_answer(one, leads[one.lead_id], letters[one.lead_id], now) for one in seen)


def write_answers(several: Sequence[Answer], heading: str, file: BinaryIO) -> None:
    """The table as a workbook."""
    book = Book()
    sheet = book.sheet("反馈", HEADS, (heading,))
    for one in several:
        sheet.add(one.cells())
    book.save(file)


def write_template(file: BinaryIO) -> None:
    """An empty list as `lantian incoming import` reads it."""
    book = Book()
    book.sheet("线索清单", [Head(name=title, width=18) for title in TITLES.values()])
    book.save(file)


def texts(several: Iterable[Answer]) -> Iterator[tuple[str, str]]:
    """Every text that leaves, with its place."""
    for one in several:
        for name, text in (("编号", one.origin), ("网址", one.url), ("主体", one.seller), ("理由", one.reason)):
            yield f"{one.lead} 的{name}", text


def is_late(lead: WorkedLead, due_at: datetime | None, now: datetime) -> bool:
    """Whether it ended after its last moment, or has not ended and is past it."""
    return due_at is not None and (_ended_at(lead) or now) > due_at


def _ended_at(lead: WorkedLead) -> datetime | None:
    if lead.closed_at is not None:
        return lead.closed_at
    return lead.state_at if State(lead.state) in _ENDED else None


def _answer(origin: Origin, lead: WorkedLead, letters: Sequence[SentLetter], now: datetime) -> Answer:
    return Answer(
        origin=origin.origin,
        lead=lead.number,
        lead_id=lead.id,
        url=lead.url,
        seller=masked(lead.seller),
        state=STATE_WORDS[State(lead.state)],
        result=_result(lead),
        reason=masked(lead.reason),
        letters=tuple(dict.fromkeys(one.document for one in letters)),
        measures=tuple(dict.fromkeys(one.measure for one in letters if one.measure)),
        registered_at=lead.registered_at,
        handled_at=lead.handled_at,
        answered_at=lead.answered_at,
        due_at=origin.due_at,
        is_late=is_late(lead, origin.due_at, now),
    )


def _result(lead: WorkedLead) -> str:
    """属实 only once another person stands behind it."""
    state = State(lead.state)
    if lead.approved_at is not None:
        return "属实"
    if state in _ENDED:  # without an approval only what was dismissed can be closed
        return "不属实"
    if state is State.MERGED:
        return "并入其他线索"
    return "待复核" if state in _HELD else "在办"


def _by_lead(letters: Iterable[SentLetter]) -> defaultdict[int, list[SentLetter]]:
    found: defaultdict[int, list[SentLetter]] = defaultdict(list)
    for one in letters:
        found[one.lead_id].append(one)
    return found


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""
