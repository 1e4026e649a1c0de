"""Whole pages are found by their text, which is read once, kept as long as its capture, and goes with all its words."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from search_specimens import drawn, folded
from sqlalchemy import Engine, event, func, select, update
from storage_specimens import listing, on_both, page_of

from crawler.items import Capture
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import CaptureRow
from storage.search import Search
from storage.searching import marks
from storage.searching.indexing import Indexer
from storage.searching.pagetexts import LONGEST, PageIndexer, forget_pages_on
from storage.searching.shapes import Drift, Filters, Query, Term
from storage.searching.words import words_of
from storage.tables.search import PageText, SearchMark

FILE = "lantian-20260801T023015Z-00000000.warc.gz"
EXPIRY = 7


class Archive:
    """Gives the text of each capture, and notes which were read."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.read: list[str] = []

    def __call__(self, capture: Capture) -> str:
        self.read.append(capture.id)
        return self.texts[int(capture.id.rpartition("-")[2]) - 1]


def shown(store: ExhibitStore, numbers: Sequence[int]) -> None:
    """That many pages, each with a visit of its own."""
    for number in numbers:
        store.record(page_of((listing(f"{number}"),), number=number, picture=True))


def drift(engine: Engine) -> list[Drift]:
    return list(Indexer(engine, lambda title, text: ()).check(lambda _: None))


def caught_up(engine: Engine, archive: Archive, at_most: int = 0) -> int:
    Indexer(engine, lambda title, text: ()).catch_up(lambda _: None)
    return PageIndexer(engine, archive).catch_up(lambda _: None, at_most)


def found(engine: Engine, word: str, **asked: object) -> list[int]:
    query = Query(terms=(Term(text=word),), **asked)  # type: ignore[arg-type]
    return sorted(hit.row for hit in Search(engine).pages(query, limit=1_000))


def texts_of(chance: random.Random, number: int) -> list[str]:
    return ["".join(drawn(chance) for _ in range(20)) for _ in range(number)]


@on_both
def test_any_part_of_a_page_is_found(planned: ExhibitStore) -> None:
    engine, chance = planned.engine, random.Random(8)
    archive = Archive(texts_of(chance, 12))
    shown(planned, range(1, 13))
    assert caught_up(engine, archive) == 12
    assert drift(engine) == []
    texts = [folded(text) for text in archive.texts]
    for _ in range(80):
        text = chance.choice(archive.texts)
        start, length = chance.randrange(len(text)), chance.randint(1, 6)
        part = text[start : start + length]
        expected = [row for row, one in enumerate(texts, 1) if folded(part) in one]
        assert found(engine, part) == expected != [], ascii(part)
        assert Search(engine).count_pages(Query(terms=(Term(text=part),))) == len(expected)
    begins = re.compile("(?<![0-9a-z])20")
    prefixed = Query(terms=(Term(text="20", is_prefix=True),), without=(Term(text="%"),))
    rows = [row for row, one in enumerate(texts, 1) if begins.search(one) and "%" not in one]
    assert sorted(hit.row for hit in Search(engine).pages(prefixed)) == rows


@on_both
def test_a_page_is_read_once_and_is_no_exhibit(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "整页 乙" + "长" * LONGEST, "整页 丙"])
    shown(planned, [1, 2])
    assert PageIndexer(engine, archive).behind() == 2
    assert caught_up(engine, archive, at_most=1) == 1
    assert caught_up(engine, archive) == 1
    assert caught_up(engine, archive) == 0
    shown(planned, [3])
    assert caught_up(engine, archive) == 1
    assert archive.read == ["text-run-1-1", "text-run-1-2", "text-run-1-3"]
    assert found(engine, "整页") == [1, 2, 3]
    assert found(engine, "整页", filters=Filters(platforms=frozenset({"taobao"}))) == [1, 2, 3]
    assert found(engine, "整页", filters=Filters(platforms=frozenset({"baidu"}))) == []
    assert Search(engine).count(Query(terms=(Term(text="整页"),))) == 0
    with engine.connect() as connection:
        longest = select(func.max(func.length(PageText.text)))
        assert connection.execute(longest).scalar_one() == LONGEST


@on_both
def test_made_anew_the_archive_is_not_read_again(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "a\0b\ud800c"])
    shown(planned, [1, 2])
    caught_up(engine, archive)
    Indexer(engine, lambda title, text: ()).rebuild(lambda _: None)
    assert found(engine, "整页") == []
    assert caught_up(engine, archive) == 2
    assert len(archive.read) == 2
    assert found(engine, "整页") == [1]
    assert found(engine, "b\ufffdc") == [2]
    assert drift(engine) == []


@on_both
def test_visits_of_an_older_home_are_read_too(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "整页 乙"])
    shown(planned, [1, 2])
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("DELETE FROM page_texts")
    assert caught_up(engine, archive) == 2
    assert len(found(engine, "整页")) == 2


def _expire(engine: Engine, captures: Sequence[str]) -> None:
    with writing(engine).begin() as connection:
        expired = update(CaptureRow).where(CaptureRow.id.in_(captures)).values(expired_in=EXPIRY)
        connection.execute(expired)
        forget_pages_on(connection, [FILE], EXPIRY)


@on_both
def test_what_expires_takes_its_words_along(planned: ExhibitStore) -> None:
    engine = planned.engine
    archive = Archive(["整页 甲", "整页 乙", "整页 丙", "整页 丁", "整页 戊"])
    shown(planned, [1, 2, 3])
    caught_up(engine, archive)
    shown(planned, [4])
    _expire(engine, ["text-run-1-2", "text-run-1-3", "text-run-1-4"])
    assert found(engine, "整页") == [1]
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(PageText)).scalar_one() == 1
        assert words_of(connection).matching_pages("乙", 0, 1000).size == 0
    assert drift(engine) == []
    # The number of the last one is given again, and its page is read.
    shown(planned, [5])
    assert caught_up(engine, archive) == 1
    assert len(found(engine, "戊")) == 1
    assert drift(engine) == []


@on_both
def test_what_expires_while_it_is_read_is_not_taken_in(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "整页 乙"])
    shown(planned, [1, 2])

    def read(capture: Capture) -> str:
        if not archive.read:
            _expire(engine, ["text-run-1-2"])
        return archive(capture)

    PageIndexer(engine, read).catch_up(lambda _: None)
    assert found(engine, "整页") == [1]
    assert drift(engine) == []


@on_both
def test_two_at_once_take_in_no_page_twice(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "整页 乙"])
    shown(planned, [1, 2])

    def read(capture: Capture) -> str:
        if not archive.read:
            archive.read.append("")
            PageIndexer(engine, archive).catch_up(lambda _: None)
        return archive(capture)

    assert PageIndexer(engine, read).catch_up(lambda _: None) == 0
    assert found(engine, "整页") == [1, 2]
    assert drift(engine) == []


@on_both
def test_drift_of_a_page_is_found(planned: ExhibitStore) -> None:
    engine = planned.engine
    shown(planned, [1, 2, 3])
    caught_up(engine, Archive(["整页 甲", "整页 乙", "整页 丙"]))
    with writing(engine).begin() as connection:
        connection.execute(update(PageText).where(PageText.id == 2).values(text="别的"))
    assert {(one.exhibit, one.part) for one in drift(engine)} == {(2, "page")}
    with writing(engine).begin() as connection:
        connection.execute(update(PageText).where(PageText.id == 2).values(text="整页 乙"))
        connection.execute(update(SearchMark).where(SearchMark.name == marks.PAGES).values(value=2))
    assert {(one.exhibit, one.part) for one in drift(engine)} == {(3, "page")}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_index_made_another_way_forgets_by_beginning_anew(planned: ExhibitStore) -> None:
    engine, archive = planned.engine, Archive(["整页 甲", "整页 乙"])
    shown(planned, [1, 2])
    caught_up(engine, archive)
    with writing(engine).begin() as connection:
        connection.execute(update(SearchMark).values(scheme=marks.SCHEME - 1))
    _expire(engine, ["text-run-1-2"])
    assert found(engine, "乙") == []
    caught_up(engine, archive)
    assert found(engine, "整页") == [1]
    assert drift(engine) == []


@on_both
def test_the_captures_of_pages_are_told_without_their_texts(planned: ExhibitStore) -> None:
    engine = planned.engine
    shown(planned, [1, 2, 3])
    caught_up(engine, Archive(["整页 甲", "别的", "整页 丙"]))
    query = Query(terms=(Term(text="整页"),))
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert Search(engine).page_ids(query) == ("text-run-1-3", "text-run-1-1")
    assert Search(engine).page_ids(query, limit=1) == ("text-run-1-3",)
    assert not any("page_texts.text" in one for one in statements)
