"""What the store is asked and answers about care: likeness, rule counts and judging again, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crawler.items import Entity, Finding, Listing
from crawler.pictures import PictureText


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The signature of one exhibit's listing, by which like leads are grouped."""

    exhibit: str
    signature: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCount:
    """The findings of one rule in one round; `round` is empty for runs that belong to none."""

    round: str
    rule: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTotal:
    """All findings of one rule. `last_at` is `None` when it never fired, `since` when no round knows it yet."""

    rule: str
    findings: int
    last_at: datetime | None
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTime:
    """A round and when it began."""

    id: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding with the row that holds it."""

    row: int
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """What was read in a picture of an exhibit, by the digest of its bytes."""

    sha256: str
    text: PictureText


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """One exhibit to be judged again: its listing, what stands about it, and its pictures that were read."""

    row: int
    exhibit: str
    listing: Listing
    findings: tuple[StoredFinding, ...]
    pictures: tuple[StoredPicture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFilter:
    """Which exhibits are to be judged again; empty means any. `before` is the last one already done."""

    since: datetime | None = None
    platform: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judging one exhibit again came to: `stood` are all rows that were judged against, `replaced` those
    that give way to `findings`."""

    row: int
    stood: tuple[int, ...]
    replaced: tuple[int, ...]
    findings: tuple[Finding, ...]
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudging:
    """Who has the archive judged again, by which rules; `asked` is what of it, in words."""

    at: datetime
    by: str
    tool: str
    rules_digest: str
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """One rejudgement that changed an exhibit: who, when, and the findings that gave way."""

    id: int
    at: datetime
    by: str
    tool: str
    rules_digest: str
    replaced: tuple[Finding, ...]
