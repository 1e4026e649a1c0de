"""What the roster is asked and what it answers, as frozen values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import date, datetime

from crawler.items import Outcome
from crawler.watches import Claim, WatchVersion
from storage.shapes import PlannedRun

NOT_RUNNING = "not_running"
NOT_CLAIMED = "not_claimed"
LEASE_EXPIRED = "lease_expired"
BUDGET = "budget"
OVER_LIMIT = "over_limit"
TOO_LONG = "too_long"
DISK_FULL = "disk_full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Under what settings runs are claimed: `settings` is canonical JSON without any secret.

    `words` are what the claim's round says of its settings to people.
    """

    tool: str
    settings: str
    words: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over the settings: the same settings are written once."""
        return hashlib.sha256(self.settings.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many runs of one watch version on one platform may begin now; `since` is the earliest planned time."""

    watch_id: int
    version: int
    platform: str
    rows: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose runs somebody would take: no platforms means all, a limit of 0 every run that may begin."""

    watch_id: int
    version: int
    platforms: tuple[str, ...] = ()
    limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Runs that are one holder's under a lease. Nothing was to be had where `runs` is empty; then there is no round.

    Each platform is asked a query once in a claim: of several planned times the earliest is taken. `runs` are in
    the watch's own order.
    """

    id: str
    round: str
    watch: WatchVersion
    runs: tuple[PlannedRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one settling did: rows that `ended` as their runs did, that went `back` to be tried again after their
    lease, whose tries were used up (`lapsed`), whose time passed unclaimed (`passed`), leases set right
    after the clock jumped back (`clamped`), and advertisers' pages whose crawl died before it opened them (`cut`)."""

    ended: int = 0
    back: int = 0
    lapsed: int = 0
    passed: int = 0
    clamped: int = 0
    cut: int = 0

    def __add__(self, other: Settled) -> Settled:
        sums = {one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        return Settled(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the roster: what should have been looked at, and how that ended. `outcome` is `None` until then.

    `run` is the run of the latest attempt, empty while there was none; `assumed` why its day is counted as it is.
    """

    key: str
    watch_id: int
    version: int
    platform: str
    query: str
    planned_at: datetime
    latest: datetime
    assumed: str
    state: Claim
    attempts: int
    run: str
    holder: str
    snapshot: str
    claimed_at: datetime | None
    lease_until: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many planned runs of one platform on one day of Shanghai ended so; `outcome` is `None` for those that
    have not ended."""

    platform: str
    day: date
    outcome: Outcome | None
    rows: int


def run_id(key: str, attempt: int) -> str:
    """The run of one attempt, counted from 1, at one row of the roster."""
    return hashlib.sha256(f"{key}\0{attempt}".encode()).hexdigest()[:32]
