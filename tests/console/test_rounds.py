"""A round as a person starts it: over a small specimen web, over none, twice, and beside another."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.rounds import read_queries
from console.specimen import Specimen, SpecimenPage, load
from console.specimen_server import SpecimenServer
from crawler.errors import UserMistake
from storage.verify import verify
from tests.console.conftest import ROOT, Ran
from tests.console.test_files import goods

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

GUILTY = "发明专利包授权 不过全额退款"
INNOCENT = "发明专利申请 正规代理机构"
WALL = "<html><head><title>京东</title></head><body>抱歉由于访问频繁导致无法搜索，请稍后再试！</body></html>"
WEB = """
[[page]]
host = "search.jd.com"
path = "/Search?keyword=专利"
file = "goods.html"
[[page]]
host = "search.jd.com"
path = "/Search?keyword=商标"
file = "wall.html"
"""
QUICK = "[crawl]\ndelay = 0.0\ntimeout = 60.0\nretries = 0\n[browser]\npictures = false\n"


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "lantian.toml").write_text(QUICK, encoding="utf-8")
    path = tmp_path / "queries.txt"
    path.write_text("# 测试\n专利\n商标\n\n专利\n", encoding="utf-8")
    return path


def test_a_round_ends_every_query_in_one_outcome(lantian: Run, serve: Serve, queries: Path, tmp_path: Path) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY, INNOCENT), "wall.html": WALL}, WEB))
    ack = tmp_path / "ack.txt"
    ran = lantian("round", "--queries", queries, "--spiders", "jd", "--ack", ack, "--json", LANTIAN_HOSTS=hosts)
    told = {line["query"]: line for line in ran.lines}
    assert ran.code == 3
    assert (told["专利"]["outcome"], told["专利"]["listings"]) == ("ok", 2)
    assert (told["商标"]["outcome"], told["商标"]["reason"]) == ("blocked", "rate_limit")
    assert all(line["spider"] == "jd" and line["captures"] == 1 for line in ran.lines)

    leads = lantian("leads", "--json").lines
    assert [lead["title"] for lead in leads] == [GUILTY]
    assert leads[0]["integrity"] == "whole"
    assert (leads[0]["seal"], leads[0]["sealed"], leads[0]["manifest"]) == ("sealed", True, 1)
    assert leads[0]["specimen"] is True
    assert len(ack.read_text().split()) == 2
    assert leads[0]["exhibit"] in ack.read_text().split()

    shown = json.loads(lantian("show", leads[0]["exhibit"][:8], "--json").out)
    finding = shown["exhibit"]["findings"][0]
    assert GUILTY[finding["start"] : finding["end"]] == finding["quote"]
    assert finding["articles"]
    spoken = lantian("show", leads[0]["exhibit"]).out
    assert finding["rule"] in spoken
    assert "完整" in spoken
    assert "第 1 号清单" in spoken
    assert "已封存：" in ran.err
    assert verify(tmp_path / "home").ok

    coverage = lantian("coverage", "--json").lines
    assert {row["query"]: row["outcome"] for row in coverage} == {"专利": "ok", "商标": "blocked"}


def test_a_second_round_adds_sightings_not_leads(lantian: Run, serve: Serve, queries: Path) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY), "wall.html": WALL}, WEB))
    for _ in range(2):
        lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    leads = lantian("leads", "--json").lines
    assert [(lead["title"], lead["sightings"]) for lead in leads] == [(GUILTY, 2)]


def test_a_tampered_archive_is_exit_4(lantian: Run, serve: Serve, queries: Path, tmp_path: Path) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY), "wall.html": WALL}, WEB))
    lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    for path in (tmp_path / "home" / "archive").rglob("*.warc.gz"):
        body = bytearray(path.read_bytes())
        body[len(body) // 2 :] = bytes(len(body) - len(body) // 2)
        path.write_bytes(body)
    ran = lantian("leads", "--json")
    assert ran.code == 4
    assert ran.lines[0]["integrity"] != "whole"


def test_rows_that_contradict_each_other_are_exit_4(lantian: Run, serve: Serve, queries: Path, tmp_path: Path) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY), "wall.html": WALL}, WEB))
    lantian("round", "--queries", queries, "--spiders", "jd", LANTIAN_HOSTS=hosts)
    exhibit = lantian("leads", "--json").lines[0]["exhibit"]
    for edit in ("UPDATE findings SET category = 'none'", "UPDATE findings SET pro = 'x'", "DELETE FROM captures"):
        with sqlite3.connect(tmp_path / "home" / "lantian.db") as edited:
            edited.execute(edit)
        edited.close()
        for ran in (lantian("leads"), lantian("show", exhibit)):
            assert (ran.code, "Traceback" in ran.err) == (4, False)


def test_a_round_knows_its_settings_wherever_the_person_stands(
    lantian: Run, serve: Serve, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY), "wall.html": WALL}, WEB))
    monkeypatch.setattr("tests.console.conftest.ROOT", tmp_path)
    path = str(Path(__file__).parent.parent.parent)
    ran = lantian("round", "--queries", queries, "--spiders", "jd", "--json", LANTIAN_HOSTS=hosts, PYTHONPATH=path)
    assert (ran.code, len(ran.lines)) == (3, 2)


class Watched:
    """An invented web that knows when somebody waits for a page that never comes."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self.hangs = threading.Event()

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.specimen.hosts

    def find(self, host: str, target: str) -> SpecimenPage:
        page = self.specimen.find(host, target)
        if page.hang:
            self.hangs.set()
        return page


def test_a_round_stopped_at_once_is_not_clean(queries: Path, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "wall.html").write_text(WALL, encoding="utf-8")
    manifest = "version = 1\n" + WEB.replace('file = "goods.html"', "hang = true")
    (tmp_path / "web" / "manifest.toml").write_text(manifest, encoding="utf-8")
    (tmp_path / "home" / "lantian.toml").write_text(QUICK.replace("60.0", "600.0"), encoding="utf-8")
    web, log = Watched(load(tmp_path / "web")), tmp_path / "home" / "lantian.log"
    with SpecimenServer(web) as server:
        told = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(tmp_path / "home")}
        told["LANTIAN_HOSTS"] = str(server.hosts_file(tmp_path / "hosts"))
        command = [
            sys.executable,
            "-c",
            "from console.cli import main; main()",
            "round",
            "--spiders",
            "jd",
            "--queries",
        ]
        going = subprocess.Popen([*command, str(queries)], cwd=ROOT, env=told, stderr=subprocess.PIPE, text=True)
        assert web.hangs.wait(300)
        going.send_signal(signal.SIGTERM)
        # Two signals that wait together are one.
        while "shutting down gracefully" not in log.read_text(encoding="utf-8"):
            assert going.poll() is None
            time.sleep(0.1)
        going.send_signal(signal.SIGTERM)
        said = going.communicate(timeout=300)[1]
    assert going.returncode == 3
    assert "漏查" in said


def test_without_a_network_every_query_is_unreachable(lantian: Run, queries: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = tmp_path / "hosts"
    hosts.write_text(f"search.jd.com 127.0.0.1:{port}\nwww.sogou.com 127.0.0.1:{port}\n")
    ran = lantian("round", "--queries", queries, "--spiders", "jd,sogou", "--json", LANTIAN_HOSTS=str(hosts))
    assert ran.code == 3
    assert [(line["outcome"], line["reason"]) for line in ran.lines] == [("unreachable", "refused")] * 4
    assert "Traceback" not in ran.err


def test_robots_is_told_before_the_first_round_and_obeyed(lantian: Run, serve: Serve, queries: Path) -> None:
    robots = "User-agent: *\nDisallow: /Search\n"
    page = '[[page]]\nhost = "search.jd.com"\npath = "/robots.txt"\nfile = "robots.txt"\n'
    web = {"goods.html": goods(GUILTY), "wall.html": WALL, "robots.txt": robots}
    hosts = str(serve(web, WEB + page))
    ran = lantian("round", "--queries", queries, "--spiders", "jd", "--json", LANTIAN_HOSTS=hosts)
    assert "Disallow: /Search" in ran.err
    assert "override sign jd" in ran.err
    assert {(line["outcome"], line["detail"]) for line in ran.lines} == {("disallowed", "Disallow: /Search")}

    signed = lantian("override", "sign", "jd", "--person", "测试员", "--reason", "履行职责的测试")
    assert signed.code == 0
    assert [one["person"] for one in lantian("override", "list", "--json").lines] == ["测试员"]
    again = lantian("round", "--queries", queries, "--spiders", "jd", "--json", LANTIAN_HOSTS=hosts)
    assert {line["query"]: line["outcome"] for line in again.lines} == {"专利": "ok", "商标": "blocked"}


def test_two_rounds_at_once_in_one_home_are_refused(lantian: Run, queries: Path, tmp_path: Path) -> None:
    with (tmp_path / "home" / "round.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = lantian("round", "--queries", queries, "--spiders", "jd")
    assert ran.code == 2
    assert "另有一轮" in ran.err


def test_queries_come_from_toml_or_lines(tmp_path: Path) -> None:
    toml = tmp_path / "q.toml"
    toml.write_text(
        '[[query]]\nwords = "专利包授权"\ncategory = "guaranteed_grant"\norigin = "测试"\n', encoding="utf-8"
    )
    assert read_queries(toml) == ["专利包授权"]
    lines = tmp_path / "q.txt"
    lines.write_text("# 注\n甲\n 乙 \n甲\n", encoding="utf-8")
    assert read_queries(lines) == ["甲", "乙"]
    for bad in ("", "[[query]]\n", "[[query]]\nwords = 5\n", "x = ["):
        toml.write_text(bad, encoding="utf-8")
        with pytest.raises(UserMistake):
            read_queries(toml)


def test_the_default_watch_list_names_category_and_origin() -> None:
    import tomllib

    from console.rounds import DEFAULT_QUERIES

    told = tomllib.loads(DEFAULT_QUERIES.read_text(encoding="utf-8"))["query"]
    assert {one["category"] for one in told} == {
        "guaranteed_grant", "green_channel", "official_impersonation", "inventor_listing",
    }  # fmt: skip
    assert all(one["words"] and one["origin"] for one in told)
