"""Compares the index with the rows it follows from, in one reading of both, and changes nothing.

What a writer has told to be stale is no drift. Words are compared all together, so that the newest alone take longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection, select

from storage.models import ExhibitRow
from storage.searching import columns, given, late, marks
from storage.searching.comparing import Comparison, comparison_of
from storage.searching.documents import PAGES_FROM, Document, Indexed, page_document
from storage.searching.reading import indexed
from storage.searching.shapes import Drift
from storage.searching.words import words_of
from storage.tables.search import PageText, StaleExhibit

BATCH = 2000
PAGES = 100
LARGEST = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Exhibits that follow one another: what there is from `first` to `last`."""

    first: int
    last: int
    exhibits: tuple[Indexed, ...]
    held: dict[int, Document]
    stale: frozenset[int]


class Check:
    """One comparison. `given_of` says under which numbers an exhibit is to be found."""

    def __init__(self, connection: Connection, given_of: Callable[[Indexed], tuple[int, ...]]) -> None:
        self._connection = connection
        self._given_of = given_of
        self._upto = marks.upto(connection)

    def drift(self, tell: Callable[[int], None], at_most: int) -> Iterator[Drift]:
        """Every place where they differ, among the newest `at_most` exhibits unless that is 0."""
        begun = self._begins(at_most)
        comparison = comparison_of(self._connection, is_whole=begun == 0)
        for stretch in self._stretches(begun):
            yield from self._rows(stretch)
            documents = [*self._bodies(stretch), *stretch.held.values()]
            yield from self._there(stretch, documents)
            yield from (_of_words(number, told) for number, told in comparison.add(documents))
            tell(len(stretch.exhibits))
        if not begun:
            yield from self._pages(comparison)
        again = chain(map(self._documents, self._stretches(begun)), self._page_documents())
        yield from (_of_words(number, told) for number, told in comparison.drift(again))

    def _begins(self, at_most: int) -> int:
        """The exhibit after which it begins."""
        if not at_most:
            return 0
        query = select(ExhibitRow.id).where(ExhibitRow.id <= self._upto).order_by(ExhibitRow.id.desc())
        return self._connection.execute(query.offset(at_most).limit(1)).scalar_one_or_none() or 0

    def _stretches(self, begun: int) -> Iterator[_Stretch]:
        """All that lies beyond `begun`, also where no exhibit is."""
        while begun < self._upto:
            last = min(begun + BATCH, self._upto)
            query = select(ExhibitRow.id).where(ExhibitRow.id > begun, ExhibitRow.id <= last)
            rows = self._connection.execute(query.order_by(ExhibitRow.id)).scalars().all()
            yield _Stretch(
                first=begun + 1,
                last=last,
                exhibits=indexed(self._connection, rows),
                held=late.late_between(self._connection, begun + 1, last),
                stale=self._stale(begun + 1, last),
            )
            begun = last

    def _stale(self, first: int, last: int) -> frozenset[int]:
        query = select(StaleExhibit.exhibit_id).where(StaleExhibit.exhibit_id.between(first, last))
        return frozenset(self._connection.execute(query).scalars())

    # -- one exhibit after the other ---------------------------------------------------------------

    def _rows(self, stretch: _Stretch) -> Iterator[Drift]:
        names = (*columns.CODED, *columns.NUMBERS)
        told = {name: columns.told(self._connection, name, stretch.first, stretch.last) for name in names}
        numbers = given.given_to(self._connection, [one.row for one in stretch.exhibits])
        for one in stretch.exhibits:
            if numbers[one.row] != self._given_of(one):
                yield Drift(exhibit=one.row, part="given", detail="编号与算出的不同")
            if one.row in stretch.stale:
                continue
            for name in names:
                kept, is_so = told[name][one.row - stretch.first], str(getattr(one.cells, name))
                if kept != is_so:
                    yield Drift(exhibit=one.row, part=name, detail=f"索引是 {kept or '空'}，应是 {is_so or '空'}")
            if stretch.held.get(one.row, Document(number=one.late.number)) != one.late:
                yield Drift(exhibit=one.row, part="late", detail="图片文字或主体与数据行不同")
        yield from self._nobody(stretch, told["platform"])

    def _nobody(self, stretch: _Stretch, told: Sequence[str]) -> Iterator[Drift]:
        there = {one.row for one in stretch.exhibits}
        for at, kept in enumerate(told):
            row = stretch.first + at
            if row not in there and (kept or row in stretch.held):
                yield Drift(exhibit=row, part="rows", detail="索引里有，数据库里没有")

    # -- words -------------------------------------------------------------------------------------

    def _there(self, stretch: _Stretch, documents: Sequence[Document]) -> Iterator[Drift]:
        found = words_of(self._connection).numbers(2 * stretch.first, 2 * stretch.last + 1)
        kept, wanted = set(found.tolist()), {one.number for one in documents if one.says_something}
        yield from (_of_words(number, "没有编入") for number in sorted(wanted - kept))
        yield from (_of_words(number, "不该有，却编入了") for number in sorted(kept - wanted))

    def _pages(self, comparison: Comparison) -> Iterator[Drift]:
        kept = set(words_of(self._connection).numbers(PAGES_FROM, PAGES_FROM + LARGEST).tolist())
        wanted: set[int] = set()
        for documents in self._page_documents():
            wanted.update(one.number for one in documents if one.says_something)
            yield from (_of_words(number, told) for number, told in comparison.add(documents))
        yield from (_of_words(number, "没有编入") for number in sorted(wanted - kept))
        yield from (_of_words(number, "不该有，却编入了") for number in sorted(kept - wanted))

    def _page_documents(self) -> Iterator[list[Document]]:
        """The whole pages that are in the index, a few at a time: pages are long."""
        last, begun = marks.upto(self._connection, marks.PAGES), 0
        query = select(PageText.id, PageText.text).where(PageText.id <= last).order_by(PageText.id).limit(PAGES)
        while rows := self._connection.execute(query.where(PageText.id > begun)).all():
            yield [page_document(row.id, row.text) for row in rows]
            begun = rows[-1].id

    def _documents(self, stretch: _Stretch) -> list[Document]:
        return [*self._bodies(stretch), *stretch.held.values()]

    def _bodies(self, stretch: _Stretch) -> list[Document]:
        numbers = given.given_to(self._connection, [one.row for one in stretch.exhibits])
        return [one.body(numbers[one.row]) for one in stretch.exhibits]


def _of_words(number: int, told: str) -> Drift:
    if number >= PAGES_FROM:
        return Drift(exhibit=number - PAGES_FROM, part="page", detail=told)
    return Drift(exhibit=number // 2, part="words", detail=told)
