"""Walls become tasks: one a platform and query, opened again, closed by whoever saw what was behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_specimens import T0

from crawler.errors import UserMistake
from crawler.items import Outcome
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from storage.tasks import Task, Tasks

HOUR = timedelta(hours=1)


def ended(store: ExhibitStore, number: int, outcome: Outcome, reason: str = "", query: str = "专利包授权") -> None:
    """Run `number` was planned `number` hours after T0, and ended so an hour later."""
    at = T0 + number * HOUR
    store.open_runs([PlannedRun(id=f"run-{number}", platform="taobao", query=query, planned_at=at)], at)
    store.finish_run(f"run-{number}", outcome, reason, "滑块\ud800", at + HOUR)


def only(store: ExhibitStore) -> Task:
    (task,) = Tasks(store.engine).every()
    return task


def test_a_wall_is_one_task_however_often_it_is_met(store: ExhibitStore) -> None:
    ended(store, 1, Outcome.BLOCKED, "captcha")
    ended(store, 2, Outcome.LOGIN, "login_wall")
    task = only(store)
    assert (task.platform, task.query, task.times, task.run) == ("taobao", "专利包授权", 2, "run-2")
    assert (task.outcome, task.reason, task.closed_at) == (Outcome.LOGIN, "login_wall", None)
    assert (task.first_at, task.opened_at, task.last_at) == (T0 + 2 * HOUR, T0 + 2 * HOUR, T0 + 3 * HOUR)
    assert task.detail == "滑块\ufffd"


def test_what_is_no_wall_raises_nothing(store: ExhibitStore) -> None:
    for number, outcome in enumerate(sorted(set(Outcome) - {Outcome.BLOCKED, Outcome.LOGIN})):
        ended(store, number, outcome, "word")
    assert Tasks(store.engine).every() == ()


def test_only_a_clean_run_closes_it(store: ExhibitStore) -> None:
    for number, outcome in enumerate(sorted(Outcome)):
        ended(store, 2 * number, Outcome.BLOCKED, "captcha", query=outcome.value)
        ended(store, 2 * number + 1, outcome, "word", query=outcome.value)
    every = {task.query: task.closed_how for task in Tasks(store.engine).every()}
    assert every == {outcome.value: "clean_run" if outcome.is_clean else "" for outcome in Outcome}
    assert len(Tasks(store.engine).waiting()) == len(Outcome) - 2


def test_another_query_closes_nothing(store: ExhibitStore) -> None:
    ended(store, 1, Outcome.BLOCKED, "captcha")
    ended(store, 2, Outcome.OK, query="发明人挂名")
    assert only(store).closed_at is None


def test_it_is_opened_again(store: ExhibitStore) -> None:
    ended(store, 1, Outcome.BLOCKED, "captcha")
    ended(store, 2, Outcome.EMPTY, "no_results")
    ended(store, 3, Outcome.BLOCKED, "rate")
    task = only(store)
    assert (task.times, task.first_at, task.opened_at) == (1, T0 + 2 * HOUR, T0 + 4 * HOUR)
    assert (task.closed_at, task.closed_by, task.closed_how, task.closed_why) == (None, "", "", "")


def test_a_person_closes_it_with_a_reason(store: ExhibitStore) -> None:
    ended(store, 1, Outcome.BLOCKED, "captcha")
    tasks = Tasks(store.engine)
    number = only(store).id
    for by, reason in (("", "看过"), ("王示例", " ")):
        with pytest.raises(UserMistake, match="姓名和理由"):
            tasks.close(number, by, reason, T0)
    with pytest.raises(UserMistake, match="没有第 99 号"):
        tasks.close(99, "王示例", "看过", T0)
    assert AuditLog(store.engine).entries() == []
    closed = tasks.close(number, "王示例", "平台已停用", T0 + 5 * HOUR)
    assert (closed.closed_by, closed.closed_how, closed.closed_why) == ("王示例", "person", "平台已停用")
    (entry,) = AuditLog(store.engine).entries()
    assert (entry.who, entry.act, entry.subject) == ("王示例", "task_closed", str(number))
    with pytest.raises(UserMistake, match="已经关闭"):
        tasks.close(number, "王示例", "再关", T0)


def test_what_did_not_end_raises_nothing(store: ExhibitStore) -> None:
    """A run's end and its task are one transaction: an ending that is refused leaves neither."""
    ended(store, 1, Outcome.OK)
    with pytest.raises(ValueError, match="already ended"):
        store.finish_run("run-1", Outcome.BLOCKED, "captcha", "", T0 + 9 * HOUR)
    assert Tasks(store.engine).every() == ()


def test_pages_of_tasks(store: ExhibitStore) -> None:
    for number in range(1, 6):
        ended(store, number, Outcome.BLOCKED, "captcha", query=f"查询{number}")
    tasks = Tasks(store.engine)
    first = tasks.waiting(limit=2)
    assert [one.query for one in first] == ["查询5", "查询4"]
    assert [one.query for one in tasks.waiting(before=first[-1].id, limit=2)] == ["查询3", "查询2"]
    assert tasks.waiting("baidu") == ()
