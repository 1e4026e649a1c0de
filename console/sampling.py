"""What `lantian sample` and `lantian draws` do: lots drawn from a list, written down and told; those drawn before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.homes import person
from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from patrol.sampling import METHOD, drawn, shop_identity
from storage.draws import Draws, Line
from storage.supervision_shapes import Draw

REGISTRY, SHOPS = "registry", "shops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lots:
    """What a person asked to be drawn: how many of which list, with which seed."""

    source: str
    wanted: int
    seed: str
    only_active: bool = False


def sample(asked: Lots, by: str, *, as_json: bool) -> None:
    """Draw lots from a list, write it down, tell it."""
    if asked.source not in (REGISTRY, SHOPS):
        raise UserMistake(f"--from 要是 {REGISTRY}（名录）或 {SHOPS}（见过的店铺），不是 {asked.source!r}")
    if asked.only_active and asked.source == SHOPS:
        raise UserMistake("--active 只用于名录")
    config = Config.load()
    with opened_engine(config) as engine:
        store, name = Draws(engine), person(config, engine, by)
        version = store.registry_version() if asked.source == REGISTRY else 0
        found = drawn(_lines(store, version, only_active=asked.only_active), asked.seed, asked.wanted)
        draw = Draw(
            source=f"{asked.source}{' active' if asked.only_active else ''}", version=version, seed=asked.seed,
            wanted=asked.wanted, size=found.size, digest=found.digest, method=METHOD, results=found.results,
            drawn_at=clock.now(), drawn_by=name,
        )  # fmt: skip
        number = store.keep(draw)
    if as_json:
        print_json(_draw_told(number, draw))
        return
    for line in draw.results:
        print_line(harmless("  ".join(filter(None, line))))
    of = f"从 {draw.size} 个中抽 {draw.wanted} 个，种子 {draw.seed}"
    say(harmless(f"第 {number} 次抽取：{of}，名单摘要 {draw.digest[:12]}，已记入日志"))


def list_draws(*, as_json: bool) -> None:
    """Every draw there was."""
    with opened_engine(Config.load()) as engine:
        found = Draws(engine).all()
    for number, one in found:
        if as_json:
            print_json(_draw_told(number, one))
        else:
            who = f"{clock.in_shanghai(one.drawn_at)} {one.drawn_by}"
            of = f"{one.wanted}/{one.size}  种子 {one.seed}  摘要 {one.digest[:12]}"
            print_line(harmless(f"第 {number} 次  {one.source}  {of}  {who}"))
    if not found:
        say("还没有抽取过。")


def _lines(store: Draws, version: int, *, only_active: bool) -> Iterator[tuple[str, Line]]:
    """The list to draw from, with the identity of each line."""
    if version:
        return ((line[0], line) for line in store.agencies(version, only_active=only_active))
    return ((shop_identity(line), line) for line in store.shops())


def _draw_told(number: int, one: Draw) -> dict[str, Any]:
    names = ("agency", "name") if one.version else ("platform", "seller_id", "seller")
    told: dict[str, Any] = {"draw": number, "source": one.source, "version": one.version, "seed": one.seed}
    told |= {"n": one.wanted, "size": one.size, "digest": one.digest, "method": one.method}
    told |= {"drawn_at": one.drawn_at.isoformat(), "drawn_by": one.drawn_by}
    return told | {"results": [dict(zip(names, line, strict=True)) for line in one.results]}
