"""`make bench`: every headline figure, each as a ratio to a baseline measured in the same run.

With `--write` the tables in docs/benchmarks.md are renewed; with names of benchmarks only those run, and of the tables
only their rows are renewed.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUITE = (
    "bench_pipeline",
    "bench_read",
    "bench_warc",
    "bench_seal",
    "bench_verify",
    "bench_screen",
    "bench_pictures",
    "bench_capture",
    "bench_roster",
    "bench_idle",
    "bench_round",
    "bench_reports",
    "bench_letters",
    "bench_archive",
    "bench_export",
)
TABLE = ROOT / "docs" / "benchmarks.md"
FIGURES = ("<!-- figures -->", "<!-- /figures -->")
GROWTH = ("<!-- growth -->", "<!-- /growth -->")
SIZES = (10_000, 100_000, 1_000_000)


Figure = dict[str, object]
HEAD = ("figure", "ours", "baseline", "ratio", "goal", "command", "note")


def measured(name: str) -> list[Figure]:
    """The JSON lines one benchmark prints; it runs in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return [{"command": name, **json.loads(line)} for line in ran.stdout.splitlines()]


def headlines(figures: Sequence[Figure]) -> list[str]:
    """A row a figure; of one that was measured at several sizes, the largest."""
    largest = {figure["name"]: figure for figure in sorted(figures, key=lambda one: int(str(one.get("size", 0))))}
    rows = [one for one in figures if largest[one["name"]] is one]
    return [
        _row(
            one["name"],
            one["value"],
            one["baseline"],
            one["ratio"],
            one.get("goal", ""),
            one["command"],
            one.get("note", ""),
        )
        for one in rows
    ]


def growth(figures: Sequence[Figure]) -> list[str]:
    """A row a figure that was measured at several sizes: what it was at each."""
    grown: defaultdict[object, dict[int, object]] = defaultdict(dict)
    for figure in figures:
        if "size" in figure:
            grown[figure["name"]][int(str(figure["size"]))] = figure["value"]
    return [_row(name, *(at.get(size, "") for size in SIZES)) for name, at in grown.items() if len(at) > 1]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _renewed(text: str, marks: tuple[str, str], head: Sequence[str], rows: Sequence[str], *, all_rows: bool) -> str:
    """The text with the table between the marks made anew; unless all rows are, others stay where they are."""
    before, rest = text.split(marks[0])
    old, after = rest.split(marks[1])
    if not all_rows:
        fresh = {row.split("|")[1]: row for row in rows}
        kept = [line for line in old.splitlines() if line.startswith("| ") and not line.startswith(f"| {head[0]} ")]
        known = {line.split("|")[1] for line in kept}
        rows = [fresh.get(line.split("|")[1], line) for line in kept]
        rows += [row for name, row in fresh.items() if name not in known]
    table = [_row(*head), "|" + "---|" * len(head), *rows]
    machine = f"CPython {platform.python_version()}, {platform.machine()}, two shared cores"
    return f"{before}{marks[0]}\n{machine}\n\n" + "\n".join(table) + f"\n{marks[1]}{after}"


def main(words: Sequence[str]) -> None:
    names = [word for word in words if not word.startswith("-")]
    figures = [figure for name in names or SUITE for figure in measured(name)]
    shown, grown = headlines(figures), growth(figures)
    print("\n".join([_row(*HEAD), *shown, "", *grown]))
    if "--write" in words:
        text = TABLE.read_text(encoding="utf-8")
        text = _renewed(text, FIGURES, HEAD, shown, all_rows=not names)
        sizes = ("figure", *(f"{size:,}".replace(",", " ") for size in SIZES))
        TABLE.write_text(_renewed(text, GROWTH, sizes, grown, all_rows=not names), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
