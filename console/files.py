"""Reading and screening what lies in files: the same spiders and rules as in a round, no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.table import Table
from rich.text import Text
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from console.output import OUTCOME_WORDS, finding_told, harmless, page, print_json, print_line, say
from console.picture_files import PictureFolder
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, UserMistake
from crawler.items import Kind, Listing, Page, Reading
from detectors.screen import Screen, load_screen
from detectors.shapes import load_shapes
from spiders.base import PlatformSpider
from spiders.reading import MAX_BYTES
from storage.registry import CsvRegistry

READ_FIELDS = (
    "kind", "is_ad", "position", "title", "text", "url", "display_url", "seller", "seller_id", "price", "images",
    "item_id", "is_redirect",
)  # fmt: skip
SCREEN_FIELDS = ("text", "title", "url", "seller", "platform", "kind")


@cache
def platforms() -> dict[str, type[PlatformSpider]]:
    """Every platform's spider by name, as Scrapy's own loader finds them."""
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
    found = {name: loader.load(name) for name in sorted(loader.list())}
    return {name: spider for name, spider in found.items() if issubclass(spider, PlatformSpider)}


def platform(name: str) -> type[PlatformSpider]:
    """One platform's spider; raises `UserMistake` for an unknown name."""
    known = platforms()
    if name not in known:
        raise UserMistake(f"没有名为 {name!r} 的平台；现有：{'、'.join(known)}")
    return known[name]


def list_spiders(*, as_json: bool) -> None:
    for name, spider in platforms().items():
        if as_json:
            known = {"devices": list(spider.devices), "cities": list(spider.cities), "words": spider.answers_words}
            print_json({"name": name, "label": spider.label, "evidence": spider.evidence} | known)
        else:
            print_line(name)


def read_page(name: str, file: Path, url: str, query: str, *, as_json: bool) -> int:
    """Read one saved page; the exit code says whether it was seen."""
    spider = platform(name)()
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserMistake(f"网址不完整：{url!r}（要以 http:// 或 https:// 开头）")
    saved = Page(url=url, requested_url=url, query=query, body=saved_bytes(file), content_type=_content_type(file))
    reading = spider.read(saved)
    if as_json:
        print_json(_readable(reading))
    else:
        show_reading(spider, reading)
    return EXIT_DONE if reading.outcome.is_clean and not reading.lost else EXIT_NOT_CLEAN


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        raise UserMistake(f"网址不能识别：{url!r}") from None


def saved_bytes(file: Path) -> bytes:
    """The file, one byte past the reading limit at most: the reading itself says too_large."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as wrong:
        raise UserMistake(f"读不了文件 {file}：{wrong.strerror}") from None


def _content_type(file: Path) -> str:
    return "application/json" if file.suffix == ".json" else ""


def _readable(reading: Reading) -> dict[str, Any]:
    listings = [{name: getattr(one, name) for name in READ_FIELDS} for one in reading.listings]
    told = {name: getattr(reading, name) for name in ("outcome", "reason", "detail", "total", "next_url", "lost")}
    return told | {"listings": listings}


def show_reading(spider: PlatformSpider, reading: Reading) -> None:
    """What was read, for a person: the outcome in words and a table of the listings."""
    why = "：".join(filter(None, (reading.reason, reading.detail)))
    said = f"{spider.label}：{OUTCOME_WORDS[reading.outcome]}（{reading.outcome}{' ' + harmless(why) if why else ''}）"
    said += f"，信息 {len(reading.listings)} 条" + (f"，丢失 {reading.lost} 条" if reading.lost else "")
    said += f"，页面自称共 {reading.total} 条" if reading.total is not None else ""
    say(said)
    if not reading.listings:
        return
    table = Table("位", "类", "广告", "标题", "卖家", "价格", "网址")
    for one in reading.listings:
        row = (one.title[:60], one.seller[:20], one.price, one.url[:60])
        table.add_row(str(one.position), one.kind, "是" if one.is_ad else "", *map(_cell, row))
    page().print(table)


def _cell(text: str) -> Text:
    """A text and not a string: no console may take what a page says for markup, or escape it twice."""
    return Text(harmless(text))


def screen_texts(file: Path, registry: Path | None, *, with_trial: bool, images: Path | None = None) -> None:
    """Judge every line before printing any, so that a bad line leaves no half output.

    With `images`, a folder, each row's `images` are read and judged too; `unread` names those that could not be.
    """
    view = CsvRegistry.load(registry, clock.now().astimezone(clock.SHANGHAI).date()) if registry else None
    folder = PictureFolder(images, load_shapes(Config.load().shapes)) if images else None
    rows = [(*row(told, where), folder.paths(told, where) if folder else []) for told, where in _lines(file)]
    judge: Screen = load_screen(registry=view, with_trial=with_trial)
    for name, listing, paths in rows:
        found = judge.judge(listing)
        if folder is None:
            print_json({"id": name, "findings": [finding_told(finding) for finding in found]})
            continue
        seen, unread = folder.judged(judge, listing, paths, with_trial=with_trial)
        print_json({"id": name, "findings": [finding_told(finding) for finding in (*found, *seen)], "unread": unread})


def _lines(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each row as its JSON object, with where it stands."""
    try:
        # Not splitlines(): a JSON string may hold U+2028 as it is.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as wrong:
        raise UserMistake(f"{file} 不是 UTF-8 文本：第 {wrong.start} 字节") from None
    except OSError as wrong:
        raise UserMistake(f"读不了文件 {file}：{wrong.strerror}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{file} 第 {number} 行"
            try:
                told = json.loads(line)
            except (ValueError, RecursionError) as wrong:
                raise UserMistake(f"{where}：不是 JSON：{wrong}") from None
            if not isinstance(told, dict):
                raise UserMistake(f"{where}：要有 id（文字或整数）和 text")
            yield told, where


def row(told: dict[str, Any], where: str) -> tuple[Any, Listing]:
    """A row's id and its listing; raises `UserMistake` with the place."""
    if type(told.get("id")) not in (str, int) or "text" not in told:
        raise UserMistake(f"{where}：要有 id（文字或整数）和 text")
    texts = {name: "" if told.get(name) is None else told[name] for name in SCREEN_FIELDS}
    wrong_field = next((name for name, text in texts.items() if not isinstance(text, str)), None)
    if wrong_field:
        raise UserMistake(f"{where}：{wrong_field} 要是文字")
    # Kinds that are not ours (a corpus has its own) say nothing about who speaks.
    kind = Kind(texts["kind"]) if texts["kind"] in set(Kind) else Kind.RESULT
    listing = Listing(
        platform=texts["platform"], kind=kind, position=1, title=texts["title"], url=texts["url"],
        text=texts["text"], seller=texts["seller"], is_ad=kind is Kind.AD,
    )  # fmt: skip
    return told["id"], listing
