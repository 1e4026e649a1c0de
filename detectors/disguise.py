"""The disguised spellings of a rule word: pinyin, initial letters, sound-alikes, look-alikes.

Only for a small set of distinctive words: over a large one such a search drowns in ordinary text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

from detectors.glyphs import load_glyphs
from detectors.normal import canonical, squeezed
from detectors.strict import read_table

CHARACTERS = Path(__file__).parent / "lexicon" / "disguise.toml"
LONGEST = 6


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one character is hidden."""

    pinyin: str
    alike: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disguises:
    """How characters are hidden, and the words that are understood in disguise wherever a rule uses them."""

    spellings: dict[str, Spelling]
    words: frozenset[str]


def load_disguises(path: Path = CHARACTERS) -> Disguises:
    """The table of characters and the list of words; RuleInvalid names file and place."""
    table = read_table(path)
    spellings: dict[str, Spelling] = {}
    for entry in table.tables("character"):
        character = entry.text("is")
        spelling = Spelling(entry.text("pinyin"), entry.text("alike"), _parts_of(character))
        entry.finish()
        if len(character) != 1 or character in spellings or not spelling.pinyin.isascii():
            raise entry.refuse(f"{character} 应是一个字，只列一次，带它的拼音")
        spellings[character] = spelling
    words = frozenset(table.texts("words"))
    table.finish()
    return Disguises(spellings, words)


def _parts_of(character: str) -> tuple[str, ...]:
    """What a character is split into: 木又. A part that is a radical is joined when the text is squeezed."""
    return tuple(parts for parts in load_glyphs().splits.get(character, ()) if _folded(parts) == parts)


def disguises(word: str, spellings: dict[str, Spelling]) -> frozenset[str]:
    """Other spellings of a word of two to six characters, at most two characters hidden, or all in pinyin.

    A word keeps at least one of its characters, except when three or more are spelled out in full.
    """
    if not 2 <= len(word) <= LONGEST:
        return frozenset()
    found = {_folded(spelled) for spelled in _hidden(word, spellings)}
    if len(word) > 2 and all(one in spellings for one in word):
        found.add("".join(spellings[one].pinyin for one in word))
    return frozenset(found - {word})


def _hidden(word: str, spellings: dict[str, Spelling]) -> Iterator[str]:
    known = [place for place, one in enumerate(word) if one in spellings]
    for count in (1, 2):
        if count >= len(word):
            continue
        for places in combinations(known, count):
            for choice in product(*(_ways(spellings[word[place]], word) for place in places)):
                written = dict(zip(places, choice, strict=True))
                yield "".join(written.get(place, one) for place, one in enumerate(word))


def _ways(spelling: Spelling, word: str) -> tuple[str, ...]:
    # One letter beside one character (挂m, b过) is too little to be told from ordinary text.
    initials = {spelling.pinyin[0], spelling.pinyin[:2] if spelling.pinyin[1] == "h" else spelling.pinyin[0]}
    letters = tuple(sorted(initials)) if len(word) > 2 else ()
    return (spelling.pinyin, *letters, *spelling.alike, *spelling.parts)


def _folded(spelled: str) -> str:
    return squeezed(canonical(spelled)).text
