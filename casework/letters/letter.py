"""A letter before it is a file: what it says, and to whom. Both file formats are made from this one value.

It is an unnumbered, unsigned, unsealed draft for ever: numbering, signing and sealing are the office's own acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from casework.papers.paper import Column, Grid, Lines


class Kind(StrEnum):
    """What a letter asks for."""

    REMOVE = "remove"  # 删除链接
    CLOSE = "close"  # 关停店铺
    SYSTEM = "system"  # 健全制度
    ORDER = "order"  # 责令
    TALK = "talk"  # 约谈
    TRANSFER = "transfer"  # 线索移送
    ASSIST = "assist"  # 协助
    WARN = "warn"  # 风险提示
    NOTICE = "notice"  # 通报保护中心、代办处
    REMIND = "remind"  # 催办


class Stage(StrEnum):
    """Where a letter is on its way."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph; `level` 0 is text, 1 `一、`, 2 `（一）`, 3 `1.`, 4 `（1）`."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of an annex: PNG bytes under a caption; `mark` is the digest printed below it."""

    png: bytes
    caption: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """附件: its name, and what stands in it. A wide one lies on its side; `foot` stands under its last line."""

    name: str
    blocks: tuple[Lines | Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()
    is_wide: bool = False
    foot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter in 信函格式 (GB/T 9704-2012, 10.1).

    `letterhead` is the office's sign over the first red line; `year` stands in the empty number `X〔2026〕　号` after
    `code`; `marks` are warnings at the head of every page (草稿, 【条文待核】, 样本). A paragraph's text begins with
    its own number, `level` says how it looks. `own_number` is ours, on the list that is filled in and returned.
    """

    kind: Kind
    letterhead: str
    code: str
    year: int
    marks: tuple[str, ...]
    title: str
    addressee: str
    paragraphs: tuple[Paragraph, ...]
    annexes: tuple[Annex, ...]
    signer: str
    contact: str
    copies: tuple[str, ...] = ()
    is_specimen: bool = False
    own_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list beside a letter, for the platform's own intake (xlsx, JSON).

    `query` and `position` are what a searcher asked for and where among the answers it stood, in words; else empty.
    """

    number: str
    lead: str
    category: str
    url: str
    account: str
    title: str
    quote: str
    seen: str
    captured: str
    sha256: str
    measure: str
    query: str = ""
    position: str = ""


__all__ = ["Annex", "Column", "Grid", "Kind", "Letter", "Lines", "Listed", "Paragraph", "Picture", "Stage"]
