"""An actor as it is read back, with what was held against it; and that every question walks an index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from actor_specimens import (
    SAID,
    appear,
    appearance,
    case_values,
    entity,
    lead_values,
    mobile,
    place,
    record,
    shop,
    unsigned,
)
from sqlalchemy import Engine, insert, select, update
from storage_specimens import T0, on_both, on_sqlite
from test_leads import FULL_SCAN, plan_of, statements

from crawler.errors import UserMistake
from storage.cases.actor_acts import join_by_hand, undo_join
from storage.cases.actor_shapes import Tally
from storage.cases.actors import Actors
from storage.cases.matches import due_on
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import ExhibitRow
from storage.tables.actors import ActorRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow
from storage.tables.pictures import PictureRow

PHONE = ("mobile", mobile(1))
DAY = timedelta(days=1)


@on_both
def test_one_is_named_by_number_id_or_exhibit_and_by_what_it_was_before(planned: ExhibitStore) -> None:
    phone = entity(*PHONE)
    record(planned, {shop("1"): (phone,), shop("2"): (phone,)})
    place(planned)
    actors = Actors(planned.engine)
    with planned.engine.connect() as connection:
        exhibit = connection.execute(select(ExhibitRow.public_id).order_by(ExhibitRow.id.desc()).limit(1)).scalar_one()
    named = {actors.named(word).id for word in ("1", "2", "ZT-000002", "zt-000001", exhibit, exhibit[:8])}
    assert named == {1}
    assert actors.actor(2).number == "ZT-000001"
    assert actors.joined_numbers(1, 10) == ("ZT-000002",)
    for word in ("3", "ZT-000009", "99999999999999999999", "", "示例", "ffffffff"):
        with pytest.raises(UserMistake):
            actors.named(word)


@on_both
def test_a_join_shows_the_two_exhibits_and_stays_when_undone(engine: Engine) -> None:
    appear(engine, appearance("1", [PHONE]), appearance("2", [PHONE]))
    with writing(engine).begin() as connection:
        undo_join(connection, 1, SAID, unsigned)
        join_by_hand(connection, 1, 2, SAID, unsigned)
    actors = Actors(engine)
    first, second = actors.joins([one.id for one in actors.identities(1, 10)], 10)
    assert (first.kind, first.exhibits, first.undone_by) == ("mobile", ("exhibit-1", "exhibit-2"), SAID.by)
    assert (second.kind, second.value, second.exhibits, second.undone_at) == ("person", SAID.reason, (), None)


@on_both
def test_a_picture_in_which_something_was_found_joins(planned: ExhibitStore) -> None:
    record(planned, {shop("1"): (), shop("2"): (), shop("3"): ()})
    with writing(planned.engine).begin() as connection:
        exhibits = connection.execute(select(ExhibitRow.id).order_by(ExhibitRow.id)).scalars().all()
        told = {"run_id": "run-1", "queued_at": T0, "state": "read", "reason": "", "detail": "", "sha256": "ab" * 32}
        rows = [{**told, "exhibit_id": one, "url": str(one), "findings": n < 2} for n, one in enumerate(exhibits)]
        connection.execute(insert(PictureRow), [row | {"findings": int(row["findings"])} for row in rows])
    actors = place(planned)
    assert actors["1"] == actors["2"] != actors["3"]


def held(engine: Engine, actor: int) -> None:
    """A lead that was written about, removed, back, and came again; and a second one after the letter."""
    with writing(engine).begin() as connection:
        case = connection.execute(insert(CaseRow).values(case_values(actor)).returning(CaseRow.id)).scalar_one()
        first = lead_values(actor, "X-1", case_id=case, reopened=1, title="示例 13800000000")
        second = lead_values(actor, "X-2", registered_at=T0 + 9 * DAY, district="示例区")
        leads = [
            connection.execute(insert(LeadRow).values(one).returning(LeadRow.id)).scalar_one()
            for one in (first, second)
        ]
        letter = connection.execute(insert(LetterRow).values(letter_values()).returning(LetterRow.id)).scalar_one()
        about = {"is_true": "", "measured_on": "", "remark": "", "looks": 1, "blocked": 0, "gone_capture": ""}
        about |= {
            "letter_id": letter,
            "lead_id": leads[0],
            "exhibits": [],
            "measure": "删除",
            "answered_at": T0 + 3 * DAY,
        }
        connection.execute(insert(LetterLeadRow).values(about | {"gone_at": T0 + 4 * DAY, "back_at": T0 + 8 * DAY}))
        move = {"lead_id": leads[0], "move": "relapse", "before": "closed", "after": "new", "by": "lantian"}
        connection.execute(
            insert(MoveRow).values(move | {"at": T0 + 8 * DAY, "reason": "又见", "detail": [], "entry": 1})
        )


def letter_values() -> dict[str, object]:
    columns = LetterRow.__table__.columns
    told = {one.name: "" for one in columns if str(one.type) == "TEXT" or one.type.python_type is str}
    told |= {"number": "H-1", "kind": "remove", "addressee": "示例平台有限公司", "state": "answered", "articles": []}
    return told | {"drafted_at": T0, "entry": 1, "sent_at": T0 + DAY, "answered_at": T0 + 3 * DAY}


@on_both
def test_what_was_held_against_it_is_counted_and_told(engine: Engine) -> None:
    appear(engine, appearance("1", [PHONE]), appearance("2", [PHONE], platform="jd"))
    held(engine, 1)
    actors = Actors(engine)
    tally = Tally(identities=2, platforms=2, by_contact=1, leads=2, relapses=1, cases=1, letters=1, broken=1, later=1)
    assert actors.tallies([1]) == {1: tally}
    history = actors.history(1)
    assert [one.number for one in history.leads] == ["X-2", "X-1"]
    assert [(one.measure, one.back_at) for one in history.letters] == [("删除", T0 + 8 * DAY)]
    assert [one.reason for one in history.relapses] == ["又见"]


@on_both
def test_an_actor_is_there_for_whom_one_of_its_leads_is(engine: Engine) -> None:
    appear(engine, appearance("1", [PHONE]), appearance("2", [PHONE], platform="jd"), appearance("3"))
    held(engine, 1)  # in 示例区 is its second lead only, which is in no case and no letter
    actors, his, other = Actors(engine), ("示例区",), ("别区",)
    told, history = actors.tallies([1], his)[1], actors.history(1, his)
    assert (told.leads, told.cases, told.later, told.letters) == (1, 0, 1, 0)
    assert ([one.number for one in history.leads], history.cases, history.letters) == (["X-2"], (), ())
    told, history = actors.tallies([1], other)[1], actors.history(1, other)
    assert (told.leads, told.cases, told.later, told.letters) == (0, 0, 0, 0)
    assert (history.leads, history.cases, history.letters, history.relapses) == ((), (), (), ())
    assert [one.id for one in actors.newest(districts=his)] == [1]
    assert actors.named("1", his).id == actors.named("ZT-000002", his).id == 1
    with engine.begin() as connection:  # a lead keeps the actor that it was made for
        connection.execute(update(LeadRow).values(actor_id=2))
    assert [one.id for one in actors.newest(districts=his, joined=True)] == [1]
    assert actors.newest(districts=other) == ()
    for word in ("1", "2", "ZT-000001"):
        assert actors.named(word, his).id == 1
        with pytest.raises(UserMistake, match="没有主体"):
            actors.named(word, other)


@on_both
def test_lists_go_on_where_they_stopped(engine: Engine) -> None:
    appear(engine, *(appearance(str(n), [("mobile", mobile(n // 2))] if n < 6 else []) for n in range(9)))
    actors = Actors(engine)
    assert [one.id for one in actors.newest()] == [9, 8, 7, 5, 3, 1]
    assert [one.id for one in actors.newest(before=7, limit=2)] == [5, 3]
    assert [one.id for one in actors.newest(joined=True)] == [5, 3, 1]
    assert [one.id for one in actors.newest(before=5, limit=1, joined=True)] == [3]


QUESTIONS: dict[str, Callable[[ExhibitStore], object]] = {
    "newest": lambda store: Actors(store.engine).newest(before=40, limit=5),
    "joined": lambda store: Actors(store.engine).newest(limit=5, joined=True),
    "scoped": lambda store: Actors(store.engine).newest(limit=5, districts=("示例区",)),
    "named": lambda store: Actors(store.engine).named("ZT-000003"),
    "identities": lambda store: Actors(store.engine).identities(1, 5),
    "contacts": lambda store: Actors(store.engine).contacts([1, 2], 5),
    "shown by": lambda store: Actors(store.engine).shown_by([1, 2], 5),
    "joins": lambda store: Actors(store.engine).joins([1, 2], 5),
    "tallies": lambda store: Actors(store.engine).tallies([1, 3], ("示例区",)),
    "history": lambda store: Actors(store.engine).history(1),
    "appear": lambda store: appear(store.engine, appearance("1", [PHONE, ("qq", "12345678")])),
    "place": place,
    "undo": lambda store: _undone(store.engine),
    "due": lambda store: _due(store.engine),
}


def _undone(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        undo_join(connection, 1, SAID, unsigned)


def _due(engine: Engine) -> None:
    with engine.connect() as connection:
        due_on(connection, 3, 5)


@on_both
def test_every_question_walks_an_index(planned: ExhibitStore) -> None:
    phone = entity(*PHONE)
    record(planned, {shop(str(n)): (phone,) if n < 4 else () for n in range(30)})
    place(planned)
    held(planned.engine, 1)
    for name, ask in QUESTIONS.items():
        with statements(planned) as asked:
            ask(planned)
        assert asked, name
        for statement, parameters in asked:
            # The specimen asks for all listings, whoever appends to the audit log for its last entry by its number.
            if not any(part in statement for part in ("INSERT", "FROM audit", "IS NOT NULL ORDER")):
                plan = plan_of(planned, statement, parameters)
                scans = [line for line in plan if FULL_SCAN.match(line) and "anon_" not in line]
                assert not scans, f"{name}: {statement}\n{plan}"


@on_sqlite
def test_a_question_without_an_index_is_seen(planned: ExhibitStore) -> None:
    with statements(planned) as asked, planned.engine.connect() as connection:
        connection.execute(select(ActorRow.id).where(ActorRow.name == "示例"))
    assert any(FULL_SCAN.search(line) for one in asked for line in plan_of(planned, *one))


@on_both
def test_a_merged_match_of_two_people_is_nobodys(engine: Engine) -> None:
    """Two said different agencies: then nobody said any of them of the whole."""
    appear(engine, appearance("1"), appearance("2"))
    with writing(engine).begin() as connection:
        for actor, code in ((1, "99001"), (2, "99002")):
            of = update(ActorRow).where(ActorRow.id == actor)
            connection.execute(of.values(agency=code, agency_code=code, match_entry=actor, matched_by="示例甲"))
        join_by_hand(connection, 1, 2, replace(SAID, reason="同一办公室"), unsigned)
    assert Actors(engine).actor(1).agency == ""
