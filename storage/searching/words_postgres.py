"""The index of words in PostgreSQL: which characters and pairs of characters stand in which field, as numbers in a GIN.

Pairs say that a text of three characters or more may stand there; whether it does, the exhibits' own rows say.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    collate,
    column,
    delete,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from storage.models import ExhibitRow
from storage.searching.documents import PAGES_FROM, Document, last_of
from storage.searching.given import EXACT, kept
from storage.searching.grams import BETWEEN, folded
from storage.searching.shapes import Field
from storage.tables.search import LateWords, PageText

_FIELDS = tuple(Field)
_BODY = (Field.TITLE, Field.TEXT)
_KIND, _CODE = 42, 21  # where a number's kind begins, and the first of two characters
_GIVEN, _RANGE = len(_FIELDS), len(_FIELDS) + 1
_LEVEL = 36  # where a range's size begins
# A GIN gives what it finds in no order, all of it; so that the newest can be asked first, every document says
# in which aligned ranges of 2¹³ … 2²¹ it is.
_SIZES = (13, 15, 17, 19, 21)
_MOST_RANGES = 6
_MADE = (
    "DROP TABLE IF EXISTS search_words",
    "CREATE TABLE search_words (doc bigint PRIMARY KEY, grams bigint[] NOT NULL)",
    # Questions read the numbers of documents only: the rows stay narrow when the rest lies elsewhere.
    "ALTER TABLE search_words SET (toast_tuple_target = 128)",
    "ALTER TABLE search_words ALTER COLUMN grams SET STATISTICS 0",
    "CREATE INDEX search_words_grams ON search_words USING gin (grams) WITH (gin_pending_list_limit = 1048576)",
)
# What a transaction adds waits in a list and goes into the index at its end, sorted: one by one it took five times as
# long, and a question would have to read the list.
_SORTED = (
    "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '256MB'",
    "SELECT gin_clean_pending_list('search_words_grams')",
)
# A frequent word looks to the planner as if all were to be read, and what it compiles takes longer than the question.
_PLANNED = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
_COPY = "COPY search_words (doc, grams) FROM STDIN WITH (FORMAT binary)"
_COPY_BEGIN, _COPY_END = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0), struct.pack(">h", -1)
_ELEMENT = np.dtype([("size", ">i4"), ("value", ">i8")])
_INT8 = 20  # the type's number in the server

_words = table("search_words", column("doc", BigInteger), column("grams", ARRAY(BigInteger)))
DOC, GRAMS = _words.c.doc, _words.c.grams


class PostgresWords:
    """The words of one database, as `storage.searching.words.Words` says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_planned = False

    def begin(self) -> None:
        """Make the index empty, whatever was there."""
        for statement in _MADE:
            self._connection.exec_driver_sql(statement)

    def write(self, documents: Sequence[Document]) -> None:
        """Add documents whose numbers are new; one without a word is not written."""
        cursor = self._connection.connection.cursor()
        with cursor.copy(_COPY) as copy:
            copy.write(_COPY_BEGIN)
            for one in documents:
                if one.says_something:
                    copy.write(_row(one.number, grams_of(one)))
            copy.write(_COPY_END)
        for statement in _SORTED:
            self._connection.exec_driver_sql(statement)

    def forget(self, documents: Sequence[Document]) -> None:
        """Take documents out."""
        if documents:
            self._connection.execute(delete(_words).where(DOC.in_([one.number for one in documents])))

    def matching(self, text: str, fields: frozenset[Field], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that have the text in one of the fields."""
        text = folded(text)
        if not text:
            raise ValueError("nothing is everywhere")
        arms = [GRAMS.contains(_wanted(field, text)) for field in _FIELDS if field in fields]
        numbers = self._asked(arms, 2 * first, last_of(last))
        return self._checked(numbers, text, fields) if len(text) > 2 else _exhibits(numbers)

    def matching_pages(self, text: str, first: int, last: int) -> NDArray[np.int64]:
        """The whole pages that have the text."""
        text = folded(text)
        if not text:
            raise ValueError("nothing is everywhere")
        wanted = GRAMS.contains(_wanted(Field.TEXT, text))
        rows = self._asked([wanted], PAGES_FROM + first, PAGES_FROM + last) - PAGES_FROM
        return self._standing(PageText.id, [PageText.text], rows, text) if len(text) > 2 else rows

    def near(self, given: Sequence[int], first: int, last: int) -> NDArray[np.int64]:
        """The exhibits that were given one of these numbers."""
        numbers = [_number(one) for one in kept(given)]
        return _exhibits(self._asked([GRAMS.overlap(numbers)] if numbers else [], 2 * first, last_of(last)))

    def numbers(self, first: int, last: int) -> NDArray[np.int64]:
        """The numbers of all documents that are there."""
        return self._parsed(DOC.between(first, last))

    def _asked(self, arms: Sequence[ColumnElement[bool]], first: int, last: int) -> NDArray[np.int64]:
        if not arms or last < first:
            return np.zeros(0, dtype=np.int64)
        if not self._is_planned:
            self._connection.exec_driver_sql(_PLANNED)
            self._is_planned = True
        ranges = _ranges(first, last)
        within = [GRAMS.overlap(ranges)] if ranges else []
        found = self._parsed(or_(*(and_(arm, *within) for arm in arms)))
        return found[(found >= first) & (found <= last)]

    def _parsed(self, where: ColumnElement[bool]) -> NDArray[np.int64]:
        # One long text is parsed many times faster than as many rows.
        query = select(func.string_agg(cast(DOC, String), literal_column("','"))).where(where)
        told = self._connection.execute(query).scalar_one()
        return np.sort(np.fromstring(told, dtype=np.int64, sep=",")) if told else np.zeros(0, dtype=np.int64)

    def _checked(self, numbers: NDArray[np.int64], text: str, fields: frozenset[Field]) -> NDArray[np.int64]:
        """Those of these documents in which the whole text stands."""
        bodies = self._bodies(numbers[numbers & 1 == 0] >> 1, text, fields)
        lates = self._lates(numbers[numbers & 1 == 1] >> 1, text, fields)
        return np.union1d(bodies, lates)

    def _bodies(self, rows: NDArray[np.int64], text: str, fields: frozenset[Field]) -> NDArray[np.int64]:
        columns = [getattr(ExhibitRow, field.value) for field in _BODY if field in fields]
        return self._standing(ExhibitRow.id, columns, rows, text)

    def _standing(
        self,
        row: InstrumentedAttribute[int],
        columns: Sequence[InstrumentedAttribute[str]],
        rows: NDArray[np.int64],
        text: str,
    ) -> NDArray[np.int64]:
        """Those of these rows that have the whole text in one of the columns."""
        if not rows.size:
            return rows
        stands = or_(*(func.strpos(func.lower(collate(one, "C")), text) > 0 for one in columns))
        query = select(func.string_agg(cast(row, String), literal_column("','")))
        told = self._connection.execute(query.where(row == func.any(rows.tolist()), stands)).scalar_one()
        return np.sort(np.fromstring(told, dtype=np.int64, sep=",")) if told else rows[:0]

    def _lates(self, rows: NDArray[np.int64], text: str, fields: frozenset[Field]) -> NDArray[np.int64]:
        if not rows.size:
            return rows
        query = select(LateWords.exhibit_id, LateWords.picture, LateWords.entities)
        found = self._connection.execute(query.where(LateWords.exhibit_id == func.any(rows.tolist())))
        standing = [row for row, *told in found if any(text in folded(one) for one in _told(told, fields))]
        return np.array(standing, dtype=np.int64)


def grams_of(document: Document) -> NDArray[np.int64]:
    """All that the index says of a document, in order."""
    texts = {
        Field.TITLE: document.title,
        Field.TEXT: document.text,
        Field.PICTURE: BETWEEN.join(document.pictures),
        Field.ENTITY: BETWEEN.join(document.entities),
    }
    parts = [_pairs(field, _letters(text)) for field, text in texts.items() if text]
    parts.append(np.array([_number(one) for one in document.given], dtype=np.int64))
    parts.append(np.array([_range(size, document.number >> size) for size in _SIZES], dtype=np.int64))
    return np.unique(np.concatenate(parts))


def _letters(text: str) -> NDArray[np.int64]:
    folds = BETWEEN.join(folded(part) for part in text.split(BETWEEN))
    return np.frombuffer(folds.encode("utf-32-le"), dtype="<u4").astype(np.int64)


def _pairs(field: Field, letters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every character for itself, and with the one behind it."""
    kind = _FIELDS.index(field) << _KIND
    alone = letters << _CODE
    return np.concatenate((alone, alone[:-1] | letters[1:])) | kind


def _wanted(field: Field, text: str) -> list[int]:
    pairs = _pairs(field, _letters(text))
    return [int(one) for one in np.unique(pairs[len(text) :] if len(text) > 1 else pairs)]


def _number(given: int) -> int:
    """Exact ones are greater than all else that stands in the index."""
    return given if given >= EXACT else _GIVEN << _KIND | given


def _range(size: int, number: int) -> int:
    return _RANGE << _KIND | size << _LEVEL | number


def _ranges(first: int, last: int) -> list[int]:
    """The aligned ranges that together have these documents, as few as will do; none for nearly all."""
    for size in _SIZES:
        low, high = max(first, 0) >> size, last >> size
        if high - low < _MOST_RANGES:
            return [_range(size, number) for number in range(low, high + 1)]
    return []


def _row(number: int, grams: NDArray[np.int64]) -> bytes:
    elements = np.empty(grams.size, dtype=_ELEMENT)
    elements["size"], elements["value"] = 8, grams
    body = struct.pack(">iiiii", 1, 0, _INT8, grams.size, 1) + elements.tobytes()
    return struct.pack(">hiq", 2, 8, number) + struct.pack(">i", len(body)) + body


def _told(told: Sequence[str], fields: frozenset[Field]) -> Iterator[str]:
    for field, texts in zip((Field.PICTURE, Field.ENTITY), told, strict=True):
        if field in fields:
            yield from json.loads(texts)


def _exhibits(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(numbers >> 1)
