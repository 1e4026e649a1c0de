"""`lantian tasks`: what a wall kept from us waits here for a person, who looks himself, or says why nobody will."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.text import Text

from console.files import platform, platforms
from console.homes import named_person
from console.ledger import plain
from console.output import OUTCOME_WORDS, harmless, page, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE
from crawler.watches import Device
from storage.tasks import BATCH, Task, Tasks

CLOSED_WORDS = {"import": "已导入", "clean_run": "后来查到了", "person": "人工关闭"}


def list_tasks(name: str, *, with_closed: bool, before: int, as_json: bool) -> int:
    """The open tasks, newest first; as JSON all of them, as text a screenful."""
    if name:
        platform(name)
    with opened_engine(Config.load()) as engine:
        tasks = Tasks(engine)
        asked = tasks.every if with_closed else tasks.waiting
        found = asked(name, before=before)
        while as_json and found:
            for one in found:
                print_json(_told(one))
            found = asked(name, before=found[-1].id) if len(found) == BATCH else ()
    if not as_json:
        _print(found)
    return EXIT_DONE


def close_task(task: int, by: str, reason: str, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        by = named_person(config, engine, by)
        closed = Tasks(engine).close(task, by, reason, clock.now())
    say(harmless(f"第 {closed.id} 号任务已由 {closed.closed_by} 关闭；再次被拦时会重新打开"))
    if as_json:
        print_json(_told(closed))
    return EXIT_DONE


def _told(task: Task) -> dict[str, Any]:
    told: dict[str, Any] = plain(asdict(task))
    return told | {"state": "open" if task.closed_at is None else "closed"}


def _print(found: tuple[Task, ...]) -> None:
    if not found:
        say("没有待办任务。")
        return
    console = page()
    for one in found:
        label = platforms()[one.platform].label if one.platform in platforms() else harmless(one.platform)
        line = Text(f"{one.id:>4}  ")
        line.append(f"{label}“{harmless(one.query)}”{_from_where(one)}", style="cyan")
        line.append(f"  {OUTCOME_WORDS[one.outcome]}（{harmless(one.reason)}）{harmless(one.detail)[:100]}")
        line.append(f"\n      {_times(one)}", style="dim")
        console.print(line)
    say("请在自己的浏览器中打开并保存网页，再运行 lantian import 文件 --by 姓名 --platform 平台 --query 查询词")
    if len(found) == BATCH:
        say(f"还有更多：--before {found[-1].id}")


def _from_where(task: Task) -> str:
    words = [harmless(task.place)] if task.place else []
    words += ["手机页"] if task.device is Device.MOBILE else []
    return f"［{'、'.join(words)}］" if words else ""


def _times(task: Task) -> str:
    since = f"自 {clock.in_shanghai(task.opened_at)} 起 {task.times} 次，最近 {clock.in_shanghai(task.last_at)}"
    if task.closed_at is None:
        return since
    how = CLOSED_WORDS[task.closed_how]
    return f"{since}；{clock.in_shanghai(task.closed_at)} {how}：{harmless(f'{task.closed_by} {task.closed_why}')}"
