"""Runs `lantian` as a person does: in a process of its own, in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from console.cli import app
from console.specimen import load
from console.specimen_server import SpecimenServer
from crawler.errors import EXIT_USAGE, UserMistake

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def lantian(tmp_path: Path) -> Callable[..., Ran]:
    """`lantian("leads", "--json", LANTIAN_HOSTS=…)` in a home under tmp_path."""
    (tmp_path / "home").mkdir(exist_ok=True)

    def run(*arguments: str | Path, **environ: str) -> Ran:
        told = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANTIAN_HOME": str(tmp_path / "home"),
            "LANG": "C.UTF-8",
        }
        command = [sys.executable, "-c", "from console.cli import main; main()", *map(str, arguments)]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=told | environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


# Every command with every option, made of their functions: that takes longer than most commands.
_commands = cache(get_command)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The same in this process, which has the rules loaded already; a person's mistake is told as `main` tells it."""
    (tmp_path / "home").mkdir(exist_ok=True)
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("typer.testing._get_command", _commands)

    def run(*arguments: str | Path) -> Ran:
        ended = CliRunner().invoke(app, [str(one) for one in arguments])
        if isinstance(ended.exception, UserMistake):
            return Ran(EXIT_USAGE, ended.stdout, f"{ended.stderr}lantian: {ended.exception}\n")
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ran(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def made_home(tmp_path: Path, _empty_database: Path) -> Path:
    """A home with an empty database at our schema: a copy, since making one takes longer than most commands."""
    (tmp_path / "home").mkdir(exist_ok=True)
    shutil.copyfile(_empty_database, tmp_path / "home" / "lantian.db")
    return tmp_path / "home"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[dict[str, str], str], Path]]:
    """`serve(files, manifest)` starts a small specimen web and returns its hosts file."""
    servers: list[SpecimenServer] = []

    def start(files: dict[str, str], manifest: str) -> Path:
        web = tmp_path / f"web{len(servers)}"
        web.mkdir()
        for name, text in files.items():
            (web / name).write_text(text, encoding="utf-8")
        (web / "manifest.toml").write_text("version = 1\n" + manifest, encoding="utf-8")
        server = SpecimenServer(load(web))
        server.start()
        servers.append(server)
        return server.hosts_file(tmp_path / f"hosts{len(servers)}")

    yield start
    for server in servers:
        server.stop()
