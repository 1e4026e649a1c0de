"""Homes of released versions have people without credentials: their passwords go on proving them."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from people_specimens import BEGUN, PASSWORD

from casework.acting import Grant
from casework.credentials import Login
from casework.granting import ask
from casework.people import expect_two, prove, signed_in
from casework.trust import Trust
from storage.db import open_database
from storage.people import People

HOMES = Path(__file__).parent.parent / "storage" / "homes"
WITH_PEOPLE = ("0.3.0", "0.4.0")
_AT = "2026-11-01 08:00:00.000000"


def add_as_it_was(home: Path, *names: str) -> None:
    """Rows and entries as the released versions wrote them, at their own schema."""
    hashed = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    with sqlite3.connect(home / "lantian.db") as database:
        for name in names:
            database.execute(
                "INSERT INTO users (name, badge, unit, password, added_at, added_by, disabled_by, failures)"
                " VALUES (?, ?, '', ?, ?, '系统账号 示例', '', 0)",
                (name, f"示例 {name}", hashed, _AT),
            )
            number, previous = database.execute("SELECT id, digest FROM audit ORDER BY id DESC").fetchone()
            detail = json.dumps({"badge": f"示例 {name}"}, ensure_ascii=False, separators=(",", ":"))
            told = {"act": "user_added", "at": _AT.replace(" ", "T") + "Z", "detail": detail, "id": number + 1}
            told |= {"previous": previous, "subject": name, "who": "系统账号 示例"}
            line = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
            entry = (number + 1, _AT, told["who"], told["act"], name, detail, previous)
            digest = hashlib.sha256(line.encode()).hexdigest()
            database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*entry, digest))


@pytest.mark.parametrize("version", WITH_PEOPLE)
def test_people_of_an_old_home_go_on_and_the_first_administers(version: str, tmp_path: Path) -> None:
    home = Path(shutil.copytree(HOMES / version, tmp_path / "home"))
    add_as_it_was(home, "王一", "李二")
    engine = open_database(home / "lantian.db")
    people = People(engine)
    assert Trust(engine).verify_all().is_whole
    expect_two(people, ("李二", "王一"), BEGUN, "extract")
    assert prove(people, Login(name="李二", password=PASSWORD), BEGUN, "extract").name == "李二"
    wang = signed_in(people, Login(name="王一", password=PASSWORD), BEGUN, "test")
    assert wang.grants == {Grant.ADMIN}
    assert ask(people, wang, "李二", Grant.REVIEWER, BEGUN).confirmed_at == BEGUN
    assert signed_in(people, Login(name="李二", password=PASSWORD), BEGUN, "test").grants == {Grant.REVIEWER}
    audited = Trust(engine).verify_all()
    assert (audited.is_whole, audited.signed) == (True, 4)
    engine.dispose()
