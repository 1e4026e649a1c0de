"""The project's own specimen web: every query ends as the manifest says, and shows what it expects.

Nothing is judged here. Spiders read the very bytes a request would get; only what needs a
browser is served.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from console.specimen import NOT_FOUND, Expectation, SpecimenPage, SpecimenQuery, load
from console.specimen_server import SpecimenServer
from crawler.config import Config
from crawler.hosts import read_hosts
from crawler.items import Listing, Outcome, Page, Reading
from crawler.politeness import Robots
from crawler.tables import Browser, Crawl
from pipelines.browser import Browser as Chromium
from pipelines.browser import BrowserTrouble, find_chromium
from spiders.base import PlatformSpider

FOLDER = Path(__file__).parent.parent.parent / "specimen"
SPECIMEN = load(FOLDER)
PAGES = 3
STATUTORY = ("guaranteed_grant", "green_channel", "official_impersonation", "inventor_listing")
LOADER = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
LABELS = [f"{query.spider}-{query.query}" for query in SPECIMEN.queries]


def answer(url: str) -> tuple[str, SpecimenPage]:
    """What a request would get in the end, and from which address, redirects followed."""
    for _ in range(5):
        parts = urlsplit(url)
        page = SPECIMEN.find(parts.hostname or "", parts.path + ("?" + parts.query if parts.query else ""))
        places = [value for name, value in page.headers if name == "Location"]
        if not places:
            return url, page
        url = urljoin(url, places[0])
    raise AssertionError(f"{url} redirects for ever")


def read(spider: PlatformSpider, url: str, query: str) -> Reading:
    final, page = answer(url)
    body = page.files[0].read_bytes() if page.files else b""
    kind = dict(page.headers).get("Content-Type", "text/html")
    return spider.read(
        Page(
            url=final,
            body=body if page.cut < 0 else body[: page.cut],
            status=page.status,
            content_type=kind,
            requested_url=url,
            query=query,
        )
    )


def refusal(url: str) -> str:
    parts = urlsplit(url)
    robots = SPECIMEN.find(parts.hostname or "", "/robots.txt")
    return Robots(text=robots.files[0].read_text(encoding="utf-8")).refusal(url)


def readings(query: SpecimenQuery) -> list[Reading]:
    """The readings of all pages of a query, as the round would page on."""
    spider = LOADER.load(query.spider)(queries=query.query)
    url: str | None = spider.search_url(query.query, 1)
    found = []
    while url and len(found) < PAGES:
        assert not refusal(url)
        found.append(read(spider, url, query.query))
        url = found[-1].next_url
    return found


def expected(query: SpecimenQuery) -> list[Expectation]:
    return [one for one in SPECIMEN.expectations if (one.spider, one.query) == (query.spider, query.query)]


@pytest.mark.parametrize("query", SPECIMEN.queries, ids=LABELS)
def test_a_query_ends_as_the_manifest_says(query: SpecimenQuery) -> None:
    spider = LOADER.load(query.spider)()
    url = spider.search_url(query.query, 1)
    _, page = answer(url)
    if query.outcome is Outcome.DISALLOWED:
        assert refusal(url) == "Disallow: /search_result"
    elif query.outcome is Outcome.UNREACHABLE:
        assert page.hang
    elif page.files[0].name == "shell.html":
        assert read(spider, url, query.query).reason == "needs_browser"
    else:
        ends = [(reading.outcome, reading.reason, reading.lost) for reading in readings(query)]
        assert ends == [(query.outcome, query.reason, 0)] * len(ends)


def listings_of(query: SpecimenQuery) -> list[Listing]:
    found = [listing for reading in readings(query) for listing in reading.listings]
    _, page = answer(LOADER.load(query.spider)().search_url(query.query, 1))
    if len(page.files) > 1:
        spider = LOADER.load(query.spider)()
        for path in page.files[1:]:
            found += spider.read(Page(url=f"https://{page.host}{page.target}", body=path.read_bytes())).listings
    return found


READABLE = [
    query
    for query in SPECIMEN.queries
    if query.outcome is Outcome.OK and (query.spider, query.query) != ("taobao", "专利加急")
]


@pytest.mark.parametrize("query", READABLE, ids=[f"{query.spider}-{query.query}" for query in READABLE])
def test_what_is_expected_of_a_query_stands_on_its_pages(query: SpecimenQuery) -> None:
    titles = [listing.title for listing in listings_of(query)]
    assert expected(query)
    missing = [one.title for one in expected(query) if not any(one.title in title for title in titles)]
    unplanned = [title for title in set(titles) if not any(one.title in title for one in expected(query))]
    assert missing == []
    assert [title for title in unplanned if "包授权" in title or "挂名" in title] == []


def rendered(url: str, home: Path) -> bytes:
    """The document after its scripts ran in a real browser, over TLS under the real host name."""
    with SpecimenServer(SPECIMEN) as server:
        hosts = read_hosts(str(server.hosts_file(home)))
        config = Config(home=home, crawl=Crawl(delay=0.0), browser=Browser(as_root=True), hosts=hosts)
        try:
            find_chromium(config)
        except BrowserTrouble as trouble:
            pytest.skip(f"no browser: {trouble}")
        return asyncio.run(_render(config, url))


async def _render(config: Config, url: str) -> bytes:
    browser = Chromium(config)
    try:
        return (await browser.render(url)).dom
    finally:
        await browser.close()


def test_the_list_behind_the_script_appears_in_a_browser(tmp_path: Path) -> None:
    query = next(one for one in SPECIMEN.queries if (one.spider, one.query) == ("taobao", "专利加急"))
    spider = LOADER.load("taobao")()
    url = spider.search_url(query.query, 1)
    reading = spider.read(Page(url=url, body=rendered(url, tmp_path), rendered=True))
    assert (reading.outcome, reading.lost) == (Outcome.OK, 0)
    assert [listing.title for listing in reading.listings] == [one.title for one in expected(query)]


def test_the_forum_reads_the_same_raw_and_in_a_browser(tmp_path: Path) -> None:
    spider = LOADER.load("tieba")()
    url = spider.search_url("专利", 1)
    shown = spider.read(Page(url=url, body=rendered(url, tmp_path), rendered=True))
    raw = read(spider, url, "专利")
    assert [(one.title, one.is_ad, one.url) for one in shown.listings] == [
        (one.title, one.is_ad, one.url) for one in raw.listings
    ]


def test_every_expectation_belongs_to_a_query_that_is_asked() -> None:
    asked = {(query.spider, query.query) for query in SPECIMEN.queries if query.outcome is Outcome.OK}
    assert {(one.spider, one.query) for one in SPECIMEN.expectations} == asked


def test_enough_is_planted_of_every_sort() -> None:
    planted = Counter(one.category for one in SPECIMEN.expectations)
    assert all(planted[category] >= 4 for category in STATUTORY)
    assert set(planted) == {*STATUTORY, ""}
    assert planted[""] >= 20


def test_ads_stand_beside_organic_results_where_the_platform_has_them() -> None:
    for spider, words in (("baidu", "专利包授权"), ("sogou", "专利包授权"), ("tieba", "专利"), ("zbj", "专利申请")):
        query = next(one for one in SPECIMEN.queries if (one.spider, one.query) == (spider, words))
        kinds = Counter(listing.is_ad for listing in listings_of(query))
        assert kinds[True] >= 2, spider
        assert kinds[False] >= 4, spider


def test_an_advertiser_is_known_by_its_own_address_where_the_page_carries_it() -> None:
    baidu = next(one for one in SPECIMEN.queries if (one.spider, one.query) == ("baidu", "专利包授权"))
    ads = [listing for listing in listings_of(baidu) if listing.is_ad]
    assert {listing.is_redirect for listing in ads} == {True, False}
    for listing in ads:
        assert ("baidu.php" in listing.url) == listing.is_redirect


def test_hostile_titles_are_read_as_the_text_they_are() -> None:
    baidu = next(one for one in SPECIMEN.queries if (one.spider, one.query) == ("baidu", "专利包授权"))
    titles = [listing.title for listing in listings_of(baidu)]
    for start in ("<script>", "=HYPERLINK(", '"><b onmouseover'):
        assert any(title.startswith(start) for title in titles), start
    assert any("\u202e" in title for title in titles)
    assert max(map(len, titles)) > 1000


def test_the_gbk_page_says_its_charset_only_in_meta() -> None:
    page = SPECIMEN.find("search.jd.com", "/Search?keyword=商标注册")
    body = page.files[0].read_bytes()
    assert b'<meta charset="gbk">' in body
    assert not page.headers
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_single_goods_and_notes_are_read() -> None:
    for spider, host in (("taobao", "item.taobao.com"), ("jd", "item.jd.com"), ("xiaohongshu", "www.xiaohongshu.com")):
        page = next(one for one in SPECIMEN.pages if one.host == host and one.target != "/robots.txt")
        reading = read(LOADER.load(spider)(), f"https://{host}{page.target}", "")
        assert (reading.outcome, len(reading.listings)) == (Outcome.OK, 1), host


def test_the_news_tab_is_read() -> None:
    spider = LOADER.load("baidu")(tab="news")
    reading = read(spider, spider.search_url("包授权", 1), "包授权")
    assert (reading.outcome, len(reading.listings)) == (Outcome.OK, 3)


# -- the folder itself -------------------------------------------------------------------------


def test_every_file_is_served_and_every_resource_is_there() -> None:
    served = {path for page in SPECIMEN.pages for path in page.files}
    # The registry is imported by the demo, not served.
    own = ("manifest.toml", "registry.csv", "lantian.toml")
    there = {path.resolve() for path in FOLDER.rglob("*") if path.is_file() and path.name not in own}
    assert there == served
    for page in SPECIMEN.pages:
        for path in page.files:
            if path.suffix == ".html":
                _check_resources(page, path)


def _check_resources(page: SpecimenPage, path: Path) -> None:
    text = path.read_text(encoding="gb18030" if b'charset="gbk"' in path.read_bytes() else "utf-8")
    text = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
    for link in re.findall(r"""<(?:img|script|link)\b[^>]*?\s(?:src|href)="([^"]+)""", text):
        url = urljoin(f"https://{page.host}{page.target}", link)
        parts = urlsplit(url)
        if 'rel="canonical"' in text and parts.path.endswith(".html"):
            continue
        assert SPECIMEN.find(parts.hostname or "", parts.path) is not NOT_FOUND, f"{path.name}: {link}"


def test_no_number_could_ring_at_anybody() -> None:
    for page in SPECIMEN.pages:
        for path in page.files:
            text = path.read_bytes().decode("utf-8", "replace")
            phones = re.findall(r"(?<![\w.])1[3-9]\d{9}(?!\w)|(?<![\w-])0\d{2,3}-\d{7,8}(?!\w)|400-\d{3}-\d{4}", text)
            assert set(phones) <= {"13800000000", "010-00000000", "400-000-0000"}, path.name


def test_a_page_says_that_it_is_invented() -> None:
    for page in SPECIMEN.pages:
        for path in page.files:
            if path.suffix == ".html":
                body = path.read_bytes()
                text = body.decode("gbk" if b'charset="gbk"' in body else "utf-8")
                assert "虚构" in text, path.name
