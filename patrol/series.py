"""When is a row of numbers a fall? Pure: the latest looks against what was usual before them.

Nothing is said by one look alone: AGREE of them must agree before anything is raised, and nothing is raised where so
little is usual that chance alone does as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

# Two in a row happen by chance on many queries a day; with three, a day of the worst platform is told within the day.
AGREE = 3
# Of fewer the median says nothing.
FEWEST = 5
# A level that was left so often before is no level.
STEADY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One look's number. Only marks of one `pool` are compared: a weekend with weekends."""

    at: datetime
    value: float
    pool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What counts as low: below `drop` of the median of `runs` marks, or nothing at all; where the median is below
    `least` nothing is said."""

    runs: int
    drop: float
    least: float

    @property
    def fewest(self) -> int:
        """How many marks it takes to say what is usual."""
        return min(FEWEST, self.runs)

    def is_low(self, value: float, usual: float) -> bool:
        return value < self.drop * usual or value == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The marks from the newest one back to `since` are low against `usual`."""

    since: datetime
    usual: float


def fall(marks: Sequence[Mark], measure: Measure) -> Fall | None:
    """The fall that the newest marks are, if AGREE of them in a row are low; marks come newest first.

    A mark without enough of its own pool before it says nothing, and does not break the row.
    """
    highest = max((one.value for one in marks), default=0.0)
    if not marks or not measure.is_low(marks[0].value, highest):
        return None
    for length in range(AGREE, len(marks) - measure.fewest + 1):
        found = _fall_of(marks[:length], marks[length:], measure)
        if found:
            return found
    return None


def _fall_of(latest: Sequence[Mark], before: Sequence[Mark], measure: Measure) -> Fall | None:
    low = [_low(one, before, measure) for one in latest]
    if False in low or low.count(True) < AGREE or not low[-1]:
        return None
    usual = median([one.value for one in before[: measure.runs]])
    was_low = [_low(one, before, measure) is True for one in before]
    # It may have begun before the marks that prove it.
    begun = [*latest, *before[: bad_run(was_low)]]
    return Fall(since=begun[-1].at, usual=usual) if sum(was_low) * STEADY <= len(before) else None


def _low(mark: Mark, before: Sequence[Mark], measure: Measure) -> bool | None:
    alike = [one.value for one in before if one.pool == mark.pool][: measure.runs]
    if len(alike) < measure.fewest:
        return None
    usual = median(alike)
    return measure.is_low(mark.value, usual) if usual >= measure.least else None


def good_run(is_bad: Sequence[bool]) -> int:
    """How many of the newest looks in a row were good; newest first."""
    return next((place for place, bad in enumerate(is_bad) if bad), len(is_bad))


def bad_run(is_bad: Sequence[bool]) -> int:
    """How many of the newest looks in a row were bad; newest first."""
    return next((place for place, bad in enumerate(is_bad) if not bad), len(is_bad))
