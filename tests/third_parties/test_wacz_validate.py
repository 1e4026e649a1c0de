"""What `wacz validate` says of tampered packages is in docs/tampering.md: some at every run, all with --torture."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import package_retellings
import pytest
from package_tampering import TAMPERINGS, victim

ROOT = Path(__file__).parent.parent.parent
WACZ = ROOT / ".tools" / "bin" / "wacz"
assert package_retellings.__doc__, "importing it enters its attacks"

SOME = 16  # every so many


def said_of(path: Path) -> str:
    ended = subprocess.run([WACZ, "validate", "-f", path], capture_output=True, text=True, check=False)
    if "Traceback" in ended.stderr:
        return "crashes"
    return "passes" if ended.returncode == 0 and "the passed WACZ is valid" in ended.stdout else "refuses"


@pytest.mark.skipif(not WACZ.exists(), reason="wacz is not there: make tools")
def test_the_table_says_what_it_says(tmp_path: Path, is_torture: bool) -> None:
    table = (ROOT / "docs" / "tampering.md").read_text(encoding="utf-8").partition("<!-- packages -->")[2]
    cells = ([cell.strip() for cell in line.split("|")] for line in table.splitlines() if line.startswith("| "))
    told = {row[1].replace(" ", "_"): row[4] for row in cells}
    whole, path = victim(tmp_path), tmp_path / "T.wacz"
    for one in TAMPERINGS if is_torture else TAMPERINGS[::SOME]:
        shutil.copy(whole.path, path)
        one.act(replace(whole, path=path))
        assert (one.name, said_of(path)) == (one.name, told[one.name])
