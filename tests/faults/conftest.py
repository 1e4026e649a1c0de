"""The nursery, and strace where it may trace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NURSERY = Path(__file__).parent / "nursery.py"
TESTS = Path(__file__).parent.parent
# The checkout first: among the tests are folders that bear the packages' names.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS, TESTS / "storage")))}


class Nursery:
    """Children of one process that has everything loaded."""

    def __init__(self) -> None:
        self._python = subprocess.Popen(
            [sys.executable, str(NURSERY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert self._answer() == "ready"

    def start(self, kind: str, output: Path, *arguments: object, stopped: bool = False) -> int:
        """A new child's pid; a stopped one is stopped when this returns."""
        self._say(["start", kind, "stopped" if stopped else "", str(output), *map(str, arguments)])
        pid = int(self._answer())
        while stopped and state_of(pid) != "T":
            time.sleep(0.001)
        return pid

    def wait(self, pid: int) -> int:
        """Its exit code, negative for a signal."""
        self._say(["wait", pid])
        return int(self._answer())

    def run(self, kind: str, output: Path, *arguments: object) -> int:
        return self.wait(self.start(kind, output, *arguments))

    def traced(self, kind: str, output: Path, tracing: list[str], *arguments: object) -> int:
        """The same under strace with these options; its own words go to `output` with `.strace`."""
        pid = self.start(kind, output, *arguments, stopped=True)
        heard = output.with_suffix(".strace")
        with heard.open("w") as errors:
            tracer = subprocess.Popen(["strace", "-f", *tracing, "-p", str(pid)], stderr=errors)
        while "attached" not in heard.read_text():
            time.sleep(0.005)
        os.kill(pid, signal.SIGCONT)
        try:
            return self.wait(pid)
        finally:
            tracer.wait(60)

    def close(self) -> None:
        assert self._python.stdin is not None
        self._python.stdin.close()
        self._python.wait(60)
        self._python.stdout.close()

    def _say(self, words: list[object]) -> None:
        assert self._python.stdin is not None
        self._python.stdin.write(json.dumps(words) + "\n")
        self._python.stdin.flush()

    def _answer(self) -> str:
        assert self._python.stdout is not None
        return self._python.stdout.readline().strip()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    one = Nursery()
    try:
        yield one
    finally:
        one.close()


@pytest.fixture(scope="session")
def strace() -> str:
    """strace, where it may trace: containers often forbid it."""
    path = shutil.which("strace")
    if path is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run([path, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"strace may not trace here: {tried.stderr.strip()[:200]}")
    return path
