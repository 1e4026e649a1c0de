"""Counts what was found by what it is: codes are counted, and only the values that are shown are looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, select

from storage.searching.behind import actors_by_lead, states_by_lead
from storage.searching.columns import codes, values
from storage.searching.filters import LEAD, SEEN, members
from storage.searching.rowids import NONE, Rows
from storage.searching.shapes import Count, Facet, Facets
from storage.tables.actors import ActorRow

COLUMNS: Mapping[Facet, str] = {
    Facet.PLATFORM: "platform",
    Facet.KIND: "kind",
    Facet.CATEGORY: "categories",
    Facet.RULE: "rules",
    Facet.PLACE: "place",
    Facet.STATE: LEAD,
    Facet.ACTOR: LEAD,
    Facet.MONTH: SEEN,
}
_DAY = 86_400
_SHANGHAI = 8 * 3_600  # seconds ahead of UTC, the whole year


class Counting:
    """Counts one range after another."""

    def __init__(self, connection: Connection, wanted: Sequence[Facet]) -> None:
        self._connection = connection
        self._wanted = wanted
        self._counted: dict[str, Rows] = dict.fromkeys((COLUMNS[facet] for facet in wanted), NONE)
        self._total = 0

    def add(self, rows: Rows) -> None:
        """Count these exhibits, each once and in growing order."""
        self._total += len(rows)
        if not len(rows):
            return
        first, last = int(rows[0]), int(rows[-1])
        for name in self._counted:
            told = codes(self._connection, name, first, last)[rows - first]
            # Seconds are too many to be counted one by one; days are few.
            numbers = (told.astype(np.int64) + _SHANGHAI) // _DAY if name == SEEN else told
            self._counted[name] = _sum(self._counted[name], np.bincount(numbers))

    def facets(self, most: int) -> Facets:
        """What was counted, of each facet the `most` most frequent values."""
        return Facets(total=self._total, counts={facet: self._counts(facet, most) for facet in self._wanted})

    def _counts(self, facet: Facet, most: int) -> tuple[Count, ...]:
        counted = self._counted[COLUMNS[facet]]
        if facet is Facet.ACTOR:
            return _actors(self._connection, counted, most)
        if facet is Facet.STATE:
            return _most(_states(self._connection, counted), most)
        if facet is Facet.MONTH:
            return _most(_months(counted), most)
        name = COLUMNS[facet]
        return _most(_values(name, values(self._connection, name), counted), most)


def _sum(one: Rows, other: Rows) -> Rows:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    longer = longer.copy()
    longer[: len(shorter)] += shorter
    return longer


def _most(counted: Mapping[str, int], most: int) -> tuple[Count, ...]:
    order = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Count(value=value, number=number) for value, number in order[:most] if number)


def _values(name: str, known: Sequence[str], counted: Rows) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for code in np.flatnonzero(counted).tolist():
        for value in members(name, known[code]):
            found[value] += int(counted[code])
    return found


def _months(counted: Rows) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    days = np.flatnonzero(counted)
    for month, number in zip(days.astype("M8[D]").astype("M8[M]").astype(str), counted[days], strict=True):
        found[str(month)] += int(number)
    return found


def _states(connection: Connection, counted: Rows) -> Mapping[str, int]:
    if not len(counted):
        return {}
    places, states = states_by_lead(connection, len(counted) - 1)
    numbers = np.bincount(places, weights=counted, minlength=len(states))
    return {state: int(number) for state, number in zip(states, numbers, strict=True)}


def _actors(connection: Connection, counted: Rows, most: int) -> tuple[Count, ...]:
    """Whom the leads are held against; what is in no lead, or held against nobody, is left out."""
    if not len(counted):
        return ()
    actors = actors_by_lead(connection, len(counted) - 1)
    numbers = np.bincount(actors, weights=counted).astype(np.int64)
    numbers[0] = 0
    first = np.lexsort((np.arange(len(numbers)), -numbers))[:most]
    names = _names(connection, first[numbers[first] > 0])
    return tuple(
        Count(value=names[int(one)][0], number=int(numbers[one]), label=names[int(one)][1])
        for one in first
        if numbers[one]
    )


def _names(connection: Connection, actors: Iterable[int]) -> Mapping[int, tuple[str, str]]:
    query = select(ActorRow.id, ActorRow.number, ActorRow.name).where(ActorRow.id.in_([int(one) for one in actors]))
    return {id_: (number, name) for id_, number, name in connection.execute(query)}
