"""What a letter is made from: leads whose decisions were proven, their exhibits that still verify, what law allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework.law_words import CitedArticle, PlaceKind, Verb
from casework.letters.content import LeadIn, OperatorIn, PictureIn
from casework.letters.letter import Kind
from casework.papers.paper_facts import ChainHead, KeptFile
from crawler.tables import Letters, Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One exhibit that a letter shows: words of the page as they are, `quotes` by the category they were found for.

    `platform` is its name in Chinese, `categories` are ids, `sha256` is that of the page's capture, `seal` its state in
    words; `picture` only one that shows the quote. `query` and `position` (from 1) only of what a search showed;
    `facts` are those of `casework.lawbook.facts`.
    """

    id: str
    lead: str
    platform: str
    place: PlaceKind
    categories: tuple[str, ...]
    url: str
    account: str
    title: str
    quotes: tuple[tuple[str, str], ...]
    first_seen: datetime
    last_seen: datetime
    captured_at: datetime
    sha256: str
    seal: str
    files: tuple[KeptFile, ...]
    is_specimen: bool
    facts: frozenset[str] = frozenset()
    picture: PictureIn | None = None
    query: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One lead with its exhibits, and by whom it was confirmed and approved as the audit log proves."""

    lead: LeadIn
    shown: tuple[Shown, ...]
    confirmed_by: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What may be cited in this letter and with which word, over all its leads and categories; `without` are the
    articles that whoever drafts it leaves out."""

    verb: Verb
    articles: tuple[CitedArticle, ...]
    notes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom: a platform's operator by its confirmed name, an actor, an authority, a client."""

    name: str
    copies: tuple[str, ...] = ()
    operator_id: int | None = None
    operators: tuple[OperatorIn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A letter to be composed; a reminder is made of the letter it reminds of instead."""

    kind: Kind
    addressee: Addressee
    matters: tuple[Matter, ...]
    basis: Basis
    office: Office
    settings: Letters
    chain: ChainHead | None
    now: datetime
