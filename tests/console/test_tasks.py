"""`lantian tasks` as a person types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crawler import clock
from crawler.items import Outcome
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from tests.console.conftest import Ran


def blocked(home: Path, *queries: str) -> None:
    engine = open_database(home / "lantian.db")
    store, now = ExhibitStore(engine), clock.now()
    runs = [PlannedRun(id=f"run {query}", platform="taobao", query=query, planned_at=now) for query in queries]
    store.open_runs(runs, now)
    for run in runs:
        store.finish_run(run.id, Outcome.BLOCKED, "captcha", "\x1b[31m滑块", now)
    engine.dispose()


def test_tasks_are_listed_and_closed(here: Callable[..., Ran], tmp_path: Path) -> None:
    blocked(tmp_path / "home", "专利", "商标\u202e")
    listed = here("tasks", "list", "--json")
    assert [(one["query"], one["state"], one["times"]) for one in listed.lines] == [
        ("商标\u202e", "open", 1),
        ("专利", "open", 1),
    ]
    shown = here("tasks", "list")
    assert "专利" in shown.out
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    (_, last) = listed.lines
    refused = here("tasks", "close", last["id"], "--by", "王示例", "--reason", " ")
    assert (refused.code, "姓名和理由" in refused.err) == (2, True)
    closed = here("tasks", "close", last["id"], "--by", "王示例", "--reason", "本人已看", "--json")
    assert closed.code == 0
    assert closed.lines[0]["closed_how"] == "person"
    assert [one["query"] for one in here("tasks", "list", "--json").lines] == ["商标\u202e"]
    assert len(here("tasks", "list", "--all", "--json").lines) == 2
    assert here("tasks", "close", last["id"], "--by", "王示例", "--reason", "再").code == 2
    assert here("tasks", "list", "--platform", "nowhere").code == 2
