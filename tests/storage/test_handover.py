"""Files of workers come whole into the one archive, over a real S3 server or a folder, whatever dies on the way."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keeping_specimens import NOW, Home, home_in, keep_page
from sqlalchemy import delete, select, text
from storage_specimens import TOOL, archive_in
from test_shelf import Server, opened
from test_shelf import on_server as on_s3

from console.inspection import Inspection, is_damaged
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from crawler.items import Capture
from storage.archive import FolderArchive
from storage.handover import (
    INCOMING,
    Collector,
    Moved,
    Sender,
    _OnTheShelf,
    announce,
    become_worker,
    is_waiting,
    is_worker,
    refuse_worker,
    still_with,
    waiting,
)
from storage.seal import Sealer, State
from storage.shelf import Shelf
from storage.shelving import Shelver
from storage.standing import standing
from storage.tables.workers import HandedOverRow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.fixture(params=["folder", "s3"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        (tmp_path / "shelf").mkdir()
        return opened(tmp_path, url=str(tmp_path / "shelf"))
    return on_s3(request.getfixturevalue("server"), tmp_path)


@pytest.fixture
def in_folder(tmp_path: Path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return opened(tmp_path, url=str(tmp_path / "shelf"))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Home]:
    """The patrol host's home; its database is everybody's."""
    with home_in(tmp_path / "host") as made:
        yield made


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    become_worker(tmp_path / "worker")
    return tmp_path / "worker" / "archive"


def kept_there(host: Home, worker: Path, *items: str) -> list[Capture]:
    """Pages that a worker kept in a file of their own and wrote into the shared database."""
    with archive_in(worker) as archive:
        for item in items:
            keep_page(host, archive, {item: True}, NOW)
    with host.engine.connect() as connection:
        ids = connection.execute(text("SELECT id FROM captures ORDER BY rowid DESC")).scalars().all()
    return [host.capture(one) for one in ids[: len(items)]]


def sent(host: Home, worker: Path, shelf: Shelf) -> Moved:
    return Sender(worker, host.engine, shelf, "工作机甲").hand_over(clock.now())


def collected(host: Home, shelf: Shelf) -> Moved:
    return Collector(host.archive, host.engine, shelf).collect(clock.now(), host.seen.append)


def produced(host: Home, shelf: Shelf, capture: Capture) -> bytes:
    return FolderArchive(host.archive, tool=TOOL, elsewhere=_OnTheShelf(shelf)).produce(capture)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.warc.gz"))


def test_the_whole_way_of_a_workers_file(host: Home, worker: Path, shelf: Shelf) -> None:
    captures = kept_there(host, worker, "a", "b")
    (name,) = files(worker)
    with pytest.raises(EvidenceBroken, match="missing"):
        produced(host, shelf, captures[0])
    done = sent(host, worker, shelf)
    assert (done.files, done.freed, done.troubles) == (1, 0, ())
    assert done.bytes == (worker / name).stat().st_size
    assert files(worker) == [name], "the only other copy is on its way"
    assert shelf.names(INCOMING) == [f"{INCOMING}/{name}"]
    assert [one.worker for one in waiting(host.engine)] == ["工作机甲"]

    assert produced(host, shelf, captures[0])
    assert host.sealer.state_of(captures[0]).state is State.OPEN
    now = standing(host.archive, host.engine, clock.now())
    assert (now.state, now.open_captures, now.open_files, now.open_bytes) == ("open", 2, 1, done.bytes)
    assert not now.is_as("sealed")

    assert collected(host, shelf) == Moved(files=1, bytes=done.bytes)
    assert host.seen == [name]
    assert files(host.archive) == [name]
    assert shelf.names(INCOMING) == []
    assert not is_waiting(host.engine)
    assert host.seal() == 1
    assert host.sealer.state_of(captures[0]).state is State.SEALED
    assert standing(host.archive, host.engine, clock.now()).is_as("sealed")
    assert host.verified().ok
    assert Shelver(host.archive, host.engine, shelf).shelve(clock.now(), host.seen.append).troubles == ()
    assert files(host.archive) == []
    assert all(produced(host, shelf, one) for one in captures)

    assert sent(host, worker, shelf) == Moved(freed=1)
    assert files(worker) == []
    assert sent(host, worker, shelf) == Moved()


def test_twice_is_once(host: Home, worker: Path, in_folder: Shelf) -> None:
    kept_there(host, worker, "a")
    kept_there(host, worker, "b")
    assert sent(host, worker, in_folder).files == 2
    assert sent(host, worker, in_folder) == Moved()
    assert collected(host, in_folder).files == 2
    assert collected(host, in_folder) == Moved()
    assert host.seal() == 1


def test_a_dead_crawls_file_is_finished_and_a_living_ones_left(host: Home, worker: Path, in_folder: Shelf) -> None:
    writer = (
        "import sys; sys.path[:0] = ['tests/storage', '.']\n"
        "from storage_specimens import *\n"
        "from pathlib import Path\n"
        "archive = archive_in(Path(sys.argv[1])); archive.keep(EXCHANGE); archive.sync()\n"
        "import os; os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", writer, str(worker)], cwd=ROOT, check=False).returncode == 9
    (dead,) = [path.name for path in worker.glob("*.open")]
    with archive_in(worker) as living:
        keep_page(host, living, {"a": True}, NOW)
        assert sent(host, worker, in_folder).files == 1
        assert [one.file for one in waiting(host.engine)] == [dead.removesuffix(".open")]
    assert sent(host, worker, in_folder).files == 1


def test_what_a_worker_is_still_writing_is_not_missing(host: Home, worker: Path, in_folder: Shelf) -> None:
    def begins(file: str) -> None:
        announce(host.engine, file, "工作机甲", NOW)

    with FolderArchive(worker, tool=TOOL, begins=begins) as archive:
        keep_page(host, archive, {"a": True}, NOW)
        (name,) = [path.name.removesuffix(".open") for path in worker.glob("*.open")]
        assert still_with(host.engine, name) == "工作机甲"
        assert still_with(host.engine, "lantian-another.warc.gz") == ""
        assert not is_waiting(host.engine)
        assert standing(host.archive, host.engine, clock.now()).open_finished == 0
    inspection = Inspection(Config(home=host.folder), host.engine)
    (capture,) = (host.capture(one) for one in captures_of(host))
    assert inspection.of(capture) == "还在工作机 工作机甲，尚未交来"
    assert not is_damaged(inspection.of(capture))
    assert sent(host, worker, in_folder).files == 1
    assert still_with(host.engine, name) == ""
    assert [one.worker for one in waiting(host.engine)] == ["工作机甲"]
    gone = Inspection(Config(home=host.folder), host.engine).of(capture)
    assert is_damaged(gone), "handed over, and not where it should be"


def captures_of(host: Home) -> list[str]:
    with host.engine.connect() as connection:
        return list(connection.execute(text("SELECT id FROM captures")).scalars())


STEPS = ["put", "row"]


@pytest.mark.parametrize("died_after", STEPS)
def test_a_worker_that_died_in_the_middle_goes_on(host: Home, worker: Path, shelf: Shelf, died_after: str) -> None:
    kept_there(host, worker, "a")
    sent(host, worker, shelf)
    if died_after == "put":
        with host.engine.begin() as connection:
            connection.execute(delete(HandedOverRow))
        assert sent(host, worker, shelf).files == 1, "told now"
    assert len(list(waiting(host.engine))) == 1
    assert collected(host, shelf).files == 1


@pytest.mark.parametrize("died_after", ["fetched", "renamed", "sealed", "shelved", "entered"])
def test_a_patrol_host_that_died_in_the_middle_goes_on(host: Home, worker: Path, shelf: Shelf, died_after: str) -> None:
    (capture,) = kept_there(host, worker, "a")
    (name,) = files(worker)
    sent(host, worker, shelf)
    packed = (worker / name).read_bytes()
    if died_after == "fetched":
        (host.archive / f".{name}.part").write_bytes(packed[:99])
    elif died_after == "entered":
        collected(host, shelf)
        shelf.put(worker / name, f"{INCOMING}/{name}", _sha256(worker / name))
    else:
        (host.archive / name).write_bytes(packed)
        if died_after != "renamed":
            host.seal()
        if died_after == "shelved":
            Shelver(host.archive, host.engine, shelf).shelve(clock.now(), host.seen.append)
    assert collected(host, shelf).files == (0 if died_after == "entered" else 1)
    assert shelf.names(INCOMING) == []
    assert not is_waiting(host.engine)
    host.seal()
    assert host.verified().ok or died_after == "shelved"
    assert not list(host.archive.glob(".*.part"))
    assert host.sealer.state_of(capture).state is State.SEALED
    assert produced(host, shelf, capture)
    with host.engine.connect() as connection:
        assert len(connection.execute(select(HandedOverRow.file)).all()) == 1
    assert sent(host, worker, shelf).freed == 1


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_not_what_was_handed_over_stays_outside(
    host: Home, worker: Path, in_folder: Shelf, tmp_path: Path
) -> None:
    kept_there(host, worker, "a")
    kept_there(host, worker, "b")
    bad, good = files(worker)
    sent(host, worker, in_folder)
    on_shelf = tmp_path / "shelf" / INCOMING / bad
    on_shelf.write_bytes(on_shelf.read_bytes()[:-7] + b"changed")
    done = collected(host, in_folder)
    assert done.files == 1, "the others come in all the same"
    assert files(host.archive) == [good]
    (trouble,) = done.troubles
    assert "工作机甲" in trouble
    assert bad in trouble
    assert is_waiting(host.engine)
    assert files(worker) == [bad, good]
    assert sent(host, worker, in_folder) == Moved(freed=1), "what was not collected is kept"

    on_shelf.unlink()
    assert "missing" in collected(host, in_folder).troubles[0]
    (host.archive / bad).write_bytes(b"somebody else's")
    assert "another file" in collected(host, in_folder).troubles[0]


def test_a_name_that_leads_out_of_the_archive_is_refused(host: Home, worker: Path, in_folder: Shelf) -> None:
    kept_there(host, worker, "a")
    sent(host, worker, in_folder)
    with host.engine.begin() as connection:
        connection.execute(text("UPDATE handed_over SET file = '../lantian.db'"))
    done = collected(host, in_folder)
    assert done.files == 0
    assert "no name" in done.troubles[0]


def test_records_that_are_damaged_come_in_and_are_said(host: Home, worker: Path, in_folder: Shelf) -> None:
    (capture,) = kept_there(host, worker, "a")
    (name,) = files(worker)
    whole = (worker / name).read_bytes()
    (worker / name).write_bytes(whole[: capture.offset] + b"\0" * 20 + whole[capture.offset + 20 :])
    sent(host, worker, in_folder)
    done = collected(host, in_folder)
    assert done.files == 1
    assert done.troubles == (f"{name}: no whole record at {capture.offset}",)


def test_a_shelf_that_is_away_loses_nothing(host: Home, worker: Path, tmp_path: Path) -> None:
    server = Server()
    shelf = on_s3(server, tmp_path)
    kept_there(host, worker, "a")
    server.kill()
    with pytest.raises(UserMistake, match="存储不可达"):
        sent(host, worker, shelf)
    assert len(files(worker)) == 1
    assert not is_waiting(host.engine)


def test_another_file_of_the_same_name_is_never_replaced(
    host: Home, worker: Path, in_folder: Shelf, tmp_path: Path
) -> None:
    kept_there(host, worker, "a")
    (name,) = files(worker)
    (tmp_path / "shelf" / INCOMING).mkdir()
    (tmp_path / "shelf" / INCOMING / name).write_bytes(gzip.compress(b"theirs"))
    done = sent(host, worker, in_folder)
    assert done.files == 0
    assert "another file lies there" in done.troubles[0]
    assert not is_waiting(host.engine)


def test_many_files_are_asked_for_in_pages(host: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.handover.MOST", 3)
    rows = [
        {"file": f"lantian-{n:02}.warc.gz", "worker": "w", "begun_at": NOW, "size": n, "sha256": "", "at": NOW}
        for n in range(8)
    ]
    with host.engine.begin() as connection:
        connection.execute(HandedOverRow.__table__.insert(), rows)
    assert [one.size for one in waiting(host.engine)] == list(range(8))


# -- whose home it is ------------------------------------------------------------------------------


def test_a_workers_home_is_never_sealed(host: Home, worker: Path) -> None:
    kept_there(host, worker, "a")
    assert is_worker(worker.parent)
    with pytest.raises(UserMistake, match="工作机"):
        Sealer(worker, host.engine, tool=TOOL, demand="sealed").seal("", clock.now())
    assert not (worker / "manifests").exists()
    with pytest.raises(UserMistake, match="工作机"):
        refuse_worker(worker.parent)
    refuse_worker(host.folder)


def test_the_patrol_hosts_home_becomes_no_workers(host: Home) -> None:
    with archive_in(host.archive) as archive:
        keep_page(host, archive, {"a": True}, NOW)
    host.seal()
    with pytest.raises(UserMistake, match="巡查主机"):
        become_worker(host.folder)
    assert not is_worker(host.folder)


def test_becoming_a_worker_twice_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    become_worker(home)
    before = (home / "WORKER").stat().st_ino
    become_worker(home)
    assert (home / "WORKER").stat().st_ino == before


def test_the_settings_say_where_to_look(tmp_path: Path, host: Home, worker: Path) -> None:
    from crawler.tables import Shelf as Settings
    from storage.handover import open_elsewhere

    config = Config(home=host.folder)
    assert open_elsewhere(config) is None
    (tmp_path / "shelf").mkdir()
    there = open_elsewhere(replace(config, shelf=Settings(url=str(tmp_path / "shelf"))))
    assert there is not None
    with pytest.raises(FileNotFoundError):
        there.read("lantian-none.warc.gz", 0, 9)
