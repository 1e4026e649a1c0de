"""Pages of advertisers that a claim's crawl opens: they are its own under a lease, as the claim's rows are."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from empty_home import laid
from sqlalchemy import Engine, insert, select

from crawler.items import Outcome
from storage.db import open_database
from storage.landing_leases import ROUND_LEASE
from storage.models import Run
from storage.rounds import planned_row
from storage.shapes import PlannedRun
from storage.tables.rechecks import LandingRow
from tests.storage.roster_specimens import HOUR, LEASE, MINUTE, NINE, Office

URL = "https://xinghe.example/land"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(open_database(laid(tmp_path / "lantian.db")))


def opening(engine: Engine, run: str, round_id: str, claim: str, until: datetime) -> None:
    """One that is under way. The exhibit it is for is no matter here."""
    planned = PlannedRun(id=run, platform="landing", query=f"{URL}/{run}", planned_at=NINE)
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw
        raw.execute("PRAGMA foreign_keys=OFF")
        connection.execute(insert(Run).values(planned_row(planned, round_id)))
        row = {"exhibit": "e", "url": URL, "why": "ad", "run_id": run, "at": NINE, "claim": claim}
        connection.execute(insert(LandingRow).values(**row, lease_until=until))
        connection.commit()


def outcome(engine: Engine, run: str) -> tuple[str | None, str]:
    with engine.connect() as connection:
        return tuple(connection.execute(select(Run.outcome, Run.reason).where(Run.id == run)).one())


def opened(office: Office) -> str:
    """A claim all of whose rows have ended, with one page still open."""
    office.write(office.slots())
    claimed = office.claim()
    for run in claimed.runs:
        office.rounds.finish_run(run.id, Outcome.OK, "", "", NINE)
    assert office.settle(NINE).ended == 4
    opening(office.engine, "r1", claimed.round, claimed.id, NINE + timedelta(seconds=LEASE))
    return claimed.id


def test_signs_of_life_keep_an_opening_when_all_rows_have_ended(office: Office) -> None:
    claim = opened(office)
    for minutes in (5, 14, 23):
        assert office.roster.beat(claim, NINE + minutes * MINUTE, LEASE)
        assert office.settle(NINE + minutes * MINUTE).cut == 0
    assert office.settle(NINE + 32 * MINUTE).cut == 0
    assert office.settle(NINE + 33 * MINUTE).cut == 1
    assert outcome(office.engine, "r1") == ("missed", "interrupted")
    assert not office.roster.beat(claim, NINE + 33 * MINUTE, LEASE)
    assert office.settle(NINE + 2 * HOUR).cut == 0


def test_who_is_known_to_be_dead_holds_no_opening(office: Office) -> None:
    claim = opened(office)
    assert office.roster.let_go(claim, NINE + MINUTE)
    assert office.settle(NINE + MINUTE).cut == 1
    assert not office.roster.let_go(claim, NINE + MINUTE)


def test_what_is_over_its_limits_holds_no_opening(office: Office) -> None:
    office.roster.give_up(opened(office), NINE + MINUTE, "over_limit")
    assert office.settle(NINE + MINUTE).cut == 1


def test_an_opening_that_ended_truly_stays_so(office: Office) -> None:
    opened(office)
    office.rounds.finish_run("r1", Outcome.OK, "", "", NINE)
    assert office.settle(NINE + HOUR).cut == 0
    assert outcome(office.engine, "r1") == ("ok", "")


def test_after_a_clock_that_jumped_back_no_lease_is_longer_than_a_new_one(office: Office) -> None:
    opened(office)
    opening(office.engine, "r2", office.rounds.begin_round(NINE, "t", ""), "", NINE + ROUND_LEASE)
    office.settle(NINE - 5 * HOUR)
    assert office.settle(NINE - 5 * HOUR + 10 * MINUTE).cut == 1
    assert outcome(office.engine, "r1")[0] == "missed"
    assert outcome(office.engine, "r2")[0] is None
    assert office.settle(NINE - 4 * HOUR).cut == 1


def test_a_round_by_hand_leaves_a_living_crawls_openings_alone(office: Office) -> None:
    claim = opened(office)
    opening(office.engine, "r2", office.rounds.begin_round(NINE, "t", ""), "", NINE + ROUND_LEASE)
    assert [run.id for run in office.rounds.sweep(NINE + MINUTE)] == ["r2"]
    assert office.roster.beat(claim, NINE + MINUTE, LEASE)
