"""The drill: backups taken while real rounds write, and restored: whatever was acknowledged before one began is in it,
and verifies. And a disk that is full: a clear word, no half backup, and those from before are whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from backed_home import working_home
from faults.conftest import ENVIRONMENT, TESTS, Nursery
from faults.promises import _counted_twice, _lost, acknowledged

from console.homelocks import nothing_moves
from console.specimen import load
from console.specimen_server import SpecimenServer
from console.upkeep.restoring import Asked, run_restore, tried
from crawler import clock
from crawler.config import Config
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.upkeep.backup import Made, Order, back_up
from storage.upkeep.inventory import read_inventory
from storage.upkeep.laying import refuse_strangers
from storage.verify import Wanted, verify
from tests.console.test_files import goods

QUERIES = ("专利", "商标", "发明", "代理", "授权", "申请")
BACKUPS, TORTURE = 3, 40


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The hosts file of a shop with six queries, of two listings each, one of them flagged."""
    folder = tmp_path_factory.mktemp("web")
    pages = ""
    for number, query in enumerate(QUERIES):
        (folder / f"{number}.html").write_text(
            goods(f"发明专利包授权 {number}", f"专利申请 正规代理 {number}"), "utf-8"
        )
        pages += f'[[page]]\nhost = "search.jd.com"\npath = "/Search?keyword={query}"\nfile = "{number}.html"\n'
    (folder / "manifest.toml").write_text("version = 1\n" + pages, encoding="utf-8")
    server = SpecimenServer(load(folder))
    server.start()
    yield server.hosts_file(folder / "hosts")
    server.stop()


@contextmanager
def unwatched(_steps: int) -> Iterator[Callable[[str], None]]:
    yield lambda _name: None


@contextmanager
def rounds_going_on(nursery: Nursery, folder: Path, web: Path) -> Iterator[threading.Event]:
    """Round after round in `folder`/home, acknowledged in `folder`/ack, until this ends; set when one failed."""
    ended, failed = threading.Event(), threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            if nursery.run("round", folder / "round.out", folder / "home", folder / "ack", web, ""):
                failed.set()
                return

    rounds = threading.Thread(target=go_on)
    rounds.start()
    try:
        yield failed
    finally:
        ended.set()
        rounds.join()


def test_whatever_was_acknowledged_before_a_backup_began_is_in_it(
    tmp_path: Path, nursery: Nursery, web: Path, is_torture: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, taken = Config(home=tmp_path / "home"), list[tuple[Made, int]]()
    with rounds_going_on(nursery, tmp_path, web) as failed:
        for _ in range(TORTURE if is_torture else BACKUPS):
            # In the middle of a round: some of its exhibits are acknowledged, and its file is open.
            have = len(acknowledged(tmp_path / "ack"))
            while len(before := acknowledged(tmp_path / "ack")) < have + 3 and not failed.is_set():
                failed.wait(0.02)
            base = taken[-1][0].place if taken else None
            with nothing_moves(config.home):
                made = back_up(config, Order(folder=tmp_path / "backups", now=clock.now(), base=base), unwatched)
            assert tried(config, made.place, made.sha256).exhibits >= len(set(before))
            taken.append((made, len(before)))
    assert not failed.is_set(), (tmp_path / "round.out").read_text(errors="replace")
    assert any(name.name.endswith(".open") for made, _ in taken for name in made.inventory.files), "never under load"
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "home"))
    whole = (tmp_path / "ack").read_text(encoding="utf-8").splitlines(keepends=True)
    for number, (made, count) in enumerate(taken):
        home, ack = tmp_path / f"new-{number}", tmp_path / f"ack-{number}"
        ack.write_text("".join(whole[:count]), encoding="utf-8")
        assert run_restore(Asked(backup=made.place, home=home, sha256=made.sha256), as_json=False) == 0
        assert broken_promises(home, ack) == []


def broken_promises(home: Path, ack: Path) -> list[str]:
    store = ExhibitStore(open_database(home / "lantian.db"))
    try:
        lost = [*_lost(store, home, ack, None), *_counted_twice(store)]
    finally:
        store.engine.dispose()
    return lost + [str(one) for one in verify(home, Wanted(demand="sealed")).broken[:3]]


# -- disks that are full ---------------------------------------------------------------------------


RUN = "from console.cli import main; main()"
# The spare room that is asked for beforehand would refuse a disk as small as those of tests.
NO_SPARE = "import storage.upkeep.copying as copying; copying.SPARE = -(1 << 40); "


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with working_home(tmp_path / "home"):
        yield tmp_path / "home"


def ran(home: Path, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    environ = {**ENVIRONMENT, "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    argv = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(argv, cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False, timeout=300)


def whole_ones(folder: Path) -> list[Path]:
    """Every backup in the folder, each read through; nothing else may lie there."""
    places = sorted(folder.iterdir())
    for place in places:
        inventory, _ = read_inventory(place)
        refuse_strangers(place, inventory)
    return places


@pytest.mark.parametrize("size", [200_000, 2_000_000])
def test_a_file_that_may_not_grow_leaves_the_backups_from_before_whole(home: Path, tmp_path: Path, size: int) -> None:
    folder = tmp_path / "backups"
    (home / "shapes/large.png").write_bytes(os.urandom(3_000_000))
    first = back_up(Config(home=home), Order(folder=folder, now=clock.now()), unwatched)
    bound = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY)); "
    ended = ran(home, bound + RUN, "backup", folder)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "读写失败" in ended.stderr or "数据库不能读写" in ended.stderr
    assert whole_ones(folder) == [first.place]
    second = back_up(Config(home=home), Order(folder=folder, now=clock.now()), unwatched)
    assert whole_ones(folder) == [first.place, second.place]


def test_a_disk_without_room_is_said_before_anything_is_written(home: Path, tmp_path: Path) -> None:
    ended = on_small_disk(tmp_path, home, "8m", RUN)
    assert ended.returncode == 2
    assert "空间不够" in ended.stderr
    assert ended.stdout.split() == []


def test_a_disk_that_becomes_full_meanwhile_leaves_nothing_half(home: Path, tmp_path: Path) -> None:
    (home / "shapes/large.png").write_bytes(os.urandom(3_000_000))
    ended = on_small_disk(tmp_path, home, "3m", NO_SPARE + RUN)
    assert ended.returncode == 2, ended.stderr
    assert "读写失败" in ended.stderr
    assert "No space left" in ended.stderr
    assert ended.stdout.split() == [], "nothing half is left"


def test_a_disk_too_small_for_the_test_leaves_a_backup_that_does_not_count(home: Path, tmp_path: Path) -> None:
    ended = on_small_disk(tmp_path, home, "1800k", NO_SPARE + RUN)
    assert ended.returncode == 2, ended.stderr
    assert "不算数" in ended.stderr
    assert [name for name in ended.stdout.split() if not name.startswith("lantian-")] == [], "no scratch is left"
    assert len(ended.stdout.split()) == 1


def on_small_disk(tmp_path: Path, home: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """`lantian backup` onto a small tmpfs in a mount namespace of its own; stdout says what lies there afterwards."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={size} tmpfs {disk}"
    command = f"{mount} && {{ {sys.executable} -c '{script}' backup {disk}; code=$?; ls -A {disk}; exit $code; }}"
    environ = {**ENVIRONMENT, "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    argv = ["unshare", "-m", "sh", "-c", command]
    try:
        ended = subprocess.run(
            argv, cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False, timeout=300
        )
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if "unshare:" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip("no mount namespace may be made here")
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def test_a_restore_onto_a_full_disk_leaves_nothing(home: Path, tmp_path: Path) -> None:
    made = back_up(Config(home=home), Order(folder=tmp_path / "backups", now=clock.now()), unwatched)
    bound = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY)); "
    ended = ran(tmp_path / "other", bound + RUN, "restore", made.place, "--home", tmp_path / "new")
    assert ended.returncode == 2, ended.stderr
    assert "读写失败" in ended.stderr
    with suppress(FileNotFoundError):
        (tmp_path / "other").rmdir()
    assert {path.name for path in tmp_path.iterdir()} == {"home", "backups"}
    assert whole_ones(tmp_path / "backups") == [made.place]
