"""Shops and accounts that show the same phone are one actor; what too many show joins nobody."""

from __future__ import annotations

import pytest
from actor_specimens import appear, appearance, check_books, entity, mobile, partition, place, record, shop
from sqlalchemy import Engine, select
from storage_specimens import on_both

from storage.audit import AuditLog
from storage.cases.joins import COMMON_OVER, TOO_COMMON
from storage.exhibits import ExhibitStore
from storage.tables.actors import ActorRow, ContactRow, JoinRow

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
