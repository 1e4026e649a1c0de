"""`lantian evidence seal|status|head`, what a round seals at its end, and what leads and show say of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from empty_home import laid
from sqlalchemy import Engine, text

from console import sealing
from console.inspection import seal_words, seals_words
from console.specimen_tls import Authority as Authorities
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, UserMistake
from crawler.tables import Authority
from storage.archive import FolderArchive
from storage.db import open_database
from storage.seal import SealState, State
from storage.sealing import chain
from storage.verify import Wanted, verify
from tests.authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority, serving
from tests.console.conftest import ROOT, Ran
from tests.storage.storage_specimens import exchange

Run = Callable[..., Ran]
HOME = ROOT / "tests" / "storage" / "homes" / "0.2.0"
needs_openssl = pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
NOW = datetime(2026, 11, 20, 4, 30, 5, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that an earlier version wrote, with six captures and nothing sealed."""
    shutil.copytree(HOME, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    engine = open_database(laid(home / "lantian.db"))
    yield engine
    engine.dispose()


def status(here: Run) -> dict[str, object]:
    return json.loads(here("evidence", "status", "--json").out)


def test_a_home_of_an_earlier_version_is_sealed_at_once(home: Path, here: Run) -> None:
    before = status(here)
    assert (here("evidence", "status").code, before["met"]) == (EXIT_EVIDENCE, False)
    assert (before["state"], before["open"]["captures"], before["open"]["files"]) == ("open", 6, 2)
    ran = here("evidence", "seal", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["number"], told["leaves"], told["troubles"]) == (EXIT_DONE, 1, 16, [])
    assert told["sha256"] in ran.err
    after = status(here)
    assert (here("evidence", "status").code, after["met"]) == (EXIT_DONE, True)
    assert (after["state"], after["open"]["captures"], after["open"]["bytes"]) == ("sealed", 0, 0)
    assert (after["sealed"], after["demand"]) == ({"manifests": 1, "records": 16}, "sealed")
    assert verify(home).ok
    again = here("evidence", "seal")
    assert (again.code, "没有新的记录" in again.err) == (EXIT_DONE, True)


def test_the_head_is_what_is_deposited(home: Path, here: Run, tmp_path: Path) -> None:
    unsealed = here("evidence", "head")
    assert (unsealed.code, "还没有封存过" in unsealed.err) == (EXIT_USAGE, True)
    here("evidence", "seal")
    raw = (home / "archive" / "manifests" / "000001.json").read_bytes()
    path = tmp_path / "head.json"
    assert here("evidence", "head", "--export", path).code == EXIT_DONE
    told = json.loads(path.read_bytes())
    assert told == json.loads(here("evidence", "head", "--json").out)
    assert (told["number"], told["sha256"]) == (1, hashlib.sha256(raw).hexdigest())
    assert told["sm3"] == hashlib.new("sm3", raw).hexdigest()
    assert told["sealed_at"] == json.loads(raw)["sealed_at"]
    assert (told["stamped_at"], told["audit"]) == ("", {"count": 0, "head": ""})
    spoken = here("evidence", "head").out
    assert told["sha256"] in spoken
    assert told["sm3"] in spoken
    twice = here("evidence", "head", "--export", path)
    assert (twice.code, "不覆盖" in twice.err) == (EXIT_USAGE, True)
    assert here("evidence", "head", "--export", tmp_path / "no" / "head.json").code == EXIT_USAGE


def test_a_head_is_exported_whole_or_not_at_all(home: Path, here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    here("evidence", "seal")
    out = home / "out"
    out.mkdir()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("LANTIAN_HOME", str(home))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(UserMistake, match="不能写"):
            sealing.show_head(out / "head.json", as_json=False)
    assert list(out.iterdir()) == []
    sealing.show_head(out / "head.json", as_json=False)
    assert [path.name for path in out.iterdir()] == ["head.json"]


# -- what is demanded ------------------------------------------------------------------------------


def demand(home: Path, authority: str = "", wanted: str = "") -> None:
    """The home's settings: an authority's address, whose certificate lies in the home, and the state demanded."""
    tables = f'[[authority]]\nurl = "{authority}"\nca = "ca.pem"\ntimeout = 1.0\n' if authority else ""
    tables += f'[seal]\ndemand = "{wanted}"\n' if wanted else ""
    (home / "lantian.toml").write_text(tables, encoding="utf-8")


@needs_openssl
def test_a_demand_that_is_not_met_is_exit_4(home: Path, here: Run) -> None:
    local = LocalAuthority(home / "tsa")
    (home / "ca.pem").write_bytes(local.root.read_bytes())
    demand(home, "http://127.0.0.1:9/")
    for command in ("seal", "status"):
        ran = here("evidence", command)
        assert (ran.code, "未锚定" in ran.out + ran.err) == (EXIT_EVIDENCE, True), command
    told = json.loads(here("evidence", "seal", "--json").out)
    assert (told["met"], told["waiting"], status(here)["met"]) == (False, 1, False)
    demand(home, "http://127.0.0.1:9/", "sealed")
    assert [here("evidence", command).code for command in ("seal", "status")] == [EXIT_DONE] * 2
    with serving(local) as url:
        demand(home, url)
        assert here("evidence", "stamp").code == EXIT_DONE
        assert [here("evidence", command).code for command in ("seal", "status")] == [EXIT_DONE] * 2


def test_a_stamp_that_is_demanded_of_nobody_is_missing(home: Path, here: Run) -> None:
    demand(home, wanted="stamped")
    for command in ("seal", "status"):
        ran = here("evidence", command)
        assert (ran.code, "未锚定" in ran.out + ran.err) == (EXIT_EVIDENCE, True), command


@needs_openssl
def test_a_manifest_found_tampered_with_is_exit_4_and_not_stamped(
    home: Path, here: Run, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    local = LocalAuthority(home / "tsa")
    (home / "ca.pem").write_bytes(local.root.read_bytes())
    here("evidence", "seal")
    with FolderArchive(home / "archive", tool="lantian 0.1.0") as archive:
        archive.keep(exchange(b"another", fetched_at=clock.now()))
    here("evidence", "seal")
    path = home / "archive" / "manifests" / "000001.json"
    path.write_bytes(path.read_bytes().replace(b'"sealed"', b'"stampe"', 1))
    with serving(local) as url:
        demand(home, url, "sealed")
        config = Config(home=home, authorities=(Authority(url=url, ca=home / "ca.pem"),))
        assert sealing.seal_round(config, engine) == EXIT_EVIDENCE
        assert "证据不完整，没有盖时间戳：第 1 号清单" in capsys.readouterr().err
        ran = here("evidence", "seal", "--json")
        stamp = here("evidence", "stamp")
    told = json.loads(ran.out)
    assert (ran.code, "证据不完整" in ran.err, len(told["broken"])) == (EXIT_EVIDENCE, True, 1)
    assert (stamp.code, "证据不完整" in stamp.err) == (EXIT_EVIDENCE, True)
    stamps = [one.name for one in path.parent.glob("*.tsr")]
    assert (stamps, told["waiting"]) == (["000002.tsr"], 1)


def test_a_disk_that_fails_while_stamping_is_the_operators(
    home: Path, engine: Engine, here: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here("evidence", "seal")
    (home / "archive" / "manifests" / "authorities").write_bytes(b"in the way")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Authorities().pem)
    config = Config(home=home, authorities=(Authority(url="http://127.0.0.1:9/", ca=ca),))
    assert sealing.seal_round(config, engine) == EXIT_USAGE
    assert "没有盖时间戳" in capsys.readouterr().err


@needs_openssl
def test_status_says_what_waits_and_why(home: Path, here: Run, engine: Engine) -> None:
    here("evidence", "seal")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE seals SET tries = 3, last_error = :why, next_try_at = '2026-11-20 05:00:00'"),
            {"why": "连不上 \x1b[31m"},
        )
    (waiting,) = status(here)["waiting"]
    assert (waiting["number"], waiting["tries"]) == (1, 3)
    assert waiting["next_try_at"] == "2026-11-20T05:00:00.000000Z"
    (home / "ca.pem").write_bytes(LocalAuthority(home / "tsa").root.read_bytes())
    (home / "lantian.toml").write_text('[[authority]]\nurl = "http://127.0.0.1:9/"\nca = "ca.pem"\n', encoding="utf-8")
    spoken = here("evidence", "status").out
    assert "试过 3 次：连不上" in spoken
    assert "2026-11-20 13:00:00 以后再试" in spoken
    assert "对外要求：已封存，有时间戳" in spoken
    assert "\x1b" not in spoken


def test_leads_and_show_say_the_true_state(home: Path, here: Run, engine: Engine) -> None:
    (lead, *_) = here("leads", "--json").lines
    assert (lead["seal"], lead["sealed"], lead["manifest"], lead["head"]) == ("open", False, 0, "")
    assert "均未封存" in here("leads").out
    here("evidence", "seal")
    head = json.loads(here("evidence", "head", "--json").out)
    (lead, *_) = here("leads", "--json").lines
    assert (lead["seal"], lead["sealed"], lead["manifest"], lead["head"]) == ("sealed", True, 1, head["sha256"])
    assert lead["integrity"] == "whole"
    shown = here("show", lead["exhibit"]).out
    assert f"SHA-256 {head['sha256']}" in shown
    assert "没有时间戳" in shown
    with engine.begin() as connection:
        connection.execute(text("UPDATE seals SET stamped_at = '2026-11-20 05:00:00'"))
    assert json.loads(here("show", lead["exhibit"], "--json").out)["seal"] == "stamped"
    assert "时间戳 2026-11-20 13:00:00" in here("show", lead["exhibit"]).out
    assert "均已封存，有时间戳" in here("leads").out


def test_words_for_several_leads() -> None:
    opened, sealed = SealState(state=State.OPEN), SealState(state=State.SEALED, number=1, sealed_at=NOW)
    stamped = replace(sealed, state=State.STAMPED, stamped_at=NOW + timedelta(seconds=2))
    assert seals_words([opened, opened]) == "均未封存"
    assert seals_words([opened, sealed, stamped]) == "其中 1 条未封存"
    assert seals_words([sealed, stamped]) == "均已封存"
    assert seals_words([stamped]) == "均已封存，有时间戳"
    assert seal_words(opened) == "未封存"


def test_a_dead_writers_file_is_finished_before_it_is_sealed(home: Path, here: Run) -> None:
    path = max((home / "archive").glob("*.warc.gz"))
    torn = path.with_name(f"{path.name}.open")
    torn.write_bytes(path.read_bytes() + b"\x1f\x8b\x08\x00 torn")
    path.unlink()
    ran = here("evidence", "seal")
    assert ran.code == EXIT_DONE
    assert "9 bytes cut off" in ran.err
    assert status(here)["state"] == "sealed"
    assert verify(home).ok


def test_damage_is_said_and_is_exit_4(home: Path, here: Run) -> None:
    path = max((home / "archive").glob("*.warc.gz"))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    ran = here("evidence", "seal")
    assert (ran.code, "不是完整的记录" in ran.err) == (EXIT_EVIDENCE, True)
    path.write_bytes(raw[:100])
    ran = here("evidence", "status")
    assert (ran.code, "只剩 100 字节" in ran.out) == (EXIT_EVIDENCE, True)
    assert status(here)["troubles"]


def test_no_home_is_a_mistake(here: Run) -> None:
    for command in ("seal", "status", "head"):
        ran = here("evidence", command)
        assert (ran.code, "还没有数据" in ran.err) == (EXIT_USAGE, True)


# -- at the end of a round -------------------------------------------------------------------------


@pytest.fixture
def config(home: Path) -> Config:
    return Config(home=home)


@needs_openssl
def test_a_round_is_sealed_and_stamped(config: Config, engine: Engine, tmp_path: Path) -> None:
    local = LocalAuthority(tmp_path / "tsa")
    with serving(local) as url:
        named = replace(config, authorities=(Authority(url=url, ca=local.root),))
        assert sealing.seal_round(named, engine) == EXIT_DONE
    assert verify(config.home, Wanted(anchors=(local.root.read_bytes(),), demand="stamped")).state == "stamped"
    assert sealing.sealer_of(named, engine).head().stamped_at


@needs_openssl
def test_an_authority_that_does_not_answer_loses_nothing(
    config: Config, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    authority = Authority(url=f"http://127.0.0.1:{port}/", ca=tmp_path / "ca.pem", timeout=1.0)
    authority.ca.write_bytes(LocalAuthority(tmp_path / "tsa").root.read_bytes())
    assert sealing.seal_round(replace(config, authorities=(authority,)), engine) == EXIT_DONE
    said = capsys.readouterr().err
    assert "等待时间戳：1 份清单" in said
    assert "未锚定" in said
    assert verify(config.home).state == "sealed"


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        (OSError(28, "No space left on device"), EXIT_USAGE, "没有封存"),
        (EvidenceBroken("第 1 号清单与磁盘不符"), EXIT_EVIDENCE, "证据不完整"),
    ],
)
def test_a_round_that_cannot_be_sealed_says_so(  # noqa: PLR0917
    config: Config,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: Exception,
    code: int,
    said: str,
) -> None:
    def fails(*_: object) -> None:
        raise wrong

    with monkeypatch.context() as patched:
        patched.setattr(chain, "save_head", fails)
        assert sealing.seal_round(config, engine) == code
    assert said in capsys.readouterr().err
    assert sealing.seal_round(config, engine) == EXIT_DONE


def test_recovery_goes_by_what_is_sealed(config: Config, engine: Engine) -> None:
    sealing.seal_round(config, engine)
    path = max(config.archive.glob("*.warc.gz"))
    torn = path.with_name(f"{path.name}.open")
    path.rename(torn)
    os.truncate(torn, torn.stat().st_size - 5)
    with pytest.raises(EvidenceBroken, match=path.name):
        sealing.recover_files(config, engine)
    assert torn.exists()
