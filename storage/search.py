"""The archive's search: which exhibits have certain words and are of a certain kind, newest first, counted and by what
they are. It never normalises text: whoever asks gives the normal forms. It finds what the index knows: catch up first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from storage.searching.asking import Asking
from storage.searching.facets import Counting
from storage.searching.hits import hits_of, public_ids_of
from storage.searching.pages import AskingPages, page_hits_of, page_ids_of
from storage.searching.rowids import LARGEST, Rows, gathered
from storage.searching.shapes import Facet, Facets, Hit, PageHit, Query

_AT_ONCE = LARGEST * 4  # exhibits that are counted together


class Search:
    """Asks the index of one database. Each question is one transaction, so what it answers is of one moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, query: Query, limit: int = 50, before: int = 0) -> tuple[Hit, ...]:
        """The newest hits, at most `limit`; of those before the row `before`, where that is given."""
        with self._engine.connect() as connection:
            found = gathered(Asking(connection, query).newest_first(before), limit)
            return hits_of(connection, found)

    def count(self, query: Query) -> int:
        """How many exhibits are found."""
        with self._engine.connect() as connection:
            return sum(len(rows) for rows in Asking(connection, query).oldest_first(size=_AT_ONCE))

    def facets(self, query: Query, wanted: Sequence[Facet] = tuple(Facet), most: int = 20) -> Facets:
        """How many exhibits are found, and how many of them have which value: `most` values of each facet."""
        with self._engine.connect() as connection:
            counting = Counting(connection, wanted)
            for rows in Asking(connection, query).oldest_first(size=_AT_ONCE):
                counting.add(rows)
            return counting.facets(most)

    def rows(self, query: Query, newest_first: bool = True, before: int = 0) -> Iterator[Rows]:
        """The rows of all that is found, range by range, in one transaction that lasts until the last was taken.

        They go on where `before` left off: below it, or above it where the oldest come first.
        """
        with self._engine.connect() as connection:
            asking = Asking(connection, query)
            yield from asking.newest_first(before) if newest_first else asking.oldest_first(before)

    def hits(self, rows: Rows) -> tuple[Hit, ...]:
        """These exhibits as hits, in the order of the rows; those that are not there any more are left out."""
        with self._engine.connect() as connection:
            return hits_of(connection, rows)

    def public_ids(self, rows: Rows) -> tuple[str, ...]:
        """The ids that people use, in the order of the rows; of those that are not there any more, none."""
        with self._engine.connect() as connection:
            return public_ids_of(connection, rows)

    # -- whole pages -----------------------------------------------------------------------------------

    def pages(self, query: Query, limit: int = 50, before: int = 0) -> tuple[PageHit, ...]:
        """The newest whole pages, at most `limit`; of those before the row `before`, where that is given."""
        with self._engine.connect() as connection:
            found = gathered(AskingPages(connection, query).newest_first(before), limit)
            return page_hits_of(connection, found)

    def page_ids(self, query: Query, limit: int = 0) -> tuple[str, ...]:
        """The captures of the whole pages, the newest first, all of them unless there is a limit."""
        ids: list[str] = []
        with self._engine.connect() as connection:
            for rows in AskingPages(connection, query).newest_first():
                ids += page_ids_of(connection, rows)
                if limit and len(ids) >= limit:
                    return tuple(ids[:limit])
        return tuple(ids)

    def count_pages(self, query: Query) -> int:
        """How many whole pages are found."""
        with self._engine.connect() as connection:
            return sum(len(rows) for rows in AskingPages(connection, query).newest_first())
