"""Cutting into words earns its place: a splitter that takes every character for a word convicts the innocent."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from examples import categories, listing, screen
from test_words import CROSSING, RULE_WORDS, WHOLE, stands

from crawler.items import Kind
from detectors import scene
from detectors.examples import FewAgencies
from detectors.rule import load_rules
from detectors.screen import Screen, load_screen
from detectors.words import Borders, load_ordinary

# Lawful, and full of our words when nobody asks where a word begins.
INNOCENT = [
    "钱包授权成功后即可支付，商标专利课程今日特价，加微信",
    "专利管理软件包授权码，正版发货，在线咨询",
    "专利表情包授权，商用授权书，加微信咨询",
    "打包下证书路径填错，专利软件安装咨询",
    "专利展板打包过来的箱子，量大从优",
    "商标贴纸，书包过大可退，加微信",
]


class EveryCharacter(Borders):
    """What is left when words are not known: every character begins and ends one."""

    def __init__(self, words: Iterable[str], ordinary: Iterable[str] = ()) -> None:
        pass

    def frequency(self, word: str) -> int:
        return 0

    def cut(self, run: str) -> tuple[str, ...]:
        return tuple(run)

    def at_borders(self, text: str, start: int, end: int) -> tuple[bool, bool]:
        return True, True

    def is_ordinary(self, text: str, start: int, end: int) -> bool:
        return False


@pytest.fixture(scope="module")
def careless() -> Screen:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "Borders", EveryCharacter)
        return Screen(load_rules(), FewAgencies(), with_trial=True)


@pytest.mark.parametrize(("text", "word"), CROSSING)
def test_without_words_every_crossing_would_be_one(text: str, word: str) -> None:
    assert stands(EveryCharacter(RULE_WORDS), text, word)
    assert not stands(Borders(RULE_WORDS, load_ordinary().words), text, word)


@pytest.mark.parametrize("text", INNOCENT)
def test_without_words_the_innocent_are_convicted(careless: Screen, text: str) -> None:
    shown = listing(text, kind=Kind.PRODUCT)
    assert not screen().judge(shown)
    assert careless.judge(shown)


def test_the_guilty_are_found_either_way(careless: Screen) -> None:
    for text, word in WHOLE:
        shown = listing(f"{text}，专利代办，加微信", kind=Kind.PRODUCT)
        if categories(shown):
            assert careless.judge(shown), word


def test_the_rules_own_innocents_need_words(careless: Screen) -> None:
    usual = load_screen(FewAgencies(), with_trial=True)
    lawful = [shown for rule in load_rules() for shown in rule.lawful]
    assert sum(bool(careless.judge(one)) for one in lawful) > 2 * sum(bool(usual.judge(one)) for one in lawful)
