"""Whether somebody's seat lies in our office's district. Where it cannot be told from the names it does not."""

from __future__ import annotations

import re
from enum import StrEnum

PROVINCES = tuple(
    one
    for row in (
        "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北",
        "湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门",
    )
    for one in row.split()
)
_STYLE = re.compile(r"^(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)")


class Seat(StrEnum):
    """Where somebody sits, seen from our office."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


def seat_of(theirs: str, office: str) -> Seat:
    """Unknown where one of the two is not told, where theirs is only our province while we are a city of it, and where
    one is a province alone and the other a city without one; elsewhere also where the names do not prove it ours."""
    if not theirs.strip() or not office.strip():
        return Seat.UNKNOWN
    province, rest = parted(theirs)
    own_province, own_rest = parted(office)
    if own_province and province:
        if province != own_province:
            return Seat.ELSEWHERE
        if own_rest and not rest:
            return Seat.UNKNOWN
    elif not (own_rest and rest):
        return Seat.UNKNOWN
    return Seat.OURS if rest.startswith(own_rest) else Seat.ELSEWHERE


def parted(place: str) -> tuple[str, str]:
    """The province without its style, and what follows; a place whose province is not told has none."""
    plain = "".join(place.split())
    for name in PROVINCES:
        if plain.startswith(name):
            rest = _STYLE.sub("", plain.removeprefix(name), count=1)
            # 吉林市 and 海南州 begin with a province's name and are none.
            if name == "吉林" and plain.startswith("吉林市"):
                return "", plain
            return name, rest
    return "", plain
