"""`lantian evidence stamp` in a home with a real authority, one that is away, and none."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from authority import LocalAuthority
from empty_home import laid
from storage_specimens import archive_in, exchange

from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE
from storage.db import open_database
from storage.seal import Sealer
from storage.stamp import token_path
from tests.console.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two manifests, neither stamped."""
    folder = tmp_path / "home"
    folder.mkdir(exist_ok=True)
    engine = open_database(laid(folder / "lantian.db"))
    for body in (b"one", b"two"):
        archive = archive_in(folder / "archive")
        archive.keep(exchange(body))
        archive.close()
        Sealer(folder / "archive", engine, tool="lantian 0.1.0", demand="stamped").seal("", datetime.now(UTC))
    engine.dispose()
    return folder


def named(home: Path, authority: LocalAuthority, *urls: str) -> None:
    tables = [f'[[authority]]\nurl = "{url}"\nca = "{authority.root}"\ntimeout = 60.0\n' for url in urls]
    (home / "lantian.toml").write_text("".join(tables))


@pytest.fixture
def nobody() -> str:
    """An address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


def test_all_that_wait_are_stamped(here: Run, home: Path, authority: LocalAuthority, authority_url: str) -> None:
    named(home, authority, authority_url)
    ran = here("evidence", "stamp")
    assert ran.code == EXIT_DONE
    assert [line[:5] for line in ran.out.splitlines()] == ["第 1 号", "第 2 号"]
    assert "CN=Shili stamping" in ran.out
    assert all(token_path(home / "archive", number).exists() for number in (1, 2))
    again = here("evidence", "stamp", "--json")
    assert (again.code, json.loads(again.out)) == (
        EXIT_DONE,
        {"done": 0, "left": 0, "error": "", "broken": [], "stamped": [], "waiting": []},
    )


def test_in_json(here: Run, home: Path, authority: LocalAuthority, authority_url: str) -> None:
    named(home, authority, authority_url)
    told = json.loads(here("evidence", "stamp", "--json").out)
    assert (told["done"], told["left"]) == (2, 0)
    assert [one["number"] for one in told["stamped"]] == [1, 2]
    assert told["stamped"][0]["at"].endswith("Z")


def test_nobody_answers(here: Run, home: Path, authority: LocalAuthority, nobody: str) -> None:
    named(home, authority, nobody)
    for tries in (1, 2):  # the second does not wait for the first's minute to pass
        told = here("evidence", "stamp", "--json")
        assert told.code == EXIT_EVIDENCE
        waiting = json.loads(told.out)["waiting"]
        assert [one["number"] for one in waiting] == [1, 2]
        assert waiting[0]["tries"] == tries
        assert waiting[0]["error"].startswith(f"{nobody.rstrip('/')}：")
    ran = here("evidence", "stamp")
    assert ran.code == EXIT_EVIDENCE
    assert "第 1 号：没有时间戳" in ran.out
    assert "不会跳过" in ran.err
    assert not token_path(home / "archive", 1).exists()


def test_the_next_authority_stands_in(
    here: Run, home: Path, authority: LocalAuthority, authority_url: str, nobody: str
) -> None:
    named(home, authority, nobody, authority_url)
    assert here("evidence", "stamp").code == EXIT_DONE


def test_without_an_authority(here: Run, home: Path) -> None:
    ran = here("evidence", "stamp")
    assert ran.code == EXIT_USAGE
    assert "[[authority]]" in ran.err


def test_without_a_database(here: Run, tmp_path: Path, authority: LocalAuthority, authority_url: str) -> None:
    named(tmp_path / "home", authority, authority_url)
    assert here("evidence", "stamp").code == EXIT_USAGE
