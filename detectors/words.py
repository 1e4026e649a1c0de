"""Word borders by jieba, the only file that knows it: is a candidate a word here, or cut out of two?

It refuses to write jieba's cache file, and cuts only the run of characters around a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import jieba

# jieba itself cuts at everything that is no Han character, letter or digit, so a run between two
# marks is cut exactly as it would be within the whole text.
RUN = re.compile(r"[\u3400-\u9fffa-zA-Z0-9+#&._%\-]+")
REACH = 40


class Borders:
    """Knows every rule word and says whether a span begins and ends where words do."""

    def __init__(self, words: Iterable[str]) -> None:
        self._tokenizer = jieba.Tokenizer()
        # initialize() would write jieba.cache into a shared temporary folder.
        self._tokenizer.FREQ, self._tokenizer.total = jieba.Tokenizer.gen_pfdict(self._tokenizer.get_dict_file())
        self._tokenizer.initialized = True
        for word in sorted(words):
            self._tokenizer.add_word(word)
        self._edges = lru_cache(maxsize=4096)(self._cut)

    def cut(self, run: str) -> tuple[str, ...]:
        """The words of a run, by dictionary only: guessed words would swallow ours (师挂证)."""
        return tuple(self._tokenizer.cut(run, HMM=False))

    def _cut(self, run: str) -> frozenset[int]:
        edges, place = {0}, 0
        for word in self.cut(run):
            place += len(word)
            edges.add(place)
        return frozenset(edges)

    def holds(self, text: str, start: int, end: int) -> bool:
        """Whether [start, end) of a squeezed text begins and ends at word borders."""
        low, high = max(0, start - REACH), min(len(text), end + REACH)
        before, after = text[low:start], text[end:high]
        left = _last_run(before)
        run = left + text[start:end] + _first_run(after)
        edges = self._edges(run)
        return len(left) in edges and len(left) + end - start in edges


def _last_run(text: str) -> str:
    place = len(text)
    while place and RUN.fullmatch(text[place - 1]):
        place -= 1
    return text[place:]


def _first_run(text: str) -> str:
    match = RUN.match(text)
    return match[0] if match else ""
