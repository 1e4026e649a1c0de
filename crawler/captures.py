"""What a browser brings home from one look at a page, and where it is kept: the words of complete captures.

A visit is what the browser delivers, all of it bytes; a browser capture is the same once the
archive has it. One id and one interval of time join everything that belongs to one visit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.items import Capture, How


class PictureVerdict(StrEnum):
    """What a picture is worth for one exhibit; only `shows_quote` may illustrate a letter."""

    SHOWS_QUOTE = "shows_quote"
    DIFFERS = "differs"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request and its answer, as near to the wire as the downloader has it.

    `response_body` still carries its content encoding; chunking is already removed. `override`
    says which signature let the request out although robots.txt forbids it, and which line does. `exit` is the
    place and the proxy through which it went out, empty for straight from here. `profile` says as whom we were signed
    in; what of the message would let others in is then not kept.
    """

    url: str
    method: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    reason: str
    protocol: str
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    ip_address: str
    fetched_at: datetime
    is_specimen: bool = False
    override: str = ""
    exit: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Bytes that did not come over the wire: a rendered document or a picture of a page."""

    url: str
    how: How
    mime: str
    body: bytes
    taken_at: datetime
    tool: str
    is_specimen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A place in a picture, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What must be seen of one exhibit: its quotes, and for an advertisement its label too.

    `images` are addresses of the listing's pictures, wanted where something was found in one of them.
    """

    exhibit: str
    quotes: tuple[str, ...]
    is_ad: bool = False
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one sought quote stands in the picture; `label` is the word that marks it as an advertisement.

    Of a picture of the listing `image` is the address, and the quote is empty.
    """

    exhibit: str
    quote: str
    box: Box
    label: Box | None = None
    label_text: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the picture has in it of what was sought. `query_box` is the field that shows the query."""

    width: int
    height: int
    places: tuple[Place, ...] = ()
    query_box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request of the page and its answer, as the browser tells them: the body is decoded.

    `missing` says in a word why there is no body: redirect, too_large, evicted, failed, "" when there is one.
    `initiator` is the browser's own word for what asked: document, image, script, xhr, websocket …
    """

    url: str
    method: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    reason: str
    protocol: str
    response_headers: tuple[tuple[str, str], ...]
    body: bytes
    ip_address: str
    at: datetime
    initiator: str = ""
    missing: str = ""
    is_specimen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The certificates a server showed, leaf first, as DER."""

    host: str
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The machine and the network that a capture was made in, as far as could be told.

    `clock_offset` is in seconds, `None` when no named source answered; `clock_source` names it or is
    `unknown`. `proxies` are the names of proxy variables that are set (and ignored). `hosts_file` is
    the digest of the system's hosts file, `hosts_entries` its lines that name the page's host. `exit` is the place
    and the proxy that the page was asked through, empty for straight from here.
    """

    machine: str
    system: str
    python: str
    tools: tuple[tuple[str, str], ...]
    proxies: tuple[str, ...]
    hosts_file: str
    hosts_entries: tuple[str, ...]
    resolvers: tuple[str, ...]
    dns: tuple[tuple[str, tuple[str, ...]], ...]
    clock_source: str = "unknown"
    clock_offset: float | None = None
    clock_at: datetime | None = None
    as_root: bool = False
    host_map: bool = False
    exit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """All that one look at a page in the browser gave.

    `redirects` are the addresses passed through, first to last, without the final one. `steps` say
    in words what was done and when. `troubles` are parts that could not be had: (part, reason).
    `override` is set where robots.txt forbids `requested_url`: which signature let it out, and the line.
    `profile` says as whom we were signed in.
    """

    id: str
    requested_url: str
    url: str
    redirects: tuple[str, ...]
    status: int
    title: str
    started_at: datetime
    ended_at: datetime
    browser: str
    picture: bytes
    dom: bytes
    text: bytes
    mhtml: bytes
    frame: Frame
    messages: tuple[Message, ...]
    chains: tuple[Chain, ...]
    ip_address: str = ""
    sockets: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    steps: tuple[tuple[datetime, str], ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    override: str = ""
    is_specimen: bool = False
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserCapture:
    """One visit as the archive keeps it: `records` records that lie together in `file`.

    `offset` and `length` are bytes of all its gzip members. `facts` is the record that lists all others,
    written last. `picture` and `mhtml` are `None` when the visit could not have them; its troubles say why.
    """

    id: str
    url: str
    requested_url: str
    started_at: datetime
    ended_at: datetime
    file: str
    offset: int
    length: int
    records: int
    picture: Capture | None
    dom: Capture
    text: Capture
    mhtml: Capture | None
    facts: Capture
    is_specimen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """One record of a visit as its facts list it; `sha256` is of the payload."""

    id: str
    type: str
    how: str
    uri: str
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """What the archive knows of a visit besides its bytes, as its facts record says it."""

    visit: str
    requested_url: str
    url: str
    redirects: tuple[str, ...]
    status: int
    title: str
    started_at: datetime
    ended_at: datetime
    browser: str
    ip_address: str
    frame: Frame
    surroundings: Surroundings
    sockets: tuple[str, ...]
    refused: tuple[str, ...]
    steps: tuple[tuple[datetime, str], ...]
    troubles: tuple[tuple[str, str], ...]
    is_specimen: bool
    records: tuple[VisitRecord, ...]
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What a browser capture is worth for one exhibit; `reason` in a word unless it shows the quote.

    `visit` is the browser capture's id, empty when there is none. `places` are this exhibit's own in the
    picture, `width` and `height` the picture's pixels. `position` is the listing's place on the page as
    the browser saw it, 0 when it was not there.
    """

    exhibit: str
    verdict: PictureVerdict
    reason: str = ""
    detail: str = ""
    visit: str = ""
    width: int = 0
    height: int = 0
    places: tuple[Place, ...] = ()
    query_box: Box | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOpening:
    """A flagged advertisement's own link that was opened, once: `number` is its row, `outcome` `opened` or why not.

    `visit` is of the page it led to.
    """

    number: int
    outcome: str
    visit: BrowserCapture | None = None
