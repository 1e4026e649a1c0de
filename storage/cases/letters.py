"""Letters as rows: drafted, approved, sent, answered, each step signed and for ever. Nothing is deleted.

Which step may follow which stands in one table. Rows convince nobody: whoever lets a letter out asks the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Detail, Signer, add_on
from storage.cases.letter_moves import LETTER_WORDS, LIVE, MOVES, STEP_WORDS
from storage.cases.letter_shapes import (
    AnsweredLead,
    KeptLetter,
    KeptLetterLead,
    LetterAbout,
    LetterStep,
    LettersWanted,
    NewLetter,
    Sent,
)
from storage.cases.numbers import next_number
from storage.models import encodable
from storage.tables.leads import LeadRow
from storage.tables.letters import LetterLeadRow, LetterRow, LetterStepRow

BATCH = 200
_LETTER = tuple(LetterRow.__table__.columns)
_LEAD = tuple(LetterLeadRow.__table__.columns)
_STEP = tuple(LetterStepRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAct:
    """One act upon a letter: `words` are for people, `detail` for the audit log."""

    by: str
    at: datetime
    words: str = ""
    detail: Detail = field(default_factory=dict)


# -- acts ------------------------------------------------------------------------------------------


def numbers_ahead(engine: Engine, at: datetime, count: int) -> tuple[str, ...]:
    """The numbers that the next drafts will get, if nobody else drafts meanwhile."""
    with engine.connect() as connection:
        first = next_number(connection, LetterRow.id, LetterRow.number, "H", at)
    year, _, place = first.partition("-")
    return tuple(f"{year}-{int(place) + ahead:0{len(place)}}" for ahead in range(count))


def draft_on(connection: Connection, new: NewLetter, act: LetterAct, sign: Signer) -> int:
    """A new draft; its id. The entry in the log names the digest, the leads, exhibits and articles.

    `UserMistake` when somebody else took its number meanwhile: its files bear it already.
    """
    number = next_number(connection, LetterRow.id, LetterRow.number, "H", act.at)
    if new.number != number:
        raise UserMistake(f"有人同时起草，{new.number} 已被占用，请再试一次")
    leads = [one.number for one in new.leads]
    exhibits = [name for one in new.leads for name in one.exhibits]
    without: Detail = {"without": new.without} if new.without else {}
    told: Detail = {"digest": new.digest, "leads": leads, "exhibits": exhibits, "articles": new.articles}
    told = {**told, **without, **act.detail}
    entry = add_on(connection, sign(Act(who=act.by, act="letter_draft", subject=number, at=act.at, detail=told)))
    names = ("kind", "verb", "addressee", "operator_id", "case_id", "content", "digest", "reminds")
    values = {name: encodable(getattr(new, name)) for name in names} | _nothing_yet()
    values |= {"number": number, "articles": list(new.articles), "drafted_at": act.at, "drafted_by": act.by}
    made = insert(LetterRow).values(values | {"entry": entry, "state": "draft"}).returning(LetterRow.id)
    letter_id = int(connection.execute(made).scalar_one())
    if new.reminds is None and new.leads:
        connection.execute(
            insert(LetterLeadRow), [_new_lead(letter_id, one.lead_id, one.exhibits) for one in new.leads]
        )
    _note(connection, letter_id, "draft", act, entry)
    return letter_id


def approve_on(connection: Connection, letter_id: int, act: LetterAct, sign: Signer) -> int:
    """Somebody else stands behind exactly this digest; the number of the entry."""
    digest = connection.execute(select(LetterRow.digest).where(LetterRow.id == letter_id)).scalar_one()
    told = LetterAct(by=act.by, at=act.at, words=act.words, detail={"digest": digest, **act.detail})
    values = {"approved_at": act.at, "approved_by": act.by}
    return _move(connection, letter_id, _To("approve", values), told, sign)


def send_on(connection: Connection, letter_id: int, sent: Sent, act: LetterAct, sign: Signer) -> int:
    """The office numbered, signed and sealed it, and it went out."""
    taken = select(LetterRow.number).where(LetterRow.document == sent.document, LetterRow.id != letter_id)
    if known := connection.execute(taken.limit(1)).scalar_one_or_none():
        raise UserMistake(f"文号 {sent.document} 已用于 {known}")
    values = {"document": sent.document, "sent_at": sent.at, "sent_by": act.by, "due_at": sent.due_at}
    return _move(connection, letter_id, _To("send", values), act, sign)


def deliver_on(connection: Connection, letter_id: int, on: datetime, act: LetterAct, sign: Signer) -> int:
    """It reached whom it was for; `act.words` say how."""
    return _move(
        connection, letter_id, _To("deliver", {"delivered_at": on, "delivery": encodable(act.words)}), act, sign
    )


def answer_on(
    connection: Connection, letter_id: int, answers: Sequence[AnsweredLead], act: LetterAct, sign: Signer
) -> bool:
    """What came back for some or all leads; whether all are answered now."""
    for one in answers:
        told = {name: encodable(getattr(one, name)) for name in ("is_true", "measure", "measured_on", "remark")}
        mine = (LetterLeadRow.letter_id == letter_id, LetterLeadRow.lead_id == one.lead_id)
        if not connection.execute(update(LetterLeadRow).where(*mine).values(told | {"answered_at": act.at})).rowcount:
            raise UserMistake(f"线索 {one.number} 不在这份函中")
    open_ = select(func.count()).where(LetterLeadRow.letter_id == letter_id, LetterLeadRow.answered_at.is_(None))
    is_all = not connection.execute(open_).scalar_one()
    values: dict[str, Any] = {"answered_at": act.at, "state": "answered"} if is_all else {}
    _move(connection, letter_id, _To("answer", values), act, sign)
    return is_all


def close_on(connection: Connection, letter_id: int, act: LetterAct, sign: Signer) -> int:
    """Nothing more is expected of it."""
    return _move(connection, letter_id, _To("close", {"closed_at": act.at}), act, sign)


def withdraw_on(connection: Connection, letter_id: int, act: LetterAct, sign: Signer) -> int:
    """It never goes out."""
    return _move(connection, letter_id, _To("withdraw", {}), act, sign)


def note_on(connection: Connection, letter_id: int, step: str, act: LetterAct, sign: Signer) -> int:
    """That a reminder or an escalation is due, or a reminder went out: the letter stays where it is."""
    values = {"escalated_at": act.at} if step == "escalate" else {}
    return _move(connection, letter_id, _To(step, values), act, sign)


@dataclass(frozen=True, slots=True)
class _To:
    """Which step, and what else it writes."""

    step: str
    values: Mapping[str, Any]


def _move(connection: Connection, letter_id: int, to: _To, act: LetterAct, sign: Signer) -> int:
    row = connection.execute(select(LetterRow.number, LetterRow.state).where(LetterRow.id == letter_id)).one()
    before, after = MOVES[to.step]
    if row.state not in before:
        raise UserMistake(f"{row.number} {LETTER_WORDS[row.state]}，不能{STEP_WORDS[to.step]}")
    told = Act(who=act.by, act=f"letter_{to.step}", subject=row.number, at=act.at, detail=act.detail)
    entry = add_on(connection, sign(told))
    entry_values = {"approval": entry} if to.step == "approve" else {}
    changed = {**({"state": after} if after else {}), **to.values, **entry_values}
    if changed:
        connection.execute(update(LetterRow).where(LetterRow.id == letter_id).values(changed))
    _note(connection, letter_id, to.step, act, entry)
    return entry


def _note(connection: Connection, letter_id: int, step: str, act: LetterAct, entry: int) -> None:
    told = {"letter_id": letter_id, "step": step, "by": act.by, "at": act.at, "detail": encodable(act.words)}
    connection.execute(insert(LetterStepRow).values(told | {"entry": entry}))


def _nothing_yet() -> dict[str, Any]:
    texts = dict.fromkeys(("approved_by", "document", "sent_by", "delivery"), "")
    moments = ("approved_at", "approval", "sent_at", "delivered_at", "due_at", "answered_at", "closed_at")
    return {**texts, **dict.fromkeys(moments), "escalated_at": None}


def _new_lead(letter_id: int, lead_id: int, exhibits: Sequence[str]) -> dict[str, Any]:
    texts = dict.fromkeys(("is_true", "measure", "measured_on", "remark", "gone_capture"), "")
    moments = dict.fromkeys(("answered_at", "recheck_id", "gone_at", "back_at"))
    whose = {"letter_id": letter_id, "lead_id": lead_id, "exhibits": list(exhibits)}
    return {**texts, **moments, **whose, "looks": 0, "blocked": 0}


# -- questions -------------------------------------------------------------------------------------


class KeptLetters:
    """The letters in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def named(self, word: str) -> KeptLetter:
        """By number, or id; `UserMistake` when there is none."""
        is_id = word.isascii() and word.isdigit() and len(word) < 10
        is_it = LetterRow.id == int(word) if is_id else LetterRow.number == encodable(word)
        with self.engine.connect() as connection:
            row = connection.execute(select(*_LETTER).where(is_it)).one_or_none()
        if row is None:
            raise UserMistake(f"没有 {word} 这份函；见 lantian letter list")
        return letter_of(row)

    def letters(self, wanted: LettersWanted) -> tuple[KeptLetter, ...]:
        """Newest first."""
        query = select(*_LETTER).order_by(LetterRow.id.desc()).limit(wanted.limit)
        if wanted.states:
            query = query.where(LetterRow.state.in_(wanted.states))
        if wanted.addressee:
            query = query.where(LetterRow.addressee == wanted.addressee)
        if wanted.sent_from:
            query = query.where(LetterRow.sent_at >= wanted.sent_from)
        if wanted.sent_to:
            query = query.where(LetterRow.sent_at < wanted.sent_to)
        if wanted.districts:
            query = query.where(_is_within(wanted.districts))
        if wanted.before:
            query = query.where(LetterRow.id < wanted.before)
        with self.engine.connect() as connection:
            return tuple(letter_of(row) for row in connection.execute(query))

    def leads_of(self, *letters: int) -> tuple[KeptLetterLead, ...]:
        """What these letters are about, letter by letter."""
        query = select(*_LEAD).where(LetterLeadRow.letter_id.in_(letters))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(LetterLeadRow.letter_id, LetterLeadRow.lead_id))
            return tuple(_lead(row) for row in rows)

    def steps_of(self, letter_id: int) -> tuple[LetterStep, ...]:
        """A letter's life, in order."""
        query = select(*_STEP).where(LetterStepRow.letter_id == letter_id).order_by(LetterStepRow.id)
        with self.engine.connect() as connection:
            return tuple(LetterStep(**row._mapping) for row in connection.execute(query))

    def reminders_of(self, letter_id: int) -> tuple[KeptLetter, ...]:
        """The letters that remind of this one, the first one first."""
        query = select(*_LETTER).where(LetterRow.reminds == letter_id).order_by(LetterRow.id)
        with self.engine.connect() as connection:
            return tuple(letter_of(row) for row in connection.execute(query))

    def sent_to_operators(
        self, first: datetime, until: datetime, after: int = 0, districts: Sequence[str] = ()
    ) -> tuple[KeptLetter, ...]:
        """Letters to platforms' operators that went out in this time, a batch from the one after `after`; those that
        whoever works for some districts sees."""
        query = select(*_LETTER).where(LetterRow.sent_at >= first, LetterRow.sent_at < until, LetterRow.id > after)
        query = query.where(LetterRow.operator_id.is_not(None), LetterRow.reminds.is_(None))
        if districts:
            query = query.where(_is_within(districts))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(LetterRow.id).limit(BATCH))
            return tuple(letter_of(row) for row in rows)

    def about(self, lead_ids: Sequence[int], addressee: str, kind: str) -> dict[int, LetterAbout]:
        """Living letters that ask this addressee for the same, by the leads they are about and that did not come back
        since; a letter of another kind asks for something else."""
        with self.engine.connect() as connection:
            return about_on(connection, lead_ids, (addressee, kind))


def about_on(connection: Connection, lead_ids: Sequence[int], to: tuple[str, str]) -> dict[int, LetterAbout]:
    """The same within a transaction, so that two who draft at once do not both find nothing; `to` is the addressee
    and the kind."""
    (addressee, kind), found = to, dict[int, LetterAbout]()
    for at in range(0, len(lead_ids), BATCH):
        query = (
            select(LetterLeadRow.lead_id, LetterRow.number, LetterRow.state)
            .join(LetterRow, LetterRow.id == LetterLeadRow.letter_id)
            .where(LetterLeadRow.lead_id.in_(lead_ids[at : at + BATCH]), LetterLeadRow.back_at.is_(None))
            .where(LetterRow.addressee == addressee, LetterRow.kind == kind, LetterRow.state.in_(LIVE))
        )
        rows = connection.execute(query)
        found |= {row.lead_id: LetterAbout(number=row.number, state=row.state) for row in rows}
    return found


def lead_of_letter_on(connection: Connection, letter_id: int, lead_id: int) -> KeptLetterLead:
    """One lead of a letter as this transaction sees it."""
    mine = (LetterLeadRow.letter_id == letter_id, LetterLeadRow.lead_id == lead_id)
    return _lead(connection.execute(select(*_LEAD).where(*mine)).one())


def _is_within(districts: Sequence[str]) -> ColumnElement[bool]:
    """None of a letter's leads lies elsewhere; a reminder is judged by the leads of the letter it reminds of."""
    its = func.coalesce(LetterRow.reminds, LetterRow.id)
    elsewhere = (
        select(LetterLeadRow.lead_id)
        .join(LeadRow, LeadRow.id == LetterLeadRow.lead_id)
        .where(LetterLeadRow.letter_id == its, LeadRow.district.not_in(districts))
    )
    return ~elsewhere.exists()


def letter_of(row: Row[Any]) -> KeptLetter:
    told = {column.name: getattr(row, column.name) for column in _LETTER}
    return KeptLetter(**told | {"articles": tuple(row.articles)})


def _lead(row: Row[Any]) -> KeptLetterLead:
    told = {column.name: getattr(row, column.name) for column in _LEAD}
    return KeptLetterLead(**told | {"exhibits": tuple(row.exhibits)})
