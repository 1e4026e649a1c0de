"""One round: every platform asked every query, every run ended in one outcome.

The plan is written down before the first request goes out, so that a round that dies leaves
rows that say what was missed.
"""

from __future__ import annotations

import asyncio
import tomllib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casework.review.intake import Taken
from console import inbox
from console.archive.saved import ask_saved
from console.crawling import Manner, crawl_runs, known_rules, say_seen
from console.diskguard import full_disk
from console.files import platform, platforms
from console.homelocks import only_round
from console.output import OUTCOME_WORDS, harmless, print_json, progress, say
from console.sealing import recover_files, seal_round
from console.shelving import shelve_round
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, UserMistake, graver
from crawler.items import Outcome
from crawler.politeness import survey
from spiders.base import MAX_PAGES
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.handover import refuse_worker
from storage.marks import refuse_simulation
from storage.roster_shapes import DISK_FULL
from storage.shapes import PlannedRun, RunRow

DEFAULT_QUERIES = Path(__file__).parent.parent / "spiders" / "queries.toml"


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
    names = [name.strip() for name in asked.spiders.split(",") if name.strip()] or _asked_by_words()
    words = read_queries(asked.queries or DEFAULT_QUERIES)
    for name in names:
        spider = platform(name)(runs=dict.fromkeys(words, ""))
        for query in words:
            spider.first_url(query)  # says before anything begins what it cannot be asked
    questions = [(name, query) for name in names for query in words]
    pages = asked.pages or config.crawl.pages
    if not 1 <= pages <= MAX_PAGES:
        raise UserMistake(f"页数要在 1 到 {MAX_PAGES} 之间，不是 {pages}")
    return crawl_round(config, questions, pages=pages, ack=asked.ack, tell=_teller(as_json=as_json))


def _asked_by_words() -> list[str]:
    """The platforms of a round that names none: those that can be asked a word."""
    return [name for name, spider in platforms().items() if spider.answers_words]


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
    refuse_worker(config.home)
    with only_round(config.home):
        store = ExhibitStore(open_database(config.database))
        try:
            refuse_simulation(store.engine)
            _tidy(config, store)
            if store.is_first_round():
                _tell_robots(config, questions)
            plan = _planned(store, questions, f"pages={pages} delay={config.crawl.delay:g}", known_rules(config))
            with progress("巡查", len(plan)) as advance:
                watcher = _watcher(advance, tell)
                if full := full_disk(config):
                    code = _not_begun(store, plan, full, watcher)
                else:
                    code = crawl_runs(config, store, plan, Manner(pages=pages, ack=ack), watcher)
            say_seen(store, plan)
            _take_in(config, store)
            _ask_saved(config, store)
            # Stopped before their end: a second Ctrl-C leaves no crawl the time to say so.
            stopped = EXIT_NOT_CLEAN if _wrote_off(store) else EXIT_DONE
            return graver(code, stopped, seal_round(config, store.engine), shelve_round(config, store.engine))
        finally:
            store.engine.dispose()


def _not_begun(store: ExhibitStore, plan: Sequence[PlannedRun], full: str, tell: Callable[[RunRow], None]) -> int:
    """A crawl that could not keep what it sees would be worse than none: every run is missed, and says why."""
    say(full)
    for run in plan:
        tell(store.finish_run(run.id, Outcome.MISSED, DISK_FULL, "", clock.now()))
    return EXIT_NOT_CLEAN


def _tidy(config: Config, store: ExhibitStore) -> None:
    """What an earlier round left behind when it died is said, not hidden."""
    recover_files(config, store.engine)
    _wrote_off(store)


def _take_in(config: Config, store: ExhibitStore) -> None:
    """What was flagged goes into the inbox."""
    taken = inbox.fill(config, store.engine, clock.now())
    if taken != Taken():
        say(f"线索：新 {taken.new}，并入已有 {taken.grown}，复发 {taken.relapsed}（lantian lead list）")


def _ask_saved(config: Config, store: ExhibitStore) -> None:
    """What is new can be searched at once, and whoever waits for it is told."""
    found = ask_saved(config, store.engine, clock.now())
    if found:
        say(f"存下的检索：新找到 {found} 个证据项（lantian archive saved）")


def _wrote_off(store: ExhibitStore) -> bool:
    missed = store.sweep(clock.now())
    if missed:
        say(f"中断，{len(missed)} 项记为漏查（missed）")
    return bool(missed)


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
    urls = {name: platform(name)().first_url(query) for name, query in questions}
    forbidden = {name: line for name, line in asyncio.run(survey(config, urls)).items() if line}
    for name, line in forbidden.items():
        say(f"robots.txt 禁止：{platform(name).label}（{name}） {harmless(line)}")
    if forbidden:
        example = next(iter(forbidden))
        say("这些平台将记为 disallowed。确有职责需要查看的，由具名人员签署例外（姓名、理由、日期随证据保存）：")
        say(f"    lantian override sign {example} --person 姓名 --reason 理由")


def _watcher(advance: Callable[[str], None], tell: Callable[[RunRow], None]) -> Callable[[RunRow], None]:
    def ended(row: RunRow) -> None:
        advance(f"{platform(row.platform).label} {harmless(row.query)}")
        tell(row)

    return ended


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
