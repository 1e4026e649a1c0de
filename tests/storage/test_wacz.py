"""Packages: written in one form only, and verified by code that did not write them."""

from __future__ import annotations

from pathlib import Path

from authority import LocalAuthority
from package_specimens import package, sealed_archive

from storage.verify_package import verify_package
from storage.verify_tokens import anchors


def test_a_package_is_sealed(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    report = verify_package(package(packed, tmp_path / "X.wacz"))
    assert report.broken == ()
    assert (report.state, report.checked, report.chain.number) == ("sealed", 12, 3)


def test_a_package_is_stamped(tmp_path: Path) -> None:
    authority = LocalAuthority(tmp_path / "authority")
    packed = sealed_archive(tmp_path / "home" / "archive", authority)
    report = verify_package(package(packed, tmp_path / "X.wacz"), anchors(authority.root.read_bytes()), "stamped")
    assert report.broken == ()
    assert (report.state, report.anchored) == ("stamped", True)
