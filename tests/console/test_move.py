"""`lantian move`: the same house in another database or on another shelf, and the old one as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from people_specimens import token_of
from servers import PASSWORD
from test_shelf import KEY, SECRET, Server

from casework.acting import Grant
from casework.trust import Trust
from console.homelocks import among_crawls
from console.homes import account
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE
from storage.audit import AuditLog
from storage.db import open_database
from storage.upkeep.moving import move, rows_in

Run = Callable[..., Any]
HOME = ROOT / "tests" / "storage" / "homes" / "0.5.0"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of 0.5.0 with casework, at our schema."""
    home = Path(shutil.copytree(HOME, tmp_path / "home", dirs_exist_ok=True))
    open_database(home / "lantian.db").dispose()
    return home


@pytest.fixture
def bucket() -> Iterator[Server]:
    server = Server()
    server.client.create_bucket(Bucket="office")
    yield server
    server.process.kill()
    server.process.wait()


def shown(here: Run) -> tuple[object, ...]:
    """What people see of a house."""
    search = json.loads(here("archive", "search", "授权", "--json").out)
    leads = here("leads", "--json").lines
    assert (len(leads), search["total"]) == (2, 2)
    assert here("audit", "verify").code == here("evidence", "verify").code == EXIT_DONE
    return (leads, search, here("show", leads[0]["exhibit"]).out, here("lead", "list", "--json").out)


def trusted(place: Path | str) -> tuple[int, int]:
    """Entries of the log that hold, and how many of them are signed."""
    engine = open_database(place)
    try:
        found = Trust(engine).verify_all()
        assert found.is_whole
        return found.entries, found.signed
    finally:
        engine.dispose()


def digests(home: Path) -> dict[str, str]:
    found = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_to_a_server_and_back(
    home: Path, here: Run, new_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, back = new_database(), f"sqlite:///{tmp_path / 'back.db'}"
    seen, log = shown(here), trusted(home / "lantian.db")
    before = digests(home)
    ended = here("move", "--database", address, "--json")
    assert ended.code == EXIT_DONE, ended.err
    assert PASSWORD not in ended.err
    assert "把环境变量 LANTIAN_DATABASE" in ended.err
    told = json.loads(ended.out)
    assert (told["broken"], told["faults"], told["indexed"]) == (0, [], 6)
    mark = home / "lantian.db.moved"
    assert digests(home) == before | {mark.name: digests(home)[mark.name]}, "the source is as it was"
    assert PASSWORD not in mark.read_text()
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    assert shown(here) == seen
    assert trusted(address) == (log[0] + 1, log[1])
    again = here("move", "--database", back, "--json")
    assert again.code == EXIT_DONE, again.err
    monkeypatch.setenv("LANTIAN_DATABASE", back)
    assert shown(here) == seen
    assert trusted(back) == (log[0] + 2, log[1])
    tables = {one["table"]: one["sha256"] for one in json.loads(again.out)["tables"]}
    assert {one["table"]: one["sha256"] for one in told["tables"] if one["table"] != "audit"}.items() <= tables.items()


def test_what_was_left_behind_is_not_written_to_by_mistake(home: Path, here: Run, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    old_mask = os.umask(0o022)
    try:
        ended = here("move", "--database", f"sqlite:///{there}")
    finally:
        os.umask(old_mask)
    assert (ended.code, "lantian.db.moved" in ended.err) == (EXIT_DONE, True)
    assert there.stat().st_mode & 0o777 == 0o600
    for typed in (["leads"], ["watch", "list"], ["upgrade"], ["backup", tmp_path / "b"]):
        refused = here(*typed)
        assert (refused.code, str(there) in refused.err, "LANTIAN_DATABASE" in refused.err) == (EXIT_USAGE, True, True)
    assert "LANTIAN_DATABASE" in here("doctor", "--json").out
    (home / "lantian.db").rename(home / "away.db")
    assert here("leads").code == EXIT_USAGE, "nor is an empty one begun in its place"
    assert not (home / "lantian.db").exists()
    (home / "away.db").rename(home / "lantian.db")
    (home / "lantian.db.moved").unlink()
    assert len(here("leads", "--json").lines) == 2


def test_a_move_that_died_after_its_commit_is_compared_and_finished(home: Path, here: Run, tmp_path: Path) -> None:
    there = f"sqlite:///{tmp_path / 'there.db'}"
    source, target = open_database(home / "lantian.db"), open_database(there)
    sent = move(source, target, lambda number: None)
    for engine in (source, target):
        engine.dispose()
    ended = here("move", "--database", there, "--json")
    assert ended.code == EXIT_DONE, ended.err
    assert json.loads(ended.out)["tables"] == [asdict(one) for one in sent]
    moved_by(tmp_path / "there.db", exhibits=6)
    (home / "lantian.db.moved").unlink()
    again = here("move", "--database", there)
    assert (again.code, "已经搬完" in again.err) == (EXIT_USAGE, True)
    assert not (home / "lantian.db.moved").exists()


def test_who_moved_it_is_in_the_log(
    made_home: Path, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(made_home / "lantian.db")
    token = token_of(engine, "王一", Grant.ADMIN)
    engine.dispose()
    log = trusted(made_home / "lantian.db")
    places = [tmp_path / f"{number}.db" for number in range(2)]
    refused = here("move", "--database", f"sqlite:///{places[0]}", "--by", "王一")
    assert (refused.code, "要用本人的凭据" in refused.err, places[0].exists()) == (EXIT_USAGE, True, False)
    assert here("move", "--database", f"sqlite:///{places[0]}").code == EXIT_DONE
    (made_home / "lantian.db.moved").unlink()
    monkeypatch.setenv("LANTIAN_TOKEN", token)
    assert here("move", "--database", f"sqlite:///{places[1]}", "--by", "王一").code == EXIT_DONE
    assert [trusted(place) for place in places] == [(log[0] + 1, log[1]), (log[0] + 1, log[1] + 1)]
    assert [moved_by(place) for place in places] == [account(), "王一"]


def moved_by(place: Path, exhibits: int = 0) -> str:
    engine = open_database(place)
    (entry,) = [one for one in AuditLog(engine).entries() if one.act == "move"]
    engine.dispose()
    assert any(one.startswith(f"exhibits {exhibits} ") for one in json.loads(entry.detail)["tables"])
    return entry.who


def test_what_cannot_be_moved_is_refused(home: Path, here: Run, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'b.db'}"
    assert here("move").code == here("move", "--database", other, "--archive", "x").code == EXIT_USAGE
    with among_crawls(home):
        assert here("move", "--database", other).code == EXIT_USAGE
    assert here("move", "--database", other).code == EXIT_DONE
    (home / "lantian.db.moved").unlink()
    ended = here("move", "--database", other)
    assert (ended.code, "不是空的数据库" in ended.err) == (EXIT_USAGE, True)
    shutil.copyfile(HOME / "lantian.db", home / "lantian.db")
    ended = here("move", "--database", f"sqlite:///{tmp_path / 'c.db'}")
    assert (ended.code, "先运行 lantian upgrade" in ended.err) == (EXIT_USAGE, True)
    assert not (tmp_path / "c.db").exists()


def test_an_empty_home_has_nothing_to_move(here: Run, tmp_path: Path) -> None:
    ended = here("move", "--database", f"sqlite:///{tmp_path / 'b.db'}")
    assert (ended.code, "没有可搬的" in ended.err) == (EXIT_USAGE, True)


# -- the archive -----------------------------------------------------------------------------------


def settings(home: Path, url: str, endpoint: str = "") -> None:
    (home / "lantian.toml").write_text(f'[shelf]\nurl = "{url}"\nendpoint = "{endpoint}"\n', encoding="utf-8")


def test_to_a_folder_then_to_a_server_of_objects(
    home: Path, here: Run, bucket: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_S3_KEY", KEY)
    monkeypatch.setenv("LANTIAN_S3_SECRET", SECRET)
    folder = tmp_path / "shelf"
    folder.mkdir()
    before = digests(home / "archive")
    first = json.loads(here("move", "--archive", folder, "--json").out)
    assert (first["files"], first["fetched"], first["open"], first["troubles"]) == (6, 0, 0, [])
    assert digests(home / "archive") == digests(folder) == before, "nothing is taken away"
    settings(home, str(folder))
    assert here("evidence", "shelve").code == EXIT_DONE
    assert len(digests(home / "archive")) == 4
    ended = here("move", "--archive", "s3://office/lantian", "--endpoint", bucket.url, "--json")
    assert ended.code == EXIT_DONE, ended.err
    assert (json.loads(ended.out)["files"], json.loads(ended.out)["fetched"]) == (6, 2)
    assert SECRET not in ended.err
    assert digests(folder) == before
    shutil.rmtree(folder)
    settings(home, "s3://office/lantian", bucket.url)
    assert here("evidence", "verify", "--demand", "sealed").code == EXIT_DONE
    lead = here("leads", "--json").lines[0]["exhibit"]
    assert here("show", lead).code == EXIT_DONE


def test_a_file_that_is_not_as_it_was_sealed_does_not_go(home: Path, here: Run, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    warc = min((home / "archive").glob("*.warc.gz"))
    body = bytearray(warc.read_bytes())
    body[len(body) // 2] ^= 1
    warc.write_bytes(body)
    ended = here("move", "--archive", folder, "--json")
    assert (ended.code, len(json.loads(ended.out)["troubles"])) == (EXIT_EVIDENCE, 1)
    assert "现在起用新的" not in ended.err
    assert not (folder / warc.name).exists()


def test_a_shelf_that_lost_a_file_is_not_moved_from(home: Path, here: Run, tmp_path: Path) -> None:
    for name in ("shelf", "other"):
        (tmp_path / name).mkdir()
    settings(home, str(tmp_path / "shelf"))
    assert here("evidence", "shelve").code == EXIT_DONE
    same = here("move", "--archive", tmp_path / "shelf")
    assert (same.code, "就是现在的存储" in same.err) == (EXIT_USAGE, True)
    min((tmp_path / "shelf").glob("*.warc.gz")).unlink()
    ended = here("move", "--archive", tmp_path / "other", "--json")
    assert (ended.code, len(json.loads(ended.out)["troubles"])) == (EXIT_EVIDENCE, 1)


def test_files_of_workers_are_collected_first(home: Path, here: Run, tmp_path: Path) -> None:
    for name in ("shelf/incoming", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shelf" / "incoming" / "x.warc.gz").write_bytes(b"x")
    settings(home, str(tmp_path / "shelf"))
    ended = here("move", "--archive", tmp_path / "other")
    assert (ended.code, "evidence collect" in ended.err) == (EXIT_USAGE, True)
    engine = open_database(home / "lantian.db")
    assert rows_in(engine)
    engine.dispose()


def test_typed_commands_read_the_environment_of_the_services(tmp_path: Path) -> None:
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    function = next(part for part in told.split("```sh\n")[1:] if part.startswith("lantian() (")).partition("```")[0]
    secret = "postgresql://u:p%40 $x@db.example/lantian?a=b&c=d"
    (tmp_path / "environment").write_text(f"LANTIAN_DATABASE='{secret}'\n", encoding="utf-8")
    (tmp_path / "lantian").write_text('#!/bin/sh\nprintf "%s|" "$LANTIAN_DATABASE" "$LANTIAN_HOME" "$@"\n')
    (tmp_path / "runuser").write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
    for name in ("lantian", "runuser"):
        (tmp_path / name).chmod(0o755)
    for there, here in (
        ("/etc/lantian/environment", "environment"),
        ("/opt/lantian/.venv/bin/lantian", "lantian"),
        ("cd /var/lib/lantian", ""),
    ):
        assert there in function
        function = function.replace(there, str(tmp_path / here) if here else f"cd {tmp_path}")
    typed = f"{function}\nlantian show 'a b'; echo ${{LANTIAN_DATABASE-none}}"
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", typed], capture_output=True, check=True, text=True, env=settings)
    assert ran.stdout == f"{secret}|/var/lib/lantian|show|a b|none\n"
