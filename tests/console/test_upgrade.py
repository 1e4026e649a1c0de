"""`lantian upgrade` takes homes of every released version over whole, or leaves them as they were."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from conftest import ROOT
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine

from casework.trust import Trust
from console.homelocks import among_crawls
from console.homes import account
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken
from storage.audit import AuditLog
from storage.db import HEAD, MIGRATIONS, open_database, schema_of
from storage.verify import Wanted, verify
from storage.whereabouts import url_of

HOMES = ROOT / "tests" / "storage" / "homes"


def written_as(home: Path) -> str:
    """The schema of a kept home, looked up without touching it."""
    with closing(sqlite3.connect(f"file:{home / 'lantian.db'}?immutable=1", uri=True)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


# Those of our own schema have nothing to take over.
VERSIONS = sorted(home.name for home in HOMES.iterdir() if home.is_dir() and written_as(home) != HEAD)
Run = Callable[..., Any]


def home_of(version: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOMES / version, tmp_path / "home", dirs_exist_ok=True))


def files(home: Path) -> dict[str, str]:
    found = [path for path in (home / "archive").rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def evidence(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Rows as plain SQL gives them, by what 0.1.0 already had."""
    wanted = {
        "captures": "id url how status mime taken_at file offset length sha256 size is_specimen",
        "exhibits": "id public_id listing_key run_id capture_id title text url seller price text_digest seen_at",
        "findings": "id exhibit_id rule rule_digest category field start end quote points pro contra articles",
        "pages": "id run_id number url outcome reason total capture_id seen_at",
    }
    with closing(sqlite3.connect(database)) as connection:
        return {
            table: connection.execute(f"SELECT {', '.join(quoted(names))} FROM {table} ORDER BY id").fetchall()
            for table, names in wanted.items()
        }


def quoted(names: str) -> list[str]:
    return [f'"{one}"' for one in names.split()]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_released_home_is_taken_over_whole(version: str, here: Run, lantian: Run, tmp_path: Path) -> None:
    home = home_of(version, tmp_path)
    bytes_before, rows_before = files(home), evidence(home / "lantian.db")
    run = lantian if version == VERSIONS[0] else here
    ended = run("upgrade", "--json")
    assert ended.code == EXIT_DONE, ended.err
    told = json.loads(ended.out)
    assert (told["ok"], told["to"], told["rows"]["exhibits"], told["indexed"]) == (True, HEAD, 6, 6)
    assert (files(home), evidence(home / "lantian.db")) == (bytes_before, rows_before)
    assert {one["title"] for one in here("leads", "--json").lines} == {
        "发明专利包授权 不过全额退款",
        "专利加急内部渠道 七天下证",
    }
    assert {(row["query"], row["outcome"]) for row in here("coverage", "--json").lines if "query" in row} >= {
        ("专利", "ok"),
        ("商标", "blocked"),
    }
    assert verify(home, Wanted(demand="sealed" if version >= "0.3.0" else "")).is_consistent
    assert json.loads(here("archive", "search", "授权", "--json").out)["total"] == 2
    assert [one["tested_at"] != "" for one in here("backups", "--json").lines] == [True]
    engine = open_database(home / "lantian.db")
    entries = [one for one in AuditLog(engine).entries() if one.act == "upgrade"]
    assert Trust(engine).verify_all().is_whole
    engine.dispose()
    assert [(one.subject, json.loads(one.detail)["from"]) for one in entries] == [(HEAD, told["from"])]


def test_a_second_upgrade_has_nothing_to_do(here: Run, tmp_path: Path) -> None:
    home = home_of("0.3.0", tmp_path)
    assert here("upgrade", "--no-backup", "--by", "王一").code == EXIT_DONE
    ended = here("upgrade")
    assert (ended.code, "不必升级" in ended.err) == (EXIT_DONE, True)
    assert not (tmp_path / "home-backups").exists()
    engine = open_database(home / "lantian.db")
    entries = [(one.act, one.who) for one in AuditLog(engine).entries() if one.act.startswith("upgrade")]
    assert entries == [("upgrade", account()), ("upgrade_signed", "王一")]
    engine.dispose()


def test_the_copy_put_back_is_the_old_home(here: Run, tmp_path: Path) -> None:
    home = home_of("0.4.0", tmp_path)
    before = evidence(home / "lantian.db")
    assert "要退回" in here("upgrade", "--no-backup").err
    for name in ("lantian.db-wal", "lantian.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / f"lantian.db.before-{HEAD}").rename(home / "lantian.db")
    assert (schema_of(home / "lantian.db"), evidence(home / "lantian.db")) == ("0016", before)
    assert verify(home, Wanted(demand="sealed")).ok


def test_nothing_there_and_something_newer_are_refused(here: Run, tmp_path: Path) -> None:
    assert (here("upgrade").code, (tmp_path / "home" / "lantian.db").exists()) == (EXIT_USAGE, False)
    home = home_of("0.5.0", tmp_path)
    with closing(sqlite3.connect(home / "lantian.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()
    ended = here("upgrade")
    assert (ended.code, "更新的版本" in ended.err) == (EXIT_USAGE, True)


def test_whoever_is_not_who_he_says_is_refused_before_anything(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of("0.5.0", tmp_path)
    monkeypatch.delenv("LANTIAN_TOKEN", raising=False)
    ended = here("upgrade", "--by", "王一")
    assert (ended.code, "本人的凭据" in ended.err) == (EXIT_USAGE, True)
    assert schema_of(home / "lantian.db") == "0022"
    assert not (tmp_path / "home-backups").exists()


def test_a_folder_of_backups_that_cannot_be_made_is_said_with_what_to_do(here: Run, tmp_path: Path) -> None:
    home = home_of("0.5.0", tmp_path)
    (tmp_path / "home-backups").touch()
    ended = here("upgrade")
    assert (ended.code, "--backup 文件夹" in ended.err) == (EXIT_USAGE, True)
    assert schema_of(home / "lantian.db") == "0022"


def test_while_crawls_go_on_it_is_refused(here: Run, tmp_path: Path) -> None:
    home = home_of("0.2.0", tmp_path)
    with among_crawls(home):
        ended = here("upgrade")
    assert (ended.code, schema_of(home / "lantian.db")) == (EXIT_USAGE, "0005")


def test_a_home_that_does_not_verify_is_not_upgraded_unasked(here: Run, tmp_path: Path) -> None:
    home = home_of("0.5.0", tmp_path)
    warc = max((home / "archive").glob("*.warc.gz"), key=lambda one: one.stat().st_size)
    body = bytearray(warc.read_bytes())
    body[len(body) // 2] ^= 1
    warc.write_bytes(body)
    with pytest.raises(EvidenceBroken, match="没有升级"):
        here("upgrade")
    assert schema_of(home / "lantian.db") == "0022"
    ended = here("upgrade", "--no-backup", "--json")
    assert (ended.code, json.loads(ended.out)["ok"]) == (EXIT_EVIDENCE, False)
    assert schema_of(home / "lantian.db") == HEAD


def test_a_migration_that_touches_evidence_is_taken_back(here: Run, tmp_path: Path) -> None:
    home = home_of("0.4.0", tmp_path)
    before = evidence(home / "lantian.db")

    def touch(connection: object, cursor: sqlite3.Cursor, statement: str, *rest: object) -> None:
        if "CREATE TABLE search_marks" in statement:
            cursor.connection.execute("UPDATE findings SET quote = quote || '!' WHERE id = 1")

    event.listen(Engine, "after_cursor_execute", touch)
    try:
        with pytest.raises(EvidenceBroken, match="findings 里的证据"):
            here("upgrade", "--no-backup")
    finally:
        event.remove(Engine, "after_cursor_execute", touch)
    assert (schema_of(home / "lantian.db"), evidence(home / "lantian.db")) == ("0016", before)


@pytest.mark.parametrize("room", [0.5, 1.05])
def test_a_full_disk_leaves_the_old_home_whole(room: float, tmp_path: Path) -> None:
    """Half the database's size ends the copy, a little more than it the migration."""
    home = home_of("0.1.0", tmp_path)
    bytes_before, rows_before = files(home), evidence(home / "lantian.db")
    bound = int((home / "lantian.db").stat().st_size * room)
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({bound}, {bound}))\n"
        "from console.cli import main; main()"
    )
    told = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    argv = [sys.executable, "-c", script, "upgrade", "--no-backup"]
    ended = subprocess.run(argv, cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, "数据库没有改动" in ended.stderr) == (EXIT_USAGE, True), ended.stderr
    assert schema_of(home / "lantian.db") == "0001"
    assert (files(home), evidence(home / "lantian.db")) == (bytes_before, rows_before)


def test_a_disk_without_room_for_the_backup_leaves_the_old_home_whole(tmp_path: Path) -> None:
    home_of("0.1.0", tmp_path)
    disk, old = tmp_path / "disk", tmp_path / "home"
    disk.mkdir()
    house = disk / "house"
    lantian = f"LANTIAN_HOME={house} '{sys.executable}' -c 'from console.cli import main; main()' upgrade"
    made = f"mount -t tmpfs -o size=40m tmpfs {disk} && cp -a {old} {house}"
    after = f"ls {house}-backups; cmp {old}/lantian.db {house}/lantian.db || exit 9"
    argv = ["unshare", "-m", "sh", "-c", f"{made} && {lantian}; code=$?; {after}; exit $code"]
    told = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    ended = subprocess.run(argv, cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=300)
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip("no mount namespace may be made here")
    assert (ended.returncode, ended.stdout) == (EXIT_USAGE, ""), ended.stderr
    assert "空间" in ended.stderr.splitlines()[-1]


# -- a server --------------------------------------------------------------------------------------


def older(address: str) -> None:
    """A database on the server as the schema before ours left it, with an exhibit's rows."""
    engine = create_engine(url_of(address))
    with engine.begin() as connection:
        settings = AlembicConfig()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0022")
        connection.execute(text("INSERT INTO rounds VALUES ('r', '2026-08-01', 't', '')"))
    engine.dispose()
    with psycopg.connect(address) as plain:
        plain.execute(
            'INSERT INTO captures (id, url, how, status, mime, taken_at, file, "offset", length, sha256, size,'
            " ip_address, is_specimen) VALUES ('c', 'https://a.example/', 'http', 200, 'text/html', '2026-08-01',"
            " 'gone.warc.gz', 0, 9, 'ab', 9, '', true)"
        )


def test_a_servers_database_is_upgraded_on_purpose(
    here: Run, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    older(address := new_database())
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    refused = here("leads")
    assert (refused.code, "先运行 lantian upgrade" in refused.err) == (EXIT_USAGE, True)
    assert schema_of(address) == "0022"
    ended = here("upgrade", "--no-backup", "--json")
    assert ended.code == EXIT_DONE, ended.err
    told = json.loads(ended.out)
    assert (told["from"], told["to"], told["copy"], told["rows"]["captures"]) == ("0022", HEAD, "", 1)
    assert "没有备份，不能退回" in ended.err
    assert here("leads").code == EXIT_DONE


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")
def test_a_servers_backup_is_restored_and_migrated_for_a_test(
    here: Run, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    older(address := new_database())
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    with pytest.raises(EvidenceBroken, match=r"没有升级.*gone\.warc\.gz"):
        here("upgrade", "--backup", tmp_path / "backups")
    assert schema_of(address) == "0022"
    with psycopg.connect(address) as plain:
        plain.execute("DELETE FROM captures")
    ended = here("upgrade", "--backup", tmp_path / "backups", "--json")
    assert ended.code == EXIT_DONE, ended.err
    told = json.loads(ended.out)
    assert Path(told["backup"]).parent == tmp_path / "backups"
    assert f"lantian restore {told['backup']}" in ended.err
    assert [one["place"] for one in here("backups", "--json").lines if one["tested_at"]] == [told["backup"]]


def test_a_servers_migration_that_touches_evidence_is_taken_back(
    here: Run, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    older(address := new_database())
    monkeypatch.setenv("LANTIAN_DATABASE", address)

    def touch(connection: object, cursor: psycopg.Cursor[Any], statement: str, *rest: object) -> None:
        if "CREATE TABLE search_marks" in statement:
            cursor.connection.execute("UPDATE captures SET sha256 = 'cd'")

    event.listen(Engine, "after_cursor_execute", touch)
    try:
        with pytest.raises(EvidenceBroken, match="captures 里的证据"):
            here("upgrade", "--no-backup")
    finally:
        event.remove(Engine, "after_cursor_execute", touch)
    assert schema_of(address) == "0022"
    with psycopg.connect(address) as plain:
        assert plain.execute("SELECT sha256 FROM captures").fetchall() == [("ab",)]
