"""What law allows in a letter: each lead, category and place asked of the chooser with what our office is and holds.

A letter over many matters takes the mildest word that all of them bear; what one of them forbids is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from casework.law import choose
from casework.law_words import (
    ActorKind,
    Choice,
    CitedArticle,
    Delegation,
    Level,
    OfficeKind,
    PlaceKind,
    Situation,
    Verb,
)
from casework.lawbook.rows import ORDER, Part
from casework.lawbook.verbs import why_not
from casework.letters.content import Content
from casework.letters.letter import Kind
from casework.letters.matters import Addressee, Basis, Matter, Shown
from casework.letters.phrases import KIND_WORDS, TO_ACTOR, TO_OPERATOR
from casework.letters.refusing import Complaints, Proofs
from casework.workdays import day_of
from console.cases.law import book_of
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.actors import Actors
from storage.cases.laws import Laws
from storage.cases.operators import Operators
from storage.cases.shapes import WorkedActor, WorkedLead

MILDEST_FIRST = (Verb.ASK, Verb.ASSIST, Verb.TRANSFER, Verb.ORDER)
REASONS = 3  # of those why a letter may not be written


class Law:
    """The law as one office may use it now."""

    def __init__(self, config: Config, engine: Engine, now: datetime) -> None:
        self._office, self._engine, self._now = config.office, engine, now
        self._book = book_of(config)
        self._proofs = Proofs(engine)
        self._seats = {name: one.seat for one in Operators(engine).current() for name in one.platforms}
        self._held: tuple[Delegation, ...] | None = None
        self._choices: dict[Situation, Choice] = {}

    def basis(
        self,
        kind: Kind,
        addressee: Addressee,
        leads: Sequence[tuple[WorkedLead, Matter | None]],
        complaints: Complaints,
    ) -> Basis:
        """What may be cited to this addressee; whatever forbids the letter is among the complaints."""
        choices: list[Choice] = []
        is_whole = True
        for lead, matter in leads:
            # Without these nothing can be asked; that they are missing is among the complaints.
            if matter is None or not (self._office.kind and self._office.level and matter.shown):
                continue
            asked = tuple(self._situations(kind, lead, matter))
            allowed = [one for one in asked if kind.value in self._chosen(one).measures]
            barred = [one for one in asked if one not in allowed]
            if barred and (not allowed or kind not in TO_OPERATOR):
                complaints.add(f"线索 {lead.number}：{self._why_not(kind, barred[0])}")
            # A platform is asked about a result that nobody paid for along with the advertisements, no more than asked.
            is_whole = is_whole and not barred
            choices += map(self._chosen, allowed)
        found = {(one.id, one.cite): one for choice in choices for one in choice.articles}.values()
        articles = tuple(sorted(found, key=lambda one: ORDER.index(Part(one.part))))
        if choices:
            self._refuse_empty(kind, addressee, articles, complaints)
        verbs = [*(choice.verb for choice in choices), *(() if is_whole else (Verb.ASK,))]
        return Basis(
            verb=min(verbs, key=MILDEST_FIRST.index, default=Verb.ASK),
            articles=articles,
            notes=tuple(dict.fromkeys(note for choice in choices for note in choice.notes)),
        )

    def left_out(self, kind: Kind, basis: Basis, names: Sequence[str], complaints: Complaints) -> Basis:
        """The same without these articles, by the choice of whoever drafts; without what carries it no order stays."""
        kept = tuple(one for one in basis.articles if one.id not in names)
        without = tuple(dict.fromkeys(one.id for one in basis.articles if one.id in names))
        if not without:
            return basis
        orders = {use.article for use in self._book.rows.uses if use.orders}
        is_bare = basis.verb is Verb.ORDER and not any(one.id in orders for one in kept)
        if not kept or (is_bare and kind not in TO_OPERATOR):
            complaints.add(f"--without 去掉 {'、'.join(without)} 后没有{KIND_WORDS[kind]}可以依据的条文")
        return replace(
            basis,
            verb=Verb.ASK if is_bare else basis.verb,
            articles=kept,
            notes=(*basis.notes, f"起草人决定不引：{'、'.join(without)}"),
            without=without,
        )

    def unread(self, content: Content) -> tuple[str, ...]:
        """The articles of a letter that no legal reviewer of ours has read in these versions."""
        cited = {(one.id, one.digest) for one in content.articles}
        kept = [one for one in Laws(self._engine).confirmed() if (one.article, one.digest) in cited]
        read = {(one.article, one.digest) for one in kept if self._proofs.has_read(one)}
        return tuple(
            dict.fromkeys(f"{one.cite}（{one.id}）" for one in content.articles if (one.id, one.digest) not in read)
        )

    def _chosen(self, situation: Situation) -> Choice:
        if situation not in self._choices:
            self._choices[situation] = choose(situation, self._book)
        return self._choices[situation]

    def _situations(self, kind: Kind, lead: WorkedLead, matter: Matter) -> Iterator[Situation]:
        """One a category and place, on the last day it was seen, with the facts that its exhibits show."""
        seen_in: dict[tuple[str, PlaceKind], list[Shown]] = {}
        for one in matter.shown:
            for category in one.categories:
                seen_in.setdefault((category, one.place), []).append(one)
        actor = self._actor(lead)
        for (category, place), exhibits in seen_in.items():
            yield Situation(
                category=category,
                actor=self._proofs.kind(actor) if actor else ActorKind.UNKNOWN,
                place=place,
                office=OfficeKind(self._office.kind),
                level=Level(self._office.level),
                on=day_of(max(one.last_seen for one in exhibits)),
                facts=frozenset[str]().union(*(one.facts for one in exhibits)),
                delegations=self._delegations(),
                office_seat=f"{self._office.province}{self._office.city}",
                platform_seat=self._seats.get(lead.platform, ""),
                actor_seat=actor.province if actor else "",
                measure=kind.value,
                written=day_of(self._now),
            )

    def _delegations(self) -> tuple[Delegation, ...]:
        """Those that nobody has ended and somebody signed for."""
        if self._held is None:
            self._held = tuple(self._held_now())
        return self._held

    def _held_now(self) -> Iterator[Delegation]:
        for one in Laws(self._engine).delegations(day_of(self._now)):
            self._proofs.delegation(one)
            yield Delegation(
                number=one.number, kind=one.kind, giver=one.giver, scope=one.scope, first=one.first, last=one.last
            )

    def _actor(self, lead: WorkedLead) -> WorkedActor | None:
        return Actors(self._engine).actor(lead.actor_id) if lead.actor_id else None

    def _why_not(self, kind: Kind, situation: Situation) -> str:
        """Why a measure is not ours, in the chooser's own reasons."""
        whole = choose(replace(situation, measure=""), self._book)
        reasons = why_not(kind, situation, whole, self._book.rows)[:REASONS]
        return f"本机关不能{KIND_WORDS[kind]}（{'；'.join(reasons)}）"

    def _refuse_empty(
        self, kind: Kind, addressee: Addressee, articles: Sequence[CitedArticle], complaints: Complaints
    ) -> None:  # fmt: skip
        if not articles and kind in (*TO_OPERATOR, *TO_ACTOR):
            complaints.add(f"给 {addressee.name} 的函没有可引的条文")
        for one in articles:
            if not one.text.strip():
                complaints.add(f"条文 {one.id}（{one.cite}）没有原文，不能引用")


def demand_read(law: Law, content: Content, number: str) -> None:
    """`UserMistake` naming the articles while the letter must bear 【条文待核】."""
    if unread := law.unread(content):
        raise UserMistake(
            f"{number} 带有【条文待核】，不能复核：{'、'.join(unread)} 尚未由法制审核人员核对（lantian law confirm）"
        )
