"""Brings the index up to the rows, in batches that are each one transaction: whoever dies in one loses only that.

It runs beside the writers and holds them up for a batch at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, select

from storage.db import writing
from storage.models import ExhibitRow
from storage.searching import columns, given, late, marks
from storage.searching.checking import Check
from storage.searching.documents import Banding, Document, Indexed, Marking
from storage.searching.reading import indexed, rows_after
from storage.searching.shapes import Drift
from storage.searching.stale import begin_on
from storage.searching.words import words_of
from storage.tables.search import StaleExhibit
from storage.whereabouts import POSTGRES, SQLITE

BATCHES = {SQLITE: 2000, POSTGRES: 6000}
"""Exhibits of one transaction: PostgreSQL sorts what goes into the index, the more at once the better."""
Tell = Callable[[int], None]
"""Called after each batch with how many exhibits it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What follows `after`, as it was when it was read."""

    after: int
    rows: tuple[int, ...]
    exhibits: tuple[Indexed, ...]
    given: tuple[tuple[int, ...], ...]


def indexed_upto(connection: Connection) -> int:
    """The last exhibit that is in the index; 0 while there is none."""
    return marks.upto(connection)


class Indexer:
    """The index of all exhibits of one database. `bands` says which texts may be nearly the same, `marks` under which
    numbers addresses are found."""

    def __init__(self, engine: Engine, bands: Banding, marks: Marking | None = None) -> None:
        self.engine = engine
        self._bands = bands
        self._marks = marks
        self._batch = BATCHES[engine.dialect.name]
        self._writer = writing(engine)

    def behind(self) -> int:
        """How many exhibits the index does not have as they are; rows that were removed may count too."""
        with self.engine.connect() as connection:
            last = connection.execute(select(func.max(ExhibitRow.id))).scalar_one() or 0
            upto = marks.upto(connection)
            stale = connection.execute(select(func.count()).select_from(StaleExhibit)).scalar_one()
            return max(last - upto, 0) + int(stale)

    def catch_up(self, tell: Tell, at_most: int = 0) -> int:
        """Take in what is new and what changed, no more exhibits than `at_most` unless that is 0; returns how many."""
        self._begin_if_needed()
        done = 0
        for step in (self._take_new, self._take_changed):
            while (left := at_most - done if at_most else self._batch) > 0:
                number = step(min(left, self._batch))
                if not number:
                    break
                done += number
                tell(number)
        return done

    def rebuild(self, tell: Tell) -> int:
        """Make the index anew from the rows."""
        with self._writer.begin() as connection:
            begin_on(connection)
        return self.catch_up(tell)

    def check(self, tell: Tell, at_most: int = 0) -> Iterator[Drift]:
        """Compare the index with the rows, of the newest `at_most` exhibits unless that is 0; in one reading."""
        with self.engine.connect() as connection:
            yield from Check(connection, self._given).drift(tell, at_most)

    def _begin_if_needed(self) -> None:
        with self.engine.connect() as connection:
            if marks.has_begun(connection):
                return
        with self._writer.begin() as connection:
            if not marks.has_begun(connection):
                begin_on(connection)

    # -- what is new -------------------------------------------------------------------------------

    def _take_new(self, limit: int) -> int:
        while (batch := self._next(limit)).rows:
            with self._writer.begin() as connection:
                # Somebody else may have taken them in, or removed one, since they were read.
                is_current = marks.has_begun(connection) and marks.upto(connection) == batch.after
                if is_current and rows_after(connection, batch.after, len(batch.rows)) == batch.rows:
                    _write(connection, batch)
                    return len(batch.rows)
        return 0

    def _next(self, limit: int) -> _Batch:
        # Read outside the write lock: what is written about them meanwhile is told to `stale`.
        with self.engine.connect() as connection:
            after = marks.upto(connection)
            rows = rows_after(connection, after, limit)
            exhibits = indexed(connection, rows) if rows else ()
        return _Batch(after=after, rows=rows, exhibits=exhibits, given=tuple(self._given(one) for one in exhibits))

    def _given(self, one: Indexed) -> tuple[int, ...]:
        bands = self._bands(one.title, one.text)
        marked = self._marks((one.title, one.text), one.addresses) if self._marks else ()
        return given.kept((*bands, *marked))

    # -- what changed ------------------------------------------------------------------------------

    def _take_changed(self, limit: int) -> int:
        with self._writer.begin() as connection:
            query = select(StaleExhibit.exhibit_id).where(StaleExhibit.exhibit_id <= marks.upto(connection))
            rows = connection.execute(query.order_by(StaleExhibit.exhibit_id).limit(limit)).scalars().all()
            if rows:
                _rewrite(connection, rows)
                connection.execute(delete(StaleExhibit).where(StaleExhibit.exhibit_id.in_(rows)))
            return len(rows)


def _write(connection: Connection, batch: _Batch) -> None:
    bodies = [one.body(numbers) for one, numbers in zip(batch.exhibits, batch.given, strict=True)]
    lates = [one.late for one in batch.exhibits if one.late.says_something]
    # In the order of their numbers: FTS5 writes out what it has gathered whenever one is smaller than the last.
    words_of(connection).write(sorted([*bodies, *lates], key=lambda one: one.number))
    late.keep_late(connection, lates)
    columns.write_cells(connection, batch.rows, [one.cells for one in batch.exhibits])
    given.give(connection, batch.rows, batch.given)
    marks.reach(connection, batch.rows[-1])


def _rewrite(connection: Connection, rows: Sequence[int]) -> None:
    """Bring what may change up to date, and only where it did."""
    exhibits = indexed(connection, rows)
    held = late.late_of(connection, rows)
    changed = [one for one in exhibits if one.late != held.get(one.row, Document(number=one.late.number))]
    words = words_of(connection)
    words.forget([held[one.row] for one in changed if one.row in held])
    late.drop_late(connection, [one.row for one in changed])
    lates = [one.late for one in changed if one.late.says_something]
    words.write(lates)
    late.keep_late(connection, lates)
    columns.write_cells(connection, [one.row for one in exhibits], [one.cells for one in exhibits])
