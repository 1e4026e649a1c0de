"""What is like an exhibit: every version once with its real likeness, and every listing that shows its picture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from storage_specimens import T0, capture, finding, listing, on_both, page_of
from test_leads import FULL_SCAN, plan_of, statements

from crawler.items import Listing
from crawler.pictures import Fate, WantedPicture
from detectors.near import Likeness, bands
from storage import similar
from storage.exhibits import ExhibitStore
from storage.looks import Looks
from storage.picture_shapes import PictureEnd
from storage.searching.indexing import Indexer
from storage.similar import Found, Resembling, Similars

OFFER = "本店专业办理各类发明专利实用新型外观设计申请，内部渠道包授权，不授权全额退款，欢迎来电咨询"
OTHER = "出售二手自行车一辆，九成新，上门自提，价格面议，非诚勿扰，家住城东"
NEAR = Resembling(bands=bands, alike=Likeness, least=0.6)


def seen(store: ExhibitStore, *listings: Listing, number: int = 1, **more: object) -> list[str]:
    exhibits = page_of(listings, number=number, **more)
    store.record(exhibits)
    return [one.id for one in exhibits.exhibits]


def saying(item: str, text: str, **changes: object) -> Listing:
    return listing(item, **{"title": "专利服务", "text": text, **changes})


def asked(engine: Engine, exhibit: str, limit: int = 50) -> Found:
    Indexer(engine, bands).catch_up(lambda _: None)
    return Similars(engine).texts(exhibit, NEAR, limit)


@on_both
def test_near_duplicates_are_found_with_their_real_likeness(planned: ExhibitStore) -> None:
    near = OFFER.replace("来电咨询", "加微信")
    ids = seen(planned, saying("1", OFFER), saying("2", near), saying("3", OTHER), saying("4", OFFER, seller_id="8"))
    told = asked(planned.engine, ids[0])
    assert [(one.listing.item_id, one.likeness) for one in told.found] == [
        ("4", 1.0),
        ("2", Likeness("专利服务", OFFER)("专利服务", near)),
    ]
    assert (told.exhibit, told.total, told.is_whole) == (ids[0], 2, True)
    assert 0.6 <= told.found[1].likeness < 1


@on_both
def test_versions_are_told_not_sightings(planned: ExhibitStore) -> None:
    for number in range(1, 6):
        seen(planned, saying("1", OFFER), saying("2", OFFER), number=number)
    ids = seen(planned, saying("1", OFFER, price="¥1"), saying("2", f"{OFFER}！！"), number=6)
    told = asked(planned.engine, ids[0])
    versions = [(one.listing.item_id, one.listing.text, one.times, one.is_same_listing) for one in told.found]
    assert versions == [("2", f"{OFFER}！！", 1, False), ("2", OFFER, 5, False), ("1", OFFER, 5, True)]
    assert told.found[1].seen_at == T0 + timedelta(seconds=5)


@on_both
def test_what_shares_a_band_and_is_not_alike_is_not_told(planned: ExhibitStore) -> None:
    ids = seen(planned, saying("1", OFFER), saying("2", OTHER))
    Indexer(planned.engine, lambda *_: (7,)).catch_up(lambda _: None)
    every = Resembling(bands=lambda *_: (7,), alike=Likeness, least=0.6)
    assert Similars(planned.engine).texts(ids[0], every, 9).found == ()
    anything = Resembling(bands=lambda *_: (7,), alike=Likeness, least=0.0)
    assert len(Similars(planned.engine).texts(ids[0], anything, 9).found) == 1


@on_both
def test_what_says_nothing_is_like_nothing(planned: ExhibitStore) -> None:
    ids = seen(planned, saying("1", "！！", title="…"), saying("2", "！！", title="…"))
    assert asked(planned.engine, ids[0]).found == ()


@on_both
def test_too_many_candidates_are_cut_newest_first_and_that_is_said(
    planned: ExhibitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = seen(planned, *(saying(str(number), OFFER) for number in range(12)))
    assert asked(planned.engine, ids[0]).is_whole
    monkeypatch.setattr(similar, "CANDIDATES", 5)
    told = asked(planned.engine, ids[0], 3)
    assert not told.is_whole
    assert [one.listing.item_id for one in told.found] == ["11", "10", "9"]
    assert told.total == 5


def test_a_text_is_compared_once_however_often_it_was_seen(planned: ExhibitStore) -> None:
    for number in range(1, 9):
        ids = seen(planned, saying("1", OFFER), saying("2", OFFER), number=number)
    compared: list[str] = []

    def alike(title: str, text: str) -> Callable[[str, str], float]:
        like = Likeness(title, text)
        return lambda title, text: compared.append(text) or like(title, text)  # type: ignore[func-returns-value]

    Indexer(planned.engine, bands).catch_up(lambda _: None)
    found = Similars(planned.engine).texts(ids[0], Resembling(bands=bands, alike=alike, least=0.6), 9)
    assert found.found[0].times == 8
    assert compared == [OFFER]


# -- pictures --------------------------------------------------------------------------------------


def digest(number: int) -> str:
    return f"{number:064x}"


def showing(store: ExhibitStore, number: int, pictures: dict[str, str]) -> dict[str, str]:
    """A page of listings, each with a picture of these bytes; exhibits by item."""
    exhibits = page_of(tuple(listing(item) for item in pictures), number=number)
    urls = {one.id: f"https://img.xinghe.example/{number}/{one.listing.item_id}.jpg" for one in exhibits.exhibits}
    store.record(exhibits, [WantedPicture(exhibit=one, url=url) for one, url in urls.items()])
    for one in exhibits.exhibits:
        (waiting,) = store.shown(urls[one.id])
        sha256 = pictures[one.listing.item_id]
        kept = capture(f"image-{number}-{one.listing.item_id}")
        store.end_pictures([PictureEnd(row=waiting.row, fate=Fate.READ, at=T0, capture=kept, sha256=sha256)])
    return {one.listing.item_id: one.id for one in exhibits.exhibits}


@on_both
def test_the_same_bytes_and_the_same_look_are_found_in_other_listings(planned: ExhibitStore) -> None:
    one, near, other = digest(1), digest(2), digest(3)
    ids = showing(planned, 1, {"1": one, "2": one, "3": near, "4": other})
    showing(planned, 2, {"1": one, "2": one})
    Looks(planned.engine).keep([(one, "0123456789abcdef"), (near, "0123456789ab0000"), (other, "fedcba9876543210")])
    told = Similars(planned.engine).pictures(ids["1"], 9)
    assert [(hit.listing.item_id, hit.sha256, hit.distance, hit.times) for hit in told.found] == [("2", one, 0, 2)]
    Looks(planned.engine).keep([(digest(4), "0123456789abcdee")])
    showing(planned, 3, {"5": digest(4)})
    told = Similars(planned.engine).pictures(ids["1"], 9)
    assert [(hit.listing.item_id, hit.of, hit.distance) for hit in told.found] == [("2", one, 0), ("5", one, 1)]
    assert told.pictures == ((one, "https://img.xinghe.example/1/1.jpg"),)
    assert (told.total, told.is_whole) == (2, True)


@on_both
def test_without_pictures_or_looks_there_is_nothing_beyond_the_same_bytes(planned: ExhibitStore) -> None:
    plain = seen(planned, listing("9"))
    assert Similars(planned.engine).pictures(plain[0], 9).pictures == ()
    ids = showing(planned, 2, {"1": digest(1), "2": digest(1)})
    told = Similars(planned.engine).pictures(ids["1"], 9)
    assert [one.listing.item_id for one in told.found] == ["2"]
    assert not told.is_whole


@on_both
def test_of_a_picture_that_stands_everywhere_the_newest_are_told(
    planned: ExhibitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = showing(planned, 1, {str(item): digest(1 + item % 2) for item in range(12)})
    Looks(planned.engine).keep([(digest(1), "0123456789abcdef"), (digest(2), "0123456789abcdee")])
    assert Similars(planned.engine).pictures(ids["0"], 50).total == 11
    monkeypatch.setattr(similar, "CANDIDATES", 8)
    told = Similars(planned.engine).pictures(ids["0"], 50)
    assert not told.is_whole
    assert [one.listing.item_id for one in told.found] == ["10", "8", "6", "4", "2", "11", "9"]


@on_both
def test_contacts_of_what_is_like_come_along(planned: ExhibitStore) -> None:
    ids = seen(planned, saying("1", OFFER), saying("2", OFFER), findings={"2": (finding(),)})
    assert asked(planned.engine, ids[0]).found[0].contacts == (("phone", "13800000000"),)


@on_both
def test_every_question_walks_an_index(planned: ExhibitStore) -> None:
    ids = showing(planned, 1, {"1": digest(1), "2": digest(1)})
    Looks(planned.engine).keep([(digest(1), "0123456789abcdef")])
    with statements(planned) as made:
        asked(planned.engine, ids["1"])
        Similars(planned.engine).pictures(ids["1"], 9)
    questions = [one for one in made if one[0].startswith("SELECT") and "search_words" not in one[0]]
    scans = [line for one in questions for line in plan_of(planned, *one) if FULL_SCAN.match(line)]
    assert not [line for line in scans if "anon_" not in line and "search_stale" not in line]
