"""The archive judged again: dry by default, kept on request, once, and whole after a death in the middle."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from storage_specimens import T0, finding, listing, page_of

from crawler.items import Kind, Listing
from crawler.pictures import Fate, PictureLine, PictureText, WantedPicture
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureEnd
from storage.shapes import PlannedRun
from tests.console.conftest import ROOT, Ran

Run = Callable[..., Ran]
GUILTY, MILD = "发明专利包授权，不授权全额退款", "家用空调清洗，上门服务"
# What an earlier version found, and what it did not.
OLD = finding(rule="guaranteed_grant_old", points=61, quote="空调", start=2, end=4)


def offer(item: str, title: str) -> Listing:
    return listing(item, title=title, text="", kind=Kind.AD, is_ad=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Ten pages of sixty: a third guilty and unflagged, a third flagged for nothing, a third neither."""
    folder = tmp_path / "home"
    folder.mkdir(exist_ok=True)
    store = ExhibitStore(open_database(folder / "lantian.db"))
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="q", planned_at=T0)], T0)
    for number in range(1, 11):
        items = [(f"{number}-{at}", (GUILTY, MILD, "软件著作权登记费用说明")[at % 3]) for at in range(60)]
        page = page_of(
            tuple(offer(name, f"{title}{name}") for name, title in items),
            number=number,
            findings={name: (OLD,) for name, title in items if title == MILD},
        )
        store.record(page)
    store.engine.dispose()
    return folder


def rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that stands, without the numbers that depend on how often it was tried."""
    with sqlite3.connect(home / "lantian.db") as connection:
        found = {
            "stands": "SELECT exhibit_id, rule, points, quote FROM findings WHERE replaced_in IS NULL ORDER BY 1, 2",
            "history": "SELECT exhibit_id, rule FROM findings WHERE replaced_in IS NOT NULL ORDER BY 1, 2",
            "exhibits": "SELECT id, points FROM exhibits ORDER BY 1",
            "listings": "SELECT key, flagged_id, points FROM listings ORDER BY 1",
            "entities": "SELECT exhibit_id, kind, value, field FROM entities ORDER BY 1, 2, 3, 4",
            "sizes": "SELECT size FROM lead_groups WHERE size > 0 ORDER BY 1",
        }
        told = {name: connection.execute(query).fetchall() for name, query in found.items()}
    connection.close()
    return told


def test_dry_run_tells_and_writes_nothing(here: Run, home: Path) -> None:
    before = rows(home)
    ran = here("rescreen", "--json")
    *changes, sums = ran.lines
    assert ran.code == 0
    assert (sums["seen"], sums["changed"], sums["applied"]) == (600, 400, False)
    gone = [one for one in changes if one["gone"]]
    assert len(gone) == 200
    assert {one["gone"][0]["rule"] for one in gone} == {OLD.rule}
    new = next(one for one in changes if one["new"])
    assert {"severity_word", "confidence", "quote", "points"} <= set(new["new"][0])
    assert {one["rule"]: one["gone"] for one in sums["rules"]}[OLD.rule] == 200
    assert rows(home) == before


def test_apply_keeps_it_once(here: Run, home: Path) -> None:
    ran = here("rescreen", "--apply", "--by", "测试员", "--json")
    sums = ran.lines[-1]
    assert (sums["applied"], sums["rejudgement"], sums["changed"], sums["left_alone"]) == (True, 1, 400, 0)
    after = rows(home)
    assert len(after["history"]) == 200
    again = here("rescreen", "--apply", "--by", "测试员", "--json").lines
    assert [(one["changed"], one["rejudgement"]) for one in again] == [(0, 2)]
    assert rows(home) == after
    leads = here("leads", "--json").lines
    assert len(leads) == 200
    assert {lead["group_size"] for lead in leads} == {200}
    assert all(one["severity_word"] and one["confidence"] for lead in leads for one in lead["findings"])
    people = here("leads").out
    assert "线索 1 条" in people
    assert "另有 199 条同类" in people
    assert "线索 50 条" in here("leads", "--each").out


def test_show_tells_the_history(here: Run, home: Path) -> None:
    gone = next(one for one in here("rescreen", "--json").lines if one.get("gone"))
    here("rescreen", "--apply", "--by", "测试员")
    shown = here("show", gone["exhibit"], "--json")
    (one,) = json.loads(shown.out)["rejudgements"]
    assert (one["by"], one["replaced"][0]["rule"]) == ("测试员", OLD.rule)
    spoken = here("show", gone["exhibit"]).out
    assert "改判" in spoken
    assert "测试员" in spoken
    assert "没有发现" in here("show", gone["exhibit"]).err


def test_part_of_it_goes_on_where_it_stopped(here: Run, home: Path) -> None:
    first = here("rescreen", "--limit", "250", "--json").lines[-1]
    assert (first["seen"], bool(first["before"])) == (250, True)
    rest = here("rescreen", "--before", first["before"], "--json").lines[-1]
    assert (rest["seen"], rest["before"]) == (350, "")
    assert first["changed"] + rest["changed"] == 400
    assert here("rescreen", "--platform", "jd", "--json").lines[-1]["seen"] == 0
    assert here("rescreen", "--since", "2026-08-01", "--json").lines[-1]["seen"] == 600
    assert here("rescreen", "--since", "2026-08-02", "--json").lines[-1]["seen"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--apply",),
        ("--apply", "--by", " "),
        ("--apply", "--by", "甲\n乙"),
        ("--since", "昨天"),
        ("--platform", "none"),
        ("--before", "0123456789"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(here: Run, home: Path, arguments: tuple[str, ...]) -> None:
    before = rows(home)
    ran = here("rescreen", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert rows(home) == before


KILLED = """
import os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
left = int(sys.argv.pop())
@event.listens_for(Engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    global left
    if statement.startswith("UPDATE findings SET replaced_in"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
from console.cli import main
main()
"""


def test_killed_in_the_middle_it_goes_on_and_nothing_is_double(here: Run, home: Path) -> None:
    told = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    before = rows(home)
    for at in (50, 100):  # in the first batch, and in a later one
        command = [sys.executable, "-c", KILLED, "rescreen", "--apply", "--by", "测试员", str(at)]
        killed = subprocess.run(command, cwd=ROOT, env=told, check=False, capture_output=True)
        assert killed.returncode == -9
        assert (rows(home) == before) is (at == 50), "a batch is whole or not there"
    assert here("rescreen", "--apply", "--by", "测试员").code == 0
    after = rows(home)
    with sqlite3.connect(home / "lantian.db") as connection:
        ended = connection.execute("SELECT ended_at IS NOT NULL FROM rejudgements ORDER BY id").fetchall()
    connection.close()
    assert ended == [(0,), (0,), (1,)]
    assert len(after["history"]) == 200
    assert after["sizes"] == [(200,)]
    assert here("rescreen", "--apply", "--by", "测试员", "--json").lines[-1]["changed"] == 0
    assert rows(home) == after


def test_what_pictures_say_is_judged_again_where_their_text_is_kept(here: Run, home: Path) -> None:
    store = ExhibitStore(open_database(home / "lantian.db"))
    shown = offer("pictured", "知识产权服务")
    page = page_of((shown,), number=99)
    urls = ("https://img.example/a.jpg", "https://img.example/b.jpg")
    store.record(page, [WantedPicture(exhibit=page.exhibits[0].id, url=url) for url in urls])
    line = PictureLine(text=GUILTY, score=0.99, box=(10, 10, 300, 40))
    store.keep_picture_text("aa" * 32, "engine", PictureText(width=400, height=60, lines=(line,)), T0)
    unread = replace(OLD, field="image", image="bb" * 32, box=(1, 2, 3, 4))
    for url, digest, found in zip(urls, ("aa", "bb"), ((), (unread,)), strict=True):
        (waiting,) = store.shown(url)
        store.end_pictures([PictureEnd(row=waiting.row, fate=Fate.READ, at=T0, sha256=digest * 32, findings=found)])
    store.engine.dispose()
    here("rescreen", "--apply", "--by", "测试员", "--limit", "1")
    detail = json.loads(here("show", page.exhibits[0].id, "--json").out)
    by_image = {one["image"]: one for one in detail["exhibit"]["findings"]}
    assert by_image["bb" * 32]["rule"] == OLD.rule, "without its text it stands"
    assert by_image["aa" * 32]["rule"].startswith("guaranteed_grant")
    assert by_image["aa" * 32]["box"]
    assert {image["sha256"]: image["findings"] > 0 for image in detail["images"]} == {"aa" * 32: True, "bb" * 32: True}
    assert here("rescreen", "--limit", "1", "--json").lines[-1]["changed"] == 0
