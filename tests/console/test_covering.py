"""The coverage that stands with a report: what was blocked, missed or never written down is in it, by platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from covered import BEGUN, DAY, Office

from casework.reports.coverage import statement
from console.cases.covering import covered, day
from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Slot

FIRST, LAST = date(2026, 8, 3), date(2026, 8, 5)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


def walled(slot: Slot) -> tuple[Outcome, str]:
    return (Outcome.BLOCKED, "captcha") if slot.platform == "taobao" else (Outcome.EMPTY, "no_result")


def test_what_was_blocked_is_in_it(office: Office) -> None:
    office.patrol(BEGUN + 3 * DAY, walled)
    told = covered(office.engine, FIRST, LAST, BEGUN + 3 * DAY)
    assert (told.planned, told.seen, told.unseen, told.open) == (12, 6, 6, 0)
    assert {one.label: (one.seen, one.unseen, one.blocked, one.missed) for one in told.platforms} == {
        "百度": (6, 0, 0, 0),
        "淘宝": (0, 6, 6, 0),
    }
    assert [(one.day.day, one.seen, one.unseen) for one in told.days] == [(day, 2, 2) for day in (3, 4, 5)]
    assert "整段时间一项也没有看到的平台：淘宝。" in "".join(statement(told))
    unproven = [one.label for one in told.platforms if one.ads_unproven]
    assert ("百度" in unproven) is ("广告识别未经真实页面验证：百度" in "".join(statement(told)))


def test_what_nobody_wrote_down_was_missed(office: Office) -> None:
    office.patrol(BEGUN + DAY, walled)
    told = covered(office.engine, FIRST, LAST, BEGUN + 3 * DAY)
    assert (told.planned, told.unwritten, told.unseen) == (12, 8, 10)
    assert sum(one.missed for one in told.platforms) == 8


def test_days_to_come_are_not_counted(office: Office) -> None:
    office.patrol(BEGUN + DAY)
    told = covered(office.engine, FIRST, date(2026, 12, 31), BEGUN + DAY)
    assert (told.last, told.planned, told.unseen) == (date(2026, 12, 31), 4, 0)
    assert covered(office.engine, date(2027, 1, 1), date(2027, 1, 31), BEGUN + DAY).planned == 0


def test_only_days_are_days() -> None:
    assert day(" 2026-11-20 ") == date(2026, 11, 20)
    for word in ("", "2026-11", "20261120x", "0001-01-01"):
        with pytest.raises(UserMistake):
            day(word)
