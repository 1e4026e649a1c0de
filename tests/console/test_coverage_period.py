"""Coverage of days as a person sees it: what was not seen is said, and blocked is never told as nothing found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from covered import BEGUN, DAY, Office
from rich.console import Console

from console.coverage import show_coverage
from console.coverage_period import Asked, show_period
from console.heat import cell, columns, print_heat
from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Slot
from patrol.coverage import Share
from storage.supervision import Supervision
from storage.supervision_shapes import Aim, Follows
from tests.console.conftest import Ran

ASKED = Asked(first="2026-08-03", last="2026-08-05")
# Words that say that nothing was there.
NOTHING_FOUND = ("没有发现", "未发现", "无违法", "没有问题", "正常", "clean")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path))
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[Asked, datetime], str]:
    def tell(asked: Asked, now: datetime) -> str:
        assert show_period(asked, now, as_json=False) == 0
        shown = capsys.readouterr()
        return shown.out + shown.err

    return tell


def walled(slot: Slot) -> tuple[Outcome, str]:
    return (Outcome.BLOCKED, "captcha") if slot.platform == "taobao" else (Outcome.EMPTY, "no_result")


def test_a_blocked_platform_is_never_told_as_one_without_findings(
    office: Office, told: Callable[[Asked, datetime], str]
) -> None:
    office.patrol(BEGUN + 3 * DAY, walled)
    said = told(ASKED, BEGUN + 3 * DAY)
    assert "没有看到 · 淘宝：6 项中 6 项（被拦 captcha 6）" in said
    assert "淘宝在这段时间一项也没有看到：那里有没有违法信息，无从知道" in said
    assert "应查 12 项，看到 6 项，没有看到 6 项" in said
    assert [word for word in NOTHING_FOUND if word in said] == []


def test_what_rests_on_code_only_is_said(office: Office, told: Callable[[Asked, datetime], str]) -> None:
    office.patrol(BEGUN + DAY, walled)
    said = told(ASKED, BEGUN + DAY)
    assert "广告识别未经真实页面验证：百度" in said
    assert "「无结果」的识别未经真实页面验证：百度、淘宝" in said


def test_time_without_a_patrol_is_said_with_how_much_it_missed(
    office: Office, told: Callable[[Asked, datetime], str]
) -> None:
    office.patrol(BEGUN + DAY)
    said = told(ASKED, BEGUN + 2.5 * DAY)
    assert "自 2026-08-04 00:00:00 起没有巡查在运行：任务 日常 应查 8 项没有记录" in said
    assert "没有记录 4" in said


def test_a_stretch_in_which_nothing_was_asked_is_no_clean_one(
    office: Office, told: Callable[[Asked, datetime], str]
) -> None:
    said = told(Asked(first="2026-07-01", last="2026-07-03"), BEGUN + DAY)
    assert "没有应查项" in said
    assert "什么也没有看到" in said


def test_days_that_are_only_assumed_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[[Asked, datetime], str]
) -> None:
    begun = datetime.fromisoformat("2090-03-06T00:00:00+08:00")
    (tmp_path / "later").mkdir()
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "later"))
    office = Office(tmp_path / "later", begun=begun)
    office.patrol(begun + 2 * DAY)
    said = told(Asked(first="2090-03-01", last="2090-03-07"), begun + 2 * DAY)
    office.engine.dispose()
    assert "2090-03-06 至 2090-03-07 中 2 天的安排暂按周末推算" in said


def test_agencies_that_were_not_seen_are_named(office: Office, told: Callable[[Asked, datetime], str]) -> None:
    aims = (Aim(words="包授权", agency="11000"), Aim(words="绿色通道", agency="11001"))
    Supervision(office.engine).aim(office.watch_id, Follows.NAMED, aims)
    office.patrol(BEGUN + DAY, lambda slot: walled(slot) if slot.query == "包授权" else (Outcome.UNREACHABLE, "dns"))
    assert "监管对象：排了 2 家，看到 1 家，没有看到 1 家：绿色通道" in told(ASKED, BEGUN + DAY)


def test_hostile_words_are_harmless(office: Office, told: Callable[[Asked, datetime], str]) -> None:
    office.patrol(BEGUN + DAY, lambda _slot: (Outcome.CHANGED, "struc\x1b[31mture\u202e"))
    said = told(ASKED, BEGUN + DAY)
    assert "页面变了 struc" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_of_one_platform_every_query_has_a_line(office: Office, told: Callable[[Asked, datetime], str]) -> None:
    office.patrol(
        BEGUN + DAY, lambda slot: (Outcome.OK, "") if slot.query == "包授权" else (Outcome.LOGIN, "login_wall")
    )
    said = told(Asked(first="2026-08-03", last="2026-08-03", platform="baidu"), BEGUN + DAY)
    assert "绿色通道 ░   0/1" in said
    assert "包授权   █   1/1" in said
    assert "一次也没有看到的查询词 1 个：百度「绿色通道」" in said


def test_json_is_one_line_for_each_kind_of_end(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.patrol(BEGUN + 2 * DAY, walled)
    assert show_period(ASKED, BEGUN + 2.5 * DAY, as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(line["rows"] for line in lines) == 12
    assert {(line["platform"], line["outcome"], line["seen"]) for line in lines if line["state"] == "ended"} == {
        ("baidu", "empty", True), ("taobao", "blocked", False),
    }  # fmt: skip
    assert {(line["day"], line["state"], line["seen"]) for line in lines if line["outcome"] is None} == {
        ("2026-08-05", "unwritten", False)
    }
    assert all(line["unproven"] == ["empty"] for line in lines if line["platform"] == "taobao")


def test_pages_that_a_round_opened_besides_have_a_line_of_their_own(
    office: Office, told: Callable[[Asked, datetime], str], capsys: pytest.CaptureFixture[str]
) -> None:
    office.patrol(BEGUN + DAY, walled)
    office.opens_besides([run.id for run in office.store.coverage()], 4)
    said = told(Asked(first="2026-08-03", last="2026-08-03"), BEGUN + DAY)
    assert "应查 4 项，看到 2 项，没有看到 2 项" in said
    assert "广告主自己的网页：打开 4，看到 3" in said
    assert "手工查的" not in said
    assert "落地页" not in said
    assert show_period(Asked(first="2026-08-03", last="2026-08-03"), BEGUN + DAY, as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(line["rows"] for line in lines if line["kind"] == "planned") == 4
    assert {line["platform"] for line in lines if line["kind"] == "landing"} == {"landing"}
    assert {line["watch"] for line in lines if line["kind"] == "landing"} == {"广告主自己的网页"}
    assert show_coverage("", as_json=False) == 0
    shown = capsys.readouterr()
    assert "覆盖：应查 4 项" in shown.out + shown.err
    assert "无结果 2，被拦 2；没有看到的 2 项" in shown.out + shown.err
    assert "广告主自己的网页：打开 4，看到 3" in shown.out + shown.err
    assert show_coverage("", as_json=True) == 0
    runs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(run["kind"] for run in runs) == ["landing"] * 4 + ["planned"] * 4


@pytest.mark.parametrize(
    "asked",
    [
        Asked(first="2026-08-05", last="2026-08-03"),
        Asked(first="2025-08-03", last="2026-08-05"),
        Asked(first="gestern"),
        Asked(last="0001-01-01"),
        Asked(first="9999-12-31"),
        Asked(platform="nowhere"),
        Asked(watch="没有这个"),
    ],
    ids="backwards too_long no_day too_early too_late platform watch".split(),
)
def test_what_cannot_be_asked_is_said(office: Office, asked: Asked) -> None:
    with pytest.raises(UserMistake):
        show_period(asked, BEGUN + DAY, as_json=False)


def test_a_round_and_days_are_not_asked_together(here: Callable[..., Ran]) -> None:
    assert here("coverage", "--round", "x", "--from", "2026-08-03").code == 2
    assert here("coverage", "--from", "2026-08-03", "--to", "2026-08-04").code == 0


# -- the picture -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Share(), "·"),
        (Share(rows=4, open=4), "…"),
        (Share(rows=4, clean=4), "█"),
        (Share(rows=4, clean=3), "▓"),
        (Share(rows=4, clean=1), "▒"),
        (Share(rows=4, clean=0), "░"),
        (Share(rows=4, clean=0, open=2), "░"),
    ],
    ids="none open all most some nothing nothing_yet".split(),
)
def test_a_cell_says_it_without_its_colour(share: Share, shown: str) -> None:
    assert cell(share).plain == shown


def test_days_are_folded_where_the_terminal_is_narrow() -> None:
    first = date(2026, 1, 1)
    assert len(columns(first, date(2026, 1, 20), 110)) == 20
    year = columns(first, date(2026, 12, 31), 80)
    assert len(year) <= 18
    assert (year[0].first, year[-1].last) == (first, date(2026, 12, 31))
    assert all(one.last < other.first for one, other in pairwise(year))
    assert len(columns(first, date(2026, 12, 31), 10)) == 1


def test_the_least_seen_of_very_many_are_shown_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    day, names = date(2026, 8, 3), [f"查询{number:03}" for number in range(100)]
    shares = {(name, day): Share(rows=2, clean=int(number >= 50)) for number, name in enumerate(names)}
    print_heat({name: name for name in names}, shares, day, day)
    shown = capsys.readouterr().out
    assert (shown.count("0/2"), shown.count("1/2")) == (50, 10)
    assert "另有 40 行" in shown


def test_a_year_is_shown_on_eighty_columns(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office.patrol(BEGUN + 2 * DAY, walled)
    monkeypatch.setattr("console.heat.page", lambda: Console(width=80, highlight=False))
    show_period(Asked(first="2026-01-01", last="2026-12-31"), BEGUN + 2 * DAY, as_json=False)
    shown = capsys.readouterr().out
    assert "一格 " in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "0/4" in shown
