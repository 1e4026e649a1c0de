"""Who may decide what about which leads, what a decision speaks of, and that nobody approves his own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from review_specimens import LANE, PROMISE, Office, office_in
from sqlalchemy import update
from storage_specimens import database_of

from casework.acting import Grant
from casework.review import deciding, filing, routing
from casework.review.alike import alike
from casework.review.deciding import Chosen
from casework.review.desk import Desk
from casework.review.routing import Handing
from casework.review.settled import unexamined
from casework.review.times import times_of
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Reports
from storage.audit import AuditLog
from storage.cases.cases import WorkedCases
from storage.cases.examples import Examples, settle
from storage.cases.lead_shapes import CasesWanted
from storage.cases.shapes import LeadsWanted, NewLead, WorkedLead
from storage.db import writing
from storage.people import People
from storage.tables.leads import LeadRow, MoveRow

REASON = "示例理由"
OTHER = {"seller": "晨野知产", "seller_id": "7002"}
Act = Callable[[Desk, Sequence[WorkedLead]], Sequence[WorkedLead]]


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    office = office_in(database_of(request, tmp_path))
    office.see({"1": (PROMISE,), "2": (LANE,)})
    office.take_in()
    yield office
    office.engine.dispose()


def confirmed(office: Office, chosen: Chosen = deciding.ALL) -> WorkedLead:
    (lead,) = office.leads("new")
    (lead,) = deciding.confirm(office.ann, deciding.claim(office.ann, [lead]), chosen, REASON)
    return lead


def approved(office: Office) -> WorkedLead:
    (lead,) = deciding.approve(office.ben, [confirmed(office)])
    return lead


def test_a_decision_names_what_was_looked_at(office: Office) -> None:
    lead = confirmed(office)
    assert (lead.state, lead.decided_by, lead.reason) == ("confirmed", "示例初审", REASON)
    proven = Trust(office.engine).proven(lead.decision or 0, "lead_confirm", lead.number, Grant.EXAMINER)
    assert proven.name == "示例初审"
    assert set(proven.detail["exhibits"]) == set(office.store.exhibits(lead.id))
    assert set(proven.detail["categories"]) == {"guaranteed_grant", "green_channel"}
    case = WorkedCases(office.engine).named("A2026-00001")
    assert (case.id, case.state, case.actor_id, case.opened_by) == (lead.case_id, "open", lead.actor_id, "示例初审")


def test_it_may_speak_of_some_only(office: Office) -> None:
    exhibits = office.store.led(office.only().id)
    promise = next(one for one in exhibits if one.categories == ("guaranteed_grant",))
    lead = confirmed(office, Chosen(exhibits=(promise.exhibit[:8],), categories=("guaranteed_grant",)))
    moves = office.store.moves(lead.id)
    (left,) = unexamined(lead, moves, exhibits)
    assert left != promise.exhibit
    office.see({"7": (PROMISE,)})
    office.take_in()
    assert len(unexamined(lead, moves, office.store.led(lead.id))) == 2, "what joined later was not looked at"


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (Chosen(categories=("licence_renting",)), "没有类别 licence_renting 的发现"),
        (Chosen(categories=("nonsense",)), "没有类别 nonsense"),
        (Chosen(exhibits=("ffffff",)), "没有证据项"),
    ],
)
def test_it_speaks_of_nothing_else(office: Office, chosen: Chosen, why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        confirmed(office, chosen)
    assert WorkedCases(office.engine).cases(CasesWanted()) == (), "and no case was opened for it"


def test_nor_of_another_leads_exhibit(office: Office) -> None:
    (other,) = office.see({"9": (PROMISE,)}, **OTHER)
    first = office.only()
    office.take_in()
    with pytest.raises(UserMistake, match="不属于 X2026-00001"):
        deciding.confirm(office.ann, deciding.claim(office.ann, [first]), Chosen(exhibits=(other,)))


def test_two_people_stand_behind_an_approval(office: Office) -> None:
    lead = approved(office)
    assert (lead.state, lead.decided_by, lead.approved_by) == ("approved", "示例初审", "示例复核")
    proven = Trust(office.engine).proven(lead.approval or 0, "lead_approve", lead.number, Grant.REVIEWER)
    assert proven.detail["decision"] == lead.decision


def test_who_decided_does_not_approve(office: Office) -> None:
    (lead,) = deciding.confirm(office.ben, deciding.claim(office.ben, [office.only()]))
    with pytest.raises(UserMistake, match="不能由同一人复核"):
        deciding.approve(office.ben, [lead])
    with writing(office.engine).begin() as connection:
        connection.execute(update(LeadRow).values(decided_by="示例别人"))
        connection.execute(update(MoveRow).where(MoveRow.move == "confirm").values(by="示例别人"))
    with pytest.raises(UserMistake, match="由 示例复核 认定，不能由同一人复核"):
        deciding.approve(office.ben, [office.only()])


def test_a_decision_that_only_a_row_tells_is_not_approved(office: Office) -> None:
    lead = confirmed(office)
    with writing(office.engine).begin() as connection:
        connection.execute(update(LeadRow).values(decision=(lead.decision or 0) - 1))
    with pytest.raises(EvidenceBroken):
        deciding.approve(office.ben, [office.only()])


def test_who_merged_something_into_it_after_that_does_not_approve(office: Office) -> None:
    lead = confirmed(office)
    office.see({"5": (PROMISE,)}, **OTHER)
    office.take_in()
    (other,) = office.leads("new")
    deciding.merge(office.ben, other, lead)
    with pytest.raises(UserMistake, match="示例复核 在认定之后并入了 X2026-00002"):
        deciding.approve(office.ben, [lead])
    third = office.desk("示例三", Grant.REVIEWER)
    assert deciding.approve(third, [lead])[0].approved_by == "示例三"


WORK = (Grant.EXAMINER, Grant.REVIEWER)
ACTS: dict[str, tuple[Act, tuple[Grant, ...]]] = {
    "claim": (deciding.claim, WORK),
    "confirm": (deciding.confirm, WORK),
    "dismiss": (lambda desk, leads: deciding.dismiss(desk, leads, REASON), WORK),
    "more": (lambda desk, leads: deciding.need_more(desk, leads, REASON), WORK),
    "merge": (lambda desk, leads: (deciding.merge(desk, leads[0], leads[0]),), WORK),
    "assign": (lambda desk, leads: routing.assign(desk, leads, "保护科", ""), WORK),
    "delegate": (lambda desk, leads: routing.delegate(desk, leads, Handing(to="示例区")), WORK),
    "feedback": (lambda desk, leads: routing.feedback(desk, leads, REASON, "示例区局"), WORK),
    "hand_over": (
        lambda desk, leads: routing.hand_over(desk, leads, Handing(to="示例局", document="示〔2026〕1号")),
        WORK,
    ),
    "answer": (lambda desk, leads: routing.answer(desk, leads, REASON), WORK),
    "close": (lambda desk, leads: routing.close(desk, leads, REASON), WORK),
    "approve": (deciding.approve, (Grant.REVIEWER,)),
    "send_back": (lambda desk, leads: deciding.send_back(desk, leads, REASON), (Grant.REVIEWER,)),
    "reopen": (lambda desk, leads: routing.reopen(desk, leads, REASON), (Grant.REVIEWER, Grant.ADMIN)),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_needs_its_grant(office: Office, act: str) -> None:
    """Whoever has none of them is told so; whoever has one is told at most that the state does not allow it."""
    take, needs = ACTS[act]
    for grant in Grant:
        desk = office.desk(f"示例{grant}", grant)
        before = AuditLog(office.engine).head()
        if grant not in needs:
            with pytest.raises(UserMistake, match=r"没有.*权限"):
                take(desk, [office.only()])
            assert AuditLog(office.engine).head() == before
        else:
            assert "权限" not in refusal(take, desk, office.only())


def refusal(take: Act, desk: Desk, lead: WorkedLead) -> str:
    """What stood against the act, if anything did."""
    try:
        take(desk, [lead])
    except UserMistake as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("act", ["dismiss", "more", "send_back", "close", "reopen", "answer", "feedback"])
def test_a_reason_is_demanded(office: Office, act: str) -> None:
    empty: dict[str, Act] = {
        "dismiss": lambda desk, leads: deciding.dismiss(desk, leads, " "),
        "more": lambda desk, leads: deciding.need_more(desk, leads, ""),
        "send_back": lambda desk, leads: deciding.send_back(desk, leads, "\n"),
        "close": lambda desk, leads: routing.close(desk, leads, ""),
        "reopen": lambda desk, leads: routing.reopen(desk, leads, ""),
        "answer": lambda desk, leads: routing.answer(desk, leads, ""),
        "feedback": lambda desk, leads: routing.feedback(desk, leads, "", "示例区局"),
    }
    with pytest.raises(UserMistake, match="要写明理由"):
        empty[act](office.ben, [office.only()])
    with pytest.raises(UserMistake, match="最多"):
        deciding.dismiss(office.ben, [office.only()], "长" * 2001)


def test_a_district_sees_and_moves_its_own_only(office: Office) -> None:
    (lead,) = routing.delegate(office.ann, [office.only()], Handing(to="示例甲区", document="示〔2026〕2号"))
    assert (lead.district, lead.reference) == ("示例甲区", "示〔2026〕2号")
    here = office.desk("示例区内", Grant.EXAMINER, districts=("示例甲区",))
    there = office.desk("示例区外", Grant.EXAMINER, districts=("示例乙县",))
    for word in (lead.number, "1", office.store.exhibits(lead.id)[0]):
        with pytest.raises(UserMistake, match="没有线索"):
            there.named([word])
    with pytest.raises(UserMistake, match="没有线索 X2026-00001"):
        routing.feedback(there, [lead], "查无此店", "示例区局")
    (back,) = routing.feedback(here, here.named([lead.number]), "核查属实", "示例区局")
    assert (back.state, back.answered_at, back.decision) == ("examining", here.now, None)
    assert office.store.moves(lead.id)[-1].detail == ("result=核查属实", "teller=示例区局")
    with pytest.raises(UserMistake, match="没有线索"):
        deciding.merge(there, lead, replace(lead, id=99))


def test_a_lead_goes_to_districts_that_are_ours_only(office: Office) -> None:
    handing = Handing(to="别省某区", districts=("示例甲区", "示例乙县"))
    with pytest.raises(UserMistake, match="示例甲区、示例乙县"):
        routing.delegate(office.ann, [office.only()], handing)


def test_assigned_is_who_is_there(office: Office) -> None:
    with pytest.raises(UserMistake, match="没有用户"):
        routing.assign(office.ann, [office.only()], "", "示例无人")
    gone = office.person("示例离任", Grant.EXAMINER)
    People(office.engine).disable(gone.name, "示例创始", office.later())
    with pytest.raises(UserMistake, match="已停用"):
        routing.assign(office.ann, [office.only()], "", gone.name)
    office.person("示例丙", Grant.EXAMINER)
    (lead,) = routing.assign(office.ann, [office.only()], "保护科", "示例丙")
    assert (lead.unit, lead.assignee, lead.state, lead.told_at) == ("保护科", "示例丙", "new", office.now)


def test_two_at_once_are_told_of_each_other(office: Office) -> None:
    (lead,) = deciding.claim(office.ann, [office.only()])
    deciding.dismiss(office.ben, [lead], REASON)
    with pytest.raises(UserMistake, match="两人同时处理 X2026-00001：示例复核 已于"):
        deciding.confirm(office.ann, [lead])


def test_all_of_several_or_none(office: Office) -> None:
    office.see({"5": (PROMISE,)}, **OTHER)
    office.take_in()
    second, first = office.leads()
    deciding.claim(office.ann, [second])
    ben = office.ben
    before = AuditLog(office.engine).head()
    with pytest.raises(UserMistake, match="研判中的线索不能认领"):
        deciding.claim(ben, office.leads()[::-1])
    assert AuditLog(office.engine).head() == before
    assert office.store.lead(first.id).state == "new"


def test_like_ones_are_decided_as_one(office: Office) -> None:
    words = {"title": "软著 包授权 当天出证", "text": "低价办理，不成功退款，全国可做"}
    for number in range(3):
        office.see({f"9{number}": (PROMISE,)}, seller=f"示例店{number}", seller_id=f"81{number}", **words)
    office.see({"99": (PROMISE,)}, seller="示例店9", seller_id="819", **words)
    office.see({"98": (LANE,)}, seller="示例店9", seller_id="819", title="内部渠道", text="绿色通道，三天受理")
    office.take_in()
    asked = next(lead for lead in office.leads() if lead.seller == "示例店0")
    mixed = next(lead for lead in office.leads() if lead.seller == "示例店9")
    desk = replace(office.ann, in_batch=True)
    found = alike(desk, [asked])
    assert {lead.seller for lead in found.leads} == {"示例店0", "示例店1", "示例店2"}
    assert found.left_out == (mixed,)
    done = deciding.confirm(desk, found.leads, Chosen(groups=found.groups), REASON)
    assert {lead.state for lead in done} == {"confirmed"}
    for lead in done:
        claim, confirm = office.store.moves(lead.id)[1:]
        assert (claim.move, confirm.move) == ("claim", "confirm")
        assert "batch=True" in confirm.detail
        proven = Trust(office.engine).proven(confirm.entry, "lead_confirm", lead.number, Grant.EXAMINER)
        assert proven.detail["batch"] is True
    assert office.store.lead(mixed.id).state == "new"
    assert WorkedCases(office.engine).cases(CasesWanted())[0].number == "A2026-00003"


def test_a_false_alarm_is_proposed_as_an_example_without_contacts(office: Office) -> None:
    (lead,) = deciding.dismiss(office.ann, deciding.claim(office.ann, [office.only()]), "普法文章")
    assert (lead.state, lead.reason) == ("dismissed", "普法文章")
    found = Examples(office.engine).examples()
    assert {one.rule for one in found} == {"guaranteed_grant_promise", "green_channel_promise"}
    for one in found:
        assert "13800000000" not in one.text
        assert one.text.startswith("发明专利代写 包授权 ")
        assert (one.state, one.reason, one.proposed_by, one.lead_id) == ("proposed", "普法文章", "示例初审", lead.id)
    with writing(office.engine).begin() as connection:
        done = settle(connection, 1, "taken", office.later(), office.ann.acting.sign)
    assert (done.state, done.settled_by) == ("taken", "示例初审")
    with writing(office.engine).begin() as connection, pytest.raises(UserMistake, match="已由 示例初审 处理"):
        settle(connection, 1, "refused", office.later(), office.ann.acting.sign)
    assert len(Examples(office.engine).examples()) == 1


def test_the_same_false_alarm_is_proposed_once(office: Office) -> None:
    deciding.dismiss(office.ann, deciding.claim(office.ann, [office.only()]), REASON)
    (lead,) = routing.reopen(office.ben, [office.only()], REASON)
    deciding.dismiss(office.ann, [lead], "再看仍不属实")
    assert len(Examples(office.engine).examples()) == 2


def test_handing_over_needs_an_office_and_a_document(office: Office) -> None:
    lead = approved(office)
    for to, document in (("", "示〔2026〕1号"), ("示例局", "")):
        with pytest.raises(UserMistake, match="移送要写明"):
            routing.hand_over(office.ann, [lead], Handing(to=to, document=document))
    (lead,) = routing.hand_over(office.ann, [lead], Handing(to="示例局", document="示〔2026〕1号"))
    assert (lead.state, lead.office, lead.reference) == ("handed_over", "示例局", "示〔2026〕1号")


def test_a_case_is_closed_when_nothing_is_left_and_opened_by_what_comes(office: Office) -> None:
    lead = approved(office)
    case = filing.named_case(office.ben, "a2026-00001")
    with pytest.raises(UserMistake, match="还有没有办结的线索：X2026-00001"):
        filing.close_named(office.ann, case, REASON)
    (lead,) = routing.close(office.ann, [lead], "已整改")
    closed = filing.close_named(office.ann, case, "全部整改")
    assert (closed.state, closed.closed_by, closed.reason) == ("closed", "示例初审", "全部整改")
    with pytest.raises(UserMistake, match="已经结案"):
        filing.close_named(office.ann, case, REASON)
    routing.reopen(office.ben, [lead], "又有举报")
    again = filing.named_case(office.ben, "1")
    assert (again.state, again.reopened, again.closed_at) == ("open", 1, None)
    with pytest.raises(UserMistake, match="没有结案"):
        filing.reopen_named(office.ben, again, REASON)
    with pytest.raises(UserMistake, match="权限"):
        filing.reopen_named(office.ann, again, REASON)
    office.person("示例丙", Grant.EXAMINER)
    given = filing.assign_named(office.ann, again, "执法科", "示例丙")
    assert (given.unit, given.assignee) == ("执法科", "示例丙")
    with pytest.raises(UserMistake, match="没有案件"):
        filing.named_case(office.desk("示例区内", Grant.EXAMINER, districts=("示例甲区",)), "1")


def test_one_actor_has_one_case(office: Office) -> None:
    first = confirmed(office)
    office.see({"5": (PROMISE,)}, phone="13800000000", **OTHER)
    office.see({"6": (PROMISE,)}, phone="13800000000", seller="示例三店", seller_id="7003")
    office.take_in()
    joined = office.leads("new")
    assert len(joined) == 1, "one phone, one actor"
    second = deciding.confirm(office.ann, deciding.claim(office.ann, joined))[0]
    assert second.case_id != first.case_id


def test_a_report_without_exhibits_is_confirmed_on_its_word(office: Office) -> None:
    new = NewLead(
        source="report", platform="zhihu", title="示例举报", url="https://www.example/1",
        categories=("inventor_listing",), found_at=office.now, registered_at=office.now,
    )  # fmt: skip
    ann = office.ann.acting
    with writing(office.engine).begin() as connection:
        lead = office.store.register(connection, new, ann.sign)
    (lead,) = deciding.confirm(office.ann, deciding.claim(office.ann, [lead]))
    proven = Trust(office.engine).proven(lead.decision or 0, "lead_confirm", lead.number, Grant.EXAMINER)
    assert (proven.detail["exhibits"], proven.detail["categories"]) == ([], ["inventor_listing"])


def test_times_are_hours_from_when_it_was_registered(office: Office) -> None:
    lead, limits = office.only(), Reports(told_hours=24, handled_hours=72, answered_hours=360)
    fresh = times_of(lead, limits, lead.registered_at + timedelta(hours=24))
    assert (fresh.told.hours, fresh.told.is_late, fresh.is_overdue) == (None, False, False)
    late = times_of(lead, limits, lead.registered_at + timedelta(hours=25))
    assert (late.told.is_late, late.handled.is_late) == (True, False)
    told = replace(lead, told_at=lead.registered_at + timedelta(hours=30), state="sent")
    assert times_of(told, limits, lead.registered_at).told.hours == 30.0
    assert times_of(told, limits, lead.registered_at).told.is_late
    over = replace(lead, state="dismissed")
    assert not times_of(over, limits, lead.registered_at + timedelta(days=99)).answered.is_late
    due = replace(lead, due_at=lead.registered_at + timedelta(days=3))
    assert times_of(due, limits, lead.registered_at + timedelta(days=4)).is_overdue
    assert not times_of(replace(due, state="closed"), limits, lead.registered_at + timedelta(days=4)).is_overdue
    assert times_of(replace(due, answered_at=lead.registered_at + timedelta(days=5)), limits, office.now).is_overdue


def test_entries_say_what_was_done(office: Office) -> None:
    approved(office)
    entries = [one for one in AuditLog(office.engine).entries() if one.act.startswith(("lead_", "case_"))]
    assert [one.act for one in entries] == ["lead_register", "lead_claim", "case_open", "lead_confirm", "lead_approve"]
    assert json.loads(entries[3].detail)["reason"] == REASON
    assert Trust(office.engine).verify_all().is_whole
    assert office.store.leads(LeadsWanted(states=("approved",)))
