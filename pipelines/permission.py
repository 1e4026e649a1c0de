"""Whether the browser may open a page that no crawl has just loaded: robots.txt, and who signed for its platform.

A host that does not say allows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.config import Config
from crawler.errors import Disallowed, Unreachable
from crawler.pace import turn
from crawler.politeness import survey
from crawler.tables import Place
from storage.exhibits import ExhibitStore
from storage.turns import StoredTurns


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`refusal` is the line of robots.txt that forbids the page, "" when none does; `number` the override's row."""

    refusal: str = ""
    number: int = 0

    @property
    def override(self) -> str:
        """As it stands in the record of whatever it lets out."""
        return f"override {self.number}: {self.refusal}" if self.refusal else ""


async def permission(
    config: Config, store: ExhibitStore, platform: str, url: str, place: Place | None = None
) -> Permission:
    """Raises `Disallowed` where nobody signed for what is forbidden, `Unreachable` when the host does not answer."""
    host = urlsplit(url).hostname or ""
    turns = StoredTurns(config.home, store.engine)
    try:
        await turn(host, config.crawl.delay, turns)
    finally:
        turns.close()
    said = await survey(config, {platform: url}, place)
    if platform not in said:
        raise Unreachable("robots_unknown", f"{host}: robots.txt was not answered")
    refusal = said[platform]
    if not refusal:
        return Permission()
    signed = [one for one in store.overrides() if one.platform == platform]
    if not signed:
        raise Disallowed("robots", refusal)
    return Permission(refusal=refusal, number=signed[-1].number)
