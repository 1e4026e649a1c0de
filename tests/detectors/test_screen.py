"""The cheap first look lets nothing by, and is cheap."""

from __future__ import annotations

from random import Random

import pytest
from examples import LAWFUL, lines, listing, screen

from benchmarks.evasions import WAYS, disguise
from crawler.items import Kind
from detectors.rule import load_rules
from detectors.screen import JUDGED_AT_MOST

PIECES = [
    *(shown.title + shown.text for rule in load_rules() for shown in rule.violates + rule.lawful),
    *(line for path in sorted(LAWFUL.glob("*.txt")) for line in lines(path)),
]


def random_text(random: Random) -> str:
    text = "，".join(random.sample(PIECES, 2))
    start = random.randrange(len(text) - 8)
    word = text[start : start + random.randrange(2, 6)]
    return text[:start] + disguise(word, random.choice(list(WAYS)), random) + text[start + len(word) :]


def test_the_first_look_lets_no_finding_by() -> None:
    random, judge, passed = Random(3), screen(), 0
    for _ in range(1500):
        shown = listing(random_text(random)[: random.randrange(5, 120)])
        if not judge.judge(shown):
            passed += 1
            assert all(one.points < one.needs for one in judge.weigh(shown)), shown.text
    assert passed > 100


@pytest.mark.parametrize("text", ["", "\n", "\u200b", "\ud800包授权专利\udfff", "\x00专利包授权\x00"])
def test_strange_texts_are_judged_too(text: str) -> None:
    for finding in screen().judge(listing(text, kind=Kind.AD)):
        assert finding.quote == text[finding.start : finding.end]


def test_long_wordings_are_quoted_short() -> None:
    title = "专利包" + " " * 200 + "授权 加微信"
    (finding,) = screen().judge(listing(title=title, kind=Kind.AD))
    assert len(finding.quote) == 80
    assert finding.quote == title[finding.start : finding.end]


def test_judging_is_the_same_twice() -> None:
    shown = listing("专利内部渠道，包授权，不授权全额退款，加微信", title="发明人挂名 有名额", kind=Kind.AD)
    first = screen().judge(shown)
    assert {finding.category for finding in first} == {"guaranteed_grant", "green_channel", "inventor_listing"}
    assert screen().judge(shown) == first


def test_of_a_text_as_long_as_a_book_the_first_part_is_judged() -> None:
    offer = "发明专利包授权，不过全额退款。"
    assert screen().judge(listing(offer + "，" * JUDGED_AT_MOST))
    assert not screen().judge(listing("，" * JUDGED_AT_MOST + offer))
