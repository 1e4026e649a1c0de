"""What `lantian agency` does: which agencies were seen and are due, and who is watched closely, why and by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from console.homes import person
from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from console.watching import agency_of
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from patrol.supervision import EVERY, PRIORITY_EVERY, Refreshed, due_at, overdue, refresh
from storage.registers.words import KIND_WORDS
from storage.supervision import Supervision
from storage.supervision_shapes import Priority, Supervised

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which agencies a person asked to see; 0 for `limit` is all of them."""

    never_seen: bool = False
    due: bool = False
    only_priority: bool = False
    limit: int = 0
    after: int = 0


# -- agencies --------------------------------------------------------------------------------------


def list_agencies(shown: Shown, *, as_json: bool) -> None:
    """The agencies of the current registry, a page at a time, with the last look at each and the next that is due."""
    now, told = clock.now(), Counter[str]()
    with opened_engine(Config.load()) as engine:
        for one in _agencies(engine, shown, now, told):
            if as_json:
                print_json(_agency_told(one, now))
            else:
                print_line(harmless(_agency_said(one, now)))
            if shown.limit and told["shown"] >= shown.limit:
                say(f"只列出 {shown.limit} 家；接着看：--after {one.number}")
                return
        late = overdue(engine, now)
    say(
        f"名录里 {told['all']} 家：看过 {told['all'] - told['never']}，从未看过 {told['never']}，到期 {told['due']}，"
        f"没有任务在查 {told['unaimed']}；重点 {told['priority']} 家，其中逾期 {len(late)}"
    )


def _agencies(engine: Engine, shown: Shown, now: datetime, told: Counter[str]) -> Iterator[Supervised]:
    """Those that were asked for; `told` counts all that were looked through."""
    store = Supervision(engine)
    page = store.page(shown.after)
    while page:
        for one in page:
            is_never, is_due = one.last_seen is None, due_at(one) <= now
            told.update({"all": 1, "never": is_never, "due": is_due, "unaimed": not one.is_aimed})
            told["priority"] += one.priority is not None
            asked = ((shown.never_seen, is_never), (shown.due, is_due), (shown.only_priority, one.priority is not None))
            if all(holds for wanted, holds in asked if wanted):
                told["shown"] += 1
                yield one
        page = store.page(page[-1].number)


def _agency_told(one: Supervised, now: datetime) -> dict[str, Any]:
    entry, due = one.entry, due_at(one)
    told: dict[str, Any] = {
        "number": one.number, "agency": one.agency, "name": entry.name, "code": entry.code,
        "credit_code": entry.credit_code, "kind": entry.kind, "status": entry.status, "website": entry.website,
    }  # fmt: skip
    told |= {"last_seen": one.last_seen.isoformat() if one.last_seen else None, "due": due.isoformat()}
    told |= {"is_due": due <= now, "is_priority": one.priority is not None, "is_aimed": one.is_aimed}
    return told


def _agency_said(one: Supervised, now: datetime) -> str:
    entry, due = one.entry, due_at(one)
    seen = f"上次 {clock.in_shanghai(one.last_seen)[:10]}" if one.last_seen else "从未看过"
    when = "已到期" if due <= now else f"{clock.in_shanghai(due)[:10]} 到期"
    marks = ("重点" if one.priority else "", "" if one.is_aimed else "没有任务在查")
    code = entry.code or entry.credit_code or "—"
    return "  ".join(filter(None, (code, entry.name, KIND_WORDS[entry.kind], entry.status, seen, when, *marks)))


def refresh_watches(by: str, *, as_json: bool) -> None:
    """Watches that follow a list get its new queries: after a registry was imported."""
    config = Config.load()
    with opened_engine(config) as engine:
        done = refresh(engine, person(config, engine, by), clock.now())
    _say_refreshed(done, is_asked=True)
    if as_json:
        for one in done:
            print_json(asdict(one))


def _say_refreshed(done: tuple[Refreshed, ...], *, is_asked: bool = False) -> None:
    for one in done:
        state = "名单空了，已暂停" if one.is_paused and not one.queries else "暂停着" if one.is_paused else ""
        change = f"改为第 {one.version} 版" if one.version else "没有变化"
        say(harmless("，".join(filter(None, (f"任务 {one.name} {change}：{one.queries} 个查询", state)))))
    if not done:
        hint = "lantian watch add 重点 --agencies priority --schedule '0 3 * * 1' --platforms 平台"
        say("没有随名单更新的任务" if is_asked else f"还没有任务跟着重点监控名单：{hint}")


# -- who is watched closely ------------------------------------------------------------------------


def add_priority(word: str, reason: str, by: str, *, as_json: bool) -> None:
    """Watch this agency closely; watches that follow the list ask for it from now on."""
    reason = _reason(reason)
    config = Config.load()
    with opened_engine(config) as engine:
        name, now, store = person(config, engine, by), clock.now(), Supervision(engine)
        was_empty = not store.priorities()
        added = store.add_priority(agency_of(engine, word), reason, name, now)
        say(harmless(f"{added.name} 已列入重点监控名单：每 {PRIORITY_EVERY.days} 天至少看一次（其余 {EVERY.days} 天）"))
        done = refresh(engine, name, now, only_priority=True, was_empty=was_empty)
        _say_refreshed(done)
        if as_json:
            print_json(_changed(added, store, done))


def remove_priority(word: str, reason: str, by: str, *, as_json: bool) -> None:
    """Watch it closely no more; the history stays."""
    reason = _reason(reason)
    config = Config.load()
    with opened_engine(config) as engine:
        name, now, store = person(config, engine, by), clock.now(), Supervision(engine)
        standing = {one.agency: one for one in store.priorities()} | {one.name: one for one in store.priorities()}
        known = word.strip() if word.strip() in standing else agency_of(engine, word).name
        gone = store.remove_priority(known, reason, name, now)
        say(harmless(f"{gone.name} 已移出重点监控名单"))
        done = refresh(engine, name, now, only_priority=True)
        _say_refreshed(done)
        if as_json:
            print_json(_changed(gone, store, done))


def _changed(one: Priority, store: Supervision, done: Sequence[Refreshed]) -> dict[str, Any]:
    return _priority_told(one, store.last_look(one)) | {"watches": [asdict(watch) for watch in done]}


def list_priority(*, with_removed: bool, as_json: bool) -> None:
    """Who is watched closely, with the last look at each; with those who no longer are, if asked."""
    now = clock.now()
    with opened_engine(Config.load()) as engine:
        store = Supervision(engine)
        found = [(one, store.last_look(one)) for one in store.priorities(with_removed=with_removed)]
        late = {one.priority.agency for one in overdue(engine, now)}
    for one, seen in found:
        is_late = one.removed_at is None and one.agency in late
        if as_json:
            print_json(_priority_told(one, seen) | {"is_overdue": is_late})
        else:
            print_line(harmless(_priority_said(one, seen, is_late=is_late)))
    if not found:
        say("重点监控名单是空的。")


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise UserMistake(f"要写明理由：1 到 {LONGEST_REASON} 个字，不含控制字符")
    return reason


def _priority_told(one: Priority, seen: datetime | None) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(one, name) for name in ("agency", "name", "reason", "added_by")}
    told |= {"added_at": one.added_at.isoformat(), "last_seen": seen.isoformat() if seen else None}
    told |= {"removed_at": one.removed_at.isoformat() if one.removed_at else None}
    return told | {"removed_by": one.removed_by, "removed_why": one.removed_why}


def _priority_said(one: Priority, seen: datetime | None, *, is_late: bool) -> str:
    since = f"{clock.in_shanghai(one.added_at)[:10]} {one.added_by} 列入：{one.reason}"
    look = f"上次 {clock.in_shanghai(seen)[:10]}" if seen else "还没有看过"
    gone = ""
    if one.removed_at:
        gone = f"{clock.in_shanghai(one.removed_at)[:10]} {one.removed_by} 移出：{one.removed_why}"
    return "  ".join(filter(None, (one.name, since, look, "逾期" if is_late else "", gone)))
