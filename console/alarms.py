"""Alarms as a person or a program reads them: what is wrong, why probably, on which page, since when; who knows of it.

Causes quote pages and servers: nothing of them reaches the terminal as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from console.homes import home_engine, named_person
from console.output import harmless, print_json, print_line, say
from console.rule_stats import rule_stats, say_alarms
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from patrol.health import watch_over
from patrol.platforms import label_of
from storage.alarms import Alarms
from storage.exhibits import ExhibitStore
from storage.health_shapes import ACCEPTED, NOT_ASKED, RECOVERED, Alarm, AlarmKind

PAGE = 200
KIND_WORDS = {
    AlarmKind.ZERO: "有变无",
    AlarmKind.VOLUME: "数量大减",
    AlarmKind.FIELDS: "字段读不到",
    AlarmKind.COUNT: "少于页面自称",
    AlarmKind.SUCCESS: "成功率低",
    AlarmKind.LOGIN: "要求登录",
    AlarmKind.ADS: "久无广告",
    AlarmKind.UNSEEN: "久未看到",
    AlarmKind.OVERDUE: "重点监控逾期",
}
CLEARED_WORDS = {RECOVERED: "已恢复正常", ACCEPTED: "经人确认，按新的水平看待", NOT_ASKED: "不再查这一项"}
FOLDED = 3  # so many alike are told one by one


def list_alarms(*, with_cleared: bool, as_json: bool) -> None:
    """Those that stand, or all of them; the rules' own alarms at the end."""
    config, now = Config.load(), clock.now()
    with home_engine(config) as engine:
        watch_over(engine, config.alarms, now)
        store = Alarms(engine)
        found: Iterator[Alarm] = _all(store) if with_cleared else iter(store.standing())
        if as_json:
            for one in found:
                print_json(told_alarm(one))
            return
        _print(list(found))
        say_alarms([one for one in rule_stats(ExhibitStore(engine), now) if one.alarms])


def show_alarm(number: int, *, as_json: bool) -> None:
    """One alarm, all of it."""
    with home_engine(Config.load()) as engine:
        alarm = Alarms(engine).alarm(number)
    if as_json:
        print_json(told_alarm(alarm))
        return
    for line in _in_full(alarm):
        print_line(harmless(line))


def acknowledge(numbers: Sequence[int], by: str, reason: str, *, as_json: bool) -> None:
    """A named person knows of these; when one of them cannot be acknowledged, none is."""
    if harmless(reason) != reason:
        raise UserMistake("理由写一行，不含控制字符")
    config = Config.load()
    with home_engine(config) as engine:
        name = named_person(config, engine, by)
        found = Alarms(engine).acknowledge(tuple(dict.fromkeys(numbers)), name, reason, clock.now())
    for alarm in found:
        say(harmless(f"警报 {alarm.id} 已由 {alarm.acked_by} 确认：{alarm.acked_reason}"))
        if as_json:
            print_json(told_alarm(alarm), goes_on=True)


def told_alarm(alarm: Alarm) -> dict[str, Any]:
    """An alarm as every command tells it in JSON."""
    subject, cause = alarm.subject, alarm.cause
    moments = {"since": alarm.since, "raised_at": alarm.raised_at, "last_at": alarm.last_at}
    moments |= {name: at for name, at in (("cleared_at", alarm.cleared_at), ("acked_at", alarm.acked_at)) if at}
    told: dict[str, Any] = {"id": alarm.id, "kind": subject.kind, "platform": subject.platform}
    told |= {"query": subject.query, "series": subject.series, "stands": alarm.stands}
    told |= {"cleared_at": None, "acked_at": None} | {name: at.isoformat() for name, at in moments.items()}
    told |= {"cleared_by": alarm.cleared_by, "acked_by": alarm.acked_by, "acked_reason": alarm.acked_reason}
    told |= {"cause": cause.word, "words": cause.words, "run": cause.run, "page": cause.page_number}
    return told | {"capture": cause.capture, "url": cause.url, "good": alarm.good}


def folded(alarms: Sequence[Alarm]) -> list[list[Alarm]]:
    """Alarms of one kind on one platform with one cause, together: one change of a page is told once."""
    groups: dict[tuple[str, str, str], list[Alarm]] = {}
    for one in alarms:
        groups.setdefault((one.subject.platform, one.subject.kind, one.cause.word), []).append(one)
    return [
        part for group in groups.values() for part in ([group] if len(group) > FOLDED else [[one] for one in group])
    ]


def _all(store: Alarms) -> Iterator[Alarm]:
    before = 0
    while found := store.listed(before, PAGE):
        yield from found
        before = found[-1].id


def _print(alarms: Sequence[Alarm]) -> None:
    if not alarms:
        say("没有未解除的警报。")
        return
    for group in folded(alarms):
        first = group[0]
        print_line(harmless(f"{_head(first)}  {_name(group)}：{first.cause.words}"))
        if first.cause.url:
            capture = f"  固定 {first.cause.capture}" if first.cause.capture else ""
            print_line(harmless(f"    见 第 {first.cause.page_number} 页{capture}  {first.cause.url}"))
    say("看一条：lantian alarms show 编号；知道了：lantian alarms ack 编号 --by 姓名 --reason 理由")


def _head(alarm: Alarm) -> str:
    since = clock.in_shanghai(alarm.since)[:16]
    state = CLEARED_WORDS[alarm.cleared_by] if alarm.cleared_at else f"{alarm.acked_by}已确认" if alarm.acked_by else ""
    return f"{alarm.id}  [{KIND_WORDS[alarm.subject.kind]}]  自 {since}" + (f"  （{state}）" if state else "")


def _name(group: Sequence[Alarm]) -> str:
    subject = group[0].subject
    query = f"「{subject.query}」" if subject.query else ""
    series = f"（{subject.series}）" if subject.series else ""
    numbers = " ".join(str(one.id) for one in group)
    more = f" 等 {len(group)} 项（编号 {numbers}）" if len(group) > 1 else ""
    return f"{label_of(subject.platform) if subject.platform else ''}{query}{series}{more}"


def _in_full(alarm: Alarm) -> Iterator[str]:
    yield f"{_head(alarm)}  {_name([alarm])}"
    yield f"很可能的原因：{alarm.cause.words}"
    if alarm.cause.run:
        yield f"见：run {alarm.cause.run}，第 {alarm.cause.page_number} 页，固定 {alarm.cause.capture or '无'}"
        yield f"    {alarm.cause.url}"
    yield f"发现于 {clock.in_shanghai(alarm.raised_at)}，最近一次核对 {clock.in_shanghai(alarm.last_at)}"
    if alarm.stands and alarm.good:
        yield f"此后已连续正常 {alarm.good} 次，满 3 次解除"
    if alarm.cleared_at:
        yield f"解除于 {clock.in_shanghai(alarm.cleared_at)}：{CLEARED_WORDS[alarm.cleared_by]}"
    if alarm.acked_at:
        yield f"确认：{alarm.acked_by} {clock.in_shanghai(alarm.acked_at)} {alarm.acked_reason}"
