"""Which session a platform is crawled with: only one that a person signed in for, and that its key still opens."""

from __future__ import annotations

import logging
from dataclasses import replace

from crawler.captures import Visit
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.sessions import Session
from storage.db import open_database
from storage.profiles import FOLDER, Profiles

logger = logging.getLogger(__name__)


def told(visit: Visit, session: Session | None) -> Visit:
    """The visit as it is kept: as whom we were signed in, without what would let others in."""
    if session is None:
        return visit
    veil = session.veil(visit.requested_url)
    messages = tuple(
        replace(
            one,
            url=veil.address(one.url),
            request_headers=veil.headers(one.request_headers),
            response_headers=veil.headers(one.response_headers),
            request_body=veil.body(one.request_body),
        )
        for one in visit.messages
    )
    return replace(
        visit,
        url=veil.address(visit.url),
        redirects=tuple(map(veil.address, visit.redirects)),
        messages=messages,
        sockets=tuple(map(veil.address, visit.sockets)),
        refused=tuple(map(veil.words, visit.refused)),
        steps=tuple((at, veil.words(words)) for at, words in visit.steps),
        troubles=tuple((part, veil.words(why)) for part, why in visit.troubles),
        profile=session.told,
    )


def session_for(config: Config, platform: str) -> Session | None:
    """The session that a platform is crawled with; none without a key, a file, or while it is paused.

    One that cannot be opened is said, and the crawl goes without: the platform then says itself that it wants a login.
    """
    try:
        return opened_session(config, platform)
    except UserMistake as wrong:
        logger.error("no profile for %s: %s", platform, wrong)  # noqa: TRY400 - the message is the whole explanation
        return None


def opened_session(config: Config, platform: str) -> Session | None:
    """The same; `UserMistake` where it cannot be opened with the key that is set."""
    if not config.secrets.profile_key or not (config.home / FOLDER / platform).exists():
        return None
    engine = open_database(config.database)
    try:
        return Profiles(engine, config.home).session(platform, config.secrets.profile_key)
    finally:
        engine.dispose()
