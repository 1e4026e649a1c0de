"""Whether DOCX and PDF both say what the letter says, in its order and nothing else. What differs does not leave."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as DocxDocument
from docx.oxml.ns import qn

from casework.letters.fonts import Faces, font_note
from casework.letters.glyphs import alike
from casework.letters.letter import Annex, Letter
from casework.letters.pdf_text import pages_told
from casework.letters.wording import Wording, annex_sign, shown_cell, shown_line, worded
from casework.papers.paper import Grid, Lines, may_break
from crawler.errors import EvidenceBroken

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WORD = 24  # characters told of a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text. `head` is repeated where a page begins within it; a loose one may come in another order, for a
    row too full for a page goes on on the next one cell beside the other."""

    text: str
    head: str = ""
    is_loose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """What is drawn last on each page of the PDF. A sign that is narrowed is drawn after the first page's text."""

    sign: str
    marks: str
    is_narrowed: bool

    def tail(self, number: int) -> str:
        sign = self.sign if self.is_narrowed and number == 1 else ""
        return sign + self.marks + (f"—{number}—" if number > 1 else "")


def demand_same(letter: Letter, docx: bytes, pdf: bytes, chosen: Faces) -> None:
    """`EvidenceBroken` with the first place where either differs from the letter."""
    wording = worded(letter)
    pieces = (*front_pieces(wording), *_annex_pieces(letter))
    copies = Piece(text=folded(wording.copies))
    _demand_docx(wording, (*pieces, copies), docx)
    sign, note = folded(wording.letterhead), Piece(text=folded(font_note(chosen)))
    expected, pages = (*pieces, note, copies), [folded(page) for page in pages_told(pdf)]
    ends = _Ends(sign=sign, marks=folded(wording.marks), is_narrowed=wording.sign_scale < 100)
    try:
        _demand_pdf(expected, ends, pages)
    except EvidenceBroken:
        # Two characters of one glyph cannot be told apart in a PDF; which they are is asked of the fonts.
        table = alike(frozenset("".join((sign, *(one.text for one in expected), *pages))), chosen)
        if not table:
            raise
        even = tuple(replace(one, text=one.text.translate(table), head=one.head.translate(table)) for one in expected)
        same = replace(ends, sign=sign.translate(table), marks=ends.marks.translate(table))
        _demand_pdf(even, same, [page.translate(table) for page in pages])


def folded(text: str) -> str:
    """The text without white space. A bar and a dash in a row are drawn as one stroke."""
    return "".join(text.split()).replace("―", "—")


def front_pieces(wording: Wording) -> tuple[Piece, ...]:
    """The lines of a letter's front, without its sign."""
    lines = (
        wording.number,
        "".join(wording.title),
        wording.addressee,
        *(one.text for one in wording.body),
        *wording.annexes,
        wording.signer,
        wording.day,
        wording.contact,
    )
    return tuple(Piece(text=folded(line)) for line in lines)


def _annex_pieces(letter: Letter) -> Iterator[Piece]:
    for at, annex in enumerate(letter.annexes, 1):
        yield Piece(text=folded(annex_sign(at, letter.annexes)))
        yield Piece(text=folded(shown_cell(annex.name)))
        yield from _blocks(annex)
        for picture in annex.pictures:
            yield Piece(text=folded(shown_line(picture.caption)))
            yield Piece(text=folded(shown_line(picture.mark)))
        yield from (Piece(text=folded(shown_line(line))) for line in annex.foot)


def _blocks(annex: Annex) -> Iterator[Piece]:
    for block in annex.blocks:
        match block:
            case Lines(lines=lines):
                yield from (Piece(text=folded(shown_line(line))) for line in lines)
            case Grid(columns=columns, rows=rows):
                head = folded("".join(shown_cell(one.name) for one in columns))
                yield Piece(text=head)
                for row in rows:
                    text = folded("".join(shown_cell(line) for lines in row for line in lines))
                    yield Piece(text=text, head=head, is_loose=may_break(row))


def _demand_docx(wording: Wording, pieces: tuple[Piece, ...], docx: bytes) -> None:
    document = Document(BytesIO(docx))
    if wrong := furniture_wrong(document, wording):
        raise EvidenceBroken(f"函的 DOCX {wrong}")
    demand_body(document, wording, pieces)


def demand_body(document: DocxDocument, wording: Wording, pieces: tuple[Piece, ...]) -> None:
    """The sign, unless it stands in the first page's head, and then the pieces."""
    sign = folded(wording.letterhead)
    is_above = folded(text_in(document.sections[0].first_page_header._element)).endswith(sign)
    before = () if is_above else (Piece(text=sign),)
    demand_sequence("DOCX", (*before, *pieces), (folded(text_in(document.element.body)),))


def furniture_wrong(document: DocxDocument, wording: Wording) -> str:
    """What is wrong with heads and feet: marks on every page, the sign on the first, page numbers on the others."""
    section = document.sections[0]
    if not section.different_first_page_header_footer:
        return "没有单独的首页页眉"
    marks, sign = folded(wording.marks), folded(wording.letterhead)
    first = folded(text_in(section.first_page_header._element))
    if first not in (marks + sign, marks):
        return f"首页页眉应为“{marks}{sign}”，却是“{first[:_WORD]}”"
    has_even = document.settings.odd_and_even_pages_header_footer
    for header in (section.header, *((section.even_page_header,) if has_even else ())):
        if (told := folded(text_in(header._element))) != marks:
            return f"页眉应为“{marks}”，却是“{told[:_WORD]}”"
    if told := folded(text_in(section.first_page_footer._element)):
        return f"首页页脚应当空着，却有“{told[:_WORD]}”"
    for footer in (section.footer, *((section.even_page_footer,) if has_even else ())):
        told = folded(text_in(footer._element))
        if not re.fullmatch(r"—?\d*—?", told):
            return f"页脚应当只有页码，却有“{told[:_WORD]}”"
    return ""


def text_in(element: Any) -> str:
    """All letters under an element in their order, text boxes included; of two drawings of one thing the first."""
    doubled = {id(one) for fallback in element.iter(_FALLBACK) for one in fallback.iter(qn("w:t"))}
    return "".join(one.text or "" for one in element.iter(qn("w:t")) if id(one) not in doubled)


def _demand_pdf(pieces: tuple[Piece, ...], ends: _Ends, pages: list[str]) -> None:
    texts = []
    for number, page in enumerate(pages, 1):
        tail = ends.tail(number)
        if not page.endswith(tail):
            raise EvidenceBroken(f"函的 PDF 第 {number} 页应以“{tail}”结尾，却是“{page[-_WORD:]}”")
        texts.append(page[: len(page) - len(tail)])
    first = () if ends.is_narrowed else (Piece(text=ends.sign),)
    demand_sequence("PDF", (*first, *pieces), tuple(texts))


def demand_sequence(name: str, pieces: tuple[Piece, ...], pages: tuple[str, ...]) -> None:
    """The pieces one after the other, over the pages, and nothing left. A piece is looked at once, so is a page."""
    reader = _Reader(pages)
    for piece in pieces:
        if not piece.text:
            continue
        told = reader.read(len(piece.text), piece.head)
        same = Counter(told) == Counter(piece.text) if piece.is_loose else told == piece.text
        if not same:
            at = next((at for at, (a, b) in enumerate(zip(told, piece.text, strict=False)) if a != b), len(told))
            raise EvidenceBroken(
                f"函的 {name} 与函稿不一致：应为“{piece.text[at : at + _WORD]}”，却是“{told[at : at + _WORD]}”"
            )
    if rest := reader.read(_WORD, ""):
        raise EvidenceBroken(f"函的 {name} 比函稿多出“{rest}”")


class _Reader:
    """Reads on over pages; where a page begins within a table, past the head that is repeated there."""

    def __init__(self, pages: tuple[str, ...]) -> None:
        self.pages, self.page, self.at = pages, 0, 0

    def read(self, length: int, head: str) -> str:
        """The next so many characters, fewer at the end."""
        told: list[str] = []
        while length and self.page < len(self.pages):
            text = self.pages[self.page]
            if self.at >= len(text):
                self.page, self.at = self.page + 1, 0
                if head and self.page < len(self.pages) and self.pages[self.page].startswith(head):
                    self.at = len(head)
                continue
            part = text[self.at : self.at + length]
            self.at += len(part)
            length -= len(part)
            told.append(part)
        return "".join(told)
