"""Figures after what people really did: whatever random officers do with leads, the figures are the rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from empty_home import laid
from people_specimens import someone
from report_specimens import complaints
from sqlalchemy import Engine, select

from casework.acting import Acting, Grant
from casework.reports.period import Asked, days, district_lines, period_report
from casework.review.deciding import approve, claim, confirm, dismiss
from casework.review.desk import Desk
from crawler.errors import UserMistake
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows
from storage.cases.leads import WorkedLeads, lead_of
from storage.cases.moves import State, Step
from storage.cases.shapes import NewLead, WorkedLead
from storage.db import open_database, writing
from storage.tables.leads import LeadRow, MoveRow

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
ACTS = (claim, confirm, dismiss, approve)
LEADS, TRIES = 12, 60


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    yield engine
    engine.dispose()


def registered(engine: Engine, number: int, by: Acting) -> WorkedLead:
    at = AT + timedelta(days=20 * number)
    new = NewLead(
        source=("field", "report")[number % 2],
        platform="baidu",
        title=f"示例线索 {number}",
        url=f"https://www.example.com/{number}",
        categories=("guaranteed_grant",),
        district=("示例甲区", "")[number % 2],
        found_at=at,
        registered_at=at,
    )
    with writing(engine).begin() as connection:
        return WorkedLeads(engine).register(connection, new, by.sign)


@pytest.mark.parametrize("seed", [51])
def test_figures_are_the_rows_after_random_acts(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    people = [
        someone(engine, name, *grants)
        for name, grants in (
            ("示例初审", (Grant.EXAMINER,)),
            ("示例复核", (Grant.REVIEWER,)),
            ("示例两样", (Grant.EXAMINER, Grant.REVIEWER)),
        )
    ]
    leads = [registered(engine, number, people[0]) for number in range(LEADS)]
    done = 0
    for step in range(TRIES):
        desk = Desk(engine=engine, acting=chance.choice(people), now=AT + timedelta(days=250, hours=step))
        try:
            lead = WorkedLeads(engine).lead(chance.choice(leads).id)
            act = chance.choice(ACTS)
            act(desk, [lead], reason="示例理由") if act is not claim else act(desk, [lead])
            done += 1
        except UserMistake:
            continue
    assert done >= LEADS
    _assert_rows(engine)


def _assert_rows(engine: Engine) -> None:
    period = days(date(2026, 1, 1), date(2026, 12, 31))
    asked = Asked(settings=Reports(), label_of=str, now=AT + timedelta(days=300))
    with engine.connect() as connection:
        leads = [lead_of(row) for row in connection.execute(select(*LeadRow.__table__.columns))]
        moves = connection.execute(select(MoveRow.id, MoveRow.move)).all()
        report = period_report(FigureRows(connection), period, asked)
        *districts, whole = district_lines(FigureRows(connection), period, asked)
    assert complaints(report) == []
    conclusions, acts = report.group("leads.conclusion"), report.group("acts")
    assert set(conclusions.part("true").ids) == {one.id for one in leads if one.approved_by}
    assert set(conclusions.part("false").ids) == {one.id for one in leads if one.state == State.DISMISSED}
    assert all(one.approved_by != one.decided_by for one in leads if one.approved_by)
    for step in Step:
        assert set(acts.part(step).ids) == {one.id for one in moves if one.move == step}
    for name, moment in (("told", "told_at"), ("handled", "handled_at"), ("answered", "answered_at")):
        waiting = report.group(f"leads.{name}").part("waiting").ids
        assert set(waiting) == {one.id for one in leads if getattr(one, moment) is None}
    for place, part in enumerate(whole.parts):
        assert sum(one.parts[place].figure.value for one in districts) == part.figure.value
