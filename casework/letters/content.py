"""What a letter says, with everything it rests on, as one canonical text: two people sign its digest and nothing else.

Pictures are named by their digests; whoever draws the letter reads them from the archive again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from casework.letters.letter import Annex, Kind, Letter, Listed, Paragraph, Picture
from casework.papers.paper import Column, Grid, Lines
from crawler.errors import EvidenceBroken
from storage.canonical import canonical
from storage.models import encodable

FORMAT = "lantian-letter/1"
PICTURES = "网页截图"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadIn:
    """A lead in a letter: its exhibits and categories as its decision names them; that decision's audit entry, and its
    approval's."""

    id: int
    number: str
    exhibits: tuple[str, ...]
    categories: tuple[str, ...]
    decision: int
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleIn:
    """An article that a letter cites, in the version with this digest."""

    id: str
    cite: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorIn:
    """The addressee runs this platform, as the audit entry of a confirmation says."""

    platform: str
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureIn:
    """A picture of the annex: the capture it is, and the SHA-256 of its bytes."""

    capture: str
    sha256: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything of a letter. `operators` are the confirmations of its addressee, one a platform; `without` are the
    articles that might be cited and that whoever drafted it left out."""

    letter: Letter
    verb: str
    listed: tuple[Listed, ...]
    leads: tuple[LeadIn, ...]
    articles: tuple[ArticleIn, ...]
    pictures: tuple[PictureIn, ...] = ()
    operators: tuple[OperatorIn, ...] = ()
    reminds: str = ""
    notes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def written(content: Content) -> str:
    """Canonical JSON; the same content gives the same text."""
    told = encodable(canonical({"format": FORMAT, "content": asdict(content)}).decode())
    return str(told)


def digest_of(text: str) -> str:
    """What people sign."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_read(text: str) -> Content:
    """The content again; `EvidenceBroken` for a text that is none of ours."""
    try:
        told = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError(told["format"])
        return _content(told["content"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise EvidenceBroken(f"函的内容记录已损坏：{type(wrong).__name__}") from None


def said_in(content: Content) -> Iterator[tuple[str, str]]:
    """Every place of a letter where words of people or pages stand, and the words."""
    yield "函的标题", content.letter.title
    yield "函的主送", content.letter.addressee
    yield from (("函的正文", one.text) for one in content.letter.paragraphs)
    for one in content.listed:
        yield f"清单第 {one.number} 行", "\n".join((one.url, one.query, one.account, one.title, one.quote))


def with_pictures(letter: Letter, pictures: Sequence[Picture]) -> Letter:
    """The letter with its last annex, if there are pictures."""
    if not pictures:
        return letter
    return replace(letter, annexes=(*letter.annexes, Annex(name=PICTURES, pictures=tuple(pictures))))


def marked(content: Content, *, is_draft: bool, is_unread: bool) -> Letter:
    """The letter under the marks it must bear now: 草稿 until approved, 【条文待核】 until a legal reviewer read it."""
    marks = (
        *(("草稿",) if is_draft else ()),
        *(("【条文待核】",) if is_unread else ()),
        *(("样本",) if content.letter.is_specimen else ()),
    )
    return replace(content.letter, marks=marks)


# -- reading ---------------------------------------------------------------------------------------


def _content(told: Mapping[str, Any]) -> Content:
    return Content(
        letter=_letter(told["letter"]),
        verb=told["verb"],
        listed=tuple(Listed(**one) for one in told["listed"]),
        leads=tuple(_lead(one) for one in told["leads"]),
        articles=tuple(ArticleIn(**one) for one in told["articles"]),
        pictures=tuple(PictureIn(**one) for one in told["pictures"]),
        operators=tuple(OperatorIn(**one) for one in told["operators"]),
        reminds=told["reminds"],
        notes=tuple(told["notes"]),
        without=tuple(told.get("without", ())),
    )


def _lead(told: dict[str, Any]) -> LeadIn:
    return LeadIn(**told | {"exhibits": tuple(told["exhibits"]), "categories": tuple(told["categories"])})


def _letter(told: dict[str, Any]) -> Letter:
    read = {
        "kind": Kind(told["kind"]),
        "marks": tuple(told["marks"]),
        "paragraphs": tuple(Paragraph(**one) for one in told["paragraphs"]),
        "annexes": tuple(_annex(one) for one in told["annexes"]),
        "copies": tuple(told["copies"]),
    }
    return Letter(**told | read)


def _annex(told: dict[str, Any]) -> Annex:
    if told["pictures"]:
        raise ValueError("pictures are named, not kept")
    blocks = tuple(_grid(one) if "columns" in one else _lines(one) for one in told["blocks"])
    return Annex(name=told["name"], blocks=blocks, is_wide=told["is_wide"], foot=tuple(told["foot"]))


def _lines(told: dict[str, Any]) -> Lines:
    return Lines(**told | {"lines": tuple(told["lines"])})


def _grid(told: dict[str, Any]) -> Grid:
    return Grid(
        columns=tuple(Column(**one) for one in told["columns"]),
        rows=tuple(tuple(tuple(cell) for cell in row) for row in told["rows"]),
    )
