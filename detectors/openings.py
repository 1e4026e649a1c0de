"""The wordings of all rules, and which of them may stand in a text."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from detectors.index import Index
from detectors.phrase import Phrase
from detectors.rule import Rule, Words
from detectors.sieve import Hit, Sieve


@dataclass(frozen=True, slots=True)
class Opening:
    """One wording of one rule."""

    rule: str
    words: Words
    phrase: Phrase


class Openings:
    """Every wording of a set of rules. `often` and `everyday` say which words tell little; see `Sieve`."""

    def __init__(self, rules: Sequence[Rule], often: Callable[[str], int], everyday: Container[str]) -> None:
        self.every = [
            Opening(rule.id, words, phrase) for rule in rules for words in rule.words for phrase in words.phrases
        ]
        self.sieve = Sieve([one.phrase for one in self.every], often, everyday)

    @property
    def index(self) -> Index:
        return self.sieve.index

    @property
    def parts(self) -> frozenset[str]:
        """Every word that one of their slots takes."""
        return frozenset(self.index.wordings)

    def standing(self, hits: Sequence[Hit]) -> list[Opening]:
        """The wordings that may stand where these parts do, in the rules' order."""
        return [self.every[number] for number in self.sieve.standing(hits)]

    def filled(self, parts: Sequence[int]) -> list[Opening]:
        """The wordings all of whose slots these parts fill."""
        return [self.every[number] for number in self.sieve.filled(parts)]
