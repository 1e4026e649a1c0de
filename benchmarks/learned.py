"""Would a learned voice help? Leaves one source out, learns from the others which character runs sound like an offer.

Prints, for every source, recall and false alarms without it and with its points added (±LIMIT). Needs scikit-learn.
Why nothing of it is in the rules: docs/decisions/0007-no-learned-component.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import OWN, Labelled, corpus, read_labelled
from detectors.normal import canonical, squeezed
from detectors.screen import Screen, load_screen

POINTS_A_UNIT, LIMIT = 10, 25
RUNS, AT_LEAST = (1, 3), 4
NUMBER = re.compile("[0-9]+")
# Each of our authors wrote two categories of the dev part.
AUTHORS = {
    "guaranteed_grant": "a", "green_channel": "a", "official_impersonation": "b", "inventor_listing": "b",
    "unqualified_agency": "c", "licence_renting": "c", "abnormal_filing": "d", "malicious_trademark": "d",
}  # fmt: skip


def texts() -> Iterator[tuple[str, Labelled]]:
    """Every text that may be learned from, with its source."""
    for path in sorted((OWN / "dev").glob("*.jsonl")):
        yield from ((AUTHORS[path.stem], one) for one in read_labelled(path))
    for path in sorted((OWN / "train").glob("*.jsonl")):
        yield from ((path.stem, one) for one in read_labelled(path))
    yield from (("corpus", one) for one in corpus("dev") if one.grade != "borderline")


def voices(sources: NDArray[np.str_], gold: Sequence[Labelled]) -> NDArray[np.float64]:
    """The log-odds of an offer for each text, learned from the other sources alone."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    plain = [NUMBER.sub("0", squeezed(canonical(f"{one.listing.title}\n{one.listing.text}")).text) for one in gold]
    runs = CountVectorizer(analyzer="char", ngram_range=RUNS, min_df=AT_LEAST, binary=True).fit_transform(plain)
    truth, odds = np.array([bool(one.labels) for one in gold]), np.zeros(len(gold))
    for source in sorted(set(sources)):
        held = sources == source
        model = LogisticRegression(C=0.3, max_iter=3000, class_weight="balanced").fit(runs[~held], truth[~held])
        odds[held] = model.decision_function(runs[held])
    return odds


def count(screen: Screen, gold: Sequence[Labelled], points: Sequence[float]) -> str:
    hits = false = 0
    for one, more in zip(gold, points, strict=True):
        said = {found.category for found in screen.weigh(one.listing) if found.points + more >= found.needs}
        hits += bool(said & one.labels)
        false += bool(said and not one.labels)
    guilty = sum(bool(one.labels) for one in gold)
    return f"{hits}/{guilty} found, {false}/{len(gold) - guilty} false alarms"


def main() -> int:
    screen, told = load_screen(), list(texts())
    sources, gold = np.array([source for source, _ in told]), [one for _, one in told]
    added = np.clip(voices(sources, gold) * POINTS_A_UNIT, -LIMIT, LIMIT)
    for source in sorted(set(sources)):
        some = [(one, more) for one, more, of in zip(gold, added, sources, strict=True) if of == source]
        without, with_it = (
            count(screen, [one for one, _ in some], points) for points in ([0.0] * len(some), [m for _, m in some])
        )
        print(f"{source}: without {without}; with {with_it}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
