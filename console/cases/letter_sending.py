"""A letter on its way: sent under the office's own number, delivered, answered, reminded of.

Sending puts each lead's addresses under re-check; a number written wrongly, or a day that cannot be, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine

from casework.acting import OFFICERS, Acting
from casework.letters.answers import Expected, answers_read
from casework.letters.content import Content, LeadIn
from casework.letters.letter import Kind
from casework.letters.phrases import TO_ACTOR
from casework.letters.refusing import Proofs
from casework.workdays import day_of, deadline, start_of
from console.acting import acting, acting_out
from console.cases.letter_scope import letter_for
from console.cases.letter_told import tell_letter
from console.ledger import opened
from console.output import print_json, progress, say
from console.rechecking import recheck_of_exhibit
from crawler import clock
from crawler.addresses import refuse_inside
from crawler.config import Config
from crawler.errors import UserMistake
from patrol.calendar import load_calendar
from patrol.queries import is_address
from patrol.recheck import following
from storage.cases.following import recheck_of, watch_on
from storage.cases.lead_shapes import Moved
from storage.cases.leads import lead_on
from storage.cases.letter_shapes import AnsweredLead, KeptLetter, Sent
from storage.cases.letters import KeptLetters, LetterAct, answer_on, deliver_on, note_on, send_on
from storage.cases.moves import TABLE, State, Step
from storage.cases.moving import move_on
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.rechecks import NewRecheck, Rechecks

DOCUMENT = re.compile(r"[\u4e00-\u9fa5]{2,12}函?〔20\d{2}〕[1-9]\d*号")
WATCHED = tuple(kind for kind in Kind if kind not in (Kind.WARN, Kind.REMIND))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Under which number of the office a letter went out, on which day (YYYY-MM-DD, in Shanghai)."""

    document: str
    on: str


def send(word: str, sending: Sending, *, by: str = "", as_json: bool) -> None:
    """It is out: leads are sent, their addresses re-checked, and an answer is awaited until a working day."""
    config, now = Config.load(), clock.now()
    if not DOCUMENT.fullmatch(sending.document):
        raise UserMistake(f"文号 {sending.document} 写法不对，要像 示知函〔2026〕12号（六角括号，不加“第”，不编虚位）")
    with opened(config) as store:
        acts = acting_out(config, store.engine, *OFFICERS, by=by)
        kept = letter_for(store.engine, acts, word)
        content = Proofs(store.engine).approved(kept).content
        day = _day(sending.on, kept.approved_at, now)
        due = deadline(load_calendar(store.engine), day, config.letters.answer_days)
        is_answered = content.letter.kind not in (*TO_ACTOR, Kind.WARN)
        sent = Sent(document=sending.document, at=_moment(day, now), due_at=due.at if is_answered else None)
        watches = _Watches(config, store, acts, now).of(kept, content) if kept.state == "approved" else {}
        _send(store.engine, kept, content, sent, watches, acts, now)
        said = f"，请于{due.words}前反馈" if is_answered else ""
        tell_letter(store.engine, kept.id, f"已以 {sending.document} 发出{said}", as_json=as_json)


def _send(  # noqa: PLR0913, PLR0917 - one act with all that it writes
    engine: Engine,
    kept: KeptLetter,
    content: Content,
    sent: Sent,
    watches: dict[int, tuple[int, ...]],
    acts: Acting,
    now: datetime,
) -> None:
    act = LetterAct(by=acts.name, at=now, words=sent.document, detail={"document": sent.document, "sent": str(sent.at)})
    with writing(engine).begin() as connection:
        send_on(connection, kept.id, sent, act, acts.sign)
        if kept.reminds is not None:
            told = LetterAct(by=acts.name, at=now, words=f"{kept.number} {sent.document}", detail={"by": kept.number})
            note_on(connection, kept.reminds, "remind", told, acts.sign)
            return
        for one in content.leads:
            if State(lead_on(connection, one.id).state) is State.APPROVED:
                moved = Moved(by=acts.name, at=now, reason=sent.document, detail={"letter": kept.number})
                move_on(connection, one.id, Step.SEND, moved, acts.sign)
            watch_on(connection, kept.id, one.id, watches.get(one.id, ()), now)


class _Watches:
    """Puts what a letter shows under re-check; what is under it already goes on."""

    def __init__(self, config: Config, store: ExhibitStore, acts: Acting, now: datetime) -> None:
        self._config, self._store, self._acts, self._now = config, store, acts, now
        self._rechecks = Rechecks(store.engine)

    def of(self, kept: KeptLetter, content: Content) -> dict[int, tuple[int, ...]]:
        """The re-checks by lead; none for letters that ask nobody to take anything away."""
        if content.letter.kind not in WATCHED:
            return {}
        found = {}
        with progress("列入复查", len(content.leads)) as step:
            for one in content.leads:
                step(one.number)
                found[one.id] = self._of_lead(kept, one)
        return found

    def _of_lead(self, kept: KeptLetter, lead: LeadIn) -> tuple[int, ...]:
        reason = f"{kept.number} 线索 {lead.number}"
        return tuple(
            self._one(recheck_of_exhibit(self._store.exhibit(name), self._acts.name, reason)) for name in lead.exhibits
        )

    def _one(self, new: NewRecheck) -> int:
        if is_address(new.query):
            refuse_inside(new.query, self._config.hosts)
        known = recheck_of(self._store.engine, new.platform, new.query, new.listing_key)
        if known is not None:
            return known
        return self._rechecks.add(new, following(self._now, self._config.recheck.days, self._now), self._now)


# -- what comes back -------------------------------------------------------------------------------


def delivered(word: str, way: str, on: str, *, by: str = "", as_json: bool) -> None:
    """It reached them, so and on that day."""
    config, now = Config.load(), clock.now()
    if not way.strip():
        raise UserMistake("要写明送达方式：--way")
    with opened(config) as store:
        acts = acting(config, store.engine, *OFFICERS, by=by)
        kept = letter_for(store.engine, acts, word)
        day = _day(on, kept.sent_at, now)
        act = LetterAct(by=acts.name, at=now, words=way.strip(), detail={"way": way.strip(), "on": day.isoformat()})
        with writing(store.engine).begin() as connection:
            deliver_on(connection, kept.id, _moment(day, now), act, acts.sign)
        tell_letter(store.engine, kept.id, "已送达", as_json=as_json)


def answer(word: str, file: Path, *, by: str = "", as_json: bool) -> None:
    """The returned receipt: all of its lines, or none. A reminder's receipt answers the letter it reminds of."""
    config, now = Config.load(), clock.now()
    with opened(config) as store:
        acts = acting(config, store.engine, *OFFICERS, by=by)
        letters = KeptLetters(store.engine)
        asked = letter_for(store.engine, acts, word)
        kept = letters.named(str(asked.reminds)) if asked.reminds else asked
        content = Proofs(store.engine).draft(kept).content
        expected = Expected(
            letter=asked.number, leads={one.number: one.id for one in content.leads}, today=day_of(now)
        )  # fmt: skip
        answers = answers_read(file, expected)
        is_all = _answer(store.engine, kept, answers, acts, now)
        if as_json:
            print_json({"letter": kept.number, "answered": [one.number for one in answers], "all": is_all})
            return
        left = "" if is_all else "；其余线索仍待反馈"
        say(f"{kept.number} 已导入 {len(answers)} 条反馈{left}。平台所称的处置以复查为准。")


def _answer(engine: Engine, kept: KeptLetter, answers: Sequence[AnsweredLead], acts: Acting, now: datetime) -> bool:
    told = [f"{one.number} {one.is_true} {one.measure} {one.measured_on}".strip() for one in answers]
    act = LetterAct(by=acts.name, at=now, words=f"{len(answers)} 条", detail={"answers": told})
    with writing(engine).begin() as connection:
        is_all = answer_on(connection, kept.id, answers, act, acts.sign)
        for one in answers:
            if State(lead_on(connection, one.lead_id).state) not in TABLE[Step.ANSWER].before:
                continue  # it went into another lead meanwhile
            moved = Moved(
                by=acts.name, at=now, reason=f"平台反馈：{one.measure}", detail={"letter": kept.number}
            )  # fmt: skip
            move_on(connection, one.lead_id, Step.ANSWER, moved, acts.sign)
    return is_all


# -- days ------------------------------------------------------------------------------------------


def _day(written: str, not_before: datetime | None, now: datetime) -> date:
    """A day that can be; today where none is written."""
    try:
        day = date.fromisoformat(written) if written else day_of(now)
    except ValueError:
        raise UserMistake(f"{written!r} 不是日期，要写成 2026-01-31") from None
    if day > day_of(now):
        raise UserMistake(f"{day} 在今天以后")
    if not_before is not None and day < day_of(not_before):
        raise UserMistake(f"{day} 早于 {day_of(not_before)}：还没有复核或发出")
    return day


def _moment(day: date, now: datetime) -> datetime:
    """When on that day: now if it is today, else its beginning."""
    return now if day == day_of(now) else start_of(day)
