"""Processes that nobody watches: what they say, warn of and die of is JSON for a program, without anybody's words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import ROOT

PHONE, SHOP = "13800000000", "示例甲代理"
SPEAKS = """
import logging, sys
from console.logs import speak_to_log
from console.output import say
from crawler.config import Config
speak_to_log(Config.load(), "20261120T083000Z-0a1b2c3d4e5f")
say("没有封存“示例甲代理”，电话 13800000000；腾出空间后运行 lantian evidence seal")
sys.stderr.write("half a ")
sys.stderr.write("line\\n\\n")
logging.getLogger("apprise").warning("Failed to send to json://user:geheim@127.0.0.1/示例甲代理?tel=13800000000")
raise ValueError("示例甲代理 13800000000")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_is_said_warned_and_died_of(tmp_path: Path, form: str) -> None:
    (tmp_path / "lantian.toml").write_text(f'[log]\nformat = "{form}"\n', encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(tmp_path), "LANG": "C.UTF-8"}
    ended = subprocess.run(
        [sys.executable, "-c", SPEAKS], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    lines = ended.stderr.splitlines()
    if form == "text":
        assert lines[0].startswith("没有封存“示例甲代理”"), "a person reads it as it is said"
        (warned,) = [one for one in lines if "[apprise]" in one]
        assert [one for one in (PHONE, SHOP, "geheim") if one in warned] == []
        return
    told = [json.loads(line) for line in lines]
    assert [one["event"] for one in told] == ["said", "said", "Failed to send to json://127.0.0.1/…", "died"]
    assert {one["claim"] for one in told} == {"20261120T083000Z-0a1b2c3d4e5f"}
    assert told[0]["words"] == "没有封存…，电话 …；腾出空间后运行 lantian evidence seal"
    assert told[1]["words"] == "half a line"
    assert told[3]["error"] == ["ValueError"]
    assert [one for one in (PHONE, SHOP, "geheim") if one in ended.stderr] == []
