"""The last day of a deadline is one day wherever it is told: the day that the letter itself names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from casework.workdays import Deadline, last_day, told_day


@pytest.mark.parametrize("day", [date(2026, 12, 4), date(2026, 1, 1), date(2024, 2, 29)])
def test_the_moment_of_a_deadline_is_told_as_its_day(day: date) -> None:
    due = Deadline(day=day)
    assert last_day(due.at) == day
    assert told_day(due.at) == day.isoformat()
    assert last_day(due.at - timedelta(hours=1)) == day


def test_no_deadline_is_no_day() -> None:
    assert told_day(None) == ""
    assert told_day(datetime(2026, 12, 4, 16, 0, tzinfo=UTC)) == "2026-12-04"
