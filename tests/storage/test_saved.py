"""Saved searches: written once under a name, asked by one at a time, counted once, ended for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from storage_specimens import T0, database_of, first_wrong, on_both

from crawler.errors import UserMistake
from storage.audit import AuditLog, unsigned
from storage.db import open_database
from storage.saved import LONGEST_NAME, MOST, Finds, NewSaved, Saved, SavedSearches

WHO = "示例甲"


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    yield engine
    engine.dispose()


def saved(engine: Engine, name: str = "包授权", upto: int = 7) -> Saved:
    asked = (("platforms", "taobao"), ("first", "2026-03-01"))
    new = NewSaved(name=name, query="包授权 -公告\0", asked=asked, upto=upto, by=WHO, at=T0)
    return SavedSearches(engine).save(new, unsigned)


@on_both
def test_it_is_kept_as_it_was_typed_and_stands_in_the_log(database: Engine) -> None:
    one = saved(database)
    assert (one.name, one.query, one.since, one.upto, one.found) == ("包授权", "包授权 -公告\ufffd", 7, 7, 0)
    assert one.asked == (("platforms", "taobao"), ("first", "2026-03-01"))
    assert SavedSearches(database).saved() == (one,) == (SavedSearches(database).named(" 包授权 "),)
    (entry,) = AuditLog(database).entries(0)
    assert (entry.who, entry.act, entry.subject) == (WHO, "search_saved", "包授权")
    assert "platforms=taobao" in entry.detail


@on_both
def test_one_name_is_one_search_until_it_is_ended(database: Engine) -> None:
    searches = SavedSearches(database)
    one = saved(database)
    with pytest.raises(UserMistake, match="已有名为"):
        saved(database)
    searches.end("包授权", WHO, T0, unsigned)
    with pytest.raises(UserMistake, match="没有名为"):
        searches.end("包授权", WHO, T0, unsigned)
    assert not searches.note(one, 9, 3, T0)
    assert searches.saved() == ()
    assert saved(database).id != one.id
    assert [entry.act for entry in AuditLog(database).entries(0)] == ["search_saved", "search_ended", "search_saved"]
    assert first_wrong(AuditLog(database)) == 0


@on_both
def test_what_two_ask_at_once_is_counted_once(database: Engine) -> None:
    searches, one = SavedSearches(database), saved(database)
    later = T0 + timedelta(hours=1)
    assert searches.note(one, 20, 3, later)
    assert not searches.note(one, 20, 3, later)
    again = searches.named("包授权")
    assert (again.since, again.upto, again.found, again.found_at) == (7, 20, 3, later)
    assert searches.note(again, 30, 0, later + timedelta(hours=1))
    last = searches.named("包授权")
    assert (last.upto, last.found, last.found_at) == (30, 3, later)


@on_both
def test_finds_are_told_once(database: Engine) -> None:
    searches = SavedSearches(database)
    assert searches.finds(0) == Finds()
    one, two = saved(database), saved(database, "另一个")
    begun = searches.finds(0)
    assert (begun.searches, begun.exhibits) == (0, 0)
    searches.note(one, 20, 3, T0)
    searches.note(two, 20, 4, T0)
    searches.note(searches.named("包授权"), 30, 1, T0)
    told = searches.finds(begun.upto)
    assert (told.searches, told.exhibits) == (2, 8)
    assert searches.finds(told.upto) == Finds(upto=told.upto)


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST_NAME + 1), "a\nb", "a\u202eb", "\ud800\x07"])
def test_a_name_that_cannot_be_one_is_refused(database: Engine, name: str) -> None:
    with pytest.raises(UserMistake, match="名称"):
        saved(database, name)


def test_there_are_not_more_than_can_be_asked(database: Engine) -> None:
    for number in range(MOST):
        saved(database, f"检索{number}")
    with pytest.raises(UserMistake, match=str(MOST)):
        saved(database, "再一个")
