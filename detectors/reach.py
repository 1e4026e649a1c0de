"""The most points that rules could come to in a text, before anybody looks closely: too many perhaps, never too few."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from detectors.index import Index
from detectors.openings import Opening
from detectors.rule import Rule

DISGUISED_POINTS = 10
SECONDS_AT_MOST = 25
OFFER_AT_MOST = 25
"""However loudly somebody sells, a harmless word does not become an unlawful one."""


class Reach:
    """`by_speaker` is what who speaks, and the registry, may add to a rule's sum at most."""

    def __init__(self, rules: Sequence[Rule], by_speaker: Mapping[str, int]) -> None:
        self._needs = {rule.id: rule.needs for rule in rules}
        required = [(rule.id, group) for rule in rules for group in rule.context if group.required]
        # A rule that requires nothing, or a phrase, may find something anywhere.
        self._anywhere = {rule.id for rule in rules} - {name for name, _ in required}
        self._anywhere |= {name for name, group in required if group.wordings.phrases}
        self._requires: dict[str, set[str]] = {}
        for name, group in required:
            for word in group.wordings.words:
                self._requires.setdefault(word, set()).add(name)
        self._required = Index(self._requires)
        told: dict[str, list[tuple[str, int]]] = {}
        self._always = {rule.id: OFFER_AT_MOST + by_speaker[rule.id] for rule in rules}
        for rule in rules:
            for number, group in enumerate(rule.context):
                label = f"{rule.id}/{number}"
                if group.wordings.phrases:
                    self._always[rule.id] += max(group.points, 0)
                elif group.points > 0:
                    for word in group.wordings.words:
                        told.setdefault(word, []).append((label, group.points))
        self._index = Index(told)
        self._told = [told[word] for word in self._index.wordings]
        self._by_word = told

    @property
    def required(self) -> frozenset[str]:
        """The words one of which a rule requires somewhere."""
        return frozenset(self._requires)

    def required_in(self, bare: str) -> frozenset[str]:
        """The required words that stand plainly in a probe."""
        return frozenset(self._required.wordings[number] for number, _, _ in self._required.hits(bare))

    def rules_of(self, words: Iterable[str]) -> set[str]:
        """The rules one of whose required words is among these."""
        return self._anywhere.union(*(self._requires[word] for word in words if word in self._requires))

    def suffices(self, bare: str, openings: Iterable[Opening], guessed: Collection[str]) -> bool:
        """Whether some rule's wordings could be enough in a text, of which `bare` is the probe."""
        alone: dict[str, int] = {}
        beside: dict[str, int] = {}
        for one in openings:
            beside[one.rule] = max(beside.get(one.rule, 0), one.words.points)
            if not one.words.supports:
                alone[one.rule] = max(alone.get(one.rule, 0), one.words.points)
        more = DISGUISED_POINTS if guessed else 0
        # One wording may stand in several places, so it may also be what stands beside itself.
        short = {
            rule: self._needs[rule] - points - more - self._always[rule] - min(2 * (beside[rule] // 2), SECONDS_AT_MOST)
            for rule, points in alone.items()
        }
        if any(left <= 0 for left in short.values()):
            return True
        return bool(short) and self._contexts_suffice(bare, short, guessed)

    def _contexts_suffice(self, bare: str, short: Mapping[str, int], guessed: Collection[str]) -> bool:
        present = {number for number, _, _ in self._index.hits(bare)}
        groups = {one for number in present for one in self._told[number]}
        groups |= {one for word in guessed for one in self._by_word.get(word, ())}
        left = dict(short)
        for label, points in groups:
            rule = label.rpartition("/")[0]
            if rule in left:
                left[rule] -= points
                if left[rule] <= 0:
                    return True
        return False
