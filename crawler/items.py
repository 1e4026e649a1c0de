"""The words of the project as types: what travels from a page to a lead.

Read this file first. Values here are frozen; nothing else crosses a package border.
Records that people change are mapped classes in `storage.models`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a browser brings home is told in these words, not the other way round
    from crawler.captures import BrowserCapture, PaidOpening, Showing

SEVERITY_WORDS = {3: "高", 2: "中", 1: "低"}
CONFIDENCE_WORDS = ("低", "中", "高")
LIKELY_OVER, SURE_OVER = 10, 30  # points above what the rule needs


class Outcome(StrEnum):
    """How a planned query, or one page of it, ended. Exactly one, always with a reason unless ok."""

    OK = "ok"
    EMPTY = "empty"
    BLOCKED = "blocked"
    LOGIN = "login"
    GONE = "gone"
    CHANGED = "changed"
    DISALLOWED = "disallowed"
    UNREACHABLE = "unreachable"
    ERROR = "error"
    MISSED = "missed"

    @property
    def is_clean(self) -> bool:
        """Only a page that was read, or that says itself there is nothing, was looked at."""
        return self in (Outcome.OK, Outcome.EMPTY)


class Kind(StrEnum):
    """What a listing is to the person who sees it."""

    AD = "ad"
    RESULT = "result"
    PRODUCT = "product"
    SHOP = "shop"
    POST = "post"
    ARTICLE = "article"


class How(StrEnum):
    """How a capture was made."""

    HTTP = "http"  # the message a server sent
    NETWORK = "network"  # a message of a page's visit, as the browser tells it: the body is decoded
    BROWSER = "browser"  # the document after its scripts ran
    PICTURE = "picture"  # what a person would have seen
    TEXT = "text"  # what stands on the page to be read
    MHTML = "mhtml"  # the page with its parts in one file
    CERTIFICATE = "certificate"  # one a server showed, DER
    FACTS = "facts"  # what is known of a visit, JSON
    IMPORTED = "imported"  # a file that a person brought in, or a page out of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document as it came, decoded from its content encoding, not yet from its charset."""

    url: str
    body: bytes
    status: int = 200
    content_type: str = ""
    requested_url: str = ""
    query: str = ""
    rendered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One advertisement, result, product, shop, post or article, as a person reads it.

    `position` counts from 1 over ads and organic together. `price` is printed text. `images`
    are absolute URLs. `url` is the advertiser's own address when the page carries it;
    otherwise the platform's redirect, and then `is_redirect` is true. `item_id` is the
    platform's own number of the thing, empty when it has none.
    """

    platform: str
    kind: Kind
    position: int
    title: str
    url: str
    is_ad: bool = False
    is_redirect: bool = False
    text: str = ""
    display_url: str = ""
    seller: str = ""
    seller_id: str = ""
    item_id: str = ""
    price: str = ""
    images: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Identity across sightings: 32 hex digits over raw platform, seller and item.

        Redirect addresses change at every load, so a listing known only by one is
        identified by what the platform shows of it: site name and title.
        """
        if self.item_id:
            thing = self.item_id
        elif self.is_redirect:
            thing = f"{self.display_url}\n{self.title}"
        else:
            thing = self.url
        raw = "\0".join((self.platform, self.seller_id or self.seller, thing))
        return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def text_digest(self) -> str:
        """SHA-256 over everything readable: a new digest is a new version of the listing."""
        raw = "\0".join((self.title, self.text, self.price, self.seller))
        return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a spider made of one page.

    `total` is the page's own stated count of results, `None` when it states none. `lost`
    counts listings that had no title or no URL: they fail the run's verdict.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    total: int | None = None
    next_url: str | None = None
    listings: tuple[Listing, ...] = ()
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where kept bytes lie and what they must digest to.

    `file` is relative to the archive folder; `offset` and `length` are bytes of the gzip
    member that holds the record; `sha256` and `size` are of the record's payload. `expired_in` is the
    number of the manifest under which the bytes were removed, 0 while they are there.
    """

    id: str
    url: str
    how: How
    status: int
    mime: str
    taken_at: datetime
    file: str
    offset: int
    length: int
    sha256: str
    size: int
    ip_address: str = ""
    is_specimen: bool = False
    expired_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """All that one page of one run showed, before it is tied to a capture.

    One object a page, not one a listing: the item path then costs once a page.
    `requested_url` is what was asked for; `page_number` counts from 1; `is_last` says that the
    run asks for no further page after this one; `override` is that of its request.
    """

    run: str
    platform: str
    query: str
    page_number: int
    requested_url: str
    url: str
    seen_at: datetime
    reading: Reading
    capture: Capture | None = None
    is_last: bool = True
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's verdict on one listing, explicable aloud.

    `start` and `end` are character offsets into the original field; `quote` is at most 80
    characters of it, verbatim. `points` is the sum of `pro` and `contra`, whole numbers with
    the reason in words: ("包下证", 50). `tags` name other offices' concerns: 广告违法, 价格违法.

    What was read in a picture has field "image", its text's offsets, the picture's SHA-256 in
    `image`, and in `box` the left, top, right and bottom of the quote in pixels.
    """

    rule: str
    rule_digest: str
    state: str
    category: str
    severity: int
    field: str
    start: int
    end: int
    quote: str
    points: int
    needs: int
    pro: tuple[tuple[str, int], ...]
    contra: tuple[tuple[str, int], ...]
    articles: tuple[str, ...]
    tags: tuple[str, ...] = ()
    image: str = ""
    box: tuple[int, ...] = ()

    @property
    def severity_word(self) -> str:
        """How grave the conduct is: 高, 中 or 低."""
        return SEVERITY_WORDS[self.severity]

    @property
    def confidence(self) -> str:
        """How sure the sum makes us: 高, 中 or 低. A text read in a picture is a step less sure."""
        over = self.points - self.needs
        step = (over >= SURE_OVER) + (over >= LIKELY_OVER) - bool(self.image)
        return CONFIDENCE_WORDS[max(step, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A phone, WeChat, QQ, licence code or name found in a listing; `value` in normal form."""

    kind: str
    value: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One sighting of one listing, tied to the capture it was read from, then judged."""

    id: str
    listing: Listing
    findings: tuple[Finding, ...] = ()
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibits:
    """The exhibits of one page with the sightings they came from and, if one was made, the visit that shows them."""

    sightings: Sightings
    exhibits: tuple[Exhibit, ...]
    visit: BrowserCapture | None = None
    showings: tuple[Showing, ...] = ()
    openings: tuple[PaidOpening, ...] = ()
