"""What was taken out of the words goes from the database's own pages too: SQLite keeps it beside a note that it is
gone until pieces of the index are merged. PostgreSQL's server clears its index by itself (VACUUM)."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from storage.db import writing
from storage.searching import marks

PAGES = 1_000  # of the database, in one transaction: others write in between
_MERGE = "INSERT INTO search_words(search_words, rank) VALUES ('merge', ?)"


def wipe(engine: Engine, pages: int = PAGES) -> None:
    """Merge the index of words to one piece, in which nothing is that was taken out before. It costs a writing of the
    whole index, in steps; whoever is killed in between leaves an index that answers the same."""
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        if not marks.is_known(connection, marks.EXHIBITS):
            return
    writer, step = writing(engine), -pages
    while True:
        with writer.begin() as connection:
            before = _changes(connection)
            connection.exec_driver_sql(_MERGE, (step,))
            if _changes(connection) - before < 2:  # one is the asking itself
                return
        step = pages


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())
