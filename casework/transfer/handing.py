"""Leads handed to another office by package: what two people decided, asked of the audit log, and nothing of reporters.

What is handed over must stand approved; what is only given to somebody to look into (交办) need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine

from casework.acting import Acting, Grant
from casework.masking import masked
from casework.review.desk import WORKERS, Desk
from casework.transfer.manifest import DELEGATE, HAND_OVER, Manifest, TransferredExhibit, TransferredLead
from casework.transfer.package import fingerprint
from casework.trust import Proven, Trust
from crawler.errors import EvidenceBroken, UserMistake
from detectors.rule import CATEGORIES
from storage.audit import Act, Detail, add_on
from storage.cases.lead_shapes import Changes, Moved
from storage.cases.leads import WorkedLeads
from storage.cases.moves import STATE_WORDS, STEP_WORDS, TABLE, State, Step
from storage.cases.shapes import WorkedLead
from storage.cases.transfers import OUT, Transfer, add_transfer
from storage.cases.undone import taken_back_on
from storage.db import writing

STEPS = {HAND_OVER: Step.HAND_OVER, DELEGATE: Step.DELEGATE}
MOST_NOTE = 10_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about a lead and by whom; empty where nothing was, or nothing that the log proves."""

    exhibits: tuple[str, ...] = ()
    categories: tuple[str, ...] = CATEGORIES
    decided_by: str = ""
    decided_at: str = ""
    reason: str = ""
    approved_by: str = ""
    approved_at: str = ""


class Decisions:
    """Asks the audit log of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._trust = engine, Trust(engine)

    def of(self, lead: WorkedLead, purpose: str) -> Decided:
        """`UserMistake` or `EvidenceBroken` where the lead may not go for this purpose."""
        step = STEPS[purpose]
        if State(lead.state) not in TABLE[step].before:
            raise UserMistake(f"{STATE_WORDS[State(lead.state)]}的线索不能{STEP_WORDS[step]}")
        if purpose == HAND_OVER:
            return self._approved(lead)
        exhibits = WorkedLeads(self._engine).exhibits(lead.id)
        return self._approved(lead) if lead.approval else Decided(exhibits=exhibits)

    def _approved(self, lead: WorkedLead) -> Decided:
        if not lead.decision or not lead.approval:
            raise UserMistake("没有认定或复核的签字记录")
        confirmed = self._trust.proven(lead.decision, f"lead_{Step.CONFIRM}", lead.number, *WORKERS)
        approved = self._trust.proven(lead.approval, f"lead_{Step.APPROVE}", lead.number, Grant.REVIEWER)
        if approved.detail.get("decision") != lead.decision or confirmed.name == approved.name:
            raise EvidenceBroken("认定和复核的签字对不上，要由两人分别作出")
        with self._engine.connect() as connection:
            if undone := taken_back_on(connection, lead.number, lead.approval):
                raise EvidenceBroken(f"复核以后又经{STEP_WORDS[Step(undone)]}，原来的认定和复核不再作数")
        return Decided(
            exhibits=_words(confirmed, "exhibits"),
            categories=_words(confirmed, "categories"),
            decided_by=confirmed.name,
            decided_at=confirmed.at.isoformat(),
            reason=str(confirmed.detail.get("reason", "")),
            approved_by=approved.name,
            approved_at=approved.at.isoformat(),
        )


def _words(proven: Proven, name: str) -> tuple[str, ...]:
    """A list that somebody signed, empty where he signed none."""
    told = proven.detail.get(name, ())
    return tuple(map(str, told)) if isinstance(told, list) else ()


def lead_told(
    lead: WorkedLead, decided: Decided, exhibits: Sequence[TransferredExhibit], *, has_contacts: bool
) -> TransferredLead:
    """The lead as the other office may read it."""
    tell: Callable[[str], str] = str if has_contacts else masked
    return TransferredLead(
        origin=lead.number,
        source=lead.source,
        platform=lead.platform,
        title=tell(lead.title),
        seller=tell(lead.seller),
        url=lead.url,
        note=tell(lead.note)[:MOST_NOTE],
        district=lead.district,
        categories=lead.categories,
        found_at=lead.found_at.isoformat(),
        state=lead.state,
        decided_by=decided.decided_by,
        decided_at=decided.decided_at,
        reason=tell(decided.reason),
        approved_by=decided.approved_by,
        approved_at=decided.approved_at,
        exhibits=tuple(exhibits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A written package that is about to get its name. Nobody looked for the reporters of the leads `unchecked`."""

    manifest: Manifest
    digest: str
    leads: tuple[WorkedLead, ...]
    unchecked: tuple[str, ...] = ()


def hand_out(engine: Engine, outgoing: Outgoing, acting: Acting, now: datetime, take_name: Callable[[], None]) -> None:
    """The step with each lead, the package's row and its entry, and last its name: all or nothing."""
    acting.needs(*WORKERS)
    desk = Desk(engine=engine, acting=acting, now=now)
    manifest, step = outgoing.manifest, STEPS[outgoing.manifest.purpose]
    detail: Detail = {"office": manifest.addressee, "document": manifest.document, "package": outgoing.digest}
    changes = Changes(office=manifest.addressee, reference=manifest.document)
    moved = partial(_moved, desk, f"{STEP_WORDS[step]}{manifest.addressee}", detail, changes)
    with writing(engine).begin() as connection:
        for lead in outgoing.leads:
            desk.one(connection, lead, step, moved)
        numbers = tuple(lead.number for lead in outgoing.leads)
        told: Detail = {**detail, "purpose": manifest.purpose, "leads": numbers, "contacts": manifest.has_contacts}
        if outgoing.unchecked:
            told = {**told, "unchecked": outgoing.unchecked}
        act = Act(who=acting.name, act="transfer_out", subject=outgoing.digest, at=now, detail=told)
        entry = add_on(connection, acting.sign(act))
        add_transfer(connection, _row(outgoing, (acting.name, now), numbers, entry))
        take_name()


def _moved(
    desk: Desk, reason: str, detail: Detail, changes: Changes, _connection: Connection, lead: WorkedLead
) -> Moved:
    return desk.moved(lead, reason, detail, changes)


def _row(outgoing: Outgoing, signed: tuple[str, datetime], numbers: tuple[str, ...], entry: int) -> Transfer:
    by, at = signed
    return Transfer(
        direction=OUT,
        digest=outgoing.digest,
        office=outgoing.manifest.addressee,
        signed_with=fingerprint(outgoing.manifest.public),
        at=at,
        by=by,
        leads=numbers,
        entry=entry,
    )
