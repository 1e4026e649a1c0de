"""Which exhibits of a range pass the filters: columns of codes against the wanted codes. No exhibit is read."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection

from storage.searching.behind import chosen, leads_in, leads_of
from storage.searching.columns import codes, values
from storage.searching.rowids import Mask, Rows
from storage.searching.shapes import Filters

LEAD, SEEN = "lead", "seen"
THERE = "platform"  # whatever column: its code is 0 where no exhibit is
SETS = ("categories", "rules")

Wanted = tuple[str, Mask]


class Passing:
    """The filters of one question, looked up once."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._connection = connection
        self._filters = filters
        valued = _valued(connection, filters)
        self._wanted = [*valued, *_led(connection, filters)]
        # Whatever has a value is there; of leads and times 0 tells nothing.
        self._tells_absence = bool(valued)

    @property
    def is_all(self) -> bool:
        """Whether every exhibit passes."""
        return not self._wanted and self._filters.first is None and self._filters.last is None

    def mask(self, first: int, last: int) -> Mask:
        """Of each row of the range whether it is an exhibit that passes."""
        passing = np.ones(last - first + 1, np.bool_) if self._tells_absence else self._there(first, last)
        for name, wanted in self._wanted:
            if not passing.any():
                return passing
            # All greater codes share the last place, which is false.
            passing &= wanted.take(codes(self._connection, name, first, last), mode="clip")
        return self._in_time(passing, first, last)

    def _there(self, first: int, last: int) -> Mask:
        told: Mask = codes(self._connection, THERE, first, last) != 0
        return told

    def _in_time(self, passing: Mask, first: int, last: int) -> Mask:
        since, until = self._filters.first, self._filters.last
        if since is None and until is None:
            return passing
        seen = codes(self._connection, SEEN, first, last)
        if since is not None:
            passing &= seen >= max(int(since.timestamp()), 0)
        if until is not None:
            passing &= seen < max(int(until.timestamp()), 0)
        return passing


def _valued(connection: Connection, filters: Filters) -> list[Wanted]:
    asked: Mapping[str, frozenset[str]] = {
        "platform": filters.platforms,
        "kind": filters.kinds,
        "place": filters.places,
        "categories": filters.categories,
        "rules": filters.rules,
    }
    return [(name, _codes_of(connection, name, wanted)) for name, wanted in asked.items() if wanted]


def _codes_of(connection: Connection, name: str, wanted: frozenset[str]) -> Mask:
    known = enumerate(values(connection, name))
    passing = [code for code, value in known if code and not wanted.isdisjoint(members(name, value))]
    return chosen(np.array(passing, np.int64))


def members(name: str, value: str) -> tuple[str, ...]:
    """What a value of this column stands for: a set of several, or itself."""
    return tuple(json.loads(value)) if name in SETS else (value,)


def _led(connection: Connection, filters: Filters) -> list[Wanted]:
    asked: list[Rows] = []
    if filters.states:
        asked.append(leads_in(connection, filters.states))
    if filters.actors:
        asked.append(leads_of(connection, filters.actors))
    return [(LEAD, chosen(leads)) for leads in asked]
