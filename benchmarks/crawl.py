"""One crawl for the pipeline benchmark, in a process of its own: `python -m benchmarks.crawl MODE HOME HOSTS QUERIES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

from benchmarks.made import DEPTH
from crawler.config import Config
from crawler.hosts import read_hosts
from crawler.tables import Browser, Crawl

# What the baseline leaves out: keeping, tying, judging, recording, verdicts.
BARE = {
    "DOWNLOADER_MIDDLEWARES": {"crawler.politeness.RobotsMiddleware": 100},
    "ITEM_PIPELINES": {},
    "EXTENSIONS": {"scrapy.extensions.memusage.MemoryUsage": None},
    "ROBOTS_OVERRIDES": "benchmarks.crawl.nobody_signed",
}


def nobody_signed(_: object) -> dict[str, str]:
    return {}


def main() -> None:
    mode, home, hosts, queries = sys.argv[1:5]
    settings = get_project_settings()
    config = Config(
        home=Path(home),
        hosts=read_hosts(hosts),
        crawl=Crawl(delay=0.0, retries=0),
        browser=Browser(pictures=False),
    )
    config.home.mkdir(parents=True, exist_ok=True)
    settings.set("LANTIAN_CONFIG", config)
    settings.set("CONCURRENT_REQUESTS_PER_DOMAIN", 8)
    settings.set("LOG_LEVEL", "ERROR")
    for name, value in BARE.items() if mode == "bare" else ():
        settings.set(name, value)
    if mode == "unsealed":
        settings.set("LANTIAN_IN_ROUND", value=True)  # whoever began the round seals what it kept
    reactor = AsyncCrawlerProcess(settings)
    crawler = reactor.create_crawler("jd")
    reactor.crawl(crawler, queries=",".join(f"q{number}" for number in range(int(queries))), pages=DEPTH)
    opened: list[float] = []
    # Rules, dictionary and schema are loaded once a process, however many pages follow.
    crawler.signals.connect(lambda: opened.append(time.process_time()), signals.spider_opened, weak=False)
    reactor.start()
    stats = crawler.stats.get_stats() if crawler.stats else {}
    answered = stats.get("downloader/response_status_count/200", 0)
    told = {
        "pages": answered,
        "seconds": stats["elapsed_time_seconds"],
        "cpu": time.process_time() - opened[0],
        "loading": opened[0],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
