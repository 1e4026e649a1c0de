"""The wordings of all rules by their rarest slot, and the cheap first look by which nearly every listing leaves.

The first look may be wrong in one direction only: it never turns away a text in which a wording stands.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detectors.index import Index
from detectors.normal import RADICALS, probe
from detectors.phrase import Phrase
from detectors.rule import Rule, Words
from detectors.sound import Sound

# How often a word counts that honest listings of this trade are full of.
TELLS_NOTHING = 1_000_000


@dataclass(frozen=True, slots=True)
class Opening:
    """One wording of one rule. `need` has a bit for each of its slots."""

    rule: str
    words: Words
    phrase: Phrase
    need: int


class Openings:
    """Every wording of a set of rules.

    `often` says how often a word is met in ordinary text; `everyday` ones, and what is made of them, tell nothing.
    """

    def __init__(self, rules: Sequence[Rule], often: Callable[[str], int], everyday: Container[str]) -> None:
        several = [(rule, words, phrase) for rule in rules for words in rule.words for phrase in words.phrases]
        bits = {slot: 1 << number for number, slot in enumerate(dict.fromkeys(_slots(several)))}
        common = {
            slot: sum(TELLS_NOTHING if _tells_nothing(part, everyday) else often(part) + 1 for part in slot)
            for slot in bits
        }
        self.every: list[Opening] = []
        self._keyed: dict[str, list[Opening]] = {}
        self._filled: dict[str, int] = {}
        for rule, words, phrase in several:
            opening = Opening(rule.id, words, phrase, sum({bits[slot] for slot in phrase.slots}))
            self.every.append(opening)
            for part in min(phrase.slots, key=common.__getitem__):
                self._keyed.setdefault(part, []).append(opening)
        for slot, bit in bits.items():
            for part in slot:
                self._filled[part] = self._filled.get(part, 0) | bit

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(self._filled)

    def fills(self, part: str) -> int:
        """The slots that a part fills, a bit each."""
        return self._filled.get(part, 0)

    def keyed(self, part: str) -> Sequence[Opening]:
        """The wordings whose rarest slot a part fills."""
        return self._keyed.get(part, ())

    def possible(self, parts: Iterable[str]) -> list[Opening]:
        """The wordings all of whose slots are filled by these parts, in whatever order."""
        present, slots = sorted(set(parts)), 0
        for part in present:
            slots |= self.fills(part)
        several = (one for part in present for one in self.keyed(part))
        return list({id(one): one for one in several if slots & one.need == one.need}.values())


class FirstLook:
    """Asks of a text whether a wording that can stand alone may be there, plainly or in disguise."""

    def __init__(self, openings: Openings, sound: Sound) -> None:
        self._sound = sound
        self._index = Index(openings.parts | set(RADICALS))
        self._alone = [one for one in openings.every if not one.words.supports]
        self._sieve = Sieve(self._index.wordings, [one.phrase.slots for one in self._alone])
        self._radicals = frozenset(number for number, part in enumerate(self._index.wordings) if part in RADICALS)

    def deserves(self, whole: str) -> bool:
        """Never false when a wording stands there."""
        bare = probe(whole)
        hits = self._index.hits(bare)
        numbers = [number for number, _, _ in hits]
        # Put together with its neighbour a radical may become anything.
        if not self._radicals.isdisjoint(numbers) or self._may_be_disguised(bare, whole, numbers):
            return True
        passed = self._sieve.passed(numbers)
        if not passed:
            return False
        wordings = self._index.wordings
        places: dict[str, list[tuple[int, int]]] = {}
        for number, start, end in hits:
            places.setdefault(wordings[number], []).append((start, end))
        return any(_follow(self._alone[number].phrase, places) for number in passed)

    def _may_be_disguised(self, bare: str, whole: str, numbers: Sequence[int]) -> bool:
        """Whether a word that may be there in disguise, with what stands there plainly, could fill a wording."""
        guessed = self._sound.guesses(bare, whole)
        more = [self._index.number_of[word] for word in guessed if word in self._index.number_of]
        if not more:
            return False
        passed = self._sieve.passed([*numbers, *more])
        return any(not slot.isdisjoint(guessed) for one in passed for slot in self._alone[one].phrase.slots)


class Sieve:
    """Lets through the wordings all of whose slots are filled, many at once: sets of slots are rows of bits."""

    def __init__(self, wordings: Sequence[str], several: Sequence[Sequence[frozenset[str]]]) -> None:
        slots = {slot: number for number, slot in enumerate(dict.fromkeys(slot for one in several for slot in one))}
        numbers = {wording: number for number, wording in enumerate(wordings)}
        # A row of bits for each wording: bit n is set when it fills slot n.
        self._fills = np.zeros((len(wordings), len(slots) // 8 + 1), dtype=np.uint8)
        for slot, number in slots.items():
            self._fills[[numbers[part] for part in slot], number >> 3] |= 128 >> (number & 7)
        # A wording of fewer slots than the longest asks for its first one again.
        longest = max((len(one) for one in several), default=1)
        padded = [[slots[slot] for slot in one] for one in several]
        self._asks = [
            np.array([one[min(place, len(one) - 1)] for one in padded], dtype=np.intp) for place in range(longest)
        ]

    def passed(self, touched: Sequence[int]) -> list[int]:
        """The numbers of the wordings whose slots the touched ones fill, in whatever order they stand."""
        if not touched:
            return []
        filled = np.unpackbits(np.bitwise_or.reduce(self._fills.take(touched, axis=0), axis=0)).view(bool)
        left = np.flatnonzero(filled[self._asks[0]])
        for asked in self._asks[1:]:
            left = left[filled[asked[left]]]
        return [int(number) for number in left]


def _slots(several: Iterable[tuple[Rule, Words, Phrase]]) -> Iterable[frozenset[str]]:
    return (slot for _, _, phrase in several for slot in phrase.slots)


def _tells_nothing(part: str, everyday: Container[str]) -> bool:
    """Whether a part is one character, or everyday words one after the other."""
    if len(part) == 1 or part in everyday:
        return True
    heads = (end for end in range(1, len(part)) if part[:end] in everyday)
    return any(_tells_nothing(part[end:], everyday) for end in heads)


def _follow(phrase: Phrase, places: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    """Whether the slots may follow each other. Gaps alone are asked: a probe has lost the marks between."""
    ends = {end for part in phrase.slots[0].intersection(places) for _, end in places[part]}
    for slot, gap in zip(phrase.slots[1:], phrase.gaps, strict=True):
        found = [place for part in slot.intersection(places) for place in places[part]]
        ends = {end for start, end in found if not ends.isdisjoint(range(start - gap, start + 1))}
    return bool(ends)
