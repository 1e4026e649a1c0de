"""The tamper corpus beside `warcio check`: docs/tampering.md states what was measured, and nothing else.

`pytest --regold` writes the table and still fails, so that a person reads it.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import attacks_beyond
import pytest
from attacks import ATTACKS
from authority import LocalAuthority
from tampering import Victim, copy_of, make_home
from warcio.cli import main as warcio

from storage.verifier.report import KINDS

assert attacks_beyond.__doc__, "importing it enters its attacks"

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "tampering.md"
BEGIN, END = "<!-- table -->", "<!-- /table -->"
KNOWS = {
    "archive": "the files alone",
    "stamped": "a trusted authority",
    "head": "a head on paper",
    "rows": "the database",
}
ROW = re.compile(r"^\| ([^|]+) \| ([a-z ]+) \| `(\w+)` \| (yes|no) \|$", re.M)
Row = tuple[str, str, str, str]


def noticed(archive: Path) -> bool:
    """Whether `warcio check` ends with anything but 0."""
    files = sorted(str(path) for path in archive.glob("*.warc.gz*") if path.is_file())
    if not files:
        return True
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            warcio(["check", *files])
        except SystemExit as ended:
            return bool(ended.code)
        except Exception:  # noqa: BLE001 - whatever stops it, it has noticed something
            return True
    return False


def records(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.glob("*.warc.gz*") if path.is_file()}


def measured(home: Path, scratch: Path, tools: dict[str, LocalAuthority]) -> list[Row]:
    untouched, rows = records(home / "archive"), []
    assert not noticed(home / "archive")
    for number, attack in enumerate(ATTACKS):
        victim: Victim = copy_of(home, scratch / str(number))
        victim.tools = tools
        for head in (victim.archive / "manifests").glob("*.json") if attack.against == "stamped" else ():
            head.with_suffix(".tsr").write_bytes(b"a token")
        attack.act(victim)
        is_noticed = records(victim.archive) != untouched and noticed(victim.archive)
        words = attack.name.replace("_", " ")
        rows.append((words, KNOWS[attack.against], attack.kind, "yes" if is_noticed else "no"))
    return rows


def table(rows: list[Row]) -> str:
    lines = ["| what was done | what ours must know | ours says | `warcio check` notices |", "|---|---|---|---|"]
    lines += [f"| {words} | {knows} | `{kind}` | {is_noticed} |" for words, knows, kind, is_noticed in rows]
    seen = sum(row[3] == "yes" for row in rows)
    lines += ["", f"{len(rows)} attacks: ours names {len(rows)}, `warcio check` notices {seen}."]
    return "\n".join(lines)


def test_the_document_states_what_was_measured(
    tmp_path: Path, authority: LocalAuthority, request: pytest.FixtureRequest
) -> None:
    home = tmp_path / "home"
    make_home(home)
    rows = measured(home, tmp_path, {"other": authority, "expired": authority})
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    stated, after = rest.split(END)
    if request.config.getoption("--regold"):
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")
        pytest.fail("written: read docs/tampering.md")
    assert ROW.findall(stated) == rows
    assert stated.strip() == table(rows)
    assert len(rows) >= 30
    assert {row[2] for row in rows} <= KINDS.keys()
