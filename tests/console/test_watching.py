"""`lantian watch` as a person types it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.watches import Watch, WatchQuery
from storage.db import open_database
from storage.watches import Watches
from tests.console.conftest import Ran

Run = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("made_home")
DAILY = ("watch", "add", "日常", "--schedule", "0 8,14 * * *", "--by", "甲", "--platforms", "baidu,sogou")
PLAN = ("watch", "plan", "--json", "--from")


@pytest.fixture
def daily(here: Run) -> Ran:
    return here(*DAILY, "--query", "专利包授权", "--query", "商标包过")


def acts(home: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(home / "lantian.db") as connection:
        found = connection.execute("SELECT who, act, subject FROM audit ORDER BY id").fetchall()
    connection.close()
    return found


def test_a_watch_is_written_shown_and_planned(here: Run, daily: Ran, tmp_path: Path) -> None:
    assert daily.code == 0, daily.err
    assert "已建立巡查任务 日常：2 个平台 × 2 个查询" in daily.err
    (listed,) = here("watch", "list", "--json").lines
    assert (listed["name"], listed["version"], listed["queries"], listed["by"]) == ("日常", 1, 2, "甲")
    assert listed["next"]
    assert "日常" in here("watch", "list").out
    (shown,) = here("watch", "show", "日常", "--json").lines
    assert shown["queries"][0] == {"words": "专利包授权", "origin": "office", "category": ""}
    assert [(one["version"], one["by"], one["until"]) for one in shown["versions"]] == [(1, "甲", None)]
    said = here("watch", "show", "日常").out
    for words in ("平台：baidu、sogou", "哪些天：每天", "宽限：360 分钟", "设备：电脑", "专利包授权  本单位"):
        assert words in said
    assert "时段" not in said, "it is not set"
    rows = here(*PLAN, "2099-01-01", "--to", "2099-01-02").lines
    assert len(rows) == 2 * 2 * 2 * 2
    assert rows[0] == {
        "watch": "日常", "version": 1, "platform": "baidu", "query": "专利包授权", "assumed": "暂按周末推算",
        "planned_at": "2099-01-01T00:00:00+00:00", "latest": "2099-01-01T05:59:59+00:00", "key": rows[0]["key"],
    }  # fmt: skip
    assert len({row["key"] for row in rows}) == len(rows)
    assert acts(tmp_path / "home") == [("甲", "watch_added", "日常")]


def test_a_day_is_whole_and_a_moment_is_exact(here: Run, daily: Ran) -> None:
    here("watch", "add", "半夜", "--schedule", "0 0 * * *", "--by", "甲", "--platforms", "baidu", "--query", "专利")
    rows = here(*PLAN, "2099-01-01", "--to", "2099-01-01", "--watch", "半夜").lines
    assert [row["planned_at"] for row in rows] == ["2098-12-31T16:00:00+00:00"], "its own midnight, not the next one"
    rows = here(*PLAN, "2099-01-01T08:00", "--to", "2099-01-01T14:00", "--watch", "日常").lines
    assert {row["planned_at"] for row in rows} == {"2099-01-01T06:00:00+00:00"}
    assert (
        "2099-01-01 08:00 至 01-01 13:59  日常  baidu  专利包授权  暂按周末推算"
        in here("watch", "plan", "--from", "2099-01-01", "--to", "2099-01-01").out
    )


def test_without_bounds_it_is_a_month_from_today(here: Run, daily: Ran) -> None:
    first = here("watch", "plan", "--json").lines
    assert len({row["planned_at"][:10] for row in first}) in (29, 30), "what of today is past the watch did not plan"


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (("2099-01-02", "2099-01-01"), "早于"),
        (("2099-01-01", "2100-06-01"), "366 天"),
        (("gestern", "2099-01-01"), "不是日期"),
        (("9999-12-31", "9999-12-31"), "太早或太晚"),
    ],
)
def test_a_stretch_that_cannot_be(here: Run, daily: Ran, bounds: tuple[str, str], why: str) -> None:
    refused = here(*PLAN, bounds[0], "--to", bounds[1])
    assert (refused.code, refused.out) == (2, "")
    assert why in refused.err


def test_before_there_are_users_it_is_the_account_that_decides(here: Run) -> None:
    here("watch", "add", "试", "--schedule", "0 8 * * *", "--query", "专利", "--platforms", "baidu")
    assert here("watch", "list", "--json").lines[0]["by"].startswith("系统账号 ")


def test_changes_are_versions(here: Run, daily: Ran, tmp_path: Path) -> None:
    assert "第 2 版" in here("watch", "change", "日常", "--by", "乙", "--schedule", "0 9 * * *", "--depth", "5").err
    (shown,) = here("watch", "show", "日常", "--json").lines
    assert (shown["schedule"], shown["depth"], shown["platforms"]) == ("0 9 * * *", 5, ["baidu", "sogou"])
    assert [one["words"] for one in shown["queries"]] == ["专利包授权", "商标包过"], "what was not named stays"
    assert "没有改动" in here("watch", "change", "日常", "--by", "乙").err
    here("watch", "change", "日常", "--by", "乙", "--query", "软著包过", "--platforms", "sogou")
    (shown,) = here("watch", "show", "日常", "--json").lines
    assert ([one["words"] for one in shown["queries"]], shown["platforms"]) == (["软著包过"], ["sogou"])
    assert [one["by"] for one in shown["versions"]] == ["甲", "乙", "乙"]
    assert [act for _, act, _ in acts(tmp_path / "home")] == ["watch_added", "watch_changed", "watch_changed"]
    assert "第 3 版" in here("watch", "show", "日常").out


def test_a_paused_watch_plans_nothing(here: Run, daily: Ran) -> None:
    assert here("watch", "pause", "日常", "--by", "甲").code == 0
    assert here(*PLAN, "2099-01-01", "--to", "2099-01-02").out == ""
    assert here("watch", "list", "--json").lines[0]["next"] is None
    assert "已经停着" in here("watch", "pause", "日常", "--by", "甲").err
    here("watch", "resume", "日常", "--by", "甲")
    assert here(*PLAN, "2099-01-01", "--to", "2099-01-02").out
    assert "没有停" in here("watch", "resume", "日常", "--by", "甲").err


def test_what_the_system_arranges_is_not_for_people_to_change(here: Run, made_home: Path) -> None:
    engine = open_database(made_home / "lantian.db")
    own = Watch(
        name="复查", platforms=("landing",), queries=(WatchQuery(words="复查"),), schedule="0 0 1 1 *", is_paused=True
    )
    Watches(engine).add(own, "lantian", datetime(2026, 11, 1, tzinfo=UTC))
    engine.dispose()
    for words in (("resume", "复查"), ("pause", "复查"), ("change", "复查", "--grace", "5")):
        refused = here("watch", *words)
        assert (refused.code, "系统自己" in refused.err) == (2, True), refused.err
    assert "系统安排" in here("watch", "list").out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--schedule", "0 8 * *", "--by", "甲", "--query", "专利"), "五段"),
        (("--schedule", "0 8 * * *", "--by", "甲\x1b", "--query", "专利"), "控制字符"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--query", "专利", "--platforms", "nowhere"), "没有名为"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--query", "专利", "--place", "火星"), "这个城市"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--query", "专利", "--depth", "99"), "depth"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--url", "xinghe.example"), "不是网址"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--url", "https://a.example/", "--query", "专利"), "--platforms"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--url", "https://www.baidu.com/baidu.php?url=abc"), "按点击计费"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--url", "https://WWW.sogou.com:443/%6cink?url=a"), "跳转链接"),
        (("--schedule", "0 8 * * *", "--by", "甲", "--url", "http://169.254.169.254/latest"), "不在公网上"),
    ],
)
def test_a_refused_watch_leaves_nothing(here: Run, options: tuple[str, ...], why: str) -> None:
    refused = here("watch", "add", "试", *options)
    assert refused.code == 2
    assert why in refused.err
    assert here("watch", "list", "--json").out == ""


def test_a_change_is_refused_what_a_new_watch_is(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "https://www.xinghe.example/link/baidu.php?url=https://www.baidu.com/baidu.php"
    made = here("watch", "add", "可疑", "--schedule", "0 8 * * 1", "--by", "甲", "--url", own)
    assert made.code == 0, made.err
    for url, why in (("https://cn.bing.com/aclk?ld=1", "按点击计费"), ("http://127.1/", "不在公网上")):
        refused = here("watch", "change", "可疑", "--by", "甲", "--url", url)
        assert (refused.code, why in refused.err, len(refused.err.strip().splitlines())) == (2, True, 1), refused.err
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("inner.localhost 127.0.0.1:8080\n", encoding="utf-8")
    monkeypatch.setenv("LANTIAN_HOSTS", str(hosts))
    inside = ("--url", "http://127.0.0.1:8080/", "--url", "http://inner.localhost/")
    opened = here("watch", "change", "可疑", "--by", "甲", *inside)
    assert opened.code == 0, opened.err
    assert [one["version"] for one in here("watch", "list", "--json").lines] == [2]


def test_names_are_taken_once_and_only_users_decide(
    here: Run, daily: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "已有名为 日常" in here(*DAILY, "--query", "专利").err
    password = tmp_path / "password"
    password.write_text("xinghe-Cesuo-2026\n", encoding="utf-8")
    password.chmod(0o600)
    here("user", "add", "丙", "--badge", "执法001", "--password-file", password)
    for name in ("甲", "丙", ""):
        refused = here("watch", "pause", "日常", "--by", name)
        assert (refused.code, "要用本人的凭据" in refused.err) == (2, True)
    made = here("user", "token", "new", "--label", "测试", "--by", "丙", "--password-file", password)
    monkeypatch.setenv("LANTIAN_TOKEN", made.out.strip())
    assert "凭据是 丙 的" in here("watch", "pause", "日常", "--by", "甲").err
    assert here("watch", "pause", "日常").code == 0


def test_addresses_go_to_the_platforms_whose_they_are(here: Run, tmp_path: Path) -> None:
    urls = tmp_path / "urls.txt"
    urls.write_text("https://www.xinghe.example/\nhttps://item.taobao.com/item.htm?id=1\n", encoding="utf-8")
    made = here(
        "watch", "add", "可疑", "--schedule", "0 8 * * 1", "--by", "甲", "--urls", urls, "--url", "http://b.example/"
    )
    assert made.code == 0, made.err
    listed = {one["name"]: (one["platforms"], one["queries"]) for one in here("watch", "list", "--json").lines}
    assert listed == {"可疑": (["landing"], 2), "可疑·淘宝": (["taobao"], 1)}
    again = here("watch", "add", "可疑", "--schedule", "0 8 * * 1", "--by", "甲", "--urls", urls)
    assert "已有名为 可疑、可疑·淘宝" in again.err
    assert here("watch", "add", "单", "--schedule", "0 8 * * 1", "--by", "甲", "--url", "http://b.example/").code == 0


def test_without_words_the_list_and_the_rules_are_asked(here: Run) -> None:
    offered = here("watch", "queries", "--json").lines
    assert {one["origin"] for one in offered} == {"list", "rules"}
    here("watch", "add", "全", "--schedule", "0 8 * * *", "--by", "甲")
    (shown,) = here("watch", "show", "全", "--json").lines
    assert shown["queries"] == offered
    assert "landing" not in shown["platforms"]
    assert {"baidu", "taobao", "wuba"} <= set(shown["platforms"])


def test_a_generated_word_is_struck_for_good(here: Run) -> None:
    word = next(one["words"] for one in here("watch", "queries", "--json").lines if one["origin"] == "rules")
    assert here("watch", "queries", "--strike", word).code == 0
    assert f"{word}  规则" not in here("watch", "queries").out
    assert "不是从规则生成的词" in here("watch", "queries", "--strike", word, "--by", "甲").err
