"""The engine of one machine: each claim is crawled by a child process, with limits on memory and time.

It keeps the leases of those that live, ends those that are over a limit together with all they started, and lets go
of the claims of those that died. It never takes back what another holds.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from crawler.watches import WatchVersion
from patrol.descent import Living, end_family, end_left, family, resident
from patrol.tick import PatrolStore
from storage.roster_shapes import OVER_LIMIT, Claimed, Snapshot, Waiting, Wanted

MEGABYTE = 1 << 20
LIMIT_WORDS = {"memory": "its processes held {0} megabytes, at most {1}", "time": "it ran {0} minutes, at most {1}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What children are started with: `argv`, to which the claim's id is added, the file `log` for all they say,
    the holder's name, and under what settings a watch is claimed."""

    argv: tuple[str, ...]
    log: Path
    holder: str
    snapshot: Callable[[WatchVersion], Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A child was started for a claim of so many runs."""

    claim: str
    watch: str
    runs: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A child is gone. `code` is its exit code, negative for a signal; `limit` the one it was ended for, else empty.

    `peak` is the most megabytes its processes were seen to hold, `has_left` whether it left runs without an end.
    """

    claim: str
    watch: str
    pid: int
    code: int
    limit: str
    peak: int
    has_left: bool


@dataclass(slots=True)
class _Child:
    claimed: Claimed
    started: subprocess.Popen[bytes]
    begun: float
    beaten_at: datetime
    peak: int = 0
    limit: str = ""
    known: frozenset[Living] = field(default_factory=frozenset)

    @property
    def watch(self) -> str:
        return self.claimed.watch.watch.name


class Local:
    """Children of this process. Whoever started it must not start another for the same home."""

    def __init__(
        self,
        store: PatrolStore,
        means: Means,
        tell: Callable[[Begun | Ended], None],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`steady` tells seconds that no change of the clock disturbs: time limits are by it."""
        self._store, self._means, self._tell, self._steady = store, means, tell, steady
        self._roster, self._limits = store.roster, store.settings
        self._children: list[_Child] = []

    @property
    def is_busy(self) -> bool:
        """Whether any child lives, or has ended and was not looked after yet."""
        return bool(self._children)

    # -- as a patrol asks --------------------------------------------------------------------------

    def tend(self, now: datetime) -> None:
        """Reap, keep the leases of the living, and end whoever is over a limit."""
        for child in list(self._children):
            code = child.started.poll()
            if code is not None:
                self._bury(child, code, now)
            elif limit := self._broken_limit(child):
                self._cut(child, limit, now)
            else:
                self._keep_lease(child, now)

    def offer(self, waiting: Sequence[Waiting], now: datetime) -> int:
        """All that waits of one watch version goes to one child, as long as there is room."""
        taken = 0
        for watch_id, version in dict.fromkeys((one.watch_id, one.version) for one in waiting):
            if len(self._children) >= self._limits.children:
                break
            taken += self.take(Wanted(watch_id=watch_id, version=version), now)
        return taken

    def end_all(self, now: datetime) -> None:
        """End whoever still lives, at once; what they had not ended can be tried again."""
        for child in list(self._children):
            end_family(child.started.pid)
            self._bury(child, child.started.wait(), now)

    # -- one child ---------------------------------------------------------------------------------

    def take(self, wanted: Wanted, now: datetime) -> int:
        """Claim what is wanted and start a child for it; how many runs that are, 0 when there are none."""
        watch, means = self._store.watches.version(wanted.watch_id, wanted.version), self._means
        claimed = self._roster.claim(wanted, means.holder, now, self._limits.lease, means.snapshot(watch))
        if not claimed.runs:
            return 0
        try:
            started = self._spawned(claimed.id)
        except OSError:
            self._roster.let_go(claimed.id, now)
            raise
        self._children.append(_Child(claimed, started, self._steady(), now))
        self._tell(Begun(claim=claimed.id, watch=watch.watch.name, runs=len(claimed.runs), pid=started.pid))
        return len(claimed.runs)

    def _spawned(self, claim: str) -> subprocess.Popen[bytes]:
        """A session of its own: what is typed at the patrol's terminal is for the patrol to answer."""
        with self._means.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program, and an id that we made
                [*self._means.argv, claim],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep_lease(self, child: _Child, now: datetime) -> None:
        """A quarter of the lease is early enough; a clock that jumped back makes it due at once."""
        due = timedelta(seconds=self._limits.lease / 4)
        if not timedelta(0) <= now - child.beaten_at < due:
            self._roster.beat(child.claimed.id, now, self._limits.lease)
            child.beaten_at = now

    def _broken_limit(self, child: _Child) -> str:
        """What it is to be ended for, in words; empty while it keeps its limits."""
        limits = self._limits
        child.known = family(child.started.pid)
        held = resident(child.known) // MEGABYTE
        child.peak = max(child.peak, held)
        minutes = (self._steady() - child.begun) / 60
        if held > limits.megabytes:
            return LIMIT_WORDS["memory"].format(held, limits.megabytes)
        return LIMIT_WORDS["time"].format(f"{minutes:.0f}", f"{limits.minutes:g}") if minutes > limits.minutes else ""

    def _cut(self, child: _Child, limit: str, now: datetime) -> None:
        child.limit = limit
        end_family(child.started.pid)
        self._bury(child, child.started.wait(), now)

    def _bury(self, child: _Child, code: int, now: datetime) -> None:
        """Where a database that is away interrupts this, the next look goes on with it."""
        end_left(child.known)
        self._store.settle(now)
        claim = child.claimed.id
        if child.limit:
            has_left = self._roster.give_up(claim, now, OVER_LIMIT, child.limit) > 0
        else:
            has_left = self._roster.let_go(claim, now)
        self._children.remove(child)
        self._tell(
            Ended(
                claim=claim,
                watch=child.watch,
                pid=child.started.pid,
                code=code,
                limit=child.limit,
                peak=child.peak,
                has_left=has_left,
            )
        )
