"""What is read of actors beside their rows. Frozen values only; what is undone stays among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One name under which an actor appeared, see `storage.tables.actors.IdentityRow`."""

    id: int
    actor_id: int
    kind: str
    platform: str
    key: str
    name: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownContact:
    """What an identity showed, where first."""

    id: int
    identity_id: int
    kind: str
    value: str
    exhibit: str
    seen_at: datetime
    is_common: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Why two identities are, or were, one actor; the exhibits in which each showed it, none for a person's word."""

    id: int
    one_id: int
    other_id: int
    kind: str
    value: str
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str
    reason: str
    entry: int | None
    undone_entry: int | None
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What of an actor is counted. `by_contact` are the open joins that no person made, `broken` the matters that were
    back after a letter had them removed, `later` the leads registered after the first letter was sent."""

    identities: int = 0
    platforms: int = 0
    by_contact: int = 0
    leads: int = 0
    relapses: int = 0
    cases: int = 0
    letters: int = 0
    broken: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLead:
    """One lead against an actor."""

    id: int
    number: str
    platform: str
    title: str
    state: str
    registered_at: datetime
    reopened: int
    case_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """One case against an actor."""

    id: int
    number: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    reopened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLetter:
    """One letter about one lead of an actor: what was answered, and whether it was kept to.

    `measure` is what the addressee said he did, `gone_at` when a re-check saw it gone, `back_at` when it was back.
    """

    letter: str
    kind: str
    addressee: str
    state: str
    document: str
    lead: str
    sent_at: datetime | None
    answered_at: datetime | None
    measure: str
    remark: str
    gone_at: datetime | None
    back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relapse:
    """A lead came back after it was gone or closed."""

    lead: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was held against an actor, the newest first of each."""

    leads: tuple[HeldLead, ...] = ()
    cases: tuple[HeldCase, ...] = ()
    letters: tuple[WrittenLetter, ...] = ()
    relapses: tuple[Relapse, ...] = ()
