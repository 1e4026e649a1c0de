"""Decisions about leads: true, not true, more is needed, part of another; and their approval by somebody else.

A decision names the exhibits that were looked at, and speaks of no others. Who decided cannot approve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from casework.acting import Grant
from casework.masking import masked
from casework.review.desk import LONGEST_REASON, WORKERS, Desk, reason_given
from casework.trust import Trust
from crawler.errors import UserMistake
from detectors.rule import CATEGORIES
from storage.audit import Detail
from storage.cases.cases import CaseAct, join_case
from storage.cases.examples import PROPOSED, propose, raised_by_text
from storage.cases.growing import retell
from storage.cases.lead_exhibits import exhibits_named, led_exhibits, listings_of
from storage.cases.lead_shapes import Changes, Example, LedExhibit, Moved
from storage.cases.leads import WorkedLeads, lead_on
from storage.cases.moves import STATE_WORDS, State, Step
from storage.cases.shapes import WorkedLead
from storage.db import writing
from storage.leads import exhibit_row

MOST_EXHIBITS = 10_000  # one decision speaks of
_TAKES_OTHERS = (State.NEW, State.EXAMINING, State.MORE, State.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What he looked at: exhibits by their ids or beginnings of them, and categories; empty means all that stands.

    `groups` keeps a decision over like ones to what is in these groups.
    """

    exhibits: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    groups: frozenset[int] = frozenset()


ALL = Chosen()


def claim(desk: Desk, leads: Sequence[WorkedLead]) -> tuple[WorkedLead, ...]:
    """He has them in his hands."""
    desk.acting.needs(*WORKERS)
    return desk.take(leads, Step.CLAIM, lambda _, lead: desk.moved(lead))


def confirm(desk: Desk, leads: Sequence[WorkedLead], chosen: Chosen = ALL, reason: str = "") -> tuple[WorkedLead, ...]:
    """The conduct is there, as far as an office can see it; the lead joins its actor's case."""
    desk.acting.needs(*WORKERS)
    _refuse_unknown(chosen.categories)
    if len(reason) > LONGEST_REASON:
        raise UserMistake(f"理由最多 {LONGEST_REASON} 字")
    return desk.take(leads, Step.CONFIRM, partial(_confirmed, desk, chosen, reason.strip()))


def dismiss(desk: Desk, leads: Sequence[WorkedLead], reason: str) -> tuple[WorkedLead, ...]:
    """It is no such conduct; what was taken for it is proposed as an example of what is lawful."""
    desk.acting.needs(*WORKERS)
    reason = reason_given(reason, "认定不属实")
    return desk.take(leads, Step.DISMISS, partial(_dismissed, desk, reason))


def need_more(desk: Desk, leads: Sequence[WorkedLead], reason: str) -> tuple[WorkedLead, ...]:
    """What is there does not suffice; the reason says what is missing."""
    desk.acting.needs(*WORKERS)
    reason = reason_given(reason, "要求补充")
    return desk.take(leads, Step.NEED_MORE, lambda _, lead: desk.moved(lead, reason))


def send_back(desk: Desk, leads: Sequence[WorkedLead], reason: str) -> tuple[WorkedLead, ...]:
    """The decision does not stand; somebody decides again."""
    desk.acting.needs(Grant.REVIEWER)
    reason = reason_given(reason, "退回")
    return desk.take(leads, Step.SEND_BACK, lambda _, lead: desk.moved(lead, reason))


def approve(desk: Desk, leads: Sequence[WorkedLead], reason: str = "") -> tuple[WorkedLead, ...]:
    """A second person stands behind each decision; who made it is taken from the audit log, never from a row."""
    desk.acting.needs(Grant.REVIEWER)
    trust = Trust(desk.engine)
    for lead in leads:
        _refuse_own(desk, trust, lead)
    return desk.take(leads, Step.APPROVE, lambda _, lead: desk.moved(lead, reason.strip(), _decision(lead)))


def merge(desk: Desk, lead: WorkedLead, into: WorkedLead, reason: str = "") -> WorkedLead:
    """The same matter as another one: its listings are the other's from now on; the other, as it is then."""
    desk.acting.needs(*WORKERS)
    if lead.id == into.id:
        raise UserMistake("不能并入自己")
    changes = Changes(merged_into=into.id)
    with writing(desk.engine).begin() as connection:
        target = lead_on(connection, into.id)
        if target.state not in _TAKES_OTHERS or not desk.acting.sees(target.district):
            raise UserMistake(f"{into.number} {STATE_WORDS[State(target.state)]}，不能并入别的线索")
        told: Detail = {"into": into.number}
        desk.one(connection, lead, Step.MERGE, lambda _, one: desk.moved(one, reason.strip(), told, changes))
        retell(connection, into.id)
        return lead_on(connection, into.id)


# -- what a decision says --------------------------------------------------------------------------


def _confirmed(desk: Desk, chosen: Chosen, reason: str, connection: Connection, lead: WorkedLead) -> Moved:
    exhibits = _looked_at(connection, lead, chosen)
    standing = tuple(dict.fromkeys(one for each in exhibits for one in each.categories)) or lead.categories
    for one in chosen.categories if exhibits else ():
        if one not in standing:
            raise UserMistake(f"{lead.number} 的这些证据项中没有类别 {one} 的发现")
    detail: Detail = {**_told(exhibits), "categories": list(chosen.categories or standing)}
    case = join_case(
        connection, lead, CaseAct(at=desk.now, reason=reason, detail={"lead": lead.number}), desk.acting.sign
    )
    return desk.moved(lead, reason, detail, Changes(case_id=case))


def _dismissed(desk: Desk, reason: str, connection: Connection, lead: WorkedLead) -> Moved:
    exhibits = led_exhibits(connection, [lead.id], MOST_EXHIBITS)
    propose(connection, _examples(connection, lead, exhibits, desk.moved(lead, reason)))
    categories = tuple(dict.fromkeys((*lead.categories, *(one for each in exhibits for one in each.categories))))
    return desk.moved(lead, reason, {**_told(exhibits), "categories": list(categories)})


def _told(exhibits: Sequence[LedExhibit]) -> Detail:
    rules = dict.fromkeys(rule for one in exhibits for rule in one.rules)
    return {"exhibits": [one.exhibit for one in exhibits], "rules": list(rules)}


def _looked_at(connection: Connection, lead: WorkedLead, chosen: Chosen) -> tuple[LedExhibit, ...]:
    """What the decision speaks of; a lead that somebody told us of may have nothing kept yet."""
    standing = led_exhibits(connection, [lead.id], MOST_EXHIBITS)
    if chosen.exhibits:
        return _named(connection, lead, chosen)
    wanted = chosen.groups
    looked = tuple(one for one in standing if not wanted or one.group in wanted)
    if not looked and listings_of(connection, lead.id):
        raise UserMistake(f"{lead.number} 没有仍然成立的发现，不能认定属实")
    return looked


def _named(connection: Connection, lead: WorkedLead, chosen: Chosen) -> tuple[LedExhibit, ...]:
    ids = [exhibit_row(connection, one).public_id for one in chosen.exhibits]
    found, own = exhibits_named(connection, ids), listings_of(connection, lead.id)
    for one in found:
        if one.listing not in own:
            raise UserMistake(f"证据项 {one.exhibit} 不属于 {lead.number}")
        if not one.categories:
            raise UserMistake(f"证据项 {one.exhibit} 没有仍然成立的发现")
    return found


def _refuse_unknown(categories: Sequence[str]) -> None:
    for one in categories:
        if one not in CATEGORIES:
            raise UserMistake(f"没有类别 {one}；类别有 {'、'.join(CATEGORIES)}")


def _examples(
    connection: Connection, lead: WorkedLead, exhibits: Sequence[LedExhibit], moved: Moved
) -> Iterator[Example]:
    """One for each rule and group of like ones that its words raised; what stood in a picture is no example of text."""
    by_row = {one.row: one for one in exhibits}
    seen: set[tuple[str, int]] = set()
    for row, rule in raised_by_text(connection, sorted(by_row)):
        one = by_row[row]
        if (rule, one.group or -row) not in seen:
            seen.add((rule, one.group or -row))
            yield Example(
                id=0,
                lead_id=lead.id,
                exhibit=one.exhibit,
                rule=rule,
                text=f"{masked(_line(one.title))}\n{masked(one.text)}",
                reason=moved.reason,
                proposed_at=moved.at,
                proposed_by=moved.by,
                state=PROPOSED,
                settled_at=None,
                settled_by="",
            )


def _line(title: str) -> str:
    return " ".join(title.splitlines())


# -- who may approve -------------------------------------------------------------------------------


def _decision(lead: WorkedLead) -> Detail:
    return {"decision": lead.decision or 0}


def _refuse_own(desk: Desk, trust: Trust, lead: WorkedLead) -> None:
    if lead.decision is None or lead.state != State.CONFIRMED:
        return  # the table of moves says so in its own words
    decided = trust.proven(lead.decision, f"lead_{Step.CONFIRM}", lead.number, *WORKERS)
    if decided.name == desk.acting.name:
        raise UserMistake(f"{lead.number} 由 {decided.name} 认定，不能由同一人复核")
    for entry, number in WorkedLeads(desk.engine).merged_after(lead.id, lead.decision):
        if trust.proven(entry, f"lead_{Step.MERGE}", number, *WORKERS).name == desk.acting.name:
            raise UserMistake(f"{desk.acting.name} 在认定之后并入了 {number}，不能再复核 {lead.number}")
