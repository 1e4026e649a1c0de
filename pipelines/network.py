"""What a page asked for and what came back, put together from the browser's own reports.

Bodies are the bytes the page got: decoded from their content encoding, not from their charset. It
judges nothing and stops nothing; what it could not have it lists with the reason.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crawler import clock
from crawler.captures import Message
from pipelines.devtools import BrowserTrouble, Session, Told

logger = logging.getLogger(__name__)

BODY_MOST = 16 * 1024 * 1024  # bytes of one body
POST_MOST = 256 * 1024  # bytes of what a page sends in one request
LISTED = 100  # sockets that are listed
IDLE = 0.5  # seconds after which an answer that does not end counts as a stream
LAST_BODIES = 3.0  # seconds that bodies still on their way to us are waited for

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


class Recorder:
    """Hears one page's traffic from before its first request to the end of its visit.

    Bodies may come to `most` bytes together; of more than `requests` requests nothing is kept.
    """

    def __init__(self, session: Session, most: int, requests: int) -> None:
        self.documents: list[str] = []
        self.status = 0
        self._session = session
        self._most = self._left = most
        self._requests = requests
        self._lines: dict[str, Line] = {}
        self._sockets: dict[str, list[str | int]] = {}
        self._coming: set[asyncio.Task[None]] = set()
        self._changed_at = time.monotonic()
        self._main = ""

    async def listen(self, frame: str) -> None:
        """Begin to hear; `frame` is the page's own, all others are inside it."""
        self._main = frame
        for event, told in (
            ("requestWillBeSent", self._asked),
            ("requestWillBeSentExtraInfo", self._asked_so),
            ("responseReceived", self._answered),
            ("responseReceivedExtraInfo", self._answered_so),
            ("dataReceived", self._came),
            ("loadingFinished", self._finished),
            ("loadingFailed", self._failed),
            ("webSocketCreated", self._socket),
            ("webSocketFrameReceived", self._frame),
            ("webSocketFrameSent", self._frame),
        ):
            self._session.hear(f"Network.{event}", told)
        # Kept outside the page's process, bodies outlive a page that moves on and are not decoded from their charset.
        lasting = {"maxTotalBufferSize": self._most, "maxResourceBufferSize": BODY_MOST}
        await self._session.ask("Network.configureDurableMessages", lasting)
        await self._session.ask("Network.enable", {**lasting, "maxPostDataSize": POST_MOST})
        # A service worker that came in past all prohibitions still answers nothing in the server's place.
        await self._session.ask("Network.setBypassServiceWorker", {"bypass": True})

    def paused(self, told: Told) -> None:
        """A request that waits to be let out: for a worker's this is the only report of its address."""
        asked, line = told["request"], self._line(told.get("networkId", ""))
        if _is_web(asked["url"]) and (not line.hops or line.hops[-1].url != asked["url"]):
            line.hops.append(Hop(url=asked["url"], at=clock.now()))
            self._describe(line.hops[-1], asked, told["resourceType"])

    # -- the reports ---------------------------------------------------------------------------

    def _line(self, number: str) -> Line:
        self._changed_at = time.monotonic()
        if number not in self._lines and len(self._lines) >= self._requests:
            return Line(is_open=False)
        line = self._lines.setdefault(number, Line())
        line.changed_at = self._changed_at
        return line

    def _asked(self, told: Told) -> None:
        asked, line = told["request"], self._line(told["requestId"])
        line.is_foreign = False
        if not _is_web(asked["url"]):
            line.is_open = False
            return
        is_new = not line.hops or line.hops[-1].url != asked["url"] or line.hops[-1].status != 0
        passed = line.hops[-1] if is_new and line.hops else line.hops[-2] if len(line.hops) > 1 else None
        if "redirectResponse" in told and passed is not None:
            _take(passed, told["redirectResponse"])
            passed.missing, passed.has_extra = "redirect", told.get("redirectHasExtraInfo", True)
        if is_new:
            line.hops.append(Hop(url=asked["url"], at=clock.now()))
        self._describe(line.hops[-1], asked, told.get("type", "Other"))
        if told.get("frameId") == self._main and told.get("type") == "Document":
            self.documents.append(asked["url"])

    def _describe(self, hop: Hop, asked: Told, kind: str) -> None:
        hop.method, hop.asked, hop.initiator = asked["method"], _headers(asked["headers"]), kind.lower()
        posted = b"".join(base64.b64decode(part.get("bytes", "")) for part in asked.get("postDataEntries", ()))
        hop.posted = hop.posted or posted[:POST_MOST]

    def _asked_so(self, told: Told) -> None:
        self._line(told["requestId"]).sent.append(_headers(told["headers"]))

    def _answered(self, told: Told) -> None:
        line = self._line(told["requestId"])
        line.is_answered = True
        if line.hops:
            _take(line.hops[-1], told["response"])
            line.hops[-1].has_extra = told.get("hasExtraInfo", True)
        if told.get("frameId") == self._main and told["type"] == "Document":
            self.status = told["response"]["status"]

    def _answered_so(self, told: Told) -> None:
        text = told.get("headersText", "")
        headers = _header_lines(text) if text else _headers(told["headers"])
        line = self._line(told["requestId"])
        line.came.append((told["statusCode"], headers))
        if line.is_foreign and not 300 <= told["statusCode"] < 400:
            line.is_open = False

    def _came(self, told: Told) -> None:
        line = self._line(told["requestId"])
        if line.hops:
            line.hops[-1].size += told["dataLength"]

    def _failed(self, told: Told) -> None:
        line = self._line(told["requestId"])
        line.is_open = False
        if line.hops:
            line.hops[-1].missing = "failed"
            line.hops[-1].reason = line.hops[-1].reason or told["errorText"]

    def _finished(self, told: Told) -> None:
        line = self._line(told["requestId"])
        line.is_open = False
        if not line.hops:
            return
        hop = line.hops[-1]
        if hop.size > BODY_MOST or hop.size > self._left:
            hop.missing = "too_large"
            return
        self._left -= hop.size
        self._begin(told["requestId"], hop)

    def _begin(self, number: str, hop: Hop) -> None:
        task = asyncio.ensure_future(self._bring(number, hop))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _bring(self, number: str, hop: Hop) -> None:
        try:
            answer = await self._session.ask("Network.getResponseBody", {"requestId": number})
        except BrowserTrouble as trouble:
            logger.debug("%s: no body: %s", hop.url, trouble)
            hop.missing = "evicted"
            return
        raw = answer["body"]
        body = base64.b64decode(raw) if answer["base64Encoded"] else raw.encode("utf-8", "surrogatepass")
        hop.body, hop.missing = (body, "") if len(body) <= BODY_MOST else (b"", "too_large")

    def _socket(self, told: Told) -> None:
        if len(self._sockets) < LISTED:
            self._sockets[told["requestId"]] = [told["url"], 0]

    def _frame(self, told: Told) -> None:
        if told["requestId"] in self._sockets:
            url, frames = self._sockets[told["requestId"]]
            self._sockets[told["requestId"]] = [url, int(frames) + 1]

    # -- what is made of them ------------------------------------------------------------------

    def is_quiet(self, seconds: float, patience: float) -> bool:
        """Whether nothing was reported for so long, and nothing is waited for; `patience` is what one request gets."""
        now = time.monotonic()
        return now - self._changed_at >= seconds and not any(line.waits(patience, now) for line in self._lines.values())

    @property
    def sockets(self) -> tuple[str, ...]:
        """Every WebSocket with the frames that went over it."""
        return tuple(f"{url} {frames}" for url, frames in self._sockets.values())

    async def messages(self) -> list[Message]:
        """All requests in the order they were made; the addresses of servers are not known here."""
        for number, line in self._lines.items():
            if line.is_foreign and line.hops and line.came:
                self._begin(number, line.hops[-1])
        if self._coming:
            await asyncio.wait(self._coming, timeout=LAST_BODIES)
        hops = [hop for line in self._lines.values() for hop in _told(line)]
        return [_message(hop) for hop in sorted(hops, key=lambda hop: hop.at)]

    def close(self) -> None:
        for task in self._coming:
            task.cancel()


def _told(line: Line) -> Iterable[Hop]:
    """The hops with the headers as they really went and came, which are reported apart."""
    sent, came = iter(line.sent), iter(line.came)
    for hop in line.hops:
        if hop.has_extra:
            hop.asked = next(sent, hop.asked)
            hop.status, hop.answered = next(came, (hop.status, hop.answered))
        yield hop


def _message(hop: Hop) -> Message:
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


def _take(hop: Hop, answer: Told) -> None:
    hop.status, hop.reason, hop.protocol = answer["status"], answer["statusText"], answer.get("protocol", "")
    hop.answered = _headers(answer["headers"])


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _headers(told: dict[str, str]) -> Headers:
    """One pair a line: the browser joins lines of one name with a line break."""
    return tuple((name, line) for name, value in told.items() for line in str(value).split("\n"))


def _header_lines(text: str) -> Headers:
    """The header lines as they came, in their order."""
    pairs = (line.partition(":") for line in text.split("\r\n")[1:] if ":" in line)
    return tuple((name, value.strip()) for name, _, value in pairs)
