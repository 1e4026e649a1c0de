"""Real captures of search engines, read with the outcome, reason and counts of PROVENANCE.tsv.

The captures stay outside the project; here are only counts and outcome words.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.items import Kind, Page, Reading
from spiders.baidu import Baidu
from spiders.base import PlatformSpider
from spiders.bing import Bing
from spiders.sogou import Sogou
from spiders.toutiao import Toutiao

WEB = "https://www.baidu.com/s?wd=x"
NEWS = "https://www.baidu.com/s?tn=news&word=x"
SOGOU = "https://www.sogou.com/web?query=x"
BING = "https://cn.bing.com/search?q=x"
TOUTIAO = "https://so.toutiao.com/search?keyword=x"

# file, spider, url, listings, stated total, has a next page, listings at a redirect
GOOD = [
    # Of the 13 containers four have no headline: a person's panel in three parts and the box of
    # related searches. All four lead to an address of Baidu's own making (nourl.ubs.baidu.com),
    # so nobody offers anything there: 9 results, none lost.
    ("baidu/web-linjunjie-2024-09.html", Baidu, WEB, 9, None, True, 0),
    ("baidu/web-python-2020-08.html", Baidu, WEB, 10, 72_900_000, True, 8),
    ("baidu/web-wo-2020-08.html", Baidu, WEB, 10, 100_000_000, True, 4),
    # The calculator is one of the 10: its headline is blank, so its first words stand for it.
    ("baidu/web-calc-2020-08.html", Baidu, WEB, 10, 20, True, 9),
    ("baidu/web-fewresults-2020-08.html", Baidu, WEB, 2, 2, False, 2),
    ("baidu/web-chengxuyuan-2018-12.html", Baidu, WEB, 10, 3_480_000, True, 7),
    ("baidu/web-hanguo-2018-12.html", Baidu, WEB, 10, 67_300_000, True, 7),
    ("baidu/news-chengdu-p1-2025-12.html", Baidu, NEWS, 10, 102, True, 0),
    ("baidu/news-chengdu-p2-2025-12.html", Baidu, NEWS, 10, 101, True, 0),
    ("baidu/news-pastend-a-2025-12.html", Baidu, NEWS, 6, 6, False, 0),
    ("baidu/news-pastend-b-2025-12.html", Baidu, NEWS, 6, 6, False, 0),
    # 11 blocks by the STATUS comment; one is the box 的人还搜了, which has no headline and no result.
    ("sogou/web-boxiaozhang-2022-03.html", Sogou, SOGOU, 10, 18_947, True, 10),
    ("bing/web-openai-ceo-trimmed-2026-07.html", Bing, BING, 7, None, False, 0),
    ("toutiao/search-openai-2026-06.html", Toutiao, TOUTIAO, 9, None, True, 0),
]
REFUSED = [
    ("blocked/baidu-page-not-exist-2018.html", Baidu, WEB, "gone", "page_not_exist"),
    ("blocked/baidu-security-verify-2026-03.html", Baidu, WEB, "blocked", "captcha"),
    ("blocked/baidu-undecoded-brotli-2025-12.html", Baidu, WEB, "error", "undecodable"),
    ("blocked/toutiao-slide-captcha-2026-06.html", Toutiao, TOUTIAO, "blocked", "captcha"),
]


def read(shared: Path, name: str, spider: type[PlatformSpider], url: str) -> Reading:
    return spider().read(Page(url=url, body=(shared / "pages" / name).read_bytes()))


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row[0])
def test_capture_is_read_whole(
    shared: Path, row: tuple[str, type[PlatformSpider], str, int, int | None, bool, int]
) -> None:
    name, spider, url, count, total, has_next, redirects = row
    reading = read(shared, name, spider, url)
    assert (reading.outcome, reading.reason, reading.lost) == ("ok", "", 0)
    assert len(reading.listings) == count
    assert [listing.position for listing in reading.listings] == list(range(1, count + 1))
    assert sum(listing.is_ad for listing in reading.listings) == 0
    assert reading.total == total
    assert (reading.next_url is not None) is has_next
    assert sum(listing.is_redirect for listing in reading.listings) == redirects


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_capture_is_refused_by_name(shared: Path, row: tuple[str, type[PlatformSpider], str, str, str]) -> None:
    name, spider, url, outcome, reason = row
    reading = read(shared, name, spider, url)
    assert (reading.outcome, reading.reason, reading.listings) == (outcome, reason, ())


@pytest.mark.parametrize(("name", "spider", "url"), [row[:3] for row in GOOD])
def test_titles_are_what_a_person_reads(shared: Path, name: str, spider: type[PlatformSpider], url: str) -> None:
    for listing in read(shared, name, spider, url).listings:
        assert not listing.title.endswith(("官方", "官网", "广告"))
        assert not any("\ue000" <= character <= "\uf8ff" for character in listing.title)
        assert "<em>" not in listing.title
        assert listing.url.startswith(("http://", "https://"))
        assert listing.text or listing.images  # a card of pictures says nothing besides


def test_baidu_news_gives_real_addresses_and_sources(shared: Path) -> None:
    reading = read(shared, "baidu/news-chengdu-p1-2025-12.html", Baidu, NEWS)
    assert all(listing.kind is Kind.ARTICLE and listing.seller for listing in reading.listings)
    assert not any("baidu.com/link" in listing.url for listing in reading.listings)
    assert str(reading.next_url).endswith("&pn=10")


def test_baidu_news_is_known_by_the_page_when_the_address_does_not_say(shared: Path) -> None:
    reading = read(shared, "baidu/news-chengdu-p1-2025-12.html", Baidu, WEB)
    assert {listing.kind for listing in reading.listings} == {Kind.ARTICLE}


def test_baidu_past_the_end_repeats_itself(shared: Path) -> None:
    """Which is what stops the paging: the second page brings no new key."""
    first, second = (
        {listing.key for listing in read(shared, f"baidu/news-pastend-{part}-2025-12.html", Baidu, NEWS).listings}
        for part in "ab"
    )
    assert first == second


def test_baidu_badge_is_no_part_of_a_title(shared: Path) -> None:
    reading = read(shared, "baidu/web-python-2020-08.html", Baidu, WEB)
    assert [listing.title for listing in reading.listings if "Welcome" in listing.title] == ["Welcome to Python.org"]


def test_sogou_names_sites_and_keeps_redirects(shared: Path) -> None:
    reading = read(shared, "sogou/web-boxiaozhang-2022-03.html", Sogou, SOGOU)
    assert sum(bool(listing.display_url) for listing in reading.listings) == 10
    assert sum(bool(listing.seller) for listing in reading.listings) == 5
    assert all(listing.url.startswith("https://www.sogou.com/link?url=") for listing in reading.listings)


@pytest.mark.parametrize(
    ("change", "expected", "count"),
    [
        (("total 11 time", "total 10 time"), ("changed", "count_mismatch"), 10),
        (('<div class="vrwrap"', '<div class="zz"'), ("changed", "count_mismatch"), 9),
        (("total 11 time", "total 12 time"), ("ok", ""), 10),  # as on a page that somebody trimmed
        (('<h3 class="vr-title', '<h3 class="zz'), ("ok", ""), 10),
    ],
)
def test_sogou_counts_blocks_as_sogou_does(
    shared: Path, change: tuple[str, str], expected: tuple[str, str], count: int
) -> None:
    """The count of blocks must agree, unless nothing is left unread; the class of a heading is nothing to us."""
    text = (shared / "pages/sogou/web-boxiaozhang-2022-03.html").read_text(encoding="utf-8")
    assert change[0] in text
    reading = Sogou().read(Page(url=SOGOU, body=text.replace(*change, 1).encode()))
    assert (reading.outcome, reading.reason) == expected
    assert len(reading.listings) == count


def test_bing_takes_the_heading_not_the_icon_link(shared: Path) -> None:
    reading = read(shared, "bing/web-openai-ceo-trimmed-2026-07.html", Bing, BING)
    assert all(listing.display_url and listing.seller for listing in reading.listings)
    assert not any("bing.com" in listing.url for listing in reading.listings)


def test_toutiao_unwraps_every_jump_and_is_not_misled_by_a_word(shared: Path) -> None:
    reading = read(shared, "toutiao/search-openai-2026-06.html", Toutiao, TOUTIAO)
    assert not any("/search/jump" in listing.url for listing in reading.listings)
    assert all(listing.item_id for listing in reading.listings)
    assert sum("广告" in listing.title for listing in reading.listings) == 1
    assert sum(bool(listing.seller) for listing in reading.listings) == 8


def test_toutiao_state_says_the_same_as_the_cards(shared: Path) -> None:
    """Without the drawn cards the page's own state gives the same titles, addresses and numbers."""
    body = (shared / "pages/toutiao/search-openai-2026-06.html").read_bytes()
    drawn = Toutiao().read(Page(url=TOUTIAO, body=body)).listings
    told = Toutiao().read(Page(url=TOUTIAO, body=body.replace(b"data-test-card-id", b"data-none"))).listings
    assert [(part.title, part.item_id) for part in told] == [(part.title, part.item_id) for part in drawn]
