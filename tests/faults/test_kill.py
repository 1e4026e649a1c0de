"""kill -9 at random points of real rounds, one after another in the same home: nothing acknowledged is lost,
nothing is counted twice, the archive verifies, and the next round goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from faults.conftest import Nursery, state_of
from faults.promises import acknowledged, broken_promises, picked_up

from console.specimen import load
from console.specimen_server import SpecimenServer
from tests.console.test_files import goods

QUERIES = ("专利", "商标", "发明", "代理", "授权", "申请")
KILLS, WITH_BROWSER = 30, 3
TORTURE = 300
SEED = 20261120


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The hosts file of a shop with six queries of two listings each, one of them flagged."""
    folder = tmp_path_factory.mktemp("web")
    pages = ""
    for number, query in enumerate(QUERIES):
        name = f"goods{number}.html"
        (folder / name).write_text(
            goods(f"发明专利包授权 不过全额退款 {number}", f"专利申请 正规代理 {number}"), "utf-8"
        )
        pages += f'[[page]]\nhost = "search.jd.com"\npath = "/Search?keyword={query}"\nfile = "{name}"\n'
    (folder / "manifest.toml").write_text("version = 1\n" + pages, encoding="utf-8")
    server = SpecimenServer(load(folder))
    server.start()
    yield server.hosts_file(folder / "hosts")
    server.stop()


def ended_by(nursery: Nursery, pid: int, seconds: float) -> tuple[int, float]:
    """The exit code of a round that was killed after so many seconds, unless it was faster, and how long it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds and state_of(pid) != "Z":
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    took = time.monotonic() - begun
    code = nursery.wait(pid)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # a browser that a dead round left
    return code, took


def test_no_kill_loses_what_was_acknowledged(tmp_path: Path, nursery: Nursery, web: Path, is_torture: bool) -> None:
    chance = random.Random(SEED)
    kills = TORTURE if is_torture else KILLS
    home, ack = tmp_path / "home", tmp_path / "ack"
    begun = time.monotonic()
    assert nursery.run("round", tmp_path / "whole.out", tmp_path / "other", tmp_path / "other-ack", web, "") == 0
    whole = time.monotonic() - begun
    usual = {"": whole, "pictures": whole * 2.5}  # seconds; a machine is not as fast at all times
    killed, acked, complaints = 0, 0, []
    for number in range(kills):
        pictures = "pictures" if number % (kills // WITH_BROWSER) == 0 else ""
        pid = nursery.start("round", tmp_path / f"{number}.out", home, ack, web, pictures)
        seconds = chance.uniform(0.05, usual[pictures] * 1.05)
        code, took = ended_by(nursery, pid, seconds)
        killed += code == -signal.SIGKILL
        usual[pictures] = took if code != -signal.SIGKILL else usual[pictures] * 1.02
        if number % 3 == 2:  # the other times it is the next round that finds what the last one left
            picked_up(home)
            complaints += [f"after kill {number} at {seconds:.2f} s: {one}" for one in broken_promises(home, ack, None)]
        acked = max(acked, len(acknowledged(ack)))
    assert complaints == []
    assert killed > kills // 2, "hardly a round was killed"
    assert acked, "nothing was ever acknowledged"
    assert nursery.run("round", tmp_path / "last.out", home, ack, web, "") == 0, (tmp_path / "last.out").read_text()
    assert broken_promises(home, ack, None) == []
