"""What the language finds is the same on SQLite and PostgreSQL: LIKE over the rows, and names in any spelling."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text
from storage_specimens import T0, on_both

from console.archive.indexing import caught_up
from console.archive.query import Chosen, parsed
from console.archive.saved import ask_saved
from crawler.config import Config
from storage.audit import unsigned
from storage.db import open_database
from storage.saved import NewSaved, SavedSearches
from storage.search import Search
from storage.searching.shapes import FOLDED
from storage.tables.search import PageText
from tests.console.archive_specimens import offer, record

SEED = 20_260_801
PIECES = (
    *(
        "包授权",
        "专利",
        "绿色通道",
        "CN2026",
        "abc_12",
        "100%",
        "加 急",
        "👍🏽",
        "é",
        "'",
        "“内部”",
        "-",
        "*",
        "（",
        "１３８",
        "\n",
    ),
    *("a\\b", "．", "zZ", "e\u0301", "\ue000x", "&&", "OR", "NEAR(", "^", ":", "title"),
)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "home").mkdir()
    place: Path | str = tmp_path / "home" / "lantian.db"
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_empty_database"), place)
    else:
        place = str(request.getfixturevalue("migrated_database"))
    engine = open_database(place)
    yield engine
    engine.dispose()


def asked(engine: Engine, words: str, **chosen: str | bool) -> set[str]:
    search, query = Search(engine), parsed(words, Chosen(**chosen))
    return {one for rows in search.rows(query) for one in search.public_ids(rows)}


def like(engine: Engine, words: str) -> set[str]:
    """What LIKE finds in titles and texts, which PostgreSQL folds by another name."""
    told = words.translate(FOLDED)
    escaped = "".join(f"!{one}" if one in "!%_" else one for one in told)
    folded = "translate({0}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"
    fields = ("title", "text") if engine.dialect.name == "sqlite" else map(folded.format, ("title", "text"))
    where = " OR ".join(f"{one} LIKE :words ESCAPE '!'" for one in fields)
    with engine.connect() as connection:
        query = text(f"SELECT public_id FROM exhibits WHERE {where}")
        return set(connection.execute(query, {"words": f"%{escaped}%"}).scalars())


@on_both
def test_a_word_is_found_exactly_where_like_finds_it(database: Engine, tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    offers = [
        offer(str(number), "".join(drawn.choices(PIECES, k=3)), "".join(drawn.choices(PIECES, k=8)))
        for number in range(120)
    ]
    record(database, "r1", offers)
    caught_up(Config(home=tmp_path / "home"), database)
    texts = [words for one in offers for words in (one.title, one.text)]
    for _ in range(200):
        whole = drawn.choice(texts)
        begin = drawn.randrange(len(whole))
        words = whole[begin : begin + drawn.randint(1, 6)]
        found = asked(database, words, fields="title,text", is_literal=True)
        assert found == like(database, words), repr(words)
        plain = not any(one.isspace() or one in '"“-*' for one in words)
        if plain and not parsed(words, Chosen()).terms[0].entities:
            assert asked(database, words, fields="title,text") == found, repr(words)


@on_both
def test_names_are_found_in_any_spelling(database: Engine, tmp_path: Path) -> None:
    spellings = ("13800000000", "138-0000-0000", "１３８ 0000 0000", "一三八零零零零零零零零", "TEL13800000000")
    offers = [offer(str(number), f"代办{number}", f"请联系 {words} 王某") for number, words in enumerate(spellings)]
    offers.append(offer("w", "加微信abc_123", url="https://shop.example/a/1?spm=2"))
    offers.append(offer("x", "vx：ＡＢＣ＿１２３", display_url="www.shop.example/a/1/"))
    offers.append(offer("y", "联系 13800000001 vx abd_123", url="https://myshop.example/a/1"))
    ids = record(database, "r1", offers)
    caught_up(Config(home=tmp_path / "home"), database)
    for typed in spellings:
        assert asked(database, typed) == set(ids[:5]), typed
    for typed in ("vx:abc_123", "Abc_123", "薇信 ａｂｃ＿１２３"):
        assert asked(database, typed) == set(ids[5:7]), typed
    for typed in ("http://shop.example/a/1", "SHOP.example/%61/1/", "shop.example"):
        assert asked(database, typed) == set(ids[5:7]), typed
    assert asked(database, "-138-0000-0000 代办") == set()


@on_both
def test_a_saved_search_finds_what_is_new_once(database: Engine, tmp_path: Path) -> None:
    config = Config(home=tmp_path / "home")
    record(database, "r1", [offer("1", "包授权")])
    new = NewSaved(name="一号", query="138-0000-0000", asked=(("kinds", "product"),), upto=1, by="示例甲", at=T0)
    SavedSearches(database).save(new, unsigned)
    record(database, "r2", [offer("2", "联系一三八零零零零零零零零"), offer("3", "联系13800000001")])
    assert [ask_saved(config, database, T0) for _ in range(2)] == [1, 0]
    assert SavedSearches(database).named("一号").found == 1


@on_both
def test_whole_pages_are_asked_too(database: Engine, tmp_path: Path) -> None:
    record(database, "r1", [offer("1", "包授权")])
    told = {"url": "https://a.example/", "platform": "taobao", "taken_at": T0, "text": "整页里的 绿色通道 说明"}
    with database.begin() as connection:
        connection.execute(insert(PageText).values(capture_id="capture-r1-1", **told))
    caught_up(Config(home=tmp_path / "home"), database)
    search = Search(database)
    for words, number in (("绿色通道", 1), ("绿色 -说明", 0), ("包授权", 0)):
        query = parsed(words, Chosen())
        assert search.count_pages(query) == number, words
        assert len(search.pages(query)) == number, words
