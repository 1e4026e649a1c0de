"""`lantian recheck` from the exhibit to "gone": absence is captured, sealed, and believed the second time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from crawler import clock
from crawler.config import Config
from crawler.tables import Browser
from pipelines.browser import BrowserTrouble, find_chromium
from storage.db import open_database
from storage.tables.rechecks import RecheckRow
from tests.console.conftest import Ran
from tests.console.test_landings import LAND, WEB, result, results

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

SETTINGS = (
    "[crawl]\ndelay = 0.0\ntimeout = 60.0\nretries = 0\nlandings = 0\n[patrol]\ntick = 0.5\n[browser]\npictures = {}\n"
)
GONE = '[[page]]\nhost = "xinghe.example"\npath = "/land"\nfile = "gone.html"\nstatus = 404\n'
PAGE = results(
    result("发明专利包授权 不过全额退款", "https://xinghe.example/land"),
    result("专利包授权 保证下证", "https://cn.bing.com/aclk?ld=e1&rlid=1"),
)


def is_due(home: Path) -> None:
    """The next look's moment has come."""
    engine = open_database(home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(update(RecheckRow).values(next_at=clock.now() - timedelta(seconds=5)))
    engine.dispose()


def test_until_it_is_gone(lantian: Run, serve: Serve, tmp_path: Path) -> None:
    try:
        find_chromium(Config(home=tmp_path, browser=Browser(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    asked = tmp_path / "queries.txt"
    asked.write_text("专利\n", encoding="utf-8")
    (home / "lantian.toml").write_text(SETTINGS.format("false"), encoding="utf-8")
    there = str(serve({"results.html": PAGE, "land.html": LAND, "second.html": LAND}, WEB))
    lantian("round", "--queries", asked, "--spiders", "bing", "--pages", "1", LANTIAN_HOSTS=there)
    leads = lantian("leads", "--each", "--json").lines
    exhibit = next(one["exhibit"] for one in leads if "xinghe" in one["url"])
    made = lantian("recheck", "add", exhibit, "--by", "张虚构", "--reason", "示例函1号", "--json").lines[0]
    assert (made["platform"], made["query"]) == ("landing", "https://xinghe.example/land")
    assert lantian("recheck", "add", exhibit, "--by", "张虚构", "--reason", "示例函1号").code == 2
    # What is known by a paid link alone is looked for where it stood.
    paid = next(one["exhibit"] for one in leads if "bing.com" in one["url"])
    listed = lantian("recheck", "add", paid, "--by", "张虚构", "--reason", "示例函2号", "--json").lines[0]
    assert (listed["platform"], listed["query"]) == ("bing", "专利")
    lantian("recheck", "stop", str(listed["id"]), "--by", "张虚构", "--reason", "样例")

    is_due(home)
    ran = lantian("patrol", "--once", LANTIAN_HOSTS=there)
    assert ran.code == 0, ran.err
    assert history(lantian)[0]["verdict"] == "present"

    (home / "lantian.toml").write_text(SETTINGS.format("true"), encoding="utf-8")
    gone = {"gone.html": "<!doctype html><title>404</title><p>页面不存在</p>", "results.html": PAGE}
    away = str(serve(gone, GONE))
    for verdicts, state in ((["gone", "present"], "open"), (["gone", "gone", "present"], "gone")):
        is_due(home)
        ran = lantian("patrol", "--once", LANTIAN_HOSTS=away, LANTIAN_BROWSER_AS_ROOT="1")
        looks = history(lantian)
        assert [one["verdict"] for one in looks] == verdicts, ran.err
        assert looks[0]["capture"]
        assert looks[0]["visit"], "absence is taken home by the browser too"
        assert "已封存" in looks[0]["seal"]
        assert lantian("recheck", "list", "--json").lines[0]["state"] == state
    assert "已消失" in lantian("recheck", "show", "1").out
    assert lantian("evidence", "verify", "--json").code == 0


def history(lantian: Run) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(lantian("recheck", "show", "1", "--json").out)["history"]
    return told


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://www.baidu.com/baidu.php?url=abc", "按点击计费"),
        ("https://LEGOCLICK.58.com.:443/%6aump?target=1", "按点击计费"),
        ("https://www.so.com/link?m=1", "跳转链接"),
        ("http://2852039166/latest/meta-data", "不在公网上"),
        ("http://a.localhost/", "不在公网上"),
    ],
)
@pytest.mark.usefixtures("made_home")
def test_what_nobody_may_open_is_not_looked_at_again(here: Run, url: str, why: str) -> None:
    refused = here("recheck", "add", "--url", url, "--by", "张虚构", "--reason", "示例函1号")
    assert (refused.code, why in refused.err, len(refused.err.strip().splitlines())) == (2, True, 1), refused.err
