"""Children of our own that eat, sleep, die and leave others behind: limits bite, leases hold, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from empty_home import laid

from crawler.config import Config
from crawler.items import Outcome
from crawler.tables import Patrol
from crawler.watches import Claim, Slot, Watch, WatchQuery
from patrol.children import Begun, Ended, Local, Means
from patrol.descent import end_family, family, resident
from patrol.snapshots import snapshot
from patrol.tick import PatrolStore
from storage.db import open_database
from storage.roster_shapes import Entry

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LEASE = 600.0
ROOT = Path(__file__).parent.parent.parent
SLEEPS = "import time; time.sleep(600)"
EATS = "import time; eaten = bytearray(b'x') * (400 << 20); time.sleep(600)"
# The one that eats has left its parent's session, as a browser does.
BEARS = """
import subprocess, sys, time
born = subprocess.Popen([sys.executable, "-c", {work!r}], start_new_session=True)
open({told!r}, "w").write(str(born.pid))
{then}
"""
PATIENCE = 240.0  # seconds that a condition may take to come true


@dataclass
class Patrolled:
    """One store, children of a given program, and what was told of them."""

    home: Path
    limits: Patrol
    told: list[Begun | Ended] = field(default_factory=list)
    seconds: float = 0.0
    locals: list[Local] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = PatrolStore(open_database(laid(self.home / "lantian.db")), self.limits)

    def local(self, program: str) -> Local:
        means = Means(
            argv=(sys.executable, "-c", program),
            log=self.home / "patrol.log",
            holder="test",
            snapshot=lambda version: snapshot(version, Config(home=self.home), "test", "0"),
        )
        self.locals.append(Local(self.store, means, self.told.append, lambda: self.seconds))
        return self.locals[-1]

    def plan(self, name: str, *queries: str) -> None:
        """A watch, and its runs in the roster, due now."""
        watch = Watch(
            name=name,
            platforms=("jd",),
            queries=tuple(WatchQuery(words=one) for one in queries),
            schedule="0 * * * *",
        )
        watch_id = self.store.watches.add(watch, "测试员", NOW - timedelta(hours=1))
        later = NOW + timedelta(hours=3)
        slots = [
            Slot(watch_id=watch_id, version=1, platform="jd", query=one, planned_at=NOW, latest=later)
            for one in queries
        ]
        self.store.roster.write(watch_id, slots, NOW, NOW)

    def offer(self, local: Local, now: datetime = NOW) -> int:
        return local.offer(self.store.roster.waiting(now), now)

    def rows(self) -> tuple[Entry, ...]:
        return self.store.roster.entries(NOW - timedelta(days=1), NOW + timedelta(days=1))

    @property
    def ended(self) -> list[Ended]:
        return [one for one in self.told if isinstance(one, Ended)]


@pytest.fixture
def patrolled(tmp_path: Path) -> Iterator[Patrolled]:
    made = Patrolled(tmp_path, Patrol(children=1, megabytes=200, minutes=5.0, lease=LEASE, tries=2))
    yield made
    for local in made.locals:
        local.end_all(NOW)
    made.store.database.dispose()


def until(holds: Callable[[], object]) -> None:
    """Wait for what must come true."""
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.02)


def tended(local: Local, now: datetime = NOW) -> Callable[[], bool]:
    def is_idle() -> bool:
        local.tend(now)
        return not local.is_busy

    return is_idle


def is_alive(pid: int) -> bool:
    return any(one.pid == pid for one in family(pid))


def test_who_holds_too_much_memory_is_ended_with_all_he_started(patrolled: Patrolled, tmp_path: Path) -> None:
    told = tmp_path / "born"
    patrolled.plan("甲", "专利", "商标")
    local = patrolled.local(BEARS.format(work=EATS, told=str(told), then=SLEEPS))
    assert patrolled.offer(local) == 2
    until(tended(local))
    (ended,) = patrolled.ended
    assert "megabytes" in ended.limit
    assert ended.has_left
    assert ended.peak > 200
    until(lambda: not is_alive(int(told.read_text())))
    rows = patrolled.rows()
    assert {(row.state, row.outcome, row.reason) for row in rows} == {(Claim.ENDED, Outcome.MISSED, "over_limit")}
    assert {row.detail for row in rows} == {ended.limit}


def test_who_takes_too_long_is_ended(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local(SLEEPS)
    patrolled.offer(local)
    patrolled.seconds = 5 * 60.0
    local.tend(NOW)
    assert local.is_busy  # five minutes it may run
    patrolled.seconds += 1
    local.tend(NOW)
    assert not local.is_busy
    assert "minutes" in patrolled.ended[0].limit
    assert [(row.outcome, row.reason) for row in patrolled.rows()] == [(Outcome.MISSED, "over_limit")]


def test_the_clock_of_the_wall_ends_nobody(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local(SLEEPS)
    patrolled.offer(local)
    local.tend(NOW + timedelta(days=2))
    assert local.is_busy


@pytest.mark.parametrize("jump", [timedelta(minutes=3), timedelta(days=1), timedelta(hours=-2)], ids=str)
def test_who_lives_keeps_his_lease_whatever_the_clock_does(patrolled: Patrolled, jump: timedelta) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local(SLEEPS)
    patrolled.offer(local)
    local.tend(NOW + jump)
    patrolled.store.settle(NOW + jump)
    (row,) = patrolled.rows()
    assert (row.state, row.lease_until) == (Claim.CLAIMED, NOW + jump + timedelta(seconds=LEASE))


def test_a_lease_that_has_long_to_go_is_left_alone(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local(SLEEPS)
    patrolled.offer(local)
    local.tend(NOW + timedelta(seconds=LEASE / 5))
    assert patrolled.rows()[0].lease_until == NOW + timedelta(seconds=LEASE)


def test_what_a_dead_child_left_is_tried_again_and_then_missed(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    for attempt, state in ((1, Claim.PLANNED), (2, Claim.ENDED)):
        assert patrolled.offer(local) == 1
        until(tended(local))
        assert (patrolled.ended[-1].code, patrolled.ended[-1].has_left) == (-signal.SIGKILL, True)
        patrolled.store.settle(NOW)
        (row,) = patrolled.rows()
        assert (row.attempts, row.state) == (attempt, state)
    assert (row.outcome, row.reason) == (Outcome.MISSED, "lease_expired")
    assert patrolled.offer(local) == 0


def test_what_outlives_a_child_is_ended_after_it(patrolled: Patrolled, tmp_path: Path) -> None:
    told, go = tmp_path / "born", tmp_path / "go"
    waits = f"import os\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)"
    patrolled.plan("甲", "专利")
    local = patrolled.local(BEARS.format(work=SLEEPS, told=str(told), then=waits))
    patrolled.offer(local)
    until(lambda: told.exists() and told.read_text())
    born = int(told.read_text())
    local.tend(NOW)
    assert is_alive(born)
    go.touch()
    until(tended(local))
    assert patrolled.ended[0].code == 0
    until(lambda: not is_alive(born))


def test_there_are_never_more_children_than_may_be(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    patrolled.plan("乙", "商标")
    local = patrolled.local(SLEEPS)
    assert patrolled.offer(local) == 1
    assert patrolled.offer(local) == 0
    more = Patrolled(patrolled.home, replace(patrolled.limits, children=2))
    assert more.offer(more.local(SLEEPS)) == 1
    patrolled.locals += more.locals
    more.store.database.dispose()


def test_all_can_be_ended_at_once_and_tried_again(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    local = patrolled.local(SLEEPS)
    patrolled.offer(local)
    local.end_all(NOW)
    patrolled.store.settle(NOW)
    assert not local.is_busy
    until(lambda: not is_alive(patrolled.ended[0].pid))
    assert [row.state for row in patrolled.rows()] == [Claim.PLANNED]


def test_a_program_that_cannot_be_started_holds_no_claim(patrolled: Patrolled) -> None:
    patrolled.plan("甲", "专利")
    means = Means(
        argv=(str(patrolled.home / "none"),),
        log=patrolled.home / "patrol.log",
        holder="test",
        snapshot=lambda version: snapshot(version, Config(home=patrolled.home), "test", "0"),
    )
    local = Local(patrolled.store, means, patrolled.told.append)
    with pytest.raises(FileNotFoundError):
        patrolled.offer(local)
    patrolled.store.settle(NOW)
    assert [row.state for row in patrolled.rows()] == [Claim.PLANNED]


def test_a_family_is_known_and_measured() -> None:
    ours = family(os.getpid())
    assert any(one.pid == os.getpid() for one in ours)
    assert resident(ours) > 10 << 20
    assert family(2**22 + 1) == frozenset()
    end_family(2**22 + 1)  # nobody: nothing happens


PARENT = """
import subprocess, sys, time
child = [sys.executable, "-c", sys.argv[1], sys.argv[2] or str(__import__("os").getpid())]
print(subprocess.Popen(child, stdout=subprocess.PIPE, text=True).stdout.readline(), flush=True)
time.sleep(600)
"""
CHILD = """
import os, sys, time
from patrol.descent import end_with
print(os.getpid() if end_with(int(sys.argv[1])) else 0, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(("named", "is_his"), [("", True), (str(2**22 + 1), False)], ids=["his own", "another"])
def test_who_is_to_end_with_his_parent_does(named: str, is_his: bool) -> None:
    command = [sys.executable, "-c", PARENT, CHILD, named]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert bool(child) is is_his
        born = {one.pid for one in family(parent.pid)}
        assert len(born) == 2
        parent.kill()
        parent.wait()
    until(lambda: not any(is_alive(pid) for pid in born))
