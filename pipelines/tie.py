"""Ties what was seen to the capture it was read from; a listing without one is no evidence."""

from __future__ import annotations

import hashlib

from crawler.errors import EvidenceBroken
from crawler.items import Exhibit, Exhibits, Sightings


class Tie:
    """Sightings to exhibits. The id follows from capture, place and listing, so that recording
    the same page twice cannot count it twice."""

    def process_item(self, item: Sightings) -> Exhibits:
        if item.reading.listings and item.capture is None:
            raise EvidenceBroken(f"{item.url}: listings were read from a page that was not kept")
        capture_id = item.capture.id if item.capture else ""
        return Exhibits(
            sightings=item,
            exhibits=tuple(
                Exhibit(id=exhibit_id(capture_id, listing.position, listing.key), listing=listing)
                for listing in item.reading.listings
            ),
        )


def exhibit_id(capture_id: str, position: int, key: str) -> str:
    """20 hex digits: enough for 10¹² exhibits without a collision, short enough to read aloud."""
    return hashlib.sha256(f"{capture_id}\0{position}\0{key}".encode()).hexdigest()[:20]
