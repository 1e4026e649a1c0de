"""A paper before it is a file: a title, blocks and what stands on every page. What no Chinese font prints is spelt out.

Both file formats are made from this one value, so neither can say more than the other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 300  # printed characters of one line that a page wrote
FULL = 400  # characters of a row
_RARE = re.compile("[\u4db6-\u4dbf\u9ff0-\u9fff\U00020000-\U0003ffff](?!\\[U\\+)")

SAMPLE_FORM = "参考样式，以本机关正式文书格式为准"
SPECIMEN = "样本：所示页面均为虚构，不得作为证据使用"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`一、基本情况`. One that stays is not parted from what stands before it either."""

    text: str
    stays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Paragraphs. Those that stay are never parted from each other nor from what stands before: a signature
    is not given to an empty page."""

    lines: tuple[str, ...]
    stays: bool = False
    is_small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One labelled cell; without lines it stays empty, to be filled by hand."""

    label: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A table of two columns: what, and what is known of it."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`width` is in millimetres."""

    name: str
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table with a head that is repeated on each page; a cell is lines."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...]


Block = Heading | Lines | Fields | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document. `foot` stands at the foot of every page; a wide one lies on its side."""

    title: str
    blocks: tuple[Block, ...]
    foot: tuple[str, ...]
    is_specimen: bool = False
    is_wide: bool = False

    @property
    def head(self) -> tuple[str, ...]:
        """What stands at the head of every page."""
        return (SAMPLE_FORM, SPECIMEN) if self.is_specimen else (SAMPLE_FORM,)


def printable(text: str) -> str:
    """The text as a page can bear it: one line, nothing that steers the layout, nothing without a glyph.

    Characters are written as `[U+202E]` unless every Chinese font has them: what is on paper can then
    be told apart, and a control character, a stack of accents or a picture letter changes no line but its own.
    What is printable stays as it is.
    """
    line = "".join(map(_printed, " ".join(text.split())))
    # A rare ideograph is in somebody's name: a font may have it, and the number says which it is in any case.
    return _RARE.sub(lambda found: found[0] + _number(found[0]), line)


def clipped(text: str, longest: int = LONGEST) -> str:
    """The text as it will be printed; of one too long for its place the beginning, and how long it is."""
    shown = printable(text[: 4 * longest])
    is_whole = len(shown) <= longest and len(text) <= 4 * longest
    return shown if is_whole else f"{shown[:longest]}……（共 {len(text)} 字，全文见所附文件）"


def may_break(cells: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a row is so full that it must be allowed to go on on the next page."""
    return sum(len(line) for lines in cells for line in lines) >= FULL


def _printed(one: str) -> str:
    if " " <= one <= "~":
        return one
    category, code = unicodedata.category(one), ord(one)
    if category == "Zs":
        return " " if one != "\u3000" else one
    is_latin = category[0] == "L" and code < 0x250
    is_ideograph = category == "Lo" and unicodedata.name(one, "").startswith(("CJK UNIFIED", "HANGUL SYLLABLE"))
    is_common = category[0] != "C" and _is_in_every_font(one)
    return one if is_latin or is_ideograph or is_common else _number(one)


def _number(one: str) -> str:
    return f"[U+{ord(one):04X}]"


def _is_in_every_font(one: str) -> bool:
    # What the national character set writes in two bytes, as every Chinese font must.
    try:
        return len(one.encode("gbk")) == 2
    except UnicodeEncodeError:
        return False
