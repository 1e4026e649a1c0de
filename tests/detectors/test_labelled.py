"""Our own labelled listings, all invented: category, kind, title, text, address and seller, a line each.

A false alarm is written down in innocents.tsv before a rule is touched, a miss in offers.tsv.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from examples import categories, lines, listing

from crawler.items import Kind, Listing

LABELLED = Path(__file__).parent / "labelled"


def name(value: str | Listing) -> str:
    return value if isinstance(value, str) else (value.title or value.text)[:20]


def read(file: str) -> list[tuple[str, Listing]]:
    rows = []
    for line in lines(LABELLED / file):
        category, kind, title, text, url, seller = (line.split("\t") + [""] * 5)[:6]
        rows.append((category, listing(text, title=title, kind=Kind(kind), url=url, seller=seller)))
    return rows


OFFERS, INNOCENTS = read("offers.tsv"), read("innocents.tsv")


@pytest.mark.parametrize(("category", "shown"), OFFERS, ids=name)
def test_offer_is_found_in_its_category(category: str, shown: Listing) -> None:
    assert category in categories(shown)


@pytest.mark.parametrize(("category", "shown"), INNOCENTS, ids=name)
def test_innocent_is_left_alone(category: str, shown: Listing) -> None:
    assert category == "lawful"
    assert categories(shown) == set()


def test_there_is_enough_of_everything() -> None:
    count = Counter(category for category, _ in OFFERS)
    assert min(count[one] for one in ("guaranteed_grant", "green_channel", "inventor_listing")) >= 40
    assert count["official_impersonation"] >= 40
    assert len(INNOCENTS) >= 200
