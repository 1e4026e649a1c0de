"""Random acts by random people: nothing the table forbids ever happens, and every row is what its acts made it.

Who acts, what is done and to which lead are drawn from a seed; each people's mistake must leave no trace at all.
"""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from review_specimens import LANE, PROMISE, Office, office_in
from sqlalchemy import Engine, select
from storage_specimens import database_of, first_wrong

from casework.acting import Grant
from casework.review import deciding, routing
from casework.review.desk import Desk
from casework.review.routing import Handing
from casework.trust import Trust
from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.cases.lead_shapes import Moved
from storage.cases.leads import WorkedLeads
from storage.cases.moves import TABLE, State, Step
from storage.cases.moving import move_on
from storage.cases.shapes import LeadsWanted, WorkedLead
from storage.db import open_database, writing
from storage.tables.leads import CaseRow, LeadRow, MoveRow

PEOPLE = {
    "示例甲": (Grant.EXAMINER,),
    "示例乙": (Grant.EXAMINER,),
    "示例丙": (Grant.REVIEWER,),
    "示例丁": (Grant.EXAMINER, Grant.REVIEWER),
    "示例戊": (Grant.VIEWER,),
    "示例己": (Grant.ADMIN,),
}
DISTRICTS = ("示例甲区", "示例乙县")
OFFERS = ("包授权 当天下证", "内部绿色通道 三天受理", "不成功全额退款 全国可办")
_COMMON = ("assign", "answer", "delegate", "merge")  # possible almost everywhere
Act = Callable[[Desk, Sequence[WorkedLead]], object]


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    office = office_in(database_of(request, tmp_path))
    for name, grants in PEOPLE.items():
        office.person(name, *grants)
    for one in DISTRICTS:
        office.person(f"示例{one}", Grant.EXAMINER, districts=(one,))
    yield office
    office.engine.dispose()


def acts(draw: random.Random, leads: Sequence[WorkedLead]) -> dict[str, Act]:
    other, to = draw.choice(leads), draw.choice(DISTRICTS)
    return {
        "claim": deciding.claim,
        "confirm": deciding.confirm,
        "dismiss": lambda desk, some: deciding.dismiss(desk, some, "示例理由"),
        "need_more": lambda desk, some: deciding.need_more(desk, some, "示例理由"),
        "merge": lambda desk, some: deciding.merge(desk, some[0], other),
        "approve": deciding.approve,
        "send_back": lambda desk, some: deciding.send_back(desk, some, "示例理由"),
        "assign": lambda desk, some: routing.assign(desk, some, "", draw.choice(list(PEOPLE))),
        "delegate": lambda desk, some: routing.delegate(desk, some, Handing(to=to)),
        "feedback": lambda desk, some: routing.feedback(desk, some, "示例结果", "示例区局"),
        "hand_over": lambda desk, some: routing.hand_over(desk, some, Handing(to="示例局", document="示〔2026〕1号")),
        "answer": lambda desk, some: routing.answer(desk, some, "示例答复"),
        "close": lambda desk, some: routing.close(desk, some, "示例理由"),
        "reopen": lambda desk, some: routing.reopen(desk, some, "示例理由"),
        "send": lambda desk, some: by_the_way(desk, some[0], Step.SEND),
        "vanish": lambda desk, some: by_the_way(desk, some[0], Step.VANISH),
    }


def by_the_way(desk: Desk, lead: WorkedLead, step: Step) -> None:
    """What letters and re-checks do with leads."""
    desk.acting.needs(Grant.EXAMINER, Grant.REVIEWER)
    with writing(desk.engine).begin() as connection:
        move_on(connection, lead.id, step, Moved(by=desk.acting.name, at=desk.now), desk.acting.sign)


def see_something(office: Office, draw: random.Random) -> None:
    shop, offer = draw.randrange(9), draw.choice(OFFERS)
    found = draw.choice([(PROMISE,), (LANE,), (PROMISE, LANE)])
    office.see({f"{shop}-{draw.randrange(3)}": found}, seller=f"示例店{shop}", seller_id=f"8{shop}", title=offer)
    office.take_in()


def go_on(office: Office, draw: random.Random, steps: int) -> Counter[str]:
    """So many acts; how many of each succeeded."""
    done: Counter[str] = Counter()
    people, able = list(office.people.values()), [office.people[name] for name in ("示例甲", "示例丙", "示例丁")]
    for _ in range(steps):
        leads = office.leads()
        if not leads or draw.random() < 0.1:
            see_something(office, draw)
            continue
        some = [draw.choice(leads) for _ in range(draw.choice((1, 1, 1, 2)))]
        possible = acts(draw, leads)
        # Most tries are of what could be done there, the others of anything at all.
        likely = [name for name in possible if some[0].state in TABLE[Step(name)].before and name not in _COMMON]
        name = draw.choice(likely if likely and draw.random() < 0.7 else list(possible))
        desk = Desk(engine=office.engine, acting=draw.choice(people + able), now=office.later())
        before = AuditLog(office.engine).head()
        try:
            possible[name](desk, some)
            done[name] += 1
        except UserMistake:
            assert AuditLog(office.engine).head() == before, "a refused act leaves no trace"
    return done


def check(office: Office) -> None:
    """Everything that must be true whatever was done."""
    leads = office.store.leads(LeadsWanted(limit=10_000))
    assert sum(office.store.counts().values()) == len(leads)
    assert Counter(lead.state for lead in leads) == Counter(
        {state: number for state, number in office.store.counts().items() if number}
    )
    trust = Trust(office.engine)
    for lead in leads:
        check_replay(office.store, lead)
        check_people(office.store, trust, lead)
    check_cases(office.engine, leads)
    assert first_wrong(AuditLog(office.engine)) == 0
    assert trust.verify_all().is_whole


def check_replay(store: WorkedLeads, lead: WorkedLead) -> None:
    """The lead is where its moves led, each of which the table allows from where the one before had led."""
    moves = store.moves(lead.id)
    assert [move.move for move in moves].count("register") == 1
    state = State.NEW
    for move in moves[1:]:
        allowed = TABLE[Step(move.move)]
        assert move.before == state
        assert state in allowed.before
        state = allowed.after or state
        assert move.after == state
    assert lead.state == state
    assert lead.reopened == sum(move.move in ("reopen", "relapse") for move in moves)
    assert [move.entry for move in moves] == sorted({move.entry for move in moves})
    for name, steps in (
        ("handled_at", ("confirm", "dismiss", "delegate", "hand_over")),
        ("answered_at", ("answer", "feedback", "vanish")),
    ):
        assert getattr(lead, name) == next((move.at for move in moves if move.move in steps), None)


def check_people(store: WorkedLeads, trust: Trust, lead: WorkedLead) -> None:
    """Whatever goes out has two people behind it, by the log and not by the row."""
    if lead.approval is None:
        assert lead.state not in (State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER)
        return
    approval = trust.proven(lead.approval, "lead_approve", lead.number, Grant.REVIEWER)
    decision = trust.proven(
        int(approval.detail["decision"]), "lead_confirm", lead.number, Grant.EXAMINER, Grant.REVIEWER
    )
    assert approval.name != decision.name
    assert (lead.approved_by, lead.decided_by, lead.decision) == (approval.name, decision.name, decision.entry)
    merged = store.merged_after(lead.id, decision.entry)
    late = [trust.proven(entry, "lead_merge", number).name for entry, number in merged if entry < approval.entry]
    assert approval.name not in late


def check_cases(engine: Engine, leads: Sequence[WorkedLead]) -> None:
    with engine.connect() as connection:
        cases = {row.id: row for row in connection.execute(select(*CaseRow.__table__.columns))}
        numbers = connection.execute(select(LeadRow.number).order_by(LeadRow.id)).scalars().all()
        moves = connection.execute(select(MoveRow.lead_id)).scalars().all()
    assert numbers == [f"X2026-{number:05}" for number in range(1, len(leads) + 1)]
    assert set(moves) == {lead.id for lead in leads}
    for lead in leads:
        assert lead.decision is None or lead.state == State.DISMISSED or lead.case_id in cases or has_no_case(lead)


def has_no_case(lead: WorkedLead) -> bool:
    """A dismissed one that was closed."""
    return lead.state == State.CLOSED and lead.approval is None


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_random_acts_by_random_people(office: Office, seed: int, is_torture: bool) -> None:
    draw = random.Random(seed)
    done = go_on(office, draw, 3000 if is_torture else 200)
    check(office)
    assert {"confirm", "dismiss", "approve"} <= set(done), done


@pytest.mark.parametrize("office", ["postgresql"], indirect=True)
def test_random_acts_on_postgresql(office: Office) -> None:
    go_on(office, random.Random(7), 90)
    check(office)


def test_the_check_is_seen_to_fail(office: Office) -> None:
    go_on(office, random.Random(5), 60)
    check(office)
    lead = next(lead for lead in office.leads() if lead.state != State.SENT)
    with writing(office.engine).begin() as connection:
        connection.execute(LeadRow.__table__.update().where(LeadRow.id == lead.id).values(state="sent"))  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        check(office)


def decide_in_a_process(place: str, lead: int, start: str, told: object) -> None:
    """One person's decision, made when the file `start` is there."""
    from time import sleep

    from people_specimens import BEGUN
    from people_specimens import acting as proved

    engine = open_database(place)
    name = multiprocessing.current_process().name
    desk = Desk(engine=engine, acting=proved(engine, name), now=BEGUN.replace(month=9))
    seen = WorkedLeads(engine).lead(lead)
    told.put("ready")  # type: ignore[attr-defined]
    while not Path(start).exists():
        sleep(0.01)
    try:
        deciding.confirm(desk, [seen]) if name == "示例甲" else deciding.dismiss(desk, [seen], "示例理由")
        told.put("done")  # type: ignore[attr-defined]
    except UserMistake as refused:
        told.put(str(refused))  # type: ignore[attr-defined]
    engine.dispose()


@pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)
def test_two_processes_decide_one_lead_at_once(office: Office, tmp_path: Path) -> None:
    see_something(office, random.Random(1))
    (lead,) = deciding.claim(
        Desk(engine=office.engine, acting=office.people["示例丁"], now=office.later()), office.leads()
    )
    place, start = office.engine.url.render_as_string(hide_password=False), tmp_path / "start"
    spawning = multiprocessing.get_context("spawn")
    told = spawning.Queue()
    several = [
        spawning.Process(target=decide_in_a_process, args=(place, lead.id, str(start), told), name=name)
        for name in ("示例甲", "示例乙")
    ]
    for one in several:
        one.start()
    assert [told.get(timeout=300) for _ in several] == ["ready", "ready"]
    start.touch()
    answers = sorted(told.get(timeout=300) for _ in several)
    for one in several:
        one.join()
    assert answers[0] == "done"
    assert answers[1].startswith("两人同时处理 X2026-00001：")
    assert [move.move for move in office.store.moves(lead.id)][:2] == ["register", "claim"]
    assert len(office.store.moves(lead.id)) == 3
    check(office)
