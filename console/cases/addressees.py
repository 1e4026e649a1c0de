"""To whom a letter goes: a platform's operator as a named person confirmed it, an actor, an authority, a client.

Nobody is written to whose name is only a proposal of ours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

import casework.letters
from casework.letters.content import OperatorIn
from casework.letters.letter import Kind
from casework.letters.matters import Addressee
from casework.letters.phrases import TO_ACTOR, TO_OPERATOR
from casework.letters.refusing import Proofs
from console.files import platform, platforms
from crawler.errors import UserMistake
from storage.cases.actors import Actors
from storage.cases.letter_shapes import Operator
from storage.cases.operators import Operators
from storage.cases.shapes import WorkedActor, WorkedLead

PROPOSALS = Path(casework.letters.__path__[0]) / "operators.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Who is said to run a platform; `note` is what to look out for."""

    platform: str
    name: str
    note: str


@cache
def proposals() -> dict[str, Proposal]:
    """By platform; none is believed before a named person confirmed it."""
    told = tomllib.loads(PROPOSALS.read_text(encoding="utf-8"))
    return {name: Proposal(platform=name, **one) for name, one in told.items()}


class Addressees:
    """Finds addressees; each operator's confirmation is proven once."""

    def __init__(self, engine: Engine, proofs: Proofs) -> None:
        self._engine, self._proofs = engine, proofs
        self._operators: dict[str, Operator] = {}
        self._used: dict[tuple[str, str, str], dict[str, Operator]] = {}

    def of(self, kind: Kind, lead: WorkedLead, to: str) -> Addressee:
        """Whom this lead's letter goes to; `UserMistake` says what has to be done first."""
        if kind in TO_OPERATOR:
            if to:
                raise UserMistake("给平台经营者的函按已确认的经营者写，不用 --to")
            return self._operator(lead)
        if kind in TO_ACTOR:
            return Addressee(name=to.strip() or _named(self.actor(lead)))
        if kind is Kind.TRANSFER and not to.strip():
            return Addressee(name=_in_charge(self.actor(lead)))
        if not to.strip():
            raise UserMistake("这种函要用 --to 写明主送单位")
        return Addressee(name=to.strip())

    def whole(self, addressee: Addressee) -> Addressee:
        """With the confirmations of every platform that its leads are on."""
        used = next((one for one in self._used.values() if next(iter(one.values())).id == addressee.operator_id), {})
        if not used:
            return addressee
        confirmed = tuple(OperatorIn(platform=name, entry=one.entry) for name, one in sorted(used.items()))
        return replace(addressee, operators=confirmed)

    def actor(self, lead: WorkedLead) -> WorkedActor | None:
        """Whose conduct it is, as far as is known."""
        return Actors(self._engine).actor(lead.actor_id) if lead.actor_id else None

    def _operator(self, lead: WorkedLead) -> Addressee:
        found = self._operators.get(lead.platform) or self._proven(lead.platform)
        key = (found.name, found.seat, found.credit_code)
        of_it = self._used.setdefault(key, {})
        of_it[lead.platform] = found
        return Addressee(name=found.name, operator_id=next(iter(of_it.values())).id)

    def _proven(self, name: str) -> Operator:
        if name not in platforms() or name == "landing":
            raise UserMistake("不在平台上，没有平台经营者可以写函；对主体用 --kind order、talk 或 transfer")
        kept = Operators(self._engine).of(name)
        if kept is None:
            proposed = proposals().get(name)
            hint = f"（第三方材料中写作 {proposed.name}，未核）" if proposed else ""
            raise UserMistake(
                f"{platform(name).label}（{name}）的经营者名称和住所地还没有经具名人员确认{hint}："
                f"lantian letter operator confirm --platform {name} --name 全称 --seat 住所地 --source 核对来源"
            )
        self._proofs.operator(kept)
        self._operators[name] = kept
        return kept


def _named(actor: WorkedActor | None) -> str:
    name = (actor.agency or actor.name) if actor else ""
    if not name:
        raise UserMistake("主体不明，不能责令或约谈；查明后用 --to 写明名称")
    return name


def _in_charge(actor: WorkedActor | None) -> str:
    if actor is None or not actor.in_charge:
        raise UserMistake("主管机关不明，用 --to 写明移送给谁")
    return actor.in_charge
