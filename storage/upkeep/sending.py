"""Rows into a table of PostgreSQL by COPY, encoded as its own inserts would be; memory holds what is given at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from psycopg import Connection as PostgresConnection
from psycopg import Error as PostgresTrouble
from psycopg import sql
from sqlalchemy import Connection, Table

from crawler.errors import UserMistake
from storage.whereabouts import shown


def send_rows(connection: Connection, table: Table, batches: Iterable[list[tuple[Any, ...]]]) -> None:
    """Write all rows, whose values are in the order of the table's columns, within the connection's transaction.

    `UserMistake` where the server does not take them: a disk that is full, a number that is too large.
    """
    dialect = connection.dialect
    encoders = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    driver = connection.connection.driver_connection
    if not isinstance(driver, PostgresConnection):
        raise TypeError(f"{type(driver).__name__} knows no COPY")
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for rows in batches:
                for row in rows:
                    copy.write_row([_encoded(value, encode) for value, encode in zip(row, encoders, strict=True)])
    except PostgresTrouble as wrong:
        # Its own words only: what stands beside them may quote a row.
        why = wrong.diag.message_primary or type(wrong).__name__
        raise UserMistake(f"{shown(connection.engine.url)}：{table.name} 没有写成：{why}") from None


def _encoded(value: Any, encode: Callable[[Any], Any] | None) -> Any:
    return encode(value) if encode is not None else value
