"""`lantian coverage --from --to`: what was seen of some days, and above all what was not, in a picture and in words.

What was blocked is never told as if nothing had been there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from console.heat import print_heat
from console.homes import home_engine
from console.output import OUTCOME_WORDS, harmless, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.items import Outcome
from patrol.calendar import load_calendar
from patrol.coverage import (
    GOING_ON,
    LONGEST,
    STILL_OPEN,
    UNWRITTEN,
    WAITING,
    Planned,
    Share,
    Stretch,
    Totals,
    added_up,
    begin_of,
    lines,
)
from patrol.platforms import label_of, spider_of
from storage.alarms import Alarms
from storage.coverage import BY_HAND, LATE, Asking, Coverage, Line
from storage.supervision import Supervision
from storage.watches import Watches

OPEN_WORDS = {WAITING: "待查", GOING_ON: "在查", UNWRITTEN: "没有记录", LATE: "过了时限没有结果"}
# Features whose absence would look like a clean page; each as a person calls it.
FEATURE_WORDS = {"results": "结果的读法", "ads": "广告识别", "empty": "「无结果」的识别"}
TOLD = 5  # so many names one by one
HAND_WORDS = "手工查的"
LANDING_WORDS = "广告主自己的网页"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the person asked; empty days mean the last seven, up to today."""

    first: str = ""
    last: str = ""
    watch: str = ""
    platform: str = ""

    @property
    def is_asked(self) -> bool:
        return self != Asked()


def show_period(asked: Asked, now: datetime, *, as_json: bool) -> int:
    """One line a platform × query × day × outcome as JSON, or the picture and the words."""
    with home_engine(Config.load()) as engine:
        watches = Watches(engine)
        watch_id = watches.find(asked.watch).watch_id if asked.watch else 0
        stretch = _stretch(asked, now, watch_id)
        plan = _planned(engine, stretch)
        names = {one.watch_id: one.watch.name for one in plan.versions} | {BY_HAND: HAND_WORDS}
        names |= {one.watch_id: one.watch.name for one in watches.current()}
        found = lines(Coverage(engine), plan, stretch)
        if as_json:
            for line in found:
                print_json(_told(line, LANDING_WORDS if line.kind is Asking.LANDING else names[line.watch_id]))
            return EXIT_DONE
        totals = added_up(found, of_queries=bool(asked.platform))
        closely = {one.agency: one.name for one in Supervision(engine).priorities()} if not asked.platform else {}
        standing = len(Alarms(engine).standing(asked.platform))
    _print(totals, stretch)
    _say_unwritten(totals, plan, names)
    _say_agencies(totals, closely)
    if standing:
        say(f"未解除的警报 {standing} 条：lantian alarms list")
    return EXIT_DONE


def _stretch(asked: Asked, now: datetime, watch_id: int) -> Stretch:
    today = now.astimezone(clock.SHANGHAI).date()
    last = _day(asked.last) if asked.last else max(today, _day(asked.first)) if asked.first else today
    first = _day(asked.first) if asked.first else date.fromordinal(last.toordinal() - 6)
    if not 0 <= (last - first).days < LONGEST:
        raise UserMistake(f"--from 不能晚于 --to，最多 {LONGEST} 天")
    if asked.platform and spider_of(asked.platform) is None:
        raise UserMistake(f"没有名为 {asked.platform!r} 的平台；见 lantian spiders list")
    return Stretch(first=first, last=last, now=now, platform=asked.platform, watch_id=watch_id)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake(f"{text!r} 不是日期，要写成 2026-11-20") from None
    if not 1970 < found.year < 9000:
        raise UserMistake(f"{text!r} 太早或太晚")
    return found


def _planned(engine: Engine, stretch: Stretch) -> Planned:
    watches = Watches(engine)
    since, until = begin_of(stretch.first), stretch.now
    versions = watches.versions(since, until, stretch.watch_id) if since < until else ()
    return Planned(versions=versions, written=watches.written(), days=load_calendar(engine))


def _told(line: Line, watch: str) -> dict[str, Any]:
    state = "ended" if line.outcome else line.reason
    is_seen = line.outcome is not None and line.outcome.is_clean
    told = {"day": line.day.isoformat(), "kind": line.kind.value, "watch": watch}
    told |= {"platform": line.platform, "query": line.query}
    ended: dict[str, Any] = {"state": state, "outcome": line.outcome, "reason": line.reason if line.outcome else ""}
    counted: dict[str, Any] = {
        "rows": line.rows,
        "seen": is_seen,
        "assumed": line.assumed,
        "unproven": unproven(line.platform),
    }
    counted |= {"agencies": line.agencies}
    return told | ended | counted


def unproven(platform: str) -> list[str]:
    """The features of a platform that no real page has proved, of those that decide what is seen."""
    spider = spider_of(platform)
    return [name for name in FEATURE_WORDS if spider and spider.evidence.get(name, "").startswith("code")]


# -- in words --------------------------------------------------------------------------------------


def _print(totals: Totals, stretch: Stretch) -> None:
    if not totals.whole.rows:
        say(f"{stretch.first} 至 {stretch.last}：没有应查项，也没有人手工查过。没有查，就什么也没有看到。")
        _say_landings(totals.landings)
        return
    if totals.of_queries:
        queries = {query: query for _, query in totals.by_query}
        print_heat(queries, totals.by_query_day, stretch.first, stretch.last)
    else:
        labels = {name: label_of(name) for name in totals.by_platform}
        print_heat(labels, totals.by_day, stretch.first, stretch.last)
    whole = totals.whole
    ended = "，".join(f"{OUTCOME_WORDS[one]} {rows}" for one, rows in totals.ended.most_common())
    hand = f"（其中手工查的 {totals.by_hand} 项）" if totals.by_hand else ""
    say(f"{stretch.first} 至 {stretch.last}：应查 {whole.rows} 项{hand}，看到 {whole.clean} 项，"
        f"没有看到 {whole.unseen} 项，还没有结果 {whole.open} 项")  # fmt: skip
    if ended:
        say(f"按结果：{ended}")
    _say_landings(totals.landings)
    _say_unseen(totals)
    _say_assumed(totals)
    _say_unproven(totals)


def _say_landings(landings: Share) -> None:
    if landings.rows:
        say(landing_words(landings.rows, landings.clean))


def landing_words(opened: int, seen: int) -> str:
    return f"{LANDING_WORDS}：打开 {opened}，看到 {seen}"


def _say_unseen(totals: Totals) -> None:
    for platform, share in sorted(totals.by_platform.items()):
        if share.unseen:
            label = harmless(label_of(platform))
            say(f"没有看到 · {label}：{share.rows} 项中 {share.unseen} 项（{_why(totals.why[platform])}）")
            if not share.clean:
                say(f"    {label}在这段时间一项也没有看到：那里有没有违法信息，无从知道")
    never = [(platform, query) for platform, query in totals.never_seen if totals.by_platform[platform].clean]
    if never:
        names = [f"{label_of(platform)}「{query}」" for platform, query in never]
        say(f"一次也没有看到的查询词 {len(never)} 个{_some(names)}")


def _why(why: Counter[tuple[Outcome | None, str]]) -> str:
    told = [(outcome, reason, rows) for (outcome, reason), rows in why.most_common() if _is_unseen(outcome, reason)]
    words = (
        f"{OUTCOME_WORDS[outcome]} {harmless(reason)} {rows}" if outcome else f"{OPEN_WORDS[reason]} {rows}"
        for outcome, reason, rows in told[:TOLD]
    )
    return "，".join(words)


def _is_unseen(outcome: Outcome | None, reason: str) -> bool:
    return outcome is not None or reason not in STILL_OPEN


def _say_unwritten(totals: Totals, plan: Planned, names: dict[int, str]) -> None:
    until = {one.watch_id: one.until for one in plan.written}
    for watch_id, rows in sorted(totals.unwritten.items()):
        since = clock.in_shanghai(until[watch_id])
        say(harmless(f"自 {since} 起没有巡查在运行：任务 {names[watch_id]} 应查 {rows} 项没有记录"))


def _say_agencies(totals: Totals, closely: Mapping[str, str]) -> None:
    """The supervised agencies: those that some watch is after, and those watched closely that none is after."""
    if totals.by_agency:
        unseen = totals.agencies_unseen
        seen = len(totals.by_agency) - len(unseen)
        names = [closely.get(one, totals.words_of[one]) for one in unseen]
        say(f"监管对象：排了 {len(totals.by_agency)} 家，看到 {seen} 家，没有看到 {len(unseen)} 家{_some(names)}")
        watched = [closely[one] for one in unseen if one in closely]
        if watched:
            say(f"其中重点监控名单 {len(watched)} 家没有看到{_some(watched)}")
    without = [name for agency, name in closely.items() if agency not in totals.by_agency]
    if without:
        say(f"重点监控名单中 {len(without)} 家这段时间没有排进任何任务{_some(without)}")


def _some(names: Sequence[str]) -> str:
    told = "、".join(harmless(name) for name in names[:TOLD])
    return f"：{told}{'…' if len(names) > TOLD else ''}" if names else ""


def _say_assumed(totals: Totals) -> None:
    for words, days in sorted(totals.assumed.items()):
        say(f"{min(days)} 至 {max(days)} 中 {len(days)} 天的安排{words}：没有这一年的放假通知")


def _say_unproven(totals: Totals) -> None:
    found = {name: unproven(name) for name in totals.by_platform}
    for feature, words in FEATURE_WORDS.items():
        labels = [label_of(platform) for platform in _with(found.items(), feature)]
        if labels:
            say(f"{words}未经真实页面验证：{'、'.join(labels)}")


def _with(found: Iterable[tuple[str, Sequence[str]]], feature: str) -> Iterator[str]:
    return (platform for platform, features in sorted(found) if feature in features)
