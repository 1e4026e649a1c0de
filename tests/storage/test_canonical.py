"""What is digested is written in one form, and by one function."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from storage.canonical import canonical
from storage.sealing.manifests import Leaf, Leaves, sm3
from storage.sealing.members import Walk

ROOT = Path(__file__).parent.parent.parent
WRITERS = ("casework", "console", "pipelines", "storage")


def test_the_one_form() -> None:
    told = {"乙": [1, True, None], "a": {"y": "é", "x": 'quote " and \n'}}
    assert canonical(told) == '{"a":{"x":"quote \\" and \\n","y":"é"},"乙":[1,true,null]}\n'.encode()


def test_half_a_pair_is_replaced_and_the_rest_stays_text() -> None:
    raw = canonical({"title": "星河\ud83d知产", "whole": "\U0001f600"})
    assert json.loads(raw.decode("utf-8")) == {"title": "星河\ufffd知产", "whole": "\U0001f600"}


def test_no_writer_has_a_form_of_its_own() -> None:
    """The verifier has: it shares no code with what it checks."""
    found = {path.relative_to(ROOT).as_posix(): path for folder in WRITERS for path in (ROOT / folder).rglob("*.py")}
    sources = [path for name, path in found.items() if not name.startswith("storage/verif")]
    compact = [path.name for path in sources if 'separators=(",", ":")' in path.read_text("utf-8")]
    assert compact == ["canonical.py"]


# -- SM3 -------------------------------------------------------------------------------------------


def test_sm3_needs_nothing_of_the_systems_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GB/T 32905, annex A; many builds of Python have no such digest."""
    monkeypatch.setattr(hashlib, "new", lambda *_: pytest.fail("asked the system for a digest"))
    assert sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    leaves = Leaves(tmp_path / "leaves")
    leaf = Leaf(file="a", id="", type="damaged", offset=0, length=3, sha256="", sm3="")
    for count in (1, 2):
        leaves.add(leaf)
        assert leaves.sm3 == sm3((leaf.line() + b"\n") * count)
    leaves.close()
    path = tmp_path / "archive"
    path.write_bytes(b"abc")
    with path.open("rb") as file:
        (damaged,) = Walk(file.fileno(), 0, 3, is_finished=True).members()
    assert (damaged.type, damaged.sm3) == ("damaged", sm3(b"abc"))
