"""Rules held to their own examples: each convicts what violates it, and none convicts what is lawful.

The agencies that some examples name are invented, and so is their registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.agencies import ACTIVE, PATENT_AGENCY, TRADEMARK_AGENCY, Agency
from crawler.items import Listing
from detectors.rule import Rule
from detectors.screen import Screen

AGENCIES = (
    Agency(name="晨野专利代理有限公司", code="99001", kind=PATENT_AGENCY, status=ACTIVE),
    Agency(name="星桥知识产权代理事务所", code="99003", kind=PATENT_AGENCY, status="吊销"),
    Agency(name="松陵专利事务所", code="99004", kind=PATENT_AGENCY, status="停止承接"),
    Agency(name="星岸商标服务有限公司", code="", kind=TRADEMARK_AGENCY, status=ACTIVE),
)


class FewAgencies:
    """A registry of invented agencies, by the beginning of a name or by code."""

    as_of = "2026-11-01"

    def find(self, name: str) -> Agency | None:
        return next((one for one in AGENCIES if name.startswith(one.name)), None)

    def find_code(self, code: str) -> Agency | None:
        return next((one for one in AGENCIES if code and one.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example of a rule, and whether that rule must convict it or all rules must acquit it."""

    rule: str
    shown: Listing
    is_guilty: bool


def example_screen(rules: Sequence[Rule]) -> Screen:
    """A screen with these rules, those on trial too, and the registry that the examples count on."""
    return Screen(rules, FewAgencies(), with_trial=True)


def trials(rules: Sequence[Rule], only: str = "") -> tuple[Trial, ...]:
    """Every example of every rule; with `only`, what one rule must convict and all that it must acquit."""
    guilty = [
        Trial(rule=rule.id, shown=shown, is_guilty=True)
        for rule in rules
        if only in ("", rule.id)
        for shown in rule.violates
    ]
    return (*guilty, *(Trial(rule=rule.id, shown=shown, is_guilty=False) for rule in rules for shown in rule.lawful))


def failed(screen: Screen, trial: Trial, only: str = "") -> str:
    """What went wrong, in words; empty when nothing did. With `only`, what is about that rule or its own examples."""
    found = {finding.rule for finding in screen.judge(trial.shown)}
    if trial.is_guilty:
        return "" if trial.rule in found else "违法例没有命中"
    wrong = sorted(found if only in ("", trial.rule) else found & {only})
    return f"合法例被规则 {'、'.join(wrong)} 命中" if wrong else ""
