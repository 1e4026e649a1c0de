"""Lots: drawn again from the same list with the same seed they are the same, on any machine and in any order."""

from __future__ import annotations

import hashlib
import random

import pytest

from crawler.errors import UserMistake
from patrol.sampling import MOST, drawn, rank, shop_identity

GOLDEN = ["00994", "00832", "00454"]
GOLDEN_DIGEST = "cec4dfa225f4d9bb70ca70afe90bec3ee11cb07bab43e4697f7f0274ee1e5326"
LIST = [(f"{number:05}", (f"{number:05}", f"星河{number}所")) for number in range(1000)]


def names(seed: str, wanted: int = 5) -> list[str]:
    return [line[0] for line in drawn(LIST, seed, wanted).results]


def test_a_draw_anybody_can_check_by_hand() -> None:
    """Written out apart from our code: whoever has the list and sha256sum comes to the same."""
    ranks = sorted((hashlib.sha256(b"2026-11\0" + code.encode()).hexdigest(), code) for code, _ in LIST)
    assert names("2026-11") == [code for _, code in ranks[:5]]
    assert rank("2026-11", "00007") == hashlib.sha256(b"2026-11\x0000007").hexdigest()


def test_the_draw_of_a_seed_is_for_ever() -> None:
    found = drawn(LIST, "抽查", 3)
    assert [line[0] for line in found.results] == GOLDEN
    assert (found.size, found.digest) == (1000, GOLDEN_DIGEST)


def test_neither_order_nor_doubles_of_the_list_matter() -> None:
    mixed = [*LIST, *LIST[:100], ("00007", ("00007", "另名"))]
    random.Random(7).shuffle(mixed)
    once = drawn([*LIST, ("00007", ("00007", "另名"))], "a", 1000)
    assert drawn(mixed, "a", 1000) == once
    assert once.size == 1000


def test_a_long_list_is_cut_on_the_way_and_the_draw_is_the_same() -> None:
    many = [(f"{number:06}", (f"{number:06}",)) for number in range(9000)]
    ranks = sorted((rank("a", identity), identity) for identity, _ in many)
    found = drawn([*many, *many[:50]], "a", 40)
    assert [line[0] for line in found.results] == [identity for _, identity in ranks[:40]]
    assert found.size == 9000


def test_another_seed_is_another_draw_and_more_are_the_same_and_then_others() -> None:
    assert names("a") != names("b")
    assert names("a", 9)[:5] == names("a")


def test_a_changed_list_has_another_digest() -> None:
    assert drawn(LIST, "a", 1).digest != drawn(LIST[1:], "a", 1).digest
    assert drawn(LIST, "a", 1).digest == drawn(LIST, "b", 2).digest


@pytest.mark.parametrize(
    ("seed", "wanted", "why"),
    [
        ("a", 1001, "只有 1000 个，抽不出 1001 个"),
        ("a", 0, "抽取数"),
        ("a", -1, "抽取数"),
        ("a", MOST + 1, "抽取数"),
        ("", 1, "种子"),
        ("a\0b", 1, "种子"),
        ("a" * 201, 1, "种子"),
    ],
)
def test_draws_that_cannot_be(seed: str, wanted: int, why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        drawn(LIST, seed, wanted)


def test_a_seller_is_his_number_or_his_name() -> None:
    assert shop_identity(("taobao", "7001", "星河")) == shop_identity(("taobao", "7001", "新名"))
    assert shop_identity(("taobao", "", "7001")) != shop_identity(("taobao", "7001", ""))
    assert shop_identity(("taobao", "7001", "")) != shop_identity(("jd", "7001", ""))
