"""Bands: the same for ever, shared by what is nearly the same; likeness is counted, not estimated."""

from __future__ import annotations

import random

import pytest

from detectors.near import BAND_BITS, BANDS, READ_AT_MOST, Likeness, bands

OFFER = "本店专业办理各类发明专利实用新型外观设计申请，内部渠道包授权，不授权全额退款"


def test_kept_bands_stay_comparable() -> None:
    assert bands("", "包")[:2] == (46194480130, 129980385586)
    assert bands("包授权", OFFER)[:2] == (26000417354, 126738874884)


def test_a_band_says_its_place_and_fits_forty_bits() -> None:
    assert [band >> BAND_BITS for band in bands("", OFFER)] == list(range(BANDS))


def test_spelling_gaps_and_marks_change_nothing() -> None:
    assert bands("", OFFER.replace("包授权", "包 授·權")) == bands("", OFFER)
    assert bands("TEL １３８", OFFER) == bands("tel138", OFFER)
    assert Likeness("", OFFER)("", OFFER.replace("，", " ！ ")) == 1


def test_what_says_nothing_is_like_nothing() -> None:
    assert bands("！。 ", "……") == ()
    assert Likeness("", "！")("", "！") == 0
    assert Likeness("", "包")("", "包") == 1
    assert Likeness("", "包")("", "包过") == 0


def test_likeness_is_the_share_of_common_grams() -> None:
    # 甲乙丙 乙丙丁 丙丁戊, of which the other has the first two and one of its own.
    assert Likeness("", "甲乙丙丁戊")("甲乙", "丙丁己") == 2 / 4


@pytest.mark.parametrize(("changed", "least"), [(4, 0.99), (12, 0.9)])
def test_near_texts_share_a_band_and_others_none(changed: int, least: float) -> None:
    drawn = random.Random(7)
    letters = [chr(0x4E00 + code) for code in range(5_000)]
    shared = strange = 0
    for _ in range(200):
        one = drawn.choices(letters, k=200)
        other = list(one)
        for place in drawn.sample(range(200), changed):
            other[place] = drawn.choice(letters)
        mine = set(bands("", "".join(one)))
        shared += not mine.isdisjoint(bands("", "".join(other)))
        strange += not mine.isdisjoint(bands("", "".join(drawn.choices(letters, k=200))))
    assert shared / 200 >= least
    assert strange == 0


def test_a_page_of_text_costs_no_more_than_what_is_read_of_it() -> None:
    endless = OFFER * 5_000
    assert bands("", endless) == bands("", endless[: READ_AT_MOST - 1])
    assert Likeness("", endless)("", endless[: READ_AT_MOST - 1]) == 1


def test_hostile_characters_have_bands_too() -> None:
    for text in ("\ud800\udc00", "\0\0\0", "😀😀😀", "e\u0301" * 9, "𠮷野家" * 3, "(bao)" * 900):
        assert len(bands("", text)) in (0, BANDS)
    assert len(bands("", "𠮷野家" * 3)) == BANDS
