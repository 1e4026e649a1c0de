"""Pictures as a person meets them: in a round, in coverage, in `show`, in files of their own, and after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.specimen import load
from console.specimen_server import SpecimenServer
from tests.console.conftest import ROOT, Ran
from tests.console.test_rounds import QUICK

Run = Callable[..., Ran]

OFFERS = ROOT / "specimen" / "pic.xinghe.example"
CARD = (
    '<li class="gl-item" data-sku="{sku}"><div class="gl-i-wrap"><div class="p-img"><img src="{image}"></div>'
    '<div class="p-name"><a href="//item.jd.com/{sku}.html"><em>{title}</em></a></div></div></li>'
)
PAGE = '[[page]]\nhost = "{host}"\npath = "{path}"\nfile = "{file}"\n'


def goods(*cards: tuple[str, str]) -> str:
    listed = "".join(
        CARD.format(sku=1000 + place, title=title, image=image) for place, (title, image) in enumerate(cards)
    )
    return f'<!DOCTYPE html><html><body><div id="J_goodsList"><ul>{listed}</ul></div></body></html>'


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """`web(cards, {"name.png": bytes})` serves a JD page and a picture host; answers with LANTIAN_HOSTS."""
    servers: list[SpecimenServer] = []

    def start(cards: list[tuple[str, str]], images: dict[str, bytes]) -> str:
        folder = tmp_path / f"web{len(servers)}"
        folder.mkdir()
        (folder / "goods.html").write_text(goods(*cards), encoding="utf-8")
        manifest = PAGE.format(host="search.jd.com", path="/Search?keyword=专利", file="goods.html")
        for name, body in images.items():
            (folder / name).write_bytes(body)
            manifest += PAGE.format(host="pic.xinghe.example", path=f"/{name}", file=name)
        (folder / "manifest.toml").write_text(f"version = 1\n{manifest}", encoding="utf-8")
        servers.append(SpecimenServer(load(folder)))
        servers[-1].start()
        return str(servers[-1].hosts_file(tmp_path / f"hosts{len(servers)}"))

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "lantian.toml").write_text(QUICK + "[pictures]\nseconds = 60.0\n", encoding="utf-8")
    path = tmp_path / "queries.txt"
    path.write_text("专利\n", encoding="utf-8")
    return path


GUILTY, LAWFUL = (OFFERS / "offer-1.png").read_bytes(), (OFFERS / "offer-2.png").read_bytes()
BOTH = [
    ("企业服务套餐 看主图", "https://pic.xinghe.example/a.png"),
    ("知识产权服务 看主图", "https://pic.xinghe.example/b.png"),
    ("企业服务套餐 无图", "https://pic.xinghe.example/none.png"),
]


def test_a_round_tells_what_stood_in_pictures(lantian: Run, web: Callable[..., str], queries: Path) -> None:
    hosts = web(BOTH, {"a.png": GUILTY, "b.png": LAWFUL})
    ran = lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    assert ran.code == 0, ran.err
    assert "图片：已识别 2，命中 1，待识别 0，失败 1（http_404 1）" in ran.err
    row = lantian("coverage", "--json").lines[0]
    assert row["pictures"] == {
        "read": 2, "hits": 1, "pending": 0, "skipped": 0, "failed": 1, "reasons": [["http_404", 1]],
    }  # fmt: skip
    assert "图片：已识别 2" in lantian("coverage").err

    lead = lantian("leads", "--json").lines[0]
    assert lead["title"] == "企业服务套餐 看主图"
    assert lead["integrity"] == "whole"
    finding = lead["findings"][0]
    assert (finding["field"], len(finding["image"]), len(finding["box"])) == ("image", 64, 4)

    shown = lantian("show", lead["exhibit"]).out
    left, top, right, bottom = finding["box"]
    assert f"“{finding['quote']}”" in shown
    assert f"左 {left} 上 {top} 右 {right} 下 {bottom}" in shown.replace("\n", "")
    assert "https://pic.xinghe.example/a.png" in shown
    assert "已识别，命中" in shown
    told = json.loads(lantian("show", lead["exhibit"], "--json").out)
    assert told["images"][0]["sha256"] == finding["image"]
    assert told["images"][0]["capture"]["id"] in shown


def test_a_finding_whose_picture_was_tampered_with_is_not_whole(
    lantian: Run, web: Callable[..., str], queries: Path, tmp_path: Path
) -> None:
    hosts = web(BOTH[:1], {"a.png": GUILTY})
    lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    lead = lantian("leads", "--json").lines[0]
    database = sqlite3.connect(tmp_path / "home" / "lantian.db")
    place = database.execute(
        "SELECT file, offset, length FROM captures JOIN pictures ON capture_id = captures.id"
    ).fetchone()
    database.close()
    path = tmp_path / "home" / "archive" / place[0]
    body = bytearray(path.read_bytes())
    body[place[1] + place[2] // 2] ^= 0xFF
    path.write_bytes(body)
    assert lantian("leads", "--json").code == 4
    assert lantian("show", lead["exhibit"], "--json").code == 4


def test_a_shape_that_cannot_serve_is_said_before_the_round(
    lantian: Run, web: Callable[..., str], queries: Path, tmp_path: Path
) -> None:
    (tmp_path / "home" / "shapes").mkdir()
    (tmp_path / "home" / "shapes" / "某图.png").write_bytes(b"no picture")
    ran = lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=web(BOTH, {}))
    assert (ran.code, "某图.png" in ran.err) == (2, True)


def test_text_in_a_picture_cannot_steer_the_terminal(
    lantian: Run, web: Callable[..., str], queries: Path, tmp_path: Path
) -> None:
    hosts = web(BOTH[:1], {"a.png": GUILTY})
    lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    rows = sqlite3.connect(tmp_path / "home" / "lantian.db")
    rows.execute("UPDATE findings SET quote = ?", ("包\u202e\x1b[31m授权",))
    rows.execute("UPDATE pictures SET url = url || ?", ("\x1b[31m",))
    rows.commit()
    rows.close()
    lead = lantian("leads", "--json").lines[0]["exhibit"]
    for shown in (lantian("leads").out, lantian("show", lead).out):
        assert "包\ufffd\ufffd[31m授权" in shown
        assert "\x1b[31m" not in shown
        assert "\u202e" not in shown


# -- a round that is killed --------------------------------------------------------------------


def test_a_kill_loses_no_picture_and_doubles_none(
    lantian: Run, web: Callable[..., str], queries: Path, tmp_path: Path
) -> None:
    cards = [(f"企业服务套餐 {number}", f"https://pic.xinghe.example/{number}.png") for number in range(12)]
    # Bytes behind a picture's end change its digest, not what is seen: each has to be read.
    hosts = web(cards, {f"{number}.png": GUILTY + bytes([number]) for number in range(12)})
    database = tmp_path / "home" / "lantian.db"
    told = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANTIAN_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "from console.cli import main; main()", "round", "--spiders", "jd", "--queries"]
    going = subprocess.Popen(
        [*command, str(queries)], cwd=ROOT, env=told | {"LANTIAN_HOSTS": hosts}, stderr=subprocess.DEVNULL
    )
    while _states(database).get("read", 0) < 3:
        assert going.poll() is None
        time.sleep(0.05)
    children = _children(going.pid)
    going.send_signal(signal.SIGKILL)
    going.wait(300)
    left = _states(database)
    assert left["read"] + left.get("pending", 0) == 12
    assert left["pending"]
    deadline = time.monotonic() + 120
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "the reader outlived its round"
        time.sleep(0.1)

    again = lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    assert again.code == 0, again.err
    assert _states(database) == {"read": 24}
    rows = sqlite3.connect(database)
    doubled = "SELECT count(*) FROM findings GROUP BY exhibit_id, rule, image, start HAVING count(*) > 1"
    assert rows.execute(doubled).fetchall() == []
    assert rows.execute("SELECT count(DISTINCT exhibit_id) FROM findings").fetchone() == (24,)
    rows.close()
    assert len(lantian("leads", "--json").lines) == 12


def _states(database: Path) -> dict[str, int]:
    if not database.exists():
        return {}
    rows = sqlite3.connect(database)
    try:
        return dict(rows.execute("SELECT state, count(*) FROM pictures GROUP BY state").fetchall())
    except sqlite3.OperationalError:
        return {}  # its tables are being made
    finally:
        rows.close()


def _children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


# -- files -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pictures"
    path.mkdir()
    (path / "a.png").write_bytes(GUILTY)
    (path / "b.png").write_bytes(LAWFUL)
    (path / "x.svg").write_text("<svg/>")
    (tmp_path / "outside.png").write_bytes(GUILTY)
    (path / "link.png").symlink_to(tmp_path / "outside.png")
    return path


def rows_in(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_screen_reads_the_pictures_a_row_names(lantian: Run, tmp_path: Path, folder: Path) -> None:
    rows = rows_in(
        tmp_path,
        {"id": 1, "title": "企业服务", "text": "", "kind": "product", "images": ["a.png", "x.svg"]},
        {"id": 2, "title": "知识产权服务", "text": "", "kind": "product", "images": ["b.png"]},
        {"id": 3, "title": "发明专利包授权 不授权退款", "text": "", "kind": "product"},
    )
    ran = lantian("screen", rows, "--images", folder)
    assert ran.code == 0, ran.err
    first, second, third = ran.lines
    assert {finding["field"] for finding in first["findings"]} == {"image"}
    assert first["unread"] == [{"image": "x.svg", "reason": "svg"}]
    assert (second["findings"], second["unread"]) == ([], [])
    assert {finding["field"] for finding in third["findings"]} == {"title"}
    plain = lantian("screen", rows)
    assert [line["findings"] for line in plain.lines] == [[], [], third["findings"]]
    assert all("unread" not in line for line in plain.lines)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (["../outside.png"], "在文件夹之外"),
        (["/etc/hostname"], "在文件夹之外"),
        (["link.png"], "在文件夹之外"),
        (["none.png"], "没有图片"),
        (["."], "没有图片"),
        (["a\u0000.png"], "不可用"),
        (["\ud800.png"], "不可用"),
        ("a.png", "文件名的列表"),
        ([5], "文件名的列表"),
    ],
)
def test_a_picture_that_may_not_be_opened_is_named_with_its_line(
    lantian: Run, tmp_path: Path, folder: Path, images: object, said: str
) -> None:
    rows = rows_in(tmp_path, {"id": 1, "text": "专利包授权"}, {"id": 2, "text": "", "images": images})
    ran = lantian("screen", rows, "--images", folder)
    assert (ran.code, ran.out) == (2, "")
    assert "第 2 行" in ran.err
    assert said in ran.err


def test_a_folder_that_is_none_is_said(lantian: Run, tmp_path: Path) -> None:
    ran = lantian("screen", rows_in(tmp_path, {"id": 1, "text": ""}), "--images", tmp_path / "none")
    assert (ran.code, "没有文件夹" in ran.err) == (2, True)
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
