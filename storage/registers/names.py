"""Names of agencies as they are compared: what a seller writes and what the office's list says meet here.

Uses OpenCC itself: `detectors.normal` is of another layer, and the registry must compare the same way whoever asks.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import opencc

NAME_AT_MOST = 120  # characters
RAW_AT_MOST = 2 * NAME_AT_MOST  # with gaps and marks; whole texts are asked for as names
# What `detectors.normal` folds beyond OpenCC and firms' names contain: names out of a text come folded so.
_FOLDED = str.maketrans("壹著妳", "一着你")
_MARKS = re.compile(r"[\W_]+")
_PARTNERSHIP = re.compile(r"(?:特殊的?普通|普通|有限)合伙(?:企业)?")
_BRANCH = re.compile(r"(.{2,}(?:公司|所|中心|院))\w{0,12}?(?:分公司|分所|分部|分支机构|办事处|营业部)")
_PLACES = (
    "北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆"
    "|香港|澳门|台湾|石家庄|太原|沈阳|大连|长春|哈尔滨|南京|苏州|无锡|杭州|宁波|温州|合肥|福州|厦门|泉州|南昌|济南|青岛|郑州|武汉|长沙|广州|深圳|东莞|佛山|珠海|南宁|海口|成都|贵阳|昆明"
    "|西安|兰州|西宁|银川|乌鲁木齐|中国"
)
_PLACE = re.compile(rf"(?:(?:{_PLACES})(?:省|市|(?:壮族|回族|维吾尔)?自治区)?){{1,3}}|[^\W\d_]{{2,3}}市")
_TRADE = re.compile(
    r"(?:专利|商标|知识产权|智慧财产|知产|代理|事务所?|律师|有限|责任|股份|公司|集团|咨询|顾问|服务|科技|技术|管理|信息|网络|企业|国际|中心|分?所)+"
)


def name_norm(name: str) -> str:
    """A name without width, script, brackets, gaps and the form of partnership.

    Empty when no letters are left, and for a text that is too long to be a name.
    """
    return _norm(name) if len(name) <= RAW_AT_MOST else ""


@lru_cache(1024)
def _norm(name: str) -> str:
    # Marks go first: among them are halves of surrogate pairs, which OpenCC does not take.
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", name).lower())
    plain = _simplified().convert(bare).translate(_FOLDED)
    return _PARTNERSHIP.sub("", plain).replace("有限责任公司", "有限公司")


def agency_of_branch(norm: str) -> str:
    """The normal name of the agency whose branch this normal name says to be, or empty."""
    found = _BRANCH.fullmatch(norm)
    return found[1] if found else ""


def trade_name(norm: str) -> str:
    """What is left of a normal name without place and trade, for finding near ones; may be empty."""
    place = _PLACE.match(norm)
    rest = norm[place.end() :] if place else norm
    trade = _TRADE.search(rest, 1)
    return rest[: trade.start()] if trade else rest


@cache
def _simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
