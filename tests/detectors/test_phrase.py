"""Wordings: an amount of money after a wording, and what is none."""

from __future__ import annotations

import pytest

from detectors.phrase import Phrase, Place, find_phrase

SEAT = "第二位"


def paid(text: str) -> list[str]:
    at = text.index(SEAT)
    phrase = Phrase((frozenset({SEAT}),), (), amount_within=3)
    return [text[place.start : place.end] for place in find_phrase(phrase, {SEAT: [Place(at, at + 3)]}, text, 9)]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("专利第二位800", "第二位800"),
        ("第二位只要一千二，第三位", "第二位只要一千二"),
        ("第二位2000元", "第二位2000元"),
        ("第二位12万", "第二位12万"),
        ("第二位2k", "第二位2k"),
    ],
)
def test_an_amount_after_a_wording_is_part_of_the_quote(text: str, quoted: str) -> None:
    assert paid(text) == [quoted]


@pytest.mark.parametrize(
    "text", ["第二位2025授权", "第二位13800000000", "第二位。800", "第二位加5分", "第二位不得收800", "第二位奖励800"]
)
def test_a_year_a_phone_another_sentence_are_no_amounts(text: str) -> None:
    assert paid(text) == []
