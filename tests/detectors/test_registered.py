"""What the registry says of whoever a listing names: never that an unlisted name is unlicensed."""

from __future__ import annotations

import pytest
from examples import FewAgencies, listing

from crawler.items import Entity, Kind
from detectors.registered import (
    BORROWED_POINTS,
    FILED_ONLY_POINTS,
    LISTED_POINTS,
    MAY_ACT_POINTS,
    NO_LONGER_POINTS,
    SUSPENDED_POINTS,
    UNLISTED_POINTS,
    by_registry,
)
from detectors.rule import FILING, LICENCE, load_rules
from detectors.screen import Screen


def named(kind: str, value: str) -> Entity:
    return Entity(kind=kind, value=value, field="text", start=0, end=len(value))


@pytest.mark.parametrize(
    ("seller", "entities", "points"),
    [
        ("晨野专利代理有限公司", [], [MAY_ACT_POINTS]),
        ("星桥知识产权代理事务所（普通合伙）", [], [NO_LONGER_POINTS]),
        ("松陵专利事务所", [], [SUSPENDED_POINTS]),
        ("星岸商标服务有限公司", [], [FILED_ONLY_POINTS]),
        ("诚禾科技服务有限公司", [], [UNLISTED_POINTS]),
        ("", [], []),
        ("", [named("agency_code", "99003")], [NO_LONGER_POINTS]),
        ("", [named("agency_code", "99990")], [UNLISTED_POINTS]),
        ("云岭知识产权服务有限公司", [named("agency_code", "99001")], [BORROWED_POINTS]),
        ("晨野专利代理有限公司", [named("agency_code", "99001")], [MAY_ACT_POINTS]),
        ("小店", [named("company", "晨野专利代理有限公司")], [MAY_ACT_POINTS]),
    ],
)
def test_reasons_of_a_licence(seller: str, entities: list[Entity], points: list[int]) -> None:
    reasons = by_registry(LICENCE, seller, entities, FewAgencies())
    assert [reason.points for reason in reasons] == points
    assert all("无资质" not in reason.why for reason in reasons)


def test_not_found_is_told_with_the_day_of_the_registry() -> None:
    (reason,) = by_registry(LICENCE, "诚禾科技服务有限公司", [], FewAgencies())
    assert reason.why == "诚禾科技服务有限公司未在导入名录（截至2026-11-01）中匹配，须到官方系统复核"


def test_a_listed_agency_may_mean_its_own_filing() -> None:
    assert [one.points for one in by_registry(FILING, "晨野专利代理有限公司", [], FewAgencies())] == [LISTED_POINTS]
    assert by_registry(FILING, "诚禾科技服务有限公司", [], FewAgencies()) == []


def test_without_a_registry_nothing_is_said_of_a_licence() -> None:
    shown = listing("代写专利，欢迎咨询", kind=Kind.AD, seller="星桥知识产权代理事务所")
    rules = [rule for rule in load_rules() if rule.registry == LICENCE]
    assert rules
    assert Screen(rules).judge(shown) == ()
    assert len(Screen(rules, FewAgencies()).judge(shown)) == 1


def test_not_being_listed_is_never_enough() -> None:
    rules = [rule for rule in load_rules() if rule.registry == LICENCE]
    shown = listing(
        "本店代写专利，欢迎咨询，加微信 xinghe2026，一件 800 元", kind=Kind.AD, seller="诚禾科技服务有限公司"
    )
    (weighed,) = Screen(rules, FewAgencies()).weigh(shown)
    assert 0 < weighed.points < weighed.needs
