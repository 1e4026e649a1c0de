"""Layers, lint and types hold, and each contract and tool is seen to fail on a planted fault."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import conventions
import pytest
import tree

BIN = Path(sys.executable).parent
CONTRACTS: list[dict[str, Any]] = tree.settings()["tool"]["importlinter"]["contracts"]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False)


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "lint-imports", "--config", "pyproject.toml", "--no-cache", "--no-logo")


def verdicts(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Each contract's name with KEPT or BROKEN, as the tool printed them."""
    joined = re.sub(r"\s*\n\s*(?=KEPT|BROKEN)", " ", ended.stdout)
    return dict(re.findall(r"^(.*\S) (KEPT|BROKEN)\b", joined, re.M))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The application's packages and its pyproject.toml, to be spoilt."""
    for top in tree.top_packages():
        shutil.copytree(tree.ROOT / top, tmp_path / top, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def planted(contract: dict[str, Any]) -> list[tuple[str, str]]:
    """For a contract, imports that break it: (module that imports, what it imports)."""
    if contract["type"] == "forbidden":
        return [(module, wrong) for module in contract["source_modules"] for wrong in contract["forbidden_modules"]]
    layers = [[one.strip() for one in layer.split("|")] for layer in contract["layers"]]
    upward = [
        (low, high) for at, lower in enumerate(layers) for low in lower for above in layers[:at] for high in above
    ]
    sideways = [(one, other) for layer in layers for one in layer for other in layer if one != other]
    return upward + sideways


PLANTED = [(contract["name"], *pair) for contract in CONTRACTS for pair in planted(contract)]


def module_file(folder: Path, module: str) -> Path:
    """Where to plant: the module itself, or a new one inside the package."""
    path = folder.joinpath(*module.split("."))
    return path / "planted.py" if path.is_dir() else path.with_suffix(".py")


def test_the_layers_are_kept(copy: Path) -> None:
    ended = linted(copy)
    assert ended.returncode == 0, ended.stdout
    assert verdicts(ended) == {contract["name"]: "KEPT" for contract in CONTRACTS}


@pytest.mark.parametrize(("contract", "module", "wrong"), PLANTED)
def test_a_planted_import_breaks_its_contract(copy: Path, contract: str, module: str, wrong: str) -> None:
    target = next((path for path in (copy / wrong).glob("*.py") if path.stem != "__init__"), None)
    with module_file(copy, module).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {wrong}.{target.stem}\n" if target else f"\nimport {wrong}\n")
    ended = linted(copy)
    assert ended.returncode == 1
    assert verdicts(ended)[contract] == "BROKEN", ended.stdout
    assert re.search(rf"{re.escape(module)}\S* -> {re.escape(wrong)}", ended.stdout.replace("\n", " ")), ended.stdout


@pytest.mark.parametrize(
    "contract", [one for one in CONTRACTS if one["name"].startswith("only ")], ids=lambda one: one["id"]
)
def test_an_only_contract_forgets_no_module(contract: dict[str, Any]) -> None:
    allowed = contract["name"].split()[1]
    assert allowed in tree.modules()
    inits = set(tree.packages())
    assert conventions.uncovered(contract, [name for name in tree.modules() if name not in inits], allowed) == []


# -- the other tools ---------------------------------------------------------------------------

FAULTS = {
    "BLE001": "try:\n    print()\nexcept Exception:\n    print()\n",
    "TID251": "import os\n\nHOME = os.environ\n",
    "DTZ005": "import datetime\n\nNOW = datetime.datetime.now()\n",
    "ERA001": "# x = 1\n",
    "S307": "print(eval(input()))\n",
    "F401": "import json\n",
    "C901": "def tangled(a: int) -> None:\n" + "".join(f"    if a == {n}:\n        print(a)\n" for n in range(11)),
    "PLR0913": "def many(a: int, b: int, c: int, d: int, e: int, f: int) -> None:\n    print(a, b, c, d, e, f)\n",
}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project of one sound module under our settings."""
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "crawler").mkdir()
    (tmp_path / "crawler" / "__init__.py").touch()
    (tmp_path / "crawler" / "sound.py").write_text('"""Sound."""\n\nANSWER: int = 42\n', encoding="utf-8")
    return tmp_path


def test_ruff_passes_a_sound_module(bare: Path) -> None:
    assert run(bare, "ruff", "check", "--no-cache", ".").returncode == 0
    assert run(bare, "ruff", "format", "--no-cache", "--check", ".").returncode == 0


@pytest.mark.parametrize("code", FAULTS)
def test_ruff_fails_on_a_planted_fault(bare: Path, code: str) -> None:
    (bare / "crawler" / "planted.py").write_text(f'"""Planted."""\n\n{FAULTS[code]}', encoding="utf-8")
    ended = run(bare, "ruff", "check", "--no-cache", "--output-format", "concise", ".")
    assert ended.returncode == 1
    assert f" {code} " in ended.stdout


def test_the_formatter_fails_on_a_planted_fault(bare: Path) -> None:
    (bare / "crawler" / "planted.py").write_text("x = { 'a':1 }\n", encoding="utf-8")
    assert run(bare, "ruff", "format", "--no-cache", "--check", ".").returncode == 1


TYPE_FAULTS = {
    "no-untyped-def": "def untyped(a):\n    return a\n",
    "assignment": "number: int = 'one'\n",
    "type-arg": "def bare(words: list) -> None:\n    print(words)\n",
    "no-any-return": "import json\n\n\ndef read(text: str) -> int:\n    return json.loads(text)\n",
    "union-attr": "import re\n\nprint(re.match('a', 'a').group())\n",
}


def test_mypy_is_strict_and_fails_on_each_planted_fault(bare: Path) -> None:
    for code, fault in TYPE_FAULTS.items():
        name = code.replace("-", "_")
        (bare / "crawler" / f"{name}.py").write_text(f'"""Planted."""\n\n{fault}', encoding="utf-8")
    ended = run(bare, "mypy", "--cache-dir", str(bare / "cache"), "-p", "crawler")
    assert ended.returncode == 1
    found = dict(re.findall(r"^crawler/(\w+)\.py:\d+: error: .*\[([\w-]+)\]$", ended.stdout, re.M))
    assert found == {code.replace("-", "_"): code for code in TYPE_FAULTS}
