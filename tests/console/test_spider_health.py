"""What a person sees of spiders and alarms: numbers, causes, pages; nothing of a hostile page acts on the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from empty_home import laid
from looked import CAPTCHA, Looked, Saw
from sqlalchemy import Engine

from console.alarms import folded
from console.canaries import PAGES, canary_of
from crawler import clock
from crawler.items import Outcome
from crawler.tables import Alarms as Limits
from patrol.health import watch_over
from patrol.platforms import spider_of
from storage.alarms import Alarms
from storage.db import open_database
from tests.console.conftest import Ran

Here = Callable[..., Ran]
HOSTILE = "ad\x1b]0;owned\x07\u202e[red]挂名[/red]"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "home").mkdir()
    engine = open_database(laid(tmp_path / "home" / "lantian.db"))
    yield engine
    engine.dispose()


def days(engine: Engine, several: list[dict[str, Saw]]) -> None:
    """One round a day, the last one an hour ago."""
    looked, last = Looked(engine), clock.now() - timedelta(hours=1)
    for number, saw in enumerate(several):
        at = last - timedelta(days=len(several) - 1 - number)
        looked.round(at, saw)
        watch_over(engine, Limits(), at)


def test_health_tells_every_spider_also_those_never_asked(engine: Engine, here: Here) -> None:
    days(engine, [{"包授权": Saw(), "挂证": Saw(without=("seller",))}] * 2)
    lines = {line["name"]: line for line in here("spiders", "health", "--json").lines}
    baidu, taobao = lines["baidu"], lines["taobao"]
    assert (baidu["success"], baidu["volume"], baidu["rounds"]) == (1.0, 10, 2)
    assert baidu["fields"] == {
        "texts": 1.0, "sellers": 0.5, "prices": 1.0, "images": 1.0, "urls": 1.0, "shown_urls": 1.0,
    }  # fmt: skip
    assert (baidu["last"]["runs"], baidu["last"]["ads"]) == (2, 2)
    assert baidu["evidence"]["ads"] == "code only"
    assert "ads" in baidu["code_only"]
    assert (taobao["last_ok"], taobao["success"], taobao["rounds"]) == (None, None, 0)
    assert taobao["canary"]["pages"] > 5
    assert all(line["canary"]["wrong"] == [] for line in lines.values())


def test_health_and_alarms_are_harmless_whatever_a_page_says(engine: Engine, here: Here) -> None:
    bad = Saw(count=0, outcome=Outcome.CHANGED, reason="structure", detail=HOSTILE, ads=0)
    days(engine, [{f"{HOSTILE}{number}": bad for number in range(2)}] * 3)
    told = [here("spiders", "health"), here("alarms", "list"), here("alarms", "show", "1"),
            here("coverage", "--platform", "baidu")]  # fmt: skip
    assert all(one.code == 0 for one in told)
    assert "[成功率低]" in told[1].out
    assert "[red]挂名" in told[1].out, "markup of a console is a text like any other"
    for one in told:
        assert not [sign for sign in "\x1b\x07\u202e" if sign in one.out + one.err]


def test_an_alarm_names_its_page_and_is_acknowledged_once(engine: Engine, here: Here) -> None:
    days(engine, [{"包授权": CAPTCHA}] * 3)
    (alarm,) = here("alarms", "list", "--json").lines
    assert (alarm["kind"], alarm["cause"], alarm["stands"], alarm["page"]) == ("success", "wall", True, 1)
    assert alarm["capture"].startswith("capture-run-")
    assert alarm["url"].startswith("https://www.baidu.com/")
    number = str(alarm["id"])
    assert "固定 capture-run-" in here("alarms", "show", number).out
    assert here("alarms", "ack", number, "--reason", "知道").code == 2
    assert here("alarms", "ack", number, "--by", "王敏", "--reason", "知道\x1b").code == 2
    (acked,) = here("alarms", "ack", number, "--by", "王敏", "--reason", "已联系平台", "--json").lines
    assert (acked["id"], acked["acked_by"], acked["acked_reason"]) == (alarm["id"], "王敏", "已联系平台")
    assert here("alarms", "ack", number, "--by", "王敏", "--reason", "已联系平台").code == 2
    assert "王敏已确认" in here("alarms", "list").out
    assert here("alarms", "show", "99").code == 2


def test_no_alarm_is_said_and_cleared_ones_are_listed_when_asked_for(engine: Engine, here: Here) -> None:
    days(engine, [{"包授权": CAPTCHA}] * 3 + [{"包授权": Saw()}] * 3)
    assert here("alarms", "list").err.startswith("没有未解除的警报")
    (cleared,) = here("alarms", "list", "--all", "--json").lines
    assert (cleared["stands"], cleared["cleared_by"]) == (False, "recovered")
    assert "已恢复正常" in here("alarms", "list", "--all").out


def test_many_alike_are_told_as_one(engine: Engine, here: Here) -> None:
    queries = [f"查询{number}" for number in range(5)]
    days(engine, [dict.fromkeys(queries, Saw(total=10))] * 3 + [dict.fromkeys(queries, Saw(count=3, total=10))] * 3)
    standing = Alarms(engine).standing()
    assert len(standing) == 5
    assert [len(group) for group in folded(standing)] == [5]
    assert "等 5 项（编号 " in here("alarms", "list").out


# -- canaries --------------------------------------------------------------------------------------


def test_a_canary_that_is_read_otherwise_is_named(tmp_path: Path) -> None:
    spider = spider_of("zhihu")
    assert spider is not None
    shutil.copytree(PAGES / "zhihu", tmp_path / "zhihu")
    whole = canary_of(spider, tmp_path)
    assert (whole.pages > 3, whole.wrong) == (True, ())
    golden = min((tmp_path / "zhihu").glob("*.json"))
    golden.write_text(golden.read_text("utf-8").replace('"outcome": "', '"outcome": "not '), encoding="utf-8")
    page = next(one for one in (tmp_path / "zhihu").iterdir() if one.stem == golden.stem and one.suffix == ".html")
    assert canary_of(spider, tmp_path).wrong == (page.name,)
    golden.unlink()
    assert canary_of(spider, tmp_path) == replace(whole, wrong=(page.name,))


def test_outside_a_checkout_no_canary_is_claimed(
    engine: Engine, here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("console.canaries.PAGES", tmp_path / "nowhere")
    assert {line["canary"] for line in here("spiders", "health", "--json").lines} == {None}
    assert "无从核对" in here("spiders", "health").err
