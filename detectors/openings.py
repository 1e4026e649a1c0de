"""The wordings of all rules, and which of them may stand in a text."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        names = np.array([one.rule for one in self.every])
        self._of_rule = {rule.id: names == rule.id for rule in rules}

    @property
    def index(self) -> Index:
        return self.sieve.index

    @property
    def parts(self) -> frozenset[str]:
        """Every word that one of their slots takes."""
        return frozenset(self.index.wordings)

    def of_rules(self, rules: Iterable[str]) -> NDArray[np.bool_]:
        """Which wordings belong to these rules."""
        wanted: NDArray[np.bool_] = np.logical_or.reduce([self._of_rule[rule] for rule in rules])
        return wanted

    def standing(self, hits: Sequence[Hit], asked_for: NDArray[np.bool_] | None = None) -> list[Opening]:
        """The wordings that may stand where these parts do, in the rules' order."""
        return [self.every[number] for number in self.sieve.standing(hits, asked_for)]

    def filled(self, parts: Sequence[int], asked_for: NDArray[np.bool_] | None = None) -> list[Opening]:
        """The wordings all of whose slots these parts fill."""
        return [self.every[number] for number in self.sieve.filled(parts, asked_for)]
