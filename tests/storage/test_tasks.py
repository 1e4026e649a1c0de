"""Walls become tasks: one a platform and query, opened again, closed by whoever saw what was behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from roster_specimens import LEASE, MINUTE, NINE, WATCH, Office
from sqlalchemy import Engine
from storage_specimens import T0, finding, listing, page_of

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Device
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.landings import Landings
from storage.shapes import PlannedRun
from storage.tasks import LANDINGS_WAIT, Task, Tasks

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


# -- from where ------------------------------------------------------------------------------------


def looked(office: Office, device: Device, place: str, at: datetime, outcome: Outcome) -> None:
    """The watch looks from this device and place, and each of its queries ends so."""
    watch = replace(WATCH, platforms=("baidu",), queries=WATCH.queries[:1], device=device, place=place)
    version = office.watches.change(office.watch_id, watch, "张三（虚构）", at - MINUTE)
    office.watch = watch
    office.write(office.slots(at, version), at)
    for run in office.claim(at, version=version).runs:
        office.rounds.finish_run(run.id, outcome, "word", "", at)
    office.settle(at)


def test_only_a_clean_run_from_the_same_device_and_place_closes_it(engine: Engine) -> None:
    office, tasks = Office(engine), Tasks(engine)
    several = [(Device.DESKTOP, ""), (Device.MOBILE, ""), (Device.MOBILE, "西安")]
    for hour, (device, place) in enumerate(several):
        looked(office, device, place, NINE + hour * HOUR, Outcome.BLOCKED)
    assert {(one.device, one.place, one.times) for one in tasks.waiting()} == {(*one, 1) for one in several}
    looked(office, Device.MOBILE, "", NINE + 9 * HOUR, Outcome.OK)
    left = {(one.device, one.place) for one in tasks.waiting()}
    assert left == {(Device.DESKTOP, ""), (Device.MOBILE, "西安")}
    assert len(tasks.of_query("baidu", WATCH.queries[0].words)) == 2
    office.rounds.open_runs(
        [PlannedRun(id="by-hand", platform="baidu", query=WATCH.queries[0].words, planned_at=NINE)], NINE
    )
    office.rounds.finish_run("by-hand", Outcome.OK, "", "", NINE)
    assert [(one.device, one.place) for one in tasks.waiting()] == [(Device.MOBILE, "西安")]


def test_a_run_that_wakes_late_still_knows_its_device(engine: Engine) -> None:
    """Its row of the roster has another run by then."""
    office, tasks = Office(engine), Tasks(engine)
    looked(office, Device.DESKTOP, "", NINE, Outcome.BLOCKED)
    watch = replace(office.watch, device=Device.MOBILE)
    version = office.watches.change(office.watch_id, watch, "张三（虚构）", NINE + MINUTE)
    office.write(office.slots(NINE + HOUR, version), NINE + HOUR)
    (late,) = office.claim(NINE + HOUR, version=version).runs
    after = NINE + HOUR + timedelta(seconds=LEASE + 1)
    office.settle(after)
    (again,) = office.claim(after, version=version).runs
    assert again.id != late.id
    office.rounds.finish_run(late.id, Outcome.OK, "", "", after)
    assert [one.device for one in tasks.waiting()] == [Device.DESKTOP]


@pytest.mark.parametrize(("outcome", "reason"), [(Outcome.BLOCKED, "cooling"), (Outcome.LOGIN, "signed_out")])
def test_what_was_not_asked_because_of_another_refusal_is_no_task(
    store: ExhibitStore, outcome: Outcome, reason: str
) -> None:
    ended(store, 0, Outcome.BLOCKED, "http_429", query="查询0")
    for number in range(1, 40):
        ended(store, number, outcome, reason, query=f"查询{number}")
    assert [(one.query, one.reason) for one in Tasks(store.engine).every()] == [("查询0", "http_429")]


def test_of_pages_opened_besides_those_of_flagged_listings_are_for_people_and_not_many(store: ExhibitStore) -> None:
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)], T0)
    names = [str(number) for number in range(LANDINGS_WAIT + 5)]
    grave = {name: (finding(),) for name in names[:-2]}
    listings = tuple(listing(name, url=f"https://shop-{name}.example/", is_ad=True) for name in names)
    store.record(page_of(listings, findings=grave))
    planned = Landings(store.engine).plan(None, ["run-1"], lambda *_: True, 100, T0)
    assert len(planned) == len(names)
    for run in planned[-2:]:
        store.finish_run(run.id, Outcome.BLOCKED, "captcha", "", T0 + HOUR)
    assert Tasks(store.engine).every() == (), "advertisements and no more"
    for run in planned[:-2]:
        store.finish_run(run.id, Outcome.BLOCKED, "captcha", "", T0 + HOUR)
    assert len(Tasks(store.engine).waiting()) == LANDINGS_WAIT
    watched = PlannedRun(id="run-2", platform="landing", query="https://watched.example/", planned_at=T0 + HOUR)
    store.open_runs([watched], T0 + HOUR)
    store.finish_run("run-2", Outcome.BLOCKED, "captcha", "", T0 + 2 * HOUR)
    assert len(Tasks(store.engine).waiting()) == LANDINGS_WAIT + 1, "what a watch planned is told whatever waits"
