"""The captured pages of tieba, zhihu, xiaohongshu and weixin read as their provenance says."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.items import Kind, Listing, Outcome, Page, Reading
from spiders.base import PlatformSpider


@dataclass(frozen=True, kw_only=True)
class Expected:
    path: str
    url: str
    outcome: Outcome = Outcome.OK
    reason: str = ""
    organic: int = 0
    ads: int = 0
    total: int | None = None
    next_url: str | None = None
    rendered: bool = False


FORUM = "https://tieba.baidu.com/f?kw="
CAPTURES = (
    # PROVENANCE counts 50 threads and 2 script ads: the ads are no threads, they come on top.
    Expected(
        path="tieba/list-java-p1-2019-05.html",
        url=f"{FORUM}java",
        organic=50,
        ads=2,
        total=426448,
        next_url=f"{FORUM}java&ie=utf-8&pn=50",
    ),
    Expected(
        path="tieba/list-java-p3-2019-05.html",
        url=f"{FORUM}java&pn=100",
        organic=50,
        ads=2,
        total=426448,
        next_url=f"{FORUM}java&ie=utf-8&pn=150",
    ),
    Expected(
        path="tieba/list-lol-rendered-2020-10.html",
        url=f"{FORUM}lol",
        rendered=True,
        organic=49,
        total=4605955,
        next_url=f"{FORUM}%E8%8B%B1%E9%9B%84%E8%81%94%E7%9B%9F&ie=utf-8&pn=50",
    ),
    # On the mobile list ads are list items too, but the 30 and 50 of PROVENANCE are without them:
    # 2 pinned + 28 threads beside 1 ad, and 2 pinned + 48 threads beside 2 ads.
    Expected(path="tieba/mlist-linux-fragment-2020-02.html", url=f"{FORUM}linux", organic=30, ads=1),
    Expected(
        path="tieba/mlist-pdsu-2018-10.html",
        url=f"{FORUM}%E5%B9%B3",
        organic=50,
        ads=2,
        next_url=f"{FORUM}%E5%B9%B3&pn=50",
    ),
    # The question states 621 answers; the page shows 50 of them.
    Expected(
        path="zhihu/question-2015-09.html",
        url="https://www.zhihu.com/question/24825703",
        organic=50,
        total=621,
    ),
    Expected(
        path="zhihu/column-post-2015.json", url="https://zhuanlan.zhihu.com/api/columns/x/posts/20202275", organic=1
    ),
    Expected(
        path="xiaohongshu/note-2026-02.html",
        url="https://www.xiaohongshu.com/explore/685e78b5000000001c030b19",
        rendered=True,
        organic=1,
    ),
    # The head has a title and an address, but nothing of the article: no listing is made of it.
    Expected(
        path="weixin/article-truncated-2026-02.html",
        url="https://mp.weixin.qq.com/s/x",
        outcome=Outcome.ERROR,
        reason="truncated",
    ),
)


def read(shared: Path, expected: Expected) -> Reading:
    name = expected.path.partition("/")[0]
    spider: PlatformSpider = getattr(importlib.import_module(f"spiders.{name}"), name.capitalize())()
    body = (shared / "pages" / expected.path).read_bytes()
    return spider.read(Page(url=expected.url, body=body, rendered=expected.rendered))


def by_path(path: str) -> Expected:
    return next(expected for expected in CAPTURES if expected.path == path)


@pytest.mark.parametrize("expected", CAPTURES, ids=lambda expected: expected.path)
def test_capture_reads_as_its_provenance_says(shared: Path, expected: Expected) -> None:
    reading = read(shared, expected)
    ads = [listing for listing in reading.listings if listing.is_ad]
    assert (reading.outcome, reading.reason) == (expected.outcome, expected.reason)
    assert (len(reading.listings) - len(ads), len(ads)) == (expected.organic, expected.ads)
    assert (reading.total, reading.next_url, reading.lost) == (expected.total, expected.next_url, 0)
    assert [listing.position for listing in reading.listings] == list(range(1, len(reading.listings) + 1))
    assert len({listing.key for listing in reading.listings}) == len(reading.listings)


TIEBA = [expected for expected in CAPTURES if expected.path.startswith("tieba/")]


@pytest.mark.parametrize("expected", TIEBA, ids=lambda expected: expected.path)
def test_tieba_fields(shared: Path, expected: Expected) -> None:
    listings = read(shared, expected).listings
    threads = [listing for listing in listings if not listing.is_ad]
    ads = [listing for listing in listings if listing.is_ad]
    assert all(listing.kind is Kind.POST and listing.item_id.isdigit() for listing in threads)
    assert all(urlsplit(listing.url).path == f"/p/{listing.item_id}" for listing in threads)
    assert not any(listing.title.startswith(("置顶", "精品")) or listing.title.endswith("广告") for listing in listings)
    assert all(listing.kind is Kind.AD and listing.is_redirect and listing.item_id for listing in ads)
    assert all("baidu.com/baidu.php?url=" in listing.url and listing.text for listing in ads)
    # Pinned threads of the mobile list have no author; all else has one.
    assert sum(not listing.seller for listing in threads) == (2 if "mlist" in expected.path else 0)
    # One author of the mobile list has no user name: the page itself links to `un=` and nothing.
    nameless = [listing for listing in threads if listing.seller and not listing.seller_id]
    assert len(nameless) == (1 if "mlist-pdsu" in expected.path else 0)


def test_tieba_ads_stand_where_the_page_puts_them(shared: Path) -> None:
    def places(path: str) -> list[int]:
        return [listing.position for listing in read(shared, by_path(path)).listings if listing.is_ad]

    assert places("tieba/list-java-p1-2019-05.html") == [5, 17]  # 2 pinned, 2 threads above; then 13 threads, 1 ad
    assert places("tieba/mlist-pdsu-2018-10.html") == [5, 15]


def test_tieba_forum_counts_of_fields(shared: Path) -> None:
    listings = read(shared, by_path("tieba/list-java-p1-2019-05.html")).listings
    assert sum(bool(listing.images) for listing in listings) >= 15
    assert sum(bool(listing.text) for listing in listings) >= 40


def test_zhihu_question_fields(shared: Path) -> None:
    listings = read(shared, by_path("zhihu/question-2015-09.html")).listings
    assert len({listing.title for listing in listings}) == 1
    assert all(listing.kind is Kind.POST and listing.text and listing.seller for listing in listings)
    assert all(listing.url.endswith(f"/question/24825703/answer/{listing.item_id}") for listing in listings)
    assert sum(not listing.seller_id for listing in listings) == 1  # one answer without a name
    assert max(len(listing.text) for listing in listings) > 1000


def test_zhihu_column_fields(shared: Path) -> None:
    (post,) = read(shared, by_path("zhihu/column-post-2015.json")).listings
    assert (post.kind, post.item_id) == (Kind.ARTICLE, "20202275")
    assert post.url == "https://zhuanlan.zhihu.com/xiepanda/20202275"
    assert post.seller_id == "xiepanda"
    assert len(post.text) > 1500
    assert "<" not in post.text


def test_xiaohongshu_note_fields(shared: Path) -> None:
    (note,) = read(shared, by_path("xiaohongshu/note-2026-02.html")).listings
    assert (note.kind, note.item_id, len(note.images)) == (Kind.POST, "685e78b5000000001c030b19", 13)
    assert note.url.startswith(f"https://www.xiaohongshu.com/explore/{note.item_id}")
    assert note.text.count("#") == 9
    assert "话题" not in note.text


def test_xiaohongshu_state_and_elements_tell_the_same(shared: Path) -> None:
    """The fallback is believed because it says the same about a page that has both."""
    expected = by_path("xiaohongshu/note-2026-02.html")
    told = read(shared, expected).listings[0]
    body = (shared / "pages" / expected.path).read_bytes().replace(b"__INITIAL_STATE__", b"__OTHER__")
    spider: PlatformSpider = importlib.import_module("spiders.xiaohongshu").Xiaohongshu()
    shown = spider.read(Page(url=expected.url, body=body, rendered=True)).listings[0]

    def words(listing: Listing) -> tuple[str, ...]:
        return listing.title, listing.text, listing.seller, listing.seller_id, listing.item_id

    assert words(shown) == words(told)
