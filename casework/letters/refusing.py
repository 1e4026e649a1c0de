"""What keeps a letter from being written or let out, all of it at once and by name. Only the audit log is believed.

A row may say that somebody approved; here it counts for nothing until his own signature does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from casework.acting import OFFICERS, Grant
from casework.actors.proof import proven_kind
from casework.law_words import ActorKind
from casework.letters.content import Content, LeadIn, content_read, digest_of
from casework.letters.phrases import TO_OPERATOR
from casework.trust import Proven, Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.laws import KeptDelegation, LawConfirmation
from storage.cases.letter_shapes import KeptLetter, Operator
from storage.cases.moves import STATE_WORDS, STEP_WORDS, State, Step
from storage.cases.shapes import WorkedActor, WorkedLead
from storage.cases.undone import is_ended_on, taken_back_on

WRITABLE = (State.APPROVED, State.SENT)  # a letter to somebody else may follow the first
CONFIRMERS = (*OFFICERS, Grant.ADMIN)


class Complaints:
    """Collects what is wrong, so that a person hears all of it at once."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._is_broken = False

    def add(self, *words: str) -> None:
        """A mistake of people."""
        self._said.extend(words)

    def add_error(self, where: str, wrong: Exception) -> None:
        """What was raised about something; broken evidence makes the whole refusal one of evidence."""
        self._said.append(f"{where}：{wrong}")
        self._is_broken = self._is_broken or isinstance(wrong, EvidenceBroken)

    def settle(self, what: str) -> None:
        """Nothing, or the refusal with every reason."""
        if not self._said:
            return
        reasons = "；".join(f"（{at}）{words}" for at, words in enumerate(dict.fromkeys(self._said), 1))
        raise (EvidenceBroken if self._is_broken else UserMistake)(f"{what}：{reasons}")

    @property
    def said(self) -> tuple[str, ...]:
        return tuple(self._said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLead:
    """A lead that one person confirmed and another approved, as the audit log proves; both still stand."""

    lead: LeadIn
    confirmed_by: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLetter:
    """What two people signed: the content, who drafted it, who approved it."""

    content: Content
    drafted_by: str
    approved_by: str


class Proofs:
    """Asks the audit log of one database. What it says once is not asked twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._trust = engine, Trust(engine)

    def kind(self, actor: WorkedActor) -> ActorKind:
        """What an actor is; where a person said so, by his signed act."""
        return proven_kind(self._engine, self._trust, actor)

    # -- leads -------------------------------------------------------------------------------------

    def lead(self, lead: WorkedLead) -> ProvenLead:
        """Both decisions about a lead; `UserMistake` or `EvidenceBroken` says what is missing."""
        if State(lead.state) not in WRITABLE:
            raise UserMistake(f"{STATE_WORDS[State(lead.state)]}，要先由两人认定、复核")
        return self._lead(lead.id, lead.number, lead.decision, lead.approval)

    def lead_again(self, kept: LeadIn) -> ProvenLead:
        """The decisions that a letter names, asked again; their exhibits are still those of the letter."""
        found = self._lead(kept.id, kept.number, kept.decision, kept.approval)
        if found.lead != kept:
            raise EvidenceBroken(f"线索 {kept.number} 的证据项与认定时签字的不符")
        return found

    def _lead(self, lead_id: int, number: str, decision: int | None, approval: int | None) -> ProvenLead:
        if not decision or not approval:
            raise UserMistake("没有认定或复核的签字记录")
        confirmed = self._trust.proven(decision, f"lead_{Step.CONFIRM}", number, *OFFICERS)
        approved = self._trust.proven(approval, f"lead_{Step.APPROVE}", number, Grant.REVIEWER)
        if _said(approved, "decision") != decision:
            raise EvidenceBroken("复核签字的不是这次认定")
        if confirmed.name == approved.name:
            raise EvidenceBroken(f"认定和复核都是 {confirmed.name}，要由两人分别作出")
        with self._engine.connect() as connection:
            if undone := taken_back_on(connection, number, approval):
                raise EvidenceBroken(f"复核以后又经{STEP_WORDS[Step(undone)]}，原来的认定和复核不再作数")
        lead = LeadIn(
            id=lead_id,
            number=number,
            exhibits=_words(confirmed, "exhibits"),
            categories=_words(confirmed, "categories"),
            decision=decision,
            approval=approval,
        )
        if not lead.exhibits or not lead.categories:
            raise UserMistake("认定时没有签入证据项和类别")
        return ProvenLead(lead=lead, confirmed_by=confirmed.name, approved_by=approved.name)

    # -- operators ---------------------------------------------------------------------------------

    def operator(self, kept: Operator) -> Proven:
        """Who confirmed an operator's name and seat; `EvidenceBroken` when he signed for something else."""
        platform = kept.platforms[0] if len(kept.platforms) == 1 else ""
        found = self._trust.proven(kept.entry, "operator_confirm", platform, *CONFIRMERS)
        for name in ("name", "seat", "credit_code"):
            if _said(found, name) != getattr(kept, name):
                raise EvidenceBroken(f"{platform} 的经营者与 {found.name} 签字确认的不符")
        return found

    # -- law ---------------------------------------------------------------------------------------

    def has_read(self, confirmation: LawConfirmation) -> bool:
        """Whether a legal reviewer signed for this very version; a row without his signature counts for nothing."""
        try:
            found = self._trust.proven(confirmation.entry, "law_confirm", confirmation.article, Grant.LEGAL)
        except (UserMistake, EvidenceBroken):
            return False
        return bool(_said(found, "digest") == confirmation.digest)

    def delegation(self, kept: KeptDelegation) -> None:
        """`EvidenceBroken` unless somebody signed for these very words of a delegation."""
        found = self._trust.proven(kept.entry, "delegation", kept.number, Grant.ADMIN, Grant.LEGAL)
        told = {"kind": kept.kind, "giver": kept.giver, "first": str(kept.first), "last": str(kept.last)}
        if any(_said(found, name) != value for name, value in told.items()) or _words(found, "scope") != kept.scope:
            raise EvidenceBroken(f"委托或交办 {kept.number} 与 {found.name} 签字登记的不符")
        with self._engine.connect() as connection:
            if is_ended_on(connection, kept.number, kept.entry):
                raise EvidenceBroken(f"委托或交办 {kept.number} 已经终止，记录却说没有")

    # -- letters -----------------------------------------------------------------------------------

    def draft(self, kept: KeptLetter) -> ProvenLetter:
        """The content as its drafter signed it."""
        digest = digest_of(kept.content)
        drafted = self._trust.proven(kept.entry, "letter_draft", kept.number, *OFFICERS)
        if digest != kept.digest or _said(drafted, "digest") != digest:
            raise EvidenceBroken(f"{kept.number} 的内容与 {drafted.name} 起草时签字的不符")
        content = content_read(kept.content)
        self._refuse_stranger(content)
        return ProvenLetter(content=content, drafted_by=drafted.name, approved_by="")

    def _refuse_stranger(self, content: Content) -> None:
        """What goes to a platform goes to whom a named person confirmed."""
        if content.letter.kind in TO_OPERATOR and not content.operators and not content.reminds:
            raise EvidenceBroken(f"{content.letter.addressee} 没有经具名人员确认")
        for one in content.operators:
            found = self._trust.proven(one.entry, "operator_confirm", one.platform, *CONFIRMERS)
            if _said(found, "name") != content.letter.addressee:
                raise EvidenceBroken(f"{one.platform} 的经营者与 {found.name} 签字确认的不符")

    def approved(self, kept: KeptLetter) -> ProvenLetter:
        """The content as two people signed it, over leads that two people decided; `EvidenceBroken` for anything
        less, `UserMistake` where nobody approved yet."""
        if not kept.approval:
            raise UserMistake(f"{kept.number} 还没有复核")
        draft = self.draft(kept)
        approved = self._trust.proven(kept.approval, "letter_approve", kept.number, Grant.REVIEWER)
        if _said(approved, "digest") != kept.digest:
            raise EvidenceBroken(f"{kept.number} 的内容与 {approved.name} 复核时签字的不符")
        self.refuse_approver(kept.number, draft, approved.name)
        return ProvenLetter(content=draft.content, drafted_by=draft.drafted_by, approved_by=approved.name)

    def refuse_approver(self, number: str, draft: ProvenLetter, name: str) -> None:
        """Neither who drafted it nor who confirmed one of its leads approves a letter; its leads are proven again."""
        if name == draft.drafted_by:
            raise UserMistake(f"{number} 由 {name} 起草，不能由同一人复核")
        if not draft.content.leads:
            raise EvidenceBroken(f"{number} 没有经两人认定、复核的线索")
        complaints = Complaints()
        for one in draft.content.leads:
            try:
                proven = self.lead_again(one)
            except (UserMistake, EvidenceBroken) as wrong:
                complaints.add_error(f"线索 {one.number}", wrong)
                continue
            if proven.confirmed_by == name:
                complaints.add(f"线索 {one.number} 由 {name} 认定，不能再由其复核这份函")
        complaints.settle(f"{number} 不能出函")


def _said(proven: Proven, name: str) -> Any:
    return proven.detail.get(name)


def _words(proven: Proven, name: str) -> tuple[str, ...]:
    found = _said(proven, name)
    return tuple(map(str, found)) if isinstance(found, list) else ()
