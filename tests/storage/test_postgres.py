"""On PostgreSQL the database is made, kept, shared and refused as a file is, and its password is never shown."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from servers import PASSWORD
from sqlalchemy import Column, Engine, Integer, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError
from storage_specimens import T0, finding, listing, page_of
from test_archive import ROOT
from test_db import TABLES

from crawler.errors import UserMistake
from crawler.pictures import WantedPicture
from crawler.watches import LONGEST_QUERY
from pipelines.wanted import LONGEST_ADDRESS, _addresses
from storage.audit import Act, AuditLog
from storage.db import HEAD, _collate, is_there, open_database, writing
from storage.exhibits import ExhibitStore
from storage.models import Base, Round
from storage.shapes import PlannedRun
from storage.whereabouts import said, shown, url_of

ORDERED = "LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN' LC_COLLATE 'C' LC_CTYPE 'C'"


@pytest.fixture
def address(migrated_database: str) -> str:
    return migrated_database


@pytest.fixture
def opened(address: str):
    engine = open_database(address)
    yield engine
    engine.dispose()


def asked(address: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


# -- the schema ------------------------------------------------------------------------------------


def shape(engine: Engine) -> dict[str, object]:
    """Every table's columns, keys, indexes and the conditions of those, and the triggers."""
    found: dict[str, object] = {}
    look = inspect(engine)
    for table in sorted(set(look.get_table_names()) - {"alembic_version"}):
        columns = {one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in look.get_columns(table)}
        unique = sorted((one["name"], one["column_names"]) for one in look.get_unique_constraints(table))
        foreign = sorted(
            (one["name"], one["constrained_columns"], one["referred_table"], one["referred_columns"])
            for one in look.get_foreign_keys(table)
        )
        found[table] = columns, look.get_pk_constraint(table), unique, foreign
    with engine.connect() as connection:
        for query in (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        ):
            found |= dict(map(tuple, connection.execute(text(query))))
    return found


def test_migrations_make_what_the_models_say(opened: Engine, new_database: Callable[..., str]) -> None:
    assert TABLES
    modelled = create_engine(url_of(new_database()))
    with modelled.begin() as connection:
        Base.metadata.create_all(connection)
        _collate(connection)
    said, drawn = shape(opened), shape(modelled)
    assert {name: (told, drawn.get(name)) for name, told in said.items() if told != drawn.get(name)} == {}
    assert said.keys() == drawn.keys()
    with opened.connect() as connection:
        compared = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(compared, Base.metadata) == []
        Base.metadata.tables["rounds"].append_column(Column("drift", Integer))
        try:
            assert compare_metadata(compared, Base.metadata), "drift is seen"
        finally:
            Base.metadata.tables["rounds"]._columns.remove(Base.metadata.tables["rounds"].c.drift)
    modelled.dispose()


@pytest.mark.parametrize("options", ["", ORDERED, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"])
def test_text_is_ordered_by_its_characters_whatever_the_server_says(
    new_database: Callable[..., str], options: str
) -> None:
    engine = open_database(new_database(options=options))
    words = ["z", "a", "Z", "包", "阿", "\U0001f600", "", "é"]
    with writing(engine).begin() as connection:
        row = {"started_at": T0, "tool": "", "settings": ""}
        connection.execute(Round.__table__.insert(), [row | {"id": word} for word in words])
    with engine.connect() as connection:
        assert list(connection.execute(select(Round.id).order_by(Round.id)).scalars()) == sorted(words)
    engine.dispose()


def test_the_order_of_a_language_is_seen_to_differ(new_database: Callable[..., str]) -> None:
    (row,) = asked(
        new_database(options=ORDERED), "SELECT array_agg(w ORDER BY w) FROM (VALUES ('z'), ('a'), ('Z')) AS t(w)"
    )
    assert row[0] == ["a", "z", "Z"]


def test_an_encoding_that_cannot_hold_our_words_is_refused(new_database: Callable[..., str]) -> None:
    address = new_database(options="ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    with pytest.raises(UserMistake, match="编码是 LATIN1"):
        open_database(address)
    assert asked(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


def test_a_newer_database_is_refused_and_untouched(address: str) -> None:
    asked(address, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(UserMistake, match=rf"更新的版本.*0999.*{HEAD}"):
        open_database(address)
    assert asked(address, "SELECT version_num FROM alembic_version") == [("0999",)]


@pytest.mark.parametrize("theirs", ["CREATE TABLE theirs (id int)", "CREATE TABLE alembic_version (version_num text)"])
def test_a_strangers_database_is_refused_and_untouched(new_database: Callable[..., str], theirs: str) -> None:
    address = new_database()
    asked(address, theirs)
    with pytest.raises(UserMistake, match="不是蓝天巡查的"):
        open_database(address)
    assert len(asked(address, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")) == 1


def test_an_upgrade_that_is_cut_short_leaves_nothing(new_database: Callable[..., str]) -> None:
    script = (
        "import os, sys\n"
        "from sqlalchemy import event\n"
        "from sqlalchemy.engine import Engine\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def die(connection, cursor, statement, *rest):\n"
        "    if 'CREATE TABLE findings' in statement.replace('\\n', ''): os.kill(os.getpid(), 9)\n"
        "from storage.db import open_database\n"
        "open_database(sys.argv[1])\n"
    )
    address = new_database()
    killed = subprocess.run([sys.executable, "-c", script, address], cwd=ROOT, check=False)
    assert killed.returncode == -9
    engine = open_database(address)  # it waits until the server has noticed
    assert set(Base.metadata.tables) < set(inspect(engine).get_table_names())
    engine.dispose()


def test_openings_at_one_instant_make_one_schema(new_database: Callable[..., str]) -> None:
    script = "import sys; from storage.db import open_database; open_database(sys.argv[1]).dispose()"
    address = new_database()
    children = [subprocess.Popen([sys.executable, "-c", script, address], cwd=ROOT) for _ in range(4)]
    assert [child.wait(timeout=300) for child in children] == [0, 0, 0, 0]
    assert asked(address, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_whether_anything_is_there(new_database: Callable[..., str]) -> None:
    address = new_database()
    assert not is_there(address)
    open_database(address).dispose()
    assert is_there(address)
    with pytest.raises(UserMistake, match="打不开"):
        is_there(address.replace("lantian_", "no_"))


# -- passwords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://lantian:{}@127.0.0.1:1/lantian",
        "postgresql+psycopg://lantian:{}@127.0.0.1:1/lantian",
        "postgresql://127.0.0.1:1/lantian?user=lantian&password={}",
        "postgresql://lantian:{}@127.0.0.1:1/lantian?sslmode={}",
        "postgresql://lantian:a@{}@127.0.0.1:1/lantian",
        "postgresql://lantian:{}@127.0.0.1:port/lantian",
        "postgresql://lantian:a/b#{}@127.0.0.1:1/lantian",
        "postgres://lantian:{}@127.0.0.1/lantian",
        "mysql://lantian:{}@127.0.0.1/lantian",
        "postgresql+asyncpg://lantian:{}@127.0.0.1/lantian",
    ],
)
def test_no_refusal_shows_the_password(address: str) -> None:
    with pytest.raises(UserMistake) as refused:
        open_database(address.replace("{}", PASSWORD))
    told = str(refused.value)
    assert PASSWORD not in told
    assert "\n" not in told
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_what_a_driver_says_is_told_without_its_secrets() -> None:
    url = url_of("postgresql://lantian:a%40b@127.0.0.1/lantian?sslpassword=geheim")
    wrong = DBAPIError("", {}, Exception("no a@b,\n  no geheim"))
    assert said(url, wrong) == "no ***, no ***"
    assert shown(url) == "postgresql://127.0.0.1/lantian"


def test_a_wrong_name_is_said_in_one_line(address: str) -> None:
    with pytest.raises(UserMistake, match="打不开") as refused:
        open_database(address.replace("lantian_", "no_"))
    assert "\n" not in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_whoever_may_not_make_tables_is_told(new_database: Callable[..., str]) -> None:
    address = new_database()
    asked(address, "CREATE ROLE weak LOGIN")
    try:
        with pytest.raises(UserMistake, match=r"数据库不能用：.*permission denied"):
            open_database(address.replace("lantian:", "weak:", 1))
    finally:
        asked(address, "DROP ROLE weak")


# -- promises --------------------------------------------------------------------------------------


def test_a_session_is_durable_patient_and_of_one_moment(opened: Engine) -> None:
    """The tests' server says `synchronous_commit = off`, and a time zone that is not UTC."""
    names = ("synchronous_commit", "transaction_isolation", "lock_timeout", "TimeZone", "client_encoding")
    for engine, level in ((opened, "repeatable read"), (writing(opened), "read committed")):
        with engine.begin() as connection:
            told = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
        assert told == ["on", level, "30s", "UTC", "UTF8"]


def test_writers_take_turns_and_see_what_was_written_before(opened: Engine) -> None:
    """Each reads the count and writes the next: none is lost, though all begin at once."""
    together = threading.Barrier(4)

    def count_up() -> None:
        together.wait(300)
        for _ in range(10):
            with writing(opened).begin() as connection:
                newest = connection.execute(text("SELECT count(*) FROM rounds")).scalar_one()
                row = {"id": f"{newest:04d}", "started_at": T0, "tool": "", "settings": ""}
                connection.execute(Round.__table__.insert(), row)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    with opened.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rounds")).scalar_one() == 40


def test_a_second_writer_waits_and_a_reader_does_not(opened: Engine, address: str) -> None:
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    written = threading.Event()

    def write() -> None:
        ExhibitStore(opened).begin_round(T0, "second", "")
        written.set()

    with writing(opened).begin():
        other = threading.Thread(target=write)
        other.start()
        until = time.monotonic() + 120
        while asked(address, waits) == [(0,)] and time.monotonic() < until:
            time.sleep(0.02)
        assert asked(address, waits) == [(1,)]
        assert not written.is_set()
        assert ExhibitStore(opened).is_first_round()
    other.join(300)
    assert written.is_set()


def test_a_reader_sees_one_moment(opened: Engine) -> None:
    count = text("SELECT count(*) FROM rounds")
    with opened.connect() as connection:
        assert connection.execute(count).scalar_one() == 0
        ExhibitStore(opened).begin_round(T0, "t", "")
        assert connection.execute(count).scalar_one() == 0
    with opened.connect() as connection:
        assert connection.execute(count).scalar_one() == 1


def test_a_connection_that_the_server_ended_is_made_anew(opened: Engine, address: str) -> None:
    with opened.connect():
        pass
    asked(
        address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    ExhibitStore(opened).begin_round(T0, "t", "")
    assert ExhibitStore(opened).is_first_round()


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_audit_log_is_only_appended_to(opened: Engine, change: str) -> None:
    log = AuditLog(opened)
    log.add(Act(who="王芳", act="sign", subject="x", at=T0))
    with pytest.raises(DBAPIError, match="only appended to"), writing(opened).begin() as connection:
        connection.execute(text(change))
    log.add(Act(who="王芳", act="sign", subject="y", at=T0))
    assert log.head().count == 2


# -- what pages may say ----------------------------------------------------------------------------


def test_long_words_have_a_place_in_every_index(opened: Engine) -> None:
    """An index row of PostgreSQL has a limit, and chance is not compressed below it."""
    chance = random.Random(1)
    long = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(100_000))
    store = ExhibitStore(opened)
    run = PlannedRun(id="run-1", platform="taobao", query=long[: LONGEST_QUERY // 3], planned_at=T0)
    round_id = store.begin_round(T0, "t", "")
    store.plan(round_id, [run])
    store.open_runs([run], T0)
    with pytest.raises(UserMistake, match="查询词最长"):
        store.plan(round_id, [replace(run, id="run-2", query=long)])
    made = listing("1", title=long, text=long, seller=long, seller_id=long, url=f"https://a.example/{long}")
    images = [f"https://img.example/{long[:number]}" for number in (LONGEST_ADDRESS // 3 - 10, LONGEST_ADDRESS)]
    page = page_of((replace(made, images=tuple(images)),), findings={"1": (finding(quote=long[:80]),)})
    (exhibit,) = page.exhibits
    store.record(page, [WantedPicture(exhibit=exhibit.id, url=url) for url in _addresses(exhibit)])
    assert store.exhibit(exhibit.id).exhibit.listing.seller == long
    assert [one.url for one in store.waiting(5)] == images[:1]
