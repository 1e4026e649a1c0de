"""What the store is asked and answers about pictures, as frozen values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from crawler.items import Capture, Entity, Finding, Listing
from crawler.pictures import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An address of a picture that exhibits wait for. `is_specimen`: one of them stood on an invented page."""

    url: str
    is_specimen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An exhibit that waits for a picture, by the row of the queue, with the listing to judge it by.

    `is_flagged`: something was found in it already.
    """

    row: int
    listing: Listing
    is_flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureEnd:
    """How a picture of one exhibit ended; `sha256` is of the picture's bytes, empty when none came.

    `signature` is of the listing, for grouping it when something was found.
    """

    row: int
    fate: Fate
    at: datetime
    reason: str = ""
    detail: str = ""
    capture: Capture | None = None
    sha256: str = ""
    findings: tuple[Finding, ...] = ()
    entities: tuple[Entity, ...] = ()
    signature: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCounts:
    """What became of the pictures of a run, or of several. `hits` are pictures with findings, `reasons` why
    pictures failed or were skipped."""

    read: int = 0
    hits: int = 0
    pending: int = 0
    skipped: int = 0
    failed: int = 0
    reasons: tuple[tuple[str, int], ...] = ()


def total_counts(several: Collection[PictureCounts]) -> PictureCounts:
    """The counts of several runs together."""
    reasons: Counter[str] = Counter()
    for one in several:
        reasons.update(dict(one.reasons))
    return PictureCounts(
        read=sum(one.read for one in several),
        hits=sum(one.hits for one in several),
        pending=sum(one.pending for one in several),
        skipped=sum(one.skipped for one in several),
        failed=sum(one.failed for one in several),
        reasons=tuple(reasons.most_common()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitPicture:
    """One picture of an exhibit that was to be read: what became of it and, when it came, its capture."""

    url: str
    fate: Fate
    reason: str
    detail: str
    sha256: str
    findings: int
    capture: Capture | None
