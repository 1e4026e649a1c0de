"""What letters are asked and answer as rows, as frozen values; each field is as `storage.tables.letters` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who runs one platform, as a named person confirmed; `entry` is the audit entry of that."""

    id: int
    name: str
    seat: str
    credit_code: str
    platforms: tuple[str, ...]
    source: str
    confirmed_at: datetime
    confirmed_by: str
    entry: int
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperator:
    """A name and seat that somebody confirms for one platform; `source` says where he read it."""

    platform: str
    name: str
    seat: str
    credit_code: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLetterLead:
    """A lead that a letter is about, with the exhibits it shows."""

    lead_id: int
    number: str
    exhibits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLetter:
    """A letter to be drafted, under the number of `numbers_ahead`. A reminder has leads to name, and rows for none of
    them: those are its letter's. `without` are articles that the drafter left out."""

    number: str
    kind: str
    verb: str
    addressee: str
    operator_id: int | None
    case_id: int | None
    content: str
    digest: str
    articles: tuple[str, ...]
    leads: tuple[NewLetterLead, ...]
    reminds: int | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """One letter as it stands."""

    id: int
    number: str
    kind: str
    verb: str
    addressee: str
    operator_id: int | None
    case_id: int | None
    state: str
    content: str
    digest: str
    articles: tuple[str, ...]
    drafted_at: datetime
    drafted_by: str
    entry: int
    approved_at: datetime | None
    approved_by: str
    approval: int | None
    document: str
    sent_at: datetime | None
    sent_by: str
    delivered_at: datetime | None
    delivery: str
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    reminds: int | None
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAbout:
    """A living letter about a lead: which one, and how far it is."""

    number: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetterLead:
    """One lead in one letter, and what became of it."""

    letter_id: int
    lead_id: int
    exhibits: tuple[str, ...]
    is_true: str
    measure: str
    measured_on: str
    remark: str
    answered_at: datetime | None
    recheck_id: int | None
    looks: int
    blocked: int
    gone_at: datetime | None
    gone_capture: str
    back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterStep:
    """One step in a letter's life."""

    id: int
    letter_id: int
    step: str
    by: str
    at: datetime
    detail: str
    entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A letter left the house: under which document number, when, and until when an answer is asked for."""

    document: str
    at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLead:
    """One line of a returned 回执."""

    lead_id: int
    number: str
    is_true: str
    measure: str
    measured_on: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersWanted:
    """Which letters; empty means any. Newest first, from the one before `before`.

    `districts` are those of whoever asks: only letters each of whose leads lies in one of them.
    """

    states: tuple[str, ...] = ()
    addressee: str = ""
    sent_from: datetime | None = None
    sent_to: datetime | None = None
    districts: tuple[str, ...] = ()
    before: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckOf:
    """A re-check that speaks for a lead of a letter, as `storage.tables.letters.LetterRecheckRow`."""

    letter_id: int
    lead_id: int
    recheck_id: int
    since: datetime
    counted: int
