"""Every alarm is seen to be raised, not to be raised by one bad look, and to be cleared; and what must raise none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from looked import CAPTCHA, EMPTY, LOGIN, Looked, Saw, day
from sqlalchemy import Engine, event, text

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.tables import Alarms as Limits
from crawler.watches import Device, Watch, WatchQuery
from patrol.health import watch_over
from storage.alarms import Alarms
from storage.db import open_database
from storage.health_shapes import ACCEPTED, NOT_ASKED, RECOVERED, Alarm, AlarmKind

LIMITS = Limits()
QUERY = "包授权"
ONE = {QUERY: Saw(total=10)}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "lantian.db")
    yield engine
    engine.dispose()


@pytest.fixture
def looked(engine: Engine) -> Looked:
    return Looked(engine)


class Days:
    """One round a day, looked over after each, as patrol does."""

    def __init__(self, looked: Looked, platform: str = "baidu", step: float = 1) -> None:
        self.looked, self.platform, self.step, self.at = looked, platform, step, 0.0
        self.engine = looked.store.engine

    def go(self, *rounds: Mapping[str, Saw], limits: Limits = LIMITS) -> list[Alarm]:
        changed: list[Alarm] = []
        for saw in rounds:
            self.looked.round(day(self.at), saw, self.platform)
            changed += watch_over(self.engine, limits, day(self.at) + timedelta(minutes=5))
            self.at += self.step
        return changed

    @property
    def standing(self) -> list[AlarmKind]:
        return [one.subject.kind for one in Alarms(self.engine).standing()]


def kinds(alarms: list[Alarm]) -> list[tuple[AlarmKind, bool]]:
    return [(one.subject.kind, one.stands) for one in alarms]


BAD = {
    AlarmKind.ZERO: EMPTY,
    AlarmKind.VOLUME: Saw(count=3),
    AlarmKind.FIELDS: Saw(without=("seller",)),
    AlarmKind.COUNT: Saw(count=3, total=10),
    AlarmKind.SUCCESS: CAPTCHA,
    AlarmKind.LOGIN: LOGIN,
}


@pytest.mark.parametrize("kind", BAD)
def test_an_alarm_is_raised_when_three_looks_agree_and_cleared_by_three_good_ones(
    kind: AlarmKind, looked: Looked
) -> None:
    days = Days(looked, step=0.25)
    assert days.go(*[ONE] * 10) == []
    bad = {QUERY: BAD[kind]}
    assert days.go(bad, bad) == [], "two are no three"
    raised = days.go(bad)
    assert (kind, True) in kinds(raised)
    alarm = next(one for one in raised if one.subject.kind is kind)
    assert alarm.since == day(2.5)
    assert alarm.cause.run == "run-13-0"
    assert alarm.cause.page_number == 1
    assert alarm.cause.capture == "capture-run-13-0-1"
    assert alarm.cause.url == "https://www.baidu.com/s?wd=x&pn=1"
    assert days.go(bad, ONE, ONE, bad) == [], "it stands, and two good looks clear nothing"
    assert days.go(ONE, ONE) == []
    assert kind in days.standing
    cleared = days.go(ONE)
    assert (kind, False) in kinds(cleared)
    assert {one.cleared_by for one in cleared} == {RECOVERED}
    assert days.standing == []


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_look_raises_nothing(kind: AlarmKind, looked: Looked) -> None:
    days = Days(looked)
    days.go(*[ONE] * 8)
    for _ in range(3):
        assert days.go({QUERY: BAD[kind]}, ONE, ONE, ONE) == []
