"""Words that a reader hears or sees in a text although they are not written there: 包手全, baoshouquan, 包扌受权.

Only for a small set of distinctive words: over a large one such a search drowns in ordinary text. It needs no
list of disguises, only tables of single characters, and it never says what a word means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from ahocorasick_rs import BytesAhoCorasick
from numpy.typing import NDArray

from detectors.glyphs import Glyphs, load_glyphs, merged
from detectors.spelling import LOST, ONE, Spelling, spellings

LETTERS = {chr(code): code - 0x60 for code in range(ord("a"), ord("z") + 1)}
LOST_CODE = 27
FIRST_SOUND, LAST_SOUND = 28, 255
LAYERS = 3
KNOWN = 0x10000
MASKING = "？?*＊×□■●○◯▢\ufffd"
FULL_LATIN_AT_LEAST = 6

# What was squeezed out of the original right before a place of the view.
Gaps = Callable[[int], str]


class Ordinary(Protocol):
    """Knows the words of the language as they are plainly written; the caller has the dictionary."""

    def is_ordinary(self, text: str, start: int, end: int) -> bool:
        """Whether [start, end) of a squeezed text makes plain sense: a dictionary word lies across one of
        its ends (沟通到|…), or it consists of nothing but dictionary words of two characters or more.
        """


class Hit(NamedTuple):
    spelling: Spelling
    start: int
    end: int


class Sound:
    """Hears a set of words. `ordinary` is asked before characters that were exchanged count as a disguise."""

    def __init__(
        self, words: Iterable[str], ordinary: Ordinary | None = None, particles: str = "", glyphs: Glyphs | None = None
    ) -> None:
        self._glyphs = glyphs or load_glyphs()
        self._words = frozenset(word for word in words if len(word) > 1)
        self._ordinary = ordinary
        self._particles = frozenset(particles)
        self._codes = _sound_codes(self._words, self._glyphs)
        known = [one for word in sorted(self._words) for one in spellings(word, self._glyphs)]
        patterns: dict[bytes, list[Spelling]] = {}
        for spelling in known:
            for pattern in self._patterns(spelling):
                patterns.setdefault(pattern, []).append(spelling)
        self._meant = list(patterns.values())
        self._search = BytesAhoCorasick(list(patterns))
        self._tables = _layers(self._words, self._glyphs, self._codes)

    def _patterns(self, spelling: Spelling) -> set[bytes]:
        """The codes of a spelling, once for every reading of the characters that stand for themselves."""
        found = {b""}
        for character, piece in zip(spelling.word, spelling.pieces, strict=True):
            for one in piece:
                codes = self._heard(character) if one == ONE else {self._code_of(one)}
                found = {before + bytes([code]) for before in found for code in codes}
        return found

    def _heard(self, character: str) -> set[int]:
        if character in LETTERS:
            return {LETTERS[character]}
        return {self._codes[merged(one)] for one in self._glyphs.readings(character)}

    def _code_of(self, character: str) -> int:
        if character in LETTERS:
            return LETTERS[character]
        return LOST_CODE if character == LOST else self._codes[merged(self._glyphs.readings(character)[0])]

    def may(self, bare: str, raw: str = "") -> bool:
        """Whether `places` may find anything, asked of a probe; masks count only if `raw` has any."""
        return bool(self.guesses(bare, raw))

    def guesses(self, bare: str, raw: str = "") -> frozenset[str]:
        """The words that may be there in disguise. Never fewer than `places` finds in the squeezed text."""
        masked = any(mask in raw for mask in MASKING)
        hits = (hit for hit in self._hits(bare) if masked or not hit.spelling.has_hole)
        return frozenset(hit.spelling.word for hit in hits if self._is_hidden(bare, hit))

    def places(self, text: str, gaps: Gaps | None = None) -> list[tuple[str, int, int]]:
        """Word, start and end in a squeezed text. Without `gaps`, masks that were squeezed out go unseen."""
        found = {
            (hit.spelling.word, hit.start, hit.end)
            for hit in self._hits(text)
            if self._is_hidden(text, hit) and self._is_meant(text, hit, gaps)
        }
        return sorted(found, key=lambda one: (one[1], one[2], one[0]))

    def _hits(self, text: str) -> Iterator[Hit]:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.int32)
        seen: set[bytes] = set()
        for table in self._tables:
            view = table.take(codes, mode="clip").tobytes()
            if view not in seen:
                seen.add(view)
                for number, start, end in self._search.find_matches_as_indexes(view, overlapping=True):
                    for spelling in self._meant[number]:
                        yield Hit(spelling, start, end)

    def _is_hidden(self, text: str, hit: Hit) -> bool:
        """Whether the surface is that spelling, is no word of ours itself, and keeps enough of this one."""
        spelling, start, end = hit
        surface = text[start:end]
        if surface in self._words or _splits_letters(text, start, end):
            return False
        count = self._kept(spelling, surface)
        return count is not None and _is_enough(spelling, surface, *count)

    def _kept(self, spelling: Spelling, surface: str) -> tuple[int, int] | None:
        """How many characters stand as they are or are spelled out, and how many are exchanged; None: another text."""
        kept = weak = place = 0
        for character, piece in zip(spelling.word, spelling.pieces, strict=True):
            shown = surface[place : place + len(piece)]
            place += len(piece)
            if piece == ONE:
                same = shown == character
                if not same and not self._is_alike(character, shown):
                    return None
                kept, weak = kept + same, weak + (not same)
            elif shown != piece.replace(ONE, character):
                return None
            else:
                kept, weak = kept + (len(piece) > 1), weak + (len(piece) == 1)
        return kept, weak

    def _is_alike(self, character: str, shown: str) -> bool:
        if shown in self._glyphs.looks.get(character, ()):
            return True
        return self._glyphs.sound_alike(character, shown)

    def _is_meant(self, text: str, hit: Hit, gaps: Gaps | None) -> bool:
        spelling, start, end = hit
        if spelling.has_hole:
            return _is_damaged(hit, gaps)
        exchanged = [one for one, character in zip(text[start:end], spelling.word, strict=False) if one != character]
        if "".join(exchanged).isascii() or any(piece != ONE for piece in spelling.pieces):
            return True
        if len(spelling.word) == 2 and not self._particles.isdisjoint(exchanged):
            return False
        return self._ordinary is None or not self._ordinary.is_ordinary(text, start, end)


def _is_enough(spelling: Spelling, surface: str, kept: int, weak: int) -> bool:
    length = len(spelling.word)
    if spelling.has_hole:
        return weak <= 1 and kept >= length - 1
    if surface.isascii():
        return weak == 0 and len(surface) >= FULL_LATIN_AT_LEAST
    return kept >= 1 and weak <= max(2, length - 2) and weak < length


def _is_damaged(hit: Hit, gaps: Gaps | None) -> bool:
    """Whether a character was masked or lost where the spelling has a hole."""
    place = hit.start
    for piece in hit.spelling.pieces:
        if piece == "":
            return gaps is not None and any(mask in gaps(place) for mask in MASKING)
        place += len(piece)
    return True


def _splits_letters(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before in LETTERS and text[start] in LETTERS) or (after in LETTERS and text[end - 1] in LETTERS)


def _sound_codes(words: Iterable[str], glyphs: Glyphs) -> dict[str, int]:
    """A code for every sound that a pattern holds. What is too many shares a code; the surface decides anyway."""
    characters = sorted({one for word in words for one in word})
    parts = sorted({one for character in characters for part in glyphs.splits.get(character, ()) for one in part})
    needed = [merged(sound) for one in (*characters, *parts, *"某口囗〇0") for sound in glyphs.readings(one)]
    room = LAST_SOUND - FIRST_SOUND + 1
    return {sound: FIRST_SOUND + number % room for number, sound in enumerate(dict.fromkeys(needed))}


def _layers(words: Iterable[str], glyphs: Glyphs, codes: dict[str, int]) -> list[NDArray[np.uint8]]:
    """Tables from character to code: the first by its usual sound, the others by what else it may stand for."""
    meant = {
        character: [codes[one] for one in map(merged, sounds) if one in codes]
        for character, sounds in glyphs.sounds.items()
    }
    meant |= {one: [code] for one, code in codes.items() if len(one) == 1 and one not in LETTERS}
    for character in {one for word in words for one in word}:
        for alike in glyphs.looks.get(character, ()):
            meant.setdefault(alike, []).append(codes[merged(glyphs.readings(character)[0])])
    tables = [np.zeros(KNOWN + 1, dtype=np.uint8) for _ in range(LAYERS)]
    for character, choices in meant.items():
        several = list(dict.fromkeys(choices))
        for number, table in enumerate(tables):
            if several:
                table[ord(character)] = several[min(number, len(several) - 1)]
    for table in tables:
        for letter, code in LETTERS.items():
            table[ord(letter)] = code
        table[ord(LOST)] = LOST_CODE
    return tables
