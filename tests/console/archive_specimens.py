"""A small archive of invented offers: a title, a text and an address each, recorded as a run records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from storage_specimens import T0, finding, listing, page_of

from crawler.items import Exhibits, Listing, Outcome
from detectors.entities import find_entities
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun


def offer(number: str, title: str, text: str = "", **changes: Any) -> Listing:
    """One offer; its address and its shop are its own unless told otherwise."""
    told = {"url": f"https://item.taobao.example/{number}", "display_url": "", "images": (), "seller": "示例店"}
    return listing(number, title=title, text=text, **told | changes)


def record(engine: Engine, run: str, offers: Sequence[Listing], flagged: Sequence[str] = ()) -> list[str]:
    """A run that saw these, with what they name; those flagged have a finding. Their ids, in the order of offers."""
    store = ExhibitStore(engine)
    store.open_runs([PlannedRun(id=run, platform="taobao", query="包授权", planned_at=T0)], T0)
    page = page_of(tuple(offers), run=run, findings={one: (finding(),) for one in flagged})
    page = _with_entities(page)
    store.record(page)
    store.finish_run(run, Outcome.OK, "", "", T0)
    return [one.id for one in page.exhibits]


def _with_entities(page: Exhibits) -> Exhibits:
    def named(one: Listing) -> tuple[Any, ...]:
        texts = {"title": one.title, "text": one.text}
        return tuple(entity for field, text in texts.items() for entity in find_entities(text, field))

    return replace(page, exhibits=tuple(replace(one, entities=named(one.listing)) for one in page.exhibits))
