"""What the store is asked and answers about complete captures, as frozen values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.captures import BrowserCapture, PictureVerdict, Showing
from crawler.items import Exhibit, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPicture:
    """What was last seen of a listing in the browser.

    `text_digest` is of the listing when its page was last captured completely, empty when it never was;
    `good_at` when a picture last showed its quote, `None` when none ever did.
    """

    text_digest: str = ""
    good_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAs:
    """A showing as it was written down, with the browser capture it rests on, if one could be made.

    `exhibit` is the exhibit it was made for: the one asked about, or an earlier one of the same listing.
    """

    exhibit: str
    showing: Showing
    seen_at: datetime
    capture: BrowserCapture | None = None
    openings: int = 0


def as_it_stands(exhibit: str, shown: ShownAs | None, findings: Sequence[Finding]) -> ShownAs | None:
    """The showing of this exhibit in the light of what has been found in it since: a picture that was not
    looked at for a quote does not show it."""
    if shown is None or shown.exhibit != exhibit or shown.showing.verdict is not PictureVerdict.SHOWS_QUOTE:
        return shown
    quotes = {place.quote for place in shown.showing.places}
    has_image = any(place.image for place in shown.showing.places)
    later = [one for one in findings if not (has_image if one.image else one.quote in quotes)]
    if not later:
        return shown
    weaker = replace(shown.showing, verdict=PictureVerdict.DIFFERS, reason="found_later", detail=later[0].quote)
    return replace(shown, showing=weaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedPage:
    """A page that was written down before something was found in a picture on it.

    `rows` are those of its `exhibits`, in the same order; `shown` the ids of those that have a showing.
    """

    run: str
    number: int
    platform: str
    query: str
    url: str
    seen_at: datetime
    rows: tuple[int, ...]
    exhibits: tuple[Exhibit, ...]
    shown: frozenset[str]

    @property
    def unshown(self) -> tuple[Exhibit, ...]:
        """What was flagged on it and never looked at in the browser."""
        return tuple(one for one in self.exhibits if one.findings and one.id not in self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowingCounts:
    """What complete captures of a run, or of several, were worth; `reasons` why they did not show the quote.

    `openings` counts the paid links that were opened.
    """

    shown: int = 0
    differs: int = 0
    failed: int = 0
    openings: int = 0
    reasons: tuple[tuple[str, int], ...] = ()


def total_showings(several: Collection[ShowingCounts]) -> ShowingCounts:
    """The counts of several runs together."""
    reasons: Counter[str] = Counter()
    for one in several:
        reasons.update(dict(one.reasons))
    return ShowingCounts(
        shown=sum(one.shown for one in several),
        differs=sum(one.differs for one in several),
        failed=sum(one.failed for one in several),
        openings=sum(one.openings for one in several),
        reasons=tuple(reasons.most_common()),
    )
