"""Lets a page's requests out: a page's ordinary need at once, more of them one by one, and at last none.

The gate sees connections, and one connection can carry thousands of requests; this sees every
request. A page that goes on to another again and again is stopped, and one that is being
captured may not leave.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from urllib.parse import urlsplit

from crawler.pace import BURST, PACE, Burst
from pipelines.devtools import BrowserTrouble, Session, Told
from pipelines.network import Recorder
from spiders.counters import is_paid

logger = logging.getLogger(__name__)

ADDRESSES = 6  # a page may go on to by itself; the hops of a redirect are one


class Admission:
    """The one door for a page's requests, workers' too. `most` is how many there may be."""

    def __init__(self, session: Session, recorder: Recorder, most: int) -> None:
        self.refused = 0
        self.is_restless = False
        self._session = session
        self._recorder = recorder
        self._left = most
        self._main = ""
        self._holds = False
        self._begins_paid = False
        self._addresses = 0
        self._turns = Burst(BURST, PACE)
        self._deciding: set[asyncio.Task[None]] = set()

    @property
    def asked(self) -> Mapping[str, int]:
        """How many requests were let out to each host and port."""
        return self._turns.taken

    async def open(self, frame: str) -> None:
        self._main = frame
        self._session.hear("Fetch.requestPaused", self._paused)
        await self._session.ask("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def hold(self) -> None:
        """From now on the page stays where it is."""
        self._holds = True

    def release(self) -> None:
        self._holds = False

    def close(self) -> None:
        for task in self._deciding:
            task.cancel()

    def _paused(self, told: Told) -> None:
        if told["resourceType"] == "Document" and told["frameId"] == self._main and not self._may_go(told):
            self._begin(self._refuse(told["requestId"], "Aborted"))
        elif self._left <= 0:
            self.refused += 1
            self._begin(self._refuse(told["requestId"], "BlockedByClient"))
        else:
            self._left -= 1
            self._recorder.paused(told)
            self._begin(self._let_out(told["requestId"], urlsplit(told["request"]["url"]).netloc))

    def _may_go(self, told: Told) -> bool:
        """A paid counter is gone through only where the visit itself was sent to one."""
        is_at_one = is_paid(told["request"]["url"])
        self._begins_paid |= is_at_one and not self._addresses
        self._addresses += "redirectedRequestId" not in told
        self.is_restless = self._addresses > ADDRESSES
        return not self._holds and not self.is_restless and (self._begins_paid or not is_at_one)

    def _begin(self, decision: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(decision)
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)

    async def _let_out(self, number: str, host: str) -> None:
        await self._turns.turn(host)
        await self._tell("Fetch.continueRequest", {"requestId": number})

    async def _refuse(self, number: str, reason: str) -> None:
        await self._tell("Fetch.failRequest", {"requestId": number, "errorReason": reason})

    async def _tell(self, method: str, asked: Told) -> None:
        try:
            await self._session.ask(method, asked)
        except BrowserTrouble as trouble:
            logger.debug("a request was gone before it was decided: %s", trouble)
