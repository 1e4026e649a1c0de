"""What the store answers about supervision, as frozen values: agencies as they stand, who is watched closely, draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.agencies import Agency
from storage.registers.names import name_norm


class Follows(StrEnum):
    """Which agencies a watch asks for: those named once, or all that a list holds whenever it changes.

    Of `SITES` the agencies' own addresses are asked instead of their names.
    """

    NAMED = "named"
    NAMED_SITES = "named_sites"
    ALL = "all"
    ALL_SITES = "all_sites"
    PRIORITY = "priority"
    PRIORITY_SITES = "priority_sites"

    @property
    def is_sites(self) -> bool:
        return self.value.endswith("_sites")

    @property
    def is_priority(self) -> bool:
        return self in (Follows.PRIORITY, Follows.PRIORITY_SITES)

    @property
    def is_all(self) -> bool:
        return self in (Follows.ALL, Follows.ALL_SITES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Which agency a query is after."""

    words: str
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """An agency that is watched closely, since when, why and by whom; `removed_at` when it no longer is."""

    agency: str
    name: str
    reason: str
    added_at: datetime
    added_by: str
    removed_at: datetime | None = None
    removed_by: str = ""
    removed_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """One agency of the current registry as supervision sees it.

    `number` is its row, by which pages go on. `since` is when this registry came into use; `is_aimed` whether any
    watch was ever after it.
    """

    number: int
    entry: Agency
    since: datetime
    last_seen: datetime | None
    priority: Priority | None
    is_aimed: bool

    @property
    def agency(self) -> str:
        return identity(self.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One draw by lot. `version` is the registry's, 0 for shops; `results` are the drawn lines in the order drawn."""

    source: str
    version: int
    seed: str
    wanted: int
    size: int
    digest: str
    method: str
    results: tuple[tuple[str, ...], ...]
    drawn_at: datetime
    drawn_by: str


def identity(entry: Agency) -> str:
    """By what an agency is known from one list to the next: its code, else its credit code, else its name."""
    return entry.code or entry.credit_code or name_norm(entry.name)


def identities(entry: Agency) -> tuple[str, ...]:
    """Everything it may have been known by in an earlier list."""
    return tuple(filter(None, (entry.code, entry.credit_code, name_norm(entry.name))))
