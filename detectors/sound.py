"""Words that a reader hears or sees in a text although they are not written there: 包手全, baoshouquan, 包木又.

Only for a small set of distinctive words: over a large one such a search drowns in ordinary text. It needs no
list of disguises, only tables of single characters, and it never says what a word means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from ahocorasick_rs import BytesAhoCorasick

from detectors.codes import LETTERS, Codes
from detectors.glyphs import LEXICON, is_common, is_rare, load_glyphs
from detectors.spelling import LOST, ONE, Spelling, Way, spellings
from detectors.strict import read_table

MASKING = "？?*＊×□■●○◯▢\ufffd"
PRIVATE = ("\ue000", "\uf8ff")
FULL_LATIN_AT_LEAST = 5
REMEMBERED = 1 << 15
WEIGHED_AT_MOST = 2000
# Ways in which all other characters stand as they are.
EXACT = frozenset((Way.MASKED, Way.SWAPPED, Way.SPUN))

# What was squeezed out of the original right before a place of the view.
Gaps = Callable[[int], str]


class Ordinary(Protocol):
    """Knows the words of the language as they are plainly written; the caller has the dictionary."""

    def is_ordinary(self, text: str, start: int, end: int) -> bool:
        """Whether [start, end) of a squeezed text makes plain sense: a dictionary word lies across one of
        its ends (沟通到|…), or it consists of nothing but usual dictionary words of two characters or more.
        """


@dataclass(frozen=True, slots=True)
class Habits:
    """What writers do. `particles` stand alone in any text; `spun` words are put in by machine for others."""

    particles: frozenset[str]
    spun: dict[str, str]
    spun_beside: dict[str, str]


def load_habits(path: Path = LEXICON / "habits.toml") -> Habits:
    """The table of habits; RuleInvalid names file and place."""
    table = read_table(path)
    particles = frozenset(table.text("particles"))
    spun, beside = ({name: one.text(name) for name in one.names()} for one in map(table.table, ("spun", "spun_beside")))
    table.finish()
    return Habits(particles, spun, beside)


class Hit(NamedTuple):
    spelling: Spelling
    start: int
    end: int


class Sound:
    """Hears a set of words. `ordinary` is asked before characters that were exchanged count as a disguise."""

    def __init__(self, words: Iterable[str], ordinary: Ordinary | None = None, habits: Habits | None = None) -> None:
        self._glyphs = load_glyphs()
        self._words = frozenset(word for word in words if len(word) > 1)
        self._ordinary = ordinary
        self._habits = habits or load_habits()
        spun = self._habits.spun | self._habits.spun_beside
        known = [one for word in sorted(self._words) for one in spellings(word, self._glyphs, spun)]
        self._codes = Codes(known, self._glyphs)
        patterns: dict[bytes, list[Spelling]] = {}
        for spelling in known:
            for pattern in self._codes.patterns(spelling):
                patterns.setdefault(pattern, []).append(spelling)
        self._meant = list(patterns.values())
        self._search = BytesAhoCorasick(list(patterns))
        # The same few surfaces come again and again: 公式 for a rule word 公示.
        self._written = lru_cache(maxsize=REMEMBERED)(self._compared)

    def may(self, bare: str, raw: str = "") -> bool:
        """Whether `places` may find anything, asked of a probe; masks count only if `raw` has any."""
        return any(True for _ in self._guessed(bare, raw))

    def guesses(self, bare: str, raw: str = "") -> frozenset[str]:
        """The words that may be there in disguise; never fewer than `places` finds in the squeezed text, but where
        squeezing puts a side form (扌) and its other part together: that always deserves a look.
        """
        return frozenset(hit.spelling.word for hit in self._guessed(bare, raw))

    def _guessed(self, bare: str, raw: str) -> Iterator[Hit]:
        masked = _has_mask(raw)
        return (hit for hit in self._hits(bare) if masked or "" not in hit.spelling.pieces)

    def places(self, text: str, gaps: Gaps | None = None) -> list[tuple[str, int, int]]:
        """Word, start and end in a squeezed text. Without `gaps`, masks that were squeezed out go unseen.

        Of one text's hits WEIGHED_AT_MOST are looked at: more would not change what it says.
        """
        hits = islice(self._hits(text), WEIGHED_AT_MOST)
        found = {(hit.spelling.word, hit.start, hit.end) for hit in hits if self._is_meant(text, hit, gaps)}
        return sorted(found, key=lambda one: (one[1], one[2], one[0]))

    def _hits(self, text: str) -> Iterator[Hit]:
        for view in self._codes.views(text):
            for number, start, end in self._search.find_matches_as_indexes(view, overlapping=True):
                spelled = self._written(number, text[start:end])
                if spelled and not _splits_letters(text, start, end):
                    for spelling in spelled:
                        yield Hit(spelling, start, end)

    def _compared(self, number: int, surface: str) -> tuple[Spelling, ...]:
        """Those spellings of one pattern that the surface is. A word of ours as it stands hides no other."""
        meant = self._meant[number]
        if surface in self._words:
            meant = [one for one in meant if one.way is Way.MASKED]
        return tuple(one for one in meant if self._is_enough(one, surface))

    def _is_enough(self, spelling: Spelling, surface: str) -> bool:
        """Whether the surface is that spelling and keeps enough of the word."""
        kept, length = self._kept(spelling, surface), len(spelling.word)
        if kept is None or spelling.way in EXACT:
            return kept is not None
        if surface.isascii():
            return kept == length and len(surface) >= FULL_LATIN_AT_LEAST
        return kept >= length // 2 and (spelling.way is not Way.ALIKE or not self._is_plain(spelling.word, surface))

    def _kept(self, spelling: Spelling, surface: str) -> int | None:
        """How many characters stand as they are, are spelled out or taken apart; None: it is another text."""
        kept, place, only_looks = 0, 0, 0
        for character, piece in zip(spelling.word, spelling.pieces, strict=True):
            shown = surface[place : place + len(piece)]
            place += len(piece)
            if piece == ONE and shown != character and (spelling.way in EXACT or not self._is_alike(character, shown)):
                return None
            if piece != ONE and not _is_piece(shown, piece, character):
                return None
            kept += shown == character or len(piece) > 1 or piece in self._glyphs.readings(character)
            exchanged = len(shown) == 1 and shown != character and spelling.way is Way.ALIKE
            only_looks += exchanged and self._only_looks(character, shown)
        # A common character stands mostly for itself, so that all the rest must be kept.
        return None if only_looks and kept < len(spelling.word) - 1 else kept

    def _is_alike(self, character: str, shown: str) -> bool:
        return shown in self._glyphs.looks.get(character, "") or self._glyphs.sound_alike(character, shown)

    def _only_looks(self, character: str, shown: str) -> bool:
        """Whether a common character is there for its looks alone, and is not the one that nobody tells apart (入)."""
        nearest = self._glyphs.looks.get(character, "")[:1]
        return is_common(shown) and shown != nearest and not self._glyphs.sound_alike(character, shown)

    def _is_plain(self, word: str, surface: str) -> bool:
        """Whether the surface, of the word's length, says something of its own wherever it stands."""
        exchanged = {one for one, character in zip(surface, word, strict=True) if one != character}
        beside_one = len(word) == 2 and not self._habits.particles.isdisjoint(exchanged)
        return beside_one or (not any(map(str.isdigit, exchanged)) and self._is_ordinary(surface, 0, len(surface)))

    def _is_meant(self, text: str, hit: Hit, gaps: Gaps | None) -> bool:
        """Whether that spelling is meant where it stands."""
        way = hit.spelling.way
        if way is Way.MASKED:
            return _is_damaged(hit, gaps)
        if way is Way.SPUN:
            return self._is_spun(text, hit.spelling)
        if way is Way.SPELLED or any(map(str.isdigit, text[hit.start : hit.end])):
            return True
        return not self._is_ordinary(text, hit.start, hit.end) and not self._is_beside(text, hit)

    def _is_beside(self, text: str, hit: Hit) -> bool:
        """Whether a character that mostly means itself stands beside words: 专利代理|是, 累|代理; not in 绿色通到."""
        start, end, word = hit.start, hit.end, hit.spelling.word
        edges = ((text[start], word[0], text[start + 1 : end]), (text[end - 1], word[-1], text[start : end - 1]))
        return len(word) > 2 and any(
            shown != character
            and (shown in self._habits.particles or self._only_looks(character, shown))
            and (rest in self._words or self._is_ordinary(rest, 0, len(rest)))
            for shown, character, rest in edges
        )

    def _is_ordinary(self, text: str, start: int, end: int) -> bool:
        return self._ordinary is not None and self._ordinary.is_ordinary(text, start, end)

    def _is_spun(self, text: str, spelling: Spelling) -> bool:
        """A word that people too write (允许) is machine's only beside one that they do not (署理)."""
        written = "".join(spelling.pieces)
        alone = any(put in written for put in self._habits.spun.values())
        return alone or any(put in text for put in self._habits.spun.values())


def _is_piece(shown: str, piece: str, character: str) -> bool:
    if piece[:1] == LOST:
        return all(one == LOST or is_rare(one) for one in shown)
    return shown == piece.replace(ONE, character)


def _is_damaged(hit: Hit, gaps: Gaps | None) -> bool:
    """Whether a character was masked or lost where the spelling has a hole."""
    place = hit.start
    for piece in hit.spelling.pieces:
        if not piece:
            return gaps is not None and _has_mask(gaps(place))
        place += len(piece)
    return True


def _has_mask(raw: str) -> bool:
    return any(mask in raw for mask in MASKING) or (not raw.isascii() and max(raw) >= PRIVATE[0])


def _splits_letters(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before in LETTERS and text[start] in LETTERS) or (after in LETTERS and text[end - 1] in LETTERS)
