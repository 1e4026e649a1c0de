"""What the store is asked and answers about what people brought in, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.items import Capture, Exhibits, Outcome
from crawler.pictures import WantedPicture
from crawler.saved import Form, SavedPage
from storage.care_shapes import Likeness
from storage.picture_shapes import PictureEnd


class Backing(StrEnum):
    """What stands behind an imported exhibit besides the file: nothing, a fresh capture of it, two officers."""

    NONE = "none"
    FRESH = "fresh"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A file as it was brought in, with all that is claimed of it. `user` is its bringer's number, 0 for nobody's.

    `url` is what it is kept under: the claimed address, or its own digest where nobody claims one.
    """

    body: bytes
    sha256: str
    name: str
    form: Form
    mime: str
    url: str
    at: datetime
    by: str
    user: int
    how: str
    note: str
    claimed_url: str
    claimed_at: str
    tool: str
    is_specimen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptImport:
    """Where the file lies, and each of its pages; the page that the file itself is has the file's own capture."""

    original: Capture
    pages: tuple[Capture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """One page as it is written down. `ends` are pictures of it that were read, by the place of their exhibit."""

    exhibits: Exhibits
    page: SavedPage
    likenesses: tuple[Likeness, ...] = ()
    wanted: tuple[WantedPicture, ...] = ()
    ends: tuple[PictureEnd, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRun:
    """The pages of one platform and query out of one file, with the one outcome they come to."""

    id: str
    platform: str
    query: str
    outcome: Outcome
    reason: str
    detail: str
    pages: tuple[ReadPage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One file that was brought in. `claimed_url` and `claimed_at` are 据称: nobody vouches for them."""

    id: int
    sha256: str
    platform: str
    capture: str
    name: str
    size: int
    form: Form
    by: str
    user: int
    at: datetime
    how: str
    note: str
    claimed_url: str
    claimed_at: str
    is_clean: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Two officers who answer for an imported exhibit, by the numbers of their users."""

    exhibit: str
    officers: tuple[int, int]
    at: datetime
