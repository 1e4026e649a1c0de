"""What a person saved by hand, as it was brought in: its pages, and what the file says of itself, which is a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_FILE = 64 << 20  # bytes of a file that is brought in
MOST_UNPACKED = 256 << 20  # bytes all that is packed in it may come to
MOST_PAGES = 200  # pages read out of one file
LONGEST_URL, LONGEST_CLAIM = 2000, 100  # characters


class Form(StrEnum):
    """In what form a page was saved."""

    HTML = "html"
    SINGLEFILE = "singlefile"
    MHTML = "mhtml"
    WARC = "warc"
    WACZ = "wacz"
    PICTURE = "picture"


# What a browser wrote down is the document after its scripts ran.
RENDERED = frozenset({Form.HTML, Form.SINGLEFILE, Form.MHTML})


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """One page out of a saved file. `url` and `at` are claims, empty where none is made.

    `pictures` are bytes of pictures that the file holds for it, by the address that the page names them by.
    """

    body: bytes
    content_type: str
    url: str = ""
    at: str = ""
    status: int = 200
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved file opened. `listed` are the addresses that it names as its pages, where it has such a list."""

    form: Form
    pages: tuple[SavedPage, ...]
    listed: frozenset[str] = frozenset()
