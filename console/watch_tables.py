"""What `lantian watch` shows: every watch, one with its history, and the plan told line by line as it is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from console.homes import home_engine
from console.output import CATEGORY_WORDS, harmless, page, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.watches import DEVICE_WORDS, RESERVED, Days, Origin, Slot, WatchQuery, WatchVersion
from patrol.calendar import Calendar, load_calendar
from patrol.plan import planned, times
from storage.watches import Watches

LONGEST_PLAN = timedelta(days=366)
USUAL_PLAN = timedelta(days=30)
ORIGIN_WORDS = {Origin.OFFICE: "本单位", Origin.LIST: "词表", Origin.RULES: "规则"}
DAY_WORDS = {Days.ALL: "每天", Days.WORKDAYS: "工作日", Days.RESTDAYS: "休息日"}
LOOK_AHEAD = timedelta(days=400)
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


def list_watches(*, as_json: bool) -> None:
    """Every watch as it is, with the next time it plans something."""
    now = clock.now()
    with home_engine(Config.load()) as engine:
        found = Watches(engine).current()
        written = _written(engine)
        days = load_calendar(engine)
    following = {one.watch_id: next_time(one, max(now, written[one.watch_id]), days) for one in found}
    if as_json:
        for one in found:
            print_json(_summary(one, following[one.watch_id]))
        return
    if not found:
        say("还没有巡查任务：lantian watch add 名称 --schedule '0 8 * * *' --by 姓名")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("任务", "版", "平台", "查询", "时间表", "重点日期", "哪些天", "地点", "设备", "下次"):
        table.add_column(title, overflow="fold")
    for one in found:
        watch, at = one.watch, following[one.watch_id]
        told = clock.in_shanghai(at)[:16] if at else "停" if watch.is_paused else "—"
        told = "系统安排" if watch.name in RESERVED else told
        how = (DAY_WORDS[watch.days], watch.place or "—", DEVICE_WORDS[watch.device])
        words = (watch.name, str(one.version), " ".join(watch.platforms), str(len(watch.queries)), watch.schedule,
                 watch.key_schedule or "—", *how, told)  # fmt: skip
        table.add_row(*(Text(harmless(word)) for word in words))
    page().print(table)


def show_watch(name: str, *, as_json: bool) -> None:
    """One watch, all of it, with its history."""
    with home_engine(Config.load()) as engine:
        found = Watches(engine).find(name)
        every = Watches(engine).versions(ALWAYS[0], ALWAYS[1], found.watch_id)
        days, written = load_calendar(engine), _written(engine)
    at = next_time(found, max(clock.now(), written[found.watch_id]), days)
    if as_json:
        versions = [{"version": one.version, "since": one.since.isoformat(), "by": one.by,
                     "until": one.until.isoformat() if one.until else None} for one in every]  # fmt: skip
        print_json(
            _summary(found, at) | {"queries": [asdict(one) for one in found.watch.queries], "versions": versions}
        )
        return
    for word, value in _said(found, at):
        print_line(harmless(f"{word}：{value}"))
    show_queries(found.watch.queries, as_json=False)
    for one in every:
        until = clock.in_shanghai(one.until) if one.until else "今"
        print_line(harmless(f"第 {one.version} 版  {clock.in_shanghai(one.since)} 至 {until}  {one.by}"))


def _said(one: WatchVersion, at: datetime | None) -> Iterator[tuple[str, str]]:
    """What is set, in words; what is not set is left out."""
    watch = one.watch
    told = {
        "任务": f"{watch.name}（第 {one.version} 版，{clock.in_shanghai(one.since)} 起，{one.by}）",
        "平台": "、".join(watch.platforms), "时间表": watch.schedule, "重点日期另加": watch.key_schedule,
        "哪些天": DAY_WORDS[watch.days], "时段": watch.window, "宽限": f"{watch.grace} 分钟", "地点": watch.place,
        "设备": DEVICE_WORDS[watch.device], "页数": str(watch.depth or ""),
        "每天最多": f"{watch.budget} 次" if watch.budget else "",
        "下次": "停" if watch.is_paused else clock.in_shanghai(at) if at else "一年内没有",
    }  # fmt: skip
    return ((word, value) for word, value in told.items() if value)


def next_time(one: WatchVersion, written: datetime, days: Calendar) -> datetime | None:
    """When it plans something next that is not written yet; `None` when it is paused, or does not for over a year."""
    if one.watch.is_paused:
        return None
    since = max(written, one.since)
    return next((at for at, _, _ in times(one.watch, since, since + LOOK_AHEAD, days)), None)


def _written(engine: Engine) -> dict[int, datetime]:
    """Up to when each watch's runs are in the roster."""
    return {one.watch_id: one.until for one in Watches(engine).written()}


def told_version(one: WatchVersion) -> dict[str, Any]:
    """A watch as it is, as every command tells it in JSON."""
    told = asdict(one.watch)
    origins = [query.origin for query in one.watch.queries]
    counts = {origin.value: origins.count(origin) for origin in Origin if origin in origins}
    told["queries"] = len(one.watch.queries)
    return told | {"id": one.watch_id, "origins": counts, "version": one.version, "since": one.since.isoformat(),
                   "by": one.by}  # fmt: skip


def _summary(one: WatchVersion, at: datetime | None) -> dict[str, Any]:
    return told_version(one) | {"next": at.isoformat() if at else None}


def show_queries(queries: Sequence[WatchQuery], *, as_json: bool) -> None:
    """Each query with where it is from and what it is after."""
    for one in queries:
        if as_json:
            print_json(asdict(one))
        else:
            after = CATEGORY_WORDS.get(one.category, one.category)
            print_line(harmless(f"{one.words}  {ORIGIN_WORDS[one.origin]}  {after}".rstrip()))


# -- the plan --------------------------------------------------------------------------------------


def show_plan(first: str, last: str, name: str, *, as_json: bool) -> None:
    """The plan of a stretch of time, from watches and calendar alone, one line a run, as it is computed."""
    since = moment(first or clock.in_shanghai(clock.now())[:10], is_end=False)
    until = moment(last, is_end=True) if last else since + USUAL_PLAN
    if not since < until <= since + LONGEST_PLAN:
        raise UserMistake(f"--from 要早于 --to，相差不超过 {LONGEST_PLAN.days} 天")
    with home_engine(Config.load()) as engine:
        store = Watches(engine)
        versions = store.versions(since, until, store.find(name).watch_id if name else 0)
        days = load_calendar(engine)
    names = {one.watch_id: one.watch.name for one in versions}
    for slot in planned(versions, since, until, days):
        if as_json:
            print_json(_slot_told(slot, names[slot.watch_id]))
        else:
            assumed = f"  {slot.assumed}" if slot.assumed else ""
            when = f"{clock.in_shanghai(slot.planned_at)[:16]} 至 {clock.in_shanghai(slot.latest)[5:16]}"
            print_line(harmless(f"{when}  {names[slot.watch_id]}  {slot.platform}  {slot.query}{assumed}"))


def moment(text: str, *, is_end: bool) -> datetime:
    """A day or a moment of Shanghai. A day begins a second before its first planned time, and ends so: both ends of a
    stretch are then days that are wholly in it."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake(f"{text!r} 不是日期或时刻，要写成 2026-11-20 或 2026-11-20T08:00") from None
    if not 1970 <= found.year <= 9000:
        raise UserMistake(f"{text!r} 太早或太晚")
    aware = found if found.tzinfo else found.replace(tzinfo=clock.SHANGHAI)
    is_day = found.time() == time() and len(text.strip()) <= len("2026-11-20")
    aware += timedelta(days=is_day and is_end, seconds=-is_day)
    return aware.astimezone(UTC)


def _slot_told(slot: Slot, name: str) -> dict[str, Any]:
    return {
        "watch": name, "version": slot.version, "platform": slot.platform, "query": slot.query,
        "planned_at": slot.planned_at.isoformat(), "latest": slot.latest.isoformat(), "assumed": slot.assumed,
        "key": slot.key,
    }  # fmt: skip
