"""When a row of the law book holds: for which categories, actors, places, offices, levels, facts and days.

It decides nothing. Words that nobody knows are refused while the file is read: a typing mistake never widens a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from casework.law_words import ActorKind, Fact, Level, OfficeKind, PlaceKind, Situation
from casework.lawbook.facts import signs
from detectors.strict import Table

CATEGORIES = {
    "guaranteed_grant": "包授权",
    "green_channel": "绿色通道",
    "official_impersonation": "冒用官方名义",
    "inventor_listing": "发明人挂名",
    "unqualified_agency": "无资质代理",
    "licence_renting": "挂证",
    "abnormal_filing": "非正常申请",
    "malicious_trademark": "恶意商标",
}
WORDS: Mapping[str, str] = CATEGORIES | {
    ActorKind.PATENT_AGENCY: "持证专利代理机构",
    ActorKind.UNLICENSED: "无执业许可证者",
    ActorKind.TM_AGENCY: "已备案商标代理机构",
    ActorKind.TM_UNFILED: "未备案商标代理机构",
    ActorKind.UNKNOWN: "身份不明者",
    PlaceKind.SEARCH_AD: "搜索广告",
    PlaceKind.SHOP: "店铺",
    PlaceKind.FORUM: "论坛帖子",
    PlaceKind.OWN_SITE: "自有网站",
    OfficeKind.AMR: "市场监督管理局",
    OfficeKind.IPO: "独立的知识产权局",
    Level.PROVINCE: "省级",
    Level.CITY: "市级",
    Level.COUNTY: "县级",
}
Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a row asks of a situation; what it does not name is open. Of `facts` one is enough."""

    categories: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    since: date = date.min
    until: date = date.max

    def unmet(self, situation: Situation) -> tuple[str, ...]:
        """Why it does not hold, condition by condition; empty where it holds."""
        asked = (
            (self.categories, situation.category, "类别"),
            (self.actors, situation.actor, "主体"),
            (self.places, situation.place, "载体"),
            (self.offices, situation.office, "机关"),
            (self.levels, situation.level, "层级"),
        )
        why = [_why(wanted, given, word) for wanted, given, word in asked if wanted and given not in wanted]
        if self.facts and not situation.facts & set(self.facts):
            why.append("；".join(signs()[one].unseen for one in self.facts))
        if not self.since <= situation.on <= self.until:
            why.append(days_words(self.since, self.until, situation.on))
        return tuple(why)

    def holds(self, situation: Situation) -> bool:
        """The same without the words: it is asked far more often."""
        asked = (
            (self.categories, situation.category),
            (self.actors, situation.actor),
            (self.places, situation.place),
            (self.offices, situation.office),
            (self.levels, situation.level),
        )
        return (
            self.since <= situation.on <= self.until
            and all(not wanted or given in wanted for wanted, given in asked)
            and (not self.facts or not situation.facts.isdisjoint(self.facts))
        )


def days_words(since: date, until: date, on: date) -> str:
    """Why a day lies outside."""
    if on < since:
        return f"自 {since} 起施行，行为终了日 {on} 在其之前"
    return f"只用于 {until} 以前终了的行为，行为终了日是 {on}"


def _why(wanted: Sequence[str], given: str, word: str) -> str:
    return f"用于{word}：{'、'.join(WORDS[one] for one in wanted)}；本案是{WORDS[given]}"


def read_conditions(entry: Table, groups: Groups) -> Conditions:
    """The conditions of one row, taken out of it."""
    return Conditions(
        categories=_choices(entry, "categories", tuple(CATEGORIES), groups),
        actors=_choices(entry, "actors", ActorKind, groups),
        places=_choices(entry, "places", PlaceKind, groups),
        offices=_choices(entry, "offices", OfficeKind, groups),
        levels=_choices(entry, "levels", Level, groups),
        facts=_choices(entry, "facts", Fact, groups),
        since=entry.day("from") if entry.has("from") else date.min,
        until=entry.day("until") if entry.has("until") else date.max,
    )


def _choices(entry: Table, key: str, known: type[StrEnum] | tuple[str, ...], groups: Groups) -> tuple[str, ...]:
    if not entry.has(key):
        return ()
    words = [word for told in entry.texts(key) for word in groups.get(told, (told,))]
    allowed = {str(one) for one in known}
    if unknown := [word for word in words if word not in allowed]:
        raise entry.refuse(f"{key} 不认识 {'、'.join(unknown)}")
    return tuple(dict.fromkeys(words))
