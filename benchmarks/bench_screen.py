"""Listings a second through the rules, against jieba cutting every text whole.

Texts are made: one in fifty offers what is forbidden. Median of five, per CPU second.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable

import jieba

from benchmarks.made import GUILTY, SEED, WORDS
from crawler.items import Kind, Listing
from detectors.screen import load_screen

LISTINGS = 5_000
ROUNDS = 5
SHARE = 0.02


def listings() -> list[Listing]:
    chance = random.Random(SEED)
    made = []
    for number in range(LISTINGS):
        title = chance.choice(GUILTY) if chance.random() < SHARE else "".join(chance.choices(WORDS, k=10))
        text = "".join(chance.choices(WORDS, k=40))
        url = f"https://item.specimen.example/{number}"
        made.append(Listing(platform="jd", kind=Kind.PRODUCT, position=1, title=title, text=text, url=url))
    return made


def seconds(work: Callable[[Listing], object], made: list[Listing]) -> float:
    start = time.process_time()
    for listing in made:
        work(listing)
    return time.process_time() - start


def main() -> None:
    screen, made = load_screen(), listings()
    sample = made[: LISTINGS // 10]
    ours = statistics.median(seconds(screen.judge, made) for _ in range(ROUNDS)) / len(made)
    whole = statistics.median(
        seconds(lambda one: jieba.lcut(one.title + "\n" + one.text), sample) for _ in range(ROUNDS)
    ) / len(sample)
    figure = {
        "name": "judge, listings/CPU-s",
        "value": round(1 / ours),
        "baseline": round(1 / whole),
        "ratio": round(whole / ours, 1),
    }
    print(
        json.dumps(
            figure
            | {"goal": "", "note": f"100 characters each, {SHARE:.0%} flagged; baseline: jieba over the whole text"},
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
