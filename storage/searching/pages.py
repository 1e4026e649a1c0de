"""Which whole pages have certain words, newest first. A page has a platform and a time, and is nobody's: whatever else
is asked of exhibits, no page has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from storage.models import encodable
from storage.searching.rowids import Mask, Rows, joined, newest_first
from storage.searching.shapes import Field, Filters, PageHit, Query, Term
from storage.searching.texts import pattern_of
from storage.tables.search import PageText

SMALLEST, LARGEST = 2**12, 2**16
AT_ONCE = 200  # pages are long


class AskingPages:
    """One question."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        self._needed = [_spelt(term) for term in query.terms]
        self._unwanted = [_spelt(term) for term in query.without]
        self._conditions = _conditions(query.filters)
        self._is_asked = Field.TEXT in query.fields and query.filters == _of_pages(query.filters)

    def newest_first(self, before: int = 0) -> Iterator[Rows]:
        """What was found before this row (0: in all), range by range, the newest first."""
        upto = self._last if self._is_asked else 0
        for first, last in newest_first(min(before - 1, upto) if before else upto, SMALLEST, LARGEST):
            yield self._within(first, last)[::-1]

    @property
    def _last(self) -> int:
        """The words of a page are there as soon as its row is."""
        return self._connection.execute(select(func.max(PageText.id))).scalar_one() or 0

    def _within(self, first: int, last: int) -> Rows:
        pages = select(PageText.id).where(PageText.id.between(first, last), *self._conditions)
        found = np.sort(joined(self._connection, pages)[0])
        for term in self._needed:
            found = found[self._has(term, found)]
        for term in self._unwanted:
            found = found[~self._has(term, found)]
        return found

    def _has(self, term: Term, rows: Rows) -> Mask:
        pattern = pattern_of(term)
        if pattern is None:
            return np.zeros(len(rows), np.bool_)
        texts = (text for some in _parts(rows) for text in self._texts(some))
        return np.fromiter((pattern.search(text) is not None for text in texts), np.bool_, len(rows))

    def _texts(self, rows: Sequence[int]) -> Iterator[str]:
        query = select(PageText.text).where(PageText.id.in_(rows)).order_by(PageText.id)
        yield from self._connection.execute(query).scalars()


def page_hits_of(connection: Connection, rows: Rows) -> tuple[PageHit, ...]:
    """These pages, in their order; those that are not there any more are left out."""
    return tuple(hit for some in _parts(rows) for hit in _hits(connection, some))


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


def _parts(rows: Rows) -> Iterator[list[int]]:
    return (rows[start : start + AT_ONCE].tolist() for start in range(0, len(rows), AT_ONCE))


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
