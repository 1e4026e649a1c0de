"""What casework asks of its rows and what they answer, as frozen values. Each field is as `storage.tables` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedLead:
    """One lead as people work on it, see `storage.tables.leads.LeadRow`. `listings` counts what belongs to it."""

    id: int
    number: str
    source: str
    platform: str
    actor_id: int | None
    case_id: int | None
    title: str
    seller: str
    url: str
    categories: tuple[str, ...]
    points: int
    note: str
    state: str
    state_at: datetime
    district: str
    unit: str
    assignee: str
    reference: str
    office: str
    due_at: datetime | None
    found_at: datetime
    registered_at: datetime
    told_at: datetime | None
    handled_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    merged_into: int | None
    reopened: int
    decided_by: str
    decided_at: datetime | None
    reason: str
    decision: int | None
    approved_by: str
    approved_at: datetime | None
    approval: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One act upon a lead, see `storage.tables.leads.MoveRow`."""

    id: int
    lead_id: int
    move: str
    before: str
    after: str
    by: str
    at: datetime
    reason: str
    detail: tuple[str, ...]
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLead:
    """A lead that is to be registered; its number is given by the store. `found_at` is when it was first known of,
    by us or by whoever told us."""

    source: str
    platform: str
    title: str
    url: str
    categories: tuple[str, ...] = ()
    seller: str = ""
    note: str = ""
    district: str = ""
    unit: str = ""
    assignee: str = ""
    reference: str = ""
    office: str = ""
    due_at: datetime | None = None
    found_at: datetime
    registered_at: datetime
    actor_id: int | None = None
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsWanted:
    """Which leads; empty means any. `districts` is the asker's scope. Newest first, from the one before `before`.

    Those of an actor are also those of whom was joined to it.
    """

    states: tuple[str, ...] = ()
    source: str = ""
    platform: str = ""
    category: str = ""
    assignee: str = ""
    district: str = ""
    districts: tuple[str, ...] = ()
    actor_id: int = 0
    case_id: int = 0
    registered_from: datetime | None = None
    registered_to: datetime | None = None
    before: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedActor:
    """One actor, see `storage.tables.actors.ActorRow`."""

    id: int
    number: str
    name: str
    kind: str
    made_at: datetime
    merged_into: int | None
    agency: str
    agency_kind: str
    agency_code: str
    agency_status: str
    credit_code: str
    province: str
    in_charge: str
    registry_version: int | None
    matched_by: str
    matched_at: datetime | None
    matched_as: str = ""
    match_entry: int | None = None
    kind_entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a report, and the ids of the rows behind it (leads, letters or actors, by `of`)."""

    name: str
    value: int
    of: str
    ids: tuple[int, ...]
    by: Mapping[str, int] = field(default_factory=dict)
