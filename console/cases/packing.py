"""Which exhibits belong to a lead or to a case, for a package of evidence; only to whom they are to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from console.acting import acting
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.cases import WorkedCases
from storage.cases.leads import WorkedLeads
from storage.cases.shapes import LeadsWanted
from storage.people import People

MOST = 1_000  # leads of a case


def exhibits_of(config: Config, engine: Engine, leads: Sequence[str], cases: Sequence[str]) -> tuple[str, ...]:
    """The newest flagged exhibit of each listing, each once; `UserMistake` for a lead or a case without any."""
    districts = acting(config, engine).districts if People(engine).everybody() else ()
    store = WorkedLeads(engine)
    found: dict[str, None] = {}
    for name, lead_ids in (*_of_leads(store, leads, districts), *_of_cases(engine, cases, districts)):
        exhibits = [one for lead_id in lead_ids for one in store.exhibits(lead_id)]
        if not exhibits:
            raise UserMistake(f"{name} 没有证据项")
        found |= dict.fromkeys(exhibits)
    return tuple(found)


def _of_leads(store: WorkedLeads, names: Sequence[str], districts: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    for name in names:
        lead = store.named(name, districts)
        yield lead.number, [lead.id]


def _of_cases(engine: Engine, names: Sequence[str], districts: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    for name in names:
        case = WorkedCases(engine).named(name, districts)
        wanted = LeadsWanted(case_id=case.id, districts=tuple(districts), limit=MOST)
        yield case.number, [one.id for one in WorkedLeads(engine).leads(wanted)]
