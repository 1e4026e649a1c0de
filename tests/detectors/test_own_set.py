"""Our own labelled set: enough of everything, found in the right category, also disguised, and quoted verbatim.

Floors, not records: they guard what was reached on texts that rule writers have read. They foretell nothing.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from benchmarks.evaluate import STATUTORY, Attempt, attempts, judged
from benchmarks.evasions import WAYS
from benchmarks.labelled import Score, Share, own
from detectors.rule import CATEGORIES
from detectors.screen import Screen, load_screen


@cache
def screen() -> Screen:
    return load_screen()


@cache
def score() -> Score:
    return judged(screen(), own("dev"))


@cache
def tried() -> tuple[Attempt, ...]:
    return tuple(attempts(screen(), own("dev")))


def share(part: Share) -> float:
    return part.part / part.whole


@pytest.mark.parametrize("part", ["dev", "test"])
def test_there_is_enough_of_everything(part: str) -> None:
    texts = own(part)
    guilty = Counter(label for one in texts for label in one.labels)
    innocent = Counter(one.near for one in texts if not one.labels)
    assert min(guilty[name] for name in CATEGORIES) >= 60
    assert min(innocent[name] for name in CATEGORIES) >= 60
    assert len({one.id for one in texts}) == len(texts)
    assert all(one.planted in one.listing.title + "\n" + one.listing.text for one in texts)


def test_flagged_texts_are_guilty_and_most_guilty_ones_are_flagged() -> None:
    assert share(score().precision) >= 0.98
    assert share(score().recall("clear")) >= 0.92


@pytest.mark.parametrize("name", STATUTORY)
def test_statutory_categories_are_told_apart(name: str) -> None:
    precision, recall = score().of_category(name)
    assert share(precision) >= 0.95
    assert share(recall) >= 0.90


@pytest.mark.parametrize("name", [name for name in CATEGORIES if name not in STATUTORY])
def test_other_categories_are_told_apart(name: str) -> None:
    precision, recall = score().of_category(name)
    assert share(precision) >= 0.90
    assert share(recall) >= 0.75


def test_disguises_hide_little() -> None:
    found = Counter(one.way for one in tried() if one.is_found)
    assert set(found) == set(WAYS)
    assert found.total() >= 0.90 * len(tried())


def test_quotes_are_verbatim_short_and_at_the_planted_words() -> None:
    at_the_place = 0
    for one in tried():
        field, start, end = one.span
        for finding in one.findings:
            value = getattr(one.listing, finding.field)
            assert finding.quote == value[finding.start : finding.end]
            assert 0 < len(finding.quote) <= 80
        at_the_place += any(
            finding.field == field and finding.start < end and start < finding.end for finding in one.findings
        )
    assert at_the_place >= 0.85 * sum(bool(one.findings) for one in tried())
