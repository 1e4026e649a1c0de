"""One round: every platform asked every query, every run ended in one outcome.

The plan is written down before the first request goes out, so that a round that dies leaves
rows that say what was missed.
"""

from __future__ import annotations

import asyncio
import fcntl
import tomllib
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from console.files import platform, platforms
from console.output import OUTCOME_WORDS, harmless, print_json, progress, say
from console.pictures import PicturesBeside, office_shapes, say_pictures
from console.sealing import recover_files, seal_round
from console.shelving import shelve_round
from console.showings import say_showings
from crawler import clock
from crawler.commands.crawl import exit_code
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN, EXIT_USAGE, UserMistake
from crawler.items import Outcome
from crawler.politeness import survey
from pipelines.judge import packaged_screen
from pipelines.room import TOOL
from pipelines.verdict import run_ended
from spiders.base import MAX_PAGES
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.folders import made
from storage.registry import StoredRegistry
from storage.shapes import PlannedRun, RunRow

DEFAULT_QUERIES = Path(__file__).parent.parent / "spiders" / "queries.toml"
GRAVEST_FIRST = (EXIT_EVIDENCE, EXIT_BUG, EXIT_USAGE, EXIT_NOT_CLEAN, EXIT_DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the person asked of the round; empty words mean the default."""

    queries: Path | None = None
    spiders: str = ""
    pages: int = 0
    ack: Path | None = None


def run_round(asked: Asked, *, as_json: bool) -> int:
    """Plan, crawl, tell; returns the exit code."""
    config = Config.load()
    names = [name.strip() for name in asked.spiders.split(",") if name.strip()] or list(platforms())
    words = read_queries(asked.queries or DEFAULT_QUERIES)
    questions = [(platform(name).name, query) for name in names for query in words]
    pages = asked.pages or config.crawl.pages
    if not 1 <= pages <= MAX_PAGES:
        raise UserMistake(f"页数要在 1 到 {MAX_PAGES} 之间，不是 {pages}")
    return crawl_round(config, questions, pages=pages, ack=asked.ack, tell=_teller(as_json=as_json))


def read_queries(path: Path) -> list[str]:
    """The queries of a TOML file (`[[query]] words = …`) or of a text file, one a line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = _toml_queries(text) if path.suffix == ".toml" else text.splitlines()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, KeyError) as wrong:
        raise UserMistake(f"查询词文件 {path}：{wrong}") from None
    queries = list(dict.fromkeys(query.strip() for query in found if query.strip() and not query.startswith("#")))
    if not queries:
        raise UserMistake(f"查询词文件 {path} 里没有查询词")
    return queries


def _toml_queries(text: str) -> list[str]:
    queries = tomllib.loads(text)["query"]
    words = [query["words"] for query in queries]
    if not all(isinstance(one, str) for one in words):
        raise TypeError("words 要是文字")
    return words


def crawl_round(
    config: Config,
    questions: Sequence[tuple[str, str]],
    *,
    pages: int,
    tell: Callable[[RunRow], None],
    ack: Path | None = None,
) -> int:
    """Ask every (platform, query) and call `tell` as each run ends; returns the exit code."""
    with only_round(config.home):
        store = ExhibitStore(open_database(config.database))
        try:
            _tidy(config, store)
            if store.is_first_round():
                _tell_robots(config, questions)
            plan = _planned(store, questions, f"pages={pages} delay={config.crawl.delay:g}", _rules(config))
            shapes = office_shapes(config)
            reactor = AsyncCrawlerProcess(_settings(config, ack))
            with progress("巡查", len(plan)) as advance:
                crawlers = _begun(reactor, plan, pages, _watcher(store, advance, tell))
                pictures = PicturesBeside(reactor, crawlers if config.pictures.read else {}, shapes)
                reactor.start()
            code = _graver(_exit(reactor, list(crawlers)), pictures.exit_code())
            say_showings(store.showing_counts([run.id for run in plan]))
            say_pictures(store, [run.id for run in plan])
            # Stopped before their end: a second Ctrl-C leaves no crawl the time to say so.
            stopped = EXIT_NOT_CLEAN if _wrote_off(store) else EXIT_DONE
            return _graver(code, stopped, seal_round(config, store.engine), shelve_round(config, store.engine))
        finally:
            store.engine.dispose()


@contextmanager
def only_round(home: Path) -> Iterator[None]:
    """Two rounds in one home would take each other's runs for abandoned."""
    made(home)
    with (home / "round.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserMistake(f"{home} 里另有一轮正在进行") from None
        yield


def _tidy(config: Config, store: ExhibitStore) -> None:
    """What an earlier round left behind when it died is said, not hidden."""
    recover_files(config, store.engine)
    _wrote_off(store)


def _wrote_off(store: ExhibitStore) -> bool:
    missed = store.sweep(clock.now())
    if missed:
        say(f"中断，{len(missed)} 项记为漏查（missed）")
    return bool(missed)


def _graver(*codes: int) -> int:
    return next(code for code in GRAVEST_FIRST if code in codes)


def _rules(config: Config) -> list[tuple[str, str]]:
    """The rules that this round judges by; the crawls take the very same screen."""
    return [(rule.id, rule.digest) for rule in packaged_screen(StoredRegistry.current(config.database)).rules]


def _planned(
    store: ExhibitStore, questions: Sequence[tuple[str, str]], settings: str, rules: Sequence[tuple[str, str]]
) -> list[PlannedRun]:
    now = clock.now()
    plan = [
        PlannedRun(id=uuid.uuid4().hex, platform=platform, query=query, planned_at=now)
        for platform, query in dict.fromkeys(questions)
    ]
    round_id = store.begin_round(now, TOOL, settings)
    store.plan(round_id, plan)
    store.know_rules(round_id, rules)
    return plan


def _tell_robots(config: Config, questions: Sequence[tuple[str, str]]) -> None:
    """Before the first round a person should know what will not be looked at, and why."""
    urls = {name: platform(name)().search_url(query, 1) for name, query in questions}
    forbidden = {name: line for name, line in asyncio.run(survey(config, urls)).items() if line}
    for name, line in forbidden.items():
        say(f"robots.txt 禁止：{platform(name).label}（{name}） {harmless(line)}")
    if forbidden:
        example = next(iter(forbidden))
        say("这些平台将记为 disallowed。确有职责需要查看的，由具名人员签署例外（姓名、理由、日期随证据保存）：")
        say(f"    lantian override sign {example} --person 姓名 --reason 理由")


def _watcher(
    store: ExhibitStore, advance: Callable[[str], None], tell: Callable[[RunRow], None]
) -> Callable[[str], None]:
    def ended(run: str) -> None:
        row = store.run(run)
        advance(f"{platform(row.platform).label} {harmless(row.query)}")
        tell(row)

    return ended


def _begun(
    reactor: AsyncCrawlerProcess, plan: Sequence[PlannedRun], pages: int, ended: Callable[[str], None]
) -> dict[Crawler, asyncio.Task[None]]:
    """One crawl a platform; each asks its own queries."""
    crawlers = {}
    for name in dict.fromkeys(run.platform for run in plan):
        runs = {run.query: run.id for run in plan if run.platform == name}
        crawler = reactor.create_crawler(name)
        crawler.signals.connect(ended, run_ended, weak=False)
        crawlers[crawler] = reactor.crawl(crawler, runs=runs, pages=pages)
    return crawlers


def _settings(config: Config, ack: Path | None) -> Settings:
    # Not get_project_settings(): it looks for scrapy.cfg where the person happens to stand.
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("LANTIAN_CONFIG", config, priority="cmdline")
    settings.set("LANTIAN_IN_ROUND", value=True, priority="cmdline")
    settings.set("LOG_FILE", str(config.home / "lantian.log"), priority="cmdline")
    if ack is not None:
        settings.set("LANTIAN_ACK", str(ack.absolute()), priority="cmdline")
    return settings


def _exit(reactor: AsyncCrawlerProcess, crawlers: Sequence[Crawler]) -> int:
    stats = [(crawler, crawler.stats.get_stats() if crawler.stats else {}) for crawler in crawlers]
    # One that a second signal tore down has no outcomes and no reason to finish: that is no bug of ours.
    torn = [crawler for crawler, told in stats if "finish_reason" not in told and "start_time" in told]
    codes = {EXIT_NOT_CLEAN if crawler in torn else exit_code(told) for crawler, told in stats}
    if reactor.bootstrap_failed:
        codes.add(EXIT_BUG)
    return _graver(*codes)


def _teller(*, as_json: bool) -> Callable[[RunRow], None]:
    def tell(row: RunRow) -> None:
        outcome = Outcome(row.outcome or Outcome.ERROR)
        if as_json:
            told: dict[str, Any] = {
                "run": row.id,
                "spider": row.platform,
                "query": row.query,
                "outcome": outcome,
                "reason": row.reason,
            }
            told |= {"listings": row.listings, "captures": row.captures, "detail": row.detail}
            print_json(told, goes_on=True)
        elif not outcome.is_clean:
            why = f"（{row.reason}）{harmless(row.detail)[:100]}"
            say(f"{platform(row.platform).label} {harmless(row.query)}：{OUTCOME_WORDS[outcome]}{why}")

    return tell
