"""What should have been looked at and how each of it ended; who signed to look where robots.txt forbids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.coverage_period import landing_words
from console.files import platform
from console.homes import named_person
from console.ledger import opened, plain
from console.output import OUTCOME_WORDS, harmless, page, print_json, print_line, say
from console.picture_words import say_counts
from console.rule_stats import rule_stats, say_alarms
from console.showings import say_showings
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.items import Outcome
from storage.coverage import Asking, Coverage
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureCounts
from storage.shapes import Override, RunRow
from storage.showing_shapes import ShowingCounts


def show_coverage(round_id: str, *, as_json: bool) -> int:
    with opened(Config.load()) as store:
        rows = store.coverage(round_id or None)
        runs = [row.id for row in rows]
        pictures, waiting = store.picture_counts(runs), store.pictures_waiting()
        showings = store.showing_counts(runs)
        opened_besides = landings_of(store, rows)
        alarms = [one for one in rule_stats(store, clock.now()) if one.alarms]
    if as_json:
        rules = [{"rule": one.rule, "alarms": one.alarms} for one in alarms]
        for row in rows:
            seen = {
                "pictures": asdict(pictures.get(row.id, PictureCounts())),
                "showings": asdict(showings.get(row.id, ShowingCounts())),
            }
            kind = {"kind": (Asking.LANDING if row.id in opened_besides else Asking.PLANNED).value}
            print_json(plain(asdict(row)) | kind | seen | {"rules": rules})
    else:
        print_coverage(rows, opened_besides)
        say_showings(showings)
        say_counts(pictures, waiting)
        say_alarms(alarms)
    return EXIT_DONE


def landings_of(store: ExhibitStore, rows: Sequence[RunRow]) -> frozenset[str]:
    """Those runs of a round that opened advertisers' own pages besides."""
    return Coverage(store.engine).landings(rows[0].round or "") if rows else frozenset()


def print_coverage(every: Sequence[RunRow], opened_besides: Collection[str]) -> None:
    """What was planned, row by row; advertisers' own pages, `opened_besides` by the round, in a line of their own."""
    rows = [row for row in every if row.id not in opened_besides]
    if rows:
        _print_table(rows)
        _say_outcomes(rows)
    else:
        say("没有应查项：还没有跑过一轮，或最近一轮在写下计划之前就中断了。")
    landings = [row for row in every if row.id in opened_besides]
    if landings:
        say(landing_words(len(landings), sum((row.outcome or Outcome.MISSED).is_clean for row in landings)))


def _print_table(rows: Sequence[RunRow]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"覆盖：应查 {len(rows)} 项", title_justify="left")
    for name in ("平台", "查询词", "结果"):
        table.add_column(name, overflow="fold")
    for name in ("页", "信息", "丢失", "自称"):
        table.add_column(name, justify="right")
    for row in rows:
        outcome = row.outcome or Outcome.MISSED
        total = "" if row.total is None else str(row.total)
        ended = OUTCOME_WORDS[outcome] + (f" {row.reason}" if row.reason else "")
        words = (platform(row.platform).label, row.query, ended)
        counts = map(str, (row.pages, row.listings, row.lost))
        style = "" if outcome.is_clean else "red"
        table.add_row(*(Text(harmless(word)) for word in words), *counts, total, style=style)
    page().print(table)


def _say_outcomes(rows: Sequence[RunRow]) -> None:
    ended = Counter(OUTCOME_WORDS[row.outcome or Outcome.MISSED] for row in rows)
    unseen = sum(not (row.outcome or Outcome.MISSED).is_clean for row in rows)
    say("按结果：" + "，".join(f"{word} {count}" for word, count in ended.most_common()) + f"；没有看到的 {unseen} 项")
    asked = {platform(row.platform) for row in rows}
    unproven = sorted(spider.label for spider in asked if spider.evidence["ads"].startswith("code"))
    if unproven:
        say(f"广告识别未经真实页面验证：{'、'.join(unproven)}")


def sign_override(platform_name: str, person: str, reason: str, *, as_json: bool = False) -> None:
    platform(platform_name)
    if not reason.strip() or harmless(reason) != reason:
        # It goes into the audit log, and onto every terminal.
        raise UserMistake("理由要写一行，不含控制字符")
    config = Config.load()
    config.home.mkdir(parents=True, exist_ok=True)
    store = ExhibitStore(open_database(config.database))
    name = named_person(config, store.engine, person)
    signed = Override(platform=platform_name, person=name, reason=reason.strip(), signed_at=clock.now())
    store.sign_override(signed)
    store.engine.dispose()
    say(f"已签署：{signed.person} {clock.in_shanghai(signed.signed_at)} {platform_name}：{signed.reason}")
    if as_json:
        print_json(plain(asdict(signed)))


def list_overrides(*, as_json: bool) -> None:
    with opened(Config.load()) as store:
        signed = store.overrides()
    for one in signed:
        if as_json:
            print_json(plain(asdict(one)))
        else:
            print_line(
                harmless(f"{one.number} {one.platform} {one.person} {clock.in_shanghai(one.signed_at)} {one.reason}")
            )
