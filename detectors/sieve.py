"""Which of many wordings may stand in a text, asked of all at once and cheaply; the exact search is phrase.py's.

It may let through too much, never too little: every slot is filled, and beside the rarest one stand its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.index import Index
from detectors.phrase import Phrase

# How much a word tells that honest listings of this trade are full of.
TELLS_NOTHING = 1_000_000
MANY = 20_000  # hits of one text; an ordinary listing has a hundred
START, END = 1, 2  # columns of a table of hits

Hit = tuple[int, int, int]
"""The number of a part, where it starts and where it ends."""

Edges = NDArray[np.int64]


class Sieve:
    """A set of wordings. `often` says how often a word is met in ordinary text; `everyday` ones tell nothing."""

    def __init__(self, phrases: Sequence[Phrase], often: Callable[[str], int], everyday: Container[str]) -> None:
        slots = {slot: number for number, slot in enumerate(dict.fromkeys(_slots(phrases)))}
        self.index = Index({part for slot in slots for part in slot})
        numbered = {slot: frozenset(map(self.index.number_of.__getitem__, slot)) for slot in slots}
        common = {slot: sum(_tells(part, often, everyday) for part in slot) for slot in slots}
        rarest = [phrase.slots.index(min(phrase.slots, key=common.__getitem__)) for phrase in phrases]
        self._beside = [_beside(phrase, place, numbered) for phrase, place in zip(phrases, rarest, strict=True)]
        self._keyed: dict[int, list[int]] = {}
        for number, (phrase, place) in enumerate(zip(phrases, rarest, strict=True)):
            for part in numbered[phrase.slots[place]]:
                self._keyed.setdefault(part, []).append(number)
        self._fill(slots, numbered, phrases)

    def _fill(
        self,
        slots: dict[frozenset[str], int],
        numbered: dict[frozenset[str], frozenset[int]],
        phrases: Sequence[Phrase],
    ) -> None:
        # A row of bits for each part: bit n is set when it fills slot n.
        self._fills = np.zeros((len(self.index.wordings), len(slots) // 8 + 1), dtype=np.uint8)
        for slot, number in slots.items():
            self._fills[list(numbered[slot]), number >> 3] |= 128 >> (number & 7)
        # A wording of fewer slots than the longest asks for its last one again.
        longest = max((len(phrase.slots) for phrase in phrases), default=1)
        padded = [[slots[slot] for slot in phrase.slots] for phrase in phrases]
        self._asks = [
            np.array([one[min(place, len(one) - 1)] for one in padded], dtype=np.intp) for place in range(longest)
        ]

    def filled(self, parts: Sequence[int], asked_for: NDArray[np.bool_] | None = None) -> list[int]:
        """The wordings all of whose slots these parts fill, in whatever order they stand.

        `asked_for` says of each wording whether it is wanted at all; without it all are.
        """
        if not parts:
            return []
        present = np.unpackbits(np.bitwise_or.reduce(self._fills.take(parts, axis=0), axis=0)).view(bool)
        first = present[self._asks[0]]
        left = np.flatnonzero(first if asked_for is None else first & asked_for)
        for asked in self._asks[1:]:
            left = left[present[asked[left]]]
        return [int(number) for number in left]

    def standing(self, hits: Sequence[Hit], asked_for: NDArray[np.bool_] | None = None) -> list[int]:
        """The wordings that may stand where these parts do."""
        numbers = {number for number, _, _ in hits}
        possible = set(self.filled(list(numbers), asked_for))
        if not possible:
            return []
        keyed = self._keyed
        active = {one: live for one in numbers if (live := [n for n in keyed.get(one, ()) if n in possible])}
        if not active:
            return []
        if len(hits) > MANY:
            return self._standing_among_many(hits, active)
        starts: defaultdict[int, list[int]] = defaultdict(list)
        ends: defaultdict[int, list[int]] = defaultdict(list)
        for number, start, end in hits:
            starts[start].append(number)
            ends[end].append(number)
        found: set[int] = set()
        for number, start, end in hits:
            for phrase in active.get(number, ()):
                if phrase not in found and self._fits(phrase, start, end, starts, ends):
                    found.add(phrase)
        return sorted(found)

    def _standing_among_many(self, hits: Sequence[Hit], active: Mapping[int, Sequence[int]]) -> list[int]:
        """The same for a text full of our words, where walking from hit to hit would take minutes."""
        where = _Where(hits)
        keys: defaultdict[int, list[int]] = defaultdict(list)
        for number, live in active.items():
            for phrase in live:
                keys[phrase].append(number)
        return sorted(phrase for phrase, parts in keys.items() if where.fits(parts, self._beside[phrase]))

    def _fits(
        self, phrase: int, start: int, end: int, starts: dict[int, list[int]], ends: dict[int, list[int]]
    ) -> bool:
        """Whether what stands beside the rarest slot's part fills the slots beside it."""
        before, gap_before, after, gap_after = self._beside[phrase]
        if after is not None and not _any_in(after, starts, end, end + gap_after):
            return False
        return before is None or _any_in(before, ends, start - gap_before, start)


class _Where:
    """Where each of very many hits starts and ends, as arrays that are compared at once."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        every = np.array(hits, dtype=np.int64)
        every = every[np.argsort(every[:, 0], kind="stable")]
        numbers, firsts = np.unique(every[:, 0], return_index=True)
        pieces = np.split(every, firsts[1:])
        self._of = {int(number): piece for number, piece in zip(numbers, pieces, strict=True)}
        self._parts = frozenset(self._of)
        self._edges: dict[tuple[frozenset[int], int], Edges] = {}

    def fits(self, parts: Sequence[int], beside: Beside) -> bool:
        """Whether one of the parts has beside it what fills the slots there."""
        before, gap_before, after, gap_after = beside
        found = np.concatenate([self._of[part] for part in parts])
        if after is not None:
            found = found[_has_one(self._sorted(after, START), found[:, END], gap_after)]
        if before is not None:
            found = found[_has_one(self._sorted(before, END), found[:, START] - gap_before, gap_before)]
        return len(found) > 0

    def _sorted(self, slot: frozenset[int], edge: int) -> Edges:
        if (slot, edge) not in self._edges:
            several = [self._of[part][:, edge] for part in slot & self._parts]
            self._edges[slot, edge] = np.sort(np.concatenate(several))
        return self._edges[slot, edge]


def _has_one(edges: Edges, low: Edges, gap: int) -> NDArray[np.bool_]:
    """For each place whether one of the sorted edges lies within so many characters from it."""
    nearest = np.searchsorted(edges, low)
    return (nearest < len(edges)) & (edges[np.minimum(nearest, len(edges) - 1)] <= low + gap)


def _slots(phrases: Iterable[Phrase]) -> Iterable[frozenset[str]]:
    return (slot for phrase in phrases for slot in phrase.slots)


Beside = tuple[frozenset[int] | None, int, frozenset[int] | None, int]
"""The slot before the rarest one and how far away it may end, the slot after it and how far away it may begin."""


def _beside(phrase: Phrase, place: int, numbered: Mapping[frozenset[str], frozenset[int]]) -> Beside:
    is_first, is_last = place == 0, place + 1 == len(phrase.slots)
    return (
        None if is_first else numbered[phrase.slots[place - 1]],
        0 if is_first else phrase.gaps[place - 1],
        None if is_last else numbered[phrase.slots[place + 1]],
        0 if is_last else phrase.gaps[place],
    )


def _any_in(slot: frozenset[int], where: dict[int, list[int]], low: int, high: int) -> bool:
    # A loop: a generator would cost more than what it asks.
    for place in range(low, high + 1):  # noqa: SIM110
        if place in where and not slot.isdisjoint(where[place]):
            return True
    return False


def _tells(part: str, often: Callable[[str], int], everyday: Container[str]) -> int:
    return TELLS_NOTHING if _is_everyday(part, everyday) else often(part) + 1


def _is_everyday(part: str, everyday: Container[str]) -> bool:
    """Whether a part is one character, or everyday words one after the other."""
    if len(part) == 1 or part in everyday:
        return True
    heads = (end for end in range(1, len(part)) if part[:end] in everyday)
    return any(_is_everyday(part[end:], everyday) for end in heads)
