"""Looking into what is only hoped for: JSON of any shape, addresses that may be none, endless lists.

What is not there, or is of another kind, reads as nothing; what no honest page has is refused.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from crawler.errors import PageChanged
from spiders.reading import Node

MAX_DIGITS = 40  # Python refuses to print numbers of thousands of digits; no platform's id is that long
MAX_CARDS = 1_000

_SURROGATE = re.compile("[\ud800-\udfff]")


def at(value: Any, *path: str) -> Any:
    """What stands at `path` in nested objects, or None where a step leads nowhere."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_at(value: Any, *path: str) -> str:
    """The text or whole number at `path` as text, "" for anything else; half characters become U+FFFD."""
    found = at(value, *path)
    if isinstance(found, str):
        return _SURROGATE.sub("\ufffd", found)
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**MAX_DIGITS:
        return str(found)
    return ""


def first_text(value: Any, *names: str) -> str:
    """The first of several names under which the platform has kept the same thing."""
    return next(filter(None, (text_at(value, name) for name in names)), "")


def objects_at(value: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at `path`; what is no object in it is passed over."""
    found = at(value, *path)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def members_at(value: Any, *path: str) -> dict[str, Any]:
    """The object at `path`, empty when there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def count_at(value: Any, *path: str) -> int | None:
    """A whole number of zero or more at `path`, written as number or digits, or None."""
    return count_of(text_at(value, *path))


def count_of(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def split(url: str) -> SplitResult:
    """The parts of an address; all empty when it is malformed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def host_of(url: str) -> str:
    return split(url).hostname or ""


def at_most(cards: list[Node]) -> list[Node]:
    """Cards nested in cards by the thousand would cost their square; no page shows that many."""
    if len(cards) > MAX_CARDS:
        raise PageChanged("structure", f"{len(cards)} cards on one page")
    return cards
