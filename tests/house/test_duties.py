"""Each duty of the work plans has a command that is there, or says 不做 and why."""

from __future__ import annotations

import re

import tree
import typer
from typer.main import get_command

from console.cli import app

DUTIES = 35
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def commands(group: typer.core.TyperGroup, above: str) -> set[str]:
    """Every command in words, groups not."""
    found: set[str] = set()
    for name, one in group.commands.items():
        is_group = isinstance(one, typer.core.TyperGroup)
        found |= commands(one, f"{above} {name}") if is_group else {f"{above} {name}"}
    return found


def complaints(text: str, known: set[str]) -> list[str]:
    rows = _ROW.findall(text)
    wrong = [] if [int(row[0]) for row in rows] == list(range(1, DUTIES + 1)) else ["not the 35 duties in their order"]
    for number, _, served, told in rows:
        named = re.findall(r"`([^`]+)`", served)
        wrong += [f"{number}: no such command: {one}" for one in named if one not in known]
        if not named and "不做" not in told:
            wrong.append(f"{number}: neither a command nor 不做")
    return wrong


def there() -> set[str]:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return commands(group, "lantian")


def test_every_duty_has_a_command_or_says_why_not() -> None:
    assert complaints(tree.document("docs/duties.md"), there()) == []


def test_what_is_missing_is_seen() -> None:
    text = tree.document("docs/duties.md")
    assert complaints(text.replace("| 7 |", "| 77 |"), there()) == ["not the 35 duties in their order"]
    assert complaints(text.replace("`lantian draws`", "`lantian dice`"), there()) == [
        "31: no such command: lantian dice"
    ]
    bare = re.sub(r"^(\| 3 \| .+? \|).+\|$", r"\1 nothing | nothing |", text, flags=re.M)
    assert complaints(bare, there()) == ["3: neither a command nor 不做"]
