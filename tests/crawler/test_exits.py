"""A place with a proxy of the office: requests go out there, and the guard judges addresses all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crawling import HOST, RawServer, at, config_of, crawl, http, page
from proxying import Proxy
from warcio.archiveiterator import ArchiveIterator

from crawler.config import Config
from crawler.errors import ConfigInvalid
from crawler.hosts import MappedHost
from crawler.tables import Place
from crawler.watches import Device


@pytest.fixture(params=["http", "socks5"])
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with Proxy(request.param) as opened:
        yield opened


def test_requests_go_out_through_the_places_proxy(tmp_path: Path, proxy: Proxy) -> None:
    with RawServer(lambda _: http(page("甲"))) as server:
        config = replace(
            config_of(tmp_path, *at(server, "probe.example")), places=(Place(name="江城", proxy=proxy.url),)
        )
        crawled = crawl(config, f"{HOST}/list", LANTIAN_PLACE="江城")
        assert crawled.verdict(f"{HOST}/list")[0] == "ok"
        # The proxy is told the address that the guard judged, never the name.
        assert set(proxy.asked) == {("127.0.0.1", server.port)}
    fields = [one for file in config.archive.glob("*.warc.gz") for one in _requests(file)]
    assert [one["Lantian-Exit"] for one in fields] == [f"江城 via {proxy.url}"] * 2  # robots.txt, the page
    assert [one["WARC-IP-Address"] for one in fields] == ["127.0.0.1"] * 2


def _requests(file: Path) -> list[dict[str, str]]:
    with file.open("rb") as opened:
        return [dict(one.rec_headers.headers) for one in ArchiveIterator(opened) if one.rec_type == "request"]


def test_without_a_place_nothing_goes_through_a_proxy(tmp_path: Path, proxy: Proxy) -> None:
    with RawServer(lambda _: http(page("甲"))) as server:
        config = replace(
            config_of(tmp_path, *at(server, "probe.example")), places=(Place(name="江城", proxy=proxy.url),)
        )
        assert crawl(config, f"{HOST}/list").verdict(f"{HOST}/list")[0] == "ok"
    assert proxy.asked == []


@pytest.mark.parametrize("target", ["http://127.0.0.1:{}/", "http://[::1]:{}/", "http://2130706433:{}/"])
def test_the_guard_stands_before_the_proxy(tmp_path: Path, proxy: Proxy, target: str) -> None:
    with RawServer(lambda _: http(page("内"))) as inner:
        config = replace(config_of(tmp_path), places=(Place(name="江城", proxy=proxy.url),))
        asked = target.format(inner.port)
        assert crawl(config, asked, LANTIAN_PLACE="江城").verdict(asked) == ("unreachable", "private_address")
        assert inner.connections == 0
    assert proxy.asked == []


def test_a_proxy_that_is_away_is_named_and_nobody_goes_straight_instead(tmp_path: Path) -> None:
    with Proxy("socks5") as gone:
        url = gone.url
    with RawServer(lambda _: http(page("甲"))) as server:
        config = replace(config_of(tmp_path, *at(server, "probe.example")), places=(Place(name="江城", proxy=url),))
        assert crawl(config, f"{HOST}/list", LANTIAN_PLACE="江城").verdict(f"{HOST}/list") == ("unreachable", "proxy")
        assert server.connections == 0


def test_a_proxy_that_does_not_reach_the_host_is_named(tmp_path: Path, proxy: Proxy) -> None:
    with RawServer(lambda _: None) as closed:
        port = closed.port
    mapped = MappedHost(host="probe.example", address="127.0.0.1", port=port)
    config = replace(config_of(tmp_path, mapped), places=(Place(name="江城", proxy=proxy.url),))
    assert crawl(config, f"{HOST}/list", LANTIAN_PLACE="江城").verdict(f"{HOST}/list") == ("unreachable", "proxy")


def test_a_place_nobody_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="别处"):
        Config(home=tmp_path).place("别处")


def test_a_telephone_is_named_beside_us_not_in_our_place(tmp_path: Path) -> None:
    told = Config(home=tmp_path).user_agent(Device.MOBILE)
    assert told.startswith("lantian/")
    assert "Mobile" in told
    assert "Mobile" not in Config(home=tmp_path).user_agent()
