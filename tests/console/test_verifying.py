"""`lantian evidence verify`: what the settings demand, trust and keep elsewhere reaches the verifier."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from authority import LocalAuthority
from tampering import Victim, make_home

from storage.verify import verify

Verifies = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("verifying") / "home"
    make_home(made)
    return made


@pytest.fixture
def victim(sealed: Path, tmp_path: Path, verifies: Verifies) -> Victim:
    """A copy of the sealed home, as LANTIAN_HOME."""
    shutil.copytree(sealed, tmp_path / "home", dirs_exist_ok=True)
    return Victim(home=tmp_path / "home", elsewhere=tmp_path / "elsewhere")


@pytest.fixture
def verifies(here: Callable[..., object]) -> Verifies:
    def run(*arguments: object) -> tuple[int, str, str]:
        ran = here("evidence", "verify", *arguments)
        return ran.code, ran.out, ran.err  # type: ignore[attr-defined]

    return run


def test_lantian_demands_what_its_settings_say(victim: Victim, verifies: Verifies, authority: LocalAuthority) -> None:
    code, out, _ = verifies("--json")
    assert (code, json.loads(out)["demanded"], json.loads(out)["ok"]) == (0, "sealed", True)
    shutil.copy(authority.root, victim.home / "ca.pem")
    settings = '[[authority]]\nurl = "http://127.0.0.1:9/"\nca = "ca.pem"\n'
    (victim.home / "lantian.toml").write_text(settings, encoding="utf-8")
    code, _, err = verifies()
    assert (code, "一致，但未锚定" in err) == (4, True)
    for head in (victim.archive / "manifests").glob("*.json"):
        head.with_suffix(".tsr").write_bytes(authority.stamp(head.read_bytes()))
    for path in ((), (victim.home,), (victim.archive,)):
        code, out, err = verifies(*path, "--json")
        assert (code, json.loads(out)["state"], err) == (0, "stamped", "")


def test_what_was_judged_again_still_verifies(victim: Victim, verifies: Verifies, here: Callable[..., object]) -> None:
    before = verify(victim.home)
    ran = here("rescreen", "--apply", "--by", "测试员", "--json")
    assert ran.lines[-1]["changed"] > 0  # type: ignore[attr-defined]
    code, out, _ = verifies("--json")
    assert (code, json.loads(out)["checked"]) == (0, before.checked)


def test_lantian_says_what_is_broken(victim: Victim, verifies: Verifies) -> None:
    victim.file().unlink()
    code, out, err = verifies()
    assert code == 4
    assert "missing_file（文件不见了）" in out
    assert err.startswith("不一致")


@pytest.mark.parametrize(
    "wrong",
    [("nothing",), ("--demand", "open"), ("--head", "7"), ("--anchor", "nothing.pem"), ("--anchor", "pyproject.toml")],
)
def test_a_mistake_is_told_as_one(victim: Victim, verifies: Verifies, wrong: tuple[str, ...]) -> None:
    code, out, err = verifies(*wrong)
    assert (code, out) == (2, "")
    assert err.startswith("lantian: ")


def test_a_head_on_paper_must_be_in_the_chain(victim: Victim, verifies: Verifies) -> None:
    assert verifies("--head", "7:" + "ab" * 32)[0] == 4
    assert verifies("--head", "8:" + "ab" * 32)[0] == 4


def test_what_lies_on_the_shelf_is_read_there(sealed: Path, victim: Victim, verifies: Verifies, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (victim.home / "lantian.toml").write_text(f'[shelf]\nurl = "{shelf}"\n', encoding="utf-8")
    victim.file().rename(shelf / victim.file().name)
    code, out, _ = verifies("--json")
    assert (code, json.loads(out)["checked"]) == (0, verify(sealed).checked), out
    (lying,) = shelf.iterdir()
    raw = bytearray(lying.read_bytes())
    raw[len(raw) // 2] ^= 1
    lying.write_bytes(raw)
    code, out, _ = verifies("--json")
    assert code == 4
    assert {broken["part"] for broken in json.loads(out)["broken"]} >= {lying.name}
