"""Every tampering of the corpus is caught by its name; the package it was made of passes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from package_tampering import TAMPERINGS, Tampering, Victim, victim

from storage.verify_package import verify_package
from storage.verify_tokens import anchors


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    return victim(tmp_path_factory.mktemp("victim"))


@pytest.fixture
def at(whole: Victim, tmp_path: Path) -> Victim:
    return replace(whole, path=Path(shutil.copy(whole.path, tmp_path / "X.wacz")))


def trusted(at: Victim) -> tuple[object, ...]:
    assert at.packed.authority
    return anchors(at.packed.authority.root.read_bytes())


def test_untouched_it_passes(at: Victim) -> None:
    assert verify_package(at.path, trusted(at), "stamped").ok
    assert verify_package(at.path).ok


@pytest.mark.parametrize("one", TAMPERINGS, ids=lambda one: one.name)
def test_it_is_caught_by_name(one: Tampering, at: Victim) -> None:
    before = at.path.read_bytes()
    one.act(at)
    assert at.path.read_bytes() != before
    report = verify_package(at.path, trusted(at), "stamped")
    found = {broken.kind for broken in report.broken}
    assert found & set(one.kinds), report.broken
    if one.needs_stamp:
        assert report.state != "stamped"
    else:
        # Whoever trusts no authority sees it too.
        assert {broken.kind for broken in verify_package(at.path).broken} & set(one.kinds)
