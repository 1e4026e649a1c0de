"""What the search is asked and what it answers. Nothing here asks anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crawler.items import Listing

FOLDED = str.maketrans({letter: letter + 32 for letter in range(65, 91)})


class Field(StrEnum):
    """Where a term may stand in an exhibit."""

    TITLE = "title"
    TEXT = "text"
    PICTURE = "picture"  # what was read in its pictures
    ENTITY = "entity"  # normal forms of what it names


class Facet(StrEnum):
    """What exhibits are counted by."""

    PLATFORM = "platform"
    KIND = "kind"
    CATEGORY = "category"
    RULE = "rule"
    STATE = "state"
    ACTOR = "actor"
    PLACE = "place"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing that is to stand in an exhibit, or not: `text` anywhere in a field, whatever stands around it.

    Letters A to Z count as a to z, as LIKE has it; nothing else is folded. An exhibit that names one of `entities`
    (kind and normal form; an empty kind is any) has the term too: the caller knows normal forms, the search does not.
    So has one in which one of `spellings` stands, and one that bears one of `marks`: numbers that were given to it when
    it was indexed, of addresses for instance, where the field of entities is asked.
    With `is_prefix` no letter or digit of ASCII may stand before it.
    """

    text: str
    entities: tuple[tuple[str, str], ...] = ()
    spellings: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What else an exhibit must be. Several values of one kind are alternatives; none are no condition.

    `first` is a moment, `last` the moment before which it was seen. `states` are those of the lead that the
    exhibit's listing is part of, "" for no lead; `actors` are ids. `shops` are `storage.models.shop_of`.
    """

    platforms: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    actors: frozenset[int] = frozenset()
    places: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Exhibits that have all `terms` and none of `without`, in any of `fields`; without terms, all that pass."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    fields: frozenset[Field] = frozenset(Field)
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One exhibit that was found. `row` grows with time; `lead`, `state` and `actor` are empty without a lead.

    `findings` are the categories and rules that stand; `run`, `capture` are ids.
    """

    row: int
    exhibit: str
    listing_key: str
    listing: Listing
    seen_at: datetime
    run: str
    capture: str
    categories: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    points: int = 0
    lead: str = ""
    state: str = ""
    actor: str = ""
    actor_name: str = ""
    place: str = ""
    picture_texts: tuple[str, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many exhibits have this value; `label` is what people call it where that is something else."""

    value: str
    number: int
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many exhibits were found, and of those how many have which value, the most first."""

    total: int
    counts: dict[Facet, tuple[Count, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHit:
    """One whole page that was found; `capture` is that of its text."""

    row: int
    capture: str
    url: str
    platform: str
    taken_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One place where the index does not say what the rows say."""

    exhibit: int
    part: str
    detail: str
