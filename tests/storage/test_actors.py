"""Shops and accounts that show the same phone are one actor; what too many show joins nobody."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from actor_specimens import (
    SAID,
    appear,
    appearance,
    case_values,
    check_books,
    entity,
    lead_values,
    mobile,
    partition,
    place,
    record,
    shop,
    unsigned,
)
from sqlalchemy import Connection, Engine, insert, select, update
from storage_specimens import first_wrong, on_both, on_sqlite

from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.cases.actor_acts import confirm_kind, join_by_hand, undo_join
from storage.cases.appearances import host_key, name_key
from storage.cases.joins import COMMON_OVER, LIST_OVER, TOO_COMMON
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import ListingRow
from storage.tables.actors import ActorRow, ContactRow, JoinRow
from storage.tables.leads import CaseRow, LeadRow

PHONE = ("mobile", mobile(1))


def joins(engine: Engine) -> list[tuple[str, str, bool]]:
    with engine.connect() as connection:
        rows = connection.execute(select(JoinRow.__table__).order_by(JoinRow.id))
        return [(row.kind, row.value, row.undone_at is None) for row in rows]


@on_both
def test_listings_of_one_seller_are_one_identity(planned: ExhibitStore) -> None:
    record(planned, {shop("1", seller_id="7"): (), shop("2", seller_id="7"): (), shop("3"): ()})
    actors = place(planned)
    assert actors["1"] == actors["2"] != actors["3"]
    assert place(planned) == actors
    assert len(partition(planned.engine)) == 2


@on_both
def test_shops_that_show_one_phone_are_one_actor(planned: ExhibitStore) -> None:
    phone = entity("mobile", mobile(1))
    record(planned, {shop("1"): (phone,), shop("2"): (), shop("3"): (phone,)})
    actors = place(planned)
    assert actors["1"] == actors["3"] != actors["2"]
    assert joins(planned.engine) == [("mobile", mobile(1), True)]
    check_books(planned.engine)


@on_sqlite
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("wechat", "13800000001"), ("mobile", "13800000001")),
        (("mail", "12345678@qq.com"), ("qq", "12345678")),
        (("icp", "京ICP备00000000号-1"), ("icp", "京ICP备00000000号-2")),
    ],
)
def test_one_thing_under_two_names_joins(planned: ExhibitStore, one: tuple[str, str], other: tuple[str, str]) -> None:
    record(planned, {shop("1"): (entity(*one),), shop("2"): (entity(*other),)})
    actors = place(planned)
    assert actors["1"] == actors["2"]


@on_both
def test_what_too_many_show_joins_nobody_and_parts_whom_it_joined(engine: Engine) -> None:
    few = appear(engine, *(appearance(str(number), [PHONE]) for number in range(COMMON_OVER)))
    assert len(set(few)) == 1
    actors = appear(engine, appearance("many", [PHONE]), appearance("0"))
    assert actors[0] != actors[1]
    check_books(engine)
    assert len(partition(engine)) == COMMON_OVER + 1
    assert {is_open for _, _, is_open in joins(engine)} == {False}
    with engine.connect() as connection:
        assert set(connection.execute(select(JoinRow.reason)).scalars()) == {TOO_COMMON}
        assert set(connection.execute(select(ContactRow.is_common)).scalars()) == {True}
    assert [entry.act for entry in AuditLog(engine).entries()] == ["actors_joined", "join_undone"]
    appear(engine, appearance("later", [PHONE]))
    check_books(engine)
    with engine.connect() as connection:
        assert set(connection.execute(select(ActorRow.merged_into)).scalars()) == {None}


@on_both
@pytest.mark.parametrize("seed", range(2))
def test_the_actors_are_what_open_joins_connect(engine: Engine, seed: int) -> None:
    """Whatever people place, join and undo, in whatever order; and nothing undone comes back by itself."""
    chance = random.Random(seed)
    undone: set[tuple[int, int, str, str]] = set()
    for _ in range(45):
        do = chance.choice((_place_some, _place_some, _join_two, _undo_one))
        undone |= do(engine, chance)
        check_books(engine)
        with engine.connect() as connection:
            rows = connection.execute(select(JoinRow.__table__).where(JoinRow.undone_at.is_(None))).all()
        again = {(row.one_id, row.other_id, row.kind, row.value) for row in rows if row.kind != "person"}
        assert not again & undone
    assert first_wrong(AuditLog(engine)) == 0


def _place_some(engine: Engine, chance: random.Random) -> set[tuple[int, int, str, str]]:
    """Few phones, so that some become common."""
    phones = [("mobile", mobile(chance.randrange(12))) for _ in range(chance.randrange(3))]
    weights = [("wechat", f"xinghe{chance.randrange(3)}")] if chance.random() < 0.5 else []
    several = (appearance(str(chance.randrange(60)), phones + weights) for _ in range(chance.randrange(1, 5)))
    appear(engine, *several)
    return set()


def _join_two(engine: Engine, chance: random.Random) -> set[tuple[int, int, str, str]]:
    with writing(engine).begin() as connection:
        actors = connection.execute(select(ActorRow.id)).scalars().all()
        own = connection.execute(select(ActorRow.id).where(ActorRow.merged_into.is_(None))).scalars().all()
        if len(own) > 1:
            one, other = chance.sample(own, 2)
            join_by_hand(connection, one, other, SAID, unsigned)
            with pytest.raises(UserMistake, match="同一主体"):
                join_by_hand(connection, chance.choice(actors) and one, other, SAID, unsigned)
    return set()


def _undo_one(engine: Engine, chance: random.Random) -> set[tuple[int, int, str, str]]:
    with writing(engine).begin() as connection:
        joins = connection.execute(select(JoinRow.__table__).where(JoinRow.undone_at.is_(None))).all()
        if not joins:
            return set()
        row = chance.choice(joins)
        undo_join(connection, row.id, SAID, unsigned)
        with pytest.raises(UserMistake, match="已由"):
            undo_join(connection, row.id, SAID, unsigned)
    return {(row.one_id, row.other_id, row.kind, row.value)} if row.kind != "person" else set()


@on_both
def test_leads_and_cases_follow_the_identity(planned: ExhibitStore) -> None:
    phone = entity("mobile", mobile(1))
    record(planned, {shop("1"): (), shop("2"): ()})
    actors = place(planned)
    leads = {item: lead_of(planned.engine, actor, item) for item, actor in actors.items()}
    record(planned, {shop("1"): (phone,), shop("2"): (phone,)}, number=2)
    joined = place(planned)
    assert joined == {"1": actors["1"], "2": actors["1"]}
    assert owners(planned.engine) == dict.fromkeys(leads.values(), (actors["1"], actors["1"]))
    with writing(planned.engine).begin() as connection:
        assert undo_join(connection, 1, SAID, unsigned).parted == (number_of(planned.engine, actors["2"]),)
    assert place(planned) == actors
    assert owners(planned.engine) == {leads[item]: (actor, actor) for item, actor in actors.items()}


def lead_of(engine: Engine, actor: int, item: str) -> int:
    """A lead of this actor with a case of its own, over one listing."""
    with writing(engine).begin() as connection:
        case = connection.execute(insert(CaseRow).values(case_values(actor)).returning(CaseRow.id)).scalar_one()
        values = lead_values(actor) | {"case_id": case}
        lead = connection.execute(insert(LeadRow).values(values).returning(LeadRow.id)).scalar_one()
        connection.execute(update(ListingRow).where(ListingRow.item_id == item).values(lead_id=lead))
    return lead


def owners(engine: Engine) -> dict[int, tuple[int | None, int | None]]:
    query = select(LeadRow.id, LeadRow.actor_id, CaseRow.actor_id).join(CaseRow, CaseRow.id == LeadRow.case_id)
    with engine.connect() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def number_of(engine: Engine, actor: int) -> str:
    with engine.connect() as connection:
        return connection.execute(select(ActorRow.number).where(ActorRow.id == actor)).scalar_one()


@on_both
def test_two_at_once_make_one_actor(engine: Engine) -> None:
    """Whoever comes second sees what the first one wrote: no identity twice, no join forgotten."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: appear(engine, appearance(str(number % 6), [PHONE])), range(24)))
    assert len(partition(engine)) == 1
    check_books(engine)


@on_sqlite
def test_a_person_names_a_reason(engine: Engine) -> None:
    appear(engine, appearance("1"), appearance("2"))
    with writing(engine).begin() as connection, pytest.raises(UserMistake, match="理由"):
        join_by_hand(connection, 1, 2, replace(SAID, reason=" "), unsigned)


@on_sqlite
def test_a_kind_is_taken_along_and_lost_in_a_contradiction(engine: Engine) -> None:
    appear(engine, appearance("1"), appearance("2"), appearance("3"))
    with writing(engine).begin() as connection:
        confirm_kind(connection, 2, "unlicensed", SAID, unsigned)
        join_by_hand(connection, 1, 2, SAID, unsigned)
        assert kinds(connection) == {1: "unlicensed", 3: ""}
        confirm_kind(connection, 3, "tm_unfiled", SAID, unsigned)
        join_by_hand(connection, 1, 3, SAID, unsigned)
        assert kinds(connection) == {1: ""}
        with pytest.raises(UserMistake, match="没有人确认过"):
            confirm_kind(connection, 1, "", SAID, unsigned)


@on_sqlite
def test_a_kind_leaves_with_him_of_whom_it_was_said(engine: Engine) -> None:
    appear(engine, appearance("1"), appearance("2"))
    with writing(engine).begin() as connection:
        confirm_kind(connection, 2, "unlicensed", SAID, unsigned)
        join = join_by_hand(connection, 1, 2, SAID, unsigned)
        undo_join(connection, join, SAID, unsigned)
        assert kinds(connection) == {1: "", 2: "unlicensed"}


def kinds(connection: Connection) -> dict[int, str]:
    rows = connection.execute(select(ActorRow.id, ActorRow.kind).where(ActorRow.merged_into.is_(None)))
    return {row.id: row.kind for row in rows}


@on_both
def test_hostile_names_and_numbers_of_any_length(planned: ExhibitStore) -> None:
    long = "示例\u202e" * 5_000
    wild = {
        shop("1", long, seller_id=""): (),
        shop("2", long + "二", seller_id=""): (),
        shop("3", "", seller_id="9" * 10_000): (),
        shop("4", "\u202e\0\x1b[31m", seller_id=""): (),
        shop("5", "", seller_id=""): (),
        shop("6", "示\u200b例 店铺", seller_id=""): (),
        shop("7", "示例店铺", seller_id=""): (),
    }
    record(planned, wild)
    actors = place(planned)
    assert actors["6"] == actors["7"]
    assert len(set(actors.values())) == 6
    assert place(planned) == actors


def test_who_advertises_is_his_site_but_a_platform_is_nobody() -> None:
    assert host_key("www.xinghe.example/about …") == "host:xinghe.example"
    assert host_key("示例网", "https://m.xinghe.example/") == "host:xinghe.example"
    assert host_key("tieba.baidu.com") == ""
    assert host_key("", "not an address") == ""
    assert name_key("　示例（北京）公司") == name_key("示例(北京)公司")


@on_both
def test_a_directory_of_numbers_joins_nobody(engine: Engine) -> None:
    """Who lists everybody's phones is not everybody."""
    many = [("mobile", mobile(number)) for number in range(LIST_OVER + 1)]
    appear(engine, appearance("list", many), *(appearance(str(number), [one]) for number, one in enumerate(many)))
    assert len(partition(engine)) == LIST_OVER + 2
    appear(engine, appearance("again", many[:1]))
    assert len(partition(engine)) == LIST_OVER + 2
    check_books(engine)


@on_sqlite
def test_five_thousand_that_show_one_phone_cost_as_many_rows(engine: Engine) -> None:
    appear(engine, *(appearance(str(number), [PHONE]) for number in range(5_000)))
    assert joins(engine) == []
    appear(engine, *(appearance(str(n), [("qq", str(10_000 + n)), ("qq", str(10_001 + n))]) for n in range(1_000)))
    assert len(joins(engine)) == 999
    assert len(partition(engine)) == 5_000 - 999
