"""`lantian evidence audit`: a share a night, in words and in JSON, and exit 4 with the name of what is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from storage_specimens import archive_in, exchange

from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE
from storage.db import open_database
from storage.seal import Sealer
from tests.console.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three files under one manifest."""
    folder = tmp_path / "home"
    folder.mkdir(exist_ok=True)
    engine = open_database(folder / "lantian.db")
    for body in (b"one", b"two", b"three"):
        with archive_in(folder / "archive") as archive:
            archive.keep(exchange(body))
    Sealer(folder / "archive", engine, tool="lantian 0.1.0", demand="sealed").seal("", datetime.now(UTC))
    engine.dispose()
    return folder


def test_a_cycle_of_nights(here: Run, home: Path) -> None:
    told = [json.loads(here("evidence", "audit", "--nights", "100", "--json").out) for _ in range(3)]
    assert [one["cycle"]["unread"] > 0 for one in told] == [True, True, False]
    assert told[0]["cycle"] == told[2]["cycle"] | {"unread": told[0]["cycle"]["unread"]}
    assert told[2]["cycle"]["files"] == 3
    assert told[0]["oldest_checked"].endswith("Z")
    assert all(one["broken"] == [] for one in told)


def test_in_words(here: Run, home: Path) -> None:
    ran = here("evidence", "audit", "--nights", "1")
    assert ran.code == EXIT_DONE
    assert "3 个文件" in ran.out
    assert ran.err == ""


def test_what_is_broken_is_named(here: Run, home: Path) -> None:
    path = sorted((home / "archive").glob("*.warc.gz"))[1]
    raw = bytearray(path.read_bytes())
    raw[-20] ^= 1
    path.write_bytes(raw)
    ran = here("evidence", "audit", "--nights", "1")
    assert ran.code == EXIT_EVIDENCE
    assert path.name in ran.out
    assert path.name in ran.err
    again = here("evidence", "audit", "--json")
    assert again.code == EXIT_EVIDENCE
    broken = json.loads(again.out)["broken"]
    assert broken[0].keys() == {"kind", "part", "record", "offset", "detail"}
    assert broken[0]["part"] == path.name


def test_bad_input(here: Run, tmp_path: Path) -> None:
    assert here("evidence", "audit").code == EXIT_USAGE  # no database
    assert here("evidence", "audit", "--nights", "0").code == EXIT_USAGE
    open_database(tmp_path / "home" / "lantian.db").dispose()
    assert here("evidence", "audit").code == EXIT_USAGE  # no archive
