"""What the search of the archive costs over 10⁴, 10⁵ and 10⁶ exhibits: indexing, newest 50, facets, versions, likes.

Words are drawn from the texts themselves, of two and of four characters, and asked with every kind of filter; beside
them LIKE over the same rows, newest first. `--homes FOLDER` keeps the homes there and takes those that are there;
`--upto EXHIBITS` leaves the larger ones out; `--postgres URL` asks an empty database of PostgreSQL instead.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from benchmarks.big_home import BEGAN, SEED, make
from benchmarks.made import WORDS
from detectors.addresses import address_marks
from detectors.near import Likeness, bands
from storage.db import open_database
from storage.models import ExhibitRow
from storage.search import Search
from storage.searching.indexing import Indexer
from storage.searching.shapes import Facet, Filters, Query, Term
from storage.similar import Resembling, Similars
from storage.versions import VersionHistory

SIZES = (10_000, 100_000, 1_000_000)
DRAWN = 60  # words of each length
AGAIN = 20  # of what is asked one at a time
PAGE = 50
LEAST = 0.6  # of likeness
LIKE = """SELECT id FROM exhibits WHERE title LIKE :words ESCAPE '!' OR text LIKE :words ESCAPE '!'
 ORDER BY id DESC LIMIT 50"""
SPRING = Filters(first=BEGAN + timedelta(days=60), last=BEGAN + timedelta(days=150))
FILTERS = {
    "no filter": Filters(),
    "platform": Filters(platforms=frozenset({"taobao"})),
    "category": Filters(categories=frozenset({"green_channel"})),
    "platform, state": Filters(platforms=frozenset({"jd"}), states=frozenset({"confirmed"})),
    "an actor (1 in 8 000)": Filters(actors=frozenset({77})),
    "platform, three months": Filters(platforms=frozenset({"taobao"}), first=SPRING.first, last=SPRING.last),
}
GOALS = {"SQLite": {"newest 50": "≤ 30", "facets": "≤ 150"}, "PostgreSQL": {"newest 50, no filter": "≤ 100"}}
Figure = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long several questions took, milliseconds."""

    median: float
    slow: float

    @classmethod
    def of(cls, works: Sequence[Callable[[], object]]) -> Spread:
        took = sorted(_milliseconds(work) for work in works)
        return cls(median=statistics.median(took), slow=took[min(int(len(took) * 0.95), len(took) - 1)])


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def drawn(engine: Engine, length: int, chance: random.Random) -> list[str]:
    """Words as long as that out of the archive's own texts, and of the trade's own."""
    with engine.connect() as connection:
        last = connection.execute(select(func.max(ExhibitRow.id))).scalar_one()
        rows = [chance.randrange(1, last + 1) for _ in range(DRAWN)]
        texts = connection.execute(select(ExhibitRow.text).where(ExhibitRow.id.in_(rows))).scalars().all()
    places = [(shown, chance.randrange(len(shown) - length)) for shown in texts]
    trade = [word for word in WORDS if len(word) == length] or [one + other for one, other in pairwise(WORDS)]
    return [shown[at : at + length] for shown, at in places] + trade[:12]


def indexed(engine: Engine) -> tuple[float, float]:
    """Builds the index; exhibits a second over all, and how much dearer one was at the end than at the beginning."""
    indexer = Indexer(engine, bands, address_marks)
    behind = indexer.behind()
    tenth = max(behind // 10, 1)
    steps = []
    while indexer.behind():
        begun = time.perf_counter()
        done = indexer.catch_up(lambda _: None, at_most=tenth)
        steps.append((time.perf_counter() - begun) / done)
    return 1 / statistics.mean(steps), steps[-1] / steps[0]


def newest(engine: Engine, words: Sequence[str], filters: Filters) -> Spread:
    search = Search(engine)
    queries = [Query(terms=(Term(text=word),), filters=filters) for word in words]
    return Spread.of([lambda query=query: search.newest(query, PAGE) for query in queries])  # type: ignore[misc]


def counted(engine: Engine, words: Sequence[str], wanted: tuple[Facet, ...]) -> Spread:
    search = Search(engine)
    queries = [Query(terms=(Term(text=word),)) for word in words]
    return Spread.of([lambda query=query: search.facets(query, wanted) for query in queries])  # type: ignore[misc]


def by_like(engine: Engine, words: Sequence[str]) -> Spread:
    def ask(word: str) -> None:
        escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        with engine.connect() as connection:
            connection.execute(text(LIKE), {"words": f"%{escaped}%"}).all()

    return Spread.of([lambda word=word: ask(word) for word in words])  # type: ignore[misc]


def flagged(engine: Engine, chance: random.Random) -> list[str]:
    """Some flagged exhibits, by the ids people use."""
    with engine.connect() as connection:
        query = select(ExhibitRow.public_id).where(ExhibitRow.points > 0).order_by(ExhibitRow.id.desc()).limit(2000)
        return chance.sample(connection.execute(query).scalars().all(), AGAIN)


def asked(engine: Engine, kind: str, size: int) -> Iterator[Figure]:
    """Every figure of one archive that has its index."""
    chance = random.Random(SEED + size)
    short, long = drawn(engine, 2, chance), drawn(engine, 4, chance)
    newest(engine, short[:3], Filters())  # the caches are warm, as they are on the second question of a day
    like = by_like(engine, (short + long)[::6])
    worst = 0.0
    for name, filters in FILTERS.items():
        took = newest(engine, short + long, filters)
        worst = max(worst, took.slow)
        yield _figure(f"newest 50, {name}", kind, size, took, like)
    whole = counted(engine, short + long, tuple(Facet))
    yield _figure("facets, all eight", kind, size, whole, like)
    yield _figure("newest 50, one character", kind, size, newest(engine, [word[0] for word in short], Filters()), like)
    some = flagged(engine, chance)
    history, similars, resembling = (
        VersionHistory(engine),
        Similars(engine),
        Resembling(bands=bands, alike=Likeness, least=LEAST),
    )
    versions = Spread.of([lambda one=one: history.of(one, PAGE) for one in some])  # type: ignore[misc]
    yield _figure("versions of a listing", kind, size, versions, like)
    shops = Spread.of([lambda one=one: history.shop(one, PAGE, 3) for one in some])  # type: ignore[misc]
    yield _figure("all listings of a shop, versions of each", kind, size, shops, like)
    likes = Spread.of([lambda one=one: similars.texts(one, resembling, PAGE) for one in some])  # type: ignore[misc]
    yield _figure("near-duplicates of an exhibit", kind, size, likes, like)


def _figure(name: str, kind: str, size: int, took: Spread, like: Spread) -> Figure:
    return {
        "name": f"search ({kind}): {name}, p95 ms",
        "size": size,
        "value": round(took.slow, 2),
        "baseline": round(like.slow, 1),
        "ratio": round(took.slow / like.slow, 4),
        "goal": next((goal for part, goal in GOALS[kind].items() if name.startswith(part)), ""),
        "note": f"{spaced(size)} exhibits; median {took.median:.2f}; baseline: LIKE, newest 50",
    }


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def home(folder: Path, size: int) -> Engine:
    """The archive of that size, made unless it is there."""
    place = folder / f"{size}.db"
    return open_database(place) if place.exists() else make(place, size)


def main(words: Sequence[str]) -> None:
    chosen = argparse.ArgumentParser()
    chosen.add_argument("--homes", type=Path)
    chosen.add_argument("--upto", type=int, default=SIZES[-1])
    chosen.add_argument("--postgres", default="")
    given = chosen.parse_args(words)
    kind = "PostgreSQL" if given.postgres else "SQLite"
    sizes = [given.upto] if given.postgres else [size for size in SIZES if size <= given.upto]
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.homes or Path(scratch)
        for size in sizes:
            engine = make(given.postgres, size) if given.postgres else home(folder, size)
            if Indexer(engine, bands, address_marks).behind():
                rate, grown = indexed(engine)
                note = f"{spaced(size)} exhibits; the last tenth cost {grown:.2f} times the first"
                line = {"name": f"search ({kind}): indexing, exhibits/s", "size": size, "value": round(rate)}
                print(json.dumps(line | {"baseline": "", "ratio": "", "goal": "≥ 2 000", "note": note}), flush=True)
            for figure in asked(engine, kind, size):
                print(json.dumps(figure, ensure_ascii=False), flush=True)
            engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
