"""Signatures: the same for the same offer however it is spelled, and comparable for ever."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from examples import listing, screen

from detectors.examples import Trial, example_screen, failed, trials
from detectors.likeness import VALUES, signature
from detectors.rule import load_rules, rules_digest

OFFER = "本店专业办理各类发明专利实用新型外观设计申请，内部渠道包授权，不授权全额退款"


def share(one: str, other: str) -> float:
    pairs = zip(signature(listing(one)), signature(listing(other)), strict=True)
    return sum(a == b for a, b in pairs) / VALUES


def test_disguise_price_and_seller_change_nothing() -> None:
    plain = signature(listing(OFFER))
    assert len(plain) == VALUES
    assert all(0 <= value < 2**32 for value in plain)
    assert signature(listing(OFFER.replace("包授权", "包 授·权"))) == plain
    assert signature(replace(listing(OFFER), seller="星河知产", price="¥2800", position=9)) == plain


def test_the_share_of_equal_values_follows_the_words() -> None:
    assert share(OFFER, OFFER) == 1
    assert share(OFFER, OFFER.replace("不授权", "没授权")) > 0.7
    assert share(OFFER, "出售二手自行车一辆，九成新，上门自提，价格面议，非诚勿扰") < 0.1


def test_what_says_nothing_is_like_nothing() -> None:
    assert signature(listing("！。 ……")) == ()
    assert len(signature(listing("包"))) == VALUES


def test_a_long_text_is_read_in_part() -> None:
    assert signature(listing("包授权" * 2_000)) == signature(listing("包授权" * 100_000))


def test_kept_signatures_stay_comparable() -> None:
    """A new release of the library, or another seed, would part every group that is kept."""
    told = ",".join(map(str, signature(listing("发明专利包授权 不过全额退款"))))
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "fa2580624c820403"


def test_examples_are_tried_and_seen_to_fail() -> None:
    rules = load_rules()
    every = trials(rules)
    assert len(every) == sum(len(rule.violates) + len(rule.lawful) for rule in rules)
    bench = example_screen(rules)
    assert [failed(bench, one) for one in every[:5]] == [""] * 5
    guilty = every[0]
    assert guilty.rule in failed(bench, replace(guilty, is_guilty=False))
    innocent = Trial(rule=guilty.rule, shown=listing("天气晴朗"), is_guilty=True)
    assert failed(bench, innocent) == "违法例没有命中"
    assert bench.rules == screen().rules


def test_one_rule_answers_for_its_own() -> None:
    rules = load_rules()
    first, second = rules[0], rules[1]
    mine = trials(rules, first.id)
    assert {one.rule for one in mine if one.is_guilty} == {first.id}
    assert sum(not one.is_guilty for one in mine) == sum(len(rule.lawful) for rule in rules)
    bench = example_screen(rules)
    wrong = Trial(rule=second.id, shown=first.violates[0], is_guilty=False)
    assert failed(bench, wrong, first.id)
    assert failed(bench, wrong, "none of these") == ""


def test_the_digest_of_all_rules_follows_their_files() -> None:
    assert len(rules_digest()) == 64
    assert rules_digest() == rules_digest()
