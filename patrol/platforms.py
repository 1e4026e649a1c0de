"""What spiders say of themselves, without Scrapy: only the modules of platforms that are asked about are loaded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from spiders.base import PlatformSpider


@cache
def spider_of(platform: str) -> type[PlatformSpider] | None:
    """The platform's spider; `None` for one that this version does not know."""
    if not platform.isidentifier() or find_spec(f"spiders.{platform}") is None:
        return None
    for found in vars(import_module(f"spiders.{platform}")).values():
        if isinstance(found, type) and issubclass(found, PlatformSpider) and vars(found).get("name") == platform:
            return found
    return None


def label_of(platform: str) -> str:
    """The platform's Chinese name, or what it is called where nobody knows it any more."""
    spider = spider_of(platform)
    return spider.label if spider else platform


def reads_ads(platform: str) -> bool:
    """Whether the platform's spider tells advertisements at all."""
    spider = spider_of(platform)
    return spider is not None and not spider.evidence["ads"].startswith("none")
