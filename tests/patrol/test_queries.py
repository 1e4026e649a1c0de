"""Queries: the office's words win, the rules' are the same wherever they are made, a struck one never comes back."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.errors import UserMistake
from crawler.watches import Origin, WatchQuery
from detectors.rule import Rule, load_rules
from patrol.queries import LONGEST_GENERATED, PER_RULE, checked, chosen, from_rules, read_list

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return load_rules()


def test_every_rule_gives_a_few_short_words_of_its_own(rules: tuple[Rule, ...]) -> None:
    found = from_rules(rules)
    assert {one.category for one in found} == {one.category for one in rules if one.state == "active"}
    assert all(one.origin is Origin.RULES for one in found)
    assert max(len(one.words) for one in found) <= LONGEST_GENERATED
    assert len({one.words for one in found}) == len(found) <= PER_RULE * len(rules)
    assert "专利包授权" in {one.words for one in found}, "how the first category's own examples put it"


def test_the_same_rules_give_the_same_words_in_any_order_and_process(rules: tuple[Rule, ...]) -> None:
    found = [one.words for one in from_rules(rules)]
    assert [one.words for one in from_rules(reversed(rules))] == found
    # Alternatives are sets: another seed of their order must not show.
    code = "from patrol.queries import *; from detectors.rule import load_rules; "
    code += "print('\\n'.join(one.words for one in from_rules(load_rules())))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "7", "LANG": "C.UTF-8"}, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert told.stdout.splitlines() == found


def test_a_struck_word_gives_way_to_the_next_one(rules: tuple[Rule, ...]) -> None:
    before = [one.words for one in from_rules(rules)]
    after = [one.words for one in from_rules(rules, {before[0]})]
    assert before[0] not in after
    assert after[:2] == before[1:3]


def test_trial_rules_give_none(rules: tuple[Rule, ...]) -> None:
    assert from_rules([replace(rules[0], state="trial")]) == ()


def test_the_offices_words_win() -> None:
    office = WatchQuery(words="专利 包授权", category="office")
    listed = WatchQuery(words="专利包授权", origin=Origin.LIST)
    ruled = [WatchQuery(words="专利包授权", origin=Origin.RULES), WatchQuery(words="商标包过", origin=Origin.RULES)]
    assert chosen(ruled, [listed], [office]) == (office, ruled[1])
    assert chosen(ruled, [listed]) == (listed, ruled[1])


def test_addresses_that_differ_in_case_are_two() -> None:
    two = [WatchQuery(words="https://www.xinghe.example/A"), WatchQuery(words="https://www.xinghe.example/a")]
    assert len(chosen(two)) == 2


@pytest.mark.parametrize(
    "words",
    [
        "", "  ", "专利\n包授权", "专利\u202e包", "专" * 61, "http://", "https:///x", "https://用户:密@xinghe.example/",
        "https://[::1", "https://xinghe.example/a b", "https://xinghe.example:0/",
        "http://xinghe.example/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(words: str) -> None:
    with pytest.raises(UserMistake):
        checked(WatchQuery(words=words))


def test_lists(tmp_path: Path) -> None:
    packaged = read_list()
    assert {one.origin for one in packaged} == {Origin.LIST}
    assert packaged[0] == WatchQuery(words="专利包授权", category="guaranteed_grant", origin=Origin.LIST)
    lines = tmp_path / "own.txt"
    lines.write_text("\ufeff# 说明\n 专利包授权 \n\n商标包过\n商标 包过\n", encoding="utf-8")
    assert read_list(lines) == (WatchQuery(words="专利包授权"), WatchQuery(words="商标包过"))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.toml", "query = 3", "查询词文件"),
        ("a.toml", "[[query]]\ncategory = 'x'", "words"),
        ("a.toml", "[[query]]\nwords = 3", "文字"),
        ("a.toml", "[[query", "查询词文件"),
        ("a.txt", "# 只有说明\n", "没有查询词"),
    ],
)
def test_lists_that_are_none(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserMistake, match=why):
        read_list(tmp_path / name)
    with pytest.raises(UserMistake, match="查询词文件"):
        read_list(tmp_path / "none.txt")
