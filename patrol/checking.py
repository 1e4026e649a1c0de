"""Whether a watch can be carried out at all: platforms, device, place, depth, times, queries. If not, it says why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from crawler.addresses import refuse_inside
from crawler.errors import UserMistake
from crawler.hosts import MappedHost
from crawler.watches import DEVICE_WORDS, RESERVED, Watch, WatchQuery
from patrol.platforms import spider_of
from patrol.queries import chosen, host_of, is_address
from patrol.schedule import read_timetable
from spiders.base import MAX_PAGES, PlatformSpider

LONGEST_NAME = 60
LANDING, ANY_HOST = "landing", "*"
NO_HOSTS: Mapping[str, MappedHost] = MappingProxyType({})


def checked_watch(watch: Watch, places: Collection[str], hosts: Mapping[str, MappedHost] = NO_HOSTS) -> Watch:
    """The watch as it can be kept; `UserMistake` for what cannot be.

    `places` are the configured ones' names, `hosts` what LANTIAN_HOSTS opens.
    """
    name = watch.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserMistake(f"巡查任务的名称要有 1 到 {LONGEST_NAME} 个字，不含控制字符")
    if name in RESERVED:
        raise UserMistake(f"名称 {name} 是系统自己用的，请换一个")
    spiders = [_spider(one) for one in watch.platforms]
    if not spiders:
        raise UserMistake("巡查任务至少要有一个平台")
    if len(set(watch.platforms)) < len(spiders):
        raise UserMistake("同一个平台写了两次")
    _refuse_device(watch, spiders)
    _refuse_place(watch, spiders, places)
    if watch.depth and not 1 <= watch.depth <= MAX_PAGES:
        raise UserMistake(f"页数 depth 要在 1 到 {MAX_PAGES} 之间，不是 {watch.depth}")
    if watch.budget < 0:
        raise UserMistake(f"每天的次数 budget 不能小于 0，不是 {watch.budget}")
    queries = chosen(watch.queries)
    if not queries:
        raise UserMistake("巡查任务至少要有一个查询词")
    _refuse_unaskable(queries, spiders)
    for one in queries:
        if is_address(one.words):
            refuse_inside(one.words, hosts)
    read_timetable(watch)
    return replace(watch, name=name, queries=queries)


def platform_of(address: str, spiders: Sequence[type[PlatformSpider]]) -> str:
    """The platform whose own host it is, else that of pages at any address."""
    host = host_of(address)
    return next((one.name for one in spiders if host in one.hosts), LANDING)


def _spider(platform: str) -> type[PlatformSpider]:
    spider = spider_of(platform)
    if spider is None:
        raise UserMistake(f"没有名为 {platform!r} 的平台；现有的见 lantian spiders list")
    return spider


def _refuse_device(watch: Watch, spiders: Sequence[type[PlatformSpider]]) -> None:
    unable = [f"{one.label}（{one.name}）" for one in spiders if watch.device not in one.devices]
    if unable:
        raise UserMistake(f"{'、'.join(unable)} 没有{DEVICE_WORDS[watch.device]}页面可查；可分开建任务")


def _refuse_place(watch: Watch, spiders: Sequence[type[PlatformSpider]], places: Collection[str]) -> None:
    """A place is a city that stands in every platform's addresses, or one from which the office has a way out."""
    if not watch.place or watch.place in places:
        return
    unable = [f"{one.label}（{one.name}）" for one in spiders if watch.place not in one.cities]
    if unable:
        raise UserMistake(
            f"地点 {watch.place!r} 不能用：{'、'.join(unable)} 的网址里没有这个城市，lantian.toml 的 [[place]] 里也没有"
        )


def _refuse_unaskable(queries: Sequence[WatchQuery], spiders: Sequence[type[PlatformSpider]]) -> None:
    """Words need a search, and an address belongs to the platform whose host it is."""
    for spider in spiders:
        for one in queries:
            if not is_address(one.words):
                if not spider.answers_words:
                    raise UserMistake(f"{spider.label}（{spider.name}）只能查网址，不能查词 {one.words!r}")
            elif host_of(one.words) not in spider.hosts and ANY_HOST not in spider.hosts:
                raise UserMistake(f"网址 {one.words[:100]} 不在{spider.label}（{spider.name}）的主机上")
