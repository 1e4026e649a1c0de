"""Who says that he is an office: host, name and owner of the site against the claim."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import listing

from crawler.agencies import PATENT_AGENCY, Agency
from crawler.errors import RuleInvalid
from crawler.items import Entity, Kind, Listing
from detectors.speaker import (
    HOST_POINTS,
    NAME_POINTS,
    OWNER_POINTS,
    SHOWN_POINTS,
    SPEAKER_AT_MOST,
    Speaker,
    host_of,
    load_looks,
)
from detectors.stance import load_speakers

SPEAKER = Speaker(load_speakers(), load_looks())
GENUINE = [
    "www.cnipa.gov.cn", "sbj.cnipa.gov.cn", "zscqj.jiangdong.gov.cn", "register.ccopyright.com.cn", "www.uspto.gov",
    "www.ipd.gov.hk", "www.jpo.go.jp", "euipo.europa.eu",
]  # fmt: skip
DRESSED_UP = [
    "cnipa-gov.example", "sbj-gov.cn.example", "www.cnipa.com.example", "biao-gov.example", "gov-tm.example",
    "cn1pa.example", "tm.g0v.example", "guojia.example", "www.shangbiaoju.example", "sbj-gov.cn", "gov.cn.example",
    "cnipagov.cn",
]  # fmt: skip
PLAIN = [
    "www.xinghe.example",
    "item.taobaomall.example",
    "governance.example",
    "www.biaolifang.example",
    "zhihu.example",
    "",
]


def at(url: str, **told: object) -> Listing:
    return Listing(platform="example", kind=Kind.RESULT, position=1, title="商标注册", url=url, **told)  # type: ignore[arg-type]


def points(shown: Listing, *asked: object) -> list[int]:
    return [reason.points for reason in SPEAKER.speaks(shown, *asked)]  # type: ignore[arg-type]


@pytest.mark.parametrize("host", GENUINE)
def test_genuine_host_gives_no_reason(host: str) -> None:
    assert SPEAKER.is_genuine(host)
    assert not SPEAKER.looks_official(host)
    assert points(at(f"https://{host}/", seller="国家知识产权局商标局")) == []


@pytest.mark.parametrize("host", DRESSED_UP)
def test_host_that_looks_official_is_a_reason(host: str) -> None:
    assert not SPEAKER.is_genuine(host)
    (reason,) = SPEAKER.speaks(at(f"https://{host}/sb?from=sem"))
    assert (reason.points, reason.why) == (HOST_POINTS, f"域名像机关：{host}")


@pytest.mark.parametrize("host", PLAIN)
def test_plain_host_is_no_reason(host: str) -> None:
    assert points(at(f"https://{host}/gov/cnipa")) == []


def test_address_shown_is_weighed_where_the_link_is_the_platforms() -> None:
    assert points(at("https://ads.example/link?1", is_redirect=True, display_url="www.cnipa-gov.example/tm")) == [
        HOST_POINTS
    ]
    assert points(at("https://cnipa-gov.example/link?1", is_redirect=True, display_url="www.xinghe.example")) == []
    assert points(at("https://ads.example/link?1", is_redirect=True, display_url="www.cnipa.gov.cn")) == []


def test_an_offices_address_shown_over_another_is_a_reason() -> None:
    assert points(at("https://www.xinghe.example/", display_url="www.cnipa.gov.cn")) == [SHOWN_POINTS]


@pytest.mark.parametrize(
    ("seller", "kind", "expected"),
    [
        ("中国版权保护中心官方店", Kind.PRODUCT, [NAME_POINTS]),
        ("国.知.局服务店", Kind.SHOP, [NAME_POINTS]),
        ("商标续展办公室", Kind.AD, [NAME_POINTS]),
        ("星河知识产权官方旗舰店", Kind.PRODUCT, []),
        ("星河运动官方旗舰店", Kind.SHOP, []),
        ("国家知识产权局专利局长沙代办处", Kind.RESULT, []),
        ("", Kind.AD, []),
    ],
)
def test_sellers_name(seller: str, kind: Kind, expected: list[int]) -> None:
    assert points(listing("商标注册", kind=kind, seller=seller)) == expected


class OneAgency:
    as_of = "2026-01-01"

    def __init__(self, **known: str) -> None:
        self._agency = Agency(name="晨野专利代理有限公司", code="99003", kind=PATENT_AGENCY, status="在业", **known)

    def find(self, name: str) -> Agency | None:
        return self._agency if name == self._agency.name else None

    def find_code(self, code: str) -> Agency | None:
        return None


def test_site_of_a_listed_agency_is_no_offices() -> None:
    seen = at("https://tm.chenye.example/", seller="晨野专利代理有限公司")
    assert points(seen, (), OneAgency(website="https://www.chenye.example")) == [OWNER_POINTS]
    assert points(seen, (), OneAgency(website="https://www.other.example")) == []
    assert points(seen, (), OneAgency()) == []
    assert points(seen) == []


def test_icp_number_leads_to_the_agency() -> None:
    named = Entity(kind="company", value="晨野专利代理有限公司", field="text", start=0, end=10)
    number = Entity(kind="icp", value="京icp备00000012号-1", field="text", start=0, end=16)
    seen = at("https://www.x.example/")
    assert points(seen, (named, number), OneAgency(icp="京ICP备00000012号")) == [OWNER_POINTS]
    assert points(seen, (named, number), OneAgency(icp="京ICP备00000013号")) == []
    assert points(seen, (number,), OneAgency(icp="京ICP备00000012号")) == []


def test_reasons_are_capped() -> None:
    shown = listing("商标注册", kind=Kind.AD, seller="国家商标局受理处", url="https://cnipa-gov.example/")
    assert sum(points(shown)) == SPEAKER_AT_MOST < HOST_POINTS + NAME_POINTS


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("WWW.CNIPA.GOV.CN", "www.cnipa.gov.cn"), ("www.x.example/a?b", "www.x.example"), ("http://[", ""), ("", ""),
        ("https://u:p@x.example.:8443/", "x.example"),
    ],
)  # fmt: skip
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


def test_unknown_key_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "looks.toml"
    broken.write_text('tokens = ["a"]\ninside = ["b"]\nnames = ["c"]\nendings = ["d"]\nmore = 1\n', encoding="utf-8")
    with pytest.raises(RuleInvalid, match=r"looks\.toml: 不认识的键 more"):
        load_looks(broken)
