"""Invented offers seen by invented runs, and people who decide about them; shared by the tests of leads and cases."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from people_specimens import someone
from sqlalchemy import Engine
from storage_specimens import PHONE, T0, TOOL, finding, listing, page_of

from casework.acting import Acting, Grant
from casework.review.desk import Desk
from casework.review.intake import Taken, take_in
from crawler.items import Finding
from detectors.likeness import signature
from storage.care_shapes import Likeness
from storage.cases.leads import WorkedLeads
from storage.cases.shapes import LeadsWanted, WorkedLead
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun

HOUR = timedelta(hours=1)
PROMISE, LANE = finding(), finding("green_channel", points=50, field="text", start=0, end=3, quote="不授权")
ANN, BEN, CAT = "示例初审", "示例复核", "示例查看"


@dataclass
class Office:
    """A database in which offers are seen and decided about; `now` goes on with everything that happens."""

    engine: Engine
    now: datetime = T0
    pages: int = 0
    people: dict[str, Acting] = field(default_factory=dict)

    @property
    def store(self) -> WorkedLeads:
        return WorkedLeads(self.engine)

    def later(self, by: timedelta = HOUR) -> datetime:
        self.now += by
        return self.now

    def see(self, items: dict[str, tuple[Finding, ...]], *, phone: str = "", **changes: object) -> list[str]:
        """One page with these offers and what is found in each; the exhibits' ids. Sellers with one phone are one."""
        self.pages += 1
        shown = tuple(listing(item, **{"images": (), **changes}) for item in items)
        page = page_of(shown, number=self.pages, findings=items)
        entities = (replace(PHONE, value=phone),) if phone else ()
        exhibits = tuple(replace(one, entities=entities) for one in page.exhibits)
        page = replace(page, sightings=replace(page.sightings, seen_at=self.later()), exhibits=exhibits)
        likenesses = [
            Likeness(exhibit=one.id, signature=signature(one.listing)) for one in page.exhibits if one.findings
        ]
        ExhibitStore(self.engine).record(page, likenesses=likenesses)
        return [one.id for one in page.exhibits]

    def take_in(self) -> Taken:
        return take_in(self.engine, self.later())

    def person(self, name: str, *grants: Grant, districts: tuple[str, ...] = ()) -> Acting:
        if name not in self.people:
            self.people[name] = someone(self.engine, name, *grants, districts=districts)
        return self.people[name]

    def desk(self, name: str, *grants: Grant, districts: tuple[str, ...] = ()) -> Desk:
        return Desk(engine=self.engine, acting=self.person(name, *grants, districts=districts), now=self.later())

    @property
    def ann(self) -> Desk:
        return self.desk(ANN, Grant.EXAMINER)

    @property
    def ben(self) -> Desk:
        return self.desk(BEN, Grant.REVIEWER)

    def leads(self, *states: str) -> tuple[WorkedLead, ...]:
        return self.store.leads(LeadsWanted(states=states))

    def only(self) -> WorkedLead:
        (lead,) = self.leads()
        return lead


def office_in(database: Path | str) -> Office:
    """A new office whose one run has begun."""
    engine = open_database(database)
    store = ExhibitStore(engine)
    store.begin_round(T0, TOOL, "")
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)], T0)
    return Office(engine=engine)
