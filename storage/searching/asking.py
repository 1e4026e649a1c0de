"""Answers one question in one transaction: range by range of exhibits, each condition a mask over the range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from sqlalchemy import Connection

from storage.models import encodable
from storage.searching import marks
from storage.searching.filters import Passing
from storage.searching.rowids import LARGEST, NONE, SMALLEST, Mask, Rows, newest_first, oldest_first
from storage.searching.shapes import Query, Term
from storage.searching.terms import Terms
from storage.searching.texts import FEW

_DOUBTFUL = SMALLEST // 4
_READ_OF_WIDE = 1_000  # rows
_LIKE_ONE = 512  # rows of a frequent word that are asked for in the time in which one is read


class Asking:
    """One question. Exhibits that the index does not know yet are not found."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        self._query = query
        self._passing = Passing(connection, query.filters)
        self._terms = Terms(connection, query.fields)
        # The rarest first, so that others need be asked for less; how rare they are, the ranges tell.
        self._needed = sorted(map(_fit, query.terms), key=lambda term: -len(term.text))
        self._shares = dict.fromkeys(self._needed, 1.0)
        self._unwanted = [_fit(term) for term in query.without]

    def newest_first(self, before: int = 0) -> Iterator[Rows]:
        """What was found before this row (0: in all), range by range, the newest first."""
        upto = marks.upto(self._connection)
        for first, last in newest_first(min(before - 1, upto) if before else upto, self._smallest):
            yield self.within(first, last)[::-1]

    @property
    def _smallest(self) -> int:
        """The first range: little, where texts must be read to know, or where the index has to gather a lot."""
        if any(_is_wide(term) for term in self._needed):
            return FEW // 2
        return _DOUBTFUL if any(term.is_prefix for term in (*self._needed, *self._unwanted)) else SMALLEST

    def oldest_first(self, after: int = 0, size: int = LARGEST) -> Iterator[Rows]:
        """What was found behind this row, range by range, the oldest first."""
        for first, last in oldest_first(after, marks.upto(self._connection), size):
            yield self.within(first, last)

    def within(self, first: int, last: int) -> Rows:
        """What was found in one range, growing."""
        found = _Found(first, last)
        if not self._passing.is_all or not self._needed:
            found.keep(self._passing.mask(first, last))
        for term in sorted(self._needed, key=self._shares.__getitem__):
            if found.is_empty:
                return NONE
            self._require(found, term)
        for term in self._unwanted:
            if found.is_empty:
                return NONE
            found.keep(~self._mask(found, term))
        return found.rows

    def _require(self, found: _Found, term: Term) -> None:
        mask = self._mask(found, term)
        if not _is_read(found, term):
            self._shares[term] = np.count_nonzero(mask) / len(mask)
        found.keep(mask)

    def _mask(self, found: _Found, term: Term) -> Mask:
        if not _is_read(found, term):
            return self._terms.mask(term, found.first, found.last)
        rows = found.rows
        mask = np.zeros(found.last - found.first + 1, np.bool_)
        mask[rows[self._terms.kept(term, rows)] - found.first] = True
        return mask


class _Found:
    """What is left of a range, from the first row that is left to the last."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self._mask: Mask | None = None
        self.number = last - first + 1

    @property
    def is_empty(self) -> bool:
        return not self.number

    @property
    def rows(self) -> Rows:
        if self._mask is None:
            return np.arange(self.first, self.last + 1)
        return np.flatnonzero(self._mask) + self.first

    def keep(self, mask: Mask) -> None:
        self._mask = mask if self._mask is None else self._mask & mask
        places = np.flatnonzero(self._mask)
        self.number = len(places)
        if self.number:
            start, end = int(places[0]), int(places[-1])
            self._mask = self._mask[start : end + 1]
            self.first, self.last = self.first + start, self.first + end


def _is_read(found: _Found, term: Term) -> bool:
    """Whether reading what is left costs less than asking for all that a frequent word has in between."""
    if _is_wide(term):
        return found.number <= _READ_OF_WIDE
    return found.number <= min(FEW, (found.last - found.first + 1) // _LIKE_ONE)


def _is_wide(term: Term) -> bool:
    """Whether the index has to go through all words that begin with one character."""
    return any(len(text) == 1 for text in (term.text, *term.spellings))


def _fit(term: Term) -> Term:
    """Its words as the database has them."""
    return replace(
        term,
        text=encodable(term.text),
        spellings=encodable(term.spellings),
        entities=tuple((kind, encodable(value)) for kind, value in term.entities),
    )
