"""Letters that stand for characters of any rule word: bao授权, 包shouquan, 内b渠道.

Works from the text: letters beside characters are read as pinyin, or one letter as a first letter, and what then
reads as a rule word is one. It refuses letters that stand alone, and one letter in a word of two characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from detectors.glyphs import load_glyphs
from detectors.index import Index
from detectors.normal import HAN

RUN = re.compile(rf"(?<=[{HAN}])[a-z]{{1,18}}(?![a-z])|(?<![a-z])[a-z]{{1,18}}(?=[{HAN}])")
LONGEST = 2  # characters written in one run of letters
AROUND = 10
RUNS_AT_MOST = 50
SHORTEST_WITH_INITIAL = 3

Heard = tuple[str, int, int]


class Latin:
    """Reads letters as what they stand for in a set of words."""

    def __init__(self, words: Iterable[str]) -> None:
        known = [word for word in words if len(word) > 1 and not any(one.isascii() and one.isalpha() for one in word)]
        self._index = Index(known)
        self._meant: dict[str, set[str]] = {}
        glyphs = load_glyphs()
        for piece in {piece for word in known for piece in _pieces(word)}:
            sounds = [glyphs.readings(one)[0] for one in piece]
            if all(sound.isascii() and sound.isalpha() for sound in sounds):
                written = "".join(sounds)
                self._meant.setdefault(written, set()).add(piece)
                self._meant.setdefault(written.replace("v", "u"), set()).add(piece)
                if len(piece) == 1:
                    self._meant.setdefault(written[0], set()).add(piece)

    def places(self, text: str) -> list[Heard]:
        """Word, start and end, in a squeezed text or a probe."""
        found: set[Heard] = set()
        for number, match in enumerate(RUN.finditer(text)):
            if number == RUNS_AT_MOST:
                break
            for piece in self._meant.get(match[0], ()):
                found.update(self._read(text, match.start(), match.end(), piece))
        return sorted(found, key=lambda one: (one[1], one[2], one[0]))

    def _read(self, text: str, low: int, high: int, piece: str) -> Iterator[Heard]:
        """The words that stand over [low, high) when these letters are read as `piece`."""
        before, after = text[max(0, low - AROUND) : low], text[high : high + AROUND]
        first, last = len(before), len(before) + len(piece)
        for number, start, end in self._index.hits(before + piece + after):
            word = self._index.wordings[number]
            covers = start <= first and last <= end and len(word) > len(piece)
            if covers and (high - low > 1 or len(word) >= SHORTEST_WITH_INITIAL):
                yield word, low - (first - start), high + (end - last)


def _pieces(word: str) -> Iterator[str]:
    for start in range(len(word)):
        for end in range(start + 1, min(start + LONGEST, len(word)) + 1):
            yield word[start:end]
