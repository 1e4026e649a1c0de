"""The words of the calendar as types: an imported notice of holidays, and the dates an office watches closely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDay:
    """One line of a notice: a day off (休) or a weekend that is worked (班), and the holiday it is for."""

    day: date
    is_workday: bool
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The State Council's notice for `year`, as it was imported; it holds for what is planned after `since`.

    Its days may begin in December of the year before.
    """

    year: int
    days: tuple[NoticeDay, ...]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDate:
    """Days on which more is looked at, for what is planned after `since` and up to `until`.

    `first` and `last` are both MM-DD, for every year and then perhaps past its end, or both YYYY-MM-DD, or both
    the name of a public holiday. `lead` days before count too.
    """

    name: str
    first: str
    last: str
    lead: int
    since: datetime
    until: datetime | None = None
