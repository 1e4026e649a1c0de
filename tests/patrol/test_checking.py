"""A watch that cannot be carried out is refused, with what is wrong with it."""

from __future__ import annotations

import pytest

from crawler.errors import UserMistake
from crawler.watches import Device, Watch, WatchQuery
from patrol.checking import LANDING, checked_watch, platform_of
from patrol.platforms import spider_of

HERE = "https://www.xinghe.example/"


def watch(*queries: str, **told: object) -> Watch:
    asked = tuple(WatchQuery(words=one) for one in queries or ("专利包授权",))
    fixed = {"name": "试", "platforms": ("baidu",), "queries": asked, "schedule": "0 8 * * *"}
    return Watch(**fixed | told)  # type: ignore[arg-type]


def test_a_sound_watch_is_tidied() -> None:
    found = checked_watch(watch(" 专利包授权 ", "专利 包授权", name=" 试 "), [])
    assert (found.name, [one.words for one in found.queries]) == ("试", ["专利包授权"])


def test_a_configured_place_serves_every_platform() -> None:
    assert checked_watch(watch(place="某地", platforms=("baidu", "sogou")), ["某地"]).place == "某地"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"name": "  "}, "名称"),
        ({"name": "专" * 61}, "名称"),
        ({"name": "试\x1b"}, "名称"),
        ({"name": "复查"}, "系统自己"),
        ({"platforms": ()}, "至少要有一个平台"),
        ({"platforms": ("baidu", "nowhere")}, "没有名为 'nowhere'"),
        ({"platforms": ("../baidu",)}, "没有名为"),
        ({"platforms": ("base",)}, "没有名为 'base'"),
        ({"platforms": ("baidu", "baidu")}, "写了两次"),
        ({"place": "火星"}, "这个城市"),
        ({"depth": 51}, "depth"),
        ({"depth": -1}, "depth"),
        ({"budget": -1}, "budget"),
        ({"queries": ()}, "至少要有一个查询词"),
        ({"schedule": "0 8 * *"}, "五段"),
        ({"window": "20:00-21:00"}, "时段"),
        ({"platforms": (LANDING,)}, "只能查网址"),
        ({"queries": (WatchQuery(words=HERE),)}, "不在百度（baidu）的主机上"),
    ],
)
def test_what_cannot_be_is_refused(told: dict[str, object], why: str) -> None:
    with pytest.raises(UserMistake) as refused:
        checked_watch(watch(**told), ["某地"])
    assert why in str(refused.value)


def test_a_device_must_be_one_of_every_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    spider = spider_of("wuba")
    assert spider is not None
    monkeypatch.setattr(spider, "devices", (Device.DESKTOP,))
    with pytest.raises(UserMistake, match="58同城（wuba） 没有手机页面"):
        checked_watch(watch(platforms=("wuba",), device=Device.MOBILE), [])
    monkeypatch.setattr(spider, "devices", (Device.DESKTOP, Device.MOBILE))
    assert checked_watch(watch(platforms=("wuba",), device=Device.MOBILE), []).device is Device.MOBILE


def test_a_city_must_stand_in_every_platforms_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    spider = spider_of("wuba")
    assert spider is not None
    monkeypatch.setattr(spider, "cities", {"星城": "xc"})
    assert checked_watch(watch(platforms=("wuba",), place="星城"), []).place == "星城"
    with pytest.raises(UserMistake, match=r"百度（baidu） 的网址里没有这个城市"):
        checked_watch(watch(platforms=("wuba", "baidu"), place="星城"), [])


def test_addresses_belong_to_the_platform_whose_host_it_is() -> None:
    spiders = [one for one in (spider_of("taobao"), spider_of("landing")) if one is not None]
    assert platform_of("https://item.taobao.com/item.htm?id=1", spiders) == "taobao"
    assert platform_of("https://ITEM.taobao.com/item.htm?id=1", spiders) == "taobao"
    assert platform_of(HERE, spiders) == LANDING
    assert checked_watch(watch(HERE, platforms=(LANDING,)), []).queries[0].words == HERE
