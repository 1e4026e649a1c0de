"""Which pictures of a page are to be read: those of listings that may hide an offer of the trade in one.

What goes beyond the measure of a page is not dropped in silence: it is queued as skipped.
"""

from __future__ import annotations

from itertools import chain, zip_longest

from crawler.items import Exhibit, Exhibits
from crawler.pictures import WantedPicture
from detectors.picture_verdict import is_worth_reading

PER_LISTING = 3
PER_PAGE = 60
LONGEST_ADDRESS = 2000  # bytes; an index of PostgreSQL takes little more


def wanted_pictures(exhibits: Exhibits) -> tuple[WantedPicture, ...]:
    """The first picture of every listing before the second of any."""
    query = exhibits.sightings.query
    several = [
        [WantedPicture(exhibit=one.id, url=url) for url in _addresses(one)]
        for one in exhibits.exhibits
        if one.listing.images and is_worth_reading(one.listing, query, is_flagged=bool(one.findings))
    ]
    ranked = [one for one in chain.from_iterable(zip_longest(*several)) if one]
    beyond = [WantedPicture(exhibit=one.exhibit, url=one.url, skipped="page_cap") for one in ranked[PER_PAGE:]]
    return (*ranked[:PER_PAGE], *beyond)


def _addresses(exhibit: Exhibit) -> list[str]:
    return [url for url in dict.fromkeys(exhibit.listing.images) if _size(url) <= LONGEST_ADDRESS][:PER_LISTING]


def _size(url: str) -> int:
    return len(url.encode("utf-8", "surrogatepass"))
