"""The pictures of a round: the crawl that works off their queue beside the others, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from console.files import platform
from console.homelocks import only_pictures
from console.output import say
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE
from crawler.items import Capture, Finding
from crawler.pictures import Fate
from detectors.shapes import Shape, load_shapes
from pipelines.pictures import PictureCrawl
from storage.exhibits import ExhibitStore
from storage.picture_shapes import ExhibitPicture, PictureCounts, total_counts

FATE_WORDS = {Fate.PENDING: "待识别", Fate.READ: "已识别", Fate.SKIPPED: "略过", Fate.FAILED: "失败"}


def office_shapes(config: Config) -> tuple[Shape, ...]:
    """The office's reference shapes, read before anything is crawled: a wrong one is the person's to mend."""
    return load_shapes(config.shapes)


class PicturesBeside:
    """The crawl of pictures beside those of the platforms. It begins when the first page is written down or the
    first crawl has ended, and ends by itself some time after the last. One process has it, of all.
    """

    def __init__(
        self, reactor: AsyncCrawlerProcess, crawls: Mapping[Crawler, asyncio.Task[None]], shapes: Sequence[Shape]
    ) -> None:
        self._reactor, self._crawls, self._shapes = reactor, crawls, shapes
        self._crawler: Crawler | None = None
        self._queue = ExitStack()
        for crawler in crawls:
            crawler.signals.connect(self._begin, signals.item_scraped)
            crawler.signals.connect(self._begin, signals.spider_closed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.close()

    def _begin(self, spider: Spider) -> None:
        # A crawl that is being stopped has let go of its flag: what is stopped begins nothing new.
        if self._crawler is not None or not spider.crawler.crawling:
            return
        if not self._queue.enter_context(only_pictures(spider.settings["LANTIAN_CONFIG"])):
            return  # asked again at the next page
        hosts = {host for one in self._crawls for host in platform(one.spidercls.name).hosts}
        self._crawler = self._reactor.create_crawler(PictureCrawl)
        crawls = list(self._crawls.values())
        known = {name: platform(name) for name in (one.spidercls.name for one in self._crawls)}
        self._reactor.crawl(self._crawler, crawls=crawls, crawled_hosts=hosts, shapes=self._shapes, platforms=known)

    def exit_code(self) -> int:
        """Pictures that cannot be read are no fault of a round's; bugs of ours and broken evidence are."""
        stats = self._crawler.stats.get_stats() if self._crawler and self._crawler.stats else {}
        if stats.get("lantian/broken"):
            return EXIT_EVIDENCE
        return EXIT_BUG if stats.get("lantian/bugs") else EXIT_DONE


def say_pictures(store: ExhibitStore, runs: Sequence[str]) -> None:
    """One line over the pictures of these runs, none when they had none."""
    say_counts(store.picture_counts(runs), store.pictures_waiting())


def say_counts(counts: Mapping[str, PictureCounts], waiting: int) -> None:
    """The line over these runs; `waiting` are the pictures of all rounds that wait to be read."""
    total = total_counts(counts.values())
    if counts:
        say(pictures_line(total))
    if waiting > total.pending:
        say(f"其他各轮还有 {waiting - total.pending} 张图片待识别，下一轮接着识别")


def pictures_line(counts: PictureCounts) -> str:
    """图片：已识别 n，命中 m，待识别 k，失败 j（原因）."""
    line = f"图片：已识别 {counts.read}，命中 {counts.hits}，待识别 {counts.pending}，失败 {counts.failed}"
    line += f"，略过 {counts.skipped}" if counts.skipped else ""
    why = "，".join(f"{reason} {number}" for reason, number in counts.reasons)
    return f"{line}（{why}）" if why else line


# -- what a person reads of them ---------------------------------------------------------------


def shown_captures(images: Sequence[ExhibitPicture]) -> list[Capture]:
    """The captures that findings rest on."""
    return [one.capture for one in images if one.findings and one.capture]


def quote_words(finding: Finding) -> str:
    """The quote; a likeness quotes no words."""
    return finding.quote or "图形近似"


def place_in_picture(finding: Finding) -> str:
    left, top, right, bottom = finding.box
    text = f"识别文字第 {finding.start + 1}–{finding.end} 字，" if finding.quote else ""
    return f"图片 {finding.image[:12]} 中，{text}位置 左 {left} 上 {top} 右 {right} 下 {bottom} 像素"


def picture_words(image: ExhibitPicture) -> str:
    """One of the listing's own pictures: its address, what became of it, and where its bytes lie."""
    became = FATE_WORDS[image.fate] + (f"（{image.reason}）" if image.reason else "")
    became += f"，命中 {image.findings}" if image.findings else ""
    lines = [f"{image.url}", became]
    if image.capture:
        origin = "（样本网，不是真实平台）" if image.capture.is_specimen else ""
        lines.append(f"固定 {image.capture.id}{origin}，图片 SHA-256 {image.sha256 or '无'}")
    return "\n".join(lines)
