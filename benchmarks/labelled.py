"""Labelled texts: the real corpus beside the project, and our own invented ones in tests/detectors/labelled.

Reads, splits, counts. What is right is decided by the labels alone, never by what a screen says.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.items import Kind, Listing

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "texts" / "corpus.jsonl"
OWN = ROOT / "tests" / "detectors" / "labelled"
PARTS = ("dev", "test")
GRADES = ("clear", "borderline", "none")
Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One text with what it is guilty of; `planted` are the words an officer would underline, if known."""

    id: str
    labels: frozenset[str]
    grade: str
    near: str
    planted: str
    is_evasive: bool
    source: str
    listing: Listing


def read_labelled(path: Path) -> list[Labelled]:
    """Every line of a JSON Lines file; KeyError and ValueError name what a line lacks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_labelled(json.loads(line), path.stem) for line in lines if line.strip()]


def _labelled(told: Mapping[str, Any], stem: str) -> Labelled:
    labels = frozenset(told["labels"])
    kind = Kind(told["kind"]) if told["kind"] in set(Kind) else Kind.RESULT
    texts = {name: told.get(name, "") for name in ("title", "text", "url", "seller", "price")}
    return Labelled(
        id=told["id"],
        labels=labels,
        grade=told.get("grade", "clear" if labels else "none"),
        near=told.get("near", ""),
        planted=told.get("planted", ""),
        is_evasive=told.get("evasive", False),
        source=told.get("source", stem),
        listing=Listing(platform="", kind=kind, position=1, is_ad=kind is Kind.AD, **texts),
    )


def corpus(part: str) -> list[Labelled]:
    """One part of the real corpus; a source is wholly in one part. Empty when the corpus is not there."""
    if not CORPUS.exists():
        return []
    return [one for one in read_labelled(CORPUS) if part_of(one.source) == part]


def part_of(source: str) -> str:
    """dev or test, by the digest of the source: fixed before the first rule was written."""
    return PARTS[int(hashlib.sha256(source.encode()).hexdigest(), 16) % 2]


def own(part: str) -> list[Labelled]:
    """One part of our own set; each part of a category was written by another author."""
    return [one for path in sorted((OWN / part).glob("*.jsonl")) for one in read_labelled(path)]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with its 95 % interval after Wilson (1927)."""

    part: int
    whole: int

    def __str__(self) -> str:
        if not self.whole:
            return "—"
        low, high = self.interval
        return f"{self.part / self.whole:.3f} ({self.part}/{self.whole}; {low:.2f}–{high:.2f})"

    @property
    def interval(self) -> tuple[float, float]:
        n, share = self.whole, self.part / self.whole
        middle = share + Z * Z / (2 * n)
        reach = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, (middle - reach) / (1 + Z * Z / n)), min(1.0, (middle + reach) / (1 + Z * Z / n))


Found = Mapping[str, frozenset[str]]
"""The categories found in each text, by its id."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a screen found in a set of texts, counted as evaluation/score.py beside the project counts."""

    gold: tuple[Labelled, ...]
    found: Found

    def _flagged(self, grades: Iterable[str]) -> Iterator[Labelled]:
        return (one for one in self.gold if one.grade in grades and self.found[one.id])

    @property
    def precision(self) -> Share:
        hits = sum(1 for _ in self._flagged(["clear"]))
        return Share(hits, hits + sum(1 for _ in self._flagged(["none"])))

    def recall(self, grade: str) -> Share:
        """Flagged texts of a grade; borderline ones count for nothing else."""
        return Share(sum(1 for _ in self._flagged([grade])), sum(one.grade == grade for one in self.gold))

    @property
    def evasive_recall(self) -> Share:
        evasive = [one for one in self.gold if one.is_evasive]
        return Share(sum(bool(self.found[one.id]) for one in evasive), len(evasive))

    def of_category(self, name: str) -> tuple[Share, Share]:
        """Precision and recall of a category."""
        told = [(name in one.labels, name in self.found[one.id]) for one in self.gold if one.grade != "borderline"]
        both = sum(truth and said for truth, said in told)
        return Share(both, sum(said for _, said in told)), Share(both, sum(truth for truth, _ in told))

    def errors(self) -> Iterator[tuple[str, Labelled]]:
        """Every clear text missed or put in another category, every lawful one flagged."""
        for one in self.gold:
            said = self.found[one.id]
            if one.grade == "none" and said:
                yield f"误报 {'、'.join(sorted(said))}", one
            elif one.grade == "clear" and not said:
                yield "漏报", one
            elif one.grade == "clear" and not one.labels & said:
                yield f"归类不同 {'、'.join(sorted(said))}", one
