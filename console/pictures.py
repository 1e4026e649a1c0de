"""The pictures of a round: the crawl that works off their queue beside the others, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess, Crawler

from console.files import platform
from console.output import say
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE
from detectors.shapes import Shape, load_shapes
from pipelines.pictures import PictureCrawl
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureCounts, total_counts


def office_shapes(config: Config) -> tuple[Shape, ...]:
    """The office's reference shapes, read before anything is crawled: a wrong one is the person's to mend."""
    return load_shapes(config.shapes)


def begin_pictures(
    reactor: AsyncCrawlerProcess,
    crawls: Sequence[asyncio.Task[None]],
    platforms: Collection[str],
    shapes: Sequence[Shape],
) -> Crawler:
    """Start the crawl of pictures; it ends by itself some time after `crawls`, those of `platforms`."""
    hosts = {host for name in platforms for host in platform(name).hosts}
    crawler = reactor.create_crawler(PictureCrawl)
    reactor.crawl(crawler, crawls=crawls, crawled_hosts=hosts, shapes=shapes)
    return crawler


def pictures_exit(stats: Mapping[str, Any]) -> int:
    """Pictures that cannot be read are no fault of a round's; bugs of ours and broken evidence are."""
    if stats.get("lantian/broken"):
        return EXIT_EVIDENCE
    return EXIT_BUG if stats.get("lantian/bugs") else EXIT_DONE


def say_pictures(store: ExhibitStore, runs: Sequence[str]) -> None:
    """One line over the pictures of these runs, none when they had none."""
    counts = store.picture_counts(runs)
    if counts:
        say(pictures_line(total_counts(counts.values())))


def pictures_line(counts: PictureCounts) -> str:
    """图片：已识别 n，命中 m，待识别 k，失败 j（原因）."""
    line = f"图片：已识别 {counts.read}，命中 {counts.hits}，待识别 {counts.pending}，失败 {counts.failed}"
    line += f"，略过 {counts.skipped}" if counts.skipped else ""
    why = "，".join(f"{reason} {number}" for reason, number in counts.reasons)
    return f"{line}（{why}）" if why else line
