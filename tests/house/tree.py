"""The project as it lies here: its files, packages and documents, for the tests of the house."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from crawler.errors import PageTrouble

ROOT = Path(__file__).parent.parent.parent
NOT_OURS = frozenset((".venv", ".tools", ".git", "__pycache__", "demo-home", "home", "build"))


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
        told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        names = sorted(name for name in told.stdout.split("\0") if name and (ROOT / name).is_file())
        if names:  # git refuses a checkout that belongs to somebody else
            return names
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
    return set(re.findall(r"""environ\.get\(\s*"([A-Z0-9_]+)""", (ROOT / "crawler" / "config.py").read_text("utf-8")))


def make_targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.M)


def reason_words() -> set[str]:
    """Every reason that the code gives an outcome: to an error, to a reading, to a wall, or beside an error's name."""
    return {word for source in sources(*top_packages()).values() for word in _reasons(ast.parse(source))}


def _reasons(source: ast.Module) -> Iterator[str]:
    troubles = {one.__name__ for one in _subclasses(PageTrouble)}
    for node in ast.walk(source):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            given += node.args[:1] if called in troubles else node.args[1:2] if called == "Judgement" else []
        elif isinstance(node, ast.Tuple):
            pairs = pairwise(node.elts)
            given = [word for name, word in pairs if isinstance(name, ast.Name) and name.id in troubles]
        for word in given:
            if isinstance(word, ast.Constant) and isinstance(word.value, str) and word.value:
                yield word.value


def _subclasses(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)
