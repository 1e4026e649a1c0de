"""Where a platform is asked from and for which device: what a spider says of itself is what it does."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.errors import UserMistake
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.pinduoduo import Pinduoduo
from spiders.shenma import Shenma
from spiders.so360 import So360
from spiders.tieba import Tieba
from spiders.wuba import Wuba

CAPITALS = (
    "北京 上海 天津 重庆 石家庄 太原 呼和浩特 沈阳 长春 哈尔滨 南京 杭州 合肥 福州 南昌 济南 郑州 武汉 长沙 广州 "
    "南宁 海口 成都 贵阳 昆明 拉萨 西安 兰州 西宁 银川 乌鲁木齐"
).split()
OF_THE_PLANS = "天津 安阳 新乡 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁".split()


def spiders() -> list[type[PlatformSpider]]:
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
    return [loader.load(name) for name in sorted(loader.list())]


@pytest.mark.parametrize("spider", spiders(), ids=lambda one: one.name)
def test_every_device_and_city_of_a_platform_has_an_address_on_its_own_hosts(spider: type[PlatformSpider]) -> None:
    query = "专利包授权" if spider.answers_words else "https://www.xinghe-ip.example/"
    for device in spider.devices:
        for place in ("", *spider.cities):
            url = spider(place=place, device=device).search_url(query, 1)
            assert urlsplit(url).hostname in spider.hosts or spider.hosts == ("*",)


def test_58_knows_every_capital_and_the_cities_of_the_plans() -> None:
    assert set(CAPITALS) | set(OF_THE_PLANS) <= set(Wuba.cities)
    assert len(set(Wuba.cities.values())) == len(Wuba.cities)
    hosts = {place: urlsplit(Wuba(place=place).search_url("专利", 1)).hostname for place in OF_THE_PLANS[:4]}
    assert hosts == {"天津": "tj.58.com", "安阳": "ay.58.com", "新乡": "xx.58.com", "太原": "ty.58.com"}


@pytest.mark.parametrize(
    ("spider", "told"),
    [
        (Wuba, {"place": "星河"}),
        (Tieba, {"place": "太原"}),
        (Wuba, {"device": "mobile"}),
        (Shenma, {"device": "desktop"}),
    ],
)
def test_place_or_device_that_is_not_there_is_refused(spider: type[PlatformSpider], told: dict[str, str]) -> None:
    with pytest.raises(UserMistake):
        spider(**told)  # type: ignore[arg-type]


def test_without_a_device_it_is_the_platforms_own() -> None:
    assert (Shenma().device, Pinduoduo().device, Tieba().device) == (Device.MOBILE, Device.MOBILE, Device.DESKTOP)
    for asked, spider, seen in (("", Shenma, "mobile"), ("desktop", Shenma, "mobile"), ("mobile", Tieba, "mobile")):
        settings = Settings({"LANTIAN_DEVICE": asked} if asked else {})
        spider.update_settings(settings)
        assert settings.get("LANTIAN_DEVICE") == seen


def test_device_stands_in_the_address_where_the_platform_has_two() -> None:
    hosts = [urlsplit(So360(device=device).search_url("专利", 1)).hostname for device in So360.devices]
    assert hosts == ["www.so.com", "m.so.com"]
