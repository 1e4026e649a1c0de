"""`lantian law choose`: what may be cited in a situation, as a person or another program asks for it.

It needs no home and nobody's credential; no database is made for a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from casework.law import choose
from casework.law_words import Choice, Delegation, Situation
from casework.lawbook.rows import PART_WORDS, Part
from casework.letters.letter import Kind
from casework.letters.refusing import Proofs
from console.cases import law_asked
from console.cases.law import UNREAD, book_of, confirmations_in, laws_of
from console.output import harmless, print_json, print_line
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.laws import KeptDelegation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to the chooser as it was typed."""

    category: str
    actor: str
    place: str = ""
    platform: str = ""
    office: str = ""
    level: str = ""
    on: str = ""
    written: str = ""
    measure: str = ""
    facts: tuple[str, ...] = ()
    delegations: tuple[str, ...] = ()
    office_seat: str = ""
    platform_seat: str = ""
    actor_seat: str = ""


def choose_law(asked: Asked, *, as_json: bool) -> None:
    config = Config.load()
    book = book_of(config)
    situation = _situation(asked, config)
    for given_here in situation.delegations:
        law_asked.refuse_scope(given_here, book)
    choice = choose(situation, book, confirmations_in(config))
    if as_json:
        print_json(choice_told(choice))
        return
    _print_choice(choice)


def _situation(asked: Asked, config: Config) -> Situation:
    ours = config.office
    if asked.measure and asked.measure not in set(Kind):
        raise UserMistake(f"--measure 要是 {'、'.join(Kind)} 之一")
    if not (asked.office or ours.kind) or not (asked.level or ours.level):
        raise UserMistake("写 --office 和 --level，或者在 lantian.toml 的 [office] 里写 kind 和 level")
    on = law_asked.day(asked.on, "--on") if asked.on else clock.now().astimezone(clock.SHANGHAI).date()
    return Situation(
        category=law_asked.category(asked.category),
        actor=law_asked.actor(asked.actor),
        place=law_asked.place(asked.place, asked.platform),
        office=law_asked.office(asked.office or ours.kind),
        level=law_asked.level(asked.level or ours.level),
        on=on,
        written=law_asked.day(asked.written, "--written") if asked.written else None,
        delegations=_delegations(asked.delegations, config),
        office_seat=asked.office_seat or f"{ours.province}{ours.city}",
        platform_seat=asked.platform_seat,
        actor_seat=asked.actor_seat,
        measure=asked.measure,
        facts=law_asked.facts(asked.facts),
    )


def _delegations(told: Sequence[str], config: Config) -> tuple[Delegation, ...]:
    """Those written out, and those that the home holds and somebody signed for; one that was ended is a mistake."""
    found = [law_asked.inline(one) for one in told if law_asked.is_inline(one)]
    named = [one.strip() for one in told if not law_asked.is_inline(one)]
    if not named:
        return tuple(found)
    missing = f"没有登记 {'、'.join(named)}：lantian law delegation add，或写成 {law_asked.INLINE}"
    with laws_of(config, missing) as (laws, engine):
        proofs = Proofs(engine)
        for one in map(laws.delegation, named):
            if one.ended_at is not None:
                raise UserMistake(f"{one.number} 已于 {clock.in_shanghai(one.ended_at)} 终止")
            proofs.delegation(one)
            found.append(given(one))
    return tuple(found)


def given(kept: KeptDelegation) -> Delegation:
    """A delegation as the chooser takes it."""
    return Delegation(
        number=kept.number, kind=kept.kind, giver=kept.giver, scope=kept.scope, first=kept.first, last=kept.last
    )


def choice_told(choice: Choice) -> dict[str, Any]:
    """What an outside program reads: ids, the word and what was refused first."""
    return {
        "articles": [one.id for one in choice.articles],
        "verb": str(choice.verb),
        "refused": [asdict(one) for one in choice.refused],
        "cited": [asdict(one) for one in choice.articles],
        "measures": list(choice.measures),
        "notes": list(choice.notes),
    }


def _print_choice(choice: Choice) -> None:
    print_line(f"用语：{choice.verb}")
    for one in choice.articles:
        mark = f"{one.confirmed_by} 已核" if one.confirmed_by else UNREAD
        print_line(harmless(f"  可引 {one.id} {one.cite}〔{PART_WORDS[Part(one.part)]}〕{one.purpose}（{mark}）"))
    for refused in choice.refused:
        print_line(harmless(f"  不引 {refused.id}：{refused.why}"))
    print_line(f"可写：{'、'.join(choice.measures)}")
    for note in choice.notes:
        print_line(harmless(f"注意：{note}"))
