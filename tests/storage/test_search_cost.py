"""What a question costs: counted in what the database is asked, never in time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from search_specimens import START, Seen, Sown, indexed, plainly, sow_around, sow_exhibits
from sqlalchemy import Engine, event
from storage_specimens import on_sqlite

from storage.search import Search
from storage.searching.rowids import LARGEST, SMALLEST, newest_first, oldest_first
from storage.searching.shapes import Field, Filters, Query, Term

RARE = "罕见词语"
EVERYWHERE = "处处都有"
A_MILLION = 1_000_000


class Asked:
    """Statements and what was bound to them."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Between which exhibits words were asked for, each time."""
        asked = [bound for statement, bound in self.statements if "MATCH" in statement]
        return [(first // 2, last // 2) for _, first, last in asked]

    def of(self, table: str) -> list[str]:
        return [statement for statement, _ in self.statements if f"FROM {table}" in statement]


@contextmanager
def listening(engine: Engine) -> Iterator[Asked]:
    asked = Asked()

    def note(_connection: Any, _cursor: Any, statement: str, bound: Any, *_: Any) -> None:
        asked.statements.append((statement, bound))

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def sown(engine: Engine) -> Sown:
    """60 exhibits over a million rows, the same words in all but the oldest, which has its own."""
    sow_around(engine, random.Random(5))
    sample = replace(sow_one(), title=EVERYWHERE)
    rows = range(A_MILLION // 60, A_MILLION + 1, A_MILLION // 60)
    seen = [replace(sample, row=row, text=RARE if row == rows[0] else "") for row in rows]
    sow_exhibits(engine, seen)
    indexed(engine)
    return Sown(tuple(seen))


def sow_one() -> Seen:
    return Seen(row=1, listing="l", platform="taobao", kind="post", place="", seen_at=START, title="", text="")


@on_sqlite
def test_the_newest_of_a_frequent_word_are_asked_of_the_newest_rows(engine: Engine, sown: Sown) -> None:
    with listening(engine) as asked:
        hits = Search(engine).newest(Query(terms=(Term(text=EVERYWHERE),)), 3)
    assert [hit.row for hit in hits] == [one.row for one in sown.seen[:-4:-1]]
    lowest = min(first for first, _ in asked.ranges)
    assert hits[-1].row - LARGEST < lowest <= hits[-1].row
    assert len(asked.ranges) <= 4


@on_sqlite
def test_a_rare_word_is_asked_of_all_rows_in_few_questions(engine: Engine, sown: Sown) -> None:
    with listening(engine) as asked:
        hits = Search(engine).newest(Query(terms=(Term(text=RARE),)))
    assert [hit.row for hit in hits] == [sown.seen[0].row]
    assert len(asked.ranges) <= 10
    assert min(asked.ranges)[0] <= 1
    assert max(asked.ranges)[1] == sown.seen[-1].row


@on_sqlite
def test_what_no_exhibit_passes_asks_for_no_word(engine: Engine, sown: Sown) -> None:
    with listening(engine) as asked:
        query = Query(terms=(Term(text=EVERYWHERE),), filters=Filters(platforms=frozenset(("baidu",))))
        assert Search(engine).newest(query) == ()
    assert asked.ranges == []
    assert asked.of("exhibits") == []


@on_sqlite
def test_few_that_pass_are_read(engine: Engine, sown: Sown) -> None:
    sow_exhibits(engine, [replace(sow_one(), row=A_MILLION + 9, listing="other", platform="baidu", title="包")])
    indexed(engine)
    query = Query(terms=(Term(text="包"), Term(text="无")), filters=Filters(platforms=frozenset(("baidu",))))
    with listening(engine) as asked:
        assert Search(engine).newest(query) == ()
    assert asked.ranges == []


@on_sqlite
def test_counting_reads_no_exhibit(engine: Engine, sown: Sown) -> None:
    search = Search(engine)
    with listening(engine) as one:
        assert search.facets(Query(terms=(Term(text=RARE),))).total == 1
    with listening(engine) as many:
        assert search.facets(Query(terms=(Term(text=EVERYWHERE),))).total == 60
    assert len(many.statements) == len(one.statements)
    assert len(many.ranges) == 1
    assert many.of("exhibits") == []


@on_sqlite
def test_hits_are_read_together(engine: Engine, sown: Sown) -> None:
    with listening(engine) as asked:
        assert len(Search(engine).newest(Query(), 50)) == 50
    assert len(asked.of("exhibits")) == 1
    with listening(engine) as less:
        assert len(Search(engine).newest(Query(), 10)) == 10
    of_hits = ("findings", "entities", "search_late")
    assert [len(asked.of(table)) for table in of_hits] == [len(less.of(table)) for table in of_hits] == [1, 1, 1]


@on_sqlite
def test_beginnings_are_read_where_the_index_cannot_tell(engine: Engine, sown: Sown) -> None:
    last = sown.seen[-1].row
    more = [replace(sow_one(), row=last + 1 + at, title="xab" if at % 300 else "ab xab") for at in range(600)]
    sow_exhibits(engine, more)
    indexed(engine)
    query = Query(terms=(Term(text="AB", is_prefix=True),), fields=frozenset((Field.TITLE,)))
    assert [hit.row for hit in Search(engine).newest(query)] == [last + 301, last + 1]
    assert plainly(Sown(tuple(more)), query) == [more[0], more[300]]


def test_ranges_begin_at_multiples_of_their_size() -> None:
    ranges = list(newest_first(A_MILLION))
    assert ranges[0] == ((A_MILLION // SMALLEST - 1) * SMALLEST, A_MILLION)
    assert [last for _, last in ranges[1:]] == [first - 1 for first, _ in ranges[:-1]]
    assert ranges[-1][0] == 1
    assert all(SMALLEST <= last - first + 1 < 2 * LARGEST for first, last in ranges[:-1])
    assert list(newest_first(1)) == [(1, 1)]
    assert len(ranges) < 12


def test_ranges_upwards_leave_out_nothing() -> None:
    ranges = list(oldest_first(5, A_MILLION))
    assert ranges[0][0] == 6
    assert ranges[-1][1] == A_MILLION
    assert [first for first, _ in ranges[1:]] == [last + 1 for _, last in ranges[:-1]]
