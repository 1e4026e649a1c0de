"""What came to exhibits after they were first written, as the words' index holds it, so that it can be taken out."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.bulk import Bulk
from storage.searching.documents import Document, json_of, late_document
from storage.tables.search import LateWords

_NEW = Bulk(insert(LateWords))


def late_of(connection: Connection, rows: Sequence[int]) -> dict[int, Document]:
    """What the index holds of these exhibits; one of which nothing came is left out."""
    return _held(connection, LateWords.exhibit_id.in_(rows))


def _held(connection: Connection, where: ColumnElement[bool]) -> dict[int, Document]:
    query = select(*LateWords.__table__.columns).where(where)
    return {
        row.exhibit_id: late_document(row.exhibit_id, tuple(json.loads(row.picture)), tuple(json.loads(row.entities)))
        for row in connection.execute(query)
    }


def late_between(connection: Connection, first: int, last: int) -> dict[int, Document]:
    """What the index holds of all exhibits of these rows."""
    return _held(connection, LateWords.exhibit_id.between(first, last))


def keep_late(connection: Connection, documents: Sequence[Document]) -> None:
    """The index holds these now; of these exhibits it held nothing."""
    rows = [
        {"exhibit_id": one.number // 2, "picture": json_of(one.pictures), "entities": json_of(one.entities)}
        for one in documents
    ]
    _NEW.execute(connection, rows)


def drop_late(connection: Connection, rows: Sequence[int]) -> None:
    """The index holds nothing of these exhibits any more."""
    connection.execute(delete(LateWords).where(LateWords.exhibit_id.in_(rows)))


def begin(connection: Connection) -> None:
    """Nothing is held of any exhibit."""
    connection.execute(delete(LateWords))
