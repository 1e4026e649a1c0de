"""Rows of exhibits as arrays of their numbers: how they leave the database, and in which ranges they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, Text, cast, func, select

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

NONE: Rows = np.empty(0, np.int64)
SMALLEST = 2**12  # exhibits of the first range, where the newest are asked for
GROWTH = 4
LARGEST = 2**18  # of a range: what one question holds in memory follows from it


def numbers_in(text: str | None) -> Rows:
    """The numbers that a database joined with commas: a million rows are one value that way."""
    return np.fromstring(text, np.int64, sep=",") if text else NONE


def joined(connection: Connection, query: Select[*tuple[Any, ...]]) -> tuple[Rows, ...]:
    """The columns of a query of whole numbers, each as one array; none may be null."""
    rows = query.subquery()
    columns = [func.aggregate_strings(cast(column, Text), ",") for column in rows.c]
    return tuple(numbers_in(text) for text in connection.execute(select(*columns)).one())


def gathered(ranges: Iterable[Rows], limit: int) -> Rows:
    """The first `limit` rows of these ranges; those behind the last of them are never asked for."""
    found, left = [NONE], limit
    for rows in ranges:
        found.append(rows[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return np.concatenate(found)


def newest_first(last: int, smallest: int = SMALLEST, largest: int = LARGEST) -> Iterator[tuple[int, int]]:
    """Ranges from `last` down to 1, larger and larger, each begun at a multiple of its size: so indexes know them.

    What is left over above a multiple is in the range too, so that none is small.
    """
    size = smallest
    while last > 0:
        first = max((last + 1 - size) // size * size, 1)
        yield first, last
        last = first - 1
        size = min(size * GROWTH, largest)


def oldest_first(after: int, last: int, size: int = LARGEST) -> Iterator[tuple[int, int]]:
    """Ranges from the row behind `after` up to `last`, of one size."""
    first = after + 1
    while first <= last:
        end = min((first // size + 1) * size - 1, last)
        yield first, end
        first = end + 1
