"""What a visit is worth for each flagged exhibit: does its picture show the quote, in its place, as it was judged?

The rendered document goes through the very `read` that found the listing. Only a picture that shows
every quote of it, an advertisement's with its label and the query, is said to show it; whatever else
is named with a reason. It never makes a verdict better than what can be seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from crawler.captures import PictureVerdict, Place, Showing, Sought, Visit
from crawler.items import Exhibit, Finding, Listing, Outcome, Page, Reading
from pipelines.standing import all_places, beginning, is_inside, is_said, own_places
from spiders.base import PlatformSpider

IMAGES = 10  # of one listing that are looked for
# Why a page that was read could not be read the second time.
NOT_READ = {
    Outcome.BLOCKED: "wall",
    Outcome.LOGIN: "wall",
    Outcome.DISALLOWED: "wall",
    Outcome.GONE: "page_gone",
    Outcome.EMPTY: "listing_gone",
    Outcome.UNREACHABLE: "page_gone",
}


def sought(exhibits: Iterable[Exhibit]) -> tuple[Sought, ...]:
    """What the browser is to look for: the quotes of whatever was flagged in words, and where each listing begins."""
    return tuple(
        Sought(exhibit=one.id, quotes=_looked_for(one), is_ad=_is_marked(one), images=_images(one)) for one in exhibits
    )


def failed(exhibits: Iterable[Exhibit], reason: str, detail: str) -> tuple[Showing, ...]:
    """The showings of a visit that did not come about."""
    return tuple(
        Showing(exhibit=one.id, verdict=PictureVerdict.FAILED, reason=reason, detail=detail)
        for one in exhibits
        if one.findings
    )


def showings(exhibits: Iterable[Exhibit], visit: Visit, spider: PlatformSpider, query: str) -> tuple[Showing, ...]:
    """One showing for each flagged exhibit of the page that was visited. Pure."""
    exhibits = list(exhibits)
    flagged = [one for one in exhibits if one.findings]
    if not visit.picture:
        why = "; ".join(reason for part, reason in visit.troubles if part == "picture")
        return tuple(replace(one, visit=visit.id) for one in failed(flagged, "no_picture", why))
    page = Page(
        url=visit.url,
        body=visit.dom,
        status=visit.status,
        content_type="text/html; charset=utf-8",
        requested_url=visit.requested_url,
        query=query,
        rendered=True,
    )
    reading = spider.read(page)
    titles = {one.id: one.listing.title for one in exhibits}

    def places(one: Exhibit) -> tuple[Place, ...]:
        if spider.owns_page:
            return all_places(one, _quotes(one), visit.frame)
        return own_places(one, _quotes(one), titles, visit.frame)

    return tuple(_showing(one, places(one), visit, reading, spider) for one in flagged)


def _showing(
    exhibit: Exhibit, places: tuple[Place, ...], visit: Visit, reading: Reading, spider: PlatformSpider
) -> Showing:
    seen, frame = _seen_again(exhibit, reading), visit.frame
    reason, detail = _difference(exhibit, seen, reading)
    if not reason and spider.is_search_engine and exhibit.listing.is_ad and not seen[0].is_ad:
        reason = "no_label"
    if not reason:
        reason, detail = _not_in_frame(exhibit, places, visit, spider)
    return Showing(
        exhibit=exhibit.id,
        verdict=PictureVerdict.DIFFERS if reason else PictureVerdict.SHOWS_QUOTE,
        reason=reason,
        detail=detail,
        visit=visit.id,
        width=frame.width,
        height=frame.height,
        places=places,
        query_box=frame.query_box if frame.query_box and is_inside(frame.query_box, frame) else None,
        position=seen[0].position if seen else 0,
    )


def _difference(exhibit: Exhibit, seen: Sequence[Listing], reading: Reading) -> tuple[str, str]:
    """Why what the browser read is not what was judged: a reason and details, empty when it is."""
    if not seen:
        if reading.outcome is Outcome.OK:
            return "listing_gone", ""
        return NOT_READ.get(reading.outcome, "page_changed"), f"{reading.outcome} {reading.reason} {reading.detail}"
    missing = [one.quote for one in exhibit.findings if not _stands_in(one, seen[0])]
    if missing:
        return "quote_gone", missing[0]
    return "", ""


def _not_in_frame(exhibit: Exhibit, places: Sequence[Place], visit: Visit, spider: PlatformSpider) -> tuple[str, str]:
    """Why the picture does not show what the page says."""
    frame, framed = visit.frame, {place.quote for place in places}
    images = {_digest(visit, place.image) for place in places if place.image}
    unseen = [one.image for one in exhibit.findings if one.image and one.image not in images]
    if unseen:
        return "image_quote", unseen[0]
    hidden = [quote for quote in _quotes(exhibit) if quote not in framed]
    if hidden:
        return "not_in_frame", hidden[0]
    if exhibit.listing.is_ad and spider.is_search_engine:
        labels = [one for one in places if one.label and is_inside(one.label, frame)]
        if not any(one.label_text in spider.ad_labels for one in labels):
            return "no_label", ""
        if frame.query_box is None or not is_inside(frame.query_box, frame):
            return "no_query_box", ""
    return "", ""


def _seen_again(exhibit: Exhibit, reading: Reading) -> list[Listing]:
    """The listings of the page that may be this one, the likeliest first.

    Where keys change at each load, one that says the same of the same seller will do. What has the
    key but not the words is still it: its quote is gone.
    """
    wanted = exhibit.listing

    def says_it(listing: Listing) -> bool:
        return all(_stands_in(finding, listing) for finding in exhibit.findings)

    same = [one for one in reading.listings if one.key == wanted.key]
    alike = [one for one in reading.listings if one.key != wanted.key and _is_like(one, wanted) and says_it(one)]
    ranked, alike = (
        sorted(some, key=lambda one: (not says_it(one), one.is_ad != wanted.is_ad, one.position))
        for some in (same, alike)
    )
    return ranked if ranked and says_it(ranked[0]) else alike or ranked


def _is_like(listing: Listing, wanted: Listing) -> bool:
    """Of the same seller, or shown with the same address; a page that was rendered may tell less than its state."""
    if listing.platform != wanted.platform:
        return False
    pairs = (
        (listing.item_id, wanted.item_id),
        (listing.seller_id, wanted.seller_id),
        (listing.seller, wanted.seller),
        (listing.display_url, wanted.display_url),
    )
    told = [one == other for one, other in pairs if one and other]
    return bool(told) and all(told)


def _stands_in(finding: Finding, listing: Listing) -> bool:
    """Whether the listing still says it; what was read in one of its pictures is not in its words."""
    if finding.image:
        return True
    texts = (listing.title, listing.text, listing.seller, listing.price)
    return any(is_said(finding.quote, text) for text in texts)


def _digest(visit: Visit, url: str) -> str:
    """SHA-256 of what the browser got at this address."""
    bodies = (one.body for one in visit.messages if one.url == url.partition("#")[0] and one.body)
    return next((hashlib.sha256(body).hexdigest() for body in bodies), "")


def _images(exhibit: Exhibit) -> tuple[str, ...]:
    """The listing's pictures, where something was found in one."""
    return exhibit.listing.images[:IMAGES] if any(one.image for one in exhibit.findings) else ()


def _quotes(exhibit: Exhibit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.quote for one in exhibit.findings if one.quote and not one.image))


def _looked_for(exhibit: Exhibit) -> tuple[str, ...]:
    title = exhibit.listing.title
    begins = (title, beginning(title)) if exhibit.findings else (title,)
    return tuple(dict.fromkeys((*_quotes(exhibit), *begins)))


def _is_marked(exhibit: Exhibit) -> bool:
    return bool(exhibit.findings) and exhibit.listing.is_ad
