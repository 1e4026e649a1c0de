"""What changes something tells a program what it changed: `--json` of the commands that write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from crawling import RawServer, http
from registry_specimens import FIRM, ROWS, table, written
from typer.main import get_command

from console.cli import app
from tests.console.conftest import Ran

Run = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("made_home")
BY = ("--by", "甲")
# What runs for itself, prints JSON Lines always, or writes one thing that its own words name.
WORDS_ONLY = {"worker", "screen", "demo", "registry template"}


def silent(command: object, above: tuple[str, ...] = ()) -> set[str]:
    """The commands without `--json`."""
    if isinstance(command, typer.core.TyperGroup):
        return {one for name, below in command.commands.items() for one in silent(below, (*above, name))}
    assert isinstance(command, typer.core.TyperCommand)
    return set() if any("--json" in one.opts for one in command.params) else {" ".join(above)}


def told(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    (line,) = ran.lines
    return line


def test_no_command_that_decides_something_is_for_people_alone() -> None:
    assert silent(get_command(app)) == WORDS_ONLY


def test_a_watch_tells_its_number_and_version(here: Run) -> None:
    add = ("watch", "add", "日常", "--schedule", "0 8 * * *", "--platforms", "baidu", "--query", "专利", *BY)
    made = told(here(*add, "--json"))
    assert (made["id"], made["name"], made["version"], made["queries"], made["by"]) == (1, "日常", 1, 1, "甲")
    assert made["since"]
    change = ("watch", "change", "日常", "--grace", "30", *BY, "--json")
    assert [(one["version"], one["grace"], one["is_new"]) for one in (told(here(*change)), told(here(*change)))] == [
        (2, 30, True), (2, 30, False),
    ]  # fmt: skip
    assert told(here("watch", "pause", "日常", *BY, "--json"))["is_paused"]
    resumed = told(here("watch", "resume", "日常", *BY, "--json"))
    assert (resumed["version"], resumed["is_paused"]) == (4, False)


def test_addresses_of_several_platforms_tell_a_watch_each(here: Run) -> None:
    urls = ("--url", "https://xinghe.example/", "--url", "https://item.taobao.com/item.htm?id=123456")
    made = here("watch", "add", "网址", "--schedule", "0 8 * * *", *urls, *BY, "--json").lines
    assert [one["id"] for one in made] == [1, 2]
    assert len({one["name"] for one in made}) == 2


def test_a_struck_word_is_told(here: Run) -> None:
    word = next(one["words"] for one in here("watch", "queries", "--json").lines if one["origin"] == "rules")
    struck = told(here("watch", "queries", "--strike", word, *BY, "--json"))
    assert (struck["struck"], struck["by"]) == (word, "甲")


def test_the_calendar_tells_what_it_holds(here: Run, tmp_path: Path) -> None:
    notice = tmp_path / "2099.csv"
    notice.write_text("date,kind,name\n2099-01-01,休,元旦\n", encoding="utf-8")
    first = told(here("calendar", "import", notice, *BY, "--json"))
    assert (first["year"], first["is_new"], len(first["days"]), first["imported_by"]) == (2099, True, 1, "甲")
    assert "春节" in first["missing"]
    assert not told(here("calendar", "import", notice, "--by", "乙", "--json"))["is_new"]
    key = ("calendar", "key-date")
    added = told(here(*key, "add", "知识产权日", "--on", "04-26", *BY, "--json"))
    assert (added["name"], added["first"], added["removed_at"]) == ("知识产权日", "04-26", None)
    assert told(here(*key, "remove", "知识产权日", "--by", "乙", "--json"))["removed_by"] == "乙"


def test_the_list_of_those_watched_closely_tells_what_follows_it(here: Run, tmp_path: Path) -> None:
    here("registry", "import", written(tmp_path, table(*ROWS)))
    agency, priority = FIRM[1], ("agency", "priority")
    added = told(here(*priority, "add", agency, "--reason", "屡被投诉", *BY, "--json"))
    assert (added["name"], added["reason"], added["watches"]) == (agency, "屡被投诉", [])
    watch = ("watch", "add", "重点", "--schedule", "0 3 * * 1", "--platforms", "sogou", "--agencies", "priority")
    assert here(*watch, *BY).code == 0
    refreshed = told(here("agency", "refresh", *BY, "--json"))
    assert refreshed == {"name": "重点", "version": 0, "queries": 1, "is_paused": False}
    gone = told(here(*priority, "remove", agency, "--reason", "已整改", *BY, "--json"))
    assert (gone["removed_by"], gone["removed_why"]) == ("甲", "已整改")
    assert gone["watches"][0]["is_paused"]


def test_a_stopped_recheck_is_told(here: Run) -> None:
    made = ("recheck", "add", "--url", "https://xinghe.example/land", "--quote", "包授权", *BY, "--reason", "示例函1号")
    number = told(here(*made, "--json"))["id"]
    stopped = told(here("recheck", "stop", str(number), *BY, "--reason", "样例", "--json"))
    assert (stopped["id"], stopped["state"]) == (number, "stopped")


def test_a_test_message_tells_whom_it_reached(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda _: http("{}")) as server:
        monkeypatch.setenv("LANTIAN_NOTIFY", f"json://127.0.0.1:{server.port}/x/ nonsense://")
        ran = here("notify", "test", "--json")
    assert ran.code == 3
    assert ran.lines == [{"addresses": 2, "sent": 1, "failed": ["第 2 个地址写得不对"]}]


def test_older_acts_tell_what_they_did(here: Run) -> None:
    signed = told(here("override", "sign", "jd", "--person", "甲", "--reason", "示例", "--json"))
    assert (signed["platform"], signed["person"], signed["reason"]) == ("jd", "甲", "示例")
