"""An export that is killed at any moment, or finds the disk full, goes on where it was and gives the same file."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.archive.exporting import Asked, export
from console.archive.query import Chosen
from console.archive.spool import spool, spool_of
from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.db import open_database
from tests.console.export_specimens import added, made, offers

DYING = Path(__file__).with_name("export_dying.py")
ROOT = Path(__file__).parent.parent.parent
WHO, EXHIBITS, BATCH = "张示例", 20, 8
# SQLite needs some for itself; one batch fits, two do not.
LARGEST = 100_000
Dying = Callable[..., list[int]]


@pytest.fixture(scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("resumed") / "home"
    made(home, [offers(EXHIBITS // 2, page, more="证" * 3_000) for page in (1, 2)])
    return home


@pytest.fixture
def home(_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(_home, tmp_path / "home"))


@pytest.fixture(scope="module")
def _program() -> Iterator[subprocess.Popen[str]]:
    """One that has everything loaded, whose children export."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    program = subprocess.Popen([sys.executable, DYING], text=True, env=environment, **pipes)
    yield program
    program.stdin.close()
    assert program.wait(60) == 0
    program.stdout.close()


@pytest.fixture
def dying(_program: subprocess.Popen[str], home: Path, tmp_path: Path) -> Dying:
    """`dying(out, kills, largest=…)`: how each run ended; the last undisturbed, unless it is not to finish."""

    def run(out: Path, kills: tuple[int, ...] = (), *, largest: int = 0, finishes: bool = True) -> list[int]:
        told = {"out": str(out), "kills": kills, "largest": largest, "batch": BATCH, "finishes": finishes}
        _program.stdin.write(json.dumps(told | {"home": str(home), "heard": str(tmp_path / "heard")}) + "\n")
        _program.stdin.flush()
        return list(json.loads(_program.stdout.readline()))

    return run


def asked(out: Path, **chosen: str) -> Asked:
    return Asked(words="", chosen=Chosen(**{"kinds": "product", **chosen}), format=out.suffix[1:], out=out, by=WHO)


def noted(home: Path) -> list[str]:
    """The files that the log knows of, one for each act."""
    engine = open_database(home / "lantian.db")
    entries = AuditLog(engine).entries()
    engine.dispose()
    return [one.subject for one in entries if one.act == "archive_export"]


# A workbook differs in what comes after its rows.
@pytest.mark.parametrize(("suffix", "before"), [("csv", 0), ("xlsx", 12)])
def test_killed_at_any_moment_it_gives_the_same_file_once(
    home: Path, tmp_path: Path, dying: Dying, suffix: str, before: int
) -> None:
    whole = tmp_path / f"whole.{suffix}"
    assert dying(whole) == [0]
    names, ends, at = [whole.name], [-9], before
    while ends == [-9]:
        at += 1
        out = tmp_path / f"{at}.{suffix}"
        ends = dying(out, (at,), finishes=False)
        assert ends == [0] or dying(out) == [0], f"after a death at sync {at}"
        assert out.read_bytes() == whole.read_bytes(), f"after a death at sync {at}"
        assert not spool_of(out).exists()
        names.append(out.name)
    assert at > 15, "it was killed at every step there is"
    assert noted(home) == names, "each file is in the log, and once"


def test_killed_again_and_again_it_still_ends(home: Path, tmp_path: Path, dying: Dying) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "x.jsonl"
    assert dying(whole) == [0]
    assert dying(out, (6, 3, 4, 5, 2)) == [-9, -9, -9, -9, -9, 0]
    assert out.read_bytes() == whole.read_bytes()
    assert noted(home) == [whole.name, out.name]


def test_what_is_found_meanwhile_is_not_in_the_file(home: Path, tmp_path: Path, dying: Dying) -> None:
    whole, out, later = (tmp_path / f"{name}.jsonl" for name in ("whole", "x", "later"))
    assert dying(whole) == [0]
    assert dying(out, (8,), finishes=False) == [-9]
    added(home, [offers(2, 3)], first=3)
    assert dying(out) == [0]
    assert out.read_bytes() == whole.read_bytes()
    assert dying(later) == [0]
    assert len(later.read_text().splitlines()) == EXHIBITS + 2


def test_what_expired_meanwhile_is_left_out_and_said(home: Path, tmp_path: Path, dying: Dying) -> None:
    out = tmp_path / "x.jsonl"
    assert dying(out, (8,), finishes=False) == [-9]
    with sqlite3.connect(home / "lantian.db") as connection:
        (gone,) = connection.execute("SELECT public_id FROM exhibits WHERE id = 2").fetchone()
        connection.execute("DELETE FROM exhibits WHERE id = 2")
    connection.close()
    assert dying(out) == [0]
    assert len(lines := out.read_text().splitlines()) == EXHIBITS - 1
    assert not any(gone in line for line in lines)
    assert "另有 1 项的固定已按保存期限删除" in (tmp_path / "heard").read_text()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xlsx"])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, dying: Dying, suffix: str) -> None:
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"x.{suffix}"
    assert dying(whole) == [0]
    assert dying(out, largest=LARGEST) == [2, 0]
    assert out.read_bytes() == whole.read_bytes()
    heard = (tmp_path / "heard").read_text()
    assert f"空间不足，没有写完 {out}" in heard
    assert f"已写好 {BATCH}/{EXHIBITS} 项" in heard
    assert f"接着上次的导出：已有 {BATCH} 项" in heard
    assert "Traceback" not in heard


def test_another_question_over_the_same_file_is_refused(home: Path, tmp_path: Path, dying: Dying) -> None:
    out = tmp_path / "x.jsonl"
    assert dying(out, (8,), finishes=False) == [-9]
    for other in (asked(out, states="new"), replace(asked(out), words="包授权"), replace(asked(out), by="李示例")):
        with pytest.raises(UserMistake, match="另一个没有写完的导出"):
            export(other, as_json=False)
    assert export(asked(out), as_json=False) == 0


def test_a_newer_version_does_not_go_on_with_what_an_older_one_began(
    home: Path, tmp_path: Path, dying: Dying, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "x.jsonl"
    assert dying(out, (8,), finishes=False) == [-9]
    monkeypatch.setattr("console.archive.exporting.TOOL", "lantian/99")
    with pytest.raises(UserMistake, match="软件版本不同"):
        export(asked(out), as_json=False)


def test_a_death_while_the_spool_goes_leaves_a_whole_file(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    assert export(asked(out), as_json=False) == 0
    whole = out.read_bytes()
    for name in ("body", "mark.json"):
        spool_of(out).mkdir(mode=0o700)
        (spool_of(out) / name).write_bytes(b"{}")
        if name == "body":
            (spool_of(out) / name).unlink()
            os.link(out, spool_of(out) / name)
        with pytest.raises(UserMistake, match="已经存在"):
            export(asked(out), as_json=False)
        assert (out.read_bytes(), spool_of(out).exists()) == (whole, False)
    assert noted(home) == [out.name]


def test_what_has_the_name_is_never_written_over(home: Path, tmp_path: Path, dying: Dying) -> None:
    out = tmp_path / "x.csv"
    out.write_text("mine")
    with pytest.raises(UserMistake, match="已经存在，不会覆盖"):
        export(asked(out), as_json=False)
    assert not spool_of(out).exists()
    out.unlink()
    assert dying(out, (8,), finishes=False) == [-9]
    out.write_text("mine")
    with pytest.raises(UserMistake, match="已经存在，不会覆盖"):
        export(asked(out), as_json=False)
    assert (out.read_text(), noted(home)) == ("mine", [])
    out.unlink()
    assert export(asked(out), as_json=False) == 0


def test_nobody_else_writes_the_same_file_meanwhile(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with spool(out), pytest.raises(UserMistake, match="另有一个导出正在写"):
        export(asked(out), as_json=False)


def test_the_spool_is_its_owners_alone(home: Path, tmp_path: Path, dying: Dying) -> None:
    out = tmp_path / "x.csv"
    assert dying(out, (12,), finishes=False) == [-9]
    assert stat.S_IMODE(spool_of(out).stat().st_mode) == 0o700
    found = list(spool_of(out).iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    spool_of(out).chmod(0o755)
    with pytest.raises(UserMistake, match="不是本程序建的文件夹"):
        export(asked(out), as_json=False)
    other = tmp_path / "y.csv"
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    spool_of(other).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserMistake, match="不是本程序建的文件夹"):
        export(asked(other), as_json=False)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_link_in_the_spool_is_not_followed(home: Path, tmp_path: Path, dying: Dying) -> None:
    out, mine = tmp_path / "x.csv", tmp_path / "mine"
    assert dying(out, (12,), finishes=False) == [-9]
    mine.write_text("mine")
    (spool_of(out) / "body").unlink()
    (spool_of(out) / "body").symlink_to(mine)
    with pytest.raises(OSError, match="symbolic links"):
        export(asked(out), as_json=False)
    assert mine.read_text() == "mine"


def test_a_spool_that_lost_what_was_safe_is_refused(home: Path, tmp_path: Path, dying: Dying) -> None:
    out = tmp_path / "x.csv"
    assert dying(out, (12,), finishes=False) == [-9]
    (spool_of(out) / "body").write_bytes(b"")
    with pytest.raises(UserMistake, match="半成品不完整"):
        export(asked(out), as_json=False)


def test_a_result_of_nothing_is_no_file(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(UserMistake, match="没有符合的"):
        export(replace(asked(out), words="无此词语"), as_json=False)
    assert not out.exists()
    assert not spool_of(out).exists()


def test_a_link_that_leads_nowhere_is_refused_before_anything_is_written(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "dangling.csv"
    out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserMistake, match=r"已经存在，不会覆盖$"):
        export(asked(out), as_json=False)
    assert out.is_symlink()
    assert not spool_of(out).exists()
