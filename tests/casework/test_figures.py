"""Figures: always equal to the rows, and their parts to the whole, whatever the home and whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from report_specimens import BEGIN, DISTRICTS, actor_values, complaints, lead_values, move_values, random_home
from sqlalchemy import Engine, insert, select
from storage_specimens import database_of

from casework.reports.figures import Group, Report
from casework.reports.lead_figures import conclusion
from casework.reports.period import Asked, DistrictLine, days, district_lines, figures_of, month, period_report
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows, Period
from storage.db import open_database, writing
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ASKED = Asked(settings=Reports(), label_of=str, now=NOW)
PERIODS = (
    days(date(2026, 11, 1), date(2026, 11, 30)),
    days(date(2026, 1, 1), date(2026, 12, 31)),
    days(date(2026, 3, 5), date(2026, 3, 5)),
    days(date(2026, 6, 1), date(2026, 8, 31), DISTRICTS[:2]),
)

NOTHING = {
    "leads.platform": "不明",
    "leads.district": "未分派",
    "leads.category": "未归类",
}  # what rows without one are


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    yield engine
    engine.dispose()


def report_of(engine: Engine, period: Period) -> Report:
    with engine.connect() as connection:
        return period_report(FigureRows(connection), period, ASKED)


def rows_of(engine: Engine, table: object) -> list[object]:
    """Everything, the plain way: what no figure may do."""
    with engine.connect() as connection:
        return list(connection.execute(select(*table.__table__.columns)))


def is_within(period: Period, at: datetime | None) -> bool:
    return at is not None and period.since <= at < period.until


def sees(period: Period, district: str) -> bool:
    return not period.districts or district in period.districts


@pytest.mark.parametrize(("seed", "at_once"), [(1, 1000), (2, 1), (3, 7)])
def test_figures_are_the_rows(engine: Engine, seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.cases.figure_rows.BATCH", at_once)
    random_home(engine, seed)
    leads, moves = rows_of(engine, LeadRow), rows_of(engine, MoveRow)
    letters, links = rows_of(engine, LetterRow), rows_of(engine, LetterLeadRow)
    of = {one.id: one for one in leads}
    for period in PERIODS:
        report = report_of(engine, period)
        mine = [one for one in leads if is_within(period, one.registered_at) and sees(period, one.district)]
        for name, key in (
            ("source", lambda one: [one.source]),
            ("platform", lambda one: [one.platform]),
            ("district", lambda one: [one.district]),
            ("state", lambda one: [one.state]),
            ("category", lambda one: one.categories or [""]),
        ):
            same_parts(report.group(f"leads.{name}"), mine, key)
        assert set(report.group("leads.source").whole.ids) == {one.id for one in mine}
        acts = [one for one in moves if is_within(period, one.at) and sees(period, of[one.lead_id].district)]
        same_parts(report.group("acts"), acts, lambda one: [one.move])
        seen = {one.letter_id for one in links if sees(period, of[one.lead_id].district)}
        for group, column in (("drafted.kind", "drafted_at"), ("sent.kind", "sent_at")):
            written = [one for one in letters if is_within(period, getattr(one, column))]
            written = [one for one in written if one.id in seen or not period.districts]
            same_parts(report.group(group), written, lambda one: [one.kind])
        sent = {one.id for one in letters if is_within(period, one.sent_at)}
        named = {one.lead_id for one in links if one.letter_id in sent and sees(period, of[one.lead_id].district)}
        assert set(report.group("named.measure").whole.ids) == named


def same_parts(group: Group, rows: Sequence[object], keys: Callable[[object], Sequence[str]]) -> None:
    found: dict[str, set[int]] = {}
    for row in rows:
        for key in keys(row):
            found.setdefault(f"{group.name}.{key or NOTHING[group.name]}", set()).add(row.id)
    assert {one.figure.name: set(one.figure.ids) for one in group.parts if one.figure.ids} == found


@pytest.mark.parametrize("seed", [4])
def test_parts_add_up(engine: Engine, seed: int) -> None:
    random_home(engine, seed)
    for period in PERIODS:
        report = report_of(engine, period)
        assert complaints(report) == []


def test_a_figure_that_is_not_its_rows_is_seen(engine: Engine) -> None:
    random_home(engine, 7)
    report = report_of(engine, PERIODS[1])
    group = report.group("leads.source")
    lost = replace(group, parts=group.parts[1:])
    more = replace(group.parts[0], figure=replace(group.parts[0].figure, value=10**6))
    others = tuple(one for one in report.groups if one is not group)
    assert complaints(replace(report, groups=(lost, *others))) == ["leads.source"]
    wrong = complaints(replace(report, groups=(replace(group, parts=(more, *group.parts[1:])), *others)))
    assert wrong == [more.figure.name, "leads.source"]


def test_no_figure_has_an_empty_name_and_none_has_two_parts(engine: Engine) -> None:
    """A row that has been given by hand the very word that stands for none is counted with those."""
    at = datetime(2026, 11, 3, tzinfo=UTC)
    with writing(engine).begin() as connection:
        given = [lead_values(number, at, district=word) for number, word in enumerate(("", "未分派", "示例甲区"), 1)]
        connection.execute(insert(LeadRow), given)
    report = report_of(engine, PERIODS[0])
    assert [one.figure.name for one in report.parts() if one.figure.name.endswith(".")] == []
    assert {(one.figure.name, one.label): one.figure.ids for one in report.group("leads.district").parts} == {
        ("leads.district.未分派", "未分派"): (1, 2),
        ("leads.district.示例甲区", "示例甲区"): (3,),
    }
    assert complaints(report) == []


def test_a_year_is_its_months(engine: Engine) -> None:
    random_home(engine, 8)
    year = report_of(engine, PERIODS[1])
    months = [report_of(engine, days(*month(f"2026-{number:02}"))) for number in range(1, 13)]
    for name in ("leads.source", "acts", "drafted.kind", "sent.kind"):
        whole = year.group(name).whole
        assert sum(one.group(name).whole.value for one in months) == whole.value
        assert {row for one in months for row in one.group(name).whole.ids} == set(whole.ids)
    told = {one.figure.name[-7:]: one.figure.value for one in year.group("leads.month").parts}
    assert [told[f"2026-{number:02}"] for number in range(1, 13)] == [
        one.group("leads.source").whole.value for one in months
    ]


@pytest.mark.parametrize("seed", [9])
def test_districts_add_up_to_the_whole(engine: Engine, seed: int) -> None:
    random_home(engine, seed)
    for period in PERIODS:
        with engine.connect() as connection:
            lines = district_lines(FigureRows(connection), period, ASKED)
        *districts, whole = lines
        assert lines_add_up(districts, whole)
        assert {one.district for one in districts} <= set(period.districts or DISTRICTS)
        names = [one.figure.name for one in figures_of(lines)]
        assert len(names) == len(set(names))
    assert not lines_add_up(districts[1:], whole)


def lines_add_up(districts: Sequence[DistrictLine], whole: DistrictLine) -> bool:
    return all(
        sum(one.parts[place].figure.value for one in districts) == part.figure.value
        and {row for one in districts for row in one.parts[place].figure.ids} == set(part.figure.ids)
        for place, part in enumerate(whole.parts)
    )


def test_whoever_has_a_district_sees_no_other(engine: Engine) -> None:
    random_home(engine, 11)
    mine = report_of(engine, PERIODS[3])
    parts = mine.group("leads.district").parts
    assert {one.label for one in parts} <= set(DISTRICTS[:2])
    everybody = {one.id: one.district for one in rows_of(engine, LeadRow)}
    for part in mine.parts():
        if part.figure.of == "leads":
            assert {everybody[one] for one in part.figure.ids} <= set(DISTRICTS[:2])


def test_times_are_measured_from_registration(engine: Engine) -> None:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    rows = [
        lead_values(1, at, told_at=at + timedelta(hours=24), handled_at=at + timedelta(hours=10)),
        lead_values(2, at, told_at=at + timedelta(hours=24, seconds=1)),
        lead_values(3, at),
    ]
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), rows)
    report = report_of(engine, PERIODS[0])
    told = report.group("leads.told")
    assert [told.part(key).ids for key in ("within", "late", "waiting")] == [(1,), (2,), (3,)]
    assert [round(one.hours, 3) if one.hours else None for one in report.middles[:3]] == [24.0, 10.0, None]
    assert [one.over.ids for one in report.middles[:3]] == [(1, 2), (1,), ()]


def test_a_repeat_offender_was_approved_twice_whoever_he_was_joined_from(engine: Engine) -> None:
    before, at = datetime(2025, 3, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    with writing(engine).begin() as connection:
        for values in (
            actor_values(1),
            actor_values(2, merged_into=1),
            actor_values(3, merged_into=2),
            actor_values(4),
        ):
            connection.execute(insert(ActorRow).values(values))
        connection.execute(
            insert(LeadRow),
            [
                lead_values(1, before, actor_id=3, state="closed", approved_at=before),
                lead_values(2, at, actor_id=1, state="approved", approved_at=at),
                lead_values(3, at, actor_id=4, state="approved", approved_at=at),
                lead_values(4, at, actor_id=4, state="dismissed"),
            ],
        )
    group = report_of(engine, PERIODS[0]).group("actors.repeat")
    assert (group.whole.ids, group.part("repeat").ids, group.part("other").ids) == ((1, 4), (1,), (4,))


def test_rates_are_of_what_was_judged(engine: Engine) -> None:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    states = ("approved", "closed", "closed", "dismissed", "new", "merged", "confirmed")
    rows = [
        lead_values(number, at, state=state, approved_at=at if number in {1, 2} else None)
        for number, state in enumerate(states, 1)
    ]
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), rows)
        facts = [conclusion(one) for one in FigureRows(connection).leads(PERIODS[0])]
    assert facts == ["true", "true", "false", "false", "open", "merged", "to_review"]
    true, false = report_of(engine, PERIODS[0]).rates[:2]
    assert (true.share, false.share, true.among.ids) == (0.5, 0.5, (1, 2, 3, 4))
    assert report_of(engine, PERIODS[2]).rates[0].share is None


def test_days_are_shanghai_days() -> None:
    period = days(*month("2026-11"))
    assert period.since == datetime(2026, 11, 1, tzinfo=SHANGHAI)
    assert period.until == datetime(2026, 12, 1, tzinfo=SHANGHAI)
    assert month("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))
    for word in ("2026", "2026-13", "", "2026-11-20"):
        with pytest.raises(UserMistake):
            month(word)
    with pytest.raises(UserMistake):
        days(date(2026, 2, 1), date(2026, 1, 1))


def test_figures_cost_what_fell_into_the_period(tmp_path: Path) -> None:
    """Counted in steps of the database's machine: a home with forty times the leads costs the same month no more."""
    costs = []
    for years in (1, 40):
        engine = open_database(tmp_path / f"{years}.db")
        at, month_of_interest = datetime(2026, 11, 3, tzinfo=UTC), PERIODS[0]
        with writing(engine).begin() as connection:
            many = [
                (number, at if number <= 50 else BEGIN - timedelta(days=number))
                for number in range(1, 50 + 100 * years)
            ]
            connection.execute(insert(LeadRow), [lead_values(number, moment) for number, moment in many])
            connection.execute(insert(MoveRow), [move_values(number, number, moment) for number, moment in many])
        costs.append(steps(engine, month_of_interest))
        engine.dispose()
    assert costs[1] < costs[0] * 1.2


def steps(engine: Engine, period: Period) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with engine.connect() as connection:
        connection.connection.driver_connection.set_progress_handler(count, 10)
        period_report(FigureRows(connection), period, ASKED)
        connection.connection.driver_connection.set_progress_handler(None, 0)
    assert counted
    return counted
