"""The numbers that exhibits were indexed under, kept so that they can be taken out again: bands and addresses' marks.

What they mean only their makers know. Small ones are kept in 32 bits, for of them there are many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables.search import SearchColumn

EXACT = 2**62
"""A number from here on finds only itself. Of smaller ones two may meet by chance, which costs a comparison."""

NAME = "given"
SIZE = 256  # exhibits in a block
# The largest prime of 32 bits.
_MODULUS = 4_294_967_291
_COUNT, _SMALL, _LARGE = np.dtype("<u2"), np.dtype("<u4"), np.dtype("<u8")


def kept(numbers: Sequence[int]) -> tuple[int, ...]:
    """The numbers as they are kept, each once; 0 is none."""
    return tuple(sorted({one if one >= EXACT else one % _MODULUS or 1 for one in numbers}))


def given_to(connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The numbers that these exhibits were indexed under, as they are kept."""
    blocks = {block: _read(connection, block) for block in sorted({row // SIZE for row in rows})}
    return {row: blocks[row // SIZE][row % SIZE] for row in rows}


def give(connection: Connection, rows: Sequence[int], numbers: Sequence[tuple[int, ...]]) -> None:
    """These exhibits are indexed under these numbers, which are as `kept` makes them."""
    told = dict(zip(rows, numbers, strict=True))
    for block in sorted({row // SIZE for row in rows}):
        old = _read(connection, block)
        new = [told.get(block * SIZE + at, before) for at, before in enumerate(old)]
        if new != old:
            put = insert(SearchColumn).values(name=NAME, block=block, codes=_packed(new))
            where = [SearchColumn.name, SearchColumn.block]
            connection.execute(put.on_conflict_do_update(index_elements=where, set_={"codes": put.excluded.codes}))


def _read(connection: Connection, block: int) -> list[tuple[int, ...]]:
    query = select(SearchColumn.codes).where(SearchColumn.name == NAME, SearchColumn.block == block)
    packed = connection.execute(query).scalar_one_or_none()
    return [()] * SIZE if packed is None else _unpacked(packed)


def _packed(several: Sequence[tuple[int, ...]]) -> bytes:
    small = [[one for one in numbers if one < EXACT] for numbers in several]
    large = [[one for one in numbers if one >= EXACT] for numbers in several]
    counts = [len(numbers) for numbers in (*small, *large)]
    return b"".join(
        (
            np.array(counts, dtype=_COUNT).tobytes(),
            np.array([one for numbers in small for one in numbers], dtype=_SMALL).tobytes(),
            np.array([one for numbers in large for one in numbers], dtype=_LARGE).tobytes(),
        )
    )


def _unpacked(packed: bytes) -> list[tuple[int, ...]]:
    counts = np.frombuffer(packed, dtype=_COUNT, count=2 * SIZE).astype(np.int64)
    start = counts.size * _COUNT.itemsize
    middle = start + int(counts[:SIZE].sum()) * _SMALL.itemsize
    small = _split(np.frombuffer(packed[start:middle], dtype=_SMALL).tolist(), counts[:SIZE].tolist())
    large = _split(np.frombuffer(packed[middle:], dtype=_LARGE).tolist(), counts[SIZE:].tolist())
    return [(*few, *more) for few, more in zip(small, large, strict=True)]


def _split(numbers: list[int], counts: Sequence[int]) -> list[list[int]]:
    ends = np.cumsum(counts).tolist()
    return [numbers[end - count : end] for end, count in zip(ends, counts, strict=True)]
