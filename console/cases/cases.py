"""`lantian case`: what is held against one actor, and the leads it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.review import filing
from casework.review.desk import Desk
from console.acting import acting
from console.cases.leads import lead_told, line_of
from console.cases.viewing import Viewer, viewer
from console.ledger import plain
from console.output import harmless, page, print_json, print_line, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.cases import CLOSED, OPEN, WorkedCases
from storage.cases.lead_shapes import CasesWanted, WorkedCase
from storage.cases.leads import WorkedLeads
from storage.cases.same_actor import actor_named
from storage.cases.shapes import LeadsWanted, WorkedLead

STATE_WORDS = {OPEN: "在办", CLOSED: "已结案"}
MOST_LEADS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases, as somebody typed it."""

    state: str
    actor: str
    assignee: str
    before: str
    limit: int


def list_cases(asked: Wanted, by: str, *, as_json: bool) -> None:
    if asked.state not in ("", *STATE_WORDS):
        raise UserMistake(f"--state 要是 {'、'.join(STATE_WORDS)} 之一")
    with viewer(by) as views:
        store = WorkedCases(views.engine)
        wanted = CasesWanted(
            state=asked.state,
            actor_id=views.actor_id(asked.actor),
            assignee=asked.assignee,
            districts=views.districts,
            before=store.named(asked.before, views.districts).id if asked.before else 0,
            limit=asked.limit,
        )
        found = store.cases(wanted)
        told = [_case_told(views, one) for one in found]
    if as_json:
        for one in told:
            print_json(one)
        return
    _print_cases(told)
    if len(found) == asked.limit:
        say(f"还有更早的：--before {found[-1].number}")


def show_case(word: str, by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        case = WorkedCases(views.engine).named(word, views.districts)
        leads = _leads_of(views, case)
        told = _case_told(views, case)
        if as_json:
            print_json(told | {"leads": [lead_told(views, lead) for lead in leads]})
            return
        print_line(_case_line(told))
        for lead in leads:
            print_line(f"  {line_of(views, lead)}")


def close(word: str, reason: str, by: str, *, as_json: bool) -> None:
    _act(word, by, lambda desk, case: filing.close_named(desk, case, reason), as_json=as_json)


def reopen(word: str, reason: str, by: str, *, as_json: bool) -> None:
    _act(word, by, lambda desk, case: filing.reopen_named(desk, case, reason), as_json=as_json)


def assign(word: str, unit: str, to: str, by: str, *, as_json: bool) -> None:
    _act(word, by, lambda desk, case: filing.assign_named(desk, case, unit, to), as_json=as_json)


def _act(word: str, by: str, decide: Callable[[Desk, WorkedCase], WorkedCase], *, as_json: bool) -> None:
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, by=by)
        desk = Desk(engine=engine, acting=acts, now=clock.now())
        done = decide(desk, filing.named_case(desk, word))
        told = _case_told(Viewer(engine=engine, config=config, acting=acts), done)
    if as_json:
        print_json(told)
    else:
        say(_case_line(told))


def _leads_of(views: Viewer, case: WorkedCase) -> tuple[WorkedLead, ...]:
    wanted = LeadsWanted(case_id=case.id, districts=views.districts, limit=MOST_LEADS)
    return WorkedLeads(views.engine).leads(wanted)


def _case_told(views: Viewer, case: WorkedCase) -> dict[str, Any]:
    told: dict[str, Any] = views.veiled_told(plain(asdict(case)))
    with views.engine.connect() as connection:
        actor = actor_named(connection, case.actor_id) if case.actor_id else None
    named = {"number": actor[0], "name": views.veiled(actor[1])} if actor else None
    return told | {"state_word": STATE_WORDS[case.state], "actor": named}


def _case_line(told: dict[str, Any]) -> str:
    actor = f"{told['actor']['number']} {told['actor']['name']}" if told["actor"] else "主体未知"
    return harmless(f"{told['number']} {told['state_word']} {actor} {told['unit']} {told['assignee']}".rstrip())


def _day(at: str) -> str:
    return clock.in_shanghai(datetime.fromisoformat(at))[:10]


def _print_cases(told: list[dict[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("编号", "状态", "主体", "立案", "责任部门", "责任人", "重开次数"):
        table.add_column(name, overflow="fold")
    for one in told:
        actor = f"{one['actor']['number']} {one['actor']['name']}" if one["actor"] else ""
        cells = (one["number"], one["state_word"], actor, _day(one["opened_at"]), one["unit"], one["assignee"])
        table.add_row(*(Text(harmless(cell)) for cell in (*cells, str(one["reopened"]))))
    page().print(table)
    if not told:
        say("没有案件。")
