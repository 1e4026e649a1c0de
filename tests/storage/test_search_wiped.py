"""Words that were taken out of the index can be read nowhere in it, once it is wiped."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from storage_specimens import listing, on_both, page_of

from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.search import Search
from storage.searching import stale
from storage.searching.indexing import Indexer
from storage.searching.shapes import Field, Query, Term
from storage.searching.wiping import wipe
from storage.searching.words import words_of

GONE = "😀甲"  # neighbours of a word in the index share its first bytes, and no other begins with these


def _raw(engine: Engine, word: str) -> bool:
    with engine.connect() as connection:
        blocks = connection.exec_driver_sql("SELECT block FROM search_words_data").scalars().all()
    return any(word.encode() in block for block in blocks)


def _indexed(store: ExhibitStore) -> None:
    for number in range(1, 6):
        store.record(page_of((listing(f"{number}", title=GONE if number == 2 else f"包授权 {number}"),), number=number))
        Indexer(store.engine, lambda title, text: ()).catch_up(lambda _: None)


@pytest.mark.parametrize("pages", [1, 1_000])
def test_removed_words_are_in_no_block(planned: ExhibitStore, pages: int) -> None:
    engine = planned.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite's own tables")
    _indexed(planned)
    with writing(engine).begin() as connection:
        stale.forget_on(connection, [2])
    assert _raw(engine, GONE)
    wipe(engine, pages)
    assert not _raw(engine, GONE)
    assert Search(engine).count(Query(terms=(Term(text="包授权"),))) == 4
    wipe(engine, pages)


@on_both
def test_wiping_changes_no_answer(planned: ExhibitStore) -> None:
    engine = planned.engine
    wipe(engine)  # nothing was indexed yet
    _indexed(planned)
    wipe(engine)
    with engine.connect() as connection:
        assert words_of(connection).matching("包授", frozenset(Field), 0, 10).tolist() == [1, 3, 4, 5]
