"""Where on a page the sought words stand, measured in the coordinates of its full picture.

Only what a person could see counts: words without size, transparent, outside the picture or under
something else are not there. The page's own functions are never called.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from crawler.captures import Box, Frame, Place, Sought
from pipelines.devtools import World

PLACES = 12  # of one quote
WORDS = 400_000  # characters of a page that are searched
NEAR = 2  # pixels a box may differ by between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for on one page; `labels` are the words that mark an advertisement."""

    sought: tuple[Sought, ...] = ()
    query: str = ""
    labels: tuple[str, ...] = ()


async def look(world: World, wanted: Wanted, tallest: int) -> Frame:
    """Everything wanted that can be seen on the page now."""
    asked = [(one.exhibit, quote, one.is_ad) for one in wanted.sought for quote in one.quotes]
    images = [(one.exhibit, url) for one in wanted.sought for url in one.images]
    quotes = [(quote, is_ad) for _, quote, is_ad in asked]
    addresses = [url for _, url in images]
    arguments = (quotes, addresses, wanted.query, wanted.labels, PLACES, WORDS, tallest)
    # JSON is script but for two line ends that older script did not know in strings.
    told = await world.value(f"{_look()}({', '.join(json.dumps(one) for one in arguments)})")
    places = tuple(
        Place(
            exhibit=asked[number][0],
            quote=asked[number][1],
            box=_box(box),
            label=_box(label[0]) if label else None,
            label_text=label[1] if label else "",
        )
        for number, box, label in told["found"]
    )
    places += tuple(
        Place(exhibit=images[number][0], quote="", box=_box(box), image=images[number][1])
        for number, box in told["pictured"]
    )
    field = _box(told["field"]) if told["field"] else None
    return Frame(width=int(told["width"]), height=min(int(told["height"]), tallest), places=places, query_box=field)


def in_both(before: Frame, after: Frame) -> Frame:
    """What stood in the same place before and after the picture was taken."""
    places = tuple(one for one in before.places if any(_same(one, other) for other in after.places))
    field = before.query_box if _near(before.query_box, after.query_box) else None
    return Frame(width=before.width, height=before.height, places=places, query_box=field)


def _same(one: Place, other: Place) -> bool:
    what, again = ((place.exhibit, place.quote, place.label_text, place.image) for place in (one, other))
    return what == again and _near(one.box, other.box) and _near(one.label, other.label)


def _near(one: Box | None, other: Box | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = zip(
        (one.left, one.top, one.right, one.bottom), (other.left, other.top, other.right, other.bottom), strict=True
    )
    return all(abs(first - second) <= NEAR for first, second in pairs)


def _box(told: Sequence[Any]) -> Box:
    left, top, right, bottom = (int(side) for side in told)
    return Box(left=left, top=top, right=right, bottom=bottom)


@functools.cache
def _look() -> str:
    return files("pipelines").joinpath("look.js").read_text("utf-8")
