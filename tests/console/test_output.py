"""Whoever reads, or stops reading, and whatever their terminal can show: no traceback, and the right exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import ROOT, Ran

Run = Callable[..., Ran]
FULL = Path("/dev/full")


def shell(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A line of bash with `lantian` in it; its exit code is that of `lantian`."""
    script = f'lantian() {{ "{sys.executable}" -c "from console.cli import main; main()" "$@"; }}\n{line}'
    told = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=told, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("asked", ["spiders list", "spiders list --json"])
@pytest.mark.parametrize("way", ["| true; exit ${PIPESTATUS[0]}", ">&-"])
def test_a_reader_who_leaves_is_no_failure(asked: str, way: str, tmp_path: Path) -> None:
    ran = shell(f"lantian {asked} {way}", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    ran = shell("lantian spiders list >/dev/full", tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith("lantian: 读写失败")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "gb18030", "latin-1"])
def test_json_is_json_in_every_locale(lantian: Run, encoding: str) -> None:
    ran = lantian("spiders", "list", "--json", PYTHONIOENCODING=encoding)
    assert ran.code == 0
    assert "百度" in {json.loads(line)["label"] for line in ran.out.splitlines()}


def test_a_terminal_without_chinese_still_shows_help(lantian: Run) -> None:
    ran = lantian("--help", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("override", "sign", "jd", "--person", "甲\x1b[31m", "--reason", "测试"),
        ("override", "sign", "jd", "--person", "甲", "--reason", "一行\n又一行"),
        ("override", "sign", "jd", "--person", "\udcff", "--reason", "测试"),
    ],
)
def test_a_signature_is_one_line_of_readable_text(lantian: Run, arguments: tuple[str, ...]) -> None:
    ran = lantian(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_names_that_are_no_text_are_only_unknown(lantian: Run) -> None:
    assert lantian("override", "sign", "jd", "--person", "测试员", "--reason", "测试").code == 0
    for arguments in (
        ("show", "abcdef\udcff"),
        ("coverage", "--round", "\udcff"),
        ("leads", "--before", "abcdef\udcff"),
    ):
        ran = lantian(*arguments)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_a_home_that_cannot_be_made_is_one_line(lantian: Run) -> None:
    for arguments in (("override", "sign", "jd", "--person", "甲", "--reason", "乙"), ("round", "--spiders", "jd")):
        ran = lantian(*arguments, LANTIAN_HOME="/proc/nowhere")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_a_damaged_database_is_exit_4(lantian: Run, tmp_path: Path) -> None:
    assert lantian("override", "sign", "jd", "--person", "测试员", "--reason", "测试").code == 0
    path = tmp_path / "home" / "lantian.db"
    body = bytearray(path.read_bytes())
    body[4096 * 2 :] = b"\xff" * (len(body) - 4096 * 2)
    path.write_bytes(body)
    ran = lantian("override", "list")
    assert ran.code in (2, 4)
    assert len(ran.err.splitlines()) == 1
