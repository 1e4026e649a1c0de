"""A clock that is far ahead: held back, told, and a way back for what it wrote down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patrolled_home import HOUR, PATIENCE, PATROL, Home

from console.doubts import Doubts, Told, ask_sources, written_ahead
from crawler import clock
from crawler.config import Config
from crawler.tables import Patrol
from patrol.tick import PatrolStore, write_down
from storage.audit import AuditLog
from storage.db import open_database
from storage.roster import Roster
from tests.console.conftest import Ran
from tests.pipelines.test_surroundings import TimeServer

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
Run = Callable[..., Ran]


class Steady:
    """A clock that nobody puts, moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_day_without_a_patrol_is_believed_and_more_only_after_a_while() -> None:
    steady = Steady()
    doubts = Doubts(60.0, lambda: None, steady)
    assert (doubts.held([NOW - DAY], NOW), doubts.is_waiting) == ("", False)
    assert doubts.held([], NOW) == ""
    written = [NOW - 3 * DAY, NOW]
    assert "先等 60 秒" in doubts.held(written, NOW)
    assert doubts.is_waiting
    steady.at += 59
    assert doubts.held(written, NOW + timedelta(seconds=59))
    steady.at += 1
    assert (doubts.held(written, NOW + timedelta(seconds=60)), doubts.is_waiting) == ("", False)


def test_a_clock_that_is_put_meanwhile_is_doubted_anew() -> None:
    steady = Steady()
    doubts = Doubts(60.0, lambda: None, steady)
    assert doubts.held([NOW - 3 * DAY], NOW)
    steady.at += 70
    assert doubts.held([NOW - 3 * DAY], NOW + 300 * DAY), "this jump is a new one"
    assert doubts.held([NOW - 3 * DAY], NOW - 3 * DAY) == "", "set right: nothing is held"


def test_a_source_of_time_decides_at_once() -> None:
    said = Told(source="time.example", offset=-365 * 86400.0)
    wrong, right = Doubts(60.0, lambda: said), Doubts(60.0, lambda: Told(source="time.example", offset=0.2))
    assert "365 days" in wrong.held([NOW - 365 * DAY], NOW)
    assert not wrong.is_waiting, "nobody waits for it: a person sets the clock"
    assert right.held([NOW - 3 * DAY], NOW) == "", "three days without a patrol are caught up with"


def test_the_sources_of_the_settings_are_asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTIAN_HOME", str(home.path))
    assert ask_sources(Config.load()) is None
    with TimeServer(ahead=-7200.0) as server:
        (home.path / "lantian.toml").write_text(f'[clock]\nsources = ["{server.source}"]\n', encoding="utf-8")
        told = ask_sources(Config.load())
    assert told is not None
    assert (told.source, round(told.offset / 60)) == (server.source, -120)


def test_a_roster_written_into_the_future_is_told() -> None:
    assert written_ahead([NOW, NOW + DAY], NOW) == ""
    assert "put-back" in written_ahead([NOW, NOW + 2 * DAY], NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir(exist_ok=True)
    (path / "lantian.toml").write_text(PATROL, encoding="utf-8")
    return Home(path)


def test_what_a_clock_a_year_ahead_wrote_is_taken_back(home: Home, here: Run) -> None:
    now = clock.now()
    daily = (now - HOUR).strftime("%M ") + (now - HOUR).astimezone(clock.SHANGHAI).strftime("%H * * *")
    home.watch("每天", daily, "专利", since=now - 2 * HOUR, grace=30)
    database = open_database(home.path / "lantian.db")
    store, roster = PatrolStore(database, Patrol()), Roster(database)
    assert write_down(store, now + 365 * DAY) == 366

    with home.patrol("", "--once") as once:
        assert once.started.wait(PATIENCE) == 2
        assert "put-back" in once.events("troubled")[0]["why"]
    assert here("watch", "list", "--json").lines[0]["next"] > (now + 364 * DAY).isoformat()
    assert "那以后才按这样排" in here("watch", "change", "每天", "--by", "甲", "--grace", "20").err

    told = here("watch", "put-back", "--by", "甲", "--json")
    assert [(one["name"], one["withdrawn"], one["kept"]) for one in told.lines] == [("每天", 365, 0)]
    assert [(one.who, one.act) for one in AuditLog(database).entries()][-1] == ("甲", "watch_put_back")
    assert here("watch", "put-back", "--by", "甲").code == 2, "there is nothing more to take back"
    assert here("watch", "list", "--json").lines[0]["next"] < (now + 2 * DAY).isoformat()

    # From here on plan and rows agree, by what was decided meanwhile; what was missed before stays so.
    assert write_down(store, now + 3 * DAY) == 3
    rows = roster.entries(now - DAY, now + 400 * DAY)
    assert [row.version for row in rows] == [1, 3, 3, 3]
    plan = here("watch", "plan", "--from", (now - 2 * HOUR).isoformat(), "--to", (now + 3 * DAY).isoformat(), "--json")
    assert [one["key"] for one in plan.lines] == [row.key for row in rows]
    with home.patrol("", "--once") as again:
        assert again.started.wait(PATIENCE) == 2
        assert "put-back" in again.events("troubled")[0]["why"], "three days ahead are too many as well"
    database.dispose()


def test_a_clock_that_is_wrong_now_takes_nothing_back(home: Home, here: Run) -> None:
    home.watch("每天", "0 8 * * *", "专利", since=clock.now() + DAY)
    refused = here("watch", "put-back", "--by", "甲")
    assert (refused.code, "先校准时钟" in refused.err) == (2, True)


def test_three_days_without_a_patrol_are_held_back_a_little_and_then_written(home: Home) -> None:
    now = clock.now()
    hour = (now - HOUR).astimezone(clock.SHANGHAI)
    home.watch("每天", hour.strftime("%M %H * * *"), "专利", since=now - 3 * DAY, grace=30)
    with home.patrol("", "--once") as once:
        assert once.started.wait(PATIENCE) == 3
        assert "先等 1 秒" in once.events("troubled")[0]["why"]
    assert [(row.outcome, row.reason) for row in home.rows()] == [("missed", "not_running")] * 3
