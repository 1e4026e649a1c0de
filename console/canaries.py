"""Canaries: a spider's frozen pages, read again today, still say what their golden files say.

The pages lie in the tests of a checkout. Where those are not installed nothing is claimed.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from crawler.items import Page
from spiders.base import PlatformSpider

PAGES = Path(__file__).parent.parent / "tests" / "spiders" / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """How many frozen pages a spider has, and which of them it reads otherwise than it did."""

    pages: int
    wrong: tuple[str, ...]


def is_checkout() -> bool:
    """Whether the frozen pages lie here."""
    return PAGES.is_dir()


def canary_of(spider: type[PlatformSpider], pages: Path = PAGES) -> Canary:
    """Read every frozen page of a spider."""
    frozen = [path for path in sorted((pages / spider.name).glob("*")) if path.suffix in (".html", ".body")]
    wrong = tuple(path.name for path in frozen if not _is_as_golden(spider, path))
    return Canary(pages=len(frozen), wrong=wrong)


def _is_as_golden(spider: type[PlatformSpider], path: Path) -> bool:
    golden = path.with_suffix(".json")
    if not golden.exists():
        return False
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    reading = spider().read(Page(body=path.read_bytes(), **told))
    return bool(json.loads(json.dumps(asdict(reading))) == json.loads(golden.read_text(encoding="utf-8")))
