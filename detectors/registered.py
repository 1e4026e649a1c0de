"""What the registry of agencies says of whoever a listing names: by name, five-digit code or credit code.

Not being listed is a reason to look, never proof. Trademark agencies are filed, not licensed: of them
nothing is said but that a filing is no licence for patents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crawler.agencies import BRANCH, PATENT_AGENCY, TRADEMARK_AGENCY, Agency, RegistryView
from crawler.items import Entity
from detectors.rule import FILING
from detectors.stance import Reason

LISTED_POINTS = -25
MAY_ACT_POINTS, NO_LONGER_POINTS, SUSPENDED_POINTS = -50, 45, 20
BORROWED_POINTS, FILED_ONLY_POINTS, UNLISTED_POINTS = 40, 15, 10
# Two reasons at most are told.
REGISTRY_AT_MOST = NO_LONGER_POINTS + BORROWED_POINTS
ENDED = ("注销", "撤销", "吊销")
CODES = ("agency_code", "credit_code")


def by_registry(use: str, seller: str, entities: Iterable[Entity], registry: RegistryView) -> list[Reason]:
    """Reasons for or against. For `FILING` a listed agency may mean its own filing; for `LICENCE` it is asked
    whether who is named may act. Nobody named: no reasons.
    """
    names = list(dict.fromkeys(name for name in (seller, *_values(entities, ("company",))) if name))
    codes = list(dict.fromkeys(_values(entities, CODES)))
    if use == FILING:
        listed = [name for name in names if registry.find(name)]
        return [Reason(f"名录里有{listed[0]}，可能是备案、许可的不当表述", LISTED_POINTS)] if listed else []
    told = list(_of_licence(names, codes, registry))
    # An agency that may act explains the listing, whatever else is named beside it.
    return [one for one in told if one.points == MAY_ACT_POINTS][:1] or told[:2]


def _values(entities: Iterable[Entity], kinds: Sequence[str]) -> Iterator[str]:
    return (entity.value for entity in entities if entity.kind in kinds)


def _of_licence(names: Sequence[str], codes: Sequence[str], registry: RegistryView) -> Iterator[Reason]:
    drawn = f"（截至{registry.as_of}）" if registry.as_of else ""
    by_name = {name: entry for name in names for entry in [registry.find(name)] if entry}
    for code in codes:
        entry = registry.find_code(code)
        if entry is None:
            yield Reason(f"代码{code}未在导入名录{drawn}中匹配", UNLISTED_POINTS)
        elif names and entry.code not in {one.code for one in by_name.values()} and not _is_named(entry, names):
            yield Reason(f"代码{code}在名录{drawn}里是{entry.name}的，与所写名称不符", BORROWED_POINTS)
        else:
            yield from _of_entry(entry, drawn)
    for entry in by_name.values():
        yield from _of_entry(entry, drawn)
    firms = [name for name in names if name not in by_name]
    if firms and not by_name and not codes:
        yield Reason(f"{firms[0]}未在导入名录{drawn}中匹配，须到官方系统复核", UNLISTED_POINTS)


def _is_named(entry: Agency, names: Sequence[str]) -> bool:
    return any(entry.name in name or name in entry.name for name in names)


def _of_entry(entry: Agency, drawn: str) -> Iterator[Reason]:
    if entry.kind == TRADEMARK_AGENCY:
        yield Reason(f"名录{drawn}里{entry.name}是备案的商标代理机构，未见专利代理许可", FILED_ONLY_POINTS)
    elif entry.kind not in (PATENT_AGENCY, BRANCH):
        return
    elif entry.is_active:
        yield Reason(f"名录{drawn}里{entry.name}是在业的专利代理机构", MAY_ACT_POINTS)
    elif entry.status in ENDED:
        yield Reason(f"名录{drawn}里{entry.name}的状态是{entry.status}", NO_LONGER_POINTS)
    else:
        yield Reason(f"名录{drawn}里{entry.name}的状态是{entry.status}", SUSPENDED_POINTS)
