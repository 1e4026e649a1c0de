"""What a letter says, line by line, as both file formats print it. An empty number and an empty day stay empty."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casework.letters.letter import Annex, Letter, Paragraph
from casework.letters.measures import sign_scale
from casework.letters.titles import ems, title_lines
from casework.papers.paper import clipped, printable
from crawler.errors import UserMistake

EMPTY_DAY = "　　　　年　　月　　日"
SUSPECTED = re.compile("涉嫌[^。]*尚待依法查证")
LONGEST_CELL, LONGEST_LINE = 400, 4000  # printed characters; the list beside the letter has all of them
DAY_INDENT = 4  # characters: 成文日期右空四字


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The front of a letter, every line printable. `annexes` are the lines of 附件说明."""

    marks: str
    letterhead: str
    number: str
    title: tuple[str, ...]
    addressee: str
    body: tuple[Paragraph, ...]
    annexes: tuple[str, ...]
    signer: str
    day: str
    contact: str
    copies: str

    @property
    def sign_scale(self) -> int:
        """Per cent of its width that the letterhead is narrowed to."""
        return sign_scale(ems(self.letterhead))

    @property
    def signer_indent(self) -> float:
        """Characters between the signer's name and the right edge: its middle stands over the day's."""
        return max(0.0, DAY_INDENT + (ems(EMPTY_DAY) - ems(self.signer)) / 2)


def worded(letter: Letter) -> Wording:
    """The letter's lines; `UserMistake` where it lacks what no letter may lack."""
    demand_suspicion(letter)
    contact, copies = shown_cell(letter.contact), "，".join(map(printable, letter.copies))
    return Wording(
        marks="　".join(map(printable, letter.marks)),
        letterhead=shown_cell(letter.letterhead),
        number=f"{shown_cell(letter.code)}〔{letter.year}〕　号",
        title=title_lines(shown_cell(letter.title)),
        addressee=f"{shown_cell(letter.addressee)}：",
        body=tuple(Paragraph(text=shown_line(one.text), level=one.level) for one in letter.paragraphs),
        annexes=annex_lines(letter.annexes),
        signer=shown_cell(letter.signer),
        day=EMPTY_DAY,
        contact=f"（{contact.strip('（）')}）" if contact else "",
        copies=f"抄送：{copies}。" if copies else "",
    )


def demand_suspicion(letter: Letter) -> None:
    """Everything is 涉嫌 until an office has found it so, and every letter says it; it goes out as a draft."""
    if not any(SUSPECTED.search(one.text) for one in letter.paragraphs):
        raise UserMistake(f"函“{printable(letter.title)}”没有“涉嫌……尚待依法查证”一句，不能出函")
    for name in ("letterhead", "code", "title", "addressee", "signer", "marks"):
        if not getattr(letter, name):
            raise UserMistake(f"函“{printable(letter.title)}”缺少内容：{name}")


def shown_cell(text: str) -> str:
    """A cell, a caption or a name as it is printed: of a long one the beginning, and how long it is."""
    return clipped(text, LONGEST_CELL)


def shown_line(text: str) -> str:
    """A paragraph as it is printed."""
    return clipped(text, LONGEST_LINE)


def annex_lines(annexes: tuple[Annex, ...]) -> tuple[str, ...]:
    """`附件：1. 线索清单`, and those that follow below its number; a single one has none."""
    names = [shown_cell(one.name) for one in annexes]
    if len(names) < 2:
        return tuple(f"附件：{name}" for name in names)
    return tuple(f"{'附件：' if at == 1 else '　　　'}{at}. {name}" for at, name in enumerate(names, 1))


def annex_sign(at: int, annexes: tuple[Annex, ...]) -> str:
    """`附件1` at the head of the first annex; a single one is just `附件`."""
    return f"附件{at}" if len(annexes) > 1 else "附件"
