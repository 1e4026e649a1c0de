"""When a flagged listing's page is to be visited: new words, no good picture, an old one, or an open case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from crawler.items import Exhibit
from storage.showing_shapes import LastPicture

GOOD_FOR = timedelta(days=7)


def is_due(flagged: Sequence[Exhibit], last: Mapping[str, LastPicture], held: Collection[str], now: datetime) -> bool:
    """Whether any of these listings asks for a visit of their page. `last` and `held` are by key."""
    return any(one.listing.key in held or _is_stale(one, last, now) for one in flagged)


def _is_stale(exhibit: Exhibit, last: Mapping[str, LastPicture], now: datetime) -> bool:
    known = last.get(exhibit.listing.key)
    if known is None or known.good_at is None:
        return True
    return known.text_digest != exhibit.listing.text_digest or now - known.good_at > GOOD_FOR
