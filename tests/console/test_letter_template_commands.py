"""`lantian letter template`: written once, checked, and a wrong one is a person's mistake in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.console.conftest import Ran


def test_the_template_is_exported_once_and_checked(here: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    written = here("letter", "template", "export", "--out", path, "--json")
    assert (written.code, json.loads(written.out)) == (0, {"file": str(path), "ok": True})
    again = here("letter", "template", "export", "--out", path)
    assert again.code == 2
    assert "已经存在" in again.err
    checked = here("letter", "template", "check", path)
    assert checked.code == 0
    assert "可以使用" in checked.err


def test_a_wrong_template_is_a_mistake_of_one_line(here: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(b"no document")
    ran = here("letter", "template", "check", path)
    assert ran.code == 2
    assert ran.err.strip().count("\n") == 0
    assert "letter.docx" in ran.err
