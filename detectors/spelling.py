"""The ways in which a word may be written so that a filter misses it, as templates of its characters.

It says what can be written, not whether a text means it: that is for sound.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, product

from detectors.glyphs import Glyphs

# Stands for the character itself or one that sounds or looks like it.
ONE = "\0"
LOST = "？"
# What is written over a character that shall not be read; ？ and rare characters also are what converters leave.
MASKS = ("", LOST, LOST * 2, "x", "xx", "o", "0", "某", "口", "囗", "〇")
ALL_WAYS_UP_TO = 4


class Way(Enum):
    """By what a word is hidden."""

    ALIKE = "characters that sound or look like it"
    SPELLED = "pinyin, first letters or parts of characters"
    MASKED = "a character lost or covered"
    SWAPPED = "two neighbours in each other's place"
    SPUN = "another word put in by machine"


@dataclass(frozen=True, slots=True)
class Spelling:
    """A word, and for each of its characters what is written: ONE, letters, parts, a mask or nothing."""

    word: str
    pieces: tuple[str, ...]
    way: Way


def spellings(word: str, glyphs: Glyphs, spun: Mapping[str, str]) -> Iterator[Spelling]:
    """Every spelling of a word of at least two characters. `spun`: words and what machines put for them."""
    bare = (ONE,) * len(word)
    yield Spelling(word, bare, Way.ALIKE)
    for place, character in enumerate(word):
        for other in glyphs.mistaken(character):
            yield Spelling(word, (*bare[:place], other, *bare[place + 1 :]), Way.ALIKE)
    latin = [_latin(one, glyphs) for one in word]
    spelled = [_some(word, latin), _some(word, [glyphs.splits.get(one, ()) for one in word]), _glossed(word, latin)]
    if len(word) > 2:
        spelled.append(_initialled(word, latin))
    yield from (Spelling(word, pieces, Way.SPELLED) for several in spelled for pieces in several)
    for place, mask in product(range(1, len(word) - 1), MASKS):
        yield Spelling(word, (*bare[:place], mask, *bare[place + 1 :]), Way.MASKED)
    for place in range(len(word) - 1 if len(word) > 2 else 0):
        if word[place] != word[place + 1]:
            yield Spelling(word, (*word[:place], word[place + 1], word[place], *word[place + 2 :]), Way.SWAPPED)
    for plain, put in spun.items():
        if plain in word:
            yield Spelling(word, tuple(word.replace(plain, put)), Way.SPUN)


def _latin(character: str, glyphs: Glyphs) -> tuple[str, ...]:
    """How a character is spelled in letters; lü is written lv and, folded, lu."""
    readings = [one for one in glyphs.readings(character) if one.isascii() and one.isalpha() and one != character]
    return tuple(dict.fromkeys(one for reading in readings for one in (reading, reading.replace("v", "u"))))


def _some(word: str, ways: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One or more characters written in their ways: all subsets of a short word, one, two or all of a long one."""
    known = [place for place, choices in enumerate(ways) if choices]
    counts = [count for count in range(1, len(known) + 1) if count <= 2 or len(word) <= ALL_WAYS_UP_TO]
    for count in dict.fromkeys((*counts, len(known))):
        for places in combinations(known, count) if count else ():
            # Of a third character and more, the first way is enough.
            choices = [ways[place] if count <= 2 else ways[place][:1] for place in places]
            for choice in product(*choices):
                written = dict(zip(places, choice, strict=True))
                yield tuple(written.get(place, ONE) for place in range(len(word)))


def _glossed(word: str, latin: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """The pinyin beside its own character, as pages that lost their ruby or brackets have it: 发fa明人, fa发明人."""
    every = tuple(choices[0] if choices else "" for choices in latin)
    yield tuple(ONE + one for one in every)
    yield tuple(one + ONE for one in every)
    for place, one in enumerate(every):
        for piece in (ONE + one, one + ONE) if one else ():
            yield (*(ONE,) * place, piece, *(ONE,) * (len(word) - place - 1))


def _initialled(word: str, latin: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One character as its first letters, the others bare or one of them spelled out; or two neighbours so."""
    initials = [tuple(dict.fromkeys(_initials(one))) for one in latin]
    for place, choices in enumerate(initials):
        for letters in choices:
            pieces = [ONE] * len(word)
            pieces[place] = letters
            yield tuple(pieces)
            for other in range(len(word)):
                for spelled in latin[other] if other != place else ():
                    yield tuple(spelled if here == other else piece for here, piece in enumerate(pieces))
            for letters_after in initials[place + 1] if place + 1 < len(word) else ():
                yield (*pieces[: place + 1], letters_after, *pieces[place + 2 :])


def _initials(readings: Sequence[str]) -> Iterator[str]:
    for reading in readings:
        yield reading[0]
        if reading[1:2] == "h":
            yield reading[:2]
