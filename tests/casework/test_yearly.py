"""The yearly summary, charts and trend: what they say, what they leave to people, and that they repeat."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from docx import Document
from empty_home import laid
from PIL import Image
from report_specimens import BEGIN, DISTRICTS, HOSTILE, exhibit_on, lead_values, random_home
from sqlalchemy import Engine, insert, update

from casework.reports.charts import FONTS, Chart, Series, bars, lines, shares, stacked
from casework.reports.coverage import NO_ROUNDS, Covered, Looks, PlatformCoverage, statement, table
from casework.reports.period import Asked, days, district_lines, period_report
from casework.reports.summary_docx import summary_docx
from casework.reports.trend import BLANK, PARTLY, trend_chart, trend_of
from casework.reports.yearly import BY_HAND, SupervisionFacts, YearFacts, summary
from crawler.errors import UserMistake
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows, Period
from storage.cases.trend_rows import Mention, mentions
from storage.db import open_database, writing
from storage.models import FindingRow, ListingRow
from storage.tables.leads import LeadRow

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
BAIDU = PlatformCoverage(label="百度", planned=10, seen=6, unseen=3, open=1, blocked=2, missed=1, ads_unproven=True)
COVERED = Covered(first=date(2026, 1, 1), last=date(2026, 12, 31), as_of="2026-11-20 12:00:00", platforms=(BAIDU,))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    yield engine
    engine.dispose()


def facts_of(engine: Engine, **changes: object) -> YearFacts:
    period = days(date(2026, 1, 1), date(2026, 12, 31))
    asked = Asked(settings=Reports(), label_of=str, now=NOW)
    with engine.connect() as connection:
        rows = FigureRows(connection)
        report, districts = period_report(rows, period, asked), district_lines(rows, period, asked)
    known = SupervisionFacts(agencies=12, looked_for=3, seen=2, closely=1, draws=())
    facts = YearFacts(
        year=2026, office="示例市知识产权局", to="示例处", due=date(2026, 11, 15), now=NOW, report=report,
        districts=districts, supervision=known, published=2, covered=COVERED,
    )  # fmt: skip
    return replace(facts, **changes)


def words_of(content: bytes) -> str:
    document = Document(BytesIO(content))
    cells = [cell.text for one in document.tables for row in one.rows for cell in row.cells]
    return "\n".join([*(one.text for one in document.paragraphs), *cells])


# -- the summary -------------------------------------------------------------------------------


def test_a_summary_has_every_part_and_its_numbers(engine: Engine) -> None:
    random_home(engine, 31)
    facts = facts_of(engine)
    told = words_of(summary_docx(summary(facts)))
    for heading in "一、总体情况 二、线索 三、平台处置 四、机构监管 五、执法 六、非正常申请 七、宣传引导".split():
        assert heading in told
    for heading in "八、典型案例 九、经验做法 十、问题建议和下步打算 附：覆盖说明".split():
        assert heading in told
    assert f"登记线索 {facts.report.group('leads.source').whole.value} 条" in told
    assert "公示曝光 2 条" in told
    assert f"罚没金额（万元）：{BY_HAND}" in told
    assert "已逾期 5 天" in told
    assert "报送示例处" in told
    assert "广告识别未经真实页面验证：百度" in told


def test_a_summary_in_time_says_how_long_there_is(engine: Engine) -> None:
    assert "还有 25 天" in words_of(summary_docx(summary(facts_of(engine, due=date(2026, 12, 15)))))


def test_who_sees_some_districts_says_so(engine: Engine) -> None:
    told = words_of(summary_docx(summary(facts_of(engine, districts_only=DISTRICTS[:2]))))
    assert f"只含 {DISTRICTS[0]}、{DISTRICTS[1]}" in told


def test_an_empty_year_is_a_summary_too(engine: Engine) -> None:
    told = words_of(summary_docx(summary(facts_of(engine, covered=replace(COVERED, platforms=())))))
    assert "登记线索 0 条" in told
    assert NO_ROUNDS in told


def test_the_same_summary_is_the_same_bytes(engine: Engine) -> None:
    random_home(engine, 32)
    once = summary_docx(summary(facts_of(engine)))
    assert once == summary_docx(summary(facts_of(engine)))


def test_every_chart_of_a_summary_can_be_read_aloud(engine: Engine) -> None:
    random_home(engine, 33)
    content = summary_docx(summary(facts_of(engine)))
    shapes = Document(BytesIO(content)).inline_shapes
    assert len(shapes) == 5
    for shape in shapes:
        assert len(shape._inline.docPr.get("descr")) > 10
        assert shape._inline.docPr.get("title")
    with zipfile.ZipFile(BytesIO(content)) as packed:
        pictures = [Image.open(BytesIO(packed.read(one))) for one in packed.namelist() if one.endswith(".png")]
    assert {one.width for one in pictures} == {1200}


def test_hostile_names_break_no_summary(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        hostile = lead_values(1, NOW, district=HOSTILE, source=HOSTILE, platform=HOSTILE, categories=[HOSTILE])
        connection.execute(insert(LeadRow), [hostile])
    told = words_of(summary_docx(summary(facts_of(engine))))
    assert "\x07" not in told
    assert "{{ 7*7 }}" in told


# -- charts ------------------------------------------------------------------------------------


def test_charts_repeat_to_the_byte_and_are_told_in_words() -> None:
    two = [Series(name="属实", values=(1, 2)), Series(name="误报", values=(0, 5))]
    for make in (
        lambda: bars("类别", ["包授权", "挂证"], [3, 1]),
        lambda: stacked("每月", ["1月", "2月"], two),
        lambda: shares("第一时间", ["通报", "处理"], two),
        lambda: lines("走势", ["11-02", "11-09"], two, "svg"),
    ):
        chart = make()
        assert chart == make()
        assert chart.title in chart.words
    assert "通报（属实 1，误报 0）" in shares("第一时间", ["通报", "处理"], two).words
    for empty in (bars("类别", [], []), lines("走势", [], []), stacked("每月", [], [])):
        assert empty.words.endswith("没有")


def test_a_chart_of_one_value_is_small() -> None:
    """Neither as high as one of many, nor a bar across the page."""
    one, many = (bars("类别", ["包授权"] * times, [2] * times) for times in (1, 8))
    pictures = [np.asarray(Image.open(BytesIO(chart.content)).convert("RGB")) for chart in (one, many)]
    assert pictures[0].shape[0] < pictures[1].shape[0] / 2
    blue = np.all(pictures[0] == (0, 0x72, 0xB2), axis=-1)
    rows, columns = np.where(blue)
    assert np.ptp(rows) < 60  # dots, of 150 an inch
    assert np.ptp(columns) < pictures[0].shape[1] / 2
    alone = stacked("每月", ["1月"], [Series(name="属实", values=(2,))])
    picture = np.asarray(Image.open(BytesIO(alone.content)).convert("RGB"))
    middle = picture[picture.shape[0] // 2]  # above the key
    assert 0 < np.count_nonzero(np.all(middle == (0, 0x72, 0xB2), axis=-1)) < picture.shape[1] / 4


def test_without_a_chinese_font_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.reports.charts.FONTS", ("示例字体",))
    with pytest.raises(UserMistake, match="中文字体"):
        bars("类别", ["包授权"], [1])
    assert FONTS[0] == "Noto Sans CJK SC"


# -- the trend ---------------------------------------------------------------------------------


def mention(day: int, listing: str, *categories: str) -> Mention:
    at = datetime(2026, 11, 1, 20, tzinfo=UTC) + timedelta(days=day)  # the next day already in Shanghai
    return Mention(seen_at=at, listing=listing, categories=frozenset(categories))


def test_a_listing_counts_once_a_week() -> None:
    seen = [
        mention(0, "a", "guaranteed_grant"),
        mention(1, "a", "guaranteed_grant"),
        mention(1, "b", "green_channel", "guaranteed_grant"),
        mention(7, "a", "guaranteed_grant"),
    ]
    days = [Looks(day=date(2026, 11, day), seen=2, unseen=0) for day in (2, 10, 20)]
    found = trend_of(seen, days, date(2026, 11, 2), date(2026, 11, 20))
    assert found.weeks == (date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16))
    assert found.categories == {"guaranteed_grant": (2, 1, 0), "green_channel": (1, 0, 0)}
    assert found.listings == (2, 1, 0)
    assert (found.blank, found.partly) == ((), ())


def test_a_week_in_which_nobody_saw_a_page_is_no_zero() -> None:
    """The second was blocked throughout, nobody looked in the third, a part of the fifth was blocked."""
    seen = [mention(0, "a", "guaranteed_grant"), mention(28, "a", "guaranteed_grant")]
    looks = ((2, 3, 0), (9, 0, 4), (23, 1, 0), (30, 2, 2))
    days = [Looks(day=date(2026, 11, day), seen=saw, unseen=lost) for day, saw, lost in looks]
    found = trend_of(seen, days, date(2026, 11, 2), date(2026, 12, 2))
    assert found.listings == found.categories["guaranteed_grant"] == (1, None, None, 0, 1)
    assert (found.blank, found.partly) == ((1, 2), (4,))
    drawn = trend_chart(found, "svg")
    assert BLANK in drawn.words
    assert PARTLY in drawn.words
    assert "11-09（包授权 空白）；11-16（包授权 空白）；11-23（包授权 0）" in drawn.words
    assert drawn.content.count(b"fill: #e4e4e4") == 2
    days = [Looks(day=one, seen=1, unseen=0) for one in found.weeks]
    whole = trend_chart(trend_of(seen, days, date(2026, 11, 2), date(2026, 12, 2)), "svg")
    assert not any(words in whole.words for words in (BLANK, PARTLY, "空白"))
    assert b"fill: #e4e4e4" not in whole.content


def test_what_was_found_where_no_look_was_clean_is_told_as_a_part() -> None:
    found = trend_of([mention(0, "a", "green_channel")], [], date(2026, 11, 2), date(2026, 11, 9))
    assert (found.listings, found.blank, found.partly) == ((1, None), (1,), (0,))


def test_months_without_a_look_are_named_as_such(engine: Engine) -> None:
    days = (Looks(day=date(2026, 11, 3), seen=1, unseen=0), Looks(day=date(2026, 10, 3), seen=0, unseen=9))
    chart = next(
        one
        for one in summary(facts_of(engine, covered=replace(COVERED, days=days))).parts
        if isinstance(one, Chart) and one.title == "每月登记的线索"
    )
    blank = "、".join(f"{month}月" for month in range(1, 11))
    assert chart.words.endswith(f"灰底：该月没有看到任何页面，不等于没有违法信息。{blank}")
    assert "11月（属实 0" in chart.words
    assert "12月" not in chart.words


def test_what_no_longer_stands_is_no_mention(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), [lead_values(1, BEGIN, district=DISTRICTS[0])])
        for number in (1, 2, 3):
            exhibit_on(connection, number, 1 if number == 1 else None, BEGIN)
        connection.execute(update(FindingRow).where(FindingRow.exhibit_id == 2).values(replaced_in=1))
        connection.execute(update(FindingRow).where(FindingRow.exhibit_id == 3).values(state="trial"))
        connection.execute(update(ListingRow).values(points=70))
        whole = Period(since=BEGIN, until=BEGIN + timedelta(days=1))
        assert [one.listing for one in mentions(connection, whole)] == ["key1"]
        mine, others = (replace(whole, districts=(one,)) for one in DISTRICTS[:2])
        assert [one.listing for one in mentions(connection, mine)] == ["key1"]
        assert list(mentions(connection, others)) == []


# -- what stands with them ---------------------------------------------------------------------


def test_what_was_blocked_is_said() -> None:
    lines = "".join(statement(COVERED))
    assert "应查 10 项，看到 6 项，没有看到 3 项，还没有结果 1 项" in lines
    assert "不是“没有违法信息”" in lines
    assert table(COVERED)[-1] == ("合计", "10", "6", "3", "2", "1", "1", "")
    blind = replace(COVERED, platforms=(replace(BAIDU, seen=0, unseen=9),), never_seen=("百度「包授权」",), unwritten=4)
    lines = "".join(statement(blind))
    assert "一项也没有看到的平台：百度" in lines
    assert "没有任何记录的 4 项" in lines
