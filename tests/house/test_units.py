"""The systemd units in deploy/: what systemd says of them, and that they say what the program does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from tree import ROOT
from typer.main import get_command

from console.cli import app
from console.patrolling import STOP_WAITS
from crawler.logs import LOGS
from crawler.tables import Patrol

DEPLOY = ROOT / "deploy"
UNITS = sorted(one for one in DEPLOY.iterdir() if one.suffix in (".service", ".timer"))
SERVICES = [one for one in UNITS if one.suffix == ".service"]
PROGRAM = "/opt/lantian/.venv/bin/lantian"
HARDENED = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "ProtectHome=yes",
    "CapabilityBoundingSet=",
)
names = pytest.mark.parametrize("unit", SERVICES, ids=lambda one: one.name)


def setting(unit: Path, name: str) -> str:
    (found,) = re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.M)
    return found


def complaints(folder: Path, *units: Path) -> str:
    """What `systemd-analyze verify` has to say; it wants programs that are there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in units:
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (folder / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *(folder / one.name for one in units)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.stderr + ended.stdout if ended.returncode or ended.stderr.strip() else ""


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    assert complaints(tmp_path, *UNITS) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("Type=exec", "Typ=exec"), ("Restart=on-failure", "Restart=perhaps"), (PROGRAM, "/opt/lantian/none")],
)
def test_systemd_finds_what_is_wrong(tmp_path: Path, right: str, wrong: str) -> None:
    bad = tmp_path / "bad.service"
    bad.write_text((DEPLOY / "lantian-patrol.service").read_text(encoding="utf-8").replace(right, wrong))
    (tmp_path / "checked").mkdir()
    assert complaints(tmp_path / "checked", bad) != ""


@names
def test_a_service_is_hardened_and_writes_its_home_alone(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    assert [one for one in HARDENED if one not in lines] == []
    home = re.search(r"^Environment=LANTIAN_HOME=(.*)$", "\n".join(lines), re.M)
    assert home is not None
    assert setting(unit, "ReadWritePaths") == setting(unit, "WorkingDirectory") == home.group(1)


@names
def test_a_service_starts_a_command_that_there_is(unit: Path) -> None:
    program, *words = setting(unit, "ExecStart").split()
    assert program == PROGRAM
    command = get_command(app)
    while words and isinstance(command, typer.core.TyperGroup):
        command = command.commands[words.pop(0)]
    known = {name for one in command.params for name in one.opts}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_a_timer_has_its_service() -> None:
    assert [one.name for one in UNITS if one.suffix == ".timer" and not one.with_suffix(".service").exists()] == []


def test_the_patrol_is_given_the_time_and_the_memory_it_may_take() -> None:
    unit, limits = DEPLOY / "lantian-patrol.service", Patrol()
    assert int(setting(unit, "TimeoutStopSec")) > STOP_WAITS
    assert int(setting(unit, "MemoryMax").removesuffix("M")) >= limits.children * limits.megabytes + 512
    text = unit.read_text(encoding="utf-8")
    # A browser without its sandbox would be worse than any of these is good.
    assert {"user", "pid", "net"} <= set(setting(unit, "RestrictNamespaces").split())
    assert re.findall(r"^(SystemCallFilter|MemoryDenyWriteExecute|ProtectProc)=", text, re.M) == []


def test_a_worker_is_given_the_memory_it_may_take_and_a_browser_with_its_sandbox() -> None:
    unit, limits = DEPLOY / "lantian-worker.service", Patrol()
    assert int(setting(unit, "MemoryMax").removesuffix("M")) >= limits.children * limits.megabytes + 1024
    assert {"user", "pid", "net"} <= set(setting(unit, "RestrictNamespaces").split())
    text = unit.read_text(encoding="utf-8")
    assert re.findall(r"^(SystemCallFilter|MemoryDenyWriteExecute|ProtectProc)=", text, re.M) == []
    assert setting(unit, "EnvironmentFile") == "/etc/lantian/environment", "without it there is nothing to do"


def test_the_doctor_may_start_a_browser_with_its_sandbox() -> None:
    unit = DEPLOY / "lantian-doctor.service"
    assert {"user", "pid", "net"} <= set(setting(unit, "RestrictNamespaces").split())
    assert re.findall(r"^SystemCallFilter=", unit.read_text(encoding="utf-8"), re.M) == []


def test_metrics_are_told_on_this_machine_alone() -> None:
    assert " --listen 127.0.0.1:" in setting(DEPLOY / "lantian-metrics.service", "ExecStart")


def test_logs_that_are_moved_away_do_not_meet_those_put_aside() -> None:
    words = (DEPLOY / "lantian.logrotate").read_text(encoding="utf-8").split()
    assert "dateext" in words
    assert "copytruncate" not in words
    assert [name for name in LOGS if f"/var/lib/lantian/{name}" not in words] == []
