"""A hold stays until whoever placed it lifts it, and each of both is in the audit log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_specimens import T0, finding, listing, page_of

from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.holds import Holds

DAY = timedelta(days=1)


@pytest.fixture
def held(planned: ExhibitStore) -> tuple[Holds, list[str], list[str]]:
    """Two listings, a flagged one and another; their exhibits and keys."""
    page = page_of((listing("1"), listing("2")), findings={"1": (finding(),)})
    planned.record(page)
    return Holds(planned.engine), [one.id for one in page.exhibits], [one.listing.key for one in page.exhibits]


def test_a_hold_is_open_until_it_is_lifted(held: tuple[Holds, list[str], list[str]]) -> None:
    holds, exhibits, keys = held
    assert holds.on_hold(keys) == frozenset()
    number = holds.place(exhibits[0][:8], "张审核", "案件未结", T0 + DAY)
    assert holds.on_hold(keys) == {keys[0]}
    assert holds.on_hold([]) == frozenset()
    (told,) = holds.holds()
    assert (told.id, told.listing, told.exhibit, told.person, told.reason) == (
        number, keys[0], exhibits[0], "张审核", "案件未结",
    )  # fmt: skip
    assert told.lifted_at is None
    assert holds.lift(exhibits[0], "张审核", T0 + 2 * DAY) == 0
    assert holds.on_hold(keys) == frozenset()
    assert holds.holds() == ()
    (told,) = holds.holds(with_lifted=True)
    assert (told.lifted_at, told.lifted_by) == (T0 + 2 * DAY, "张审核")


def test_another_persons_hold_is_lifted_by_name_only(held: tuple[Holds, list[str], list[str]]) -> None:
    holds, exhibits, keys = held
    holds.place(exhibits[0], "张审核", "案件未结", T0)
    holds.place(exhibits[0], "李复核", "等待答复", T0)
    with pytest.raises(UserMistake, match="已要求保留"):
        holds.place(exhibits[0], "张审核", "再一次", T0)
    with pytest.raises(UserMistake, match=r"王主任 没有要求.*张审核、李复核.*--of"):
        holds.lift(exhibits[0], "王主任", T0)
    assert holds.lift(exhibits[0], "王主任", T0, of="李复核") == 1
    assert holds.on_hold(keys) == {keys[0]}, "张审核's still stands"
    with pytest.raises(UserMistake, match="李复核 没有要求"):
        holds.lift(exhibits[0], "李复核", T0)
    assert holds.lift(exhibits[0], "张审核", T0) == 0
    assert holds.on_hold(keys) == frozenset()


@pytest.mark.parametrize(
    ("person", "reason", "why"), [("", "理由", "谁要求保留"), (" ", "理由", "谁"), ("张", " ", "理由")]
)
def test_a_hold_without_a_name_or_a_reason_is_none(
    held: tuple[Holds, list[str], list[str]], person: str, reason: str, why: str
) -> None:
    holds, exhibits, keys = held
    with pytest.raises(UserMistake, match=why):
        holds.place(exhibits[0], person, reason, T0)
    assert holds.on_hold(keys) == frozenset()


def test_a_hold_on_nothing_is_refused(held: tuple[Holds, list[str], list[str]]) -> None:
    holds, _, keys = held
    with pytest.raises(UserMistake, match="没有证据项"):
        holds.place("ffffffff", "张审核", "案件未结", T0)
    assert holds.on_hold(keys) == frozenset()


def test_what_people_do_is_in_the_audit_log(held: tuple[Holds, list[str], list[str]]) -> None:
    holds, exhibits, _ = held
    holds.place(exhibits[1], "张审核", "案件\ud880未结", T0)
    holds.lift(exhibits[1], "李复核", T0 + DAY, of="张审核")
    log = AuditLog(holds.engine)
    assert [(one.who, one.act, one.subject) for one in log.entries()] == [
        ("张审核", "hold", exhibits[1]),
        ("李复核", "release", exhibits[1]),
    ]
    with pytest.raises(UserMistake):
        holds.lift(exhibits[1], "李复核", T0 + DAY)
    assert len(log.entries()) == 2, "what failed is no entry"


def test_many_keys_at_once(held: tuple[Holds, list[str], list[str]]) -> None:
    holds, exhibits, keys = held
    holds.place(exhibits[1], "张审核", "案件未结", T0)
    assert holds.on_hold([f"{number:032x}" for number in range(40_000)] + keys) == {keys[1]}
