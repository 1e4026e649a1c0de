"""Whether a thing is done by one only, among all machines that share a PostgreSQL; on SQLite there is one machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from storage.db import postgres_engine
from storage.whereabouts import POSTGRES, Place, url_of

PICTURES = 0x6C616E7470696373  # the key of the lock on the queue of pictures


@contextmanager
def alone(place: Place, key: int) -> Iterator[bool]:
    """Whether this is ours to do while the context is open. The server lets go when we die."""
    url = url_of(place)
    if url.get_backend_name() != POSTGRES:
        yield True
        return
    engine = postgres_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield bool(connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one())
            connection.invalidate()  # a connection that went back into a pool would keep the lock
    finally:
        engine.dispose()
