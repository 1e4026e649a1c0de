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

    @property
    def meanings(self) -> list[str]:
        """The wording of each spelling, by its number."""
        return [self._meant[spelling] for spelling in self._spellings]

    def touches(self, text: str) -> set[int]:
        """The numbers of the spellings that occur at all, borders not asked."""
        return {hit[0] for hit in self._search.find_matches_as_indexes(text, overlapping=True)}

    def places(self, text: str) -> dict[str, list[Place]]:
        """Every place of every wording, in order of their starts."""
        places: dict[str, list[Place]] = {}
        for number, start, end in self._search.find_matches_as_indexes(text, overlapping=True):
            spelling = self._spellings[number]
            if not splits_letters(text, start, end):
                meant = self._meant[spelling]
                places.setdefault(meant, []).append(Place(start, end, meant if meant != spelling else ""))
        for found in places.values():
            found.sort()
        return places


def splits_letters(text: str, start: int, end: int) -> bool:
    """Whether a match begins or ends amid Latin letters: b授权 is not in web授权."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(before) and _is_latin(text[start])) or (_is_latin(after) and _is_latin(text[end - 1]))


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"
