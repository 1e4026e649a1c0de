"""Texts made of nothing but our own words: judged in bounded time, and no otherwise than short ones."""

from __future__ import annotations

import time
from random import Random

import pytest
from examples import listing, screen

from crawler.items import Kind
from detectors import sieve
from detectors.rule import load_rules
from detectors.screen import JUDGED_AT_MOST


def full_of(words: list[str], gap: str = "") -> str:
    random = Random(5)
    return gap.join(random.choice(words) for _ in range(JUDGED_AT_MOST))[:JUDGED_AT_MOST]


RULE_WORDS = sorted({part for rule in load_rules() for words in rule.words for part in words.parts})


@pytest.mark.parametrize(
    "text",
    [
        full_of(RULE_WORDS),
        full_of(RULE_WORDS, "，"),
        full_of(RULE_WORDS, "·"),
        "\n\n\n\n".join(RULE_WORDS[::8]) + "署名" * JUDGED_AT_MOST,
        "第一发明人名额转让" * JUDGED_AT_MOST,
    ],
    ids=["words", "clauses", "dotted", "one everywhere", "one offer"],
)
def test_a_text_full_of_our_words_holds_up_nobody(text: str) -> None:
    shown = listing(text, title=text, seller=text, kind=Kind.AD)
    screen().judge(listing("专利包授权"))
    begun = time.process_time()
    screen().judge(shown)
    assert time.process_time() - begun < 20  # two on a quiet machine


def test_what_stands_among_many_is_what_walking_finds() -> None:
    openings, random, found = screen()._stage._openings, Random(8), 0
    for _ in range(60):
        words = random.sample(RULE_WORDS, 30)
        hits = openings.index.whole("".join(random.choice(words) for _ in range(200)))
        walked = openings.sieve.standing(hits)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sieve, "MANY", -1)
            assert openings.sieve.standing(hits) == walked
        found += len(walked)
    assert found > 100
