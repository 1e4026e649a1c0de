"""`scrapy crawl` as a person types it: one line for a mistake, an honest exit code, and nothing lost to kill -9."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from console.specimen import load
from console.specimen_server import SpecimenServer
from crawler.config import Config
from pipelines.browser import BrowserTrouble, find_chromium
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.models import ExhibitRow, Run

ROOT = Path(__file__).parent.parent.parent
FROZEN = ROOT / "tests" / "spiders" / "pages" / "baidu"
SETTINGS = "[crawl]\ndelay = {delay}\ntimeout = 120\nretries = 0\n[browser]\npictures = false\n"
CALL = {"scrapy.cmdline": "execute", "console.cli": "main"}
PAGES = {"好": "web-ads", "无": "empty", "墙": "captcha"}


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpecimenServer]:
    web = tmp_path_factory.mktemp("web")
    entries = [("wd=" + word, name) for word, name in PAGES.items()] + [(f"wd=词{n}", "web-ads") for n in range(40)]
    for name in PAGES.values():
        shutil.copy(FROZEN / f"{name}.html", web)
    manifest = "".join(
        f'[[page]]\nhost = "www.baidu.com"\npath = "/s?{asked}"\nfile = "{name}.html"\n' for asked, name in entries
    )
    (web / "manifest.toml").write_text(f"version = 1\n{manifest}", encoding="utf-8")
    with SpecimenServer(load(web)) as server:
        yield server


class Person:
    """Somebody with a home and a host map, typing commands."""

    def __init__(self, folder: Path, hosts: Path, delay: float = 0) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / "lantian.toml").write_text(SETTINGS.format(delay=delay))
        path = os.pathsep.join(str(ROOT / part) for part in ("tests", "tests/pipelines"))
        self.environ = {**os.environ, "LANTIAN_HOME": str(self.home), "LANTIAN_HOSTS": str(hosts), "PYTHONPATH": path}
        self.ack = self.home / "acknowledged"

    def start(self, module: str, *command: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", f"from {module} import {CALL[module]} as call; call()", *command],
            cwd=ROOT,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def types(self, *words: str, **environ: str) -> tuple[int, str]:
        typed = self.start("scrapy.cmdline", "crawl", *words, **environ)
        said = typed.communicate(timeout=300)
        return typed.returncode, said[1]

    @property
    def store(self) -> ExhibitStore:
        return ExhibitStore(open_database(self.home / "lantian.db"))

    def outcomes(self) -> dict[str, str]:
        with self.store.engine.connect() as connection:
            return {row.query: row.outcome for row in connection.execute(select(Run.query, Run.outcome))}


@pytest.fixture
def person(tmp_path: Path, specimen: SpecimenServer) -> Person:
    return Person(tmp_path, specimen.hosts_file(tmp_path))


def wait_for(has_come: Callable[[], object], typed: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not has_come():
        assert time.monotonic() < deadline
        assert typed.poll() is None, typed.communicate()[1]
        time.sleep(0.01)


MISTAKES = {
    "name one spider": (),
    "no spider named 'nobody'": ("nobody", "-a", "queries=x"),
    "name one spider;": ("baidu", "jd", "-a", "queries=x"),
    "nothing to ask": ("baidu",),
    "nothing to ask: give": ("baidu", "-a", "queries= ，,"),
    "pages must be a whole number from 1 to 50, not '0'": ("baidu", "-a", "queries=x", "-a", "pages=0"),
    "not '51'": ("baidu", "-a", "queries=x", "-a", "pages=51"),
    "not 'many'": ("baidu", "-a", "queries=x", "-a", "pages=many"),
    "not '-1'": ("baidu", "-a", "queries=x", "-a", "pages=-1"),
    "baidu knows no -a page;": ("baidu", "-a", "queries=x", "-a", "page=2"),
    "knows no -a runs": ("baidu", "-a", "queries=x", "-a", "runs=1"),
    "tab must be web or news": ("baidu", "-a", "queries=x", "-a", "tab=maps"),
}


def test_a_mistake_is_one_line_and_exit_2(person: Person) -> None:
    with ThreadPoolExecutor(2) as two:
        answers = list(two.map(lambda words: person.types(*words), MISTAKES.values()))
    for says, (code, said) in zip(MISTAKES, answers, strict=True):
        assert (code, said.count("\n"), says in said) == (2, 1, True), (says, said)
    assert not (person.home / "lantian.db").exists()


def test_a_home_that_cannot_be_used_is_one_line_and_exit_2(person: Person, tmp_path: Path) -> None:
    code, said = person.types("baidu", "-a", "queries=好", LANTIAN_HOSTS=str(tmp_path / "missing"))
    assert (code, said.count("\n")) == (2, 1)
    assert "LANTIAN_HOSTS" in said
    code, said = person.types("baidu", "-a", "queries=好", "-s", f"LANTIAN_ACK={tmp_path}", "-s", "LOG_LEVEL=ERROR")
    assert (code, said.count("\n")) == (2, 1), said
    assert str(tmp_path) in said
    (person.home / "lantian.db").write_text("no database at all, " * 100)
    code, said = person.types("baidu", "-a", "queries=好", "-s", "LOG_LEVEL=ERROR")
    assert (code, said.count("\n")) == (2, 1), said
    assert "lantian.db" in said
    (person.home / "lantian.toml").write_text("[crawl]\nspeed = 9\n")
    code, said = person.types("baidu", "-a", "queries=好")
    assert (code, said.count("\n"), "没有 speed 这一项" in said) == (2, 1, True)


def test_the_exit_code_tells_how_it_went(person: Person, tmp_path: Path) -> None:
    assert person.types("baidu", "-a", "queries=好,无", "-s", f"LANTIAN_ACK={person.ack}")[0] == 0
    assert person.outcomes() == {"好": "ok", "无": "empty"}
    assert len(person.ack.read_text().split()) == 7
    assert person.types("baidu", "-a", "queries=墙")[0] == 3
    assert person.outcomes()["墙"] == "blocked"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = tmp_path / "nobody"
        nobody.write_text(f"www.baidu.com 127.0.0.1:{closed.getsockname()[1]}\n")
    assert person.types("baidu", "-a", "queries=远", LANTIAN_HOSTS=str(nobody))[0] == 3
    assert person.outcomes()["远"] == "unreachable"


def parts(*extra: str) -> str:
    """The pipeline as a setting on the command line, with parts that go wrong."""
    order = {one: number for number, one in enumerate((*extra, "pipelines.tie.Tie", "pipelines.record.Record"), 1)}
    return "ITEM_PIPELINES=" + json.dumps(order)


def test_a_bug_is_exit_1_and_broken_evidence_exit_4(person: Person) -> None:
    bad = {"test_verdict.Careless": 4, "test_verdict.Worse": 1, "nowhere.Part": 1}
    with ThreadPoolExecutor(2) as two:
        typed = two.map(lambda part: person.types("baidu", "-a", "queries=好", "-s", parts(part)), bad)
        assert [code for code, _ in typed] == list(bad.values())


def test_the_log_prints_no_listing(person: Person) -> None:
    _, said = person.types("baidu", "-a", "queries=好", "-s", "LOG_LEVEL=DEBUG")
    titles = [listing["title"] for listing in json.loads((FROZEN / "web-ads.json").read_text())["listings"]]
    assert titles
    assert not [title for title in titles if title in said]


def test_a_crawl_opens_no_door(person: Person) -> None:
    _, said = person.types("baidu", "-a", "queries=好")
    assert "Spider closed (finished)" in said
    assert "listening" not in said


def test_a_crawl_that_is_told_to_stop_while_it_starts_is_honest_about_it(
    tmp_path: Path, specimen: SpecimenServer
) -> None:
    person = Person(tmp_path, specimen.hosts_file(tmp_path), delay=0.3)
    typed = person.start("scrapy.cmdline", "crawl", "baidu", "-a", "queries=好,无", "-s", f"LANTIAN_ACK={person.ack}")
    wait_for(person.ack.exists, typed)
    typed.terminate()
    typed.communicate(timeout=300)
    # Scrapy may not hear a signal while it starts; then the crawl goes on to its end.
    assert (typed.returncode == 0) is (person.outcomes() == {"好": "ok", "无": "empty"})


def test_a_crawl_that_is_told_to_stop_ends_its_runs(tmp_path: Path, specimen: SpecimenServer) -> None:
    person = Person(tmp_path, specimen.hosts_file(tmp_path), delay=0.2)
    words = ("crawl", "baidu", "-a", "queries=" + ",".join(f"词{n}" for n in range(40)), "-s")
    typed = person.start("scrapy.cmdline", *words, f"LANTIAN_ACK={person.ack}")
    wait_for(lambda: person.ack.exists() and person.ack.read_text(), typed)
    typed.terminate()
    said = typed.communicate(timeout=300)[1]
    assert typed.returncode == 3, said
    outcomes = person.outcomes()
    assert len(outcomes) == 40
    assert set(outcomes.values()) == {"ok", "error"}


def test_a_picture_is_taken_in_a_real_crawl(tmp_path: Path, specimen: SpecimenServer) -> None:
    config = Config.load({"LANTIAN_HOME": str(tmp_path), "LANTIAN_BROWSER_AS_ROOT": "1"})
    try:
        find_chromium(config)
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    person = Person(tmp_path, specimen.hosts_file(tmp_path))
    (person.home / "lantian.toml").write_text("[crawl]\ndelay = 0\n")
    code, said = person.types("baidu", "-a", "queries=好", LANTIAN_BROWSER_AS_ROOT="1")
    assert code == 0, said
    lead = person.store.leads()[0]
    assert lead.picture is not None, said
    archive = FolderArchive(person.home / "archive", tool="test")
    assert archive.produce(lead.picture).startswith(b"\x89PNG")
    assert archive.produce(lead.capture)


# -- kill -9 -------------------------------------------------------------------------------------


def killed(person: Person, queries: str, after: int) -> None:
    """A crawl that dies as soon as `after` exhibits are acknowledged."""
    before = len(person.ack.read_text().splitlines()) if person.ack.exists() else 0
    typed = person.start(
        "scrapy.cmdline", "crawl", "baidu", "-a", f"queries={queries}", "-s", f"LANTIAN_ACK={person.ack}"
    )
    wait_for(lambda: person.ack.exists() and len(person.ack.read_text().splitlines()) >= before + after, typed)
    typed.send_signal(signal.SIGKILL)
    typed.communicate()


def test_nothing_acknowledged_is_lost_to_kill_9(tmp_path: Path, specimen: SpecimenServer) -> None:
    person = Person(tmp_path, specimen.hosts_file(tmp_path), delay=0.1)
    first, second = ("，".join(f"词{n}" for n in range(start, start + 20)) for start in (0, 20))
    killed(person, first, after=1)
    killed(person, second, after=40)
    assert None in person.outcomes().values()
    (tmp_path / "queries").write_text("无\n")
    typed = person.start(
        "console.cli",
        "round",
        "--spiders",
        "baidu",
        "--queries",
        str(tmp_path / "queries"),
        "--ack",
        str(person.ack),
        "--json",
    )
    told, said = typed.communicate(timeout=300)
    assert typed.returncode == 0, said
    assert [json.loads(line)["outcome"] for line in told.splitlines()] == ["empty"]
    outcomes = person.outcomes()
    assert len(outcomes) == 41
    assert set(outcomes.values()) == {"ok", "missed", "empty"}
    acknowledged = person.ack.read_text().split()
    archive = FolderArchive(person.home / "archive", tool="test")
    store = person.store
    assert len(acknowledged) == len(set(acknowledged)) >= 42
    for exhibit in acknowledged:
        assert archive.produce(store.exhibit(exhibit).capture)
    with store.engine.connect() as connection:
        stored = connection.execute(select(ExhibitRow.public_id)).scalars().all()
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
