"""`lantian` itself: what it loads before it does anything, and help that says what was written."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from console.cli import app
from tests.console.conftest import ROOT, Ran

HEAVY = {
    "scrapy", "twisted", "playwright", "scipy", "datasketch", "jieba", "apprise", "weasyprint", "docx", "rapidocr",
    "onnxruntime", "numpy", "celery", "aiohttp", "cryptography",
}  # fmt: skip
LOADED = "import sys; from console.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"


def loaded(home: Path, *arguments: str) -> set[str]:
    """The packages that a process has loaded which ran this command and nothing else."""
    told = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(home), "HOME": str(home), "LANG": "C.UTF-8"}
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        cwd=ROOT, env=told, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True,
    )  # fmt: skip
    return {one.split(".")[0] for one in ran.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "words", ["--help", "watch --help", "watch list", "roster", "calendar list", "roster --json"], ids=str
)
def test_a_light_command_loads_nothing_heavy(made_home: Path, words: str) -> None:
    found = loaded(made_home, *words.split())
    assert "typer" in found
    assert found & HEAVY == set()


def test_what_a_crawl_needs_is_seen_where_it_is_loaded(made_home: Path) -> None:
    assert loaded(made_home, "spiders", "list") >= {"scrapy", "twisted"}, "or the test above would see nothing"


def commands(
    command: object = None, names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], typer.core.TyperCommand]]:
    """Every command there is, with what is typed for it."""
    command = command or get_command(app)
    if isinstance(command, typer.core.TyperGroup):
        for name, below in command.commands.items():
            yield from commands(below, (*names, name))
    else:
        assert isinstance(command, typer.core.TyperCommand)
        yield names, command


def squeezed(text: str) -> str:
    """Without blanks: a page is folded where it ends."""
    return "".join(one for one in text if not one.isspace() and unicodedata.category(one) != "Cc")


def test_help_says_what_was_written(here: Callable[..., Ran]) -> None:
    every, bracketed = list(commands()), 0
    assert len(every) > 60
    for names, command in every:
        shown = here(*names, "--help")
        assert shown.code == 0
        told = [command.help, *(getattr(one, "help", "") for one in command.params)]
        for words in filter(None, told):
            assert squeezed(words) in squeezed(shown.out), (names, words)
            bracketed += "[" in words
    assert bracketed >= 3, "brackets are what was eaten"
