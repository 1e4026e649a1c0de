"""How far each part of the search has come. A part that was made another way has not begun."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables.search import SearchMark

SCHEME = 2
"""How documents become words and exhibits cells. What was made another way is made anew."""

EXHIBITS = "exhibits"
PAGES = "pages"


def upto(connection: Connection, name: str = EXHIBITS) -> int:
    """The last row that is in this part; 0 for one that has to begin."""
    kept = connection.execute(select(SearchMark).where(SearchMark.name == name)).one_or_none()
    return kept.value if kept is not None and kept.scheme == SCHEME else 0


def has_begun(connection: Connection, name: str = EXHIBITS) -> bool:
    """Whether this part is there, in the way this code makes it."""
    kept = connection.execute(select(SearchMark.scheme).where(SearchMark.name == name)).scalar_one_or_none()
    return kept == SCHEME


def is_known(connection: Connection, name: str) -> bool:
    """Whether this part was ever begun, in whatever way."""
    return connection.execute(select(SearchMark.name).where(SearchMark.name == name)).first() is not None


def is_outdated(connection: Connection, name: str = EXHIBITS) -> bool:
    """Whether this part is there, but made another way."""
    kept = connection.execute(select(SearchMark.scheme).where(SearchMark.name == name)).scalar_one_or_none()
    return kept is not None and kept != SCHEME


def reach(connection: Connection, row: int, name: str = EXHIBITS) -> None:
    """This part has come up to this row."""
    put = insert(SearchMark).values(name=name, value=row, scheme=SCHEME)
    new = {"value": put.excluded.value, "scheme": put.excluded.scheme}
    connection.execute(put.on_conflict_do_update(index_elements=[SearchMark.name], set_=new))
