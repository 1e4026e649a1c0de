"""`lantian login` as a person types it: no screen, no key, carried over."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import clock
from storage.db import open_database
from storage.profiles import FOLDER, Profiles
from tests.console.conftest import Ran

Run = Callable[..., Ran]
KEY = "an-invented-key-0123456789"
STATE = {
    "cookies": [
        {"name": "sid", "value": "s3cr3t-session", "domain": ".taobao.com", "path": "/", "expires": -1, "secure": True}
    ],
    "origins": [],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "LANTIAN_PROFILE_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def signed_in(home: Path) -> None:
    engine = open_database(home / "lantian.db")
    Profiles(engine, home).keep("taobao", json.dumps(STATE).encode(), KEY, ("王示例", clock.now()))
    engine.dispose()


def test_without_a_screen_it_says_so(here: Run, home: Path) -> None:
    ran = here("login", "taobao", "--by", "王示例")
    assert ran.code == 2
    assert "没有屏幕" in ran.err
    assert not (home / FOLDER).exists()


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_no_window_is_opened(here: Run, home: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("LANTIAN_PROFILE_KEY", key)
    ran = here("login", "taobao", "--by", "王示例")
    assert ran.code == 2
    assert "LANTIAN_PROFILE_KEY" in ran.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nowhere", "--by", "王示例"), "没有名为"),
        (("taobao", "--by", " "), "--by"),
        (("taobao", "--by", "王\u202e"), "--by"),
        (("landing", "--by", "王示例"), "不是要登录"),
        (("taobao", "--by", "王示例", "--export", "a", "--import", "b"), "只能写一个"),
        (("taobao", "--by", "王示例", "--url", "https://click.simba.taobao.com/cc_im?p=1"), "按点击计费"),
        (("taobao", "--by", "王示例", "--url", "http://127.1/"), "不在公网上"),
        (("taobao", "--by", "王示例", "--export", "a"), "还没有登录过"),
        (("taobao", "--by", "王示例", "--import", "/dev/null"), "不是登录文件"),
        (("taobao", "--by", "王示例", "--import", "/nowhere"), "读不了"),
    ],
)
def test_what_is_wrong_is_said(here: Run, home: Path, arguments: tuple[str, ...], why: str) -> None:
    ran = here("login", *arguments)
    assert ran.code == 2
    assert why in ran.err


def test_a_profile_is_carried_over(here: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(home)
    file = tmp_path / "taobao.profile"
    assert here("login", "taobao", "--by", "王示例", "--export", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"s3cr3t" not in file.read_bytes()
    assert here("login", "taobao", "--by", "王示例", "--export", file).code == 2, "nothing is written over"
    there = tmp_path / "there"
    monkeypatch.setenv("LANTIAN_HOME", str(there))
    monkeypatch.setenv("LANTIAN_PROFILE_KEY", f"{KEY}x")
    refused = here("login", "taobao", "--by", "李示例", "--import", file)
    assert (refused.code, "打不开" in refused.err) == (2, True)
    assert not (there / FOLDER).exists()
    monkeypatch.setenv("LANTIAN_PROFILE_KEY", KEY)
    assert here("login", "jd", "--by", "李示例", "--import", file).code == 2, "it is another platform's"
    taken = here("login", "taobao", "--by", "李示例", "--import", file, "--json")
    assert (taken.code, taken.lines[0]["profile"], taken.lines[0]["by"]) == (0, 1, "李示例")
    assert (there / FOLDER / "taobao").read_bytes() == file.read_bytes()
    assert "s3cr3t" not in taken.out + taken.err
