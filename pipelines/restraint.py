"""Turns on hosts, but none on a host that is left alone: whoever asks is told so at the last moment."""

from __future__ import annotations

from crawler import clock
from crawler.errors import PageBlocked
from storage.turns import CoolDowns, StoredTurns

REASON = "cooling"


class Restrained:
    """The turns of a crawl that keeps from hosts in a cool-down: asked at the last moment before a request goes out."""

    def __init__(self, turns: StoredTurns, cooldowns: CoolDowns) -> None:
        self._turns = turns
        self._cooldowns = cooldowns

    def reserve(self, host: str, delay: float) -> float:
        """As `crawler.pace.Turns`; raises `PageBlocked` while the host is left alone."""
        self._refuse(host)
        return self._turns.reserve(host, delay)

    def begin(self, host: str, delay: float) -> float:
        self._refuse(host)
        return self._turns.begin(host, delay)

    def rest(self, host: str, seconds: float) -> None:
        self._turns.rest(host, seconds)

    def close(self) -> None:
        self._turns.close()

    def _refuse(self, host: str) -> None:
        if known := self._cooldowns.cooling(host, clock.now()):
            until = clock.in_shanghai(known.until)
            raise PageBlocked(REASON, f"{host} is left alone until {until}: {known.reason}")
