"""`lantian spiders freeze`: the first frozen page of a platform, from its address or from a saved file, masked.

What is asked for goes out as in a round: under the same guard, robots.txt and rate. It is not kept as evidence:
no listing, no run, no capture of it stays. A person reads the page and its reading before committing them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.signals import item_scraped, response_received, spider_closed

from console.files import platform, saved_bytes, show_reading
from console.masking import Masks
from console.output import print_json, say
from crawler.addresses import refuse_inside
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, PageBroken, UserMistake
from crawler.items import Page, Reading, Sightings
from crawler.logs import CRAWLS, log_to
from pipelines.room import Room
from spiders.base import PlatformSpider
from spiders.counters import refuse_counter
from spiders.reading import decode
from storage.archive import FolderArchive

FROZEN = Path(__file__).parent.parent / "tests" / "spiders" / "pages"
SORT_WORDS = {
    "secret": "令牌与会话",
    "random": "长随机串",
    "mail": "邮箱",
    "identity": "身份证号",
    "mobile": "手机号",
    "wechat": "微信号",
    "qq": "QQ 号",
    "phone": "座机",
    "name": "姓名",
}
RUN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be frozen: an address, or a file that was saved from `url`. `stem` names the three files."""

    spider: str
    source: str
    url: str = ""
    query: str = ""
    out: Path | None = None
    stem: str = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A page without persons and secrets, how it reads, and what was masked."""

    page: Page
    reading: Reading
    masked: Mapping[str, int]
    reads_alike: bool


def freeze_page(asked: Asked, *, as_json: bool) -> int:
    """Fetch or read, mask, write three files, tell; the exit code says whether the page was one of results."""
    spider = platform(asked.spider)()
    folder = asked.out or FROZEN / spider.name
    stem = _refuse_taken(folder, asked.stem)
    page = _fetched(spider, asked) if asked.source.startswith(("http://", "https://")) else _saved(spider, asked)
    if page is None:
        return EXIT_NOT_CLEAN
    frozen = frozen_page(spider, page)
    files = write(frozen, folder, stem)
    if as_json:
        told = {"outcome": frozen.reading.outcome, "reason": frozen.reading.reason, "masked": dict(frozen.masked)}
        print_json(told | {"listings": len(frozen.reading.listings), "reads_alike": frozen.reads_alike, "files": files})
    else:
        show_reading(spider, frozen.reading)
        _say_masked(frozen, files)
    return EXIT_DONE if frozen.reading.outcome.is_clean and frozen.reads_alike else EXIT_NOT_CLEAN


def frozen_page(spider: PlatformSpider, page: Page) -> Frozen:
    """The page as UTF-8 with everything masked, and what the spider makes of that."""
    masks = Masks()
    try:
        body = masks.masked(decode(page)).encode("utf-8", "replace")
    except PageBroken as broken:
        raise UserMistake(f"这不是可读的页面，不能冻结：{broken}") from None
    masked = replace(
        page,
        url=masks.masked(page.url),
        requested_url=masks.masked(page.requested_url),
        query=masks.masked(page.query),
        body=body,
        content_type="",
    )
    before, after = spider.read(page), spider.read(masked)
    return Frozen(page=masked, reading=after, masked=masks.counts, reads_alike=_outline(before) == _outline(after))


def _outline(reading: Reading) -> tuple[object, ...]:
    """What masking must not change: words and addresses may, what stands where may not."""
    shown = [(one.kind, one.is_ad, one.position, len(one.title), bool(one.seller)) for one in reading.listings]
    return reading.outcome, reading.reason, reading.total, bool(reading.next_url), reading.lost, shown


def write(frozen: Frozen, folder: Path, stem: str) -> list[str]:
    """The page, what it was, and the golden reading, in the form of the frozen pages."""
    page = frozen.page
    body = folder / f"{stem}.{'body' if page.body.lstrip()[:1] in (b'{', b'[') else 'html'}"
    told: dict[str, str | int | bool] = {"url": page.url, "query": page.query}
    told |= {"requested_url": page.requested_url} if page.requested_url not in ("", page.url) else {}
    told |= {"status": page.status} if page.status != 200 else {}
    told |= {"rendered": True} if page.rendered else {}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in told.items()]
    golden = json.dumps(asdict(frozen.reading), ensure_ascii=False, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    body.write_bytes(page.body)
    body.with_suffix(".toml").write_text("".join(lines), encoding="utf-8")
    body.with_suffix(".json").write_text(golden, encoding="utf-8")
    return [str(body.with_suffix(suffix)) for suffix in (body.suffix, ".toml", ".json")]


def _refuse_taken(folder: Path, stem: str) -> str:
    if not stem.replace("-", "").isalnum():
        raise UserMistake(f"文件名只用字母、数字和连字符，不是 {stem!r}")
    taken = next((path for path in folder.glob(f"{stem}.*")), None)
    if taken is not None:
        raise UserMistake(f"{taken} 已有；换一个 --as 名称")
    return stem


def _saved(spider: PlatformSpider, asked: Asked) -> Page:
    """A page that a person saved; where it came from is what the person says, else where the query is asked."""
    if not asked.url and not (asked.query and spider.answers_words):
        raise UserMistake("文件要用 --url 说明是哪个网址的页面（或用 --query 说明查询词）")
    url = asked.url or spider.search_url(asked.query, 1)
    return Page(url=url, requested_url=url, query=asked.query, body=saved_bytes(Path(asked.source)))


def _say_masked(frozen: Frozen, files: list[str]) -> None:
    counts = "，".join(f"{SORT_WORDS[sort]} {number}" for sort, number in frozen.masked.items())
    say(f"已遮盖：{counts or '没有认出个人信息'}。图片和脚本里编码过的文字没有看，提交前请人工再看一遍。")
    if not frozen.reads_alike:
        say("遮盖以后读出的结果变了：请对照原页面核对。")
    for file in files:
        say(file)


# -- fetching ----------------------------------------------------------------------------------


def _fetched(spider: PlatformSpider, asked: Asked) -> Page | None:
    """One page, asked for as a round would. `None` when none came; why is said."""
    config = Config.load()
    refuse_counter(asked.source)
    refuse_inside(asked.source, config.hosts)
    with tempfile.TemporaryDirectory(prefix="lantian-freeze-") as folder:
        visit = _Visit(Path(folder))
        crawl = _crawl(config, spider, asked, visit)
    if crawl is not None:
        raise crawl
    if visit.page is None and visit.sightings is None:
        raise RuntimeError("the crawl ended without a word")
    if visit.page is None and visit.sightings is not None:
        show_reading(spider, visit.sightings.reading)
        say("没有取得页面，什么也没有写。")
    return visit.page


class _Visit:
    """What came of one crawl: the last page that was read, if any came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.responses: list[Response] = []
        self.sightings: Sightings | None = None
        self.page: Page | None = None

    def watch(self, crawler: Crawler) -> None:
        """The archive of this crawl is a folder that is gone when it ends; turns and robots are the home's own."""
        self.room = Room.of(crawler)
        self.room.archive = FolderArchive(self.folder, tool=TOOL)
        crawler.signals.connect(self._arrived, response_received)
        crawler.signals.connect(self.item_scraped, item_scraped)
        crawler.signals.connect(self.room.close, spider_closed)

    def _arrived(self, response: Response, request: Request) -> None:
        if not request.meta.get("is_robots"):
            self.responses.append(response)

    def item_scraped(self, item: Sightings) -> None:
        """Scrapy's signal for what a page came to; the response is the newest that is not of robots.txt."""
        self.sightings = item
        if item.capture is None or not self.responses:
            return
        response = self.responses[-1]
        self.page = Page(
            url=item.url,
            requested_url=item.requested_url,
            body=response.body,
            status=response.status,
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
            query=item.query,
            rendered=bool(response.meta["in_browser"]),
        )


def _crawl(config: Config, spider: PlatformSpider, asked: Asked, visit: _Visit) -> BaseException | None:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    for name, value in {
        "LANTIAN_CONFIG": config,
        "LOG_INSTALL_ROOT_HANDLER": False,  # `log_to` has put ours there
        "ITEM_PIPELINES": {},  # nothing is recorded
        "EXTENSIONS": {},
    }.items():
        settings.set(name, value, priority="cmdline")
    log_to(config, CRAWLS)
    reactor = AsyncCrawlerProcess(settings)
    crawler = reactor.create_crawler(_asking_once(type(spider), asked.source))
    crawl = reactor.crawl(crawler, runs={asked.query or asked.source: RUN})
    crawl.add_done_callback(lambda _: None)
    visit.watch(crawler)
    reactor.start()
    return crawl.exception() if crawl.done() and not crawl.cancelled() else RuntimeError("the crawl was stopped")


def _asking_once(spider: type[PlatformSpider], url: str) -> type[PlatformSpider]:
    """The platform's spider, but it begins at this address whatever its query."""

    def first_url(_self: PlatformSpider, _query: str) -> str:
        return url

    return type(spider.__name__, (spider,), {"first_url": first_url, "__module__": spider.__module__})
