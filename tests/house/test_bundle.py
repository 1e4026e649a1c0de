"""The bundle for machines without a network: what is damaged is refused, and what is whole installs with no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tree import ROOT

INSTALL = ROOT / "deploy" / "install.sh"


def install(bundle: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510 - its end is what is asked
        ["sh", bundle / "deploy" / "install.sh"], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An unpacked bundle with one wheel, whose `make setup` only says what it was given."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "wheels").mkdir()
    shutil.copy(INSTALL, tmp_path / "deploy" / "install.sh")
    (tmp_path / "wheels" / "one.whl").write_bytes(b"a wheel")
    (tmp_path / "Makefile").write_text(
        'setup:\n\t@echo "index $$PIP_NO_INDEX from $$PIP_FIND_LINKS"\n', encoding="utf-8"
    )
    digests = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(tmp_path)}\n"
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file()
    ]
    (tmp_path / "SHA256SUMS").write_text("".join(digests), encoding="utf-8")
    return tmp_path


def test_a_whole_bundle_installs_from_itself_alone(bundle: Path) -> None:
    ended = install(bundle)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"index 1 from {bundle}/wheels" in ended.stdout


def test_a_damaged_bundle_is_refused_before_anything_is_installed(bundle: Path) -> None:
    (bundle / "wheels" / "one.whl").write_bytes(b"a wheeL")
    ended = install(bundle)
    assert ended.returncode == 4
    assert "不符" in ended.stderr
    assert "index" not in ended.stdout


def test_a_bundle_that_lacks_a_file_is_refused(bundle: Path) -> None:
    (bundle / "Makefile").unlink()
    assert install(bundle).returncode == 4


def test_a_checkout_is_no_bundle(bundle: Path) -> None:
    shutil.rmtree(bundle / "wheels")
    ended = install(bundle)
    assert (ended.returncode, "make setup" in ended.stderr) == (2, True)


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="needs root and unshare: no network")
def test_a_bundle_installs_with_the_network_cut(tmp_path: Path, is_torture: bool) -> None:
    if not is_torture:
        pytest.skip("`make torture` makes a whole bundle and installs it")
    made = subprocess.run(  # noqa: PLW1510 - so that its words are shown
        ["make", "-C", ROOT, "bundle", f"OUT={tmp_path}"],
        capture_output=True,
        text=True,
        env={**os.environ, "WITHOUT_DEBS": "1"},
    )
    assert made.returncode == 0, made.stderr
    tar = next(tmp_path.glob("lantian-*.tar"))
    subprocess.run(["sha256sum", "--check", "--quiet", f"{tar.name}.sha256"], cwd=tmp_path, check=True)
    subprocess.run(["tar", "-xf", tar, "-C", tmp_path], check=True)
    unpacked = tar.with_suffix("")
    there = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "LANG": "C.UTF-8"}
    steps = "ip link set lo up; sh deploy/install.sh && .venv/bin/lantian spiders list"
    ended = subprocess.run(  # noqa: PLW1510 - so that its words are shown
        ["unshare", "-n", "sh", "-c", steps], cwd=unpacked, env=there, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert "baidu" in ended.stdout.splitlines()
