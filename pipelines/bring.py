"""One visit made and kept: the page in the browser, the surroundings it was made in, and the archive that has it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from crawler.captures import BrowserCapture, Visit
from pipelines.browser import BrowserTrouble
from pipelines.locating import Wanted
from pipelines.room import Room
from pipelines.sessions import told
from pipelines.surroundings import look
from storage.visits import keep_visit

NOTHING = Wanted()


class NotBrought(BrowserTrouble):
    """There is no capture of a page by the browser; `reason` says why in a word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


async def bring(room: Room, url: str, wanted: Wanted = NOTHING, override: str = "") -> tuple[Visit, BrowserCapture]:
    """Visit the page and keep all of it; safe after the archive's next `sync()`. Raises `NotBrought`.

    `override` is what lets it out where robots.txt forbids the page.
    """
    surroundings = await look(room.config, urlsplit(url).hostname or "", room.eyes)
    try:
        visit = await room.browser.visit(url, wanted.sought, wanted.query, wanted.labels)
    except BrowserTrouble as trouble:
        raise NotBrought(_word(room, str(trouble)), str(trouble)) from trouble
    visit = told(replace(visit, override=override), room.eyes.session)
    try:
        return visit, await room.written(lambda: keep_visit(room.archive, visit, surroundings))
    except OSError as wrong:
        raise NotBrought("not_kept", str(wrong)) from wrong


def _word(room: Room, trouble: str) -> str:
    if not room.browser.takes_pictures:
        return "no_browser"
    return "timeout" if trouble.startswith("TimeoutError") else "not_loaded"
