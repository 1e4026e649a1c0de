"""The rows that reports are written from, in both databases: whole, in order, a batch at a time, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from report_specimens import (
    BEGIN,
    DISTRICTS,
    actor_values,
    case_values,
    exhibit_on,
    lead_values,
    letter_values,
    link_values,
    move_values,
    random_home,
)
from sqlalchemy import Engine, event, insert, update

from crawler.errors import UserMistake
from storage.audit import Act, AuditLog
from storage.cases.behind import behind
from storage.cases.figure_rows import FigureRows, Period
from storage.cases.ledger_rows import LedgerRows
from storage.cases.publications import (
    NewPublication,
    Publications,
    Removal,
    add_publication,
    remove_publication,
)
from storage.cases.trend_rows import mentions
from storage.db import writing
from storage.models import FindingRow
from storage.tables.actors import ActorRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

AT = datetime(2026, 11, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = Period(since=BEGIN, until=BEGIN + 366 * DAY)
NEW = NewPublication(
    case_id=1, case="A2026-00001", title="示例标题", facts="示例事实", basis="示例依据", at=AT, by="示例复核",
    first_day=AT, last_day=AT + 9 * DAY, approvals=(7,),
)  # fmt: skip


def unsigned(act: Act) -> Act:
    return act


# -- the ledger --------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_every_lead_is_told_once_in_the_order_it_came(
    engine: Engine, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.cases.figure_rows.BATCH", at_once)
    random_home(engine, 41, leads=60, letters=30)
    with engine.connect() as connection:
        rows = list(LedgerRows(connection).rows(YEAR))
        assert LedgerRows(connection).count(YEAR) == len(rows) == 60
        mine = replace(YEAR, districts=DISTRICTS[:1])
        assert {one.lead.district for one in LedgerRows(connection).rows(mine)} == {DISTRICTS[0]}
        leads = list(FigureRows(connection).leads(YEAR))
    assert [one.lead.id for one in rows] == [one.id for one in leads]
    assert [one.lead.registered_at for one in rows] == sorted(one.lead.registered_at for one in rows)
    assert {one.actor.id if one.actor else 0 for one in rows} == {one.actor for one in leads}
    assert all(move.lead_id == row.lead.id for row in rows for move in row.moves)


def test_all_that_is_known_of_a_lead_stands_in_its_row(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        for values in (actor_values(1, name="示例主体"), actor_values(2, merged_into=1)):
            connection.execute(insert(ActorRow).values(values))
        connection.execute(insert(CaseRow).values(case_values(1, actor_id=1)))
        connection.execute(insert(LeadRow), [lead_values(1, AT, actor_id=2, case_id=1)])
        connection.execute(insert(LeadRow), [lead_values(2, AT, merged_into=1, state="merged")])
        for number in range(1, 6):
            exhibit_on(connection, number, 1, AT + number * DAY)
        connection.execute(update(FindingRow).where(FindingRow.exhibit_id == 5).values(quote="最重的一句", points=99))
        for number, move in enumerate(("register", "claim"), 1):
            connection.execute(insert(MoveRow).values(move_values(number, 1, AT, move)))
        for number in (1, 2):
            connection.execute(insert(LetterRow).values(letter_values(number, AT, answered_at=AT + DAY)))
            connection.execute(insert(LetterLeadRow).values(link_values(number, 1)))
        add_publication(connection, NEW, unsigned)
        first, second = LedgerRows(connection).rows(YEAR)
    assert first.actor is not None
    assert (first.actor.name, first.case, first.published) == ("示例主体", "A2026-00001", (NEW.first_day,))
    assert (first.listings, [one.exhibit for one in first.exhibits]) == (5, [f"{one:032x}" for one in (5, 4, 3)])
    assert (first.first_seen, first.last_seen) == (AT + DAY, AT + 5 * DAY)
    assert first.exhibits[0].quote == "最重的一句"
    assert [one.move for one in first.moves] == ["register", "claim"]
    assert [(one.number, one.answered_at) for one in first.letters] == [
        (f"H2026-{number:05}", AT + DAY) for number in (1, 2)
    ]
    assert (second.merged_into, second.actor, second.exhibits, second.listings) == ("X2026-00001", None, (), 0)


def test_a_reminder_stands_with_the_letter_it_reminds_of(engine: Engine) -> None:
    """It names no leads of its own; whoever sees the letter's leads sees it."""
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), [lead_values(1, AT, district=DISTRICTS[0])])
        connection.execute(insert(LetterRow).values(letter_values(1, AT, sent_at=AT)))
        connection.execute(insert(LetterRow).values(letter_values(2, AT, kind="remind", reminds=1, sent_at=AT + DAY)))
        connection.execute(insert(LetterLeadRow).values(link_values(1, 1, measure="删除")))
        (row,) = LedgerRows(connection).rows(YEAR)
        mine, others = (replace(YEAR, districts=(one,)) for one in DISTRICTS[:2])
        assert [one.id for one in FigureRows(connection).sent(mine)] == [1, 2]
        assert list(FigureRows(connection).sent(others)) == []
    assert [(one.number, one.kind, one.measure) for one in row.letters] == [
        ("H2026-00001", "remove", "删除"),
        ("H2026-00002", "remind", ""),
    ]


def test_a_ledger_asks_so_many_questions_a_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not so many a lead: ten times the leads in one batch are no question more."""
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for seed, leads in ((42, 10), (43, 100)):
        with writing(engine).begin() as connection:
            rows = [lead_values(seed * 1000 + one, AT) for one in range(leads)]
            connection.execute(insert(LeadRow), rows)
        asked.clear()
        with engine.connect() as connection:
            list(LedgerRows(connection).rows(YEAR))
        counts.append(len(asked))
    assert counts[0] == counts[1]


# -- lists behind figures ----------------------------------------------------------------------


def test_a_list_is_in_the_order_of_its_figure(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.cases.figure_rows.BATCH", 3)
    random_home(engine, 44, leads=20, letters=10)
    with engine.connect() as connection:
        for of in ("leads", "letters", "moves", "actors", "exhibits"):
            ids = (7, 3, 9, 1, 5)
            assert [one.id for one in behind(connection, of, ids)] == list(ids)
            assert list(behind(connection, of, ())) == []
        with pytest.raises(KeyError):  # a figure over rows that are not there is no figure
            list(behind(connection, "leads", (10**6,)))


# -- publications ------------------------------------------------------------------------------


def test_a_publication_is_on_the_list_from_its_first_to_its_last_day(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(CaseRow).values(case_values(1)))
        made = add_publication(connection, NEW, unsigned)
    store = Publications(engine)
    for day, there in ((AT - DAY, False), (AT, True), (AT + 9 * DAY, True), (AT + 10 * DAY, False)):
        assert bool(store.in_force(day, day + DAY)) is there
    assert (store.begun(AT, AT + DAY), store.begun(AT + DAY, AT + 2 * DAY)) == (1, 0)
    entry = AuditLog(engine).entries()[made.entry - 1]
    assert (entry.act, entry.who, entry.subject) == ("publish_add", "示例复核", "A2026-00001")
    assert '"approvals":["7"]' in entry.detail
    removal = Removal(number=made.id, reason="信用修复", at=AT + 2 * DAY, by="示例另一")
    with writing(engine).begin() as connection:
        gone = remove_publication(connection, removal, unsigned)
    assert (gone.removed_at, gone.removed_by, gone.reason) == (AT + 2 * DAY, "示例另一", "信用修复")
    assert [bool(store.in_force(AT + one * DAY, AT + (one + 1) * DAY)) for one in (1, 2, 3)] == [True, False, False]
    assert AuditLog(engine).entries()[-1].act == "publish_remove"
    with writing(engine).begin() as connection, pytest.raises(UserMistake, match="已经移出"):
        remove_publication(connection, removal, unsigned)
    with pytest.raises(UserMistake, match="没有公示"):
        store.publication(2**31)


def test_the_list_comes_a_page_at_a_time(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(CaseRow).values(case_values(1)))
        made = [add_publication(connection, NEW, unsigned).id for _ in range(5)]
    store = Publications(engine)
    first = [one.id for one in store.in_force(AT, AT + DAY, limit=3)]
    rest = [one.id for one in store.in_force(AT, AT + DAY, after=first[-1], limit=3)]
    assert [*first, *rest] == made


# -- the trend ---------------------------------------------------------------------------------


def test_mentions_come_by_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.cases.figure_rows.BATCH", 2)
    with writing(engine).begin() as connection:
        for number in range(1, 6):
            exhibit_on(connection, number, None, AT - number * DAY)
    period = Period(since=AT - 4 * DAY, until=AT)
    with engine.connect() as connection:
        found = list(mentions(connection, period))
    assert [one.listing for one in found] == ["key4", "key3", "key2", "key1"]
    assert {one.categories for one in found} == {frozenset({"guaranteed_grant"})}
