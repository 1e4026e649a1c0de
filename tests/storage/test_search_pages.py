"""Whole pages are found by their words, their platform and their time, on either database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from search_specimens import PLATFORMS, START, drawn, drawn_query, folded, values
from sqlalchemy import Engine, delete, insert
from storage_specimens import on_both

from storage.db import writing
from storage.models import CaptureRow
from storage.search import Search
from storage.searching.shapes import Field, Filters, PageHit, Query, Term
from storage.tables.search import PageText

QUESTIONS = 60


@pytest.fixture
def pages(engine: Engine) -> list[PageHit]:
    """200 pages."""
    chance = random.Random(13)
    pages, row = [], 0
    for _ in range(200):
        row += chance.randint(1, 100)
        at = START + timedelta(seconds=chance.randint(0, 5))
        pages.append(page(row, drawn(chance, 30), chance.choice(PLATFORMS), at))
    keep(engine, pages)
    return pages


def page(row: int, text: str, platform: str = "taobao", at: datetime = START) -> PageHit:
    return PageHit(
        row=row, capture=f"c{row}", url=f"https://a.example/{row}", platform=platform, taken_at=at, text=text
    )


def keep(engine: Engine, pages: Sequence[PageHit]) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(CaptureRow), [values(CaptureRow.__table__, id=one.capture) for one in pages])
        told = [
            {"id": one.row, "capture_id": one.capture, "url": one.url, "platform": one.platform}
            | {"taken_at": one.taken_at, "text": one.text}
            for one in pages
        ]
        connection.execute(insert(PageText), told)


def plainly(pages: Sequence[PageHit], query: Query) -> list[PageHit]:
    """Newest first."""
    asked = query.filters
    others = (asked.kinds, asked.categories, asked.rules, asked.actors, asked.places, asked.states)
    if any(others) or Field.TEXT not in query.fields:
        return []
    return [
        one
        for one in reversed(pages)
        if (not asked.platforms or one.platform in asked.platforms)
        and (asked.first is None or one.taken_at >= asked.first)
        and (asked.last is None or one.taken_at < asked.last)
        and all(has(one.text, term) for term in query.terms)
        and not any(has(one.text, term) for term in query.without)
    ]


def has(text: str, term: Term) -> bool:
    words = [word for word in (term.text, *term.spellings, *(value for _, value in term.entities)) if word]
    return any(stands(folded(word), folded(text), term.is_prefix) for word in words)


def stands(word: str, text: str, is_prefix: bool) -> bool:
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    places = (at for at in range(len(text)) if text.startswith(word, at))
    return any(not is_prefix or at == 0 or text[at - 1] not in letters for at in places)


@on_both
def test_any_question_finds_the_pages_that_are_there(engine: Engine, pages: list[PageHit]) -> None:
    chance, search, hits = random.Random(17), Search(engine), 0
    for _ in range(QUESTIONS):
        query = drawn_query(chance)
        expected = plainly(pages, query)
        assert search.count_pages(query) == len(expected), query
        assert search.pages(query, 1_000) == tuple(expected), query
        if expected:
            hits += 1
            before = chance.choice(expected).row
            below = [one for one in expected if one.row < before]
            assert search.pages(query, 3, before) == tuple(below[:3])
    assert hits > 10


@on_both
def test_pages_that_go_are_found_no_more(engine: Engine, pages: list[PageHit]) -> None:
    with writing(engine).begin() as connection:
        connection.execute(delete(PageText).where(PageText.id == pages[-1].row))
    search = Search(engine)
    assert search.pages(Query(), 1) == (pages[-2],)
    assert search.count_pages(Query()) == len(pages) - 1


@on_both
def test_without_pages_nothing_is_found(engine: Engine) -> None:
    search = Search(engine)
    assert search.pages(Query()) == ()
    assert search.count_pages(Query(filters=Filters(platforms=frozenset(("taobao",))))) == 0
