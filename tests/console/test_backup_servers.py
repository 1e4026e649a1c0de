"""Backup and restore of rows on a PostgreSQL as it is run: with passwords, other encodings, and strangers in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from backed_home import working_home
from keeping_specimens import Home
from patrolled_home import until
from sqlalchemy import make_url

from crawler.errors import EvidenceBroken
from storage.alone import alone
from storage.upkeep import loading
from storage.upkeep.scratch import scratch_database
from storage.whereabouts import url_of
from tests.console.conftest import Ran

Run = Callable[..., Ran]
KEEPER, SCRAM = "keeper", "kou-ling-21"


@pytest.fixture
def server_home(tmp_path: Path, migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("LANTIAN_DATABASE", migrated_database)
    with working_home(tmp_path / "home", migrated_database) as (home, _):
        yield home


@pytest.fixture
def guarded(server_home: Home, migrated_database: str) -> Iterator[str]:
    """The same database for a user of whom the server demands the password."""
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute("SET password_encryption = 'scram-sha-256'")
        connection.execute(f"CREATE ROLE {KEEPER} LOGIN SUPERUSER PASSWORD '{SCRAM}'")  # type: ignore[arg-type]
        (told,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        rules = Path(told)
        before = rules.read_text(encoding="utf-8")
        try:
            rules.write_text(f"host all {KEEPER} 127.0.0.1/32 scram-sha-256\n{before}", encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
            until(lambda: not _lets_in(migrated_database))
            yield make_url(migrated_database).set(username=KEEPER, password=SCRAM).render_as_string(hide_password=False)
        finally:
            rules.write_text(before, encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"DROP ROLE {KEEPER}")


def _lets_in(address: str) -> bool:
    """Whether the server asks no password."""
    url = make_url(address)
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(host=url.host, port=url.port, dbname=url.database, user=KEEPER, password="another"),
    ):
        return True
    return False


def sql(address: str, statement: LiteralString) -> list[str]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()] if cursor.description else []


# -- passwords -------------------------------------------------------------------------------------


def test_where_the_server_asks_a_password(
    here: Run, guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_DATABASE", guarded)
    ran = here("backup", tmp_path / "backups")
    assert ran.code == 0, ran.err
    monkeypatch.setenv(
        "LANTIAN_DATABASE", make_url(guarded).set(password="cuo-wu").render_as_string(hide_password=False)
    )
    wrong = here("backup", tmp_path / "backups", "--no-test")
    assert wrong.code == 2
    bare = make_url(guarded)
    bare = bare.create("postgresql", username=KEEPER, host=bare.host, port=bare.port, database=bare.database)
    monkeypatch.setenv("LANTIAN_DATABASE", bare.render_as_string())
    monkeypatch.setenv("PGPASSWORD", SCRAM)
    by_environment = here("backup", tmp_path / "backups", "--no-test")
    assert by_environment.code == 0, by_environment.err
    assert SCRAM not in ran.out + ran.err + by_environment.err
    assert "cuo-wu" not in wrong.err


# -- the database that a test is made in -----------------------------------------------------------


def test_the_tests_database_takes_our_texts_whatever_the_server_writes(
    server_home: Home, migrated_database: str
) -> None:
    sql(migrated_database, "UPDATE pg_database SET encoding = 8 WHERE datname = 'template0'")  # LATIN1
    try:
        with scratch_database(url_of(migrated_database)) as address:
            assert sql(address, "SHOW server_encoding") == ["UTF8"]
    finally:
        sql(migrated_database, "UPDATE pg_database SET encoding = 6 WHERE datname = 'template0'")


def test_what_a_dead_test_left_on_the_server_is_dropped(server_home: Home, migrated_database: str) -> None:
    listed: LiteralString = "SELECT datname FROM pg_database WHERE datname LIKE 'lantian\\_test\\_%' ORDER BY 1"
    (oid,) = sql(migrated_database, "SELECT oid FROM pg_database WHERE datname = current_database()")
    dead, others = f"lantian_test_{oid}_0123456789abcde", "lantian_test_1_0123456789abcde"
    try:
        for name in (dead, others):
            with psycopg.connect(migrated_database, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        with scratch_database(url_of(migrated_database)) as living:
            assert dead not in sql(migrated_database, listed)
            with scratch_database(url_of(migrated_database)):
                assert make_url(living).database in sql(migrated_database, listed), "whose maker lives"
        assert sql(migrated_database, listed) == [others]
    finally:
        for name in (dead, others):
            with psycopg.connect(migrated_database, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[arg-type]


# -- a restore that does not end -------------------------------------------------------------------


@pytest.fixture
def backup(here: Run, server_home: Home, tmp_path: Path) -> Path:
    """One of the rows on the server, not tested."""
    ran = here("backup", tmp_path / "backups", "--no-test", "--json")
    assert ran.code == 0, ran.err
    return Path(ran.lines[0]["place"])


def into(monkeypatch: pytest.MonkeyPatch, address: str) -> str:
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    return address


def test_one_that_failed_after_the_load_leaves_the_database_empty(
    here: Run, backup: Path, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = into(monkeypatch, new_database())

    def broken(*_given: object) -> None:
        raise EvidenceBroken("示例")

    with monkeypatch.context() as failing:
        failing.setattr("console.upkeep.restoring.prove", broken)
        with pytest.raises(EvidenceBroken, match="示例"):
            here("restore", backup, "--home", tmp_path / "new")
    assert sql(address, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []
    again = here("restore", backup, "--home", tmp_path / "new")
    assert again.code == 0, again.err


def test_what_somebody_made_meanwhile_stays_his(
    here: Run, backup: Path, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = into(monkeypatch, new_database())
    really = loading.run

    def late(program: str, *given: object) -> None:
        if program == "pg_restore":
            sql(address, "CREATE TABLE exhibits (mine text)")
        really(program, *given)  # type: ignore[arg-type]

    monkeypatch.setattr("storage.upkeep.loading.run", late)
    failed = here("restore", backup, "--home", tmp_path / "new")
    assert (failed.code, (tmp_path / "new").exists()) == (2, False)
    assert sql(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == ["exhibits"]


def test_a_database_with_something_in_it_is_refused_and_the_way_out_is_said(
    here: Run, backup: Path, tmp_path: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = into(monkeypatch, new_database())
    sql(address, "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    refused = here("restore", backup, "--home", tmp_path / "new")
    assert (refused.code, "createdb" in refused.err) == (2, True)
    sql(address, "DROP FUNCTION one()")
    with alone(address, loading.RESTORES):
        second = here("restore", backup, "--home", tmp_path / "new")
    assert (second.code, "另有一次恢复" in second.err) == (2, True)
