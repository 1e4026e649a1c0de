"""Whether what is seen again was decided already: the same rules over a like text, or something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from crawler.items import Kind, Listing
from detectors.likeness import VALUES, signature
from storage.cases.lead_exhibits import exhibits_named
from storage.cases.lead_shapes import LedExhibit
from storage.cases.leads import moves_on
from storage.cases.moves import Step
from storage.cases.shapes import Move, WorkedLead
from storage.groups import LIKE

_DECISIONS = (Step.CONFIRM.value, Step.DISMISS.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the last decision about a lead was about: exhibits as they are now, rules as they fired then."""

    is_dismissed: bool
    exhibits: tuple[LedExhibit, ...]
    rules: frozenset[str]
    categories: frozenset[str]

    def covers(self, exhibit: LedExhibit) -> bool:
        """Whether the same rules say the same about a like text."""
        says_more = set(exhibit.rules) - self.rules or set(exhibit.categories) - self.categories
        return not says_more and self.has_like(exhibit)

    def has_like(self, exhibit: LedExhibit) -> bool:
        """Whether one of the exhibits decided about offers the same."""
        return any(_is_like(exhibit, one) for one in self.exhibits)


def decided_on(connection: Connection, lead: WorkedLead) -> Decided | None:
    """The last decision about a lead; nothing where nobody decided."""
    moves = [move for move in moves_on(connection, lead.id) if move.move in _DECISIONS]
    if not moves:
        return None
    return Decided(
        is_dismissed=moves[-1].move == Step.DISMISS,
        exhibits=exhibits_named(connection, told_in(moves[-1], "exhibits")),
        rules=frozenset(told_in(moves[-1], "rules")),
        categories=frozenset(told_in(moves[-1], "categories")),
    )


def told_in(move: Move, name: str) -> tuple[str, ...]:
    """The values that a move's detail has under this name."""
    return tuple(line.removeprefix(f"{name}=") for line in move.detail if line.startswith(f"{name}="))


def unexamined(lead: WorkedLead, moves: Sequence[Move], exhibits: Sequence[LedExhibit]) -> tuple[str, ...]:
    """Exhibits that joined a lead after it was decided: the decision that stands does not speak of them."""
    decision = next((move for move in moves if move.entry == lead.decision), None)
    if decision is None:
        return ()
    covered = set(told_in(decision, "exhibits"))
    return tuple(one.exhibit for one in exhibits if one.exhibit not in covered)


def _is_like(one: LedExhibit, other: LedExhibit) -> bool:
    if one.text_digest == other.text_digest:
        return True
    if one.listing != other.listing:
        return bool(one.group) and one.group == other.group
    # Both are of one listing, whose group is the newer one's: only the texts can tell.
    return _likeness(one, other) >= LIKE


def _likeness(one: LedExhibit, other: LedExhibit) -> float:
    first, second = signature(_offer(one)), signature(_offer(other))
    agreeing = sum(a == b for a, b in zip(first, second, strict=False))
    return agreeing / VALUES


def _offer(one: LedExhibit) -> Listing:
    return replace(_BARE, title=one.title, text=one.text)


_BARE = Listing(platform="", kind=Kind.RESULT, position=1, title="", url="", text="")
