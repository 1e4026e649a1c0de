"""A backup holds the rows of one moment and all their bytes, whoever writes meanwhile, and nothing that is secret."""

from __future__ import annotations

import errno
import hashlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from backed_home import BESIDE, NEVER, SECRET, flip, listed, relisted, working_home
from keeping_specimens import NOW, Home, home_in, keep_page
from storage_specimens import archive_in

from casework.whole_log import refuse_gaps
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Authority, Secrets
from storage.audit import Act, AuditLog
from storage.db import open_database
from storage.handover import become_worker
from storage.upkeep.backup import Made, Order, back_up
from storage.upkeep.backups import Backups
from storage.upkeep.copying import clear, folder_of_ours
from storage.upkeep.dumping import dumped, facts_on, still
from storage.upkeep.homefiles import is_known
from storage.upkeep.inventory import LIST, Facts, is_safe, read_inventory
from storage.upkeep.laying import lay_out, refuse_strangers
from storage.upkeep.proving import Proof
from storage.verify import verify
from storage.warcfile import OPEN_SUFFIX

ROOT = Path(__file__).parents[2]
HOMES = Path(__file__).parent / "homes"


@contextmanager
def unwatched(_steps: int) -> Iterator[Callable[[str], None]]:
    yield lambda _name: None


def backup_of(home: Path, folder: Path, **changes: object) -> Made:
    """A backup of a home, made now."""
    order = replace(Order(folder=folder, now=clock.now()), **changes)
    key = Secrets(reporter_key=str(home / "templates/reporter.key"))
    return back_up(Config(home=home, secrets=key), order, unwatched)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with working_home(tmp_path / "home") as (home, _):
        yield home


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# -- what is in it ---------------------------------------------------------------------------------


def test_all_is_in_it_that_a_home_needs_and_nothing_secret(home: Home, tmp_path: Path) -> None:
    made = backup_of(home.folder, tmp_path / "backups")
    names = {one.name for one in made.inventory.files}
    assert names == names_in(made.place) - {"BACKUP.json", "BACKUP.sha256"}
    assert set(BESIDE) < names
    assert not set(NEVER) & names
    archive = {f"archive/{name}" for name in home.files() if not name.startswith(".")}
    assert archive < names
    assert any(name.endswith(OPEN_SUFFIX) for name in archive), "what is being written is there too"
    assert all(SECRET.encode() not in (made.place / name).read_bytes() for name in names)
    facts = made.inventory.facts
    assert (facts.exhibits, facts.number, facts.audit.count) == (5, 1, 2)
    assert read_inventory(made.place) == (made.inventory, made.sha256)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backups").iterdir()} == {0}, "it is nobody else's"


def test_the_list_is_as_sha256sum_checks_it(home: Home, tmp_path: Path) -> None:
    made = backup_of(home.folder, tmp_path / "backups")
    assert subprocess.run(["sha256sum", "-c", "BACKUP.sha256"], cwd=made.place, check=False).returncode == 0
    for one in made.inventory.files:
        assert hashlib.sha256((made.place / one.name).read_bytes()).hexdigest() == one.sha256


def test_an_authoritys_certificate_is_taken_or_named(home: Home, tmp_path: Path) -> None:
    for place in (home.folder / "ca/a.pem", tmp_path / "b.pem"):
        place.parent.mkdir(exist_ok=True)
        place.write_text("-----", encoding="utf-8")
    cas = (home.folder / "ca/a.pem", tmp_path / "b.pem")
    authorities = tuple(Authority(url="http://127.0.0.1:1/", ca=ca) for ca in cas)
    config = Config(home=home.folder, authorities=authorities)
    made = back_up(config, Order(folder=tmp_path / "backups", now=NOW), unwatched)
    assert "ca/a.pem" in {one.name for one in made.inventory.files}
    assert made.inventory.left_out == (str(tmp_path / "b.pem"),)


def test_links_are_named_and_not_followed(home: Home, tmp_path: Path) -> None:
    (home.folder / "templates/away.docx").symlink_to("/etc/passwd")
    (home.archive / "lantian-x.warc.gz").symlink_to("/etc/passwd")
    made = backup_of(home.folder, tmp_path / "backups")
    assert set(made.inventory.left_out) == {"templates/away.docx", "archive/lantian-x.warc.gz"}


def test_rows_of_one_moment_while_others_write(home: Home, tmp_path: Path) -> None:
    """Whatever the copied rows speak of lies in the copied archive: the rows come first."""
    ended, wrote = threading.Event(), []

    def write() -> None:
        while not ended.is_set():
            with archive_in(home.archive) as archive:
                wrote.extend(keep_page(home, archive, {f"w{len(wrote)}": True}, NOW))
            home.seal()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        mades = []
        for number in range(4):
            have = len(wrote)
            while len(wrote) < have + 2:
                ended.wait(0.01)
            mades.append(backup_of(home.folder, tmp_path / "backups", now=NOW + timedelta(seconds=number)))
    finally:
        ended.set()
        writer.join()
    for made in mades:
        laid = tmp_path / made.place.name
        laid.mkdir()
        lay_out(made.place, made.inventory, laid, unwatched, links=True)
        assert {one.kind for one in verify(laid).broken} <= {"not_sealed"}
        with still(laid / "lantian.db").connect() as connection:
            assert facts_on(connection) == made.inventory.facts
    assert [made.inventory.facts.exhibits for made in mades] == sorted(
        {made.inventory.facts.exhibits for made in mades}
    ), "it went on meanwhile"


def test_what_was_sealed_since_the_rows_were_copied_is_not_sealed_yet(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest tells the log's head: one that is newer than the rows would tell of a log that was cut."""

    def dumped_then_sealed(place: Path, folder: Path) -> Facts:
        facts = dumped(place, folder)
        AuditLog(home.engine).add(Act(who="系统账号 示例", act="watch_added", subject="另一个", at=clock.now()))
        assert home.seal() == 1
        return facts

    monkeypatch.setattr("storage.upkeep.backup.dumped", dumped_then_sealed)
    made = backup_of(home.folder, tmp_path / "backups")
    names = {one.name for one in made.inventory.files}
    assert "archive/manifests/000001.json" in names
    assert not [name for name in names if "000002" in name]
    (tmp_path / "laid").mkdir()
    lay_out(made.place, made.inventory, tmp_path / "laid", unwatched, links=True)
    report = verify(tmp_path / "laid")
    assert (report.state, report.chain.number, report.unsealed > 0) == ("open", 1, True)
    engine = open_database(tmp_path / "laid" / "lantian.db")
    refuse_gaps(engine, tmp_path / "laid" / "archive")
    engine.dispose()


# -- one after another -----------------------------------------------------------------------------


def test_finished_files_are_linked_from_the_backup_before(home: Home, tmp_path: Path) -> None:
    first = backup_of(home.folder, tmp_path / "backups")
    second = backup_of(home.folder, tmp_path / "backups", base=first.place, now=NOW + timedelta(days=1))
    alike = [one.name for one in second.inventory.files if _inode(first, one.name) == _inode(second, one.name)]
    assert alike == [f"archive/{name}" for name in home.files() if name.endswith(".gz")]
    assert second.linked == sum(one.size for one in second.inventory.files if one.name in alike) > 0
    assert [(one.name, one.sha256) for one in first.inventory.files if one.name in alike] == [
        (one.name, one.sha256) for one in second.inventory.files if one.name in alike
    ]
    names = {one.name for one in second.inventory.files}
    assert any(name.endswith(OPEN_SUFFIX) for name in names - set(alike)), "what still grows is copied"


def _inode(made: Made, name: str) -> int:
    return (made.place / name).stat().st_ino


def test_a_damaged_list_links_nothing(home: Home, tmp_path: Path) -> None:
    first = backup_of(home.folder, tmp_path / "backups")
    flip(first.place / LIST)
    assert backup_of(home.folder, tmp_path / "backups", base=first.place).linked == 0


def test_two_of_one_second_have_names_of_their_own(home: Home, tmp_path: Path) -> None:
    places = [backup_of(home.folder, tmp_path / "backups", now=NOW).place for _ in range(3)]
    assert len(set(places)) == 3
    assert all((place / LIST).is_file() for place in places)


# -- what is refused, and what dies ------------------------------------------------------------------


def test_where_none_may_be_made(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="数据目录之外"):
        backup_of(home.folder, home.folder)
    for inside in (home.archive / "x", home.folder / "templates", home.folder / "shapes/x"):
        with pytest.raises(UserMistake, match="数据目录之外"):
            backup_of(home.folder, inside)
    with pytest.raises((UserMistake, FileNotFoundError)):
        backup_of(tmp_path / "nowhere", tmp_path / "backups")
    (tmp_path / "worker").mkdir()
    become_worker(tmp_path / "worker")
    with pytest.raises(UserMistake, match="工作机"):
        backup_of(tmp_path / "worker", tmp_path / "backups")


def test_a_damaged_database_is_said(home: Home, tmp_path: Path) -> None:
    home.engine.dispose()
    path = home.folder / "lantian.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(EvidenceBroken, match="数据库读不出来"):
        backup_of(home.folder, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_database_that_is_damaged_further_in_is_said_too(home: Home, tmp_path: Path) -> None:
    home.engine.dispose()
    path = home.folder / "lantian.db"
    raw = path.read_bytes()
    path.write_bytes(raw[:8192] + b"\xff" * (len(raw) - 8192))
    with pytest.raises(EvidenceBroken, match="数据库读不出来"):
        backup_of(home.folder, tmp_path / "backups")


DIES = """
import os, sys
from contextlib import contextmanager, suppress
from pathlib import Path
from crawler import clock
from crawler.config import Config
from storage.upkeep.backup import Order, back_up
@contextmanager
def watch(steps):
    left = [int(sys.argv[3])]
    def tell(name):
        left[0] -= 1
        if not left[0]: os.kill(os.getpid(), 9)
    yield tell
back_up(Config(home=Path(sys.argv[1])), Order(folder=Path(sys.argv[2]), now=clock.now()), watch)
"""


@pytest.mark.parametrize("step", [1, 4, 7])
def test_one_that_died_leaves_the_others_whole_and_is_cleared_away(home: Home, tmp_path: Path, step: int) -> None:
    folder = tmp_path / "backups"
    first = backup_of(home.folder, folder)
    argv = [sys.executable, "-c", DIES, home.folder, folder, str(step)]
    assert subprocess.run(argv, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert sorted(path.suffix for path in folder.iterdir() if path != first.place) == [".lock", ".part"]
    assert read_inventory(first.place) == (first.inventory, first.sha256)
    with pytest.raises(UserMistake, match="不是备份"):
        read_inventory(next(path for path in folder.iterdir() if path.suffix == ".part"))
    second = backup_of(home.folder, folder, now=NOW + timedelta(days=1))
    assert set(folder.iterdir()) == {first.place, second.place}


def test_two_that_want_one_folder_at_once(tmp_path: Path) -> None:
    with folder_of_ours(tmp_path / "x.part"):
        with pytest.raises(UserMistake, match="正在写入"), folder_of_ours(tmp_path / "x.part"):
            pass
        assert (tmp_path / "x.part").exists(), "whoever came too late takes nothing away"
    assert list(tmp_path.iterdir()) == []
    with suppress(ZeroDivisionError), folder_of_ours(tmp_path / "x.part"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_living_ones_folder_is_left_to_it(home: Home, tmp_path: Path) -> None:
    with folder_of_ours(tmp_path / "lantian-x.part") as part:
        (part / "half").write_bytes(b"...")
        with pytest.raises(UserMistake, match="正在写入"):
            clear(part)
        made = backup_of(home.folder, tmp_path)
        assert (part / "half").exists()
        assert made.place.exists()
    assert not part.exists()


# -- its list --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("archive/a.warc.gz", True),
        ("templates/函 一.docx", True),
        ("../a", False),
        ("archive/../../a", False),
        ("/etc/passwd", False),
        ("archive//a", False),
        ("./a", False),
        ("", False),
        ("a\\b", False),
        ("a\nb", False),
        ("a\0b", False),
        ("a" * 1001, False),
    ],
)
def test_names_that_stay_below(name: str, expected: bool) -> None:
    assert is_safe(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lantian.db", True),
        ("laws.toml", True),
        ("ca/root.pem", True),
        ("archive/manifests/000001.json", True),
        ("templates/函.docx", True),
        ("archive", False),
        ("lantian.db-wal", False),
        ("lantian.db-journal", False),
        ("lantian.dump", False),
        (".config/lantian/root.pem", False),
        ("turns.db", False),
        ("lantian.db-wal/root.pem", False),
    ],
)
def test_names_that_a_backup_may_hold(name: str, expected: bool) -> None:
    assert is_known(name, "lantian.db") is expected


def test_a_list_is_only_what_was_written(home: Home, tmp_path: Path) -> None:
    made = backup_of(home.folder, tmp_path / "backups")
    whole = listed(made.place)
    files = whole["files"]
    wrong = (
        {**whole, "more": 1},
        {**whole, "format": "lantian-backup/2"},
        {**whole, "files": [{**files[0], "mode": 7}, *files[1:]]},
        {**whole, "files": [*files, files[0]]},
        {**whole, "files": [*files, {**files[0], "name": "../x"}]},
        {**whole, "files": [*files, {**files[0], "name": "archive"}]},
        {**whole, "files": [*files, {**files[0], "name": "TESTED.json"}]},
        {**whole, "files": files[1:]},
        {**whole, "made_at": "gestern"},
        {**whole, "made_at": "9999-12-31T23:59:59+00:00"},
        {**whole, "made_at": "2026-11-20T00:00:00"},
        {name: value for name, value in whole.items() if name != "facts"},
    )
    for told in wrong:
        relisted(made.place, told)
        with pytest.raises(EvidenceBroken):
            read_inventory(made.place)
    relisted(made.place, whole)
    assert read_inventory(made.place, made.sha256.upper()) == (made.inventory, made.sha256)
    with pytest.raises(EvidenceBroken, match="摘要不符"):
        read_inventory(made.place, "0" * 64)


def changed(told: object, chance: random.Random) -> object:
    """The same JSON with one value somewhere turned into something else."""
    others = (None, True, -1, 0.5, "", "../x", [], {}, 10**30, "0" * 64)
    if isinstance(told, dict) and told and chance.random() < 0.9:
        name = chance.choice(sorted(told))
        return {**told, name: changed(told[name], chance)}
    if isinstance(told, list) and told and chance.random() < 0.9:
        at = chance.randrange(len(told))
        return [*told[:at], changed(told[at], chance), *told[at + 1 :]]
    return chance.choice(others)


def test_a_list_with_anything_else_in_it_is_refused_or_read(home: Home, tmp_path: Path) -> None:
    made = backup_of(home.folder, tmp_path / "backups")
    whole, chance, refused = listed(made.place), random.Random(20261120), 0
    for _ in range(400):
        relisted(made.place, changed(whole, chance))  # type: ignore[arg-type]
        try:
            inventory, _ = read_inventory(made.place)
            refuse_strangers(made.place, inventory)
        except EvidenceBroken:
            refused += 1
    assert refused > 300


# -- the home's own rows ---------------------------------------------------------------------------


PROOF = Proof(exhibits=5, pages=3, records=9, state="open")


def test_only_tested_ones_make_old_ones_go(home: Home, tmp_path: Path) -> None:
    known, told = Backups(home.engine), list[str]()

    def tell(place: str, why: str) -> None:
        told.append(place)
        assert why == ""

    def make(number: int, *, is_tested: bool) -> Made:
        made = backup_of(home.folder, tmp_path / "backups", now=NOW + timedelta(seconds=number), base=known.base())
        row = known.enter(made, "系统账号 示例")
        if is_tested:
            known.proved(row, made, PROOF, NOW)
        return made

    mades = [make(number, is_tested=number in (0, 1)) for number in range(5)]
    assert known.prune(2, NOW, tmp_path / "backups", tell) == 0, "the newer ones were never tested"
    mades += [make(5, is_tested=True)]
    assert known.prune(2, NOW, tmp_path / "backups", tell) == 1
    assert told == [str(mades[0].place)]
    assert [made.place.exists() for made in mades] == [False, True, True, True, True, True]
    assert [one.id for one in known.newest()] == [6, 5, 4, 3, 2]
    mades += [make(6, is_tested=True)]
    assert known.prune(0, NOW, tmp_path / "backups", tell) == 5, "one stays, whatever the settings say"
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {mades[-1].place.name}
    newest = known.newest_tested()
    assert newest is not None
    assert newest.place == str(mades[-1].place)


def test_what_is_pruned_is_ours_and_lies_where_one_was_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, folder, told = Backups(home.engine), tmp_path / "backups", list[tuple[str, bool]]()

    def make(number: int, where: Path) -> Path:
        made = backup_of(home.folder, where, now=NOW + timedelta(seconds=number))
        known.proved(known.enter(made, "示例"), made, PROOF, NOW)
        return made.place

    def tell(place: str, why: str) -> None:
        told.append((place, "只读" in why))

    elsewhere, theirs = make(0, tmp_path / "elsewhere"), make(1, folder)
    AuditLog(home.engine).add(Act(who="示例", act="restore", subject="x", at=NOW))
    old, kept = make(2, folder), make(3, folder)

    def refused(_path: Path, _target: Path) -> Path:
        raise OSError(errno.EROFS, "只读")

    with monkeypatch.context() as readonly:
        readonly.setattr(Path, "rename", refused)
        assert known.prune(1, NOW, folder, tell) == 0
    assert known.prune(1, NOW, folder, tell) == 1
    assert told == [(str(old), True), (str(old), False)]
    assert [place.exists() for place in (elsewhere, theirs, old, kept)] == [True, True, False, True]


def test_one_that_is_not_there_makes_nothing_go(home: Home, tmp_path: Path) -> None:
    known = Backups(home.engine)
    for number in range(3):
        made = backup_of(home.folder, tmp_path / "backups", now=NOW + timedelta(seconds=number))
        known.proved(known.enter(made, "示例"), made, PROOF, NOW)
    made.place.rename(tmp_path / "elsewhere")
    assert known.prune(2, NOW, tmp_path / "backups", lambda *_: None) == 0
    assert known.base() != made.place


def test_after_one_that_did_not_hold_nothing_is_linked(home: Home, tmp_path: Path) -> None:
    known = Backups(home.engine)
    assert known.base() is None
    made = backup_of(home.folder, tmp_path / "backups")
    number = known.enter(made, "示例")
    assert known.base() == made.place
    known.failed(number, made, "备份中的 x 不是备份时的样子", NOW)
    assert known.base() is None


@pytest.mark.parametrize("version", ["0.1.0", "0.5.0"])
def test_an_older_schema_is_backed_up_as_it_is(version: str, tmp_path: Path) -> None:
    old = Path(shutil.copytree(HOMES / version, tmp_path / "home"))
    before = (old / "lantian.db").read_bytes()
    made = backup_of(old, tmp_path / "backups")
    with sqlite3.connect(made.place / "lantian.db") as copy:
        (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    assert made.inventory.facts.schema == schema < "0023"
    assert made.inventory.facts.exhibits
    assert (old / "lantian.db").read_bytes() == before


def test_an_empty_archive_is_one_too(tmp_path: Path) -> None:
    with home_in(tmp_path / "home"):
        made = backup_of(tmp_path / "home", tmp_path / "backups")
    assert [one.name for one in made.inventory.files] == ["lantian.db"]
