"""Looks of pictures: every picture within seven bits is found, none beyond, and what is forgotten is gone."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine, func, select, update
from storage_specimens import T0, capture, listing, on_both, page_of
from test_leads import FULL_SCAN, plan_of, statements

from crawler.items import Capture
from crawler.pictures import Fate, PictureText, WantedPicture
from storage.exhibits import ExhibitStore
from storage.looks import FURTHEST, LikePicture, Looks, forget_on
from storage.models import CaptureRow
from storage.picture_shapes import PictureEnd
from storage.tables.search import PictureBand, PictureLook

MINE = "a" * 64
ONE, TWO = "https://img.xinghe.example/1.jpg", "https://img.xinghe.example/2.jpg"


def shown(store: ExhibitStore, *urls: str) -> None:
    """One listing with these pictures."""
    exhibits = page_of((listing("1"),))
    (exhibit,) = exhibits.exhibits
    store.record(exhibits, [WantedPicture(exhibit=exhibit.id, url=url) for url in urls])


def ended(store: ExhibitStore, url: str, kept: Capture, sha256: str, fate: Fate = Fate.READ) -> None:
    (waiting,) = store.shown(url)
    store.end_pictures([PictureEnd(row=waiting.row, fate=fate, at=T0, capture=kept, sha256=sha256)])


def digest(number: int) -> str:
    return f"{number:064x}"


def changed(look: int, bits: int, chosen: random.Random) -> str:
    for bit in chosen.sample(range(64), bits):
        look ^= 1 << bit
    return f"{look:016x}"


def rows(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        looks = connection.execute(select(func.count()).select_from(PictureLook)).scalar_one()
        return looks, connection.execute(select(func.count()).select_from(PictureBand)).scalar_one()


@on_both
def test_all_within_seven_bits_are_found_and_no_others(engine: Engine) -> None:
    chosen, looks = random.Random(5), Looks(engine)
    look = chosen.getrandbits(64) | 1 << 63
    bits = {digest(number): number % 12 for number in range(240)}
    looks.keep([(MINE, f"{look:016x}"), *((one, changed(look, far, chosen)) for one, far in bits.items())])
    found, is_whole = looks.like(MINE)
    assert is_whole
    near = sorted((far, one) for one, far in bits.items() if far <= FURTHEST)
    assert found == tuple(LikePicture(sha256=one, distance=far) for far, one in near)


@on_both
def test_a_picture_of_one_colour_is_like_none(engine: Engine) -> None:
    looks = Looks(engine)
    looks.keep([(MINE, "0" * 16), (digest(1), "0" * 16), (digest(2), "0" * 15 + "1"), (digest(3), "")])
    assert looks.like(MINE) == ((), True)
    assert looks.like(digest(2)) == ((), True)
    assert looks.like(digest(9)) == ((), False), "whoever has no look yet was compared with nothing"
    assert rows(engine) == (3, 4)


@on_both
def test_a_look_is_kept_once_and_forgotten_whole(engine: Engine) -> None:
    looks = Looks(engine)
    looks.keep([(MINE, "0123456789abcdef"), (MINE, "f" * 16), (digest(1), "0123456789abcdee")])
    assert looks.like(digest(1))[0] == (LikePicture(sha256=MINE, distance=1),)
    with engine.begin() as connection:
        forget_on(connection, [MINE])
    assert rows(engine) == (1, 4)
    assert looks.like(digest(1)) == ((), True)


def test_too_many_alike_are_cut_and_that_is_said(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.looks.CANDIDATES", 8)
    looks = Looks(engine)
    looks.keep((digest(number), "0123456789abcdef") for number in range(30))
    found, is_whole = looks.like(digest(3))
    assert not is_whole
    assert len(found) <= 8


@on_both
def test_reading_keeps_the_look_and_older_pictures_miss_theirs(planned: ExhibitStore) -> None:
    shown(planned, ONE, TWO)
    kept = capture("image-1")
    ended(planned, ONE, kept, digest(1))
    ended(planned, TWO, capture("image-2"), digest(2), Fate.FAILED)
    looks = Looks(planned.engine)
    assert [(one.sha256, one.capture) for one in looks.missing("", 9)] == [(digest(1), kept)]
    assert looks.missing(digest(1), 9) == ()
    with planned.engine.begin() as connection:
        connection.execute(update(CaptureRow).where(CaptureRow.id == kept.id).values(expired_in=3))
    assert looks.missing("", 9) == (), "bytes that were removed make no look"
    planned.keep_picture_text(digest(1), "rapidocr", PictureText(width=9, height=9), T0)
    assert rows(planned.engine) == (0, 0), "nobody asked for its look"
    planned.keep_picture_text(digest(1), "rapidocr", PictureText(width=9, height=9, look="0123456789abcdef"), T0)
    assert rows(planned.engine) == (1, 4)
    assert looks.missing("", 9) == ()


@on_both
def test_every_question_walks_an_index(planned: ExhibitStore) -> None:
    shown(planned, ONE)
    ended(planned, ONE, capture("image-1"), digest(1))
    looks = Looks(planned.engine)
    looks.keep([(digest(2), "0123456789abcdef")])
    with statements(planned) as asked:
        looks.missing("", 9)
        looks.like(digest(2))
        with planned.engine.begin() as connection:
            forget_on(connection, [digest(3)])
    plans = [plan_of(planned, *one) for one in asked]
    assert len(plans) == 5
    scans = [line for plan in plans for line in plan if FULL_SCAN.match(line)]
    assert not [line for line in scans if not line.startswith("SCAN anon_")]
    if planned.engine.dialect.name == "sqlite":
        assert any("ix_pictures_sha256" in line for line in plans[0])
