"""Days of China: the library's years, imported ones, those nobody knows, and key dates."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crawler.errors import UserMistake
from crawler.holidays import KeyDate, Notice, NoticeDay
from patrol.calendar import ASSUMED, Calendar, checked_key_date, noticed_year

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2026, 6, 1, tzinfo=UTC)


def off(day: str, name: str) -> NoticeDay:
    return NoticeDay(day=date.fromisoformat(day), is_workday=False, name=name)


def key(first: str, last: str = "", lead: int = 0, name: str = "自定", **moments: datetime) -> KeyDate:
    return KeyDate(name=name, first=first, last=last or first, lead=lead, since=moments.get("since", T0),
                   until=moments.get("until"))  # fmt: skip


def is_key(keys: list[KeyDate], day: str, notices: tuple[Notice, ...] = ()) -> bool:
    return Calendar(notices, keys).kind_of(date.fromisoformat(day)).is_key


@pytest.mark.parametrize(
    ("day", "is_workday", "is_key_day"),
    [
        ("2026-02-14", True, False),  # a Saturday that is worked for 春节
        ("2026-02-16", False, True),  # 除夕
        ("2026-04-06", False, False),  # 清明 is a holiday, but no key date
        ("2026-05-01", False, True),
        ("2026-09-25", False, True),  # 中秋
        ("2026-10-01", False, True),
        ("2026-10-10", True, False),  # a Saturday that is worked for 国庆
        ("2026-11-20", True, False),
        ("2026-11-21", False, False),
    ],
)
def test_known_years_are_the_librarys(day: str, is_workday: bool, is_key_day: bool) -> None:
    kind = Calendar().kind_of(date.fromisoformat(day))
    assert (kind.is_workday, kind.is_key, kind.assumed) == (is_workday, is_key_day, "")


def test_an_unknown_year_counts_weekdays_and_says_so() -> None:
    days = Calendar()
    assert not days.is_known(2099)
    friday, saturday = (days.kind_of(date(2099, 1, day)) for day in (2, 3))
    assert (friday.is_workday, friday.assumed) == (True, ASSUMED)
    assert (saturday.is_workday, saturday.assumed) == (False, ASSUMED)
    assert days.kind_of(date(2099, 5, 1)).is_key, "stands in the law, whatever the notice will say"


def test_an_imported_year_wins_and_is_no_longer_assumed() -> None:
    notice = Notice(
        year=2099,
        days=(
            NoticeDay(day=date(2098, 12, 28), is_workday=True, name="元旦"),
            off("2099-01-02", "元旦"),
            off("2099-02-10", "春节"),
        ),
        since=T0,
    )
    days = Calendar([notice])
    assert days.is_known(2099)
    assert days.kind_of(date(2099, 1, 2)).is_workday is False
    assert days.kind_of(date(2099, 1, 5)).assumed == ""
    assert days.kind_of(date(2099, 2, 10)).is_key
    assert days.kind_of(date(2099, 5, 1)).is_key is False, "the notice does not say it is off"
    assert days.kind_of(date(2098, 12, 28)).assumed == "", "told by the next year's notice"
    assert days.kind_of(date(2098, 12, 29)).assumed == ASSUMED


def test_the_last_notice_of_a_year_counts() -> None:
    earlier = Notice(year=2026, days=(off("2026-11-20", "国庆"),), since=T0)
    later = Notice(year=2026, days=(off("2026-11-19", "国庆"),), since=T1)
    days = Calendar([earlier, later])
    assert days.kind_of(date(2026, 11, 20)).is_workday
    assert not days.as_of(T1).kind_of(date(2026, 11, 20)).is_workday, "as it was before the second one"


@pytest.mark.parametrize(
    ("one", "inside", "outside"),
    [
        (key("04-20", "04-26"), ("2026-04-20", "2031-04-26"), ("2026-04-19", "2026-04-27")),
        (key("04-26", lead=3), ("2026-04-23", "2026-04-26"), ("2026-04-22", "2026-04-27")),
        (key("12-30", "01-02"), ("2026-12-30", "2027-01-02"), ("2026-12-29", "2027-01-03")),
        (key("01-01", lead=2), ("2026-12-30", "2027-01-01"), ("2026-12-29", "2027-01-02")),
        (key("02-29"), ("2028-02-29",), ("2026-03-01", "2026-02-28")),
        (key("2026-11-18", "2026-11-20"), ("2026-11-18", "2026-11-20"), ("2026-11-17", "2027-11-18")),
        (key("春节", lead=5), ("2026-02-10",), ("2026-02-09", "2026-02-24")),
        (key("端午节"), ("2026-06-19",), ("2026-06-22",)),
    ],
)
def test_key_dates(one: KeyDate, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    checked_key_date(one)
    assert [is_key([one], day) for day in inside] == [True] * len(inside)
    assert [is_key([one], day) for day in outside] == [False] * len(outside)


def test_a_holiday_is_known_by_either_name() -> None:
    notice = Notice(year=2099, days=(off("2099-04-30", "五一"),), since=T0)
    assert is_key([key("劳动节", lead=1)], "2099-04-29", (notice,))


def test_a_change_of_key_dates_holds_only_for_what_comes_after() -> None:
    one = key("2026-06-01", "2026-06-10", since=T0, until=T1)
    days = Calendar((), [one])
    assert days.changes(T0, datetime(2026, 7, 1, tzinfo=UTC)) == (T1,)
    assert days.as_of(T1).kind_of(date(2026, 6, 2)).is_key
    assert not days.as_of(datetime(2026, 6, 2, tzinfo=UTC)).kind_of(date(2026, 6, 2)).is_key
    assert not days.kind_of(date(2026, 6, 2)).is_key


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (key("13-01"), "不是日期"),
        (key("2026-02-30"), "不是日期"),
        (key("明天"), "不是日期"),
        (key("04-26", "2026-04-27"), "写法一样"),
        (key("2026-04-26", "2026-04-25"), "早于首日"),
        (key("04-26", lead=61), "提前"),
        (key("04-26", lead=-1), "提前"),
        (key("春节", "中秋"), "末日"),
    ],
)
def test_key_dates_that_cannot_be(one: KeyDate, why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        checked_key_date(one)


def test_a_notice_is_of_one_year() -> None:
    assert noticed_year([off("2098-12-31", "元旦"), off("2099-01-01", "元旦")]) == 2099
    for days in (
        ["2098-11-30", "2099-01-01"],
        ["2097-12-31", "2099-01-01"],
        ["2098-12-31", "2099-01-01", "2097-12-31"],
    ):
        with pytest.raises(UserMistake, match="只能是一年"):
            noticed_year([off(day, "元旦") for day in days])
