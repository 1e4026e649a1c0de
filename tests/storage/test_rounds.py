"""Every planned run ends in exactly one outcome, with the counts of its pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from storage_specimens import T0, listing, page_of, pages_of

from crawler.errors import UserMistake
from crawler.items import Outcome
from storage.exhibits import ExhibitStore
from storage.shapes import Override, PlannedRun

LATER = T0 + timedelta(hours=1)


def run(number: int, **changes: object) -> PlannedRun:
    planned = PlannedRun(id=f"run-{number}", platform="taobao", query=f"查询{number}", planned_at=T0)
    return replace(planned, **changes)


def test_round_begins_with_runs_that_have_not_ended(store: ExhibitStore) -> None:
    round_id = store.begin_round(T0, "lantian 0.1.0", "pages=1")
    store.plan(round_id, [run(2), run(1), run(3, platform="baidu")])
    rows = store.coverage(round_id)
    assert [(row.platform, row.query) for row in rows] == [("baidu", "查询3"), ("taobao", "查询1"), ("taobao", "查询2")]
    assert {(row.outcome, row.started_at, row.pages, row.round) for row in rows} == {(None, None, 0, round_id)}
    assert rows[0].planned_at == T0
    assert rows[0].planned_at.tzinfo is not None


def test_coverage_is_of_the_latest_round_unless_one_is_named(store: ExhibitStore) -> None:
    assert store.coverage() == ()
    first = store.begin_round(T0, "t", "")
    store.plan(first, [run(1)])
    second = store.begin_round(LATER, "t", "")
    store.plan(second, [run(2, planned_at=LATER)])
    assert [row.id for row in store.coverage()] == ["run-2"]
    assert [row.id for row in store.coverage(first)] == ["run-1"]
    with pytest.raises(UserMistake, match="没有编号"):
        store.coverage("20260801T000000Z-nothing")


def test_first_round_is_known(store: ExhibitStore) -> None:
    assert store.is_first_round()
    store.begin_round(T0, "t", "")
    assert store.is_first_round()
    store.begin_round(LATER, "t", "")
    assert not store.is_first_round()


def test_the_same_query_is_not_planned_twice_in_a_round(store: ExhibitStore) -> None:
    round_id = store.begin_round(T0, "t", "")
    with pytest.raises(IntegrityError):
        store.plan(round_id, [run(1), run(1, id="run-9")])
    assert store.coverage(round_id) == (), "nothing of a refused plan is written"


def test_ending_counts_the_pages(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"), listing("2")), number=2, total=900, lost=1))
    planned.record(page_of((listing("3"),), number=1))
    empty = page_of((), number=3, total=901)
    planned.record(replace(empty, sightings=replace(empty.sightings, capture=None)))
    row = planned.finish_run("run-1", Outcome.OK, "", "", LATER)
    assert (row.pages, row.listings, row.lost, row.total, row.captures) == (3, 3, 1, 900, 2)
    assert (row.outcome, row.started_at, row.ended_at) == (Outcome.OK, T0, LATER)
    assert planned.coverage() == (row,)
    assert planned.run("run-1") == row
    assert [page.number for page in pages_of(planned, "run-1")] == [1, 2, 3]
    assert [page.capture for page in pages_of(planned, "run-1")] == ["capture-run-1-1", "capture-run-1-2", ""]


def test_a_run_ends_once(planned: ExhibitStore) -> None:
    first = planned.finish_run("run-1", Outcome.BLOCKED, "captcha", "滑块", LATER)
    assert planned.finish_run("run-1", Outcome.BLOCKED, "captcha", "again", T0) == first
    with pytest.raises(ValueError, match="already ended as blocked captcha"):
        planned.finish_run("run-1", Outcome.OK, "", "", LATER)
    assert planned.run("run-1") == first


def test_sweep_writes_off_what_never_ended(store: ExhibitStore) -> None:
    round_id = store.begin_round(T0, "t", "")
    future = run(5, planned_at=LATER)
    store.plan(round_id, [run(1), run(2), run(3), run(4, planned_at=LATER - timedelta(minutes=1)), future])
    store.open_runs([run(1), run(2)], T0)
    store.record(page_of((listing("1"),), run="run-2"))
    store.finish_run("run-1", Outcome.EMPTY, "none_found", "", T0)
    swept = {row.id: row for row in store.sweep(LATER)}
    assert set(swept) == {"run-2", "run-3", "run-4"}
    assert {(swept[name].outcome, swept[name].reason) for name in ("run-3", "run-4")} == {
        (Outcome.MISSED, "not_started")
    }
    assert (swept["run-2"].outcome, swept["run-2"].reason, swept["run-2"].listings) == (
        Outcome.MISSED,
        "interrupted",
        1,
    )
    assert store.run("run-5").outcome is None
    assert store.run("run-1").outcome is Outcome.EMPTY
    assert store.sweep(LATER) == ()


def test_what_was_written_off_too_early_may_still_end(planned: ExhibitStore) -> None:
    planned.sweep(LATER)
    assert planned.finish_run("run-1", Outcome.OK, "", "", LATER).outcome is Outcome.OK


def test_run_without_a_round(store: ExhibitStore) -> None:
    store.open_runs([], T0)
    store.open_runs([run(1)], T0)
    store.open_runs([run(1, query="other")], LATER)
    row = store.run("run-1")
    assert (row.round, row.query, row.started_at) == (None, "查询1", T0)
    assert store.coverage() == ()
    store.open_runs([run(2, query="查询1")], T0)
    assert store.run("run-2").query == row.query, "the same words twice, without a round, are two runs"


def test_unknown_runs_are_refused(store: ExhibitStore) -> None:
    for act in (
        lambda: store.run("run-9"),
        lambda: store.finish_run("run-9", Outcome.OK, "", "", T0),
    ):
        with pytest.raises(LookupError, match="no run run-9"):
            act()


def test_a_second_start_changes_nothing(planned: ExhibitStore) -> None:
    planned.open_runs([run(1)], LATER)
    assert planned.run("run-1").started_at == T0


def test_moment_without_a_zone_is_refused(store: ExhibitStore) -> None:
    with pytest.raises(Exception, match="no time zone"):
        store.open_runs([run(1, planned_at=datetime(2026, 8, 1))], T0)  # noqa: DTZ001


def test_half_a_surrogate_pair_in_a_detail_is_written(planned: ExhibitStore) -> None:
    assert planned.finish_run("run-1", Outcome.CHANGED, "no_list", "标题 \ud83d", LATER).detail == "标题 \ufffd"


def test_overrides_are_signed_by_somebody_for_a_reason(store: ExhibitStore) -> None:
    signed = Override(platform="taobao", person="张三（虚构）", reason="执法检查", signed_at=T0)
    store.sign_override(signed)
    store.sign_override(replace(signed, platform="jd", signed_at=LATER))
    assert [(one.platform, one.signed_at) for one in store.overrides()] == [("taobao", T0), ("jd", LATER)]
    assert store.overrides()[0] == replace(signed, number=1)
    for blank in ({"person": " "}, {"reason": ""}, {"platform": ""}):
        with pytest.raises(UserMistake, match="例外要写明"):
            store.sign_override(replace(signed, **blank))
    assert len(store.overrides()) == 2
