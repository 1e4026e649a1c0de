"""`make demo`: the whole way on a specimen web on this machine, in under a minute, without a network.

The pages are inventions of ours. Their captures say `specimen`, and the home is marked so
that nobody takes it for an office's archive.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from console import registry
from console.coverage import landings_of, print_coverage
from console.files import platform, platforms
from console.inspection import WHOLE, Inspection
from console.ledger import opened, print_leads
from console.output import CATEGORY_WORDS, harmless, say
from console.rounds import DEFAULT_QUERIES, crawl_round, read_queries
from console.specimen import Expectation, Specimen, SpecimenQuery, load
from console.specimen_server import SpecimenServer
from console.verifying import source_of
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN, UserMistake
from crawler.hosts import read_hosts
from crawler.tables import Crawl
from pipelines.browser import BrowserTrouble, find_chromium
from storage.registers.store import Provenance
from storage.shapes import Lead, LeadFilter, RunRow
from storage.verifier.words import verdict
from storage.verify import Wanted, verify

MARK = "SPECIMEN"
MARK_TEXT = "This home was written by `lantian demo`: its captures show invented pages.\n"
SETTINGS = "lantian.toml"
ALL = 10_000


def run_demo(folder: Path, *, keep_running: bool) -> int:
    """One round over the specimen web in `folder`; 1 when an expectation of its manifest fails."""
    specimen = load(folder)
    _refuse_strangers(specimen)
    config = _demo_config(Config.load())
    _mark_home(config.home)
    _found_office(config.home, folder / SETTINGS)
    _import_registry(config, folder / "registry.csv")
    has_browser = _has_browser(config)
    with SpecimenServer(specimen) as server:
        hosts = server.hosts_file(config.home)
        config = replace(config, hosts=read_hosts(str(hosts)))
        say(f"样本网：{len(specimen.hosts)} 个主机，127.0.0.1:{server.port}；数据在 {config.home}")
        code = crawl_round(config, _questions(specimen), pages=config.crawl.pages, tell=_silent)
        code = max(EXIT_DONE if code == EXIT_NOT_CLEAN else code, _tell(config, specimen, has_browser=has_browser))
        _say_next(config)
        if keep_running:
            _serve(hosts)
    return code


def _refuse_strangers(specimen: Specimen) -> None:
    """A manifest may only speak of platforms and categories that there are."""
    asked = {one.spider for one in specimen.queries} | {one.spider for one in specimen.expectations}
    for name in sorted(asked - {""}):
        platform(name)
    for one in specimen.expectations:
        if one.category and one.category not in CATEGORY_WORDS:
            raise UserMistake(
                f"样本清单：{one.title} 的类别 {one.category!r} 不存在；现有：{'、'.join(CATEGORY_WORDS)}"
            )


def _demo_config(config: Config) -> Config:
    """Loopback needs no politeness; a home of its own unless the person named one, and always its own file for rows."""
    home = config.home if _is_named(config) else Path("demo-home").absolute()
    browser = replace(config.browser, pictures=True, timeout=30.0)
    crawl, secrets = Crawl(delay=0.0, timeout=10.0, retries=0, pages=3), replace(config.secrets, database="")
    return replace(config, home=home, crawl=crawl, browser=browser, secrets=secrets)


def _is_named(config: Config) -> bool:
    return config.home != Path.home() / ".lantian"


def _mark_home(home: Path) -> None:
    """Refuse to mix invented pages into an office's archive."""
    has_rows, has_records = (home / "lantian.db").exists(), (home / "archive").exists()
    if (has_rows or has_records) and not (home / MARK).exists():
        raise UserMistake(f"{home} 已有真实数据，演示不在其中运行；请另设 LANTIAN_HOME")
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).write_text(MARK_TEXT, encoding="utf-8")


def _found_office(home: Path, settings: Path) -> None:
    """The specimen's own settings, where it has some and the home has none: an invented office can draft letters."""
    if settings.is_file() and not (home / SETTINGS).exists():
        (home / SETTINGS).write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")


def _import_registry(config: Config, path: Path) -> None:
    """The specimen's own list of agencies, where it has one."""
    if path.is_file():
        with registry.opened(config, is_new=True) as registries:
            registry.say_imported(registries.load(path, Provenance(at=clock.now(), source="样本名录（虚构）")))


def _has_browser(config: Config) -> bool:
    try:
        say(f"浏览器：{find_chromium(config)}")
    except BrowserTrouble as trouble:
        say(f"没有浏览器，继续但不拍图：{trouble}")
        return False
    return True


def _questions(specimen: Specimen) -> list[tuple[str, str]]:
    """What the manifest says to ask; else the default watch list of the platforms it serves."""
    if specimen.queries:
        return [(one.spider, one.query) for one in specimen.queries]
    served = [name for name, spider in platforms().items() if set(spider.hosts) & set(specimen.hosts)]
    if not served:
        raise UserMistake("这个样本网没有任何已知平台的主机")
    return [(name, query) for name in served for query in read_queries(DEFAULT_QUERIES)]


def _silent(_: RunRow) -> None:
    """The demo shows the whole coverage at its end, not a line a run."""


def _tell(config: Config, specimen: Specimen, *, has_browser: bool) -> int:
    with opened(config) as store:
        leads, rows = store.leads(LeadFilter(limit=ALL)), store.coverage()
        besides = landings_of(store, rows)
        states = print_leads(leads, Inspection(config, store.engine))
    print_coverage(rows, besides)
    if not set(states) <= {WHOLE} or not _stands(config):
        return EXIT_EVIDENCE
    return _compare(specimen if has_browser else _readable(specimen, rows), leads, rows)


def _stands(config: Config) -> bool:
    """Whether the home is sealed and the independent verifier finds nothing."""
    report = verify(config.home, Wanted(demand="sealed"), source_of(config.home, config))
    say(f"独立核验：{verdict(report)}")
    return report.ok


def _readable(specimen: Specimen, rows: Sequence[RunRow]) -> Specimen:
    """The manifest without what only a browser could have read: coverage says it was not seen."""
    unread = {(row.platform, row.query) for row in rows if row.reason == "needs_browser"}
    if unread:
        say(f"没有浏览器，读不了的 {len(unread)} 项不核对")
    return replace(
        specimen,
        queries=tuple(one for one in specimen.queries if (one.spider, one.query) not in unread),
        expectations=tuple(one for one in specimen.expectations if (one.spider, one.query) not in unread),
    )


def _compare(specimen: Specimen, leads: Sequence[Lead], rows: Sequence[RunRow]) -> int:
    """Every planted violation is a lead of its category; no planted innocent is one."""
    found = {one for one in specimen.expectations if any(_is_it(one, lead) for lead in leads)}
    missed = [one for one in specimen.expectations if not one.is_innocent and one not in found]
    accused = [one for one in specimen.expectations if one.is_innocent and one in found]
    ended = {(row.platform, row.query): row for row in rows}
    astray = [one for one in specimen.queries if not _ended_so(one, ended[one.spider, one.query])]
    for one in missed:
        say(f"漏报：{harmless(one.title)}（{one.category}）")
    for one in accused:
        say(f"误报：{harmless(one.title)}")
    for asked in astray:
        row = ended[asked.spider, asked.query]
        wanted, got = f"{asked.outcome} {asked.reason}", f"{row.outcome} {row.reason}"
        say(f"结果不符：{asked.spider} {asked.query} 应为 {wanted}，实为 {got}")
    if specimen.expectations:
        guilty = sum(not one.is_innocent for one in specimen.expectations)
        innocent = len(specimen.expectations) - guilty
        say(f"与清单核对：植入违法 {guilty} 条，找到 {guilty - len(missed)} 条")
        say(f"　　　　　　植入无辜 {innocent} 条，误报 {len(accused)} 条")
    return EXIT_BUG if missed or accused or astray else EXIT_DONE


def _ended_so(asked: SpecimenQuery, row: RunRow) -> bool:
    return asked.outcome in (None, row.outcome) and asked.reason in ("", row.reason)


def _is_it(expected: Expectation, lead: Lead) -> bool:
    """White space is compared as it is read: any run of it is one gap."""
    wanted = " ".join(expected.title.split())
    shown = [lead.title, *(finding.quote for finding in lead.findings)]
    named = any(wanted in " ".join(text.split()) for text in shown)
    here = expected.spider in ("", lead.platform)
    return named and here and (expected.is_innocent or expected.category in lead.categories)


def _say_next(config: Config) -> None:
    """What to type next, in the shell as it stands."""
    near = os.path.relpath(config.home)
    home = config.home if near.startswith("..") else f"$PWD/{near}"
    with opened(config) as store:
        leads = store.leads(LeadFilter(limit=1))
    say("接下来可以输入（从上到下，照抄即可；README 的「十分钟」是同一条路）：")
    for line, words in (
        (f"export LANTIAN_HOME={home} PATH=$PWD/.venv/bin:$PATH", ""),
        ("lantian leads", "线索"),
        *((f"lantian show {one.exhibit}", "一个证据项：原文、规则、条款、固定") for one in leads),
        ("lantian archive search 包授权", "检索档案"),
        ("lantian coverage", "什么看了，什么没看到"),
        ("make round", "对真实平台跑默认巡查计划"),
    ):
        say(f"    {line:<44} # {words}" if words else f"    {line}")


def _serve(hosts: Path) -> None:
    say(f"样本网继续开着（Ctrl-C 结束）。可用：LANTIAN_HOSTS={hosts} lantian round")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
