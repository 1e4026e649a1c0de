"""Advertisers' own pages in a round: opened where a result page names them, bounded, once, never by a paid link."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patrolled_home import HOUR, MOMENT, Home, until
from sqlalchemy import select

from console.files import platforms
from console.landings import _is_wanted
from crawler import clock
from crawler.config import Config
from crawler.watches import Watch, WatchQuery
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.landings import Landings
from storage.models import Run
from storage.tables.rechecks import LandingRow
from storage.watches import Watches
from tests.console.conftest import Ran

Run_ = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

GUILTY = "发明专利包授权 不过全额退款"
SETTINGS = "[crawl]\ndelay = 0.0\ntimeout = 60.0\nretries = 0\nlandings = {}\n[browser]\npictures = false\n"
WEB = "".join(
    f'[[page]]\nhost = "{host}"\npath = "{path}"\nfile = "{file}"\n'
    for host, path, file in (
        ("cn.bing.com", "/search?q=专利&first=1", "results.html"),
        ("xinghe.example", "/land", "land.html"),
        ("xinghe.example", "/quiet", "land.html"),
        ("yinhe.example", "/second", "second.html"),
    )
)
LAND = (
    "<!doctype html><html><head><meta charset=utf-8><title>星河知产</title></head><body><h1>包授权 不成功全额退款</h1>"
    "<p>全国代理，联系人李样本，电话 13800000000。</p>"
    "<footer>星河知识产权代理有限公司 版权所有 京ICP备00000000号-1</footer></body></html>"
)


def result(title: str, url: str, text: str = "") -> str:
    return (
        f'<li class="b_algo"><h2><a href="{url}">{title}</a></h2><div class="b_caption"><p>{text}</p></div>'
        f'<div class="b_attribution"><cite>{url}</cite></div></li>'
    )


def results(*found: str) -> str:
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>专利 - 搜索</title></head><body><div id="b_content">'
        f'<ol id="b_results">{"".join(found)}</ol></div></body></html>'
    )


PAGE = results(
    result(GUILTY, "https://xinghe.example/land"),
    result("专利代理 正规机构", "https://xinghe.example/quiet", "依法代理，官费自理。"),
    result("包授权 包下证 专利", "https://yinhe.example/second"),
    result("专利包授权 保证下证", "https://elsewhere.example/"),
    result("专利包过 包授权", "https://s.taobao.com/some/shop"),
    result("发明专利包授权 加急", "http://www.baidu.com/baidu.php?url=abc"),
)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "queries.txt"
    path.write_text("专利\n", encoding="utf-8")
    return path


def rounds(lantian: Run_, serve: Serve, asked: Path, landings: int = 20) -> list[dict[str, object]]:
    (asked.parent / "home").mkdir(exist_ok=True)
    (asked.parent / "home" / "lantian.toml").write_text(SETTINGS.format(landings), encoding="utf-8")
    hosts = str(serve({"results.html": PAGE, "land.html": LAND, "second.html": LAND.replace("星河", "银河")}, WEB))
    ran = lantian("round", "--queries", asked, "--spiders", "bing", "--pages", "1", "--json", LANTIAN_HOSTS=hosts)
    return ran.lines


def landed(lines: list[dict[str, object]]) -> dict[str, object]:
    return {str(line["query"]): line["outcome"] for line in lines if line["spider"] == "landing"}


def test_a_flagged_result_has_its_own_page_opened_kept_and_judged(
    lantian: Run_, serve: Serve, asked: Path, tmp_path: Path
) -> None:
    # Not the innocent one, not a platform's own page, not a paid link, no real host for an invented page; and one
    # at most in the first round, each once in thirty days.
    told = landed(rounds(lantian, serve, asked, landings=1)), landed(rounds(lantian, serve, asked))
    assert [len(one) for one in told] == [1, 1]
    assert told[0] | told[1] == {"https://xinghe.example/land": "ok", "https://yinhe.example/second": "ok"}
    leads = lantian("leads", "--each", "--json").lines
    own = next(one for one in leads if one["platform"] == "landing" and "xinghe" in one["url"])
    shown = json.loads(lantian("show", own["exhibit"], "--json").out)["exhibit"]
    assert shown["listing"]["seller"] == "星河知识产权代理有限公司"
    assert {one["value"] for one in shown["entities"]} >= {"13800000000"}
    store = ExhibitStore(open_database(tmp_path / "home" / "lantian.db"))
    landings = Landings(store.engine)
    with store.engine.connect() as connection:
        first = connection.execute(select(LandingRow).where(LandingRow.url.contains("xinghe"))).one()
        runs = connection.execute(select(Run.id).where(Run.platform == "bing")).scalars().all()
    assert [(one.why, one.outcome) for one in landings.of(first.exhibit)] == [("flagged", "ok")]
    assert "落地页" in lantian("show", first.exhibit).out
    later = [landings.plan(None, runs, lambda *_: True, 9, first.at + timedelta(days=days)) for days in (29, 31)]
    assert [sum("xinghe" in one.query for one in planned) for planned in later] == [0, 1]
    store.engine.dispose()


def test_a_crawl_that_is_killed_while_it_opens_pages_leaves_none_in_progress(serve: Serve, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.path.mkdir()
    patrol = "[patrol]\ntick = 0.5\nlease = 6.0\ntries = 2\nmegabytes = 3000\n"
    settings = SETTINGS.format(9).replace("timeout = 60.0", "timeout = 100.0")
    (home.path / "lantian.toml").write_text(settings + patrol, encoding="utf-8")
    hosts = serve({"results.html": PAGE}, WEB.replace('file = "land.html"', "hang = true").replace(
        'file = "second.html"', "hang = true"))  # fmt: skip
    now = clock.now()
    then = (now - timedelta(minutes=10)).astimezone(clock.SHANGHAI)
    watch = Watch(name="示例", platforms=("bing",), queries=(WatchQuery(words="专利"),), schedule=then.strftime(MOMENT),
                  depth=1)  # fmt: skip
    engine = open_database(home.path / "lantian.db")
    Watches(engine).add(watch, "测试员", now - HOUR)

    def openings() -> list[tuple[datetime, str | None, str]]:
        query = select(LandingRow.lease_until, Run.outcome, Run.reason).join(Run, Run.id == LandingRow.run_id)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(LandingRow.id))]

    with home.patrol(hosts) as going:
        child = going.wait_for("begun")["pid"]
        first = until(openings)
        assert {one[1] for one in first} == {None}
        assert until(lambda: openings()[0][0] > first[0][0]), "who lives keeps what he opens"
        until(
            lambda: [row.outcome for row in home.rows()] == ["ok"]
        )  # every row of the claim ends; the opening goes on
        os.kill(child, signal.SIGKILL)
        assert going.wait_for("ended")["has_left"] is True
        until(lambda: {one[1:] for one in openings()} == {("missed", "interrupted")})
        assert going.stop() == 0
    assert [(row.outcome, row.attempts) for row in home.rows()] == [("ok", 1)]
    engine.dispose()


def test_an_opening_whose_crawl_died_is_written_off_after_its_time(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute(
            "INSERT INTO runs (id, platform, query, planned_at, reason, detail, pages, listings, lost, captures)"
            " VALUES ('r1', 'landing', 'https://a.example/', '2026-03-02 00:00:00.000000', '', '', 0, 0, 0, 0)"
        )
        raw.execute(
            "INSERT INTO landings (exhibit, url, why, run_id, at, lease_until)"
            " VALUES ('e1', 'https://a.example/', 'ad', 'r1', '2026-03-02 00:00:00.000000',"
            " '2026-03-02 01:00:00.000000')"
        )
        raw.commit()
    landings = Landings(engine)
    assert landings.write_off(now + timedelta(minutes=30)) == 0
    assert landings.of("e1")[0].outcome is None
    assert landings.write_off(now + timedelta(hours=2)) == 1
    assert (landings.of("e1")[0].outcome, landings.of("e1")[0].reason) == ("missed", "interrupted")
    assert landings.write_off(now + timedelta(hours=3)) == 0
    with engine.connect() as connection:
        assert connection.execute(Run.__table__.select()).one().ended_at
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "is_wanted"),
    [
        ("https://foo.com.cn/land", True),
        ("https://www.foo.gov.cn/", True),
        ("https://www.foo.org.cn/", True),
        ("https://foo.com.cn./land", True),
        ("https://shop.xinghe.co.jp/", True),
        ("https://8.8.8.8/", True),
        ("https://s.shop.com.cn/", False),
        ("https://other.shop.com.cn/land", False),
        ("https://SHOP.com.cn.:443/land", False),
        ("https://item.taobao.com/item.htm?id=1", False),
        ("https://zhuanlan.zhihu.com/p/1", False),
        ("https://s.click.taobao.com/t?e=1", False),
        ("https://gdt.qq.com/x", False),
        ("https://link.zhihu.com/?target=1", False),
        ("http://2130706433/", False),
        ("http://a.localhost/", False),
        ("https://[::1/", False),
        ("ftp://foo.com.cn/", False),
    ],
)
def test_a_platforms_own_hosts_are_told_by_what_one_owner_registered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, *, is_wanted: bool
) -> None:
    """An agency below .com.cn shares no owner with a platform there. No network is asked which suffixes there are."""
    monkeypatch.setattr(platforms()["taobao"], "hosts", ("s.taobao.com", "s.shop.com.cn"))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection"))
    assert _is_wanted(Config(home=tmp_path), url, is_specimen=False) is is_wanted
