"""`lantian backup` and `lantian restore` as an operator uses them: what is restored is what was there, and a backup of
which anything was changed becomes no home.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from backed_home import BESIDE, NEVER, flip, listed, relisted, working_home
from keeping_specimens import NOW, Home, keep_page
from people_specimens import acting as acts_as
from people_specimens import founders
from servers import PASSWORD
from storage_specimens import archive_in
from test_homes import HOMES

from console.homelocks import nothing_moves, only_shelving
from console.upkeep.restoring import tried
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken
from crawler.tables import Shelf as ShelfSettings
from storage.archive import FolderArchive
from storage.audit import AuditLog
from storage.db import HEAD, open_database
from storage.exhibits import ExhibitStore
from storage.handover import announce
from storage.shelf import open_shelf
from storage.shelving import Shelver
from storage.upkeep.backup import Order, back_up
from storage.upkeep.spoiling import REWRITTEN
from storage.warcfile import OPEN_SUFFIX
from tests.console.conftest import ROOT, Ran
from tests.storage.test_backup import unwatched

Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with working_home(tmp_path / "home") as (home, _):
        yield home


def backed_up(here: Run, tmp_path: Path, *options: str) -> Path:
    ran = here("backup", tmp_path / "backups", "--json", *options)
    assert ran.code == 0, ran.err
    return Path(ran.lines[0]["place"])


def nothing_left(tmp_path: Path) -> bool:
    return not [path for path in tmp_path.iterdir() if "new" in path.name]


# -- the drill -------------------------------------------------------------------------------------


def test_what_is_restored_is_what_was_there(
    here: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(home.folder / "templates/reporter.key"))
    with home.engine.connect() as connection:
        exhibits = list(connection.exec_driver_sql("SELECT public_id FROM exhibits").scalars())
    ran = here("backup", tmp_path / "backups", "--json")
    told = ran.lines[0]
    assert (ran.code, told["exhibits"], told["trouble"]) == (0, 5, ""), ran.err
    assert told["tested"] == {"exhibits": 5, "pages": 3, "records": told["tested"]["records"], "state": "open",
                              "expired": 0, "away": 0}  # fmt: skip
    assert "举报人密钥" in ran.err
    assert "同一块磁盘" in ran.err
    assert sorted(path.name for path in Path(told["place"]).iterdir()) == sorted(
        [
            "BACKUP.json",
            "BACKUP.sha256",
            "TESTED.json",
            "archive",
            "lantian.db",
            *{name.split("/")[0] for name in BESIDE},
        ]
    )
    assert json.loads((Path(told["place"]) / "TESTED.json").read_text())["list"] == told["sha256"]
    (row,) = here("backups", "--json").lines
    assert (row["place"], row["is_there"], row["trouble"], bool(row["tested_at"])) == (told["place"], True, "", True)
    assert "通过" in here("backups").out

    new = tmp_path / "new"
    restored = here("restore", told["place"], "--home", new, "--sha256", told["sha256"], "--json")
    assert restored.code == 0, restored.err
    assert restored.lines[0]["tested_at"]
    assert restored.lines[0]["pages"] == 3
    monkeypatch.setenv("LANTIAN_HOME", str(new))
    assert here("evidence", "verify", "--demand", "sealed").code == 0, "what no manifest covered was sealed"
    assert here("audit", "verify").code == 0
    assert not list((new / "archive").glob(f"*{OPEN_SUFFIX}")), "no writer lives there"
    assert {name: (new / name).read_text(encoding="utf-8") for name in BESIDE} == BESIDE
    assert [name for name in NEVER if (new / name).exists()] == []
    engine = open_database(new / "lantian.db")
    store, archive = ExhibitStore(engine), FolderArchive(new / "archive", tool="")
    for exhibit in exhibits:
        assert archive.produce(store.exhibit(exhibit).capture).startswith(b"page ")
    last = AuditLog(engine).entries(after=2)
    engine.dispose()
    assert [entry.act for entry in last] == ["restore", "seal"]
    assert last[0].subject == Path(told["place"]).name
    assert here("backup", tmp_path / "backups2").code == 0, "and it goes on"


def test_who_made_it_stands_in_the_log(here: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    founders(home.engine)
    backed_up(here, tmp_path, "--no-test")
    with pytest.raises(AssertionError, match="凭据"):
        backed_up(here, tmp_path, "--by", "示例创始")
    acts = AuditLog(home.engine).entries()
    (entry,) = [one for one in acts if one.act == "backup"]
    assert entry.who.startswith("系统账号 ")
    (row,) = here("backups", "--json").lines
    assert (row["entry"], row["made_by"], row["tested_at"]) == (entry.id, entry.who, "")
    assert acts_as(home.engine, "示例创始").name == "示例创始"


def test_without_a_test_it_does_not_count(here: Run, home: Home, tmp_path: Path) -> None:
    ran = here("backup", tmp_path / "backups", "--no-test")
    assert (ran.code, "不算数" in ran.err) == (0, True)
    assert "没有试过" in here("backups").out
    (place,) = (tmp_path / "backups").iterdir()
    assert not (place / "TESTED.json").exists()
    restored = here("restore", place, "--home", tmp_path / "new")
    assert (restored.code, "没有试恢复" in restored.err) == (0, True), "whoever has no other may try"


def test_a_home_that_is_damaged_gives_no_backup_that_counts(here: Run, home: Home, tmp_path: Path) -> None:
    first = backed_up(here, tmp_path)
    record = next(path for path in sorted(home.archive.glob("*.gz")))
    flip(record)
    shutil.rmtree(first / "archive")  # nothing whole is left to link
    ran = here("backup", tmp_path / "backups", "--json")
    assert (ran.code, ran.lines[0]["tested"]) == (4, None)
    assert record.name in ran.lines[0]["trouble"]
    assert "不算数" in ran.err
    newest, oldest = here("backups", "--json").lines
    assert (newest["tested_at"], newest["trouble"]) == ("", ran.lines[0]["trouble"])
    assert oldest["tested_at"]
    assert [one.act for one in AuditLog(home.engine).entries()][-1] == "backup_failed"
    assert not [path for path in (tmp_path / "backups").iterdir() if path.name.startswith(".")], "no scratch is left"


def test_a_whole_copy_from_before_is_kept_when_the_home_rots(here: Run, home: Home, tmp_path: Path) -> None:
    backed_up(here, tmp_path)
    flip(next(path for path in sorted(home.archive.glob("*.gz"))))
    assert here("backup", tmp_path / "backups").code == 0, "it was linked from the backup, which is whole"


def test_what_shares_a_damaged_file_counts_no_longer_and_the_next_one_is_copied(
    here: Run, home: Home, tmp_path: Path
) -> None:
    first = backed_up(here, tmp_path)
    flip(records(first))
    ran = here("backup", tmp_path / "backups")
    assert (ran.code, "硬链接" in ran.err, "没有改动" in ran.err) == (4, True, False)
    assert str(first) in ran.err
    rows = here("backups", "--json").lines
    assert [(row["tested_at"], bool(row["trouble"])) for row in rows] == [("", True)] * 2
    third = backed_up(here, tmp_path)
    assert not records(third).samefile(records(first))


def test_a_backup_of_a_home_that_is_not_there_makes_none(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "mistyped"))
    ran = here("backup", tmp_path / "backups")
    assert (ran.code, "LANTIAN_HOME" in ran.err) == (2, True)
    assert not (tmp_path / "mistyped").exists()


def test_old_ones_go_when_enough_were_tested(here: Run, home: Home, tmp_path: Path) -> None:
    (home.folder / "lantian.toml").write_text('[backup]\nfolder = "../backups"\nkeep = 2\n', encoding="utf-8")
    for _ in range(4):
        ran = here("backup", "--json")
        assert ran.code == 0, ran.err
    assert ran.lines[0]["removed"] == 1
    assert len(list((tmp_path / "backups").iterdir())) == 2
    assert len(here("backups", "--json").lines) == 2


# -- who waits for whom ----------------------------------------------------------------------------


def test_nothing_leaves_the_archive_meanwhile(here: Run, home: Home) -> None:
    with nothing_moves(home.folder):
        for command in ("shelve", "expire"):
            (home.folder / "lantian.toml").write_text('[shelf]\nurl = "../shelf"\n', encoding="utf-8")
            ran = here("evidence", command, *(("--by", "示例") if command == "expire" else ()))
            assert (ran.code, "备份" in ran.err) == (2, True)


def test_whoever_ends_a_round_waits_to_shelve(home: Home) -> None:
    ended: list[str] = []

    def end() -> None:
        with only_shelving(home.folder):
            ended.append("shelved")

    with nothing_moves(home.folder):
        round_ = threading.Thread(target=end)
        round_.start()
        round_.join(0.2)
        assert (ended, round_.is_alive()) == ([], True)
    round_.join()
    assert ended == ["shelved"]


def test_a_second_one_is_refused(here: Run, home: Home, tmp_path: Path) -> None:
    with (home.folder / "backup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = here("backup", tmp_path / "backups")
    assert (ran.code, "另有一次备份" in ran.err) == (2, True)


def test_what_is_asked_wrongly_is_said(here: Run, home: Home, tmp_path: Path) -> None:
    place = backed_up(here, tmp_path)
    for asked, why in (
        (("backup",), "备份到哪里"),
        (("backup", tmp_path / "backups", "--with-shelf"), "没有设置存储"),
        (("restore", tmp_path, "--home", tmp_path / "new"), "不是备份"),
        (("restore", place, "--home", home.folder), "不覆盖"),
        (("restore", place, "--home", tmp_path / "new", "--sha256", ""), "--sha256"),
        (("restore", place, "--home", place / "BACKUP.json"), "不覆盖"),
        (("restore", place, "--home", tmp_path / "no" / "new"), "没有"),
    ):
        ran = here(*asked)
        assert (ran.code, why in ran.err) == (2, True), ran.err
    assert nothing_left(tmp_path)
    (tmp_path / "new").mkdir()
    assert here("restore", place, "--home", tmp_path / "new").code == 0, "an empty folder is nobody's"


def test_what_stands_where_the_new_home_is_to_be_is_not_touched(here: Run, home: Home, tmp_path: Path) -> None:
    place = backed_up(here, tmp_path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/other").write_text("x")
    assert here("restore", place, "--home", tmp_path / "new").code == 2
    assert (tmp_path / "new/other").read_text() == "x"


RENAME_DIES = """
import os, sys
from pathlib import Path
import console.upkeep.restoring as restoring
from storage.upkeep import placing
real, left = Path.rename, [2]
def rename(path, target):
    if Path(target).parent == Path(sys.argv[2]):
        left[0] -= 1
        if not left[0]: os.kill(os.getpid(), 9)
    return real(path, target)
save = placing.save
def saved(*given):
    save(*given)
    Path.rename = rename
placing.save = saved
restoring.run_restore(restoring.Asked(backup=Path(sys.argv[1]), home=Path(sys.argv[2])), as_json=False)
"""


def test_into_a_folder_that_cannot_be_renamed_over(here: Run, whole: Path, tmp_path: Path) -> None:
    """As a mounted disk, of which a link to a folder has what matters: the name is not to be given away."""
    (tmp_path / "disk/lost+found").mkdir(parents=True)
    (tmp_path / "new").symlink_to(tmp_path / "disk")
    damaged = Path(shutil.copytree(whole, tmp_path / "damaged"))
    flip(damaged / "lantian.db")
    with pytest.raises(EvidenceBroken):
        here("restore", damaged, "--home", tmp_path / "new")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["lost+found"]
    ran = here("restore", whole, "--home", tmp_path / "new")
    assert ran.code == 0, ran.err
    names = {path.name for path in (tmp_path / "disk").iterdir()}
    assert {"archive", "lantian.db", "lantian.toml"} < names
    assert not {name for name in names if "restoring" in name}
    (tmp_path / "void").symlink_to(tmp_path / "nowhere")
    assert here("restore", whole, "--home", tmp_path / "void").code == 2


def test_one_that_died_while_it_took_its_place_is_finished(here: Run, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    argv = [sys.executable, "-c", RENAME_DIES, whole, tmp_path / "new"]
    died = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert not (tmp_path / "new/lantian.db").exists()
    other = Path(shutil.copytree(whole, tmp_path / "other"))
    forged(other, version="0.0.1")
    assert here("restore", other, "--home", tmp_path / "new").code == 2
    ran = here("restore", whole, "--home", tmp_path / "new")
    assert (ran.code, "接着完成" in ran.err) == (0, True)
    assert {path.name for path in (tmp_path / "new").iterdir()} >= {"archive", "lantian.db", "lantian.toml"}
    assert not list((tmp_path / "new").glob(".*")), "nothing of it is left"
    assert here("restore", whole, "--home", tmp_path / "new").code == 2, "it is a home now"


# -- whatever is changed is seen -------------------------------------------------------------------


def records(backup: Path) -> Path:
    return next(path for path in sorted((backup / "archive").glob("*.gz")))


def on_rows(backup: Path, statement: str) -> None:
    """Change the database of a backup, and the list with it."""
    with closing(sqlite3.connect(backup / "lantian.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        guards = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (guard,) in guards:
            connection.execute(f"DROP TRIGGER {guard}")
        connection.execute(statement)
        connection.commit()
    relisted(backup)


def forged(backup: Path, **changes: object) -> None:
    relisted(backup, {**listed(backup), **changes})


def renamed(backup: Path, name: str) -> None:
    files = [{**one, "name": name} if one["name"] == "laws.toml" else one for one in listed(backup)["files"]]
    forged(backup, files=files)


def renamed_there(backup: Path, name: str) -> None:
    renamed(backup, name)
    (backup / name).parent.mkdir(exist_ok=True)
    (backup / "laws.toml").rename(backup / name)


def linked_away(backup: Path) -> None:
    (backup / "laws.toml").rename(backup.parent / "laws.toml")
    (backup / "laws.toml").symlink_to(backup.parent / "laws.toml")


def folder_linked_away(backup: Path) -> None:
    (backup / "templates").rename(backup.parent / "templates")
    (backup / "templates").symlink_to(backup.parent / "templates")


def cut(backup: Path) -> None:
    path = records(backup)
    path.write_bytes(path.read_bytes()[:-700])
    relisted(backup)


def flipped_and_relisted(backup: Path) -> None:
    flip(records(backup))
    relisted(backup)


def without(backup: Path, name: str) -> None:
    (backup / name).unlink()
    forged(backup, files=[one for one in listed(backup)["files"] if one["name"] != name])


def other_head(backup: Path) -> None:
    facts = listed(backup)["facts"]
    forged(backup, facts={**facts, "exhibits": facts["exhibits"] + 1})


MANIFEST = "archive/manifests/000001.json"
TAMPERED: dict[str, Callable[[Path], object]] = {
    "a bit of the database": lambda backup: flip(backup / "lantian.db"),
    "a bit of the records": lambda backup: flip(records(backup)),
    "a bit of a manifest": lambda backup: flip(backup / MANIFEST),
    "a bit of a setting": lambda backup: flip(backup / "lantian.toml"),
    "a bit of the list": lambda backup: flip(backup / "BACKUP.json"),
    "a bit of the list's digest": lambda backup: flip(backup / "BACKUP.sha256"),
    "no digest": lambda backup: (backup / "BACKUP.sha256").unlink(),
    "a file missing": lambda backup: (backup / MANIFEST).unlink(),
    "records missing": lambda backup: records(backup).unlink(),
    "a file more": lambda backup: (backup / "archive/more.warc.gz").write_bytes(b""),
    "a hidden file more": lambda backup: (backup / ".more").write_bytes(b""),
    "a link for a file": linked_away,
    "a link for a folder": folder_linked_away,
    "a pipe more": lambda backup: os.mkfifo(backup / "archive/pipe"),
    "a name above": lambda backup: renamed(backup, "../laws.toml"),
    "a name from the root": lambda backup: renamed(backup, "/tmp/laws.toml"),
    "a journal for the database": lambda backup: renamed_there(backup, "lantian.db-wal"),
    "settings of other programs": lambda backup: renamed_there(backup, ".config/x.pem"),
    "a moment that no clock shows": lambda backup: forged(backup, made_at="9999-12-31T23:59:59+00:00"),
    "another count": other_head,
    "records changed, and the list": flipped_and_relisted,
    "records cut, and the list": cut,
    "records missing, and from the list": lambda backup: without(
        backup, records(backup).relative_to(backup).as_posix()
    ),
    "a manifest missing, and from the list": lambda backup: without(backup, MANIFEST),
    "an act changed, and the list": lambda backup: on_rows(backup, "UPDATE audit SET who = '别人' WHERE id = 1"),
    "an act more, and the list": lambda backup: on_rows(
        backup, "INSERT INTO audit SELECT 9, at, who, act, subject, detail, digest, digest FROM audit WHERE id = 2"
    ),
    "a page's digest changed, and the list": lambda backup: on_rows(
        backup, "UPDATE captures SET sha256 = substr(sha256, 2) || '0' WHERE expired_in IS NULL"
    ),
    "an exhibit removed, and the list": lambda backup: on_rows(
        backup, "DELETE FROM exhibits WHERE id = (SELECT max(id) FROM exhibits)"
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that is as it was made."""
    folder = tmp_path_factory.mktemp("whole")
    with working_home(folder / "home"):
        order = Order(folder=folder / "backups", now=clock.now())
        return back_up(Config(home=folder / "home"), order, unwatched).place


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_backup_that_was_touched_becomes_no_home(here: Run, whole: Path, tmp_path: Path, kind: str) -> None:
    backup = Path(shutil.copytree(whole, tmp_path / "backup"))
    TAMPERED[kind](backup)
    with pytest.raises(EvidenceBroken):
        here("restore", backup, "--home", tmp_path / "new")
    assert nothing_left(tmp_path)


def test_the_same_backup_untouched_becomes_one(here: Run, whole: Path, tmp_path: Path) -> None:
    backup = Path(shutil.copytree(whole, tmp_path / "backup"))
    relisted(backup)
    (backup / ".TESTED.json.tmp").write_bytes(b"{")  # the machine stopped there
    assert here("restore", backup, "--home", tmp_path / "new").code == 0
    with pytest.raises(EvidenceBroken, match="摘要不符"):
        here("restore", backup, "--home", tmp_path / "new2", "--sha256", "0" * 64)


def test_one_of_a_newer_version_is_refused(here: Run, whole: Path, tmp_path: Path) -> None:
    backup = Path(shutil.copytree(whole, tmp_path / "backup"))
    forged(backup, facts={**listed(backup)["facts"], "schema": "0999"})
    ran = here("restore", backup, "--home", tmp_path / "new")
    assert (ran.code, "更新的版本" in ran.err) == (2, True)
    on_rows(backup, "UPDATE alembic_version SET version_num = '0999'")
    assert here("restore", backup, "--home", tmp_path / "new").code == 2
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("version", ["0.1.0", "0.5.0"])
def test_one_of_an_older_version_becomes_a_home_of_ours(here: Run, tmp_path: Path, version: str) -> None:
    old = Path(shutil.copytree(HOMES / version, tmp_path / "old"))
    made = back_up(Config(home=old), Order(folder=tmp_path / "backups", now=clock.now()), unwatched)
    assert tried(Config(home=old), made.place, made.sha256).exhibits == made.inventory.facts.exhibits
    assert made.inventory.facts.schema < HEAD
    assert here("restore", made.place, "--home", tmp_path / "new").code == 0
    assert not list((tmp_path / "new").glob("lantian.db.*")), "the backup is the copy"


# -- what lies elsewhere ---------------------------------------------------------------------------


def test_files_on_the_shelf_are_named_and_read_there(here: Run, home: Home, tmp_path: Path) -> None:
    shelve(home, tmp_path)
    ran = here("backup", tmp_path / "backups", "--json")
    assert ran.code == 0, ran.err
    told = ran.lines[0]
    assert [(one["file"] in ran.err, one["sha256"] in ran.err) for one in told["shelf"]] == [(True, True)] * 2
    assert (told["tested"]["pages"], told["tested"]["away"]) == (1, 2)
    assert here("restore", told["place"], "--home", tmp_path / "new").code == 0
    victim = next((tmp_path / "shelf").glob("*.gz"))
    flip(victim)
    with pytest.raises(EvidenceBroken, match=victim.name):
        here("restore", told["place"], "--home", tmp_path / "new2")
    assert here("backup", tmp_path / "backups").code == 4


def test_what_an_expiry_rewrote_on_the_shelf_spoils_the_backups_that_need_it(
    here: Run, home: Home, tmp_path: Path
) -> None:
    shelve(home, tmp_path)
    whole = backed_up(here, tmp_path, "--with-shelf")
    place = backed_up(here, tmp_path)
    with home.engine.begin() as connection:
        (file,) = connection.exec_driver_sql("SELECT min(file) FROM shelved WHERE file LIKE '%.gz'").scalars()
        connection.exec_driver_sql("UPDATE shelved SET is_replaced = 1 WHERE file = ?", (file,))
    (tmp_path / "shelf" / file).unlink()
    newest, oldest = here("backups", "--json").lines
    assert (newest["place"], newest["tested_at"], REWRITTEN in newest["trouble"]) == (str(place), "", True)
    assert (oldest["place"], oldest["trouble"]) == (str(whole), ""), "it needs no shelf"
    with pytest.raises(EvidenceBroken, match=REWRITTEN):
        here("restore", place, "--home", tmp_path / "new")
    assert [one.act for one in AuditLog(home.engine).entries()].count("backup_spoilt") == 1


def test_with_the_shelf_in_it_a_backup_needs_no_shelf(here: Run, home: Home, tmp_path: Path) -> None:
    shelve(home, tmp_path)
    place = backed_up(here, tmp_path, "--with-shelf")
    again = here("backup", tmp_path / "backups", "--with-shelf", "--json").lines[0]
    assert again["linked"], "what was fetched once is linked"
    shutil.rmtree(tmp_path / "shelf")
    assert here("restore", place, "--home", tmp_path / "new").code == 0


def shelve(home: Home, tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    (home.folder / "lantian.toml").write_text('[shelf]\nurl = "../shelf"\n', encoding="utf-8")
    shelf = open_shelf(Config(home=home.folder, shelf=ShelfSettings(url="../shelf")))
    assert shelf is not None
    assert Shelver(home.archive, home.engine, shelf).shelve(clock.now(), lambda _: None).files > 2


DIES = """
import os, sys
from pathlib import Path
import console.upkeep.restoring as restoring
real = restoring.prove
def prove(*given):
    real(*given)
    os.kill(os.getpid(), 9)
restoring.prove = prove
"""
RESTORE_DIES = f"""{DIES}
restoring.run_restore(restoring.Asked(backup=Path(sys.argv[1]), home=Path(sys.argv[2])), as_json=False)
"""
TEST_DIES = f"{DIES}from crawler.config import Config; restoring.tried(Config(home=Path('.')), Path(sys.argv[1]), '')"


def test_a_restore_that_died_left_no_home_and_the_next_one_goes_on(here: Run, whole: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", RESTORE_DIES, whole, tmp_path / "new"]
    died = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True)
    assert (died.returncode, (tmp_path / "new").exists()) == (-signal.SIGKILL, False)
    assert (tmp_path / ".new.part").exists()
    assert here("restore", whole, "--home", tmp_path / "new").code == 0
    assert not (tmp_path / ".new.part").exists()


def test_a_test_that_died_leaves_scratch_that_the_next_backup_takes_away(here: Run, home: Home, tmp_path: Path) -> None:
    place = backed_up(here, tmp_path, "--no-test")
    died = subprocess.run([sys.executable, "-c", TEST_DIES, place], cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL
    left = {path.suffix for path in (tmp_path / "backups").iterdir() if path != place}
    assert left == {".test", ".lock"}
    backed_up(here, tmp_path)
    assert {path.name[:8] for path in (tmp_path / "backups").iterdir()} == {"lantian-"}


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture
def server_home(tmp_path: Path, migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("LANTIAN_DATABASE", migrated_database)
    with working_home(tmp_path / "home", migrated_database) as (home, _):
        yield home


def test_a_servers_rows_come_back_too(
    here: Run, server_home: Home, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = here("backup", tmp_path / "backups", "--json")
    assert ran.code == 0, ran.err
    told = ran.lines[0]
    assert (told["exhibits"], told["tested"]["pages"]) == (5, 3)
    full = here("restore", told["place"], "--home", tmp_path / "new")
    assert (full.code, "不是空的" in full.err) == (2, True)
    monkeypatch.delenv("LANTIAN_DATABASE")
    unsaid = here("restore", told["place"], "--home", tmp_path / "new")
    assert (unsaid.code, "LANTIAN_DATABASE" in unsaid.err) == (2, True)
    monkeypatch.setenv("LANTIAN_DATABASE", new_database())
    restored = here("restore", told["place"], "--home", tmp_path / "new", "--json")
    assert (restored.code, restored.lines[0]["pages"]) == (0, 3), restored.err
    assert not list((tmp_path / "new").glob("lantian.d*"))
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "new"))
    assert here("evidence", "verify").code == 0
    assert here("audit", "verify").code == 0
    for one in (ran, full, unsaid, restored):
        assert PASSWORD not in one.out + one.err
    left = [name for name in databases(server_home) if name.startswith("lantian_test_")]
    assert left == [], "the test's own database is gone"


def test_a_servers_rows_are_of_one_moment_while_others_write(here: Run, server_home: Home, tmp_path: Path) -> None:
    ended, wrote = threading.Event(), list[str]()

    def write() -> None:
        while not ended.is_set():
            with archive_in(server_home.archive) as archive:
                wrote.extend(keep_page(server_home, archive, {f"w{len(wrote)}": True}, NOW))
            server_home.seal()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(before := tuple(wrote)) < 2:
            ended.wait(0.01)
        ran = here("backup", tmp_path / "backups", "--json")
    finally:
        ended.set()
        writer.join()
    assert ran.code == 0, ran.err
    assert 5 + len(before) <= ran.lines[0]["exhibits"] < 5 + len(wrote), "it went on meanwhile"


def test_what_workers_still_have_is_named(here: Run, server_home: Home, tmp_path: Path) -> None:
    with archive_in(tmp_path / "worker") as archive:
        keep_page(server_home, archive, {"w1": True}, NOW)
    (file,) = (path.name for path in (tmp_path / "worker").iterdir())
    lost = here("backup", tmp_path / "backups")
    assert (lost.code, file in lost.err) == (4, True), "as long as nobody says who has it, it is missing"
    announce(server_home.engine, file, "甲机", NOW)
    ran = here("backup", tmp_path / "backups", "--json")
    assert (ran.code, ran.lines[0]["workers"], ran.lines[0]["tested"]["away"]) == (0, [file], 1), ran.err
    assert f"工作机里，不在备份里：{file}" in ran.err


def databases(home: Home) -> list[str]:
    with home.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT datname FROM pg_database").scalars())


def test_a_servers_database_stays_empty_when_a_restore_fails(
    here: Run, server_home: Home, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = backed_up(here, tmp_path, "--no-test")
    flipped_and_relisted(place)
    address = new_database()
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    with pytest.raises(EvidenceBroken):
        here("restore", place, "--home", tmp_path / "new")
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    assert nothing_left(tmp_path)
    (place / "lantian.dump").write_bytes(b"PGDMP no dump")
    relisted(place)
    ran = here("restore", place, "--home", tmp_path / "new")
    assert (ran.code, "pg_restore" in ran.err) == (2, True)


def test_a_file_and_a_server_are_not_mixed_up(
    here: Run, whole: Path, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_DATABASE", new_database())
    ran = here("restore", whole, "--home", tmp_path / "new")
    assert (ran.code, "lantian move" in ran.err) == (2, True)


def test_without_postgresqls_programs_it_is_said_what_is_missing(
    here: Run, server_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = here("backup", tmp_path / "backups")
    assert (ran.code, "postgresql-client" in ran.err) == (2, True)
    assert list((tmp_path / "backups").iterdir()) == []


def test_who_may_make_no_database_cannot_test_there(
    here: Run, server_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server_home.engine.url
    role = f"narrow_{url.database}"
    with server_home.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        connection.exec_driver_sql(f"GRANT pg_read_all_data, pg_write_all_data TO {role}")
    try:
        monkeypatch.setenv("LANTIAN_DATABASE", f"postgresql://{role}@{url.host}:{url.port}/{url.database}")
        ran = here("backup", tmp_path / "backups")
        assert (ran.code, "CREATEDB" in ran.err) == (2, True), ran.err
        assert "不算数" in ran.err
        assert here("backups", "--json").lines[0]["tested_at"] == ""
    finally:
        with server_home.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
