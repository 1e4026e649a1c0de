"""Whether a matter lies in our office's district: by the seat of the platform for what it owes, of the actor else.

A seat that nobody told is left to a person, with a note; one that is told and not ours takes the order away.
"""

from __future__ import annotations

from casework.law_words import PlaceKind, Situation
from casework.lawbook.rows import Part
from casework.lawbook.seats import Seat, seat_of

_WHY_PLACE = {
    PlaceKind.SEARCH_AD: "互联网广告由发布者所在地管辖，广告主所在地先发现的也可（程序规定第十一条）",
    PlaceKind.SHOP: "平台由其住所地管辖，店铺由实际经营地管辖（程序规定第十条）",
    PlaceKind.FORUM: "平台由其住所地管辖，行为人由其所在地或者违法行为发生地管辖（程序规定第十条）",
    PlaceKind.OWN_SITE: "由行为人所在地管辖（程序规定第十一条）",
}


def jurisdiction(part: Part, situation: Situation) -> str:
    """Why an order of ours would reach beyond the district; empty where it does not, or nobody told the seats."""
    if part is Part.PLATFORM and platform_seat(situation) is Seat.ELSEWHERE:
        return f"平台住所地（{situation.platform_seat}）不在本辖区：{_WHY_PLACE[situation.place]}；商请、协助或者移送"
    if part is Part.POWER and actor_seat(situation) is Seat.ELSEWHERE:
        seat = situation.actor_seat or situation.platform_seat
        return f"所在地（{seat}）不在本辖区：{_WHY_PLACE[situation.place]}；商请、协助或者移送"
    return ""


def platform_seat(situation: Situation) -> Seat:
    """The seat of the platform, seen from our office."""
    return seat_of(situation.platform_seat, situation.office_seat)


def actor_seat(situation: Situation) -> Seat:
    """The actor's seat; while it is not known the platform's stands for it, for there the conduct was seen."""
    seat = seat_of(situation.actor_seat, situation.office_seat)
    return platform_seat(situation) if seat is Seat.UNKNOWN else seat
