"""What the patrol asks of whoever carries out its runs, on this machine or on many. It runs nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from storage.roster_shapes import Waiting


class Engine(Protocol):
    """Claims runs and sees them through. Every call returns soon: crawls go on by themselves."""

    def tend(self, now: datetime) -> None:
        """Look after what goes on: a sign of life for each claim whose crawl lives, an end for what is over its
        limits (`Roster.give_up`), `Roster.let_go` for what died.

        A tick calls it before anything else: after a clock that jumped ahead, who lives has not lost his lease.
        """

    def offer(self, waiting: Sequence[Waiting], now: datetime) -> int:
        """Claim of what may begin now as much as there is room for, oldest first; returns how many runs were taken."""
