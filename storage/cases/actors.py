"""Who stands behind flagged listings: identities, joined into actors by what they share.

Whoever calls holds the write lock (`storage.db.writing`); nothing here reads more than what was asked for touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from storage.cases.appearances import Appearance, appearances_on
from storage.cases.identities import actors_of, place_of, settle_on
from storage.cases.joins import Shown, show_on


def place_on(connection: Connection, keys: Sequence[str], now: datetime) -> Mapping[str, int]:
    """The actor of each of these listings that is flagged, by listing key; identities and joins are made as needed."""
    appearances = appearances_on(connection, keys)
    actors = appear_on(connection, list(appearances.values()), now)
    return dict(zip(appearances, actors, strict=True))


def appear_on(connection: Connection, appearances: Sequence[Appearance], now: datetime) -> list[int]:
    """The actor of each appearance, in their order."""
    identities = settle_on(connection, appearances, now)
    shown = [
        Shown(identity=identities[place_of(one)], contact=contact) for one in appearances for contact in one.contacts
    ]
    show_on(connection, shown, now)
    actors = actors_of(connection, sorted(set(identities.values())))
    return [actors[identities[place_of(one)]] for one in appearances]
