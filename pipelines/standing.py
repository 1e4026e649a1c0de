"""Which of the places that show a quote is the listing's own: the same words may stand in another one, or in a menu.

A listing begins with its title, of which a shop may show the beginning alone. What stands below a title
belongs to it up to the next one in the same column; a quote whose listing has no title to be seen is not shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from crawler.captures import Box, Frame, Place
from crawler.items import Exhibit

FARTHEST = 1200  # pixels from a listing's title to the end of its words
BEGINNING = 12  # characters
TITLE_WIDTH, TITLE_REST = 640, 50  # pixels that a title may have beside and below its beginning
SLACK = 8  # pixels by which lines of one row differ


def own_places(exhibit: Exhibit, quotes: Sequence[str], titles: Mapping[str, str], frame: Frame) -> tuple[Place, ...]:
    """The places of these quotes that belong to the exhibit's listing, and its pictures, all inside the picture.

    `titles` are those of all listings of the page by exhibit, for each of which the frame has places.
    What only the title says is looked for nowhere else.
    """
    inside = [one for one in frame.places if is_inside(one.box, frame)]
    begins: defaultdict[str, list[Box]] = defaultdict(list)
    for one in inside:
        if one.exhibit in titles and one.quote == titles[one.exhibit]:
            begins[one.exhibit].append(one.box)
    # A title that stands in several places may be words of another listing's text: it ends nothing.
    ends = [boxes[0] for other, boxes in begins.items() if other != exhibit.id and len(boxes) == 1]
    own = [one for one in inside if one.exhibit == exhibit.id and one.quote in quotes]
    images = [one for one in inside if one.exhibit == exhibit.id and one.image]
    listing = exhibit.listing
    heads = begins[exhibit.id] or _cut_short(exhibit, inside)
    in_title = {one for one in quotes if is_said(one, listing.title) and not is_said(one, listing.text)}
    words = (
        one
        for one in own
        if any(_overlaps(one.box, head) for head in heads)
        or (one.quote not in in_title and _is_below(one.box, heads, ends))
    )
    return (*words, *images)


def all_places(exhibit: Exhibit, quotes: Sequence[str], frame: Frame) -> tuple[Place, ...]:
    """The same of a page that is one listing as a whole: whatever stands on it is its own, wherever its title is."""
    own = (one for one in frame.places if one.exhibit == exhibit.id and is_inside(one.box, frame))
    return tuple(one for one in own if one.quote in quotes or one.image)


def beginning(title: str) -> str:
    """What is surely seen of a title that does not fit its place."""
    return title[:BEGINNING]


def _cut_short(exhibit: Exhibit, inside: Sequence[Place]) -> list[Box]:
    """Where the title may stand whose beginning alone is to be seen; that of several listings tells nothing."""
    begun = beginning(exhibit.listing.title)
    found = [one.box for one in inside if one.exhibit == exhibit.id and one.quote == begun]
    return [
        replace(one, right=one.left + TITLE_WIDTH, bottom=one.bottom + TITLE_REST) for one in found[:1] if not found[1:]
    ]


def is_said(quote: str, text: str) -> bool:
    """Whether the text has the quote, wherever it breaks its lines."""
    return "".join(quote.split()) in "".join(text.split())


def is_inside(box: Box, frame: Frame) -> bool:
    """Whether it has a size and lies in the picture as a whole."""
    return 0 <= box.left < box.right <= frame.width and 0 <= box.top < box.bottom <= frame.height


def _is_below(place: Box, begins: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether the nearest title above the place, in its column, is one of `begins`."""
    above = [one for one in (*begins, *others) if one.top <= place.top + SLACK and _shares_column(place, one)]
    nearest = max(above, key=lambda one: one.top, default=None)
    return nearest is not None and nearest in begins and place.top - nearest.bottom <= FARTHEST


def _overlaps(one: Box, other: Box) -> bool:
    return _shares_column(one, other) and one.top < other.bottom and other.top < one.bottom


def _shares_column(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right
