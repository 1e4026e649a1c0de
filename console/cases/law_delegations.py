"""`lantian law delegation`: the powers that other offices gave ours, each by its document, with scope and days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from casework.acting import Grant
from casework.lawbook.powers import KIND_WORDS, is_provincial
from console.acting import acting
from console.cases import law_asked
from console.cases.law import book_of, laws_of, print_table
from console.output import harmless, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.laws import KeptDelegation, NewDelegation


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A delegation as it was typed."""

    number: str
    kind: str
    giver: str
    scope: str
    first: str
    last: str
    by: str = ""


def add_delegation(typed: Typed, *, as_json: bool) -> None:
    """Write down a power that was given; refused from an office that does not have it."""
    parts = (typed.number, typed.kind, typed.giver, typed.scope, typed.first, typed.last)
    if any("|" in part or "｜" in part for part in parts):
        raise UserMistake("文号、机关、范围里不能有 |")
    told = law_asked.inline("|".join(parts))
    if not is_provincial(told.giver):
        raise UserMistake(f"{harmless(told.giver)} 不是省级部门：专利代理的职权只有省级管理专利工作的部门能委托、交办")
    new = NewDelegation(
        number=told.number, kind=told.kind, giver=told.giver, scope=told.scope, first=told.first, last=told.last
    )
    config = Config.load()
    law_asked.refuse_scope(told, book_of(config))
    with laws_of(config, "先运行 lantian user add") as (laws, engine):
        person = acting(config, engine, Grant.ADMIN, Grant.LEGAL, by=typed.by)
        _tell(laws.add_delegation(new, clock.now(), person.sign), "已登记", as_json=as_json)


def end_delegation(number: str, reason: str, by: str, *, as_json: bool) -> None:
    """It was taken back before its last day."""
    if not reason.strip():
        raise UserMistake("写明理由：--reason")
    config = Config.load()
    with laws_of(config, f"没有登记 {number}") as (laws, engine):
        person = acting(config, engine, Grant.ADMIN, Grant.LEGAL, by=by)
        _tell(laws.end_delegation(number.strip(), reason, clock.now(), person.sign), "已终止", as_json=as_json)


def list_delegations(*, as_json: bool) -> None:
    """All there ever were."""
    with laws_of(Config.load(), "没有登记过委托或交办") as (laws, _):
        kept = laws.delegations()
    if as_json:
        for one in kept:
            print_json(delegation_told(one))
        return
    rows = [
        (one.number, KIND_WORDS[one.kind], one.giver, "、".join(one.scope), f"{one.first} 至 {one.last}", _state(one))
        for one in kept
    ]
    print_table(("文号", "性质", "机关", "范围", "期限", "状态"), rows)


def delegation_told(one: KeptDelegation) -> dict[str, Any]:
    """A delegation as JSON tells it."""
    ended = one.ended_at.isoformat() if one.ended_at else None
    days = {"first": str(one.first), "last": str(one.last), "scope": list(one.scope)}
    return asdict(one) | days | {"added_at": one.added_at.isoformat(), "ended_at": ended}


def _state(one: KeptDelegation) -> str:
    if one.ended_at:
        return f"{one.ended_by} 于 {clock.in_shanghai(one.ended_at)} 终止"
    today = clock.now().astimezone(clock.SHANGHAI).date()
    return "有效" if one.first <= today <= one.last else "不在期限内"


def _tell(one: KeptDelegation, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(delegation_told(one))
    else:
        say(f"{harmless(one.number)}（{harmless(one.giver)}{KIND_WORDS[one.kind]}）{done}")
