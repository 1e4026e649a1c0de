"""Every spider reads its frozen pages as the golden files say.

A frozen page is `pages/<spider>/<name>.html` (or `.body`), invented by us, with `<name>.toml`
(url, query, status, rendered) beside it and the golden reading in `<name>.json`. `pytest
--regold` writes the golden file and still fails, so that a person reads it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.items import Page
from spiders.base import PlatformSpider

PAGES = Path(__file__).parent / "pages"
FROZEN = sorted(path for path in PAGES.glob("*/*") if path.suffix in (".html", ".body"))


def spiders() -> dict[str, type[PlatformSpider]]:
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
    return {name: loader.load(name) for name in loader.list()}


def page_at(path: Path) -> Page:
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    return Page(body=path.read_bytes(), **told)


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_frozen_page_reads_as_golden(path: Path, request: pytest.FixtureRequest) -> None:
    spider = spiders()[path.parent.name]()
    reading = json.loads(json.dumps(asdict(spider.read(page_at(path)))))
    golden = path.with_suffix(".json")
    if request.config.getoption("--regold") or not golden.exists():
        golden.write_text(json.dumps(reading, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"wrote {golden}: read it before you commit it")
    assert reading == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(spiders()))
def test_spider_has_a_frozen_page_of_each_sort(name: str) -> None:
    outcomes = {
        json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["outcome"]
        for path in FROZEN
        if path.parent.name == name
    }
    assert "ok" in outcomes, f"{name} has no frozen page that is read"
    assert outcomes - {"ok"}, f"{name} has no frozen page that is refused"


@pytest.mark.parametrize("name", sorted(spiders()))
def test_spider_says_what_it_is(name: str) -> None:
    spider = spiders()[name]
    assert spider.__name__.lower() == name == spider.__module__.rpartition(".")[2]
    assert spider.label
    assert spider.hosts
    assert spider.page_size >= 1
    assert {"results", "ads"} <= set(spider.evidence)
