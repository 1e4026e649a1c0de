"""The wordings of all rules by their rarest slot, and the cheap first look by which nearly every listing leaves.

The first look may be wrong in one direction only: it never turns away a text in which a wording stands.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

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
        self._keyed: dict[str, list[Opening]] = {}
        self._filled: dict[str, int] = {}
        for rule, words, phrase in several:
            opening = Opening(rule.id, words, phrase, sum({bits[slot] for slot in phrase.slots}))
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
        self._openings = openings
        self._sound = sound
        self._index = Index(openings.parts | set(RADICALS))
        parts = self._index.wordings
        self._fills = [openings.fills(part) for part in parts]
        self._alone = [[one for one in openings.keyed(part) if not one.words.supports] for part in parts]
        self._needs = [tuple({one.need for one in several}) for several in self._alone]
        self._radicals = frozenset(number for number, part in enumerate(parts) if part in RADICALS)

    def deserves(self, whole: str) -> bool:
        """Never false when a wording stands there."""
        bare = probe(whole)
        hits = self._index.hits(bare)
        touched = {number for number, _, _ in hits}
        # Put together with its neighbour a radical may become anything.
        if not touched.isdisjoint(self._radicals) or self._may_be_disguised(bare, whole, touched):
            return True
        slots = self._slots(touched)
        keys = [number for number in touched for need in self._needs[number] if slots & need == need]
        if not keys:
            return False
        possible = [one for number in set(keys) for one in self._alone[number] if slots & one.need == one.need]
        places: dict[str, list[tuple[int, int]]] = {}
        for number, start, end in hits:
            places.setdefault(self._index.wordings[number], []).append((start, end))
        return any(_follow(one.phrase, places) for one in possible)

    def _slots(self, touched: Iterable[int]) -> int:
        slots = 0
        for number in touched:
            slots |= self._fills[number]
        return slots

    def _may_be_disguised(self, bare: str, whole: str, touched: Iterable[int]) -> bool:
        """Whether a word that may be there in disguise, with what stands there plainly, could fill a wording."""
        guessed = self._sound.guesses(bare, whole)
        if not guessed:
            return False
        plain = (self._index.wordings[number] for number in touched)
        possible = self._openings.possible(guessed.union(plain))
        return any(
            not slot.isdisjoint(guessed) for one in possible if not one.words.supports for slot in one.phrase.slots
        )


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
