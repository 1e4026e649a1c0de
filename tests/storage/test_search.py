"""Any question finds what a plain reading of all rows finds, on either database, whatever it is made of."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from search_specimens import Seen, Sown, counted, drawn_query, indexed, plainly, sow
from sqlalchemy import Engine
from storage_specimens import on_both

from storage.search import Search

QUESTIONS = 100


@pytest.fixture(params=[300, 2])
def sown(engine: Engine, request: pytest.FixtureRequest) -> Sown:
    """300 exhibits, indexed: over three ranges with wide gaps, or close together in one."""
    sown = sow(engine, seed=7, number=300, step=request.param)
    assert indexed(engine) == 300
    return sown


def ids(found: Sequence[Seen]) -> list[str]:
    return [one.public_id for one in reversed(found)]


@on_both
def test_any_question_finds_what_is_there(engine: Engine, sown: Sown) -> None:
    chance, search, hits = random.Random(11), Search(engine), 0
    for _ in range(QUESTIONS):
        query = drawn_query(chance)
        expected = plainly(sown, query)
        rows = [int(row) for some in search.rows(query) for row in some]
        assert rows == [one.row for one in reversed(expected)], query
        oldest = [int(row) for some in search.rows(query, newest_first=False) for row in some]
        assert oldest == rows[::-1], query
        assert search.count(query) == len(expected), query
        limit = chance.randint(1, 20)
        before = chance.choice([0, *rows])
        below = [one for one in expected if not before or one.row < before]
        assert [hit.exhibit for hit in search.newest(query, limit, before)] == ids(below)[:limit], query
        facets = search.facets(query, most=1_000)
        assert facets.total == len(expected), query
        told = {facet: {one.value: one.number for one in several} for facet, several in facets.counts.items()}
        assert told == counted(expected), query
        hits += bool(expected)
    assert QUESTIONS * 0.3 < hits < QUESTIONS * 0.95
