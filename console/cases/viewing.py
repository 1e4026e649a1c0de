"""Who looks at leads and cases, and what of them he may see: his districts only, contacts only with that right.

Once there are users nobody looks without a credential of his own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.masking import masked, masked_quote
from console.acting import acting
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.actors import Actors
from storage.people import People

# What may hold words of a page, of a person, or of a reporter.
_SPOKEN = ("title", "seller", "url", "note", "reason", "text", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who looks; before there are users it is whoever can run a command."""

    engine: Engine
    config: Config
    acting: Acting | None

    @property
    def districts(self) -> tuple[str, ...]:
        return self.acting.districts if self.acting else ()

    @property
    def sees_contacts(self) -> bool:
        return self.acting is not None and self.acting.may(Grant.CONTACTS)

    def actor_id(self, word: str) -> int:
        """The row of the actor that somebody names, 0 for no word."""
        return Actors(self.engine).named(word, self.districts).id if word else 0

    def veiled(self, text: str, known: Sequence[str] = ()) -> str:
        """The text as he may see it."""
        return text if self.sees_contacts else masked(text, known)

    def veiled_quote(self, quote: str, known: Sequence[str] = ()) -> str:
        """A quote as he may see it, which may begin within a number."""
        return quote if self.sees_contacts else masked_quote(quote, known)

    def veiled_told(self, told: dict[str, Any]) -> dict[str, Any]:
        """What is told of a row, its spoken parts as he may see them."""
        spoken = {name: self._veiled_part(told[name]) for name in _SPOKEN if name in told}
        return told | spoken

    def _veiled_part(self, part: Any) -> Any:
        if isinstance(part, str):
            return self.veiled(part)
        return [self.veiled(one) for one in part] if isinstance(part, list | tuple) else part


@contextmanager
def viewer(by: str) -> Iterator[Viewer]:
    """Whoever looks, with any grant."""
    config = Config.load()
    with opened_engine(config) as engine:
        proved = acting(config, engine, *Grant, by=by) if People(engine).everybody() else None
        yield Viewer(engine=engine, config=config, acting=proved)


def day_begins(day: str) -> datetime | None:
    """The first moment of a day in Shanghai; `UserMistake` for what is no day, nothing for no word."""
    if not day:
        return None
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise UserMistake(f"日期要写成 2026-01-31 的样子，不是 {day}") from None
    return datetime.combine(found, time(), clock.SHANGHAI)


def day_ends(day: str) -> datetime | None:
    """The first moment after a day in Shanghai."""
    begins = day_begins(day)
    return begins + timedelta(days=1) if begins else None
