"""Firms and shops by the short names that titles use: 示例星河 and 星河知产 for 北京示例星河知识产权代理有限公司.

It finds what somebody wrote down before, and title endings that call themselves a firm; a brand or a name in other
letters it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.registers.names import name_norm, trade_name

SHORTEST = 2  # characters of a short name
LONGEST_ENDING = 20
# A short name this long may begin with a place: the rest of it, before a word of the trade, is the firm too.
MAY_BEGIN_WITH_PLACE = 4
_SHOP = re.compile(r"官方|旗舰|专营|专卖|企业店|店铺?$|小店|工作室|文化|传媒|商务|商贸|（|\(")
_TRADE = (
    r"(?:专利|商标|知识产权|知产|版权|代理|事务所?|律师|有限|责任|股份|公司|集团|咨询|顾问|服务|科技|技术|信息|网络|企业|国际"
    r"|中心|分?所|官方|旗舰|专营|专卖|小?店铺?)"
)
_ORDINARY = re.compile(
    r"(?:专利|商标|知识产权|知产|版权|软著|代理|代办|办理|申请|注册|授权|发明|实用新型|外观|设计|官方|官网|服务|包|高新|转让|加急|快速"
    r"|全国|中国|专业|一站式|公司|企业|平台|网)*"
)
_ENDING = re.compile(rf"(?<=[_\-—–|｜·])(?P<name>[^_\-—–|｜·]{{2,{LONGEST_ENDING}}})(?=$|[_\-—–|｜·])")
_IS_FIRM = re.compile(rf"{_TRADE}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortNames:
    """Short names and what stands in their place; `firm` for those nobody had written down."""

    known: tuple[tuple[str, str], ...]
    firm: str

    def hidden(self, text: str) -> str:
        """The text without them."""
        text = _ENDING.sub(self._ending, text)
        for short, instead in self.known:
            text = re.sub(rf"{re.escape(short)}{_TRADE}*", instead, text)
            tail = short[2:] if len(short) >= MAY_BEGIN_WITH_PLACE else ""
            text = re.sub(rf"{re.escape(tail)}{_TRADE}+", instead, text) if tail else text
        return text

    def _ending(self, found: re.Match[str]) -> str:
        """A title says at its end whose page it is."""
        name = found["name"].strip()
        mine = short_name(name)
        near = (instead for short, instead in self.known if mine and (mine in short or short in mine))
        return next(near, self.firm if mine and _IS_FIRM.search(name) else found["name"])


def short_name(name: str) -> str:
    """A firm's or a shop's name without place, trade and legal form; empty where nothing of its own is left."""
    shop = _SHOP.search(name, 1)
    short = trade_name(name_norm(name[: shop.start()] if shop else name))
    return "" if len(short) < SHORTEST or _ORDINARY.fullmatch(short) else short


def short_names(names: Iterable[tuple[str, str]], firm: str) -> ShortNames:
    """Of these names with what stands in their place, the longest first."""
    known = {short: instead for name, instead in names if (short := short_name(name))}
    return ShortNames(known=tuple(sorted(known.items(), key=lambda one: (-len(one[0]), one[0]))), firm=firm)
