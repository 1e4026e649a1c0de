"""A process and all that came from it, as /proc tells: what it holds in memory, and how it is ended as a whole.

Process groups are not enough: a browser leaves the group of whoever started it.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Living:
    """A living process: the pid may be somebody else's later, together with its start it never is."""

    pid: int
    started: int


def family(root: int) -> frozenset[Living]:
    """The process and its descendants, as they are now; empty when it has ended."""
    parents = _parents()
    found: set[Living] = set()
    latest = {one for one in parents if one.pid == root}
    while latest:
        found |= latest
        pids = {one.pid for one in latest}
        latest = {one for one, parent in parents.items() if parent in pids} - found
    return frozenset(found)


def resident(members: Collection[Living]) -> int:
    """Bytes that these hold in memory, together; what they share is counted for each."""
    return sum(_resident(one.pid) for one in members)


def end_family(root: int) -> None:
    """End the process and all that came from it, at once. What is stopped first starts nothing new meanwhile."""
    stopped: set[Living] = set()
    while new := family(root) - stopped:
        _signal(new, signal.SIGSTOP)
        stopped |= new
    _signal(stopped, signal.SIGKILL)


def end_left(members: Collection[Living]) -> None:
    """End what is left of a family whose first member has ended."""
    alive = _parents().keys() & set(members)
    for one in alive:
        end_family(one.pid)


def end_with(parent: int) -> bool:
    """From now on this process is killed when the one that started it ends; False where that has happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent


def _signal(members: Collection[Living], number: signal.Signals) -> None:
    for one in members:
        with suppress(ProcessLookupError):
            os.kill(one.pid, number)


def _parents() -> Mapping[Living, int]:
    """Every living process and its parent's pid. One that has ended and is not reaped yet does not live."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal() and (told := _told(folder)):
            state, parent, started = told
            if state not in ("Z", "X"):
                found[Living(int(folder.name), started)] = parent
    return found


def _told(folder: Path) -> tuple[str, int, int] | None:
    """State, parent and start; `None` for a process that has just gone. Its name may hold blanks and brackets."""
    try:
        fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1]), int(fields[19])


def _resident(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0
