"""The index follows the rows, whoever dies on the way, costs as much as what is new, and is compared with the rows."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from search_specimens import START, Seen, bands_of, drawn, sow, sow_exhibits, values
from sqlalchemy import Connection, Engine, delete, event, func, insert, select, update
from storage_specimens import T0, finding, listing, on_both, on_sqlite, page_of

from crawler.items import Entity
from crawler.pictures import Fate, PictureLine, PictureText, WantedPicture
from storage.cases.lead_exhibits import hand_listings_on, lead_listings
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow, Run
from storage.picture_shapes import PictureEnd
from storage.searching import columns, indexing, marks
from storage.searching.documents import Document
from storage.searching.given import given_to, kept
from storage.searching.indexing import Indexer, indexed_upto
from storage.searching.reading import indexed
from storage.searching.shapes import Drift, Field
from storage.searching.stale import forget_on, touch_on
from storage.searching.words import words_of
from storage.searching.words_sqlite import columns_of
from storage.tables.pictures import PictureRow, PictureTextRow
from storage.tables.search import LateWords, SearchColumn, SearchMark, StaleExhibit

MOST = 10**9
BOX = (0, 0, 1, 1)
PICTURE = "https://img.taobao.example/1.jpg"


def marks_of(texts: object, addresses: object) -> tuple[int, ...]:
    """Numbers for the indexer, some exact."""
    return tuple(1 << 62 | len(one) for one in addresses)  # type: ignore[attr-defined]


def indexer(engine: Engine) -> Indexer:
    return Indexer(engine, bands_of, marks_of)


def untold(_: int) -> None:
    """Nobody listens."""


def drift(engine: Engine, at_most: int = 0) -> list[Drift]:
    return list(indexer(engine).check(untold, at_most))


def parts(engine: Engine) -> set[tuple[int, str]]:
    return {(one.exhibit, one.part) for one in drift(engine)}


def found(engine: Engine, words: str, *fields: Field) -> list[int]:
    with engine.connect() as connection:
        return words_of(connection).matching(words, frozenset(fields or Field), 0, MOST).tolist()  # type: ignore[no-any-return]


def seen(row: int, title: str, text: str = "", **changes: object) -> Seen:
    made = Seen(row=row, listing=f"l{row}", platform="taobao", kind="ad", place="", seen_at=START, title="", text="")
    return replace(made, title=title, text=text, **changes)


@pytest.fixture
def home(engine: Engine) -> Engine:
    """With a run and a capture."""
    with writing(engine).begin() as connection:
        connection.execute(insert(CaptureRow), values(CaptureRow.__table__, id="capture"))
        connection.execute(insert(Run), [values(Run.__table__, id="run-")])
    return engine


# -- taking in ---------------------------------------------------------------------------------


@on_both
def test_batches_of_any_size_make_the_same_index(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sow(engine, seed=5, number=60, step=700)
    assert indexer(engine).behind() >= 60
    monkeypatch.setattr(indexing, "BATCHES", {engine.dialect.name: 7})
    told: list[int] = []
    assert indexer(engine).catch_up(told.append, at_most=20) == 20
    assert told == [7, 7, 6]
    assert indexer(engine).catch_up(told.append) == 40
    assert drift(engine) == []
    assert indexer(engine).behind() == indexer(engine).catch_up(told.append) == 0
    before = _everything(engine)
    monkeypatch.undo()
    assert indexer(engine).rebuild(untold) == 60
    assert _everything(engine) == before


def _everything(engine: Engine) -> object:
    with engine.connect() as connection:
        blocks = connection.execute(select(SearchColumn).order_by(SearchColumn.name, SearchColumn.block)).all()
        late = connection.execute(select(LateWords).order_by(LateWords.exhibit_id)).all()
        said = {name: columns.values(connection, name) for name in columns.CODED}
        told = {name: columns.told(connection, name, 1, indexed_upto(connection)) for name in said}
        given = [row for row in blocks if row.name not in said]
        numbers = words_of(connection).numbers(0, MOST).tolist()
    return [tuple(row) for row in given], [tuple(row) for row in late], told, numbers


@on_both
def test_no_exhibit_stops_the_index(home: Engine) -> None:
    """Whatever a page says: of any length, of any time, without a word."""
    long = "".join(chr(0x4E00 + at * 7 % 20_000) for at in range(100_000))
    ancient, late = datetime(1899, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    sow_exhibits(
        home,
        [
            seen(1, "", ""),
            seen(2, long, long[::-1], seen_at=ancient),
            seen(3, "\ud800\0", "甲", seen_at=late, pictures=["", "ヲ", "ヲ"], entities=[("phone", ""), ("", "1")]),
            seen(2**31 - 1, "最后一个", entities=[("phone", "1"), ("phone", "1"), ("qq", "1")]),
        ],
    )
    indexer(home).catch_up(untold)
    assert found(home, long[:2000]) == found(home, long[-3:]) == [2]
    assert found(home, "\ufffd\ufffd") == found(home, "ヲ") == [3]
    with home.connect() as connection:
        assert columns.codes(connection, "seen", 1, 3).tolist() == [int(START.timestamp()), 0, 2**32 - 1]
        assert words_of(connection).matching("最后", frozenset(Field), 0, 2**31 - 1).tolist() == [2**31 - 1]


@on_both
def test_an_index_made_another_way_is_made_anew(home: Engine) -> None:
    sow_exhibits(home, [seen(1, "包授权"), seen(2, "商标")])
    indexer(home).catch_up(untold)
    with writing(home).begin() as connection:
        connection.execute(update(SearchMark).values(scheme=marks.SCHEME - 1))
        connection.exec_driver_sql("DROP TABLE search_words")
        connection.exec_driver_sql("CREATE TABLE search_words (other integer)")
    assert indexer(home).behind() == 2
    with home.connect() as connection:
        assert indexed_upto(connection) == 0
    assert indexer(home).catch_up(untold) == 2
    assert found(home, "授权") == [1]
    assert drift(home) == []


_CATCHES_UP = """
import os, signal, sys
from search_specimens import bands_of
from storage.db import open_database
from storage.searching import indexing
from storage.searching.indexing import Indexer
from storage.searching import marks

dies_at = int(sys.argv[2])
calls = 0
def dying(connection, row, name="exhibits"):
    global calls
    calls += 1
    reach(connection, row, name)
    if calls == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)
reach, marks.reach = marks.reach, dying
engine = open_database(sys.argv[1])
indexing.BATCHES = {engine.dialect.name: 10}
Indexer(engine, bands_of).catch_up(lambda number: None)
"""


@on_both
def test_killed_in_the_middle_nothing_is_lost_or_doubled(engine: Engine, database: Path | str) -> None:
    sown = sow(engine, seed=9, number=50, step=3)
    for dies_at in (2, 1, 3):  # in its second batch, in its first, in its third
        place = engine.url.render_as_string(hide_password=False) if isinstance(database, str) else str(database)
        died = subprocess.run(
            [sys.executable, "-c", _CATCHES_UP, place, str(dies_at)],
            env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
    assert 0 < indexer(engine).behind() < sown.seen[-1].row
    Indexer(engine, bands_of).catch_up(untold)
    assert list(Indexer(engine, bands_of).check(untold)) == []
    with engine.connect() as connection:
        numbers = words_of(connection).numbers(0, MOST).tolist()
    assert len(numbers) == len(set(numbers))
    assert {number // 2 for number in numbers} <= {one.row for one in sown.seen}


@on_both
def test_two_at_once_take_nothing_in_twice(home: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one is quicker each time, between reading and writing."""
    sow_exhibits(home, [seen(row, f"包授权{row}") for row in range(1, 31)])
    monkeypatch.setattr(indexing, "BATCHES", {home.dialect.name: 10})
    other, turns = indexer(home), [10, 5, 0, 0]

    def bands(title: str, text: str) -> tuple[int, ...]:
        if title.endswith("1") and turns and (turn := turns.pop(0)):
            other.catch_up(untold, at_most=turn)
        return bands_of(title, text)

    Indexer(home, bands, marks_of).catch_up(untold)
    assert drift(home) == []
    assert found(home, "授权") == list(range(1, 31))


@on_both
def test_what_goes_while_it_is_read_is_not_taken_in(home: Engine) -> None:
    sow_exhibits(home, [seen(1, "一"), seen(2, "二"), seen(3, "三")])
    removed: list[int] = []

    def bands(title: str, text: str) -> tuple[int, ...]:
        if title == "三" and not removed:
            removed.append(2)
            _remove(home, [2])
        return ()

    assert Indexer(home, bands).catch_up(untold) == 2
    assert found(home, "二") == []
    assert list(Indexer(home, lambda title, text: ()).check(untold)) == []


# -- what writers say --------------------------------------------------------------------------


@on_both
def test_what_is_read_in_pictures_is_found_then(planned: ExhibitStore) -> None:
    store, engine = planned, planned.engine
    sighted = page_of((listing("1"), listing("2")))
    store.record(sighted, [WantedPicture(exhibit=sighted.exhibits[0].id, url=PICTURE)])
    indexer(engine).catch_up(untold)
    assert found(engine, "挂名发明人") == []
    look = PictureText(width=9, height=9, lines=(PictureLine(text="挂名", score=1.0, box=BOX), _more("发明人")))
    store.keep_picture_text("ab" * 32, "one 1", look, T0)
    row = store.shown(PICTURE)[0].row
    entity = Entity(kind="wechat", value="shili_2026", field="image", start=0, end=3)
    end = PictureEnd(
        row=row,
        fate=Fate.READ,
        at=T0,
        sha256="ab" * 32,
        findings=(finding(field="image", image="ab" * 32),),
        entities=(entity,),
    )
    store.end_pictures([end])
    assert indexer(engine).behind() == indexer(engine).catch_up(untold) == 1
    assert found(engine, "挂名 发明人") == found(engine, "挂名 发明人", Field.PICTURE) == [1]
    assert found(engine, "shili_2026", Field.ENTITY) == [1]
    assert drift(engine) == []
    # Another engine reads something else in the same bytes.
    store.keep_picture_text("ab" * 32, "one 2", replace(look, lines=(_more("加急"),)), T0)
    assert indexer(engine).catch_up(untold) == 1
    assert found(engine, "挂名") == []
    assert found(engine, "加急") == [1]
    assert drift(engine) == []


def _more(words: str) -> PictureLine:
    return PictureLine(text=words, score=1.0, box=BOX, goes_on=True)


@on_both
def test_leads_are_followed_only_where_they_change(home: Engine) -> None:
    sow_exhibits(home, [seen(row, "包授权", listing=f"l{row % 2}") for row in range(1, 7)])
    indexer(home).catch_up(untold)

    def told(lead: int | None) -> int:
        with writing(home).begin() as connection:
            lead_listings(connection, [("l0", lead, 6), ("l1", None, 5)])
        return indexer(home).catch_up(untold)

    assert told(7) == 3
    assert told(7) == 0
    with writing(home).begin() as connection:
        assert columns.codes(connection, "lead", 1, 6).tolist() == [0, 7, 0, 7, 0, 7]
        hand_listings_on(connection, 7, 8)
    assert indexer(home).catch_up(untold) == 3
    with home.connect() as connection:
        assert columns.told(connection, "lead", 1, 6) == ["0", "8", "0", "8", "0", "8"]
    assert drift(home) == []


@on_both
def test_what_is_stale_but_not_yet_indexed_waits(home: Engine) -> None:
    sow_exhibits(home, [seen(1, "一"), seen(2, "二")])
    indexer(home).catch_up(untold, at_most=1)
    with writing(home).begin() as connection:
        touch_on(connection, [1, 2, 2])
    indexer(home).catch_up(untold, at_most=1)
    indexer(home).catch_up(untold)
    with home.connect() as connection:
        assert connection.execute(select(func.count()).select_from(StaleExhibit)).scalar_one() == 0
    assert drift(home) == []


# -- what goes ---------------------------------------------------------------------------------


def _remove(engine: Engine, rows: list[int]) -> None:
    with writing(engine).begin() as connection:
        forget_on(connection, rows)
        for table in (EntityRow, FindingRow, PictureRow):
            connection.execute(delete(table).where(table.exhibit_id.in_(rows)))
        connection.execute(delete(ExhibitRow).where(ExhibitRow.id.in_(rows)))


@on_both
def test_what_is_removed_leaves_no_word(engine: Engine) -> None:
    sown = sow(engine, seed=13, number=80, step=200)
    indexer(engine).catch_up(untold)
    chance = random.Random(2)
    gone = chance.sample([one.row for one in sown.seen], 40)
    _remove(engine, gone)
    assert drift(engine) == []
    left = {one.row for one in sown.seen} - set(gone)
    with engine.connect() as connection:
        index = words_of(connection)
        assert set((index.numbers(0, MOST) // 2).tolist()) <= left
        assert set(index.near(range(2000), 0, MOST).tolist()) <= left
        upto = indexed_upto(connection)
        assert np.count_nonzero(columns.codes(connection, "platform", 1, upto)) == len(left)
        assert set(connection.execute(select(LateWords.exhibit_id)).scalars()) <= left
        if engine.dialect.name == "sqlite":
            assert _words_held(connection) == _words_of_rows(connection)
    if engine.dialect.name == "sqlite":
        with writing(engine).begin() as connection:
            connection.exec_driver_sql("INSERT INTO search_words(search_words) VALUES ('integrity-check')")


def _words_held(connection: Connection) -> set[str]:
    """Every word that FTS5 itself says it holds."""
    connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.held USING fts5vocab('main', 'search_words', 'row')")
    held = set(connection.exec_driver_sql("SELECT term FROM temp.held").scalars())
    connection.exec_driver_sql("DROP TABLE temp.held")
    return held


def _words_of_rows(connection: Connection) -> set[str]:
    """Every word of the exhibits that are there."""
    rows = connection.execute(select(ExhibitRow.id)).scalars().all()
    given = given_to(connection, rows)
    several = [one for row in indexed(connection, rows) for one in (row.body(given[row.row]), row.late)]
    return {
        term for one in several if one.says_something for column in columns_of(one) for term in column.split(" ")
    } - {""}


@on_both
def test_a_number_that_is_given_again_is_indexed_again(home: Engine) -> None:
    sow_exhibits(home, [seen(1, "一"), seen(2, "旧的"), seen(3, "旧的三")])
    indexer(home).catch_up(untold)
    _remove(home, [2, 3])
    sow_exhibits(home, [replace(seen(2, "新的"), listing="another")])
    assert indexer(home).catch_up(untold) == 1
    assert found(home, "旧") == []
    assert found(home, "新") == [2]
    assert drift(home) == []


@on_both
def test_what_was_never_indexed_is_removed_without_a_word(home: Engine) -> None:
    sow_exhibits(home, [seen(1, "一"), seen(2, "二")])
    _remove(home, [1])
    indexer(home).catch_up(untold)
    with writing(home).begin() as connection:
        connection.execute(update(SearchMark).values(scheme=marks.SCHEME - 1))
    _remove(home, [2])
    assert indexer(home).catch_up(untold) == 0
    assert found(home, "二") == []


# -- comparing ---------------------------------------------------------------------------------


@pytest.fixture
def compared(engine: Engine) -> Engine:
    """Exhibits of rows 10, 20, … with all that can drift."""
    chance = random.Random(4)
    sow(engine, seed=4, number=3, step=1)
    odd = {"pictures": ["图里的字"], "entities": [("phone", "13800000001")], "categories": {"green_channel"}}
    sow_exhibits(engine, [seen(row, f"第{row}件 {drawn(chance)}", drawn(chance), **odd) for row in range(10, 100, 10)])
    indexer(engine).catch_up(untold)
    assert drift(engine) == []
    return engine


def _document(engine: Engine, row: int) -> Document:
    with engine.connect() as connection:
        title, words = connection.execute(select(ExhibitRow.title, ExhibitRow.text).where(ExhibitRow.id == row)).one()
    given = kept((*bands_of(title, words), 1 << 62))
    return Document(number=2 * row, title=title, text=words, given=given)


def _plant_words(engine: Engine, forget: list[Document], write: list[Document]) -> None:
    with writing(engine).begin() as connection:
        index = words_of(connection)
        index.forget(forget)
        index.write(write)


@on_both
@pytest.mark.parametrize("at_most", [0, 6])
def test_words_that_are_missing_too_many_or_others_are_found(compared: Engine, at_most: int) -> None:
    at = {row: _document(compared, row) for row in range(50, 100, 10)}
    exchanged = [replace(at[80], number=140), replace(at[70], number=160)]
    for forget, write, rows in (
        ([at[90]], [], {90}),
        ([], [Document(number=2 * 75, text="多出来的")], {75}),
        ([at[70]], [replace(at[70], text=at[70].text + "多")], {70}),
        ([at[70], at[80]], exchanged, {70, 80}),
        ([at[60]], [replace(at[60], title=at[60].text + "。", text=at[60].title)], {60}),
        ([at[50]], [replace(at[50], given=at[50].given[1:])], {50}),
    ):
        _plant_words(compared, forget, write)
        assert {(one.exhibit, one.part) for one in drift(compared, at_most)} == {(row, "words") for row in rows}
        _plant_words(compared, write, forget)
        assert drift(compared, at_most) == []


@on_both
def test_every_other_kind_of_drift_is_found(compared: Engine) -> None:
    def plant(table: type, *where: object, **changes: object) -> None:
        with writing(compared).begin() as connection:
            connection.execute(update(table).where(*where).values(**changes))  # type: ignore[arg-type]

    plant(ExhibitRow, ExhibitRow.id == 10, kind="post")
    plant(FindingRow, FindingRow.exhibit_id == 20, FindingRow.replaced_in.is_(None), rule="another")
    plant(FindingRow, FindingRow.exhibit_id == 30, FindingRow.replaced_in.is_(None), category="another")
    plant(EntityRow, EntityRow.exhibit_id == 40, value="13800000002")
    plant(PictureTextRow, PictureTextRow.sha256 == "50-0", lines=[["别的", 1.0, [0, 0, 1, 1], False]])
    plant(ListingRow, ListingRow.key == "l60", lead_id=5, platform="zhihu")
    plant(ExhibitRow, ExhibitRow.id == 70, url="https://shili.example/other")
    expected = {(10, "kind"), (20, "rules"), (30, "categories"), (40, "late"), (50, "late"), (60, "lead")}
    assert parts(compared) == expected | {(60, "platform"), (70, "given")}
    with writing(compared).begin() as connection:
        touch_on(connection, [10, 20, 30, 40, 50, 60])
    # What is known to be stale is no drift, and is set right when it is caught up with; the rest by making it anew.
    assert parts(compared) == {(70, "given")}
    indexer(compared).catch_up(untold)
    assert parts(compared) == {(70, "given")}
    indexer(compared).rebuild(untold)
    assert drift(compared) == []


@on_both
def test_what_the_index_has_and_nobody_else_is_found(compared: Engine) -> None:
    with writing(compared).begin() as connection:
        for table in (EntityRow, FindingRow, PictureRow):
            connection.execute(delete(table).where(table.exhibit_id == 40))
        connection.execute(delete(ExhibitRow).where(ExhibitRow.id == 40))
    assert {(40, "rows"), (40, "words")} <= parts(compared)


@on_sqlite
def test_a_broken_block_of_the_words_themselves_is_found(compared: Engine) -> None:
    """A word twice in the same place is one more than there should be."""
    with writing(compared).begin() as connection:
        one = Document(number=2 * 30, text="第")
        words_of(connection).write([one])
    assert (30, "words") in parts(compared)


# -- cost --------------------------------------------------------------------------------------


@on_sqlite
def test_what_is_new_costs_as_much_however_much_is_old(home: Engine) -> None:
    def costs(rows: range) -> int:
        sow_exhibits(home, [seen(row, f"包授权{row}", "绿色通道" * 9) for row in rows])
        with _asked(home) as statements:
            indexer(home).catch_up(untold)
        return len(statements)

    first = costs(range(1, 21))
    sow_exhibits(home, [seen(row, f"商标{row}") for row in range(21, 1500)])
    indexer(home).catch_up(untold)
    assert costs(range(1500, 1520)) <= first


@contextmanager
def _asked(engine: Engine) -> Iterator[list[str]]:
    """Every statement, and of each that it walks an index."""
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@on_sqlite
def test_no_question_of_catching_up_reads_a_whole_table(home: Engine) -> None:
    sow_exhibits(home, [seen(row, "包授权", pictures=["图"], entities=[("phone", "1")]) for row in range(1, 30)])
    with _asked(home) as statements:
        indexer(home).catch_up(untold)
    with home.connect() as connection:
        for statement in {one for one in statements if one.lstrip().startswith("SELECT") and "search_words" not in one}:
            if "count(" in statement or "max(" in statement:
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1,) * statement.count("?")).all()
            scans = [row.detail for row in plan if row.detail.startswith("SCAN") and "CONSTANT" not in row.detail]
            assert not scans, (statement, scans)
