"""What the store is asked and what it answers, as frozen values: no mapped class crosses the package border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.items import Capture, Exhibit, Finding, Outcome
from storage.care_shapes import Rejudged
from storage.picture_shapes import ExhibitPicture
from storage.showing_shapes import ShownAs


class Order(StrEnum):
    """Which leads come first."""

    NEWEST = "newest"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One query that is to be asked of one platform at one time."""

    id: str
    platform: str
    query: str
    planned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One planned query and how it ended; `outcome` is `None` while it has not ended.

    `total` is the count the platform itself stated, `captures` the pages of it that were kept.
    """

    id: str
    round: str | None
    platform: str
    query: str
    planned_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    reason: str
    detail: str
    pages: int
    listings: int
    lost: int
    total: int | None
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One page of a run; `capture` is the id of what was kept of it, empty when nothing came."""

    run: str
    number: int
    requested_url: str
    url: str
    outcome: Outcome
    reason: str
    detail: str
    total: int | None
    listings: int
    lost: int
    capture: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """Which leads are wanted; empty words mean any. `before` is the exhibit id of the last lead already shown.

    `by_group`: one lead a group of like ones, the newest of it.
    """

    platform: str = ""
    category: str = ""
    order: Order = Order.NEWEST
    limit: int = 50
    before: str = ""
    by_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One listing with findings, as its latest flagged sighting showed it.

    `exhibit` is that sighting's id. `categories` are in the order of their weight. `images` are
    the listing's own pictures that were to be read; `picture` is ours, of the page. `group_size`
    counts the listings of its group, itself included; `group_sellers` is told when groups were asked for.
    `shown` is what the browser last showed of it.
    """

    listing: str
    exhibit: str
    platform: str
    seller: str
    title: str
    url: str
    categories: tuple[str, ...]
    points: int
    findings: tuple[Finding, ...]
    capture: Capture
    picture: Capture | None
    first_seen: datetime
    last_seen: datetime
    sightings: int
    images: tuple[ExhibitPicture, ...] = ()
    group: int = 0
    group_size: int = 1
    group_sellers: int = 1
    shown: ShownAs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitDetail:
    """One exhibit with all that explains it: the run that saw it, what was kept, the listing's history."""

    exhibit: Exhibit
    run: RunRow
    page_number: int
    page_url: str
    requested_url: str
    seen_at: datetime
    capture: Capture
    picture: Capture | None
    first_seen: datetime
    last_seen: datetime
    sightings: int
    images: tuple[ExhibitPicture, ...] = ()
    rejudgements: tuple[Rejudged, ...] = ()
    shown: ShownAs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A named person's decision to look at a platform whose robots.txt forbids it; `number` is its row, once there."""

    platform: str
    person: str
    reason: str
    signed_at: datetime
    number: int = 0
