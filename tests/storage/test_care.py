"""Rules' counts: every finding once, in its round, whatever is recorded twice or dies; upgraded homes have them too."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from storage_specimens import T0, finding, listing, on_sqlite, page_of
from test_homes import HOMES, VERSIONS
from test_leads import steps

from crawler.pictures import Fate, WantedPicture
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureEnd
from storage.shapes import PlannedRun

PROMISE, LANE = finding(), finding("green_channel", 80)


def begun(store: ExhibitStore, number: int) -> str:
    """A round of one run of the same number."""
    at = T0 + timedelta(days=number)
    round_id = store.begin_round(at, "t", "")
    runs = [PlannedRun(id=f"r{number}", platform="taobao", query="q", planned_at=at)]
    store.plan(round_id, runs)
    store.open_runs(runs, at)
    return round_id


def counts(store: ExhibitStore, *rounds: str) -> dict[tuple[str, str], int]:
    return {(one.round, one.rule): one.findings for one in store.round_counts(rounds)}


def recount(store: ExhibitStore) -> dict[str, int]:
    """The same out of all the findings there are."""
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT rule, count(*) AS findings FROM findings GROUP BY rule"))
        return {row.rule: row.findings for row in rows}


def test_each_round_counts_its_own(store: ExhibitStore) -> None:
    first, second = begun(store, 1), begun(store, 2)
    store.record(page_of((listing("1"), listing("2")), run="r1", findings={"1": (PROMISE, LANE), "2": (PROMISE,)}))
    store.record(page_of((listing("1"),), run="r2", findings={"1": (PROMISE,)}))
    assert counts(store, first, second) == {
        (first, PROMISE.rule): 2, (first, LANE.rule): 1, (second, PROMISE.rule): 1,
    }  # fmt: skip
    totals = {one.rule: one for one in store.rule_totals()}
    assert {name: one.findings for name, one in totals.items()} == recount(store) == {PROMISE.rule: 3, LANE.rule: 1}
    assert totals[LANE.rule].since == T0 + timedelta(days=1)
    assert totals[LANE.rule].last_at == T0 + timedelta(seconds=1)
    assert [one.id for one in store.last_rounds(5)] == [second, first]


def test_a_page_recorded_twice_counts_once(store: ExhibitStore) -> None:
    first = begun(store, 1)
    page = page_of((listing("1"),), run="r1", findings={"1": (PROMISE,)})
    for _ in range(3):
        store.record(page)
    assert counts(store, first) == {(first, PROMISE.rule): 1}


def test_a_page_that_fails_counts_nothing(store: ExhibitStore) -> None:
    first = begun(store, 1)
    page = page_of((listing("1"), listing("2")), run="r1", findings={"1": (PROMISE,)})
    twins = (page.exhibits[0], replace(page.exhibits[1], id=page.exhibits[0].id))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.record(replace(page, exhibits=twins))
    assert counts(store, first) == {}


def test_runs_of_no_round_count_in_all_only(store: ExhibitStore) -> None:
    store.open_runs([PlannedRun(id="alone", platform="taobao", query="q", planned_at=T0)], T0)
    store.record(page_of((listing("1"),), run="alone", findings={"1": (PROMISE,)}))
    (total,) = store.rule_totals()
    assert (total.findings, total.since) == (1, None)


def test_two_digests_of_a_rule_are_one_rule(store: ExhibitStore) -> None:
    first = begun(store, 1)
    other = replace(PROMISE, rule_digest="ef" * 32)
    store.record(page_of((listing("1"), listing("2")), run="r1", findings={"1": (PROMISE,), "2": (other,)}))
    assert counts(store, first) == {(first, PROMISE.rule): 2}


def test_a_picture_counts_once_when_it_ends(store: ExhibitStore) -> None:
    first = begun(store, 1)
    page = page_of((listing("1"),), run="r1")
    store.record(page, [WantedPicture(exhibit=page.exhibits[0].id, url="https://img.example/1.jpg")])
    (shown,) = store.shown("https://img.example/1.jpg")
    seen = replace(PROMISE, field="image", image="ab" * 32, box=(0, 0, 1, 1))
    end = PictureEnd(row=shown.row, fate=Fate.READ, at=T0, findings=(seen,), sha256="ab" * 32)
    assert [store.end_pictures([end]) for _ in range(2)] == [1, 0]
    assert counts(store, first) == {(first, PROMISE.rule): 1}
    (lead,) = store.leads()
    assert (lead.group > 0, lead.group_size) == (True, 1)


def test_a_rule_is_known_since_its_first_round(store: ExhibitStore) -> None:
    first, second = begun(store, 1), begun(store, 2)
    store.know_rules(first, [("old", "aa")])
    store.know_rules(second, [("old", "bb"), ("new", "cc")])
    store.know_rules(second, [("old", "bb"), ("new", "cc")])
    known = {one.rule: (one.since, one.findings, one.last_at) for one in store.rule_totals()}
    assert known == {"old": (T0 + timedelta(days=1), 0, None), "new": (T0 + timedelta(days=2), 0, None)}
    assert counts(store, first, second) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_home_has_counts_and_groups(version: str, tmp_path: Path) -> None:
    home = Path(shutil.copytree(HOMES / version, tmp_path / "home"))
    with sqlite3.connect(home / "lantian.db") as connection:
        findings = dict(connection.execute("SELECT rule, count(*) FROM findings GROUP BY rule"))
        rounds = connection.execute("SELECT count(*) FROM rounds").fetchone()[0]
    connection.close()
    store = ExhibitStore(open_database(home / "lantian.db"))
    # A round of this version also says which rules found nothing.
    assert {one.rule: one.findings for one in store.rule_totals() if one.findings} == findings
    assert sum(counts(store, *(one.id for one in store.last_rounds(rounds))).values()) == sum(findings.values())
    leads = store.leads()
    assert len({lead.group for lead in leads}) == len(leads) > 0
    assert {lead.group_size for lead in leads} == {1}
    store.engine.dispose()


@on_sqlite
def test_asking_does_not_grow_with_the_exhibits(store: ExhibitStore) -> None:
    begun(store, 1)

    def ask(asked: ExhibitStore) -> None:
        asked.rule_totals()
        asked.round_counts([one.id for one in asked.last_rounds(15)])

    def fill(first: int, pages: int) -> None:
        for number in range(first, first + pages):
            store.record(page_of((listing(str(number)),), run="r1", number=number, findings={str(number): (PROMISE,)}))

    fill(1, 10)
    small = steps(store, ask)
    fill(100, 300)
    assert steps(store, ask) <= small
