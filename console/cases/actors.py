"""`lantian actor list|show`: who stands behind shops and accounts; contacts only for whoever has a right to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.actors.standing import standing
from casework.actors.words import Veil
from console.cases.actor_page import actor_told, as_of_list, page_told, portrait, print_page
from console.cases.viewing import Viewer, viewer
from console.ledger import plain
from console.output import harmless, page, print_json, say
from storage.cases.actor_shapes import Tally
from storage.cases.actors import Actors
from storage.cases.shapes import WorkedActor

SHOWN_AT_MOST = 2_000  # contacts of all of them together, which are hidden in their names
LOOKED_AT = 2_000  # actors; a list of some sort says where it stopped looking


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which actors, as somebody typed it."""

    gang: bool
    repeat: bool
    before: int
    limit: int


def list_actors(asked: Asked, by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        found, stopped_at = _found(views, asked)
        contacts = Actors(views.engine).shown_by([actor.id for actor, _ in found], SHOWN_AT_MOST)
        veil, as_of = Veil(contacts, is_open=views.sees_contacts), as_of_list(views)
        told = [actor_told(actor, tally, veil, as_of) for actor, tally in found]
    if as_json:
        for one in told:
            print_json(plain(one))
    else:
        _print_table(told)
    if stopped_at:
        say(f"看到序号 {stopped_at} 为止；接着看用 --before {stopped_at}")


def show_actor(word: str, limit: int, by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        shown = portrait(views, Actors(views.engine).named(word, views.districts), limit)
        told = page_told(views, shown, limit)
    if as_json:
        print_json(told)
    else:
        print_page(told)


def _found(views: Viewer, asked: Asked) -> tuple[list[tuple[WorkedActor, Tally]], int]:
    """Those asked for, and at which id looking stopped short of the end."""
    actors, found = Actors(views.engine), []
    before, looked_at = asked.before, 0
    while looked_at < LOOKED_AT:
        some = actors.newest(before, asked.limit, joined=asked.gang, districts=views.districts)
        tallies = actors.tallies([one.id for one in some], views.districts)
        for one in some:
            if _is_wanted(asked, tallies[one.id]):
                found.append((one, tallies[one.id]))
            if len(found) == asked.limit:
                return found, one.id
        if len(some) < asked.limit:
            return found, 0
        before, looked_at = some[-1].id, looked_at + len(some)
    return found, before


def _is_wanted(asked: Asked, tally: Tally) -> bool:
    judged = standing(tally)
    return (judged.is_gang or not asked.gang) and (judged.is_repeater or not asked.repeat)


def _print_table(told: list[dict[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("编号", "名称", "身份", "资格", "线索", "案件", "函", "团伙、累犯"):
        table.add_column(name, overflow="fold")
    for one in told:
        counts = one["counts"]
        marks = "；".join(filter(None, (one["gang"], *one["repeats"])))
        who = (one["number"], one["name"][:60], counts["identities"], one["kind_words"])
        cells = (*who, counts["leads"], counts["cases"], counts["letters"], marks)
        table.add_row(*(Text(harmless(str(cell))) for cell in cells))
    page().print(table)
