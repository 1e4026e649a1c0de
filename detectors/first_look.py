"""The cheap first look by which most listings leave.

It may be wrong in one direction only: it never turns away a text in which a rule finds enough.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from detectors.latin import Latin
from detectors.normal import RADICALS, canonical, probe, squeezed
from detectors.openings import Openings
from detectors.reach import Reach
from detectors.sound import Ordinary, Sound

LETTER = re.compile("[a-z]")


class FirstLook:
    """Asks of a text whether the wordings that may stand there, plainly or in disguise, could be enough."""

    def __init__(self, openings: Openings, hidden: Collection[str], ordinary: Ordinary, reach: Reach) -> None:
        self._openings = openings
        self.sound = Sound(hidden, ordinary)
        self.latin = Latin(openings.parts | reach.required)
        self._reach = reach
        # Most texts are of other trades: few words are enough to tell.
        self._of_the_trade = Sound(reach.required.intersection(hidden), ordinary)

    def deserves(self, whole: str) -> bool:
        """Never false when a rule finds enough there."""
        bare = probe(whole)
        heard = bare
        if LETTER.search(bare) or any(radical in bare for radical in RADICALS):
            # A probe joins letters over marks (专li，abc), and leaves split characters apart.
            heard = squeezed(canonical(whole)).text
            bare = probe(heard)
        spelled = frozenset(word for word, _, _ in self.latin.places(heard))
        told = self._reach.required_in(bare) | spelled
        if not self._reach.rules_of(told) and not self._reach.rules_of(self._of_the_trade.guesses(heard, whole)):
            return False
        return self._finds_enough(bare, told, self.sound.guesses(heard, whole) | spelled)

    def _finds_enough(self, bare: str, told: frozenset[str], guessed: frozenset[str]) -> bool:
        asked_for = self._openings.of_rules(self._reach.rules_of(told | guessed))
        hits = self._openings.index.hits(bare)
        standing = self._openings.standing(hits, asked_for)
        number_of = self._openings.index.number_of
        more = [number_of[word] for word in guessed if word in number_of]
        if more:
            # Words in disguise have no place yet; a wording that takes one may stand wherever its slots are filled.
            possible = self._openings.filled([*(number for number, _, _ in hits), *more], asked_for)
            standing += [one for one in possible if any(not slot.isdisjoint(guessed) for slot in one.phrase.slots)]
        return self._reach.suffices(bare, standing, guessed)
