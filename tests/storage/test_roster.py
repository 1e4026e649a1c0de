"""One row a planned run, one outcome each, whoever claims, dies, wakes late or looks at a wrong clock."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from roster_specimens import DAY, HOUR, LEASE, MINUTE, NINE, SNAPSHOT, WATCH, Office
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import IntegrityError

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Claim
from storage import roster, roster_answers, settling
from storage.models import Round
from storage.roster import Roster
from storage.roster_shapes import Settled, Tally, Wanted, run_id
from storage.tables.patrol import SnapshotRow

OK, MISSED = Outcome.OK, Outcome.MISSED


@pytest.fixture
def office(engine: Engine) -> Office:
    """One watch of two platforms and two queries, added at eight."""
    return Office(engine)


def test_writing_twice_is_writing_once(office: Office) -> None:
    assert office.write(office.slots(), NINE) == 4
    assert office.write(office.slots(), NINE + MINUTE) == 0
    assert office.write(office.slots() + office.slots(NINE + MINUTE), NINE + MINUTE) == 4
    rows = office.entries()
    assert [(row.platform, row.query) for row in rows[:4]] == [
        (platform, query.words) for platform in WATCH.platforms for query in WATCH.queries
    ]
    assert {(row.state, row.outcome, row.attempts, row.run) for row in rows} == {(Claim.PLANNED, None, 0, "")}
    assert {row.key for row in rows[:4]} == {slot.key for slot in office.slots()}


def test_how_far_is_written_never_goes_back(office: Office) -> None:
    office.write([], NINE)
    office.write([], NINE - HOUR)
    assert [one.until for one in office.watches.written()] == [NINE]


def test_slots_of_a_watch_that_does_not_exist_are_refused_whole(office: Office) -> None:
    with pytest.raises((IntegrityError, KeyError)):
        office.roster.write(99, [replace(office.slots()[0], watch_id=99)], NINE, NINE)
    assert office.entries() == ()


def test_slots_planned_without_the_newest_version_are_not_written(office: Office) -> None:
    office.watches.change(office.watch_id, replace(WATCH, is_paused=True), "李四（虚构）", NINE - MINUTE)
    assert office.roster.write(office.watch_id, office.slots(), NINE, NINE, newest=1) == 0
    assert (office.entries(), office.watches.written()[0].until) == ((), NINE - HOUR), "not even how far"
    assert office.roster.write(office.watch_id, [], NINE, NINE, newest=2) == 0
    assert office.watches.written()[0].until == NINE


def test_a_later_change_does_not_stop_what_was_due_before(office: Office) -> None:
    office.watches.change(office.watch_id, WATCH, "李四（虚构）", NINE + HOUR)
    assert office.roster.write(office.watch_id, office.slots(), NINE, NINE, newest=1) == 4


def test_what_can_no_longer_begin_is_written_as_missed(office: Office) -> None:
    office.write(office.slots() + office.slots(NINE + 2 * HOUR), NINE + HOUR + MINUTE)
    told = [(row.state, row.outcome, row.reason, row.ended_at) for row in office.entries()]
    assert told[:4] == [(Claim.ENDED, MISSED, "not_running", NINE + HOUR + MINUTE)] * 4
    assert {one[0] for one in told[4:]} == {Claim.PLANNED}


def test_the_last_moment_is_still_in_time(office: Office) -> None:
    office.write(office.slots(), NINE + HOUR)
    assert len(office.claim(NINE + HOUR).runs) == 4


def test_over_the_budget_the_last_in_order_are_missed(engine: Engine) -> None:
    office = Office(engine, replace(WATCH, budget=5))
    office.write(office.slots(NINE), NINE)
    office.write(office.slots(NINE + 2 * HOUR), NINE + 2 * HOUR)
    rows = office.entries()
    assert [row.reason for row in rows] == ["", "", "", "", "", "budget", "budget", "budget"]
    assert {(row.state, row.outcome) for row in rows[5:]} == {(Claim.ENDED, MISSED)}


def test_a_budget_is_for_a_day_of_shanghai(engine: Engine) -> None:
    office = Office(engine, replace(WATCH, budget=4))
    late = NINE + 14 * HOUR + 59 * MINUTE  # 23:59, while UTC's day began at eight
    office.write(office.slots(NINE), NINE)
    office.write(office.slots(late) + office.slots(late + MINUTE), late + MINUTE)
    assert Counter((row.planned_at, row.reason) for row in office.entries()) == {
        (NINE, ""): 4,
        (late, "budget"): 4,
        (late + MINUTE, ""): 4,
    }


def test_what_never_ran_uses_no_budget(engine: Engine) -> None:
    office = Office(engine, replace(WATCH, budget=4))
    later = NINE + 3 * HOUR
    office.write(office.slots(NINE), NINE)
    office.settle(NINE + 2 * HOUR)
    office.write(office.slots(NINE + HOUR) + office.slots(later), later)
    reasons = [row.reason for row in office.entries()]
    assert reasons == ["not_running"] * 8 + [""] * 4, "four of the day may still run"


def test_what_no_run_could_hold_stops_nobody_else(office: Office) -> None:
    long = replace(office.slots()[0], query="https://www.xinghe.example/" + "a" * 2000)
    office.write([long, *office.slots()])
    assert Counter(row.reason for row in office.entries()) == {"too_long": 1, "": 4}
    assert len(office.claim().runs) == 4


# -- claiming ------------------------------------------------------------------------------------------


def test_a_claim_is_one_round_of_runs_that_follow_from_their_rows(office: Office, engine: Engine) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE + MINUTE)
    keys = {slot.key: (slot.platform, slot.query) for slot in office.slots()}
    assert {run.id: (run.platform, run.query) for run in claimed.runs} == {
        run_id(key, 1): pair for key, pair in keys.items()
    }
    assert [(run.platform, run.query) for run in claimed.runs] == list(keys.values()), "in the watch's own order"
    assert {run.planned_at for run in claimed.runs} == {NINE}
    assert claimed.watch == office.watches.find(WATCH.name)
    runs = {run.id: run for run in office.rounds.coverage(claimed.round)}
    assert set(runs) == {run.id for run in claimed.runs}
    assert {(run.started_at, run.outcome) for run in runs.values()} == {(None, None)}
    assert office.rounds.settings_of(claimed.round) == SNAPSHOT.words
    for row in office.entries():
        told = (row.state, row.holder, row.claimed_at, row.lease_until, row.attempts, row.snapshot, row.run)
        mine = run_id(row.key, 1)
        until = NINE + 11 * MINUTE
        assert told == (Claim.CLAIMED, "holder", NINE + MINUTE, until, 1, SNAPSHOT.digest, mine)
    assert office.roster.claimed(claimed.id) == claimed
    with engine.connect() as connection:
        assert connection.execute(select(Round.tool)).scalar_one() == SNAPSHOT.tool


def test_nothing_to_claim_begins_no_round(office: Office, engine: Engine) -> None:
    office.write(office.slots(NINE + MINUTE), NINE)
    for now in (NINE, NINE + 62 * MINUTE):
        assert office.claim(now).runs == (), "neither before its time nor after it"
        assert office.roster.waiting(now) == ()
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Round)).scalar_one() == 0


def test_only_what_was_asked_for_is_claimed(office: Office) -> None:
    office.write(office.slots())
    assert {run.platform for run in office.claim(platforms=["baidu"]).runs} == {"baidu"}
    assert office.claim(version=1, platforms=["baidu"]).runs == ()
    assert len(office.claim(limit=1).runs) == 1
    with pytest.raises(UserMistake, match="没有巡查任务"):
        office.claim(version=9)
    assert len(office.claim().runs) == 1


def test_of_one_query_the_earliest_time_comes_first(office: Office) -> None:
    office.write(office.slots(NINE) + office.slots(NINE + MINUTE), NINE + MINUTE)
    first, second = office.claim(NINE + MINUTE), office.claim(NINE + MINUTE)
    assert ({run.planned_at for run in first.runs}, len(first.runs)) == ({NINE}, 4)
    assert ({run.planned_at for run in second.runs}, len(second.runs)) == ({NINE + MINUTE}, 4)


def test_waiting_counts_what_may_begin_oldest_first(office: Office) -> None:
    office.write(office.slots(NINE)[2:] + office.slots(NINE + MINUTE), NINE + MINUTE)
    told = [(one.platform, one.rows, one.since) for one in office.roster.waiting(NINE + MINUTE)]
    assert told == [("baidu", 4, NINE), ("sogou", 2, NINE + MINUTE)]
    office.claim(NINE + MINUTE, platforms=["baidu"])
    assert [(one.platform, one.rows) for one in office.roster.waiting(NINE + MINUTE)] == [("baidu", 2), ("sogou", 2)]


def test_the_same_settings_are_written_once(office: Office, engine: Engine) -> None:
    office.write(office.slots())
    office.claim(limit=1)
    office.claim(limit=1)
    with engine.connect() as connection:
        assert connection.execute(select(SnapshotRow.digest, SnapshotRow.settings)).all() == [
            (SNAPSHOT.digest, SNAPSHOT.settings)
        ]


def test_whoever_claims_at_once_gets_rows_of_his_own(office: Office) -> None:
    for minute in range(5):
        office.write(office.slots(NINE + minute * MINUTE), NINE + 5 * MINUTE)
    at_once = threading.Barrier(4)

    def take(number: int) -> list[str]:
        roster, taken = Roster(office.engine), []
        at_once.wait()
        for _ in range(10):
            wanted = Wanted(watch_id=office.watch_id, version=1, limit=2)
            taken += [run.id for run in roster.claim(wanted, f"h{number}", NINE + 5 * MINUTE, LEASE, SNAPSHOT).runs]
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [run for runs in pool.map(take, range(4)) for run in runs]
    assert (len(taken), len(set(taken))) == (20, 20)


# -- leases --------------------------------------------------------------------------------------------


def test_a_lease_lasts_as_long_as_there_are_signs_of_life(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    for minutes in (9, 18, 27):
        assert office.roster.beat(claimed.id, NINE + minutes * MINUTE, LEASE)
        assert office.settle(NINE + minutes * MINUTE) == Settled()
    assert office.settle(NINE + 37 * MINUTE) == Settled(back=4)
    assert not office.roster.beat(claimed.id, NINE + 37 * MINUTE, LEASE), "it is nobody's any more"
    assert {(row.state, row.lease_until) for row in office.entries()} == {(Claim.PLANNED, None)}


def test_a_run_whose_crawl_died_is_tried_again_and_then_missed(office: Office) -> None:
    office.write(office.slots(grace=600))
    first = office.claim(NINE)
    office.settle(NINE + 10 * MINUTE)
    second = office.claim(NINE + 11 * MINUTE)
    assert not {run.id for run in first.runs} & {run.id for run in second.runs}
    assert {(run.outcome, run.reason) for run in office.rounds.coverage(first.round)} == {(MISSED, "interrupted")}
    assert office.settle(NINE + 21 * MINUTE) == Settled(lapsed=4)
    assert {(row.outcome, row.reason, row.attempts) for row in office.entries()} == {(MISSED, "lease_expired", 2)}
    assert {(run.outcome, run.reason) for run in office.rounds.coverage(second.round)} == {(MISSED, "interrupted")}
    with pytest.raises(UserMistake, match="没有待办的认领"):
        office.roster.claimed(second.id)


def test_many_leases_end_in_several_transactions(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (settling, roster):
        monkeypatch.setattr(module, "BATCH", 2)
    office.write(office.slots(grace=600) + office.slots(NINE + MINUTE, grace=600), NINE + MINUTE)
    claims = [office.claim(NINE + MINUTE) for _ in range(2)]
    commits: list[object] = []
    event.listen(office.engine, "commit", commits.append)
    assert office.roster.give_up(claims[0].id, NINE + 2 * MINUTE, "over_limit") == 4
    assert office.settle(NINE + 12 * MINUTE) == Settled(back=4)
    assert len(commits) == 6
    assert Counter(row.reason for row in office.entries()) == {"over_limit": 4, "": 4}
    assert {run.outcome for claim in claims for run in office.rounds.coverage(claim.round)} == {MISSED}


def test_whose_time_is_over_is_not_tried_again(office: Office) -> None:
    office.write(office.slots())
    office.claim(NINE + 55 * MINUTE)
    assert office.settle(NINE + 65 * MINUTE) == Settled(lapsed=4)
    assert {row.reason for row in office.entries()} == {"lease_expired"}


def test_whose_crawl_died_and_who_got_no_second_turn_died_all_the_same(office: Office) -> None:
    office.write(office.slots())
    office.claim(NINE)
    assert office.settle(NINE + 20 * MINUTE) == Settled(back=4)
    assert office.settle(NINE + 61 * MINUTE) == Settled(passed=4)
    assert {row.reason for row in office.entries()} == {"lease_expired"}


def test_a_crawl_known_to_be_dead_is_not_waited_for(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    assert office.roster.let_go(claimed.id, NINE + MINUTE)
    assert office.settle(NINE + MINUTE) == Settled(back=4)
    assert not office.roster.let_go(claimed.id, NINE + MINUTE)


def test_after_a_clock_that_jumped_back_no_lease_is_longer_than_a_lease(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    back = NINE - DAY
    assert office.settle(back) == Settled(clamped=4)
    assert {row.lease_until for row in office.entries()} == {back + 10 * MINUTE}
    assert office.roster.beat(claimed.id, back + 9 * MINUTE, LEASE), "who lives still may say so"
    assert office.settle(back + 20 * MINUTE) == Settled(back=4)
    assert office.claim(back + 20 * MINUTE).runs == (), "its time has not come by this clock"
    assert len(office.claim(NINE + MINUTE).runs) == 4


# -- ending --------------------------------------------------------------------------------------------


def test_a_row_ends_exactly_as_its_run_did(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    office.rounds.open_runs(claimed.runs, NINE)
    told = [(OK, "", ""), (Outcome.BLOCKED, "captcha", "滑块"), (Outcome.EMPTY, "none_found", ""), (OK, "", "")]
    for run, (outcome, reason, detail) in zip(claimed.runs[:3], told, strict=False):
        office.rounds.finish_run(run.id, outcome, reason, detail, NINE + 2 * MINUTE)
    assert len(office.roster.claimed(claimed.id).runs) == 1, "what has ended is not to be done again"
    assert office.settle(NINE + 3 * MINUTE) == Settled(ended=3)
    rows = office.entries()
    assert [(row.outcome, row.reason, row.detail) for row in rows[:3]] == told[:3]
    assert {(row.state, row.ended_at, row.lease_until) for row in rows[:3]} == {(Claim.ENDED, NINE + 2 * MINUTE, None)}
    assert rows[3].state is Claim.CLAIMED
    office.rounds.finish_run(claimed.runs[3].id, OK, "", "", NINE + 4 * MINUTE)
    # Its lease is long over: what it saw counts all the same.
    assert office.settle(NINE + 5 * HOUR) == Settled(ended=1)


def test_a_zombie_changes_no_row(office: Office) -> None:
    office.write(office.slots(grace=600))
    zombie = office.claim(NINE)
    office.rounds.open_runs(zombie.runs, NINE)
    office.settle(NINE + 10 * MINUTE)
    for run in zombie.runs[:2]:
        office.rounds.finish_run(run.id, OK, "", "", NINE + 11 * MINUTE)
    assert office.settle(NINE + 12 * MINUTE) == Settled()
    second = office.claim(NINE + 12 * MINUTE)
    assert len(second.runs) == 4
    for run in second.runs:
        office.rounds.finish_run(run.id, Outcome.BLOCKED, "captcha", "", NINE + 13 * MINUTE)
    office.settle(NINE + 13 * MINUTE)
    before = office.entries()
    for run in zombie.runs[2:]:
        assert office.rounds.finish_run(run.id, OK, "", "", NINE + 14 * MINUTE).outcome is OK
    assert office.settle(NINE + 14 * MINUTE) == Settled()
    assert office.entries() == before
    assert {row.outcome for row in before} == {Outcome.BLOCKED}


def test_a_row_that_has_ended_stays_as_it_is(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    assert office.roster.give_up(claimed.id, NINE + MINUTE, "over_limit", "killed at 3072 MB") == 4
    before = office.entries()
    assert {(row.outcome, row.reason, row.detail) for row in before} == {(MISSED, "over_limit", "killed at 3072 MB")}
    for run in claimed.runs:
        office.rounds.finish_run(run.id, OK, "", "", NINE + 2 * MINUTE)
    assert not office.roster.beat(claimed.id, NINE + 2 * MINUTE, LEASE)
    assert office.roster.give_up(claimed.id, NINE + 2 * MINUTE, "lease_expired") == 0
    assert office.settle(NINE + DAY) == Settled()
    assert office.write(office.slots(), NINE + 2 * DAY) == 0
    assert office.claim(NINE + 2 * MINUTE).runs == ()
    assert office.entries() == before


def test_giving_up_keeps_what_had_ended_by_itself(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    office.rounds.finish_run(claimed.runs[0].id, OK, "", "", NINE)
    other = office.claim(NINE)
    assert other.runs == ()
    assert office.roster.give_up(claimed.id, NINE + MINUTE, "over_limit") == 3
    assert [row.outcome for row in office.entries()] == [OK, MISSED, MISSED, MISSED]
    assert {run.outcome for run in office.rounds.coverage(claimed.round)} == {OK, MISSED}


def test_who_had_no_turn_is_told_apart_from_who_had_no_patrol(office: Office) -> None:
    office.write(office.slots())
    office.write([], NINE + HOUR)
    assert office.settle(NINE + HOUR + MINUTE) == Settled(passed=4)
    assert {row.reason for row in office.entries()} == {"not_claimed"}
    later = NINE + 3 * HOUR
    office.write(office.slots(later), later)
    office.settle(later + 5 * HOUR)
    assert {row.reason for row in office.entries() if row.planned_at == later} == {"not_running"}


def test_manual_rounds_leave_the_rosters_runs_alone(office: Office) -> None:
    office.write(office.slots())
    claimed = office.claim(NINE)
    office.rounds.open_runs(claimed.runs[:2], NINE)
    manual = office.rounds.begin_round(NINE, "t", "")
    office.rounds.plan(manual, [replace(claimed.runs[0], id="manual")])
    assert [run.id for run in office.rounds.sweep(NINE + DAY)] == ["manual"]
    assert {office.rounds.run(run.id).outcome for run in claimed.runs} == {None}
    assert office.settle(NINE + DAY) == Settled(lapsed=4)


# -- asking --------------------------------------------------------------------------------------------


def test_entries_come_in_pages_and_by_what_is_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_answers, "PAGE", 3)
    for minute in range(3):
        office.write(office.slots(NINE + minute * MINUTE), NINE + 3 * MINUTE)
    asked = office.roster.entries
    found, after = [], ""
    while page := asked(NINE - MINUTE, NINE + DAY, after=after):
        assert len(page) <= 3
        found += page
        after = page[-1].key
    assert len({row.key for row in found}) == len(found) == 12
    assert [row.planned_at for row in found] == sorted(row.planned_at for row in found)
    assert {row.planned_at for row in asked(NINE, NINE + MINUTE)} == {NINE + MINUTE}, "without its beginning"
    assert {row.platform for row in asked(NINE - MINUTE, NINE, "baidu")} == {"baidu"}
    assert asked(NINE - MINUTE, NINE, watch_id=office.watch_id + 1) == ()
    assert office.roster.entry(found[0].key) == found[0]
    with pytest.raises(UserMistake, match="没有"):
        asked(NINE, NINE + DAY, after="nothing")


def test_a_tally_is_by_day_of_shanghai(office: Office) -> None:
    late = NINE + 14 * HOUR + 59 * MINUTE
    office.write(office.slots(late) + office.slots(late + MINUTE), late + MINUTE)
    claimed = office.claim(late + MINUTE, platforms=["baidu"])
    office.rounds.finish_run(claimed.runs[0].id, OK, "", "", late)
    office.settle(late + MINUTE)
    monday, tuesday = date(2026, 8, 3), date(2026, 8, 4)
    counted = {(one.platform, one.day, one.outcome): one.rows for one in office.roster.tally(NINE, NINE + DAY)}
    assert counted == {
        ("baidu", monday, OK): 1,
        ("baidu", monday, None): 1,
        ("baidu", tuesday, None): 2,
        ("sogou", monday, None): 2,
        ("sogou", tuesday, None): 2,
    }
    told = office.roster.tally(NINE, late, platform="baidu", watch_id=office.watch_id)
    assert Tally(platform="baidu", day=monday, outcome=OK, rows=1) in told
    assert sum(one.rows for one in told) == 2


def test_words_no_database_takes_are_written_as_they_can_be(engine: Engine) -> None:
    half = "专利 \ud83d"
    office = Office(engine, replace(WATCH, queries=(replace(WATCH.queries[0], words=half),)))
    assert office.watches.find(WATCH.name).watch.queries[0].words == "专利 \ufffd"
    slot = replace(office.slots()[0], query=half)
    office.write([slot])
    assert office.write([slot]) == 0
    assert {run.query for run in office.claim().runs} == {"专利 \ufffd"}
