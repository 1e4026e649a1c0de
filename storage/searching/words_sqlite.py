"""The index of words in SQLite: FTS5 without the texts themselves, of words that are two characters.

It holds nothing that could be read back, so whoever takes a document out must give it as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from storage.searching.documents import PAGES_FROM, Document, last_of
from storage.searching.given import kept
from storage.searching.grams import BETWEEN, phrase, words
from storage.searching.shapes import Field

_FIELDS = tuple(Field)
_MADE = """
    CREATE VIRTUAL TABLE search_words
    USING fts5(title, text, picture, entity, given, content='', columnsize=0, tokenize='ascii')
"""
_WRITE = "INSERT INTO search_words(rowid, title, text, picture, entity, given) VALUES (?, ?, ?, ?, ?, ?)"
_FORGET = """
    INSERT INTO search_words(search_words, rowid, title, text, picture, entity, given)
    VALUES ('delete', ?, ?, ?, ?, ?, ?)
"""
# One long text is parsed many times faster than as many rows.
_ASK = "SELECT group_concat(rowid) FROM search_words WHERE search_words MATCH ? AND rowid BETWEEN ? AND ?"
# Neither is a beginning of any word of a text.
_IS_THERE, _GIVEN = "\ue200", "\ue201"


class SqliteWords:
    """The words of one database, as `storage.searching.words.Words` says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        """Make the index empty, whatever was there."""
        self._connection.exec_driver_sql("DROP TABLE IF EXISTS search_words")
        self._connection.exec_driver_sql(_MADE)

    def write(self, documents: Sequence[Document]) -> None:
        """Add documents whose numbers are new; one without a word is not written."""
        self._each(_WRITE, documents)

    def forget(self, documents: Sequence[Document]) -> None:
        """Take documents out; each must be as it was written."""
        self._each(_FORGET, documents)

    def matching(self, text: str, fields: frozenset[Field], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that have the text in one of the fields."""
        if not fields:
            return np.zeros(0, dtype=np.int64)
        return _exhibits(self._asked(_within(fields) + phrase(text), 2 * first, last_of(last)))

    def matching_pages(self, text: str, first: int, last: int) -> NDArray[np.int64]:
        """The whole pages that have the text."""
        return self._asked(phrase(text), PAGES_FROM + first, PAGES_FROM + last) - PAGES_FROM

    def near(self, given: Sequence[int], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that were given one of these numbers."""
        if not given:
            return np.zeros(0, dtype=np.int64)
        any_of = " OR ".join(f'"{word}"' for word in map(_number, kept(given)))
        return _exhibits(self._asked(any_of, 2 * first, last_of(last)))

    def numbers(self, first: int, last: int) -> NDArray[np.int64]:
        """The numbers of all documents that are there."""
        return self._asked(f'"{_IS_THERE}"', first, last)

    def _asked(self, match: str, first: int, last: int) -> NDArray[np.int64]:
        told = self._connection.exec_driver_sql(_ASK, (match, first, last)).scalar_one()
        return np.fromstring(told, dtype=np.int64, sep=",") if told else np.zeros(0, dtype=np.int64)

    def _each(self, statement: str, documents: Sequence[Document]) -> None:
        rows = list(_rows(documents))
        if rows:
            self._connection.exec_driver_sql(statement, rows)


def columns_of(document: Document) -> tuple[str, str, str, str, str]:
    """The words of a document, column by column."""
    return (
        words(document.title),
        words(document.text),
        words(BETWEEN.join(document.pictures)),
        words(BETWEEN.join(document.entities)),
        " ".join((_IS_THERE, *map(_number, document.given))),
    )


def matches_whole(connection: Connection, document: Document) -> bool:
    """Whether the index has this document with all of its words, each in its place. It asks for every word."""
    told = zip((*_FIELDS, "given"), columns_of(document), strict=True)
    match = " AND ".join(f'{{{name}}} : ^ "{column}"' for name, column in told if column)
    return connection.exec_driver_sql(_ASK, (match, document.number, document.number)).scalar_one() is not None


def _within(fields: frozenset[Field]) -> str:
    return "" if len(fields) == len(_FIELDS) else f"{{{' '.join(one for one in _FIELDS if one in fields)}}} : "


def _rows(documents: Sequence[Document]) -> Iterator[tuple[int, str, str, str, str, str]]:
    for one in documents:
        if one.says_something:
            yield (one.number, *columns_of(one))


def _number(given: int) -> str:
    return f"{_GIVEN}{given:x}"


def _exhibits(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each exhibit once; FTS5 gives numbers in their order."""
    rows = numbers >> 1
    is_new = np.ones(rows.size, dtype=bool)
    is_new[1:] = rows[1:] != rows[:-1]
    return rows[is_new]
