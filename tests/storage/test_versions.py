"""Versions: every wording once, in time order, with its sightings counted; pages of them, and of a shop's listings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from storage_specimens import T0, finding, listing, on_both, page_of
from test_leads import FULL_SCAN, plan_of, statements

from crawler.errors import UserMistake
from crawler.items import Listing
from storage.exhibits import ExhibitStore
from storage.models import ExhibitRow
from storage.versions import CAPTURES, Version, VersionHistory


def seen(store: ExhibitStore, *pages: tuple[Listing, ...], first: int = 1, **more: object) -> list[str]:
    """One page after the other; the ids of each page's first exhibit."""
    found = []
    for number, listings in enumerate(pages, first):
        exhibits = page_of(listings, number=number, **more)
        store.record(exhibits)
        found.append(exhibits.exhibits[0].id)
    return found


def titled(title: str, item: str = "1", **changes: object) -> tuple[Listing, ...]:
    return (listing(item, title=title, **changes),)


def facts(one: Version) -> tuple[int, str, int, bool]:
    return one.number, one.listing.title, one.times, one.came_back


@on_both
def test_a_wording_is_told_once_however_often_it_was_seen(planned: ExhibitStore) -> None:
    ids = seen(planned, titled("甲"), titled("甲"), titled("乙"), titled("甲"), titled("丙"))
    seen(planned, titled("甲", "2"), first=6)
    told = VersionHistory(planned.engine).of(ids[2], 9)
    assert [facts(one) for one in told.found] == [(3, "丙", 1, False), (2, "乙", 1, False), (1, "甲", 3, True)]
    assert (told.total, told.earlier) == (3, None)
    first = told.found[-1]
    assert (first.exhibit, first.first_seen, first.last_seen) == (
        ids[0],
        T0 + timedelta(seconds=1),
        T0 + timedelta(seconds=4),
    )
    assert first.captures == ("capture-run-1-4", "capture-run-1-2", "capture-run-1-1")


@on_both
def test_price_and_seller_make_versions_place_and_kind_do_not(planned: ExhibitStore) -> None:
    (one,) = titled("甲")
    ids = seen(planned, (one,), (listing("9"), one), titled("甲", price="¥3 800.00"), titled("甲", seller="星河"))
    told = VersionHistory(planned.engine).of(ids[0], 9)
    assert [one.listing.price for one in told.found] == ["¥2 800.00", "¥3 800.00", "¥2 800.00"]
    assert [one.times for one in told.found] == [1, 1, 2]


@on_both
def test_pages_of_versions_follow_one_another(planned: ExhibitStore) -> None:
    ids = seen(planned, *(titled(f"第{number}版") for number in range(1, 8)))
    history = VersionHistory(planned.engine)
    walked: list[int] = []
    before = ""
    while True:
        told = history.of(ids[0], 3, before)
        walked += [one.number for one in told.found]
        assert told.total == 7
        if told.earlier is None:
            break
        assert told.earlier.number == walked[-1] - 1
        before = told.found[-1].exhibit
    assert walked == [7, 6, 5, 4, 3, 2, 1]
    with pytest.raises(UserMistake):
        history.of("ffffffff", 3)


@on_both
def test_contacts_of_a_version_are_those_of_its_first_sighting(planned: ExhibitStore) -> None:
    ids = seen(planned, titled("甲"), findings={"1": (finding(),)})
    (one,) = VersionHistory(planned.engine).of(ids[0], 9).found
    assert one.contacts == (("phone", "13800000000"),)


@on_both
def test_a_shop_is_all_listings_of_its_seller_on_its_platform(planned: ExhibitStore) -> None:
    ids = seen(
        planned,
        (listing("1"), listing("2"), listing("3", seller_id="7002"), listing("4", platform="jd")),
        (listing("1", title="改"), listing("5", seller="改名后的星河")),
    )
    history = VersionHistory(planned.engine)
    shop = history.shop(ids[0], 9, 9)
    assert (shop.platform, shop.seller_id, shop.more) == ("taobao", "7001", False)
    assert sorted(one.found[0].listing.item_id for one in shop.listings) == ["1", "2", "5"]
    assert sorted(one.total for one in shop.listings) == [1, 1, 2]
    first = history.shop(ids[0], 2, 1)
    assert first.more
    rest = history.shop(ids[0], 2, 1, first.listings[-1].listing_key)
    assert not rest.more
    keys = [one.listing_key for one in (*first.listings, *rest.listings)]
    assert keys == [one.listing_key for one in shop.listings]


@on_both
def test_a_listing_of_nobody_is_a_shop_of_its_own(planned: ExhibitStore) -> None:
    ids = seen(planned, (listing("1", seller="", seller_id=""), listing("2", seller="", seller_id="")))
    shop = VersionHistory(planned.engine).shop(ids[0], 9, 9)
    assert [one.found[0].listing.item_id for one in shop.listings] == ["1"]


def test_thousands_of_versions_and_of_captures_are_paged(planned: ExhibitStore) -> None:
    ids = seen(planned, *(titled(f"第{number}版") for number in range(400)))
    seen(planned, *(titled("第399版") for _ in range(30)), first=401)
    history = VersionHistory(planned.engine)
    with statements(planned) as asked:
        told = history.of(ids[0], 5)
    assert (told.total, [one.number for one in told.found]) == (400, [400, 399, 398, 397, 396])
    newest = told.found[0]
    assert (newest.times, len(newest.captures), newest.captures[0]) == (31, CAPTURES, "capture-run-1-430")
    assert len(asked) == 5
    deep = history.of(ids[0], 5, told.found[-1].exhibit)
    assert [one.number for one in deep.found] == [395, 394, 393, 392, 391]


@on_both
def test_ten_thousand_versions_are_counted_at_once_and_read_by_the_page(planned: ExhibitStore) -> None:
    ids = seen(planned, titled("甲"))
    with planned.engine.begin() as connection:
        row = connection.execute(select(ExhibitRow.__table__)).one()._asdict()
        more = [
            {**row, "id": row["id"] + at, "public_id": f"{at:020x}", "text_digest": f"{at}", "title": f"第{at}版"}
            for at in range(1, 10_000)
        ]
        connection.execute(insert(ExhibitRow), more)
    history, numbers, before = VersionHistory(planned.engine), [], ""
    with statements(planned) as asked:
        while (told := history.of(ids[0], 500, before)).earlier:
            numbers += [one.number for one in told.found]
            before = told.found[-1].exhibit
    assert told.total == 10_000
    assert [*numbers, *(one.number for one in told.found)] == list(range(10_000, 0, -1))
    assert len(asked) <= 20 * 6


@on_both
def test_every_question_walks_an_index(planned: ExhibitStore) -> None:
    ids = seen(planned, titled("甲"), titled("乙"))
    history = VersionHistory(planned.engine)
    with statements(planned) as asked:
        history.of(ids[0], 9)
        history.shop(ids[0], 9, 9)
    scans = [line for one in asked for line in plan_of(planned, *one) if FULL_SCAN.match(line)]
    assert not [line for line in scans if not line.startswith("SCAN anon_")]
