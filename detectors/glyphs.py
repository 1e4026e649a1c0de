"""What is known of single characters: how they are read, what they look like, what they are put together of.

Tables only, for texts already folded; it knows no words and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detectors.strict import Table, read_table

LEXICON = Path(__file__).parent / "lexicon"
# Digits are read too: 第1发明人 is 第一发明人.
DIGITS = {"1": "yi", "2": "er", "3": "san", "4": "si", "5": "wu", "6": "liu", "7": "qi", "8": "ba", "9": "jiu"}
FLAT = re.compile(r"^([zcs])h")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """`sounds`: readings without tones, the usual one first. `looks`: a character and those mistaken for it."""

    sounds: dict[str, tuple[str, ...]]
    looks: dict[str, frozenset[str]]
    splits: dict[str, tuple[str, ...]]

    def readings(self, character: str) -> tuple[str, ...]:
        """How a character is read, the usual way first; what has no reading is read as itself."""
        return self.sounds.get(character, (character,))

    def sound_alike(self, one: str, other: str) -> bool:
        heard = {merged(reading) for reading in self.readings(one)}
        return not heard.isdisjoint(merged(reading) for reading in self.readings(other))

    def is_rare(self, character: str) -> bool:
        """Whether a character is outside the national standard set of 6,763, as converter's debris is."""
        try:
            return len(character.encode("gb2312")) != 2
        except UnicodeEncodeError:
            return True


def merged(syllable: str) -> str:
    """A syllable as southern speakers and hasty typists write it: zh as z, ng as n, lü as lu."""
    return FLAT.sub(r"\1", syllable).replace("v", "u").removesuffix("g")


@cache
def load_glyphs(folder: Path = LEXICON) -> Glyphs:
    """The packaged tables; RuleInvalid names file and place."""
    return Glyphs(
        _sounds(read_table(folder / "sounds.toml")),
        {character: frozenset(alike) for character, alike in _texts(read_table(folder / "lookalikes.toml"))},
        _splits(read_table(folder / "splits.toml")),
    )


def _sounds(table: Table) -> dict[str, tuple[str, ...]]:
    sounds: dict[str, tuple[str, ...]] = {digit: (reading,) for digit, reading in DIGITS.items()}
    for part in ("first", "also"):
        for reading, characters in _texts(table.table(part)):
            for character in characters:
                sounds[character] = (*sounds.get(character, ()), reading)
    table.finish()
    return sounds


def _splits(table: Table) -> dict[str, tuple[str, ...]]:
    return {character: table.texts(character) for character in table.names()}


def _texts(table: Table) -> Iterable[tuple[str, str]]:
    return [(name, table.text(name)) for name in table.names()]
