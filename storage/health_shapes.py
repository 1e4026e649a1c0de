"""What the store is asked and answers about health, as frozen values: runs and looks to judge, signs, and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.items import Outcome


class AlarmKind(StrEnum):
    """What somebody should look at."""

    ZERO = "zero"
    VOLUME = "volume"
    FIELDS = "fields"
    COUNT = "count"
    SUCCESS = "success"
    LOGIN = "login"
    ADS = "ads"
    UNSEEN = "unseen"
    OVERDUE = "overdue"


RECOVERED = "recovered"
ACCEPTED = "accepted"  # a person knew of it and it stayed: that level is the usual one now
NOT_ASKED = "not_asked"  # nobody has asked any more for so long that nothing can be said


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alarm is about: a platform, or one query of it; `series` tells looks apart that cannot be compared."""

    kind: AlarmKind
    platform: str
    query: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The probable cause as a word and in Chinese, and the page that shows it; `run` is empty where none does.

    `words` may quote what a page said: nobody shows them without making them harmless.
    """

    word: str
    words: str
    run: str = ""
    page_number: int = 0
    capture: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What one look over a subject came to: sick since when, or how many good looks in a row it has had.

    `at` is the newest look of it, `usual` what was usual before; `is_accepted` says that a person's acknowledgement
    made this the usual.
    """

    subject: Subject
    is_bad: bool
    since: datetime
    at: datetime
    good: int = 0
    usual: float = 0.0
    cause: Cause | None = None
    is_accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm as it is. It stands while `cleared_at` is `None`; `acked_at` says that a person knows of it."""

    id: int
    subject: Subject
    since: datetime
    raised_at: datetime
    last_at: datetime
    usual: float
    good: int
    cause: Cause
    cleared_at: datetime | None
    cleared_by: str
    acked_at: datetime | None
    acked_by: str
    acked_reason: str

    @property
    def stands(self) -> bool:
        return self.cleared_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRun:
    """One ended run as health sees it. `series` says how it was asked: device, place, depth, or a manual round's
    pages."""

    id: str
    platform: str
    query: str
    series: str
    ended_at: datetime
    outcome: Outcome
    reason: str
    detail: str
    pages: int
    listings: int
    lost: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one round saw of one platform. `fields` counts the listings that had each field, by its name."""

    round: str
    platform: str
    device: str
    at: datetime
    runs: int
    clean: int
    empty: int
    login: int
    listings: int
    ads: int
    fields: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Runs of one round on one platform that ended alike and not clean; `run` and `detail` are one of theirs."""

    outcome: Outcome
    reason: str
    detail: str
    run: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """From when to when and how often something was looked for in vain; `last` is when it was seen last before."""

    since: datetime | None
    until: datetime | None
    count: int
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What has new ended runs: queries of platforms, and rounds."""

    queries: tuple[tuple[str, str], ...]
    rounds: tuple[str, ...]
