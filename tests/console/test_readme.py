"""The README's ten minutes, typed as they stand there: every command in order, in one shell on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from crawler.config import Config
from crawler.tables import Browser
from pipelines.browser import BrowserTrouble, find_chromium
from tests.console.conftest import ROOT

TOLD = {"README.md": "## Ten minutes", "README.zh-CN.md": "## 十分钟"}
# What brings the machine and the checkout: both are there where a test runs.
BROUGHT = ("sudo apt-get install ", "git clone ")
PROMPTS = ("的口令：", "再输入一次：")
PASSWORD = "xing-he 2026 样例"
SILENCE = 300  # seconds without a word after which nothing more will come


def commands(text: str, heading: str) -> list[str]:
    """The lines of a section's shell blocks, without what is said beside them."""
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S) for line in block.splitlines()]
    return [re.sub(r"\s{2,}# .*", "", line) for line in lines]


def in_the_readme(name: str = "README.md") -> list[str]:
    return commands((ROOT / name).read_text(encoding="utf-8"), TOLD[name])


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with a checkout named `lantian` that `make setup` has been run in: what is in it is ours, by links."""
    checkout = tmp_path / "lantian"
    (checkout / ".venv").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-build.lock", "specimen"):
        (checkout / name).symlink_to(ROOT / name)
    for path in Path(sys.prefix).iterdir():
        if path.name != ".done":
            (checkout / ".venv" / path.name).symlink_to(path)
    (checkout / ".venv" / ".done").touch()
    (tmp_path / ".cache").symlink_to(Path.home() / ".cache")  # a browser that Playwright brought lies there
    return tmp_path


def typed(script: Path, folder: Path) -> tuple[int, str]:
    """What a terminal shows while bash runs the script and every question for a password is answered."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "dumb", "COLUMNS": "100"}
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "-e", str(script)], environ)
    shown = b""
    with suppress(OSError):  # the other end goes away
        while select.select([terminal], [], [], SILENCE)[0] and (told := os.read(terminal, 65536)):
            shown += told
            if shown.decode(errors="ignore").endswith(PROMPTS):
                os.write(terminal, f"{PASSWORD}\n".encode())
                shown += b"\n"
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGHUP)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")


def test_both_languages_tell_the_same_way() -> None:
    english, chinese = (in_the_readme(name) for name in TOLD)
    assert english == chinese
    assert [line for line in english if line.startswith(BROUGHT)] == english[:2]
    assert "make demo" in english


def test_what_is_said_beside_a_command_is_not_typed() -> None:
    first = "```sh\nlantian leads   # all\n```\ntext\n```\nno command\n```\n```sh\nlantian x '# y'\n```\n"
    told = f"\n## Way\n{first}## Next\n```sh\nlantian z\n```\n"
    assert commands(told, "## Way") == ["lantian leads", "lantian x '# y'"]


def test_a_way_that_stops_is_seen(tmp_path: Path) -> None:
    script = tmp_path / "way.sh"
    script.write_text("false\ntouch after\n", encoding="utf-8")
    assert typed(script, tmp_path)[0] == 1
    assert not (tmp_path / "after").exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_ten_minutes_of_the_readme(machine: Path) -> None:
    try:
        find_chromium(Config(home=machine, browser=Browser(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    script = machine / "way.sh"
    script.write_text("\n".join(line for line in in_the_readme() if not line.startswith(BROUGHT)), encoding="utf-8")
    code, shown = typed(script, machine)
    assert code == 0, shown[-4000:]
    assert "线索 4 条（均为涉嫌，待人工审核；均已封存）" in shown
    assert shown.count("【包授权】") >= 5
    assert "类别（涉嫌）" in shown
    assert "试恢复通过" in shown
    assert PASSWORD not in shown
    drafted(machine / "lantian" / "drafts")


def drafted(folder: Path) -> None:
    """The letter is there in four files, and its first page says what it is."""
    assert sorted(path.suffix for path in folder.iterdir()) == [".docx", ".json", ".pdf", ".xlsx"]
    pdf = next(folder.glob("*.pdf"))
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    told = subprocess.run(["pdftotext", "-l", "1", pdf, "-"], capture_output=True, text=True, check=True).stdout
    words = "".join(told.split())
    for one in ("草稿", "【条文待核】", "样本", "示例市市场监督管理局", "示例电子商务有限公司"):
        assert one in words, one
