"""One request of a page and its answer, hop by hop, while the browser tells of them in parts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crawler.captures import Message
from pipelines.devtools import Told

POST_MOST = 256 * 1024  # bytes of what a page sends in one request
IDLE = 0.5  # seconds after which an answer that does not end counts as a stream

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Hop:
    """One request and its answer while they are being told; a redirect begins another."""

    url: str
    at: datetime
    method: str = "GET"
    asked: Headers = ()
    posted: bytes = b""
    initiator: str = ""
    status: int = 0
    reason: str = ""
    protocol: str = ""
    answered: Headers = ()
    size: int = 0
    body: bytes = b""
    missing: str = "unfinished"
    has_extra: bool = True
    sent: int = 0
    has_sent: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether what was sent is not here whole: the browser does not tell all of what is long."""
        return self.sent > POST_MOST or (self.has_sent and not self.posted)


@dataclass(slots=True)
class Line:
    """All hops of one request, and the header reports that belong to them in turn.

    It is foreign until the page itself tells of it: a worker's request shows only its headers here.
    """

    hops: list[Hop] = field(default_factory=list)
    sent: list[Headers] = field(default_factory=list)
    came: list[tuple[int, Headers]] = field(default_factory=list)
    is_open: bool = True
    is_foreign: bool = True
    is_answered: bool = False
    began_at: float = field(default_factory=time.monotonic)
    changed_at: float = 0.0

    def waits(self, patience: float, now: float) -> bool:
        """Whether its page may be waiting for it: not for one that takes too long, or streams without end."""
        idle = self.is_answered and now - self.changed_at > IDLE
        return self.is_open and not idle and now - self.began_at < patience


def told_hops(line: Line) -> Iterable[Hop]:
    """The hops with the headers as they really went and came, which are reported apart."""
    sent, came = iter(line.sent), iter(line.came)
    for hop in line.hops:
        if hop.has_extra:
            hop.asked = next(sent, hop.asked)
            hop.status, hop.answered = next(came, (hop.status, hop.answered))
        yield hop


def message_of(hop: Hop) -> Message:
    return Message(
        url=hop.url.partition("#")[0],
        method=hop.method,
        request_headers=hop.asked,
        request_body=hop.posted,
        status=hop.status,
        reason=hop.reason,
        protocol=hop.protocol,
        response_headers=hop.answered,
        body=hop.body,
        ip_address="",
        at=hop.at,
        initiator=hop.initiator,
        missing=hop.missing,
    )


def take(hop: Hop, answer: Told) -> None:
    hop.status, hop.reason, hop.protocol = answer["status"], answer["statusText"], answer.get("protocol", "")
    hop.answered = headers_of(answer["headers"])


def is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def headers_of(told: dict[str, str]) -> Headers:
    """One pair a line: the browser joins lines of one name with a line break."""
    return tuple((name, line) for name, value in told.items() for line in str(value).split("\n"))


def header_lines(text: str) -> Headers:
    """The header lines as they came, in their order."""
    pairs = (line.partition(":") for line in text.split("\r\n")[1:] if ":" in line)
    return tuple((name, value.strip()) for name, _, value in pairs)
