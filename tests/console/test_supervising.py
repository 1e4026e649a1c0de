"""`lantian agency`, `lantian sample` and watches after agencies, as a person types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from registry_specimens import table, written
from storage_specimens import T0, listing, page_of

from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from tests.console.conftest import Ran
from tests.console.test_watching import acts

Run = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("made_home")
COLUMNS = ("类型", "机构名称", "机构代码", "状态", "网址")
ROWS = (
    ("专利代理机构", "星河知识产权代理有限公司", "99001", "在业", "www.xinghe.example"),
    ("专利代理机构", "月影专利代理事务所", "99002", "注销", ""),
    ("商标代理机构", "北辰商标代理有限公司", "", "在业", ""),
)
WEEKLY = ("--schedule", "0 3 * * 1", "--platforms", "sogou")
ADD = ("agency", "priority", "add")


@pytest.fixture
def listed(here: Run, tmp_path: Path) -> Ran:
    return here("registry", "import", written(tmp_path, table(*ROWS, columns=COLUMNS)))


def test_the_never_seen_are_listed(here: Run, listed: Ran) -> None:
    found = here("agency", "list", "--never-seen", "--json")
    assert [(one["agency"], one["last_seen"], one["is_due"], one["is_aimed"]) for one in found.lines] == [
        ("99001", None, True, False), ("99002", None, True, False), ("北辰商标代理有限公司", None, True, False),
    ]  # fmt: skip
    said = here("agency", "list")
    assert "99001  星河知识产权代理有限公司  专利代理机构  在业  从未看过  已到期  没有任务在查" in said.out
    assert "名录里 3 家：看过 0，从未看过 3，到期 3，没有任务在查 3；重点 0 家，其中逾期 0" in said.err


def test_pages_of_agencies(here: Run, listed: Ran) -> None:
    first = here("agency", "list", "--limit", "2", "--json")
    assert [one["agency"] for one in first.lines] == ["99001", "99002"]
    number = first.lines[-1]["number"]
    assert f"--after {number}" in first.err
    assert [one["name"] for one in here("agency", "list", "--after", number, "--json").lines] == [
        "北辰商标代理有限公司"
    ]


def test_the_priority_list_and_the_watch_that_follows_it(here: Run, listed: Ran, tmp_path: Path) -> None:
    assert "名单是空的" in here("watch", "add", "重点", *WEEKLY, "--agencies", "priority").err
    added = here(*ADD, "99001", "--reason", "屡被投诉", "--by", "甲")
    assert "每 7 天至少看一次（其余 90 天）" in added.err
    assert "还没有任务跟着重点监控名单" in added.err
    assert here("watch", "add", "重点", *WEEKLY, "--agencies", "priority", "--by", "甲").code == 0
    assert "任务 重点 改为第 2 版：2 个查询" in here(*ADD, "月影专利代理事务所", "--reason", "抽查", "--by", "乙").err
    (shown,) = here("watch", "show", "重点", "--json").lines
    assert [one["words"] for one in shown["queries"]] == ["星河知识产权代理有限公司", "月影专利代理事务所"]
    assert [one["agency"] for one in here("agency", "list", "--priority", "--json").lines] == ["99001", "99002"]
    gone = here("agency", "priority", "remove", "99001", "--reason", "已整改", "--by", "乙")
    assert "星河知识产权代理有限公司 已移出" in gone.err
    told = here("agency", "priority", "list", "--all", "--json").lines
    assert [(one["agency"], one["reason"], one["removed_why"], one["is_overdue"]) for one in told] == [
        ("99001", "屡被投诉", "已整改", False), ("99002", "抽查", "", False),
    ]  # fmt: skip
    assert "还没有看过" in here("agency", "priority", "list").out
    here("agency", "priority", "remove", "99002", "--reason", "已整改", "--by", "乙")
    assert here("watch", "list", "--json").lines[0]["is_paused"]
    assert "名单是空的" in here("agency", "priority", "list").err
    assert "恢复" not in here(*ADD, "99001", "--reason", "又犯", "--by", "甲").err
    assert not here("watch", "list", "--json").lines[0]["is_paused"], "the list has somebody again"
    assert [act for _, act, _ in acts(tmp_path / "home")][1:4] == ["priority_added", "watch_added", "priority_added"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("98765", "--reason", "x"), "当前名录里没有 98765"),
        (("星河", "--reason", "x"), "相近的有 星河知识产权代理有限公司"),
        (("99001", "--reason", "  "), "理由"),
        (("99001", "--reason", "x\x1b"), "理由"),
    ],
)
def test_who_cannot_be_put_on_the_list(here: Run, listed: Ran, words: tuple[str, ...], why: str) -> None:
    refused = here(*ADD, *words)
    assert (refused.code, why in refused.err) == (2, True), refused.err
    assert here("agency", "priority", "list", "--json").out == ""


def test_watches_after_agencies(here: Run, listed: Ran, tmp_path: Path) -> None:
    here("watch", "add", "全部", *WEEKLY, "--agencies", "all")
    made = here("watch", "add", "官网", "--schedule", "0 3 1 * *", "--agencies", "all", "--sites")
    assert "2 家机构在名录里没有可用的网址" in made.err
    here("watch", "add", "点名", *WEEKLY, "--agency", "99002", "--agency", "北辰商标代理有限公司")
    told = {one["name"]: (one["platforms"], one["queries"]) for one in here("watch", "list", "--json").lines}
    assert told == {"全部": (["sogou"], 3), "官网": (["landing"], 1), "点名": (["sogou"], 2)}
    assert all(one["is_aimed"] for one in here("agency", "list", "--json").lines)
    written(tmp_path, table(*ROWS[:1], columns=COLUMNS))
    here("registry", "import", tmp_path / "registry.csv")
    done = here("agency", "refresh", "--by", "甲")
    assert "任务 全部 改为第 2 版：1 个查询" in done.err
    assert "任务 官网 没有变化：1 个查询" in done.err
    assert "点名" not in done.err
    here("watch", "change", "全部", "--query", "专利包授权")
    assert "全部" not in here("agency", "refresh").err, "it asks words now, and follows no list"
    here("watch", "change", "全部", "--agencies", "all")
    assert "任务 全部 没有变化：1 个查询" in here("agency", "refresh").err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--agencies", "some"), "要是 all"),
        (("--agencies", "all", "--agency", "99001"), "选一个"),
        (("--agencies", "all", "--query", "专利"), "不能和查询词"),
        (("--sites",), "选一个"),
        (("--agency", "98765"), "当前名录里没有"),
        (("--agency", "99002", "--sites"), "都没有网址"),
    ],
)
def test_agencies_that_cannot_be_asked_for(here: Run, listed: Ran, options: tuple[str, ...], why: str) -> None:
    refused = here("watch", "add", "试", *WEEKLY, *options)
    assert (refused.code, why in refused.err) == (2, True), refused.err
    assert here("watch", "list", "--json").out == ""


def test_all_names_on_every_platform_must_be_said(here: Run, listed: Ran) -> None:
    assert "--platforms" in here("watch", "add", "试", "--schedule", "0 3 * * 1", "--agencies", "all").err


def test_the_same_seed_draws_the_same(here: Run, listed: Ran, tmp_path: Path) -> None:
    ask = ("sample", "--from", "registry", "-n", "2", "--json", "--seed")
    first, again, other = (here(*ask, seed).lines[0] for seed in ("2026", "2026", "2027"))
    assert first["results"] == again["results"]
    assert (first["size"], first["n"], first["version"], len(first["digest"])) == (3, 2, 1, 64)
    assert set(first["results"][0]) == {"agency", "name"}
    assert other["digest"] == first["digest"]
    active = here(*ask, "2026", "--active").lines[0]
    assert (active["size"], active["source"]) == (2, "registry active")
    assert (
        "从 3 个中抽 1 个，种子 x" in here("sample", "--from", "registry", "-n", "1", "--seed", "x", "--by", "甲").err
    )
    draws = here("draws", "--json").lines
    assert [one["draw"] for one in draws] == [1, 2, 3, 4, 5]
    assert {name: draws[0][name] for name in first} == first
    assert "第 5 次  registry  1/3  种子 x" in here("draws").out
    assert [act for _, act, _ in acts(tmp_path / "home")] == ["registry_import", *["drawn"] * 5]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--from", "registry", "-n", "4"), "名单里只有 3 个，抽不出 4 个"),
        (("--from", "registry", "-n", "0"), "抽取数"),
        (("--from", "shops", "-n", "1"), "名单里只有 0 个"),
        (("--from", "streets", "-n", "1"), "--from"),
        (("--from", "shops", "-n", "1", "--active"), "--active"),
    ],
)
def test_a_refused_draw_is_not_written(here: Run, listed: Ran, options: tuple[str, ...], why: str) -> None:
    refused = here("sample", *options, "--seed", "a")
    assert (refused.code, refused.out, why in refused.err) == (2, "", True), refused.err
    assert "还没有抽取过" in here("draws").err


def test_shops_are_the_sellers_of_what_was_seen(here: Run, tmp_path: Path) -> None:
    store = ExhibitStore(open_database(tmp_path / "home" / "lantian.db"))
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="专利", planned_at=T0)], T0)
    listings = (
        listing("1"), listing("2"), listing("3", seller="改名的星河"), listing("4", seller_id="7002", seller="月影"),
        listing("5", seller_id="", seller="示例店"), listing("6", seller_id="", seller=""),
    )  # fmt: skip
    store.record(page_of(listings))
    store.engine.dispose()
    (draw,) = here("sample", "--from", "shops", "-n", "3", "--seed", "a", "--json").lines
    assert draw["size"] == 3
    assert {(one["platform"], one["seller_id"]) for one in draw["results"]} == {
        ("taobao", "7001"), ("taobao", "7002"), ("taobao", ""),
    }  # fmt: skip
