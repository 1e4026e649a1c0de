"""What `lantian actor join|split|match|kind` do: a person's act each, signed, with its reason, undone the same way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from casework.acting import OFFICERS, Acting
from casework.actors.in_charge import in_charge
from casework.actors.kinds import KIND_WORDS, confirmable
from casework.actors.matching import looked_up, match_up
from console.acting import acting
from console.output import harmless, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.agencies import Agency
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.actor_acts import Said, confirm_kind, join_by_hand, match_by_hand, undo_join, unmatch_by_hand
from storage.cases.actors import Actors
from storage.db import writing
from storage.registry import StoredRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who says it, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which actor is which agency, or none; or the word is taken back; or all are asked about."""

    actor: str
    agency: str
    nobody: bool
    undo: bool
    every: bool


def join(one: str, other: str, told: Told, *, as_json: bool) -> None:
    with _deciding(told) as (_, engine, acts, said):
        actors = Actors(engine)
        first, second = actors.named(one, acts.districts), actors.named(other, acts.districts)
        with writing(engine).begin() as connection:
            number = join_by_hand(connection, first.id, second.id, said, acts.sign)
        now = actors.actor(first.id)
    say(f"第 {number} 号关联：{first.number} 与 {second.number} 现为 {now.number}")
    _print({"join": number, "actor": now.number, "joined": [first.number, second.number]}, as_json=as_json)


def split(number: int, told: Told, *, as_json: bool) -> None:
    with _deciding(told) as (_, engine, acts, said), writing(engine).begin() as connection:
        undone = undo_join(connection, number, said, acts.sign)
    parted = "、".join(undone.parted)
    say(f"第 {number} 号关联已撤销；{f'分出 {parted}' if parted else '还有别的关联相连，没有分开'}")
    _print({"join": number, "parted": list(undone.parted), "entry": undone.entry}, as_json=as_json)


def match(asked: Match, told: Told, *, as_json: bool) -> None:
    chosen = (bool(asked.agency), asked.nobody, asked.undo, asked.every)
    if sum(chosen) != 1 or bool(asked.actor) == asked.every:
        raise UserMistake("写主体和 --agency、--none、--undo 之一，或只写 --all")
    with _deciding(told) as (config, engine, acts, said):
        if asked.every:
            many = match_up(engine, StoredRegistry.current(config.database), said.at)
            say(f"按现用名录比对了 {many} 个主体")
            _print({"asked": many}, as_json=as_json)
            return
        actor = Actors(engine).named(asked.actor, acts.districts)
        agency = None if asked.nobody or asked.undo else _agency(config, asked.agency)
        with writing(engine).begin() as connection:
            if asked.undo:
                entry = unmatch_by_hand(connection, actor.id, said, acts.sign)
            else:
                office = in_charge(agency) if agency else ""
                entry = match_by_hand(connection, actor.id, (agency, office), said, acts.sign)
    name = agency.name if agency else ""
    say(harmless(f"{actor.number}：{'已撤回人工匹配' if asked.undo else name or '不是登记册中的机构'}"))
    _print({"actor": actor.number, "agency": name, "entry": entry}, as_json=as_json)


def kind(word: str, said_kind: str, told: Told, *, as_json: bool) -> None:
    chosen = confirmable(said_kind) if said_kind else None
    with _deciding(told) as (_, engine, acts, said):
        actor = Actors(engine).named(word, acts.districts)
        with writing(engine).begin() as connection:
            entry = confirm_kind(connection, actor.id, chosen or "", said, acts.sign)
    say(f"{actor.number}：{KIND_WORDS[chosen] if chosen else '已撤回类别的确认'}")
    _print({"actor": actor.number, "kind": chosen or "", "entry": entry}, as_json=as_json)


@contextmanager
def _deciding(told: Told) -> Iterator[tuple[Config, Engine, Acting, Said]]:
    """Whoever may decide, with what he says."""
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, *OFFICERS, by=told.by)
        yield config, engine, acts, Said(by=acts.name, at=clock.now(), reason=told.reason)


def _agency(config: Config, word: str) -> Agency:
    registry = StoredRegistry.current(config.database)
    found = looked_up(word, registry) if registry else None
    if found is None:
        raise UserMistake(f"现用名录里没有 {harmless(word)}：用 lantian registry find 查")
    return found


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
