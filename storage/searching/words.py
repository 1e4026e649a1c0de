"""The index of words, whichever database holds it: documents in, exhibits that have a text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from storage.searching.documents import Document
from storage.searching.shapes import Field
from storage.searching.words_postgres import PostgresWords
from storage.searching.words_sqlite import SqliteWords
from storage.whereabouts import SQLITE


class Words(Protocol):
    """Rows of exhibits are given in their order, each once, from `first` to `last` and both of these."""

    def begin(self) -> None:
        """Make the index empty, whatever was there."""

    def write(self, documents: Sequence[Document]) -> None:
        """Add documents whose numbers are new; one without a word is not written."""

    def forget(self, documents: Sequence[Document]) -> None:
        """Take documents out; each must be as it was written."""

    def matching(self, text: str, fields: frozenset[Field], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that have the text in one of the fields, A to Z folded; an empty text is a `ValueError`."""

    def matching_pages(self, text: str, first: int, last: int) -> NDArray[np.int64]:
        """The whole pages that have the text, by their own rows; an empty text is a `ValueError`."""

    def near(self, given: Sequence[int], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that were given one of these numbers."""

    def numbers(self, first: int, last: int) -> NDArray[np.int64]:
        """The numbers of all documents that are there, from `first` to `last`."""


def words_of(connection: Connection) -> Words:
    """The index of this database."""
    return SqliteWords(connection) if connection.dialect.name == SQLITE else PostgresWords(connection)
