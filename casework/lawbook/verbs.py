"""With which word our office may turn to somebody, which letters it may write, and what a person must look at.

责令 comes only with an article that carries an order and is in our power: nothing else makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework.law_words import Choice, Delegation, PlaceKind, Situation, Verb
from casework.lawbook.conditions import WORDS
from casework.lawbook.cover import actor_seat, platform_seat
from casework.lawbook.powers import KIND_WORDS
from casework.lawbook.rows import Note, Part, Rows, Use
from casework.lawbook.seats import Seat
from casework.letters.letter import Kind
from detectors.article import Article

NOTHING = "没有可引条文：行为终了日没有施行中的条文，或者所引条文要求的事实未见"
_CARRIES_NOTHING = frozenset({Part.CONDUCT, Part.JURISDICTION})
_OF_OPERATORS = frozenset({Part.CONDUCT, Part.DUTY, Part.PLATFORM})
TO_PLATFORM = frozenset({Kind.REMOVE, Kind.CLOSE, Kind.SYSTEM, Kind.REMIND})
FIXED = {Kind.TRANSFER: Verb.TRANSFER, Kind.ASSIST: Verb.ASSIST, Kind.WARN: Verb.ASK, Kind.NOTICE: Verb.ASK}
# Matters whose own law is that of patent agency: there a lower office has no word of its own but help.
PATENT_MATTERS = frozenset({"unqualified_agency", "licence_renting", "inventor_listing", "abnormal_filing"})
_LETTERS = {
    Part.DUTY: TO_PLATFORM,
    Part.PLATFORM: TO_PLATFORM,
    Part.POWER: {Kind.ORDER},
    Part.TALK: {Kind.TALK},
    Part.ASSIST: {Kind.ASSIST, Kind.TALK},
    Part.HAND_OVER: {Kind.TRANSFER},
    Part.JURISDICTION: {Kind.TRANSFER, Kind.ORDER},
    Part.HELP: {Kind.ASSIST},
    Part.RISK: {Kind.WARN},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """An article that may be cited here, for what, and by which delegation."""

    article: Article
    use: Use
    by: Delegation | None = None


def belongs(part: Part, measure: str) -> bool:
    """Whether a letter of this kind cites such articles; conduct is told in every letter, what a letter of one kind
    alone needs is no part of the whole matter."""
    if not measure:
        return part not in (Part.HELP, Part.RISK)
    return part is Part.CONDUCT or Kind(measure) in _LETTERS[part]


def verb(situation: Situation, reached: Sequence[Reached]) -> Verb:
    """The word of this letter, or of the whole matter when no kind is asked for."""
    measure = Kind(situation.measure) if situation.measure else None
    if measure in FIXED:
        return FIXED[measure]
    if measure in TO_PLATFORM:
        return Verb.ORDER if _carries(reached, Part.PLATFORM) else Verb.ASK
    if measure is not Kind.TALK and _carries(reached, Part.POWER):
        return Verb.ORDER
    if measure is Kind.TALK and any(one.use.part is Part.TALK for one in reached):
        return Verb.ASK
    return _without_power(situation, reached)


def _without_power(situation: Situation, reached: Sequence[Reached]) -> Verb:
    if actor_seat(situation) is Seat.ELSEWHERE and situation.actor_seat:
        return Verb.TRANSFER
    is_assisting = any(one.use.part is Part.ASSIST for one in reached)
    return Verb.ASSIST if is_assisting and situation.category in PATENT_MATTERS else Verb.ASK


def _carries(reached: Sequence[Reached], part: Part) -> bool:
    return any(one.use.part is part and one.use.orders for one in reached)


def measures(situation: Situation, reached: Sequence[Reached]) -> tuple[str, ...]:
    """The kinds of letters that our office may write in this matter. Handing over, helping and warning stay open;
    nothing is asked of an operator without an article."""
    may = {Kind.TRANSFER, Kind.ASSIST, Kind.WARN, Kind.NOTICE}
    if any(one.use.part in _OF_OPERATORS for one in reached):
        may |= _asked_of_operators(situation.place)
    if _carries(reached, Part.POWER):
        may.add(Kind.ORDER)
    if any(one.use.part is Part.TALK for one in reached):
        may.add(Kind.TALK)
    return tuple(str(kind) for kind in Kind if kind in may)


def _asked_of_operators(place: PlaceKind) -> frozenset[Kind]:
    if place is PlaceKind.OWN_SITE:
        return frozenset()
    return TO_PLATFORM if place is PlaceKind.SHOP else TO_PLATFORM - {Kind.CLOSE}


def why_not(kind: Kind, situation: Situation, whole: Choice, rows: Rows) -> tuple[str, ...]:
    """Why a letter of this kind is not ours: of the articles that would carry it the nearest first, never a trap that
    nobody asked about."""
    if kind in TO_PLATFORM and kind not in _asked_of_operators(situation.place):
        return (f"载体是{WORDS[situation.place]}，没有可以{'关停' if kind is Kind.CLOSE else '请求'}的平台",)
    near: dict[str, int] = {}
    for use in rows.uses:
        is_of_it = not use.when.categories or situation.category in use.when.categories
        if is_of_it and use.part not in _CARRIES_NOTHING and kind in _LETTERS[use.part]:
            near[use.article] = min(near.get(use.article, 9), len(use.when.unmet(situation)))
    carrying = sorted((one for one in whole.refused if one.id in near), key=lambda one: near[one.id])
    return tuple(f"{one.id} {one.why}" for one in carrying) or ("没有可以依据的条文",)


def notes(situation: Situation, cited: Sequence[Reached], rows: Sequence[Note]) -> tuple[str, ...]:
    """What a person must look at: the rows that hold, the documents we act by, and seats that nobody told."""
    is_keyed = any(one.article.keyed for one in cited)
    nothing = () if cited else (NOTHING,)
    told = [row.text for row in rows if row.when.holds(situation) and (is_keyed or not row.is_keyed)]
    told += [_by_words(one) for one in dict.fromkeys(one.by for one in cited if one.by)]
    told += [one.article.caution for one in cited if one.article.caution and not one.use.cite]
    if any(one.use.orders for one in cited) and Seat.UNKNOWN in (platform_seat(situation), actor_seat(situation)):
        told.append("平台住所地、行为人所在地未全部写明：责令前须核实管辖")
    return tuple(dict.fromkeys((*nothing, *told)))


def _by_words(one: Delegation) -> str:
    return (
        f"依 {one.number}（{one.giver}{KIND_WORDS[one.kind]}，{one.first} 至 {one.last}）行使其范围内的职权："
        "委托处罚须书面并公布，以委托机关名义作出（行政处罚法第二十条）"
    )
