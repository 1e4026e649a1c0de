"""The plan: from versions and calendar alone, the same whoever computes it and in how many pieces."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest

from crawler.clock import SHANGHAI
from crawler.holidays import KeyDate, Notice, NoticeDay
from crawler.watches import Days, Slot, Watch, WatchQuery, WatchVersion
from patrol.calendar import ASSUMED, Calendar
from patrol.plan import planned, times


def at(text: str) -> datetime:
    """A moment of Shanghai: `20 08:00` is of November 2026."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def version(number: int = 1, since: str = "01 00:00", until: str = "", **told: object) -> WatchVersion:
    fixed = {"name": "试", "platforms": ("baidu",), "queries": (WatchQuery(words="专利"),), "schedule": "0 8 * * *"}
    return WatchVersion(
        watch_id=1, version=number, watch=Watch(**fixed | told), since=at(since),  # type: ignore[arg-type]
        until=at(until) if until else None, by="甲",
    )  # fmt: skip


def slots(*versions: WatchVersion, since: str, until: str, days: Calendar | None = None) -> list[Slot]:
    return list(planned(versions, at(since), at(until), days or Calendar()))


def when(found: list[Slot]) -> list[str]:
    return [f"{one.planned_at.astimezone(SHANGHAI):%d %H:%M}" for one in found]


def latest(found: list[Slot]) -> list[str]:
    return [f"{one.latest.astimezone(SHANGHAI):%d %H:%M:%S}" for one in found]


def test_every_platform_and_query_at_every_time() -> None:
    queries = tuple(WatchQuery(words=words) for words in ("甲", "乙", "甲"))
    found = slots(version(platforms=("baidu", "sogou"), queries=queries), since="20 00:00", until="21 23:59")
    assert [(one.platform, one.query) for one in found[:4]] == [
        ("baidu", "甲"), ("baidu", "乙"), ("sogou", "甲"), ("sogou", "乙"),
    ]  # fmt: skip
    assert when(found) == ["20 08:00"] * 4 + ["21 08:00"] * 4
    assert len({one.key for one in found}) == 8


def test_an_interval_is_open_at_its_start_and_closed_at_its_end() -> None:
    assert when(slots(version(), since="20 08:00", until="21 08:00")) == ["21 08:00"]
    assert when(slots(version(), since="20 07:59", until="20 08:00")) == ["20 08:00"]
    assert slots(version(), since="20 08:00", until="20 08:00") == []
    assert slots(version(), since="21 08:00", until="20 08:00") == []


def test_versions_plan_for_their_own_time_and_paused_ones_not_at_all() -> None:
    versions = (
        version(1, until="20 08:00"),
        version(2, since="20 08:00", until="22 00:00", schedule="0 8,9 * * *"),
        version(3, since="22 00:00", until="23 00:00", is_paused=True),
        version(4, since="23 00:00"),
    )
    found = slots(*versions, since="19 00:00", until="23 23:00")
    assert [(one.version, moment) for one, moment in zip(found, when(found), strict=True)] == [
        (1, "19 08:00"), (1, "20 08:00"), (2, "20 09:00"), (2, "21 08:00"), (2, "21 09:00"), (4, "23 08:00"),
    ]  # fmt: skip


def test_latest_is_cut_at_the_next_time_and_where_the_window_closes() -> None:
    assert latest(slots(version(), since="20 00:00", until="20 23:00")) == ["20 14:00:00"]
    often = slots(version(schedule="0 8-10 * * *"), since="20 00:00", until="20 09:00")
    assert latest(often) == ["20 08:59:59", "20 09:59:59"], "the last one's next lies outside of what was asked for"
    assert latest(slots(version(window="08:00-09:30"), since="20 00:00", until="20 23:00")) == ["20 09:30:00"]
    night = version(schedule="0 23 * * *", window="22:00-01:00")
    assert latest(slots(night, since="20 00:00", until="20 23:59")) == ["21 01:00:00"]
    long = version(grace=7 * 24 * 60)
    assert latest(slots(long, since="20 00:00", until="20 23:00")) == ["21 07:59:59"]


def test_what_is_planned_outside_the_window_is_not_planned() -> None:
    found = slots(version(schedule="0 */4 * * *", window="07:00-20:00"), since="20 00:00", until="20 23:59")
    assert when(found) == ["20 08:00", "20 12:00", "20 16:00"], "20:00 is where it closes"


def test_an_assumed_day_marks_its_slots() -> None:
    days = Calendar()
    found = list(planned([version()], datetime(2026, 12, 29, 12, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC), days))
    assert [(f"{one.planned_at:%m-%d}", one.assumed) for one in found] == [
        ("12-30", ""), ("12-31", ""), ("01-01", ASSUMED), ("01-02", ASSUMED),
    ]  # fmt: skip


def key(since: str, until: str = "") -> KeyDate:
    return KeyDate(name="展会", first="2026-11-01", last="2026-11-30", lead=0, since=at(since),
                   until=at(until) if until else None)  # fmt: skip


def changing() -> Calendar:
    """Key dates that come and go, a notice that makes a Friday a holiday, all while it is planned for."""
    notice = Notice(
        year=2026, days=(NoticeDay(day=date(2026, 11, 20), is_workday=False, name="元旦"),), since=at("18 12:00")
    )
    return Calendar([notice], [key("17 09:30", "19 10:30"), key("21 12:00")])


CHANGED = version(days=Days.WORKDAYS, schedule="0 8 * * *", key_schedule="15 * * * *")


def test_each_slot_goes_by_the_calendar_of_its_own_time() -> None:
    one = version(days=Days.WORKDAYS, schedule="0 8,15 * * *")
    notice = Notice(
        year=2026, days=(NoticeDay(day=date(2026, 11, 20), is_workday=False, name="元旦"),), since=at("20 09:00")
    )
    found = slots(one, since="19 00:00", until="20 23:00", days=Calendar([notice]))
    assert when(found) == ["19 08:00", "19 15:00", "20 08:00"], "in the morning it was still a workday"


@pytest.mark.parametrize("step", [timedelta(minutes=7), timedelta(hours=5), timedelta(days=3)])
def test_a_plan_in_pieces_is_the_plan(step: timedelta) -> None:
    """The roster is written tick by tick: every slot must come out as when it is planned in one go, `latest` too."""
    since, until, days = at("16 00:00"), at("22 00:00"), changing()
    whole = list(planned([CHANGED], since, until, days))
    ends = [since + number * step for number in range(int((until - since) / step) + 2)]
    pieces = [slot for start, end in pairwise(ends) for slot in planned([CHANGED], start, min(end, until), days)]
    assert len(whole) == 1 + 15 + 25 + 12 + 0 + 12
    assert pieces == whole


def test_a_plan_is_not_held_in_memory() -> None:
    queries = tuple(WatchQuery(words=f"查询{number}") for number in range(1000))
    endless = planned(
        [version(queries=queries, schedule="* * * * *")],
        at("01 00:00"),
        at("01 00:00") + timedelta(days=3650),
        Calendar(),
    )
    assert len(list(islice(endless, 2500))) == 2500


def test_versions_of_several_watches_come_in_the_order_of_time() -> None:
    other = WatchVersion(watch_id=2, version=1, watch=version().watch, since=at("01 00:00"), until=None, by="甲")
    found = slots(version(schedule="0 8,10 * * *"), other, since="20 00:00", until="20 23:00")
    assert [(one.watch_id, moment) for one, moment in zip(found, when(found), strict=True)] == [
        (1, "20 08:00"), (2, "20 08:00"), (1, "20 10:00"),
    ]  # fmt: skip


def test_a_year_without_a_time_costs_no_minutes() -> None:
    """Days are walked, minutes are not: a leap day's schedule over ten years looks at days only."""
    rare = version(schedule="0 8 29 2 *").watch
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = [moment for moment, _, _ in times(rare, start, start + timedelta(days=3653), Calendar())]
    assert [f"{moment:%Y-%m-%d}" for moment in found] == ["2028-02-29", "2032-02-29"]
