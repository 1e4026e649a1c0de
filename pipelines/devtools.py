"""The browser's own protocol as our parts speak it: questions to one page and what it reports by itself.

Knows no browser library: `pipelines.browser` lends it one. Nothing of the page's own script is
asked here: what is evaluated runs in a world that the page cannot reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from crawler.errors import LantianError

Told = dict[str, Any]
# What reading an answer raises that is not as the protocol has it.
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError)


class BrowserTrouble(LantianError):
    """The browser could not be had or did not give what was asked for."""


class PageMoved(BrowserTrouble):
    """The page was replaced by another while it was looked at."""


class Session(Protocol):
    """One page as the protocol sees it; `workers` are the addresses of those it has started."""

    workers: list[str]

    async def ask(self, method: str, asked: Told | None = None) -> Told:
        """What the browser answers. Raises `BrowserTrouble` when it refuses, or when the page is gone."""

    def hear(self, event: str, told: Callable[[Told], None]) -> None:
        """Call `told` with every report of this kind."""


class World:
    """A world of scripts beside the page's own: the same document, none of its changed functions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._context = 0

    async def enter(self, frame: str) -> None:
        asked = {"frameId": frame, "worldName": "lantian"}
        self._context = (await self._session.ask("Page.createIsolatedWorld", asked))["executionContextId"]

    async def value(self, expression: str) -> Any:
        """The expression's value, a promise's once it has one."""
        asked = {
            "contextId": self._context,
            "expression": expression,
            "returnByValue": True,
            "awaitPromise": True,
        }
        try:
            answer = await self._session.ask("Runtime.evaluate", asked)
        except BrowserTrouble as trouble:
            if "context" in str(trouble):
                raise PageMoved(str(trouble)) from trouble
            raise
        if "exceptionDetails" in answer:
            raise BrowserTrouble(f"a look at the page failed: {str(answer['exceptionDetails'])[:300]}")
        return answer["result"].get("value")
