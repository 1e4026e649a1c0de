"""One pass over a squeezed text that says where every known wording stands.

It finds, it does not weigh: whether a place is a word, and what it means there, is for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ahocorasick_rs import AhoCorasick

from detectors.phrase import Place


class Index:
    """Wordings with their other spellings, searched together. `spelled` maps spelling to wording."""

    def __init__(self, wordings: Iterable[str], spelled: Mapping[str, str]) -> None:
        self._meant = {**spelled, **{wording: wording for wording in wordings}}
        self._spellings = sorted(self._meant)
        self._search = AhoCorasick(self._spellings)
        self._known = [self._seen_as(spelling) for spelling in self._spellings]

    def _seen_as(self, spelling: str) -> tuple[str, str, bool]:
        """The wording, the wording again if the spelling hides it, and whether Latin letters may be split."""
        meant = self._meant[spelling]
        return meant, meant if meant != spelling else "", _is_latin(spelling[0]) or _is_latin(spelling[-1])

    @property
    def meanings(self) -> list[str]:
        """The wording of each spelling, by its number."""
        return [self._meant[spelling] for spelling in self._spellings]

    def hits(self, text: str) -> list[tuple[int, int, int]]:
        """The number, start and end of every spelling that occurs at all, borders not asked."""
        return self._search.find_matches_as_indexes(text, overlapping=True)

    def places(self, text: str) -> dict[str, list[Place]]:
        """Every place of every wording, in order of their starts."""
        places: dict[str, list[Place]] = {}
        for number, start, end in self._search.find_matches_as_indexes(text, overlapping=True):
            meant, disguised, is_latin = self._known[number]
            if not is_latin or not splits_letters(text, start, end):
                places.setdefault(meant, []).append(Place(start, end, disguised))
        for found in places.values():
            found.sort()
        return places


def splits_letters(text: str, start: int, end: int) -> bool:
    """Whether a match begins or ends amid Latin letters: b授权 is not in web授权."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(before) and _is_latin(text[start])) or (_is_latin(after) and _is_latin(text[end - 1]))


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"
