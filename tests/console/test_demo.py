"""The whole way on the specimen web: what is planted is found, what is innocent is left alone, twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import ROOT, Ran

Run = Callable[..., Ran]


def test_the_demo_finds_every_planted_violation_and_no_innocent(lantian: Run, tmp_path: Path) -> None:
    first = lantian("demo", LANTIAN_BROWSER_AS_ROOT="1")
    assert first.code == 0, first.err
    assert 'name = "示例市市场监督管理局"' in (tmp_path / "home" / "lantian.toml").read_text(encoding="utf-8")
    assert f"export LANTIAN_HOME={tmp_path / 'home'} " in first.err
    assert "漏报" not in first.err
    assert "误报：" not in first.err
    leads = lantian("leads", "--limit", "1000", "--json").lines
    assert len(leads) >= 14
    assert {"guaranteed_grant", "green_channel", "official_impersonation", "inventor_listing"} <= {
        category for lead in leads for category in lead["categories"]
    }
    assert all(lead["integrity"] == "whole" and lead["specimen"] for lead in leads)
    coverage = lantian("coverage", "--json").lines
    assert {"ok", "empty", "blocked", "unreachable", "disallowed"} <= {row["outcome"] for row in coverage}

    again = lantian("demo", LANTIAN_BROWSER_AS_ROOT="1")
    assert again.code == 0, again.err
    seen_twice = {lead["listing"]: lead["sightings"] for lead in lantian("leads", "--limit", "1000", "--json").lines}
    assert all(count >= 2 for key, count in seen_twice.items() if key in {lead["listing"] for lead in leads})


def test_without_a_browser_the_demo_says_so_and_goes_on(lantian: Run) -> None:
    ran = lantian("demo", LANTIAN_BROWSER="/nonexistent")
    assert ran.code == 0, ran.err
    assert ran.err.count("没有浏览器，继续但不拍图") == 1
    assert "needs_browser" in {row["reason"] for row in lantian("coverage", "--json").lines}
    assert all(not lead["picture"] for lead in lantian("leads", "--json").lines)


def test_a_web_that_keeps_its_promise_not_fails_the_demo(lantian: Run, tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "page.html").write_text("<html><body>没有卡片</body></html>", encoding="utf-8")
    (web / "manifest.toml").write_text(
        'version = 1\n[[page]]\nhost = "search.jd.com"\npath = "/Search?keyword=专利"\nfile = "page.html"\n'
        '[[query]]\nspider = "jd"\nquery = "专利"\noutcome = "ok"\n'
        '[[expect]]\nspider = "jd"\ntitle = "专利包授权"\ncategory = "guaranteed_grant"\n',
        encoding="utf-8",
    )
    (web / "lantian.toml").write_text('[office]\nname = "示例局"\n', encoding="utf-8")
    own = tmp_path / "home" / "lantian.toml"
    own.write_text("[crawl]\npages = 1\n", encoding="utf-8")
    ran = lantian("demo", "--specimen", web)
    assert own.read_text(encoding="utf-8") == "[crawl]\npages = 1\n", "a home's own settings stay"
    assert ran.code == 1
    assert "漏报：专利包授权" in ran.err
    assert "结果不符：jd 专利" in ran.err


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('[[query]]\nspider = "nosuch"\nquery = "专利"\n', "nosuch"),
        ('[[expect]]\nspider = "jd"\ntitle = "某标题"\ncategory = "nope"\n', "nope"),
    ],
)
def test_a_manifest_speaks_only_of_what_there_is(lantian: Run, tmp_path: Path, entry: str, said: str) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "manifest.toml").write_text(
        'version = 1\n[[page]]\nhost = "search.jd.com"\npath = "/"\nstatus = 404\n' + entry, encoding="utf-8"
    )
    ran = lantian("demo", "--specimen", web)
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert said in ran.err


def test_the_demo_never_mixes_into_a_real_home(lantian: Run, tmp_path: Path) -> None:
    lantian("override", "sign", "jd", "--person", "测试员", "--reason", "测试")
    ran = lantian("demo")
    assert ran.code == 2
    assert "已有真实数据" in ran.err


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_demo_serves_another_web(tmp_path: Path) -> None:
    """`SPECIMEN=DIR make demo` reaches the command; a folder without a manifest is one line and not a trace."""
    import subprocess

    environ = {**os.environ, "SPECIMEN": str(tmp_path), "LANTIAN_HOME": str(tmp_path / "home")}
    told = subprocess.run(["make", "-n", "demo"], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert f'--specimen "{tmp_path}"' in told.stdout
