"""Compares what an index of words holds with the documents it should hold.

FTS5 cannot say what it holds of one document, so on SQLite every word's places are summed over all documents, on both
sides, and only where sums differ is it looked for whose they are. PostgreSQL keeps what it indexed, one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Text, cast, func, select

from storage.searching.documents import Document
from storage.searching.given import EXACT
from storage.searching.words_postgres import DOC, GRAMS, grams_of
from storage.searching.words_sqlite import columns_of, matches_whole
from storage.whereabouts import SQLITE

Told = tuple[int, str]
"""A document's number, 0 for none in particular, and what is wrong with it."""

_SUMS = 1 << 20
_LOOKED_AT = 64  # sums whose words are looked for
_AT_ONCE = 50_000
_MIXED = np.uint64(0x9E3779B97F4A7C15)
_CHANGED = "编入的词与数据行不同"
_VOCABULARY = "CREATE VIRTUAL TABLE temp.search_places USING fts5vocab('main', 'search_words', 'instance')"
# Grouped as it is stored, without sorting.
_ALL = 'SELECT term, count(*), sum(doc * ("offset" + 1) % 1000003) FROM temp.search_places GROUP BY term'
_OF_ONE = 'SELECT doc, "offset" FROM temp.search_places WHERE term = ?'


class Comparison(Protocol):
    """Takes documents as they should be; what it finds at once it gives at once."""

    def add(self, documents: Sequence[Document]) -> Iterator[Told]:
        """These should be there so."""

    def drift(self, again: Iterable[Sequence[Document]]) -> Iterator[Told]:
        """What is found once all were added; `again` gives them all once more if it is asked."""


def comparison_of(connection: Connection, *, is_whole: bool) -> Comparison:
    """For all documents of this database, or for some of them."""
    if connection.dialect.name != SQLITE:
        return _Kept(connection)
    return _Summed(connection) if is_whole else _Asked(connection)


class _Kept:
    """PostgreSQL: every document by a digest of what is kept of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, documents: Sequence[Document]) -> Iterator[Told]:
        query = select(DOC, func.md5(cast(GRAMS, Text)).label("digest")).where(
            DOC.in_([one.number for one in documents])
        )
        kept = {row.doc: row.digest for row in self._connection.execute(query)}
        for one in documents:
            if one.number in kept and kept[one.number] != _digest(grams_of(one)):
                yield one.number, _CHANGED

    def drift(self, again: Iterable[Sequence[Document]]) -> Iterator[Told]:
        yield from ()


class _Asked:
    """SQLite, a few documents: each is asked for by all of its words, which takes a while."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, documents: Sequence[Document]) -> Iterator[Told]:
        for one in documents:
            if one.says_something and not matches_whole(self._connection, one):
                yield one.number, _CHANGED

    def drift(self, again: Iterable[Sequence[Document]]) -> Iterator[Told]:
        yield from ()


class _Summed:
    """SQLite, all documents: how often every word stands, and a sum over where; words share sums, in bounded memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._expected = np.zeros((2, _SUMS), dtype=np.uint64)

    def add(self, documents: Sequence[Document]) -> Iterator[Told]:
        parts = [_places(one) for one in documents]
        if parts:
            keys, numbers, offsets = (np.concatenate(some) for some in zip(*parts, strict=True))
            _sum(self._expected, keys, np.ones_like(keys), numbers * (offsets + np.uint64(1)) % np.uint64(1_000_003))
        yield from ()

    def drift(self, again: Iterable[Sequence[Document]]) -> Iterator[Told]:
        self._connection.exec_driver_sql(_VOCABULARY)
        try:
            wrong = np.flatnonzero((self._held() != self._expected).any(axis=0))
            if wrong.size:
                rarest = wrong[np.argsort(self._expected[0][wrong])][:_LOOKED_AT]
                yield from self._located(rarest, again)
        finally:
            self._connection.exec_driver_sql("DROP TABLE temp.search_places")

    def _held(self) -> NDArray[np.uint64]:
        held = np.zeros_like(self._expected)
        for rows in self._connection.exec_driver_sql(_ALL).partitions(_AT_ONCE):
            keys = np.array([_key(term) for term, _, _ in rows], dtype=np.uint64)
            counts = np.array([count for _, count, _ in rows], dtype=np.uint64)
            _sum(held, keys, counts, np.array([places for _, _, places in rows], dtype=np.uint64))
        return held

    def _located(self, sums: NDArray[np.int64], again: Iterable[Sequence[Document]]) -> Iterator[Told]:
        """The documents that have words of these sums where they should not, or do not have them where they should."""
        held = set(self._places_held(sums))
        expected: set[tuple[int, int, int]] = set()
        for documents in again:
            for one in documents:
                keys, numbers, offsets = _places(one)
                here = np.isin(_at(keys), sums)
                expected.update(zip(*(some[here].tolist() for some in (keys, numbers, offsets)), strict=True))
        wrong = sorted({number for _, number, _ in held ^ expected})
        yield from ((number, _CHANGED) for number in wrong or [0])

    def _places_held(self, sums: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
        terms: list[str] = []
        for rows in self._connection.exec_driver_sql(_ALL).partitions(_AT_ONCE):
            here = np.isin(_at(np.array([_key(row[0]) for row in rows], dtype=np.uint64)), sums)
            terms += [rows[at][0] for at in np.flatnonzero(here).tolist()]
        for term in terms:
            for number, offset in self._connection.exec_driver_sql(_OF_ONE, (term,)):
                yield _key(term), number, offset


def _places(document: Document) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """The key, document and offset of each of its words."""
    several = [column.split(" ") for column in columns_of(document) if column] if document.says_something else []
    keys = np.array([_key(term) for column in several for term in column], dtype=np.uint64)
    offsets = [np.arange(len(column), dtype=np.uint64) for column in several]
    numbers = np.full(keys.size, document.number, dtype=np.uint64)
    return keys, numbers, np.concatenate(offsets) if offsets else np.zeros(0, dtype=np.uint64)


def _key(term: str) -> int:
    """A number for a word of the index; that of two characters is exact."""
    if len(term) == 2:
        return ord(term[0]) << 21 | ord(term[1])
    return EXACT + int.from_bytes(hashlib.blake2b(term.encode(), digest_size=7).digest())


def _at(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys * _MIXED) >> np.uint64(64 - 20)).astype(np.int64)


def _sum(sums: NDArray[np.uint64], keys: NDArray[np.uint64], *added: NDArray[np.uint64]) -> None:
    at = _at(keys)
    for row, values in zip(sums, added, strict=True):
        np.add.at(row, at, values)


def _digest(grams: NDArray[np.int64]) -> str:
    return hashlib.md5(f"{{{','.join(map(str, grams.tolist()))}}}".encode(), usedforsecurity=False).hexdigest()
