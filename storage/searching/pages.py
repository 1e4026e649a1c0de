"""Which whole pages have certain words, newest first. A page has a platform and a time, and is nobody's: whatever else
is asked of exhibits, no page has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from storage.models import encodable
from storage.searching import marks
from storage.searching.rowids import NONE, Mask, Rows, joined, newest_first
from storage.searching.shapes import Field, Filters, PageHit, Query, Term
from storage.searching.texts import pattern_of
from storage.searching.words import words_of
from storage.tables.search import PageText

SMALLEST, LARGEST = 2**12, 2**16
AT_ONCE = 200  # pages are long
MANY = 10_000  # SQLite binds 32 766 values in one statement


class AskingPages:
    """One question. Pages that the index does not know yet are not found."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        self._words = words_of(connection)
        self._needed = [_spelt(term) for term in query.terms]
        self._unwanted = [_spelt(term) for term in query.without]
        self._conditions = _conditions(query.filters)
        self._is_asked = Field.TEXT in query.fields and query.filters == _of_pages(query.filters)

    def newest_first(self, before: int = 0) -> Iterator[Rows]:
        """What was found before this row (0: in all), range by range, the newest first."""
        upto = marks.upto(self._connection, marks.PAGES) if self._is_asked else 0
        for first, last in newest_first(min(before - 1, upto) if before else upto, SMALLEST, LARGEST):
            yield self._within(first, last)[::-1]

    def _within(self, first: int, last: int) -> Rows:
        found = None
        for term in self._needed:
            mask = self._mask(term, first, last)
            found = mask if found is None else found & mask
            if not found.any():
                return NONE
        rows = self._all(first, last) if found is None else np.flatnonzero(found) + first
        for term in self._unwanted:
            rows = rows[~self._mask(term, first, last)[rows - first]]
        return self._passing(rows)

    def _mask(self, term: Term, first: int, last: int) -> Mask:
        mask = np.zeros(last - first + 1, np.bool_)
        for text in filter(None, (term.text, *term.spellings)):
            rows = self._words.matching_pages(text, first, last)
            mask[(self._begun(text, rows) if term.is_prefix else rows) - first] = True
        return mask

    def _begun(self, text: str, rows: Rows) -> Rows:
        """Those of these pages in which no letter stands before it: the index does not know, the texts do."""
        pattern = pattern_of(Term(text=text, is_prefix=True))
        texts = select(PageText.id, PageText.text)
        return np.array(
            [
                row
                for some in _parts(rows)
                for row, said in self._connection.execute(texts.where(PageText.id.in_(some)))
                if pattern is not None and pattern.search(said)
            ],
            np.int64,
        )

    def _all(self, first: int, last: int) -> Rows:
        return np.sort(joined(self._connection, select(PageText.id).where(PageText.id.between(first, last)))[0])

    def _passing(self, rows: Rows) -> Rows:
        if not self._conditions:
            return rows
        pages = select(PageText.id).where(*self._conditions)
        several = [joined(self._connection, pages.where(PageText.id.in_(some)))[0] for some in _parts(rows, MANY)]
        return np.sort(np.concatenate([NONE, *several]))


def page_hits_of(connection: Connection, rows: Rows) -> tuple[PageHit, ...]:
    """These pages, in their order; those that are not there any more are left out."""
    return tuple(hit for some in _parts(rows) for hit in _hits(connection, some))


def page_ids_of(connection: Connection, rows: Rows) -> tuple[str, ...]:
    """The captures of these pages, in their order; of those that are not there any more, none. No text is read."""
    ids: list[str] = []
    for some in _parts(rows, MANY):
        found = select(PageText.id, PageText.capture_id).where(PageText.id.in_(some))
        captures = {row.id: row.capture_id for row in connection.execute(found)}
        ids += [captures[row] for row in some if row in captures]
    return tuple(ids)


def _hits(connection: Connection, rows: Sequence[int]) -> Iterator[PageHit]:
    query = select(*PageText.__table__.columns).where(PageText.id.in_(rows))
    found = {row.id: row for row in connection.execute(query)}
    for row in rows:
        if row in found:
            one = found[row]
            yield PageHit(
                row=one.id,
                capture=one.capture_id,
                url=one.url,
                platform=one.platform,
                taken_at=one.taken_at,
                text=one.text,
            )


def _parts(rows: Rows, size: int = AT_ONCE) -> Iterator[list[int]]:
    return (rows[start : start + size].tolist() for start in range(0, len(rows), size))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if filters.platforms:
        asked.append(PageText.platform.in_(sorted(filters.platforms)))
    if filters.first is not None:
        asked.append(PageText.taken_at >= filters.first)
    if filters.last is not None:
        asked.append(PageText.taken_at < filters.last)
    return asked


def _of_pages(filters: Filters) -> Filters:
    return Filters(platforms=filters.platforms, first=filters.first, last=filters.last)


def _spelt(term: Term) -> Term:
    """The term as a page may have it: what it names has only its spelling there, and no mark."""
    spellings = (*term.spellings, *(value for _, value in term.entities))
    return Term(text=encodable(term.text), spellings=encodable(spellings), is_prefix=term.is_prefix)
