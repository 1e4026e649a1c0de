"""Listings a second through all rules, against jieba cutting every text whole; loading, and memory of a loaded Screen.

Texts of 300 characters: ordinary ones of dictionary words as often as they occur, one in ten with a sentence of the trade;
and listings of the trade alone, which no first look can pass over. Median of five, per CPU second.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import jieba

from benchmarks.made import GUILTY, SEED, WORDS
from crawler.items import Kind, Listing
from detectors.screen import load_screen

LISTINGS = 2_000
CUT_BY_JIEBA = 300
LENGTH = 300
ROUNDS = 5
EVERY = 10
MARKS = "，。，、！ "
OFTEN = 50
SHOWN = """
from pathlib import Path
from detectors.screen import load_screen
screen = load_screen()
print(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])
"""


def ordinary(chance: random.Random) -> Iterator[str]:
    """Endless text of dictionary words, as often as they occur."""
    jieba.initialize()
    known = [(word, often) for word, often in jieba.dt.FREQ.items() if often > OFTEN and len(word) <= 4]
    words, weights = [word for word, _ in known], list(itertools.accumulate(often for _, often in known))
    while True:
        yield "".join(chance.choices(words, cum_weights=weights, k=8)) + chance.choice(MARKS)


def of_the_trade(chance: random.Random) -> Iterator[str]:
    while True:
        yield "".join(chance.choices(WORDS, k=8)) + chance.choice(MARKS)


def text(pieces: Iterator[str]) -> str:
    whole = ""
    while len(whole) < LENGTH:
        whole += next(pieces)
    return whole[:LENGTH]


def listings(pieces: Iterator[str], chance: random.Random) -> list[Listing]:
    """Every tenth has an offer amid its text."""
    made = []
    for number in range(LISTINGS):
        shown, place = text(pieces), chance.randrange(LENGTH - 60)
        if number % EVERY == 0:
            offer = f"。{chance.choice(GUILTY)}。"
            shown = shown[:place] + offer + shown[place + len(offer) :]
        url = f"https://item.specimen.example/{number}"
        made.append(Listing(platform="jd", kind=Kind.PRODUCT, position=1, title="", text=shown, url=url))
    return made


def seconds(work: Callable[[Listing], object], made: list[Listing]) -> float:
    """CPU seconds a listing, the median of some rounds."""

    def once() -> float:
        start = time.process_time()
        for listing in made:
            work(listing)
        return time.process_time() - start

    return statistics.median(once() for _ in range(ROUNDS)) / len(made)


def compared(name: str, ours: float, whole: float, goal: str = "") -> None:
    """Print one figure; both in CPU seconds a listing."""
    figure = {"name": f"judge {name}, listings/CPU-s", "value": round(1 / ours), "baseline": round(1 / whole)}
    figure |= {"ratio": round(whole / ours, 1), "goal": goal}
    print(json.dumps(figure | {"note": "300 characters each; baseline: jieba over the whole text"}, ensure_ascii=False))


def main() -> None:
    chance, begun = random.Random(SEED), time.process_time()
    screen = load_screen()
    loading = time.process_time() - begun
    for name, pieces, goal in (("ordinary", ordinary(chance), "≥ 20"), ("of the trade", of_the_trade(chance), "")):
        made = listings(pieces, chance)
        clean = [one for number, one in enumerate(made) if number % EVERY]
        whole = seconds(lambda one: jieba.lcut(one.text), made[:CUT_BY_JIEBA])
        compared(f"{name}, one in ten offering", seconds(screen.judge, made), whole, goal)
        compared(f"{name}, none offering", seconds(screen.judge, clean), whole)
    ran = subprocess.run([sys.executable, "-c", SHOWN], check=True, capture_output=True, text=True)
    memory = {"name": "loaded Screen, MB resident", "value": round(int(ran.stdout) / 1024), "baseline": "", "ratio": ""}
    print(json.dumps(memory | {"note": f"the whole process; {loading:.1f} CPU-s to load"}, ensure_ascii=False))


if __name__ == "__main__":
    main()
