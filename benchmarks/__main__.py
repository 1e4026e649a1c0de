"""`make bench`: every headline figure, each as a ratio to a baseline measured in the same run.

With `--write` the table in docs/benchmarks.md is renewed.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
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
)
TABLE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def measured(name: str) -> list[dict[str, object]]:
    """The JSON lines one benchmark prints; it runs in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def table(figures: list[dict[str, object]]) -> str:
    lines = ["| figure | ours | baseline | ratio | goal | note |", "|---|---|---|---|---|---|"]
    for figure in figures:
        cells = (
            figure["name"],
            figure["value"],
            figure["baseline"],
            figure["ratio"],
            figure.get("goal", ""),
            figure.get("note", ""),
        )
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    figures = [figure for name in SUITE for figure in measured(name)]
    shown = table(figures)
    print(shown)
    if "--write" in sys.argv[1:]:
        text = TABLE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        _, after = rest.split(END)
        machine = f"CPython {platform.python_version()}, {platform.machine()}, two shared cores"
        TABLE.write_text(f"{before}{BEGIN}\n{machine}\n\n{shown}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
