"""The table of moves, step by step and state by state; what an act makes of a lead; what leads are asked."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert, select, update
from storage_specimens import T0, finding, first_wrong, listing, page_of

from crawler.errors import UserMistake
from storage.audit import Act, AuditLog
from storage.cases.cases import CaseAct, WorkedCases, close_case, join_case
from storage.cases.lead_shapes import Changes, Moved
from storage.cases.leads import WorkedLeads
from storage.cases.moves import OVER, STATE_WORDS, STEP_WORDS, TABLE, State, Step, after
from storage.cases.moving import move_on
from storage.cases.numbers import is_number
from storage.cases.shapes import LeadsWanted, NewLead, WorkedLead
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.holds import Holds
from storage.models import ListingRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow

DAY = timedelta(days=1)
# The table once more, by hand: a state, the steps that may be taken there, and where each leads.
N, E, M, C, A, D, G, L, H, S, V, Z = (
    State.NEW, State.EXAMINING, State.MORE, State.CONFIRMED, State.APPROVED, State.DISMISSED, State.MERGED,
    State.DELEGATED, State.HANDED_OVER, State.SENT, State.GONE, State.CLOSED,
)  # fmt: skip
BY_HAND: dict[State, dict[str, State]] = {
    N: {"claim": E, "assign": N, "merge": G, "delegate": L, "answer": N},
    E: {"assign": E, "confirm": C, "dismiss": D, "need_more": M, "merge": G, "delegate": L, "answer": E},
    M: {"claim": E, "assign": M, "merge": G, "delegate": L, "answer": M},
    C: {"assign": C, "send_back": E, "approve": A, "delegate": L, "answer": C},
    A: {"assign": A, "send_back": E, "delegate": L, "hand_over": H, "send": S, "answer": A, "close": Z},
    D: {"answer": D, "close": Z, "reopen": E},
    G: {},
    L: {"assign": L, "feedback": E, "answer": L},
    H: {"assign": H, "answer": H, "close": Z, "reopen": E},
    S: {"assign": S, "answer": S, "vanish": V, "close": Z},
    V: {"assign": V, "answer": V, "close": Z, "relapse": N},
    Z: {"answer": Z, "relapse": N, "reopen": E},
}


def plainly(act: Act) -> Act:
    return act


def by(name: str, at: datetime = T0, **rest: object) -> Moved:
    return Moved(by=name, at=at, **rest)  # type: ignore[arg-type]


def registered(engine: Engine, at: datetime = T0, **changes: object) -> WorkedLead:
    told = {"source": "report", "platform": "taobao", "title": "包授权", "url": "https://www.example/1", **changes}
    new = NewLead(**{"found_at": at - DAY, "registered_at": at, **told})  # type: ignore[arg-type]
    with writing(engine).begin() as connection:
        return WorkedLeads(engine).register(connection, new, plainly)


def set_state(engine: Engine, lead: WorkedLead, state: State) -> None:
    with writing(engine).begin() as connection:
        connection.execute(update(LeadRow).where(LeadRow.id == lead.id).values(state=state.value))


def moved(engine: Engine, lead: WorkedLead, step: Step, told: Moved) -> WorkedLead:
    with writing(engine).begin() as connection:
        move_on(connection, lead.id, step, told, plainly)
    return WorkedLeads(engine).lead(lead.id)


def rows(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        found = [connection.execute(select(*one.__table__.columns)).all() for one in (LeadRow, MoveRow)]
    return [*found, AuditLog(engine).head()]


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_every_step_from_every_state(state: State, step: Step) -> None:
    expected = BY_HAND[state].get(step.value)
    if expected is None:
        with pytest.raises(UserMistake, match=f"{STATE_WORDS[state]}的线索不能{STEP_WORDS[step]}"):
            after(step, state)
    else:
        assert after(step, state) is expected


def test_the_table_speaks_of_everything() -> None:
    assert set(BY_HAND) == set(STATE_WORDS) == set(State)
    assert set(STEP_WORDS) == set(Step)
    assert set(TABLE) == set(Step) - {Step.REGISTER}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_store_takes_what_the_table_allows_and_nothing_else(engine: Engine) -> None:
    lead = registered(engine)
    for state, step in itertools.product(State, Step):
        set_state(engine, lead, state)
        before = rows(engine)
        if (expected := BY_HAND[state].get(step.value)) is None:
            with pytest.raises(UserMistake):
                moved(engine, lead, step, by("示例甲"))
            assert rows(engine) == before
        else:
            done = moved(engine, lead, step, by("示例甲"))
            assert done.state == expected
            assert WorkedLeads(engine).moves(lead.id)[-1].after == expected
    assert first_wrong(AuditLog(engine)) == 0


def test_an_act_is_a_row_a_move_and_an_entry(engine: Engine) -> None:
    lead = registered(engine)

    def signed(act: Act) -> Act:
        return Act(who="示例乙", act=act.act, subject=act.subject, at=act.at, detail={**act.detail, "signature": "00"})

    with writing(engine).begin() as connection:
        told = {"exhibits": ["aa", "bb"], "batch": True}
        entry = move_on(connection, lead.id, Step.CLAIM, by("别名", T0 + DAY, reason="看看", detail=told), signed)
    (_, move) = WorkedLeads(engine).moves(lead.id)
    assert (move.move, move.before, move.after, move.by, move.at) == ("claim", "new", "examining", "示例乙", T0 + DAY)
    assert (move.reason, move.detail, move.entry) == ("看看", ("exhibits=aa", "exhibits=bb", "batch=True"), entry)
    written = AuditLog(engine).entries()[entry - 1]
    assert (written.who, written.act, written.subject) == ("示例乙", "lead_claim", lead.number)
    assert '"before":"new"' in written.detail
    assert '"signature":"00"' in written.detail
    assert WorkedLeads(engine).lead(lead.id).assignee == "示例乙", "who signed, not who was named"


def test_each_of_the_times_is_the_first(engine: Engine) -> None:
    lead = registered(engine)
    days = itertools.count(1)

    def step(which: Step, **rest: object) -> WorkedLead:
        return moved(engine, lead, which, by(f"示例{next(days)}", T0 + next(days) * DAY, **rest))

    assert step(Step.ASSIGN, changes=Changes(unit="保护科")).told_at is None, "a unit is no person"
    told = step(Step.ASSIGN, changes=Changes(assignee="示例丙")).told_at
    assert told is not None
    step(Step.CLAIM)
    handled = step(Step.CONFIRM).handled_at
    assert handled is not None
    step(Step.SEND_BACK)
    step(Step.CONFIRM)
    answered = step(Step.ANSWER).answered_at
    assert answered is not None
    step(Step.APPROVE)
    ended = step(Step.CLOSE)
    assert ended.closed_at is not None
    assert (ended.told_at, ended.handled_at, ended.answered_at) == (told, handled, answered)
    again = step(Step.REOPEN)
    assert (again.told_at, again.handled_at, again.answered_at) == (told, handled, answered)
    assert (again.closed_at, again.reopened, again.decision, again.approval) == (None, 1, None, None)


def test_who_decided_does_not_approve_even_here(engine: Engine) -> None:
    lead = registered(engine)
    moved(engine, lead, Step.CLAIM, by("示例甲"))
    confirmed = moved(engine, lead, Step.CONFIRM, by("示例甲"))
    assert confirmed.decision == 3
    with pytest.raises(UserMistake, match="不能由同一人复核"):
        moved(engine, lead, Step.APPROVE, by("示例甲"))
    approved = moved(engine, lead, Step.APPROVE, by("示例乙"))
    assert (approved.approved_by, approved.approval) == ("示例乙", 4)


def test_a_view_that_is_no_longer_true_is_refused(engine: Engine) -> None:
    lead = registered(engine)
    moved(engine, lead, Step.CLAIM, by("示例甲", T0 + DAY, seen=lead.state_at))
    with pytest.raises(UserMistake, match=r"两人同时处理 X2026-00001：示例甲 已于 .* 认领，现在是研判中"):
        moved(engine, lead, Step.DELEGATE, by("示例乙", T0 + 2 * DAY, seen=lead.state_at))


def test_numbers_are_dense_and_of_shanghais_year(engine: Engine) -> None:
    late = datetime.fromisoformat("2026-12-31T16:00:00+00:00")
    numbers = [registered(engine, at).number for at in (T0, T0, late - timedelta(seconds=1), late, late, T0, late)]
    assert numbers == [
        "X2026-00001", "X2026-00002", "X2026-00003", "X2027-00001", "X2027-00002", "X2026-00004", "X2027-00003",
    ]  # fmt: skip
    with writing(engine).begin() as connection:
        connection.execute(update(LeadRow).where(LeadRow.id == 7).values(number="X2027-99999"))
    assert registered(engine, late).number == "X2027-100000"
    assert registered(engine, T0).number == "X2026-00005"
    assert registered(engine, late).number == "X2027-100001"
    assert is_number("X2027-100000")
    assert not is_number("X2027-1000")


def test_a_lead_is_named_by_number_id_or_exhibit(engine: Engine, planned: ExhibitStore) -> None:
    page = page_of((listing("1"), listing("2")), findings={"1": (finding(),)})
    planned.record(page)
    lead, store = registered(engine, district="示例甲区"), WorkedLeads(engine)
    with writing(engine).begin() as connection:
        of_first = update(ListingRow).where(ListingRow.key == page.exhibits[0].listing.key)
        connection.execute(of_first.values(lead_id=lead.id))
    for word in ("X2026-00001", "x2026-00001", "1", page.exhibits[0].id, page.exhibits[0].id[:6]):
        assert store.named(word) == lead
        assert store.named(word, ("示例甲区",)) == lead
        with pytest.raises(UserMistake, match="没有线索"):
            store.named(word, ("示例乙县",))
    for word in ("X2026-00002", "2", "", "\ud800", "99999999999999999999", page.exhibits[1].id):
        with pytest.raises(UserMistake, match="没有"):
            store.named(word)
    with pytest.raises(UserMistake, match="没有线索"):
        store.named(page.exhibits[1].id, ("示例甲区",))


def test_leads_are_found_by_what_is_asked(engine: Engine) -> None:
    store = WorkedLeads(engine)
    for number in range(12):
        registered(
            engine, T0 + number * DAY,
            source=("report", "field")[number % 2], platform=("taobao", "zhihu")[number % 3 // 2],
            categories=("green_channel",) if number % 4 == 0 else ("licence_renting", "abnormal_filing"),
            district=("", "示例甲区")[number // 6], assignee=("", "示例丙")[number % 5 == 0],
        )  # fmt: skip
    set_state(engine, store.lead(3), State.CLOSED)
    set_state(engine, store.lead(9), State.SENT)

    def ids(**wanted: object) -> list[int]:
        return [lead.id for lead in store.leads(LeadsWanted(**wanted))]  # type: ignore[arg-type]

    assert ids() == list(range(12, 0, -1))
    assert ids(limit=3, before=10) == [9, 8, 7]
    assert ids(states=("closed", "sent", "sent")) == [9, 3]
    assert ids(states=("new",), limit=2) == [12, 11]
    assert ids(category="green_channel") == [9, 5, 1]
    assert ids(category="abnormal_filing", limit=2) == [12, 11]
    assert ids(platform="zhihu") == [12, 9, 6, 3]
    assert ids(source="field", district="示例甲区") == [12, 10, 8]
    assert ids(districts=("示例甲区", "示例乙县")) == [12, 11, 10, 9, 8, 7]
    assert ids(assignee="示例丙") == [11, 6, 1]
    assert ids(registered_from=T0 + 2 * DAY, registered_to=T0 + 4 * DAY) == [4, 3]
    counts = store.counts()
    assert (sum(counts.values()), counts["new"], counts["sent"], counts["gone"]) == (12, 10, 1, 0)
    assert sum(store.counts(("示例甲区",)).values()) == 6


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_lists_walk_an_index(engine: Engine) -> None:
    registered(engine)
    asked: list[tuple[str, object]] = []
    event.listen(
        engine, "before_cursor_execute", lambda c, cur, statement, values, *_: asked.append((statement, values))
    )
    store = WorkedLeads(engine)
    store.leads(LeadsWanted(states=("new",)))
    store.leads(LeadsWanted(before=9))
    store.leads(LeadsWanted(actor_id=1))
    store.leads(LeadsWanted(case_id=1))
    store.leads(LeadsWanted(assignee="示例丙"))
    store.leads(LeadsWanted(districts=("示例甲区",)))
    store.moves(1)
    store.led(1)
    store.merged(1)
    store.counts()
    questions = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    assert len(questions) == 11
    with engine.connect() as connection:
        for statement, values in questions:
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]  # type: ignore[arg-type]
            assert not any(step.startswith("SCAN") and "INDEX" not in step for step in plan), (statement, plan)


def test_a_lead_that_is_not_over_holds_its_listings(engine: Engine, planned: ExhibitStore) -> None:
    page = page_of((listing("1"), listing("2")), findings={"1": (finding(),)})
    planned.record(page)
    keys = [one.listing.key for one in page.exhibits]
    lead = registered(engine)
    with writing(engine).begin() as connection:
        connection.execute(update(ListingRow).where(ListingRow.key == keys[0]).values(lead_id=lead.id))
    for state in State:
        set_state(engine, lead, state)
        expected = set() if state in OVER else {keys[0]}
        assert Holds(engine).on_hold(keys) == expected, state
    assert set(OVER) == {State.DISMISSED, State.MERGED, State.CLOSED}


def test_half_an_act_is_never_written(engine: Engine) -> None:
    lead = registered(engine)
    before = rows(engine)

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO moves"):
            raise RuntimeError("a plug was pulled")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        moved(engine, lead, Step.CLAIM, by("示例甲"))
    event.remove(engine, "before_cursor_execute", fail)
    assert rows(engine) == before


def test_a_case_is_a_row_of_its_own(engine: Engine) -> None:
    """Nothing points at a case that is not there."""
    lead = registered(engine)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        moved(engine, lead, Step.CLAIM, by("示例甲", changes=Changes(case_id=9)))
    with writing(engine).begin() as connection:
        empty = {"closed_at": None, "closed_by": "", "reason": "", "unit": "", "assignee": "", "reopened": 0}
        row = {
            "id": 9,
            "number": "A2026-00001",
            "actor_id": None,
            "state": "open",
            "opened_at": T0,
            "opened_by": "示例甲",
        }
        connection.execute(insert(CaseRow).values(**row, **empty))
    assert moved(engine, lead, Step.CLAIM, by("示例甲", changes=Changes(case_id=9))).case_id == 9


def test_a_lead_that_is_open_again_opens_its_case(engine: Engine) -> None:
    """Whoever moves it: a round, a re-check, a person."""
    lead = registered(engine)
    with writing(engine).begin() as connection:
        case = join_case(connection, lead, CaseAct(at=T0), plainly)
    moved(engine, lead, Step.CLAIM, by("示例甲", changes=Changes(case_id=case)))
    for state, step in ((State.CLOSED, Step.RELAPSE), (State.GONE, Step.RELAPSE), (State.DISMISSED, Step.REOPEN)):
        set_state(engine, lead, State.CLOSED)
        with writing(engine).begin() as connection:
            close_case(connection, case, CaseAct(at=T0, reason="已整改"), plainly)
        set_state(engine, lead, state)
        moved(engine, lead, step, by("lantian", reason="又见"))
        assert WorkedCases(engine).named(str(case)).state == "open"
    assert WorkedCases(engine).named(str(case)).reopened == 3
