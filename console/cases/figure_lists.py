"""The list behind a figure, and the names by which figures are asked for: one opens, a beginning lists its names."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from casework.reports.figures import Part
from casework.reports.told import row_words
from console.cases.viewing import Viewer
from console.output import harmless, page, print_json, print_line, say
from crawler import clock
from crawler.errors import EXIT_DONE, UserMistake
from patrol.platforms import label_of
from storage.cases.behind import behind
from storage.cases.shapes import Figure

EVERY = "?"


def show_list(connection: Connection, parts: Sequence[Part], name: str, who: Viewer, *, as_json: bool) -> int:
    """The rows behind the figure of this name, which is in no list twice; else the names that begin so."""
    figure = next((one.figure for one in parts if one.figure.name == name), None)
    if figure is None:
        return _show_names(named_like(parts, name), as_json=as_json)
    for row in behind(connection, figure.of, figure.ids):
        words = row_words(row, figure.of, label_of)
        if as_json:
            told = {"of": figure.of, "id": row.id, "number": row.number, "at": row.at.isoformat(), "kind": row.kind}
            print_json(told | {"state": row.state, "name": who.veiled(row.name), "place": row.place})
        else:
            told_name = harmless(who.veiled(row.name[:200]))[:60]
            line = (row.number, clock.in_shanghai(row.at)[:16], words.kind, words.state, words.place, told_name)
            print_line("  ".join(harmless(one) for one in line if one))
    say(f"{harmless(name)}：{figure.value} 项")
    return EXIT_DONE


def named_like(parts: Sequence[Part], name: str) -> tuple[Part, ...]:
    """All for `?`, else those that begin with it; `UserMistake` for none."""
    start = name.strip().rstrip(".…")
    found = tuple(parts) if start == EVERY else tuple(one for one in parts if _begins(one.figure, start))
    if not found:
        raise UserMistake(f"没有名为 {name!r} 的数字；--list '{EVERY}' 列出全部名称")
    return found


def _begins(figure: Figure, start: str) -> bool:
    """By whole words between dots: `leads.told` is no beginning of `leads.told_late`."""
    return bool(start) and (figure.name == start or figure.name.startswith(f"{start}."))


def _show_names(parts: Sequence[Part], *, as_json: bool) -> int:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("名称（--list）", "项目", "数"):
        table.add_column(name, overflow="fold", justify="right" if name == "数" else "left")
    for one in parts:
        if as_json:
            print_json({"name": one.figure.name, "label": one.label, "value": one.figure.value, "of": one.figure.of})
        table.add_row(Text(harmless(one.figure.name)), Text(harmless(one.label)), str(one.figure.value))
    if not as_json:
        page().print(table)
    say(f"{len(parts)} 个数字；写全名称即打开名单")
    return EXIT_DONE
