"""Every way to fail has a cause in words; every kind of fall has one that its own numbers tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crawler.items import Outcome
from patrol.causes import QUOTED, why_failed, why_fewer, why_of, why_zero
from patrol.series import Mark, Measure, bad_run, fall, good_run
from storage.health_shapes import Failure, HealthRun

RUN = HealthRun(
    id="r", platform="baidu", query="包授权", series="", ended_at=datetime(2026, 8, 3, tzinfo=UTC), outcome=Outcome.OK,
    reason="no_result", detail="", pages=1, listings=3, lost=0, total=None,
)  # fmt: skip


def run(**changes: object) -> HealthRun:
    return replace(RUN, **changes)


@pytest.mark.parametrize(
    ("outcome", "reason", "word", "said"),
    [
        (Outcome.DISALLOWED, "robots", "robots", "Disallow: /s"),
        (Outcome.UNREACHABLE, "dns", "dns", "域名"),
        (Outcome.UNREACHABLE, "tls", "tls", "加密"),
        (Outcome.UNREACHABLE, "timeout", "unreachable", "连不上"),
        (Outcome.UNREACHABLE, "refused", "unreachable", "连不上"),
        (Outcome.UNREACHABLE, "http_503", "unreachable", "服务器出错（http_503）"),
        (Outcome.BLOCKED, "http_403", "refused", "http_403"),
        (Outcome.BLOCKED, "http_429", "rate_limit", "太密"),
        (Outcome.BLOCKED, "rate_limit", "rate_limit", "太密"),
        (Outcome.BLOCKED, "captcha", "wall", "验证"),
        (Outcome.BLOCKED, "cooling", "cooling", "冷却"),
        (Outcome.LOGIN, "login_wall", "login", "登录"),
        (Outcome.GONE, "http_404", "gone", "不存在"),
        (Outcome.GONE, "http_410", "gone", "不存在"),
        (Outcome.CHANGED, "structure", "markup", "改版"),
        (Outcome.CHANGED, "no_marker", "markup", "改版"),
        (Outcome.CHANGED, "lost_listings", "parser_lost", "丢了"),
        (Outcome.CHANGED, "needs_browser", "needs_browser", "浏览器"),
        (Outcome.ERROR, "truncated", "broken", "truncated"),
        (Outcome.MISSED, "interrupted", "not_run", "中断"),
    ],
)
def test_the_cause_follows_from_the_outcome_and_its_reason(outcome: Outcome, reason: str, word: str, said: str) -> None:
    why = why_of(outcome, reason, "Disallow: /s")
    assert why.word == word
    assert said in why.words


@pytest.mark.parametrize("outcome", [one for one in Outcome if not one.is_clean])
def test_a_reason_nobody_foresaw_has_a_cause_too(outcome: Outcome) -> None:
    assert why_of(outcome, "never_heard_of", "").words


def test_the_most_frequent_failure_is_the_cause_and_the_others_are_counted() -> None:
    wall = Failure(outcome=Outcome.BLOCKED, reason="captcha", detail="", run="a", runs=7)
    dns = Failure(outcome=Outcome.UNREACHABLE, reason="dns", detail="", run="b", runs=2)
    why = why_failed([wall, dns])
    assert why.word == "wall"
    assert why.words.startswith("7 项")
    assert "unreachable dns 2 项" in why.words
    assert why_failed([]).word == "unknown"
    cooling = replace(wall, reason="cooling", runs=39)
    assert why_failed([cooling, replace(wall, reason="http_429", runs=1)]).word == "rate_limit"
    assert why_failed([cooling]).word == "cooling"


def test_what_a_page_says_is_cut_short() -> None:
    words = why_of(Outcome.CHANGED, "structure", "x" * 5000).words
    assert len(words) < QUOTED + 60


def test_one_query_without_results_is_empty_and_a_platform_without_any_is_a_wall() -> None:
    assert why_zero(RUN, 1, 40).word == "really_empty"
    assert why_zero(RUN, 20, 40).word == "really_empty", "half of them is no majority"
    assert why_zero(RUN, 21, 40).word == "false_empty"
    assert why_zero(RUN, 1, 1).word == "really_empty"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"lost": 7}, "parser_lost"),
        ({"pages": 1}, "pager"),
        ({"pages": 3, "total": 10}, "really_fewer"),
        ({"pages": 3, "total": 100}, "markup"),
        ({"pages": 3, "total": None}, "markup"),
    ],
    ids="lost pager fewer same_total no_total".split(),
)
def test_fewer_listings_have_the_cause_that_the_other_numbers_tell(changes: dict[str, object], word: str) -> None:
    before = [run(pages=3, listings=30, total=100)] * 5
    assert why_fewer(run(**changes), before).word == word


# -- when is it a fall -----------------------------------------------------------------------------

MEASURE = Measure(runs=10, drop=0.5, least=8)


def marks(*values: float, pool: str = "") -> list[Mark]:
    """The newest first, as they are asked for; written here the oldest first."""
    days = [Mark(at=datetime(2026, 8, day, tzinfo=UTC), value=value, pool=pool) for day, value in enumerate(values, 1)]
    return days[::-1]


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ((20,) * 6 + (4,) * 3, 7),
        ((20,) * 6 + (4,) * 6, 7),
        ((20,) * 6 + (0,) * 3, 7),
        ((20,) * 5 + (9, 9, 9), 6),
    ],
    ids="three six nothing just_below".split(),
)
def test_a_fall_is_told_since_its_first_low_mark(values: tuple[float, ...], since: int) -> None:
    found = fall(marks(*values), MEASURE)
    assert found is not None
    assert (found.usual, found.since.day) == (20, since)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (4, 4, 4),
        (20,) * 4 + (4,) * 3,
        (20,) * 6 + (4,) * 2,
        (20,) * 6 + (4, 4, 20),
        (20,) * 6 + (4, 20, 4, 4),
        (20,) * 6 + (10, 10, 10),
        (7,) * 6 + (1,) * 3,
        (20, 4, 20, 4, 20, 4, 4, 4),
    ],
    ids="none always_low too_few two recovered broken_row not_below too_rare no_level".split(),
)
def test_this_is_no_fall(values: tuple[float, ...]) -> None:
    assert fall(marks(*values), MEASURE) is None


def test_an_office_that_looks_back_on_few_runs_is_heard() -> None:
    few = Measure(runs=2, drop=0.5, least=8)
    assert fall(marks(20, 20, 4, 4, 4), few) is not None
    assert fall(marks(20, 4, 4, 4), few) is None


def test_marks_of_another_pool_say_nothing_about_each_other() -> None:
    rest = [Mark(at=one.at, value=4, pool="rest") for one in marks(4, 4, 4)]
    work = marks(*(20,) * 10, pool="work")
    assert fall([*rest, *work], MEASURE) is None
    assert fall([*(Mark(at=one.at, value=4, pool="work") for one in rest), *work], MEASURE) is not None


def test_runs_are_counted_from_the_newest() -> None:
    assert (bad_run([True, True, False, True]), good_run([True, False])) == (2, 0)
    assert (bad_run([]), good_run([])) == (0, 0)
    assert (bad_run([True]), good_run([False, False])) == (1, 2)
