"""The project as it lies here: its files, packages and documents, for the tests of the house."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
NOT_OURS = frozenset((".venv", ".git", "__pycache__", "demo-home", "home", "build"))


@cache
def settings() -> dict[str, Any]:
    """pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def top_packages() -> list[str]:
    """The packages at the root that are the application itself."""
    return sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "benchmarks")


def packages() -> list[str]:
    """Every package of the application, dotted."""
    inits = [path for top in top_packages() for path in (ROOT / top).rglob("__init__.py")]
    return sorted(".".join(path.parent.relative_to(ROOT).parts) for path in inits)


def modules() -> list[str]:
    """Every module of the application, dotted; packages stand for their empty `__init__`."""
    paths = [path for top in top_packages() for path in (ROOT / top).rglob("*.py")]
    dotted = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)
    return sorted(name.removesuffix(".__init__") for name in dotted)


def sources(*folders: str) -> dict[str, str]:
    """Python files by path relative to the root; without folders those of the application and its benchmarks."""
    places = folders or (*top_packages(), "benchmarks")
    paths = sorted(path for place in places for path in (ROOT / place).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@cache
def tracked() -> list[str]:
    """What git tracks; where there is no git, what lies here and is not made by a tool."""
    if shutil.which("git") and (ROOT / ".git").exists():
        told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return sorted(name for name in told.stdout.split("\0") if name and (ROOT / name).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if NOT_OURS.isdisjoint(path.parts) and ".egg-info" not in str(path))


def texts() -> dict[str, str]:
    """Every tracked file that is text, by path."""
    read = {}
    for name in tracked():
        raw = (ROOT / name).read_bytes()
        if b"\0" not in raw and not name.endswith((".gz", ".png", ".db")):
            read[name] = raw.decode("utf-8", "replace")
    return read


@cache
def documents() -> str:
    """All documentation as one text."""
    paths = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def environment_words() -> set[str]:
    """Every variable that crawler.config reads."""
    return set(re.findall(r"""environ\.get\(\s*"([A-Z_]+)""", (ROOT / "crawler" / "config.py").read_text("utf-8")))


def make_targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.M)
