"""`lantian calendar` as a person types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Ran
from tests.console.test_watching import acts

Run = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("made_home")
ADD = ("calendar", "key-date", "add")


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "2099.csv"
    path.write_text("date,kind,name\n2099-01-02,休,元旦\n2099-01-10,班,元旦\n", encoding="utf-8")
    return path


def test_a_notice_is_taken_in_once_and_says_who(here: Run, notice: Path, tmp_path: Path) -> None:
    before = here("calendar", "show", "--from", "2099-01-02", "--to", "2099-01-02", "--json")
    assert before.lines == [
        {"date": "2099-01-02", "is_workday": True, "is_key": False, "name": "", "assumed": "暂按周末推算"}
    ]
    assert "2099 年的放假安排还不知道" in before.err
    taken = here("calendar", "import", notice, "--by", "甲")
    assert "已导入 2099 年放假通知：放假 1 天，调休上班 1 天" in taken.err
    assert "没有春节、清明、劳动、端午、中秋、国庆的放假日" in taken.err
    assert "没有再导入" in here("calendar", "import", notice, "--by", "乙").err
    (listed,) = here("calendar", "list", "--json").lines
    assert (listed["year"], listed["imported_by"], listed["is_current"], len(listed["days"])) == (2099, "甲", True, 2)
    shown = here("calendar", "show", "--from", "2099-01-01", "--to", "2099-01-10")
    assert "2099-01-02 星期五  休  元旦" in shown.out
    assert "推算" not in shown.out + shown.err
    assert acts(tmp_path / "home") == [("甲", "holidays_imported", "2099")]


def test_a_plan_goes_by_what_was_imported(here: Run, notice: Path) -> None:
    here("watch", "add", "日", "--schedule", "0 8 * * *", "--days", "workdays", "--by", "甲", "--platforms", "baidu",
         "--query", "专利")  # fmt: skip
    plan = ("watch", "plan", "--from", "2099-01-01", "--to", "2099-01-11", "--json")
    days = [one["planned_at"][:10] for one in here(*plan).lines]
    assert [day[-2:] for day in days] == ["01", "02", "05", "06", "07", "08", "09"]
    here("calendar", "import", notice, "--by", "甲")
    after = here(*plan).lines
    assert [one["planned_at"][8:10] for one in after] == ["01", "05", "06", "07", "08", "09", "10"]
    assert {one["assumed"] for one in after} == {""}


def test_a_refused_notice_changes_nothing(here: Run, notice: Path) -> None:
    notice.write_text("date,kind,name\n2099-01-02,休,元旦\n2099-01-02,休,元旦\n", encoding="utf-8")
    refused = here("calendar", "import", notice, "--by", "甲")
    assert (refused.code, "第 3 行" in refused.err) == (2, True)
    assert here("calendar", "list", "--json").out == ""
    assert "还没有导入" in here("calendar", "list").err


def test_a_corrected_notice_takes_the_place_of_the_first(here: Run, notice: Path) -> None:
    here("calendar", "import", notice, "--by", "甲")
    notice.write_text("date,kind,name\n2099-01-01,休,元旦\n", encoding="utf-8")
    here("calendar", "import", notice, "--by", "乙")
    listed = here("calendar", "list", "--json").lines
    assert [(one["imported_by"], one["is_current"]) for one in listed] == [("甲", False), ("乙", True)]
    assert "已被取代" in here("calendar", "list").out
    shown = here("calendar", "show", "--from", "2099-01-02", "--to", "2099-01-02", "--json").lines
    assert shown[0]["is_workday"]


def test_key_dates_come_and_go_with_their_history(here: Run, tmp_path: Path) -> None:
    assert here(*ADD, "知识产权日", "--on", "04-20", "--until", "04-26", "--lead", "2", "--by", "甲").code == 0
    assert "已有名为 知识产权日" in here(*ADD, "知识产权日", "--on", "04-26", "--by", "甲").err
    shown = here("calendar", "show", "--from", "2099-04-17", "--to", "2099-04-18", "--json").lines
    assert [(one["is_key"], one["name"]) for one in shown] == [(False, ""), (True, "知识产权日")]
    listed = here("calendar", "key-date", "list")
    assert "知识产权日  每年 04-20 至 04-26，提前 2 天" in listed.out
    assert "总是重点日期" in listed.err
    here("calendar", "key-date", "remove", "知识产权日", "--by", "乙")
    assert here("calendar", "key-date", "list", "--json").out == ""
    (gone,) = here("calendar", "key-date", "list", "--all", "--json").lines
    assert (gone["added_by"], gone["removed_by"]) == ("甲", "乙")
    assert "没有名为" in here("calendar", "key-date", "remove", "知识产权日", "--by", "乙").err
    assert here(*ADD, "知识产权日", "--on", "04-26", "--by", "甲").code == 0, "the name is free again"
    assert [act for _, act, _ in acts(tmp_path / "home")] == ["key_date_added", "key_date_removed", "key_date_added"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("试", "--on", "04-31"), "不是日期"),
        (("试", "--on", "04-26", "--lead", "99"), "提前"),
        (("  ", "--on", "04-26"), "名称"),
        (("试\x1b", "--on", "04-26"), "名称"),
    ],
)
def test_key_dates_that_cannot_be(here: Run, options: tuple[str, ...], why: str) -> None:
    refused = here(*ADD, *options, "--by", "甲")
    assert refused.code == 2
    assert why in refused.err


def test_days_are_shown_for_a_stretch_that_can_be(here: Run) -> None:
    for bounds in (("2099-01-02", "2099-01-01"), ("2000-01-01", "2099-01-01"), ("x", "2099-01-01")):
        assert here("calendar", "show", "--from", bounds[0], "--to", bounds[1]).code == 2
    assert (
        "2026-10-01 星期四  休  重点  国庆节"
        in here("calendar", "show", "--from", "2026-10-01", "--to", "2026-10-01").out
    )
