"""One pass over a squeezed text that says where every known wording stands.

It finds, it does not weigh: whether a place is a word, and what it means there, is for others.
"""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick

from detectors.phrase import Place


class Index:
    """Wordings searched together."""

    def __init__(self, wordings: Iterable[str]) -> None:
        self.wordings = sorted(wordings)
        self.number_of = {wording: number for number, wording in enumerate(self.wordings)}
        self._search = AhoCorasick(self.wordings)
        self._is_latin = [_is_latin(wording[0]) or _is_latin(wording[-1]) for wording in self.wordings]

    def hits(self, text: str) -> list[tuple[int, int, int]]:
        """Number, start and end of every wording that occurs at all, borders not asked."""
        return self._search.find_matches_as_indexes(text, overlapping=True)

    def whole(self, text: str) -> list[tuple[int, int, int]]:
        """The hits that do not begin or end amid Latin letters."""
        is_latin = self._is_latin
        return [hit for hit in self.hits(text) if not is_latin[hit[0]] or not splits_letters(text, hit[1], hit[2])]

    def places(self, text: str) -> dict[str, list[Place]]:
        """Every place of every wording, in order of their starts."""
        places: dict[str, list[Place]] = {}
        for number, start, end in self.whole(text):
            places.setdefault(self.wordings[number], []).append(Place(start, end))
        for found in places.values():
            found.sort()
        return places


def splits_letters(text: str, start: int, end: int) -> bool:
    """Whether a match begins or ends amid Latin letters: b授权 is not in web授权."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(before) and _is_latin(text[start])) or (_is_latin(after) and _is_latin(text[end - 1]))


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"
