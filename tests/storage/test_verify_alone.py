"""The verifier on its own: nothing of the writer's in it, copied elsewhere, called by its path and by lantian."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from authority import LocalAuthority
from tampering import copy_of, make_home

from storage.verifier.report import KINDS, Broken
from storage.verify import main, verify

ROOT = Path(__file__).parent.parent.parent
STORAGE = ROOT / "storage"
MODULES = [STORAGE / "verify.py", *sorted((STORAGE / "verifier").glob("*.py"))]
ALLOWED = {"cryptography", "rfc3161_client"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("alone") / "home"
    make_home(made)
    return made


# -- it shares nothing -----------------------------------------------------------------------------


def strangers(path: Path) -> set[str]:
    """What a module imports that an independent verifier may not know."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            is_package = node.module == "storage"
            found |= (
                {f"storage.{alias.name}" for alias in node.names}
                if is_package
                else {"." * node.level + (node.module or "")}
            )
    return {
        name
        for name in found
        if name.split(".")[0] not in sys.stdlib_module_names | ALLOWED and not name.startswith("storage.verifier")
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_it_knows_the_standard_library_two_others_and_itself(path: Path) -> None:
    assert strangers(path) == set()


@pytest.mark.parametrize(
    "planted",
    [
        "import crawler.clock", "from storage import warc", "from storage.sealing.merkle import Root", "import warcio",
        "from .manifests import Head", "def late():\n    from storage.seal import Sealer", "import storage",
    ],
)  # fmt: skip
def test_a_stranger_is_seen(planted: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(planted)
    assert strangers(tmp_path / "planted.py")


def test_no_module_is_loaded_from_the_writer() -> None:
    code = "import storage.verify, storage.verifier.package, sys; print(*sorted(sys.modules), sep='\\n')"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {"crawler", "spiders", "detectors", "pipelines", "casework", "console", "sqlalchemy", "warcio", "isal"}
    loaded = set(ran.stdout.split())
    assert not {name.split(".")[0] for name in loaded} & ours
    theirs = {"storage.verify", "storage.verifier"}
    assert {
        name for name in loaded if name.startswith("storage.") and ".".join(name.split(".")[:2]) not in theirs
    } == set()


@pytest.mark.parametrize("folder", ["storage", "anything else"])
def test_copied_elsewhere_it_runs_by_its_path(home: Path, tmp_path: Path, folder: str) -> None:
    copied = tmp_path / folder
    copied.mkdir()
    shutil.copy(STORAGE / "verify.py", copied)
    shutil.copytree(STORAGE / "verifier", copied / "verifier")
    ran = run("-I", str(copied / "verify.py"), str(home), "--json", cwd=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)["state"]) == (0, "sealed"), ran.stderr
    victim = copy_of(home, tmp_path / "victim")
    victim.file().unlink()
    ran = run("-I", str(copied / "verify.py"), str(victim.home), "--json", cwd=tmp_path)
    assert ran.returncode == 4
    assert json.loads(ran.stdout)["broken"][0]["kind"] == "missing_file"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


# -- as a command ------------------------------------------------------------------------------------


def test_exit_codes_and_words(
    home: Path, tmp_path: Path, authority: LocalAuthority, capsys: pytest.CaptureFixture[str]
) -> None:
    head = copy_of(home, tmp_path / "copy").head_path(7).read_bytes()
    assert main([str(home)]) == 0
    assert "持有磁盘的人能把整条链重算一遍" in capsys.readouterr().out
    # What the archive demands of itself is a forger's word: an anchor alone asks for stamps.
    assert main([str(home), "--anchor", str(authority.root)]) == 4
    assert capsys.readouterr().out.startswith("一致，但未锚定。")
    assert main([str(home), "--anchor", str(authority.root), "--demand", "sealed"]) == 0
    capsys.readouterr()
    assert main([str(home), "--demand", "stamped", "--anchor", str(authority.root)]) == 4
    assert capsys.readouterr().out.startswith("一致，但未锚定。")
    import hashlib

    known = hashlib.sha256(head).hexdigest()
    assert main([str(home), "--head", f"7:{known.upper()}"]) == 0
    assert main([str(home), "--head", f"6:{known}"]) == 4
    assert "fork" in capsys.readouterr().out
    assert main([str(home), "--head", f"8:{known}"]) == 4
    assert "chain_cut" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["nothing"], ["."], ["HOME", "--anchor", "verify.pem"], ["HOME", "--anchor", "HOME/lantian.db"]]
)
def test_what_cannot_be_verified_is_said_with_2(
    home: Path, tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([one.replace("HOME", str(home)) for one in wrong]) == 2
    captured = capsys.readouterr()
    assert captured.err
    assert not captured.out


@pytest.mark.parametrize("wrong", [["--head", "7"], ["--head", "x:" + "a" * 64], ["--demand", "open"], ["--what"]])
def test_wrong_usage_is_refused(home: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(home), *wrong])
    assert ended.value.code == 2


def test_a_hostile_name_cannot_move_the_cursor(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    victim = copy_of(home, tmp_path / "victim")
    (victim.archive / "a\x1b[2Jb\n一致\udcff").write_bytes(b"")
    assert main([str(victim.home)]) == 4
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\\x1b[2Jb\\n" in shown
    assert main([str(victim.home), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["broken"][0]["kind"] == "extra_file"


def test_a_kind_that_is_in_no_list_cannot_be_told() -> None:
    with pytest.raises(ValueError, match="no kind"):
        Broken(kind="strange", part="x")
    assert all(words for words in KINDS.values())


# -- hostile manifests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}\n", b"null\n", b"[" * 200_000, b'{"a":' * 50_000, b'{"number":1e999}\n', b"9" * 100_000 + b"\n",
        b'"\\ud800"\n', b"\xff\xfe{}\n", b'{"a":NaN}\n',
    ],
    ids=range(10),
)  # fmt: skip
def test_nonsense_for_a_head_is_malformed_and_no_crash(raw: bytes, home: Path, tmp_path: Path) -> None:
    victim = copy_of(home, tmp_path / "victim")
    victim.head_path(3).write_bytes(raw)
    report = verify(victim.archive)
    assert ("manifest_format", "manifests/000003.json") in {(broken.kind, broken.part) for broken in report.broken}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", True), ("leaves", -1), ("leaves", 1 << 60), ("root", "AB" * 32), ("archive", "x"), ("kind", "other"),
        ("sealed_at", "2026-11-20"), ("sealed_at", "2026-13-20T05:05:39.743202Z"), ("files", [{}]), ("audit", {}),
        ("files", [{"file": "a\n.warc.gz", "from": 0, "to": 1}]), ("files", [{"file": "", "from": 0, "to": 1}]),
        ("demand", ""), ("format", "lantian-manifest/2"), ("previous", "0"), ("tool", 3),
    ],
)  # fmt: skip
def test_a_head_of_another_form_is_refused(key: str, value: object, home: Path, tmp_path: Path) -> None:
    victim = copy_of(home, tmp_path / "victim")
    victim.put_head(3, victim.head(3) | {key: value})
    assert ("manifest_format", "manifests/000003.json") in {
        (broken.kind, broken.part) for broken in verify(victim.archive).broken
    }


def test_what_is_broken_is_bounded(home: Path, tmp_path: Path) -> None:
    victim = copy_of(home, tmp_path / "victim")
    for number in range(1100):
        (victim.archive / f"{number}.txt").touch()
    report = verify(victim.archive)
    assert (len(report.broken), report.total) == (1000, 1100)


def test_an_archive_that_is_a_link_is_read_where_it_lies(home: Path, tmp_path: Path) -> None:
    victim = copy_of(home, tmp_path / "victim")
    victim.archive.rename(victim.elsewhere)
    victim.archive.symlink_to(victim.elsewhere)
    assert verify(victim.home).ok
