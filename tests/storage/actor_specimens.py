"""Invented sellers and what they show, as the tests of actors place them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from storage_specimens import T0, finding, listing, page_of

from crawler.items import Entity, Listing
from storage.audit import Act
from storage.cases.actor_acts import Said
from storage.cases.actors import appear_on, place_on
from storage.cases.appearances import Appearance, Contact
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import ListingRow
from storage.tables.actors import ActorRow, IdentityRow, JoinRow

GRANT = (finding(),)
SAID = Said(by="示例甲", at=T0, reason="示例理由")


def unsigned(act: Act) -> Act:
    """Storage does not ask who signs."""
    return act


def lead_values(actor: int | None, number: str = "", **changes: object) -> dict[str, Any]:
    """A lead's row of which only this matters."""
    texts = "note district unit assignee reference office decided_by reason approved_by".split(" ")
    told = dict.fromkeys(texts, "") | dict.fromkeys(("state_at", "found_at", "registered_at"), T0)
    told |= {"number": number or f"X-{actor}", "source": "monitoring", "platform": "taobao", "actor_id": actor}
    told |= {"title": "", "seller": "", "url": "", "categories": [], "points": 70, "state": "new", "reopened": 0}
    return told | changes


def case_values(actor: int, number: str = "", **changes: object) -> dict[str, Any]:
    told = dict.fromkeys(("opened_by", "closed_by", "reason", "unit", "assignee"), "") | {"reopened": 0}
    told |= {"number": number or f"C-{actor}", "actor_id": actor, "state": "open", "opened_at": T0}
    return told | changes


def entity(kind: str, value: str) -> Entity:
    return Entity(kind=kind, value=value, field="text", start=0, end=1)


def mobile(number: int) -> str:
    return f"1380000{number:04d}"


def shop(item: str, seller: str = "", **changes: object) -> Listing:
    told = {"seller": seller or f"示例店铺{item}", "seller_id": f"9{item}", "item_id": item}
    return listing(item, **{**told, **changes})


def record(store: ExhibitStore, shown: dict[Listing, Iterable[Entity]], number: int = 1, run: str = "run-1") -> None:
    """One page of these listings, each flagged, with these entities."""
    page = page_of(tuple(shown), number=number, run=run, findings={one.item_id: GRANT for one in shown})
    exhibits = (
        replace(one, entities=tuple(entities)) for one, entities in zip(page.exhibits, shown.values(), strict=True)
    )
    store.record(replace(page, exhibits=tuple(exhibits)))


def place(store: ExhibitStore, now: datetime = T0) -> dict[str, int]:
    """Every flagged listing placed; the actor of each item."""
    query = (
        select(ListingRow.key, ListingRow.item_id)
        .where(ListingRow.flagged_id.is_not(None))
        .order_by(ListingRow.flagged_id)
    )
    with writing(store.engine).begin() as connection:
        items = {row.key: row.item_id for row in connection.execute(query)}
        return {items[key]: actor for key, actor in place_on(connection, list(items), now).items()}


def appearance(name: str, contacts: Sequence[tuple[str, str]] = (), platform: str = "taobao") -> Appearance:
    shown = (Contact(kind=kind, value=value, exhibit=f"exhibit-{name[:8]}", seen_at=T0) for kind, value in contacts)
    return Appearance(
        kind="seller",
        platform=platform,
        key=f"name:{name}",
        name=f"示例店铺{name}",
        first_seen=T0,
        last_seen=T0 + timedelta(days=1),
        contacts=tuple(shown),
    )


def appear(engine: Engine, *appearances: Appearance, now: datetime = T0) -> list[int]:
    with writing(engine).begin() as connection:
        return appear_on(connection, appearances, now)


def partition(engine: Engine) -> set[frozenset[int]]:
    """The identities of each actor."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    with engine.connect() as connection:
        for row in connection.execute(select(IdentityRow.id, IdentityRow.actor_id)):
            found[row.actor_id].add(row.id)
    return {frozenset(some) for some in found.values()}


def connected(engine: Engine) -> set[frozenset[int]]:
    """What open joins hold together, found as slowly and plainly as can be."""
    with engine.connect() as connection:
        sets = [{one} for one in connection.execute(select(IdentityRow.id)).scalars()]
        for row in connection.execute(select(JoinRow.one_id, JoinRow.other_id).where(JoinRow.undone_at.is_(None))):
            touched = [some for some in sets if some & {row.one_id, row.other_id}]
            sets = [some for some in sets if some not in touched] + [set().union(*touched)]
    return {frozenset(some) for some in sets}


def check_books(engine: Engine) -> None:
    """The actors are the connected parts; each other actor's number leads to one of them in one step."""
    assert partition(engine) == connected(engine)
    with engine.connect() as connection:
        own = set(connection.execute(select(IdentityRow.actor_id)).scalars())
        actors = connection.execute(select(ActorRow.id, ActorRow.merged_into)).all()
    assert {row.id for row in actors if row.merged_into is None} == own
    assert {row.merged_into for row in actors} <= own | {None}
