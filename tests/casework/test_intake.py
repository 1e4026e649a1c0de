"""Flagged listings become leads once, grow them, stay dismissed while they stay the same, and open what had ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from review_specimens import LANE, PROMISE, Office, office_in
from sqlalchemy import event, select, update
from storage_specimens import database_of, finding, first_wrong

from casework.review import deciding, intake, routing
from casework.review.intake import Taken
from storage.audit import AuditLog
from storage.cases.cases import WorkedCases
from storage.cases.lead_exhibits import led_exhibits
from storage.cases.shapes import LeadsWanted
from storage.db import open_database, writing
from storage.models import FindingRow, ListingRow
from storage.tables.leads import LeadRow, MoveRow

TRIAL = replace(PROMISE, state="trial", rule="guaranteed_grant_trial")
OTHER = {"seller": "晨野知产", "seller_id": "7002", "title": "商标驳回复审 代办", "text": "加急下证，联系店主"}


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    office = office_in(database_of(request, tmp_path))
    yield office
    office.engine.dispose()


def on_office(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("office", kinds, indirect=True)


@on_office("sqlite", "postgresql")
def test_a_flagged_listing_is_a_lead_and_its_sellers_others_join_it(office: Office) -> None:
    office.see({"1": (PROMISE,), "2": ()})
    assert office.take_in() == Taken(new=1)
    lead = office.only()
    assert (lead.number, lead.state, lead.source, lead.platform) == ("X2026-00001", "new", "monitoring", "taobao")
    assert (lead.categories, lead.points, lead.title) == (("guaranteed_grant",), 70, "发明专利代写 包授权 1")
    assert lead.registered_at == office.now
    assert lead.actor_id is not None
    office.see({"3": (LANE,), "4": (replace(PROMISE, points=90),)})
    assert office.take_in() == Taken(grown=2)
    lead = office.only()
    assert set(lead.categories) == {"guaranteed_grant", "green_channel"}
    assert (lead.points, lead.title) == (90, "发明专利代写 包授权 4")
    assert len(office.store.exhibits(lead.id)) == 3


@on_office("sqlite", "postgresql")
def test_taking_in_again_changes_nothing(office: Office) -> None:
    office.see({str(number): (PROMISE,) for number in range(5)})
    office.take_in()
    before = contents(office)
    assert office.take_in() == Taken()
    assert contents(office) == before


def contents(office: Office) -> list[object]:
    with office.engine.connect() as connection:
        rows = [connection.execute(select(*table.__table__.columns)).all() for table in (LeadRow, MoveRow, ListingRow)]
    return [*rows, AuditLog(office.engine).head()]


def test_sellers_are_leads_of_their_own(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.see({"2": (PROMISE,)}, **OTHER)
    assert office.take_in() == Taken(new=2)
    assert [lead.number for lead in office.leads()] == ["X2026-00002", "X2026-00001"]


def test_what_is_on_trial_makes_no_lead_until_it_is_not(office: Office) -> None:
    office.see({"1": (TRIAL,)})
    assert office.take_in() == Taken()
    with office.engine.connect() as connection:
        assert connection.execute(select(ListingRow.led_upto)).scalars().all() != [None], "it is not looked at again"
    promote(office)
    assert office.take_in() == Taken(new=1)


def promote(office: Office) -> None:
    """What a rejudgement does when a rule is on trial no more: another finding, and the leads look again."""
    from storage.care_shapes import Rejudging, Verdict

    store = office_store(office)
    (one,) = store.archived(10)
    number = store.begin_rejudgement(
        Rejudging(at=office.later(), by="测试员", tool="lantian", rules_digest="00", asked="all")
    )
    stood = tuple(held.row for held in one.findings)
    verdict = Verdict(row=one.row, stood=stood, replaced=stood, findings=(PROMISE,), entities=())
    assert store.rejudge(number, 1, [verdict]) == ()


def office_store(office: Office):  # type: ignore[no-untyped-def]
    from storage.exhibits import ExhibitStore

    return ExhibitStore(office.engine)


def test_the_same_offer_stays_dismissed(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    dismiss(office)
    office.see({"1": (PROMISE,)})
    assert office.take_in() == Taken(grown=1)
    assert office.only().state == "dismissed"
    office.see({"2": (PROMISE,)})
    assert office.take_in() == Taken(grown=1), "a copy of it under another address"
    assert office.only().state == "dismissed"


def test_also_after_it_was_closed(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    dismiss(office)
    routing.close(office.ann, [office.only()], "误报")
    office.see({"1": (PROMISE,)})
    assert office.take_in() == Taken(grown=1)
    assert office.only().state == "closed"


def test_another_category_is_a_new_lead(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    dismiss(office)
    office.see({"1": (PROMISE, LANE)})
    assert office.take_in() == Taken(new=1)
    assert [lead.state for lead in office.leads()] == ["new", "dismissed"]
    assert len(office.store.exhibits(office.leads()[0].id)) == 1


def test_another_rule_or_another_text_is_a_new_lead(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    dismiss(office)
    office.see({"1": (replace(PROMISE, rule="guaranteed_grant_refund"),)})
    assert office.take_in() == Taken(new=1)
    dismiss(office)
    office.see({"1": (replace(PROMISE, rule="guaranteed_grant_refund"),)}, title="全新说法 内部名额", text="加急办理")
    assert office.take_in() == Taken(new=1)
    assert [lead.state for lead in office.leads()] == ["new", "dismissed", "dismissed"]


def dismiss(office: Office) -> None:
    (lead,) = office.leads("new")
    deciding.dismiss(office.ann, deciding.claim(office.ann, [lead]), "普法文章")


@on_office("sqlite", "postgresql")
def test_what_comes_back_after_its_end_opens_lead_and_case(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    closed(office)
    office.see({"1": (PROMISE,)})
    assert office.take_in() == Taken(relapsed=1)
    lead = office.only()
    assert (lead.state, lead.reopened, lead.decision, lead.approved_by, lead.closed_at) == ("new", 1, None, "", None)
    last = office.store.moves(lead.id)[-1]
    assert (last.move, last.by, last.before, last.after) == ("relapse", "lantian", "closed", "new")
    case = WorkedCases(office.engine).named("A2026-00001")
    assert (case.state, case.reopened) == ("open", 1)
    assert first_wrong(AuditLog(office.engine)) == 0


def test_a_copy_after_its_end_opens_it_too_and_another_offer_is_new(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    closed(office)
    office.see({"2": (PROMISE,)})
    assert office.take_in() == Taken(relapsed=1)
    closed(office)
    office.see({"3": (LANE,)}, title="内部渠道", text="绿色通道 三天受理")
    assert office.take_in() == Taken(new=1)


def test_what_was_seen_before_its_end_opens_nothing(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    office.see({"1": (PROMISE,)})  # by a page that is recorded late
    closed(office)
    assert office.take_in() == Taken(grown=1)
    assert office.only().state == "closed"


def closed(office: Office) -> None:
    (lead,) = office.leads("new")
    held = deciding.confirm(office.ann, deciding.claim(office.ann, [lead]))
    held = routing.close(office.ann, deciding.approve(office.ben, held), "已整改")
    if WorkedCases(office.engine).named("1").state == "open":
        from casework.review import filing

        desk = office.ben
        filing.close_named(desk, filing.named_case(desk, "A2026-00001"), "已整改")


def test_a_lead_that_was_handed_on_only_grows(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    routing.delegate(office.ann, [office.only()], routing.Handing(to="示例区"))
    office.see({"1": (PROMISE,), "2": (LANE,)})
    assert office.take_in() == Taken(grown=2)
    assert office.only().state == "delegated"


def test_what_was_merged_goes_where_it_was_merged(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.see({"2": (replace(PROMISE, points=95),)}, **OTHER)
    office.take_in()
    second, first = office.leads()
    target = deciding.merge(office.ann, second, first)
    assert (target.points, target.title) == (95, OTHER["title"])
    office.see({"2": (replace(PROMISE, points=95),), "5": (LANE,)}, **OTHER)
    assert office.take_in() == Taken(new=1, grown=1), "a new offer of that seller is his own lead again"
    assert len(office.store.exhibits(first.id)) == 2


def test_what_does_not_stand_any_more_does_not_tell_a_lead(office: Office) -> None:
    office.see({"1": (replace(PROMISE, points=95),), "2": (LANE,)})
    office.take_in()
    assert office.only().points == 95
    office.see({"1": (LANE,)})
    office.take_in()
    assert (office.only().points, office.only().categories) == (50, ("green_channel",))


def test_many_are_taken_in_several_transactions(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 3)
    office.see({str(number): (PROMISE,) for number in range(8)})
    assert office.take_in() == Taken(new=1, grown=7)


@on_office("sqlite", "postgresql")
def test_processes_that_take_in_at_once_share_the_work(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 2)
    for number in range(6):
        office.see({f"{number}-{item}": (PROMISE,) for item in "abcd"}, seller_id=f"8{number}", seller=f"示例{number}")
    found: list[Taken] = []
    several = [open_database(str(office.engine.url.render_as_string(hide_password=False))) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda one=one: found.append(intake.take_in(one, office.now))) for one in several
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in several:
        one.dispose()
    assert sum(one.new + one.grown for one in found) == 24
    assert [lead.number for lead in reversed(office.leads())] == [f"X2026-0000{n}" for n in range(1, 7)]
    assert first_wrong(AuditLog(office.engine)) == 0


def test_a_rolled_back_batch_left_nothing(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    before = contents(office)

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO moves"):
            raise RuntimeError("a plug was pulled")

    event.listen(office.engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        office.take_in()
    event.remove(office.engine, "before_cursor_execute", fail)
    assert contents(office) == before
    assert office.take_in() == Taken(new=1)


def test_the_listings_that_wait_are_found_by_their_index(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    asked: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda c, cur, statement, *_: asked.append(statement))
    office.take_in()
    (fresh,) = {one for one in asked if "led_upto" in one and one.startswith("SELECT")}
    with office.engine.connect() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {fresh}", (9, 0))]
    assert any("ix_listings_fresh" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_the_weightiest_is_what_stands(office: Office) -> None:
    """A finding that was replaced says nothing, and neither does one on trial beside it."""
    office.see({"1": (PROMISE, TRIAL, finding("green_channel", points=99))})
    office.take_in()
    with writing(office.engine).begin() as connection:
        gone = update(FindingRow).where(FindingRow.category == "green_channel").values(replaced_in=1)
        connection.exec_driver_sql("INSERT INTO rejudgements VALUES (1,'2026-01-01','x','x','x','x',0,0,NULL)")
        connection.execute(gone)
        (one,) = led_exhibits(connection, [office.only().id], 10)
    assert (one.categories, one.rules, one.points) == (("guaranteed_grant",), (PROMISE.rule,), 70)


def test_leads_of_a_case_are_found(office: Office) -> None:
    office.see({"1": (PROMISE,)})
    office.take_in()
    (lead,) = deciding.confirm(office.ann, deciding.claim(office.ann, [office.only()]))
    assert office.store.leads(LeadsWanted(case_id=lead.case_id or 0)) == (lead,)
