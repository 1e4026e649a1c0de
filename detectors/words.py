"""Word borders by jieba, the only file that knows it: is a candidate a word here, or cut out of two?

It refuses to write jieba's cache file, and cuts only the run of characters around a candidate.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

import jieba

from detectors.strict import read_table

# jieba itself cuts at everything that is no Han character, letter or digit, so a run between two
# marks is cut exactly as it would be within the whole text.
RUN = re.compile(r"[\u3400-\u9fffa-zA-Z0-9+#&._%\-]+")
ORDINARY = Path(__file__).parent / "lexicon" / "ordinary.toml"
REACH = 40
LONGEST_BEFORE = 3
# The dictionary also lists words met a few times in millions; nobody would read 砖利 for the sake of one.
USUAL = 100


@dataclass(frozen=True, slots=True)
class Ordinary:
    """`words` that the dictionary lacks, and `everyday` ones that every listing of this trade has."""

    words: tuple[str, ...]
    everyday: frozenset[str]


class Borders:
    """Knows every rule word and says whether a span begins and ends where words do."""

    def __init__(self, words: Iterable[str], ordinary: Iterable[str] = ()) -> None:
        self._tokenizer = jieba.Tokenizer()
        # initialize() would write jieba.cache into a shared temporary folder.
        self._tokenizer.FREQ, self._tokenizer.total = jieba.Tokenizer.gen_pfdict(self._tokenizer.get_dict_file())
        self._tokenizer.initialized = True
        for word in sorted(ordinary):
            self._tokenizer.add_word(word)
        self._plain = jieba.Tokenizer()
        self._plain.FREQ, self._plain.total = dict(self._tokenizer.FREQ), self._tokenizer.total
        self._plain.initialized = True
        rule_words = sorted(words)
        self._added = frozenset(word for word in rule_words if not self._tokenizer.FREQ.get(word))
        for word in rule_words:
            self._tokenizer.add_word(word)
        self._longest = max(len(word) for word, often in self._tokenizer.FREQ.items() if often)
        self._edges = lru_cache(maxsize=4096)(self._cut)
        self._plain_edges = lru_cache(maxsize=4096)(self._cut_plainly)

    def frequency(self, word: str) -> int:
        """How often the dictionary has met a word; 0 for one it lacks, ours too."""
        return 0 if word in self._added else int(self._tokenizer.FREQ.get(word) or 0)

    def cut(self, run: str) -> tuple[str, ...]:
        """The words of a run, by dictionary only: guessed words would swallow ours (师挂证)."""
        return tuple(self._tokenizer.cut(run, HMM=False))

    def _cut(self, run: str) -> tuple[int, ...]:
        return (0, *accumulate(len(word) for word in self.cut(run)))

    def _cut_plainly(self, run: str) -> tuple[int, ...]:
        """The cuts of one who has not learned our words, which rob their neighbours: 让您|的名字."""
        return (0, *accumulate(len(word) for word in self._plain.cut(run, HMM=False)))

    def at_borders(self, text: str, start: int, end: int) -> tuple[bool, bool]:
        """Whether a word begins at `start`, and whether one ends at `end`, of a squeezed text."""
        left = _last_run(text[max(0, start - REACH) : start])
        run = left + text[start:end] + _first_run(text[end : end + REACH])
        low, high = len(left), len(left) + end - start
        return (
            not self._may_span(run, low) or self._begins(run, low, high),
            not self._may_span(run, high) or high in self._edges(run) or high in self._plain_edges(run),
        )

    def is_ordinary(self, text: str, start: int, end: int) -> bool:
        """Whether [start, end) of a squeezed text makes plain sense: a usual word lies across one of its
        ends, or it consists of usual words of two characters or more. Our own words do not count.
        """
        left = _last_run(text[max(0, start - REACH) : start])
        run = left + text[start:end] + _first_run(text[end : end + REACH])
        low, high = len(left), len(left) + end - start
        if self._may_span(run, low, USUAL) or self._may_span(run, high, USUAL):
            return True
        edges = self._edges(run)
        within = [edge for edge in edges if low <= edge <= high]
        words = [run[one:next_] for one, next_ in pairwise(within)]
        return bool(words) and all(len(word) > 1 and self.frequency(word) >= USUAL for word in words)

    def _begins(self, run: str, low: int, high: int) -> bool:
        edges = self._edges(run)
        if low not in edges and not self._is_head(run, low, high, edges):
            return low in self._plain_edges(run)
        return not self._is_robbed(run, low, edges)

    def _may_span(self, run: str, place: int, often: int = 1) -> bool:
        """Whether some word met so often could lie across a place. Where none can, every way of cutting cuts there."""
        if not 0 < place < len(run):
            return False
        if run[place - 1].isascii() and run[place].isascii():
            return True
        known = self._tokenizer.FREQ
        for start in range(max(0, place - self._longest), place):
            end = start + 1
            # The dictionary lists every beginning of its words too, with frequency 0.
            while end <= len(run) and run[start:end] in known:
                if end > place and known[run[start:end]] >= often:
                    return True
                end += 1
        return False

    def _is_robbed(self, run: str, low: int, edges: tuple[int, ...]) -> bool:
        """Whether a rule word took its first character from a word before it: 书包|过审, however rare 过审 is."""
        if run[low : edges[bisect_right(edges, low)]] not in self._added:
            return False
        before = (run[low - length : low + 1] for length in range(1, min(low, LONGEST_BEFORE) + 1))
        return any(self._tokenizer.FREQ.get(word, 0) > 0 and word not in self._added for word in before)

    def _is_head(self, run: str, low: int, high: int, edges: tuple[int, ...]) -> bool:
        """Whether the word that `low` cuts ends in a word of its own: 专利 in 发明专利, not 包 in 钱包."""
        tail = run[low : edges[bisect_right(edges, low)]]
        return 2 <= len(tail) <= high - low and bool(self._tokenizer.FREQ.get(tail))


def load_ordinary(path: Path = ORDINARY) -> Ordinary:
    """The lists of ordinary words; RuleInvalid names file and place."""
    table = read_table(path)
    ordinary = Ordinary(table.texts("words"), frozenset(table.texts("everyday")))
    table.finish()
    return ordinary


def _last_run(text: str) -> str:
    return _first_run(text[::-1])[::-1]


def _first_run(text: str) -> str:
    match = RUN.match(text)
    return match[0] if match else ""
