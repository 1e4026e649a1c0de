"""What an act upon a lead brings with it, and what is read back of leads beside their rows. Frozen values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.audit import Detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an act changes of a lead beside its state; `None` leaves it as it is."""

    unit: str | None = None
    assignee: str | None = None
    district: str | None = None
    reference: str | None = None
    office: str | None = None
    due_at: datetime | None = None
    case_id: int | None = None
    merged_into: int | None = None


NOTHING = Changes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One act upon a lead: who, when, why. `detail` goes into the audit entry as it is.

    `by` counts only where nobody signs: a signature brings its own name. `seen` is the `state_at` of the lead that
    whoever decides had before him, where it is to be the same still.
    """

    by: str
    at: datetime
    reason: str = ""
    detail: Detail = field(default_factory=dict)
    changes: Changes = NOTHING
    seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedExhibit:
    """The newest flagged exhibit of one listing of a lead, with the categories and rules that stand and are active."""

    row: int
    exhibit: str
    listing: str
    group: int
    title: str
    text: str
    text_digest: str
    seller: str
    url: str
    points: int
    seen_at: datetime
    categories: tuple[str, ...]
    rules: tuple[str, ...]
    is_specimen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshListing:
    """A flagged listing that the leads do not know of yet, or not as it is now: `newest` is what they do not know.

    `known_upto` is the row of the exhibit that its lead knew, 0 for none.
    """

    platform: str
    lead_id: int | None
    known_upto: int
    newest: LedExhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A false alarm proposed as a rule's `lawful` example, see `storage.tables.leads.ExampleRow`; its text's first line
    is the title. `kind` is told of one that is read back: the kind of listing it was."""

    id: int
    lead_id: int
    exhibit: str
    rule: str
    text: str
    reason: str
    proposed_at: datetime
    proposed_by: str
    state: str
    settled_at: datetime | None
    settled_by: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedCase:
    """One case, see `storage.tables.leads.CaseRow`."""

    id: int
    number: str
    actor_id: int | None
    state: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str
    reason: str
    unit: str
    assignee: str
    reopened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesWanted:
    """Which cases; empty means any. Newest first, from the one before `before`."""

    state: str = ""
    actor_id: int = 0
    assignee: str = ""
    districts: tuple[str, ...] = ()
    before: int = 0
    limit: int = 50
