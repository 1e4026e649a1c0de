"""What one look over new runs has at hand, and the two ways in which looks turn into a sign.

A sign is bad only when enough looks agree; of what is not sick nothing is said unless an alarm about it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.tables import Alarms as Limits
from patrol.calendar import Calendar
from patrol.causes import Why
from patrol.series import AGREE, Mark, Measure, bad_run, fall, good_run
from storage.health import Health
from storage.health_shapes import Alarm, Cause, Look, Sign, Streak, Subject

Explain = Callable[[], Cause]
# How far back a streak is followed, in times of the days after which it is told: no question reads all there is.
SPANS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The store, the limits, the moment, and what stands; `accepted` is since when an unusual level is the usual one.

    `looks` are those at the platforms and devices that have new runs, the newest first.
    """

    health: Health
    limits: Limits
    now: datetime
    days: Calendar
    standing: Mapping[Subject, Alarm]
    accepted: Mapping[Subject, datetime]
    looks: Mapping[tuple[str, str], tuple[Look, ...]]

    def level(self, subject: Subject, marks: Sequence[Mark], measure: Measure, explain: Explain) -> Sign | None:
        """A sign by numbers, newest first: they fell below what was usual, or came back to it."""
        since = self.accepted.get(subject)
        marks = [one for one in marks if since is None or one.at > since]
        standing = self.standing.get(subject)
        if standing is None:
            found = fall(marks, measure)
            usual = found.usual if found else 0.0
            return _raise(subject, (found.since, marks[0].at), explain(), usual) if found else None
        if not marks:
            return None
        low = [measure.is_low(one.value, standing.usual) for one in marks]
        is_known = self._is_known(standing, marks)
        is_bad = low[0] and not is_known
        return Sign(
            subject=subject,
            is_bad=is_bad,
            since=standing.since,
            at=marks[0].at,
            good=good_run(low),
            is_accepted=low[0] and is_known,
        )

    def flags(self, subject: Subject, flags: Sequence[tuple[datetime, bool]], explain: Explain) -> Sign | None:
        """A sign by looks that were each bad or good, newest first: AGREE bad ones raise, good ones in a row clear."""
        bad = [is_bad for _, is_bad in flags]
        standing = self.standing.get(subject)
        if standing is not None:
            if not flags:
                return None
            at = flags[0][0]
            return Sign(subject=subject, is_bad=bad[0], since=standing.since, at=at, good=good_run(bad))
        length = bad_run(bad)
        return _raise(subject, (flags[length - 1][0], flags[0][0]), explain()) if length >= AGREE else None

    def lasting(self, subject: Subject, streak: Streak, days: int, explain: Explain) -> Sign | None:
        """A sign by how long something was looked for in vain, often enough; only raises."""
        if streak.since is None or streak.until is None or streak.count < AGREE:
            return None
        # Up to the last look, not up to now: a platform that is not asked is not sick.
        if streak.until - streak.since < timedelta(days=days):
            return None
        return _raise(subject, (streak.since, streak.until), explain())

    def cause(self, why: Why, run: str) -> Cause:
        """The cause with the page of this run that shows it."""
        number, capture, url = self.health.telling_page(run) if run else (0, "", "")
        return Cause(word=why.word, words=why.words, run=run, page_number=number, capture=capture, url=url)

    def back(self, days: int) -> datetime:
        """From when on a streak is followed that is told after so many days."""
        return self.now - timedelta(days=days * SPANS)

    def _is_known(self, standing: Alarm, marks: Sequence[Mark]) -> bool:
        acked_at = standing.acked_at
        return acked_at is not None and sum(one.at > acked_at for one in marks) >= self.limits.runs


def _raise(subject: Subject, span: tuple[datetime, datetime], cause: Cause, usual: float = 0.0) -> Sign:
    return Sign(subject=subject, is_bad=True, since=span[0], at=span[1], cause=cause, usual=usual)
