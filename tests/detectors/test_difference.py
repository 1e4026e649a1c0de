"""Changes rebuild the new text from the old one, in words a person reads, at a bounded cost."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from detectors.difference import STEPS, Purse, amount, differences


def rebuilt(old: str, new: str) -> str:
    made, at = "", 0
    for one in differences(old, new):
        assert one.start >= at
        assert one.start < one.end or one.new_start < one.new_end
        made += old[at : one.start] + new[one.new_start : one.new_end]
        at = one.end
    return made + old[at:]


def told(old: str, new: str) -> list[tuple[str, str]]:
    return [(old[one.start : one.end], new[one.new_start : one.new_end]) for one in differences(old, new)]


def drawn(chosen: random.Random, length: int) -> str:
    return "".join(chosen.choices("甲乙丙 a1.，。\n😀", k=length))


def test_changes_rebuild_the_new_text() -> None:
    chosen = random.Random(11)
    for _ in range(400):
        old, new = drawn(chosen, chosen.randrange(40)), drawn(chosen, chosen.randrange(40))
        assert rebuilt(old, new) == new
        assert differences(old, old) == ()


def test_what_stands_between_changes_is_the_same() -> None:
    chosen = random.Random(12)
    old = drawn(chosen, 300)
    new = old[:50] + "新" + old[60:200] + old[210:] + "尾"
    at = new_at = 0
    for one in differences(old, new):
        assert old[at : one.start] == new[new_at : one.new_start]
        at, new_at = one.end, one.new_end
    assert old[at:] == new[new_at:]


def test_words_and_numbers_change_whole() -> None:
    assert told("专利包授权", "专利协助授权") == [("包", "协助")]
    assert told("价2800元，PCT1项", "价2900元，PCT12项") == [("2800", "2900"), ("PCT1", "PCT12")]
    assert told("", "包授权") == [("", "包授权")]
    assert told("包授权", "") == [("包授权", "")]


def test_chance_agreement_within_a_change_is_no_agreement() -> None:
    assert told("甲乙丙丁戊己", "庚辛丙壬癸子") == [("甲乙丙丁戊己", "庚辛丙壬癸子")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("甲乙" * 50_000, "乙丙" * 50_000),
        ("包授权，" * 25_000, "包授权，" * 12_000 + "不包授权，" + "包授权，" * 13_000),
        ("a" * 100_000, "a" * 99_999),
        (drawn(random.Random(1), 100_000), drawn(random.Random(2), 100_000)),
    ],
)
def test_a_hundred_thousand_characters_cost_so_many_steps(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = Counted(10**9)
    assert differences(old, new, pairs)
    assert rebuilt(old, new) == new
    # One refusal for each stretch that is compared; a stretch that was refused is told as replaced.
    assert pairs.asked <= STEPS + 2 * pairs.longest


class Counted(Purse):
    """A purse that knows what was asked of it."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.asked = self.longest = 0

    def pays(self, steps: int) -> bool:
        self.asked, self.longest = self.asked + steps, max(self.longest, steps)
        return super().pays(steps)


def test_a_purse_pays_for_several_pairs_and_an_empty_one_tells_them_replaced() -> None:
    old, new = "甲乙丙丁戊己庚辛", "丙丁戊己庚辛甲乙"
    assert [(one.start, one.end) for one in differences(old, new, Purse(1_000))] == [(0, 2), (8, 8)]
    pairs = Purse(60)
    told = [len(differences(old, new, pairs)) for _ in range(9)]
    assert told[0] == 2
    assert told[-1] == 1, "told as replaced"


def test_long_texts_are_told_clause_by_clause_and_then_word_by_word() -> None:
    clauses = [f"第{number}项服务说明，" for number in range(2_000)]
    old = "".join(clauses)
    clauses[700] = "第700项包授权说明，"
    assert told(old, "".join(clauses)) == [("服务", "包授权")]


@pytest.mark.parametrize(
    ("price", "number"),
    [
        ("¥2 800.00", "2800"),
        ("￥2,800", "2800"),
        ("２８００元", "2800"),
        ("0.28万", "2800"),
        ("¥ 1,234,567.5 起", "1234567.5"),
        ("100-200", None),
        ("面议", None),
        ("", None),
    ],
)
def test_a_price_is_one_number_or_none(price: str, number: str | None) -> None:
    assert amount(price) == (Decimal(number) if number else None)
