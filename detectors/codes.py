"""A text as one byte a character, equal for whatever sounds or looks alike, so that one search hears a word.

It is coarse on purpose: what is found must be compared with the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from detectors.glyphs import Glyphs, is_rare, merged
from detectors.spelling import LOST, ONE, Spelling

LETTERS = {chr(code): code - 0x60 for code in range(ord("a"), ord("z") + 1)}
LOST_CODE, FIRST_SOUND, LAST_SOUND = 27, 28, 255
PLANE = 0x10000

Table = NDArray[np.uint8]


class Codes:
    """The codes of a set of spellings. A character that may stand for several has another code in each layer."""

    def __init__(self, known: Sequence[Spelling], glyphs: Glyphs) -> None:
        self._glyphs = glyphs
        self._by_reading: dict[str, tuple[int, ...]] = {}
        self._as_written: dict[str, tuple[int]] = {LOST: (LOST_CODE,)}
        characters = sorted({one for spelling in known for one in spelling.word})
        written = {one for spelling in known for piece in spelling.pieces for one in piece}
        self._sounds = self._numbered(characters, sorted(written - {ONE, LOST, *LETTERS}))
        self._layers = self._tables(characters)

    def views(self, text: str) -> Iterator[bytes]:
        """The text in each layer that differs from those before; byte i is character i."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.int32)
        seen: set[bytes] = set()
        for table in self._layers:
            view = table.take(codes, mode="clip").tobytes()
            if view not in seen:
                seen.add(view)
                yield view

    def patterns(self, spelling: Spelling) -> set[bytes]:
        """What to search for: once for every reading of the characters that stand for themselves."""
        several = [
            self._heard(character) if one == ONE else self._written_as(one)
            for character, piece in zip(spelling.word, spelling.pieces, strict=True)
            for one in piece
        ]
        return {bytes(codes) for codes in product(*several)}

    def _heard(self, character: str) -> tuple[int, ...]:
        """The codes of a character by all its readings."""
        if character not in self._by_reading:
            letter, readings = LETTERS.get(character), self._glyphs.readings(character)
            several = (letter,) if letter else tuple({self._sounds[merged(one)] for one in readings})
            self._by_reading[character] = several
        return self._by_reading[character]

    def _written_as(self, character: str) -> tuple[int]:
        """The code of a character that is written in place of another."""
        if character not in self._as_written:
            code = LETTERS.get(character) or self._sounds[merged(self._glyphs.readings(character)[0])]
            self._as_written[character] = (code,)
        return self._as_written[character]

    def _numbered(self, characters: Iterable[str], others: Iterable[str]) -> dict[str, int]:
        """A code for every sound of the words. Of what else is written several sounds may share one."""
        own = dict.fromkeys(merged(sound) for one in characters for sound in self._glyphs.readings(one))
        more = dict.fromkeys(merged(sound) for one in others for sound in self._glyphs.readings(one))
        codes = {sound: min(FIRST_SOUND + number, LAST_SOUND) for number, sound in enumerate(own)}
        first = min(FIRST_SOUND + len(own), LAST_SOUND)
        shared = enumerate(sound for sound in more if sound not in own)
        return codes | {sound: first + number % (LAST_SOUND + 1 - first) for number, sound in shared}

    def _tables(self, characters: Sequence[str]) -> list[Table]:
        """By usual sounds; by what else a character may stand for; by usual sounds with rare ones lost."""
        usual = np.zeros(PLANE + 1, dtype=np.uint8)
        usual[[ord(letter) for letter in LETTERS]] = list(LETTERS.values())
        usual[ord(LOST)] = LOST_CODE
        meanings = self._meanings(characters)
        for character, several in meanings.items():
            usual[ord(character)] = several[0]
        other, lost = usual.copy(), usual.copy()
        for character in meanings.keys() - set(characters):
            other[ord(character)] = meanings[character][-1]
        # Converter's debris, whatever it sounds like. What lies beyond the plane is read from the table's end.
        lost[[code for code in range(0x4E00, 0xA000) if is_rare(chr(code))]] = LOST_CODE
        lost[PLANE] = LOST_CODE
        return [usual, other, lost]

    def _meanings(self, characters: Sequence[str]) -> dict[str, list[int]]:
        """The codes of what each character may stand for: its usual sound, its other sounds, what it looks like."""
        meant = {
            one: [self._sounds[sound] for sound in map(merged, readings) if sound in self._sounds]
            for one, readings in self._glyphs.sounds.items()
        }
        meant |= {one: [code] for one, code in self._sounds.items() if len(one) == 1 and one not in LETTERS}
        for character in characters:
            for alike in self._glyphs.looks.get(character, ""):
                meant.setdefault(alike, []).append(self._sounds[merged(self._glyphs.readings(character)[0])])
        return {one: several for one, codes in meant.items() if (several := list(dict.fromkeys(codes)))}
