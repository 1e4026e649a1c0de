"""The words in which a person, or another program, asks for law: English ids, Chinese, and what people write instead.

A word that is none of them is refused with all that are; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

from casework.law import Book
from casework.law_words import ActorKind, Delegation, Fact, Level, OfficeKind, PlaceKind
from casework.lawbook.conditions import CATEGORIES
from casework.lawbook.facts import signs
from crawler.errors import UserMistake

T = TypeVar("T", bound=str)
ACTORS: Mapping[ActorKind, str] = {
    ActorKind.PATENT_AGENCY: "持证专利代理机构 专利代理机构 持证机构 持证 有资质 licensed_patent_agency licensed "
    "licensed_agency patent_agency_licensed licensed_patent patent_agent patent",
    ActorKind.UNLICENSED: "无资质 无证 无执业许可证 无资质机构 无证机构 unlicensed_agency unlicensed_patent_agency "
    "unqualified unqualified_agency unlicensed_patent no_licence no_license without_licence without_license",
    ActorKind.TM_AGENCY: "商标代理机构 已备案 已备案商标代理机构 备案商标代理机构 filed_tm_agency trademark_agency "
    "filed_trademark_agency trademark_agency_filed tm_agency_filed tm_filed filed trademark tm",
    ActorKind.TM_UNFILED: "未备案商标代理机构 未备案 unfiled_tm_agency unfiled_trademark_agency "
    "trademark_agency_unfiled tm_agency_unfiled unfiled trademark_unfiled",
    ActorKind.UNKNOWN: "不明 未知 身份不明 主体不明 unknown_actor unclear",
}
PLACES: Mapping[PlaceKind, str] = {
    PlaceKind.SEARCH_AD: "搜索广告 搜索引擎广告 搜索推广 搜索 广告 竞价排名 search ad ads search_ads search_engine "
    "search_engine_ad search_result search_results sem",
    PlaceKind.SHOP: "店铺 网店 电商店铺 电商平台 电商 shop_listing ecommerce e_commerce store shops online_shop "
    "ecommerce_shop e_shop marketplace product shop_page",
    PlaceKind.FORUM: "论坛 帖子 论坛帖子 贴吧 论坛贴吧 post posts forum_post forums bbs social article",
    PlaceKind.OWN_SITE: "自有网站 官网 自建网站 网站 own_website website own_page landing landing_page site own",
}
OFFICES: Mapping[OfficeKind, str] = {
    OfficeKind.AMR: "市场监管局 市场监督管理局 市场监管 市监局 market_supervision market_regulation samr market "
    "market_supervision_administration market_supervision_bureau market_regulator market_administration",
    OfficeKind.IPO: "知识产权局 独立知识产权局 独立的知识产权局 ip_office cnipa standalone_ip standalone_ip_office "
    "standalone_ipo stand_alone_ipo standalone stand_alone_ip_office independent_ip_office ip ip_bureau ip_only",
}
LEVELS: Mapping[Level, str] = {
    Level.PROVINCE: "省级 省 省局 直辖市 自治区 provincial province_level provincial_level",
    Level.CITY: "市级 市 市局 地市 设区的市 地市级 municipal prefecture municipality prefectural city_level "
    "municipal_level prefecture_level",
    Level.COUNTY: "县级 县 县局 区县 区 区局 区级 县区 区县级 district county_level district_level",
}
KINDS = {"委托": "delegation", "交办": "assignment", "delegation": "delegation", "assignment": "assignment"}
PLATFORMS: Mapping[PlaceKind, str] = {
    PlaceKind.SEARCH_AD: "baidu so360 sogou bing toutiao shenma 百度 360搜索 360 搜狗 必应 今日头条搜索 今日头条 头条 "
    "神马搜索 神马",
    PlaceKind.SHOP: "taobao tmall jd alibaba1688 pinduoduo xianyu zbj wuba 淘宝 天猫 京东 1688 阿里巴巴 拼多多 闲鱼 "
    "猪八戒网 猪八戒 58同城 58",
    PlaceKind.FORUM: "tieba zhihu xiaohongshu weixin 百度贴吧 贴吧 知乎 小红书 微信公众号 微信",
    PlaceKind.OWN_SITE: "landing 落地页",
}
INLINE = "文号|委托|省局|范围,范围|2026-01-01|2026-12-31"
_MOST = 200  # characters of one part of a delegation


def actor(word: str) -> ActorKind:
    """Whose conduct it is."""
    return _meant(word, ACTORS, "--actor")


def place(word: str, platform: str) -> PlaceKind:
    """Where it was said, by the place's own word or by the platform."""
    if bool(word) == bool(platform):
        raise UserMistake("写 --place 或 --platform，二者取一")
    return _meant(word, PLACES, "--place") if word else _meant(platform, PLATFORMS, "--platform")


def office(word: str) -> OfficeKind:
    """What our office is."""
    return _meant(word, OFFICES, "--office")


def level(word: str) -> Level:
    """How high our office stands."""
    return _meant(word, LEVELS, "--level")


def category(word: str) -> str:
    """A category by id or by its Chinese name."""
    known = {_plain(name): name for name in CATEGORIES} | {words: name for name, words in CATEGORIES.items()}
    if _plain(word) not in known:
        accepted = "、".join(f"{name}（{words}）" for name, words in CATEGORIES.items())
        raise UserMistake(f"--category 不认识 {_shown(word)}；可以写：{accepted}")
    return known[_plain(word)]


def facts(told: Sequence[str]) -> frozenset[str]:
    """What was seen, by its id or by the words of it."""
    known = {_plain(word): name for name, sign in signs().items() for word in (name, *sign.words)}
    if strange := [word for word in told if _plain(word) not in known]:
        accepted = "、".join(f"{name}（{sign.words[0]}）" for name, sign in signs().items())
        raise UserMistake(f"--fact 不认识 {_shown(strange[0])}；可以写：{accepted}")
    return frozenset(Fact(known[_plain(word)]).value for word in told)


def refuse_scope(given: Delegation, book: Book) -> None:
    """A word that opens nothing is a mistake now: later nobody would see that the power is missing."""
    if strange := book.powers.unknown(given.scope, book.articles):
        accepted = "、".join(book.powers.words)
        raise UserMistake(
            f"范围不认识 {'、'.join(_shown(one) for one in strange)}；可以写：{accepted}，"
            "或者省级职权的条文编号，如 PAR-二十五"
        )


def day(word: str, option: str) -> date:
    """A day as 2026-11-20."""
    try:
        return date.fromisoformat(word.strip())
    except ValueError:
        raise UserMistake(f"{option} 要像 2026-11-20，不是 {_shown(word)}") from None


def is_inline(told: str) -> bool:
    """Whether a delegation is written out, and not only named by its number."""
    return "|" in told or "｜" in told or told.lstrip().startswith("{")


def inline(told: str) -> Delegation:
    """A delegation as it is written out on the command line: six parts with `|` between them, or JSON."""
    parts = _json_parts(told) if told.lstrip().startswith("{") else re.split(r"[|｜]", told)
    if len(parts) != 6 or not all(part.strip() for part in parts):
        raise UserMistake(f"--delegation 要写登记过的文号，或者像 {INLINE}，不是 {_shown(told)}")
    number, kind, giver, scope, first, last = (part.strip()[:_MOST] for part in parts)
    if kind.lower() not in KINDS:
        raise UserMistake(f"--delegation 的第二段要是 委托 或 交办，不是 {_shown(kind)}")
    given = Delegation(
        number=number,
        kind=KINDS[kind.lower()],
        giver=giver,
        scope=words(scope),
        first=day(first, "--delegation 的起始日"),
        last=day(last, "--delegation 的截止日"),
    )
    if given.last < given.first:
        raise UserMistake(f"--delegation 的截止日 {last} 早于起始日 {first}")
    return given


def words(scope: str) -> tuple[str, ...]:
    """The powers of a scope, one a word."""
    return tuple(dict.fromkeys(one.strip() for one in re.split(r"[,，、;；]", scope) if one.strip()))


def _json_parts(told: str) -> list[str]:
    try:
        read = json.loads(told)
    except ValueError:
        return []
    scope = read.get("scope", "")
    plain = ",".join(map(str, scope)) if isinstance(scope, list) else str(scope)
    rest = [str(read.get(name, "")) for name in ("number", "kind", "giver")]
    return [*rest, plain, str(read.get("from", "")), str(read.get("to", ""))]


def _meant(word: str, table: Mapping[T, str], option: str) -> T:
    for value, told in table.items():
        if _plain(word) in {_plain(str(one)) for one in (value, *told.split())}:
            return value
    accepted = "；".join(" ".join(dict.fromkeys((str(value), *told.split()))) for value, told in table.items())
    raise UserMistake(f"{option} 不认识 {_shown(word)}；可以写：{accepted}")


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-]+", "", word).casefold()


def _shown(word: str) -> str:
    return repr(word[:_MOST])
