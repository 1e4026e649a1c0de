"""The words of planning as types: what is to be looked at, when, from where, and one row of the roster.

Moments are aware; people's hours are those of Asia/Shanghai. A schedule is written in cron's five fields.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

RESERVED = ("复查",)  # watches that nobody writes by hand
LONGEST_QUERY = 2000  # bytes; an index of PostgreSQL takes little more


class Device(StrEnum):
    """Whose page is asked for: platforms show other advertisements on a telephone."""

    DESKTOP = "desktop"
    MOBILE = "mobile"


DEVICE_WORDS = {Device.DESKTOP: "电脑", Device.MOBILE: "手机"}


class Origin(StrEnum):
    """Where a query's words come from; the office's own choice wins."""

    OFFICE = "office"
    LIST = "list"
    RULES = "rules"


class Days(StrEnum):
    """On which days a schedule holds."""

    ALL = "all"
    WORKDAYS = "workdays"
    RESTDAYS = "restdays"


class Claim(StrEnum):
    """Where a planned run stands in the roster: nobody's yet, somebody's under a lease, ended for good."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    ENDED = "ended"


def is_too_long(words: str) -> bool:
    """Whether words, or an address, are longer than a query may be."""
    return len(words.encode("utf-8", "surrogatepass")) > LONGEST_QUERY


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchQuery:
    """One query of a watch; on a watch of addresses `words` is the address. `category` is what it is after."""

    words: str
    origin: Origin = Origin.OFFICE
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is to be looked at: every query on every platform, at the schedule's times.

    `schedule` and `key_schedule` are cron fields; the second holds besides the first on key dates. `window` is
    HH:MM-HH:MM, within which runs may begin, empty for any time; `grace` minutes a run may begin after its time.
    `place` is a city of the platforms' addresses or a `[[place]]`, `depth` pages a query, 0 for the setting,
    `budget` runs a day, 0 for no limit.
    """

    name: str
    platforms: tuple[str, ...]
    queries: tuple[WatchQuery, ...]
    schedule: str
    key_schedule: str = ""
    days: Days = Days.ALL
    window: str = ""
    grace: int = 360
    place: str = ""
    device: Device = Device.DESKTOP
    depth: int = 0
    budget: int = 0
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchVersion:
    """A watch as it was from one moment on, up to `until`; `None` while it still is. Nothing is ever overwritten."""

    watch_id: int
    version: int
    watch: Watch
    since: datetime
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned run: watch × platform × query × time. It may begin until `latest`.

    `assumed` is why its day is counted as it is when no calendar knows it (暂按周末推算), else empty.
    """

    watch_id: int
    version: int
    platform: str
    query: str
    planned_at: datetime
    latest: datetime
    assumed: str = ""

    @property
    def key(self) -> str:
        """32 hex digits over watch, platform, query and time: written twice it is still one row."""
        moment = self.planned_at.astimezone(UTC).isoformat(timespec="seconds")
        raw = "\0".join((str(self.watch_id), self.platform, self.query, moment))
        return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:32]
