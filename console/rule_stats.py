"""How the rules are doing over the rounds: which have fallen silent, and which fire out of all measure.

It counts what rounds found at the time; judging the archive again changes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.ledger import opened, plain
from console.output import harmless, page, print_json, say
from crawler import clock
from crawler.config import Config
from detectors.rule import LICENCE, Rule, load_rules
from storage.care_shapes import RoundTime, RuleTotal
from storage.exhibits import ExhibitStore
from storage.registry import StoredRegistry

SILENT_DAYS = 30
SILENT_APART = 5  # so many are told one by one
ROUNDS = 14
FLOOD_TIMES, FLOOD_AT_LEAST = 10, 20
BARS = "▁▂▃▄▅▆▇█"
STATE_WORDS = {"active": "正式", "trial": "试行", "gone": "已不用"}
SILENT, FLOOD = "silent", "flood"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStat:
    """One rule over the rounds. `rounds` are its findings in its last rounds, the latest at the end.

    `usual` is the median of the rounds before the latest, `None` before there are any.
    """

    rule: str
    title: str
    state: str
    digest: str
    findings: int
    last_round: int
    last_fired: datetime | None
    known_since: datetime | None
    rounds: tuple[int, ...]
    usual: float | None
    alarms: tuple[str, ...]


def show_stats(days: int, *, as_json: bool) -> None:
    """Every rule, those of this version and those that only the archive knows."""
    now = clock.now()
    with opened(Config.load()) as store:
        stats = rule_stats(store, now, days)
    if as_json:
        for one in stats:
            print_json(plain(asdict(one)) | {name: name in one.alarms for name in (SILENT, FLOOD)})
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"规则（最近 {ROUNDS} 轮）", title_justify="left")
    for name in ("规则", "状态", "最近命中", "各轮", ""):
        table.add_column(name, overflow="fold")
    for name in ("总数", "上一轮"):
        table.add_column(name, justify="right")
    for one in stats:
        words = (one.rule, STATE_WORDS[one.state], _day(one.last_fired), sparkline(one.rounds), _marks(one))
        counts = (str(one.findings), str(one.last_round))
        table.add_row(*(Text(harmless(word)) for word in words), *counts, style="red" if one.alarms else "")
    page().print(table)
    say_alarms(stats)


def rule_stats(store: ExhibitStore, now: datetime, days: int = SILENT_DAYS) -> list[RuleStat]:
    """By id. Costs rounds, not exhibits."""
    rounds = store.last_rounds(ROUNDS + 1)
    totals = {one.rule: one for one in store.rule_totals()}
    counts = {(one.rule, one.round): one.findings for one in store.round_counts([one.id for one in rounds])}
    rules = _rules()
    has_registry = StoredRegistry.current(Config.load().database) is not None
    idle = {rule.id for rule in rules.values() if rule.registry == LICENCE and not has_registry}
    silent_before = now - timedelta(days=days)
    found = []
    for name in sorted({*rules, *totals}):
        stat = _counted(name, rules.get(name), totals.get(name), rounds, counts)
        is_judging = stat.state == "active" and name not in idle
        found.append(_alarmed(stat, silent_before if is_judging else None))
    return found


@cache
def _rules() -> dict[str, Rule]:
    """Read once, however often they are counted."""
    return {rule.id: rule for rule in load_rules()}


def say_alarms(stats: Sequence[RuleStat]) -> None:
    """A line for each rule that somebody should look at; many that are silent are one line."""
    silent = [one for one in stats if SILENT in one.alarms]
    if len(silent) > SILENT_APART:
        say(f"很久没有命中的规则 {len(silent)} 条：{'、'.join(one.rule for one in silent)}")
    else:
        for one in silent:
            last = f"上次 {_day(one.last_fired)}" if one.last_fired else f"{_day(one.known_since)} 起从未命中"
            say(f"规则 {one.rule} 很久没有命中（{last}）：是没有这类信息了，还是写法变了")
    for one in stats:
        if FLOOD in one.alarms:
            say(f"规则 {one.rule} 最近一轮命中 {one.last_round} 次，平时 {one.usual:g} 次：可能误报，请先看几条")


def sparkline(counts: Sequence[int]) -> str:
    """A bar for each count, the highest for the greatest; a dot for none."""
    top = max(counts, default=0)
    return "".join(BARS[(count * len(BARS) - 1) // top] if count else "·" for count in counts)


def _counted(
    name: str,
    rule: Rule | None,
    total: RuleTotal | None,
    rounds: Sequence[RoundTime],
    counts: Mapping[tuple[str, str], int],
) -> RuleStat:
    since = total.since if total else None
    latest = rounds[0].id if rounds else ""
    # Newest first; a rule is not held to rounds that were before it.
    held = [one.id for one in rounds if since and one.started_at >= since]
    found = [counts.get((name, one), 0) for one in held]
    return RuleStat(
        rule=name,
        title=rule.title if rule else "",
        state=rule.state if rule else "gone",
        digest=rule.digest if rule else "",
        findings=total.findings if total else 0,
        last_round=counts.get((name, latest), 0),
        last_fired=total.last_at if total else None,
        known_since=since,
        rounds=tuple(reversed(found[:ROUNDS])),
        usual=median(found[1:]) if found[1:] else None,
        alarms=(),
    )


def _alarmed(stat: RuleStat, silent_before: datetime | None) -> RuleStat:
    """`silent_before` is `None` for a rule that does not judge."""
    alarms = []
    heard = stat.last_fired or stat.known_since
    if silent_before and heard and heard < silent_before:
        alarms.append(SILENT)
    if stat.usual is not None and stat.last_round >= FLOOD_AT_LEAST and stat.last_round > FLOOD_TIMES * stat.usual:
        alarms.append(FLOOD)
    return replace(stat, alarms=tuple(alarms))


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.SHANGHAI):%Y-%m-%d}" if moment else "—"


def _marks(stat: RuleStat) -> str:
    words = {SILENT: "很久没有命中", FLOOD: "命中过多"}
    return "，".join(words[one] for one in stat.alarms)
