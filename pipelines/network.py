"""What a page asked for and what came back, put together from the browser's own reports.

Bodies are the bytes the page got: decoded from their content encoding, not from their charset. It
judges nothing and stops nothing; what it could not have it lists with the reason.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time

from crawler import clock
from crawler.captures import Message
from pipelines.devtools import BrowserTrouble, Session, Told
from pipelines.hops import POST_MOST, Hop, Line, header_lines, headers_of, is_web, message_of, take, told_hops

logger = logging.getLogger(__name__)

BODY_MOST = 16 * 1024 * 1024  # bytes of one body
LISTED = 100  # sockets that are listed; more are counted
LAST_BODIES = 3.0  # seconds that bodies still on their way to us are waited for


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
        self._unlisted = 0
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
        if is_web(asked["url"]) and (not line.hops or line.hops[-1].url != asked["url"]):
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
        if not is_web(asked["url"]):
            line.is_open = False
            return
        is_new = not line.hops or line.hops[-1].url != asked["url"] or line.hops[-1].status != 0
        passed = line.hops[-1] if is_new and line.hops else line.hops[-2] if len(line.hops) > 1 else None
        if "redirectResponse" in told and passed is not None:
            take(passed, told["redirectResponse"])
            passed.missing, passed.has_extra = "redirect", told.get("redirectHasExtraInfo", True)
        if is_new:
            line.hops.append(Hop(url=asked["url"], at=clock.now()))
        self._describe(line.hops[-1], asked, told.get("type", "Other"))
        if told.get("frameId") == self._main and told.get("type") == "Document":
            self.documents.append(asked["url"])

    def _describe(self, hop: Hop, asked: Told, kind: str) -> None:
        hop.method, hop.asked, hop.initiator = asked["method"], headers_of(asked["headers"]), kind.lower()
        posted = b"".join(base64.b64decode(part.get("bytes", "")) for part in asked.get("postDataEntries", ()))
        hop.posted = hop.posted or posted[:POST_MOST]
        hop.sent, hop.has_sent = max(hop.sent, len(posted)), hop.has_sent or asked.get("hasPostData", False)

    def _asked_so(self, told: Told) -> None:
        self._line(told["requestId"]).sent.append(headers_of(told["headers"]))

    def _answered(self, told: Told) -> None:
        line = self._line(told["requestId"])
        line.is_answered = True
        if line.hops:
            take(line.hops[-1], told["response"])
            line.hops[-1].has_extra = told.get("hasExtraInfo", True)
        if told.get("frameId") == self._main and told["type"] == "Document":
            self.status = told["response"]["status"]

    def _answered_so(self, told: Told) -> None:
        text = told.get("headersText", "")
        headers = header_lines(text) if text else headers_of(told["headers"])
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
        else:
            self._unlisted += 1

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

    def knows(self, url: str) -> bool:
        """Whether a request for this address was heard."""
        return any(hop.url == url for line in self._lines.values() for hop in line.hops)

    @property
    def cuts(self) -> tuple[tuple[str, str], ...]:
        """What was heard but not kept whole."""
        posts = sum(hop.is_cut for line in self._lines.values() for hop in line.hops)
        cuts = [("sent", f"{posts} requests sent more than {POST_MOST} bytes")] if posts else []
        if self._unlisted:
            cuts.append(("sockets", f"{self._unlisted} beyond {LISTED}"))
        return tuple(cuts)

    async def messages(self) -> list[Message]:
        """All requests in the order they were made; the addresses of servers are not known here."""
        for number, line in self._lines.items():
            if line.is_foreign and line.hops and line.came:
                self._begin(number, line.hops[-1])
        if self._coming:
            await asyncio.wait(self._coming, timeout=LAST_BODIES)
        hops = [hop for line in self._lines.values() for hop in told_hops(line)]
        return [message_of(hop) for hop in sorted(hops, key=lambda hop: hop.at)]

    def close(self) -> None:
        for task in self._coming:
            task.cancel()
