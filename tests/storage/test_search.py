"""Any question finds what a plain reading of all rows finds, on either database, whatever it is made of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from search_specimens import START, Seen, Sown, counted, drawn_query, indexed, plainly, sow, sow_exhibits
from sqlalchemy import Engine, delete, distinct, func, or_, select, update
from storage_specimens import on_both

from storage.db import writing
from storage.models import EntityRow, ExhibitRow, FindingRow, ListingRow
from storage.search import Search
from storage.searching.shapes import Count, Facet, Field, Filters, Query, Term
from storage.searching.stale import forget_on
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow
from storage.tables.pictures import PictureRow

QUESTIONS = 50


@pytest.fixture
def sown(engine: Engine, request: pytest.FixtureRequest) -> Sown:
    """300 exhibits, indexed: over three ranges with wide gaps, or as near to each other as is asked for."""
    sown = sow(engine, seed=7, number=300, step=getattr(request, "param", 300))
    assert indexed(engine) == 300
    return sown


def ids(found: Sequence[Seen]) -> list[str]:
    return [one.public_id for one in reversed(found)]


@on_both
@pytest.mark.parametrize("sown", [300, 2], indirect=True)
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


# -- what people do between two questions --------------------------------------------------------------


@on_both
def test_pages_stay_while_new_exhibits_arrive(engine: Engine, sown: Sown) -> None:
    search, query = Search(engine), Query(terms=(Term(text="包"),))
    expected = ids(plainly(sown, query))
    shown = list(search.newest(query, 5))
    while page := search.newest(query, 5, before=shown[-1].row):
        newest = sown.seen[-1]
        sow_exhibits(engine, [replace(newest, row=newest.row + 1000 + len(shown), title="包授权")])
        indexed(engine)
        shown += page
    assert [hit.exhibit for hit in shown] == expected
    assert search.newest(query, 1)[0].row > sown.seen[-1].row


@on_both
def test_what_is_not_indexed_yet_is_not_found(engine: Engine) -> None:
    sown = sow(engine, seed=3, number=3)
    search = Search(engine)
    assert search.newest(Query()) == ()
    assert search.count(Query()) == search.facets(Query()).total == 0
    indexed(engine)
    assert [hit.exhibit for hit in search.newest(Query())] == ids(sown.seen)


@on_both
def test_leads_and_actors_are_those_of_the_moment(engine: Engine, sown: Sown) -> None:
    search = Search(engine)
    of_four = Query(filters=Filters(actors=frozenset((4,))))
    was = search.count(of_four)
    with writing(engine).begin() as connection:
        connection.execute(update(ActorRow).where(ActorRow.id == 4).values(merged_into=1))
        connection.execute(update(LeadRow).values(state="sent"))
    both = [one for one in sown.seen if one.actor]
    assert 0 < was < len(both) == search.count(of_four)
    facets = search.facets(Query(), (Facet.ACTOR, Facet.STATE))
    assert facets.counts[Facet.ACTOR] == (Count(value="A-1", number=len(both), label="示例公司1"),)
    assert {one.value for one in facets.counts[Facet.STATE]} == {"", "sent"}
    hit = next(hit for hit in search.newest(of_four))
    assert (hit.actor, hit.actor_name, hit.state) == ("A-1", "示例公司1", "sent")
    assert search.count(Query(filters=Filters(states=frozenset(("sent",))))) == sum(bool(one.lead) for one in sown.seen)


@on_both
def test_removed_exhibits_are_found_no_more(engine: Engine, sown: Sown) -> None:
    search, gone = Search(engine), sown.seen[150].row
    with writing(engine).begin() as connection:
        forget_on(connection, [gone])
        for table in (FindingRow, EntityRow, PictureRow):
            connection.execute(delete(table).where(table.exhibit_id == gone))
        connection.execute(delete(ExhibitRow).where(ExhibitRow.id == gone))
    left = replace(sown, seen=tuple(one for one in sown.seen if one.row != gone))
    of_platform = Query(filters=Filters(platforms=frozenset((sown.seen[150].platform,))))
    of_state = Query(filters=Filters(states=frozenset(("", sown.seen[150].state))))
    words = (Query(without=(Term(text="专利"),)), Query(terms=(Term(text="包"),)))
    for query in (Query(), *words, of_platform, of_state):
        assert [hit.exhibit for hit in search.newest(query, 1_000)] == ids(plainly(left, query))
        assert search.facets(query).total == len(plainly(left, query))


@on_both
def test_a_hit_says_what_its_rows_say(engine: Engine, sown: Sown) -> None:
    search = Search(engine)
    hits = {hit.exhibit: hit for hit in search.newest(Query(), 1_000)}
    assert len(hits) == len(sown.seen)
    for one in sown.seen:
        hit = hits[one.public_id]
        assert (hit.row, hit.listing.platform, hit.listing.title) == (one.row, one.platform, one.title)
        assert (set(hit.categories), set(hit.rules)) == (one.categories, one.rules)
        assert (hit.state, hit.place, hit.seen_at) == (one.state, one.place, one.seen_at)
        assert (hit.lead, hit.actor) == (f"L-{one.lead}" if one.lead else "", f"A-{one.actor}" if one.actor else "")
        assert set(hit.picture_texts) == {text for text in one.pictures if text}
        assert set(hit.entities) == set(one.entities)
    rows = np.array([sown.seen[5].row, 10**9, sown.seen[2].row])
    assert [hit.exhibit for hit in search.hits(rows)] == [sown.seen[5].public_id, sown.seen[2].public_id]
    assert search.public_ids(rows) == (sown.seen[5].public_id, sown.seen[2].public_id)


@on_both
def test_facets_are_what_the_database_counts(engine: Engine, sown: Sown) -> None:
    facets = Search(engine).facets(Query(terms=(Term(text="专利"),), fields=frozenset((Field.TITLE, Field.TEXT))))
    said = or_(ExhibitRow.title.contains("专利"), ExhibitRow.text.contains("专利"))
    listed = select(ListingRow.platform, func.count()).join(ExhibitRow, ExhibitRow.listing_key == ListingRow.key)
    found = select(FindingRow.category, func.count(distinct(ExhibitRow.id))).join(
        ExhibitRow, ExhibitRow.id == FindingRow.exhibit_id
    )
    asked = {
        Facet.KIND: select(ExhibitRow.kind, func.count()).where(said).group_by(ExhibitRow.kind),
        Facet.PLATFORM: listed.where(said).group_by(ListingRow.platform),
        Facet.CATEGORY: found.where(said, FindingRow.replaced_in.is_(None)).group_by(FindingRow.category),
    }
    with engine.connect() as connection:
        assert facets.total == connection.execute(select(func.count()).where(said)).scalar_one() > 20
        for facet, query in asked.items():
            counts = sorted(((value, number) for value, number in connection.execute(query)), key=lambda one: -one[1])
            assert sorted(counts) == sorted((one.value, one.number) for one in facets.counts[facet])
            assert [one.number for one in facets.counts[facet]] == [number for _, number in counts]


@on_both
def test_the_most_frequent_values_come_first(engine: Engine, sown: Sown) -> None:
    facets = Search(engine).facets(Query(), (Facet.PLATFORM, Facet.RULE), most=2)
    expected = counted(sown.seen)
    assert list(facets.counts) == [Facet.PLATFORM, Facet.RULE]
    for facet in facets.counts:
        order = sorted(expected[facet].items(), key=lambda one: (-one[1], one[0]))
        assert [(one.value, one.number) for one in facets.counts[facet]] == order[:2]


@on_both
def test_days_begin_and_end_with_a_second(engine: Engine, sown: Sown) -> None:
    search, moments = Search(engine), [START + timedelta(seconds=number) for number in range(6)]
    assert {one.seen_at.replace(microsecond=0) for one in sown.seen} >= set(moments[:5])
    for first in moments:
        for last in moments:
            query = Query(filters=Filters(first=first, last=last))
            assert search.count(query) == len(plainly(sown, query))
        query = Query(filters=Filters(first=first))
        assert search.count(query) == len(plainly(sown, query))
