"""What changed between two texts, in whole words and numbers where there are any, and what a price went up or down.

The work has a bound: where two long texts have too little in common, a stretch of one is told as replaced by one of
the other. It says what changed, never what that means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

STEPS = 100_000  # of comparing, for one pair of texts
FINE = 4_000  # characters; longer texts are compared by clauses first, and what differs there by words
SHORT = 2  # characters; a shorter agreement between two changes is chance
_WORD = re.compile(r"[0-9A-Za-z]+(?:[.,][0-9]+)*|\s+|.", re.DOTALL)
_CLAUSE = re.compile(r"[^。！？；，、!?;,\n]*[。！？；，、!?;,\n]+|[^。！？；，、!?;,\n]+")
_IN_NUMBER = re.compile(r"(?<=\d)[\s,](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TEN_THOUSAND = "万"

Run = tuple[int, int, int]  # so many tokens are the same from these places on


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Characters [start, end) of the old text gave way to [new_start, new_end) of the new one; either may be empty."""

    start: int
    end: int
    new_start: int
    new_end: int


class Purse:
    """Steps of comparing that are left; `of` is a larger purse that pays for several pairs of texts."""

    def __init__(self, steps: int, of: Purse | None = None) -> None:
        self._steps, self._of = steps, of

    def pays(self, steps: int) -> bool:
        """Whether so many steps more may be taken."""
        self._steps -= steps
        return (self._of is None or self._of.pays(steps)) and self._steps >= 0


def differences(old: str, new: str, of: Purse | None = None) -> tuple[Change, ...]:
    """The changes that make `new` of `old`, in order; what stands between them is the same."""
    purse = Purse(STEPS, of)
    whole = Change(start=0, end=len(old), new_start=0, new_end=len(new))
    if max(len(old), len(new)) <= FINE:
        return _tidy(old, _compared(old, new, whole, _WORD, purse))
    coarse = list(_compared(old, new, whole, _CLAUSE, purse))
    return _tidy(old, (fine for one in coarse for fine in _compared(old, new, one, _WORD, purse)))


def amount(price: str) -> Decimal | None:
    """The number of a price as printed; `None` when it names none or several."""
    printed = _IN_NUMBER.sub("", unicodedata.normalize("NFKC", price))
    found = list(_NUMBER.finditer(printed))
    if len(found) != 1:
        return None
    times = 10_000 if printed[found[0].end() :].lstrip().startswith(_TEN_THOUSAND) else 1
    return Decimal(found[0][0]) * times


def _compared(old: str, new: str, within: Change, parts: re.Pattern[str], purse: Purse) -> Iterator[Change]:
    """The changes within one change, by tokens of this kind."""
    olds = [*parts.finditer(old, within.start, within.end)]
    news = [*parts.finditer(new, within.new_start, within.new_end)]
    starts = [*(one.start() for one in olds), within.end]
    new_starts = [*(one.start() for one in news), within.new_end]
    runs = _runs([one[0] for one in olds], [one[0] for one in news], purse)
    at = new_at = 0
    for place, new_place, length in (*runs, (len(olds), len(news), 0)):
        if place > at or new_place > new_at:
            yield Change(
                start=starts[at], end=starts[place], new_start=new_starts[new_at], new_end=new_starts[new_place]
            )
        at, new_at = place + length, new_place + length


def _runs(old: Sequence[str], new: Sequence[str], purse: Purse) -> list[Run]:
    """Where tokens agree: at both ends, and between by a shortest path of edits if the purse bears it."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    inner = _path(old[head : len(old) - tail], new[head : len(new) - tail], purse)
    between = [(place + head, new_place + head, length) for place, new_place, length in inner]
    return [(0, 0, head), *between, (len(old) - tail, len(new) - tail, tail)]


def _path(old: Sequence[str], new: Sequence[str], purse: Purse) -> list[Run]:
    """E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986: the greedy one. Empty when it costs too
    much."""
    if not old or not new:
        return []
    furthest, trail = {1: 0}, []
    for edits in range(len(old) + len(new) + 1):
        trail.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            start = _step(furthest, edits, diagonal)
            at = start
            while at < len(old) and at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return _back(trail, len(old), len(new))
            if not purse.pays(1 + at - start):
                return []
    raise AssertionError("all of one text taken out and all of the other put in is a path")


def _step(furthest: dict[int, int], edits: int, diagonal: int) -> int:
    """How far into the old text one more edit comes on a diagonal."""
    is_down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
    return furthest[diagonal + 1] if is_down else furthest[diagonal - 1] + 1


def _back(trail: Sequence[dict[int, int]], at: int, new_at: int) -> list[Run]:
    runs: list[Run] = []
    for edits in range(len(trail) - 1, -1, -1):
        furthest, diagonal = trail[edits], at - new_at
        start = _step(furthest, edits, diagonal)
        if at > start:
            runs.append((start, start - diagonal, at - start))
        is_down = start == furthest.get(diagonal + 1) and (
            diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
        )
        at, new_at = (start, start - diagonal - 1) if is_down else (start - 1, start - diagonal)
    return runs[::-1]


def _tidy(old: str, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes with hardly anything between them are one."""
    tidied: list[Change] = []
    for one in changes:
        if tidied and len(old[tidied[-1].end : one.start].strip()) < SHORT:
            last = tidied[-1]
            tidied[-1] = Change(start=last.start, end=one.end, new_start=last.new_start, new_end=one.new_end)
        else:
            tidied.append(one)
    return tuple(tidied)
