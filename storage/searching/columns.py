"""What exhibits are filtered and counted by, as columns of small numbers: one for each exhibit, by its row.

A code stands for a value; 0 is for an exhibit that is not there. It knows nothing of what values mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.models import encodable
from storage.searching.documents import Cells
from storage.tables.search import SearchColumn, SearchValue

BLOCK = 4096
CODED = ("platform", "kind", "place", "categories", "rules")
NUMBERS = ("seen", "lead")
_NARROW = frozenset({"platform", "kind", "place"})


def codes(connection: Connection, name: str, first: int, last: int) -> NDArray[np.integer[Any]]:
    """The codes of a column for the exhibits of rows `first` to `last`, both of these; 0 where there is none."""
    low, high = first // BLOCK, last // BLOCK
    found = np.zeros((high - low + 1) * BLOCK, dtype=_type(name))
    query = select(SearchColumn.block, SearchColumn.codes)
    query = query.where(SearchColumn.name == name, SearchColumn.block.between(low, high))
    for block, kept in connection.execute(query):
        start = (block - low) * BLOCK
        found[start : start + BLOCK] = np.frombuffer(kept, dtype=_type(name))
    return found[first - low * BLOCK : last - low * BLOCK + 1]


def told(connection: Connection, name: str, first: int, last: int) -> list[str]:
    """What the column says of each of these exhibits, in words; empty of one that is not there."""
    numbers = codes(connection, name, first, last).tolist()
    if name in NUMBERS:
        return [str(number) for number in numbers]
    known = dict(enumerate(values(connection, name)))
    return [known.get(number, "?") for number in numbers]


def values(connection: Connection, name: str) -> tuple[str, ...]:
    """What the codes of a column stand for, by code; the first is of none."""
    query = select(SearchValue.value).where(SearchValue.name == name).order_by(SearchValue.code)
    return ("", *connection.execute(query).scalars())


# -- writing -----------------------------------------------------------------------------------


def write_cells(connection: Connection, rows: Sequence[int], cells: Sequence[Cells]) -> None:
    """Put in what these exhibits have."""
    for name in CODED:
        told = [str(getattr(one, name)) for one in cells]
        _write(connection, name, rows, _numbered(connection, name, told))
    for name in NUMBERS:
        _write(connection, name, rows, np.array([getattr(one, name) for one in cells], dtype=np.uint32))


def empty_cells(connection: Connection, rows: Sequence[int]) -> None:
    """Nothing is known of these exhibits any more."""
    for name in (*CODED, *NUMBERS):
        _write(connection, name, rows, np.zeros(len(rows), dtype=_type(name)))


def begin(connection: Connection) -> None:
    """Empty every column, and give no code."""
    connection.execute(delete(SearchColumn))
    connection.execute(delete(SearchValue))


def _numbered(connection: Connection, name: str, told: Sequence[str]) -> NDArray[np.integer[Any]]:
    told = [encodable(one) for one in told]
    wanted = sorted(set(told))
    query = select(SearchValue.value, SearchValue.code).where(SearchValue.name == name, SearchValue.value.in_(wanted))
    known = {row.value: row.code for row in connection.execute(query)}
    highest = connection.execute(select(func.max(SearchValue.code)).where(SearchValue.name == name)).scalar_one() or 0
    new = [one for one in wanted if one not in known]
    if name in _NARROW and highest + len(new) > np.iinfo(np.uint16).max:
        raise ValueError(f"{name} has more values than its column can tell apart")
    rows = [{"name": name, "code": highest + 1 + at, "value": one} for at, one in enumerate(new)]
    if rows:
        connection.execute(insert(SearchValue), rows)
    known |= {one: highest + 1 + at for at, one in enumerate(new)}
    return np.array([known[one] for one in told], dtype=_type(name))


def _write(connection: Connection, name: str, rows: Sequence[int], cells: NDArray[np.integer[Any]]) -> None:
    at = np.asarray(rows, dtype=np.int64)
    for block in np.unique(at // BLOCK).tolist():
        start = block * BLOCK
        here = at // BLOCK == block
        old = codes(connection, name, start, start + BLOCK - 1)
        new = old.copy()
        new[at[here] - start] = cells[here]
        if not np.array_equal(old, new):
            put = insert(SearchColumn).values(name=name, block=block, codes=new.tobytes())
            where = [SearchColumn.name, SearchColumn.block]
            connection.execute(put.on_conflict_do_update(index_elements=where, set_={"codes": put.excluded.codes}))


def _type(name: str) -> np.dtype[Any]:
    return np.dtype("<u2" if name in _NARROW else "<u4")
