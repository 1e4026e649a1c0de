"""`lantian lead claim …`: acts upon leads by a person who proved himself; what came of each is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import typer

from casework.incoming.guard import known_reporters, refuse_reporters
from casework.review import deciding, routing
from casework.review.alike import Alike, alike
from casework.review.deciding import Chosen
from casework.review.desk import Desk
from casework.review.routing import Handing
from console.acting import acting
from console.cases.leads import lead_told, line_of
from console.cases.reporter_keys import existing_key
from console.cases.viewing import Viewer, day_ends
from console.output import harmless, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.shapes import WorkedLead

Decide = Callable[[Desk, Sequence[WorkedLead]], Sequence[WorkedLead]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which leads, by whom, on which view of them (`seen`), why; `is_like` takes like ones along."""

    words: tuple[str, ...]
    by: str = ""
    seen: str = ""
    reason: str = ""
    is_like: bool = False
    is_sure: bool = False


def claim(asked: Asked, *, as_json: bool) -> None:
    _act(asked, deciding.claim, as_json=as_json)


def assign(asked: Asked, unit: str, to: str, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: routing.assign(desk, leads, unit, to, asked.reason), as_json=as_json)


def confirm(asked: Asked, exhibits: tuple[str, ...], categories: tuple[str, ...], *, as_json: bool) -> None:
    if exhibits and (asked.is_like or len(asked.words) > 1):
        raise UserMistake("--exhibit 只能用于一条线索")
    chosen = Chosen(exhibits=exhibits, categories=categories)
    if not asked.is_like:
        _act(asked, lambda desk, leads: deciding.confirm(desk, leads, chosen, asked.reason), as_json=as_json)
        return
    with _at_desk(asked) as (desk, views):
        found = _agreed(desk, views, asked)
        chosen = replace(chosen, groups=found.groups)
        _tell(views, deciding.confirm(replace(desk, in_batch=True), found.leads, chosen, asked.reason), as_json=as_json)


def dismiss(asked: Asked, *, as_json: bool) -> None:
    if not asked.is_like:
        _act(asked, lambda desk, leads: deciding.dismiss(desk, leads, asked.reason), as_json=as_json)
        return
    with _at_desk(asked) as (desk, views):
        found = _agreed(desk, views, asked)
        _tell(views, deciding.dismiss(replace(desk, in_batch=True), found.leads, asked.reason), as_json=as_json)


def more(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: deciding.need_more(desk, leads, asked.reason), as_json=as_json)


def merge(asked: Asked, into: str, *, as_json: bool) -> None:
    def merged(desk: Desk, leads: Sequence[WorkedLead]) -> Sequence[WorkedLead]:
        return (deciding.merge(desk, leads[0], desk.named([into])[0], asked.reason),)

    _act(asked, merged, as_json=as_json)


def hand_over(asked: Asked, to: str, document: str, *, as_json: bool) -> None:
    handing = Handing(to=to, document=document, reason=asked.reason)
    _act(asked, lambda desk, leads: routing.hand_over(desk, leads, handing), as_json=as_json)


def delegate(asked: Asked, to: str, document: str, due: str, *, as_json: bool) -> None:
    office = Config.load().office
    handing = Handing(to=to, document=document, due_at=day_ends(due), reason=asked.reason, districts=office.districts)
    _act(asked, lambda desk, leads: routing.delegate(desk, leads, handing), as_json=as_json)


def feedback(asked: Asked, teller: str, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: routing.feedback(desk, leads, asked.reason, teller), as_json=as_json)


def approve(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: deciding.approve(desk, leads, asked.reason), as_json=as_json)


def send_back(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: deciding.send_back(desk, leads, asked.reason), as_json=as_json)


def answer(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: routing.answer(desk, leads, asked.reason), as_json=as_json)


def close(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: routing.close(desk, leads, asked.reason), as_json=as_json)


def reopen(asked: Asked, *, as_json: bool) -> None:
    _act(asked, lambda desk, leads: routing.reopen(desk, leads, asked.reason), as_json=as_json)


# -- how -------------------------------------------------------------------------------------------


def _act(asked: Asked, decide: Decide, *, as_json: bool) -> None:
    with _at_desk(asked) as (desk, views):
        leads = _seen(desk.named(asked.words), asked.seen)
        _refuse_reporters(views, leads, asked.reason)
        _tell(views, decide(desk, leads), as_json=as_json)


@contextmanager
def _at_desk(asked: Asked) -> Iterator[tuple[Desk, Viewer]]:
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, by=asked.by)
        yield Desk(engine=engine, acting=acts, now=clock.now()), Viewer(engine=engine, config=config, acting=acts)


def _refuse_reporters(views: Viewer, leads: Sequence[WorkedLead], reason: str) -> None:
    """What is typed of a lead stands in papers later: it names nobody who reported it, as far as the key here opens."""
    if reason.strip():
        key = existing_key(views.config, views.engine)
        known = known_reporters(views.engine, (one.id for one in leads), key, is_unchecked=True)
        refuse_reporters(known, (("理由", reason),))


def _seen(leads: tuple[WorkedLead, ...], seen: str) -> tuple[WorkedLead, ...]:
    """The leads as he had seen them: what was done since then is refused as done at the same time."""
    if not seen:
        return leads
    if len(leads) > 1:
        raise UserMistake("--seen 只能用于一条线索")
    try:
        state_at = datetime.fromisoformat(seen)
    except ValueError:
        state_at = None
    if state_at is None or state_at.tzinfo is None:
        raise UserMistake("--seen 要照抄 --json 里的 state_at")
    return (replace(leads[0], state_at=state_at),)


def _agreed(desk: Desk, views: Viewer, asked: Asked) -> Alike:
    """All that one decision would settle, listed first; `UserMistake` where nobody says yes."""
    found = alike(desk, _seen(desk.named(asked.words), asked.seen))
    _refuse_reporters(views, found.leads, asked.reason)
    for lead in found.leads:
        say(line_of(views, lead))
    for lead in found.left_out:
        say(harmless(f"{lead.number} 另有不同的信息，不在其内"))
    if not asked.is_sure:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UserMistake(f"以上 {len(found.leads)} 条一并决定要加 --yes")
        if not typer.confirm(f"以上 {len(found.leads)} 条一并决定？", err=True):
            raise UserMistake("没有决定")
    return found


def _tell(views: Viewer, leads: Sequence[WorkedLead], *, as_json: bool) -> None:
    for lead in leads:
        if as_json:
            print_json(lead_told(views, lead))
        else:
            say(line_of(views, lead))
