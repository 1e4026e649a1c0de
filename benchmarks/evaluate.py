"""`make evaluate`: how often the rules are right, with n and 95 % intervals, and every error.

The dev parts are for those who write rules; the test parts are scored once a release and the figures
kept in benchmarks/scored.json. With `--write` the block in docs/detection.md is renewed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from random import Random

from benchmarks.evasions import WAYS, disguise
from benchmarks.labelled import PARTS, Labelled, Score, Share, corpus, own
from crawler.items import Finding, Listing
from detectors.rule import CATEGORIES
from detectors.screen import Screen, load_screen

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "detection.md"
SCORED = Path(__file__).parent / "scored.json"
BEGIN, END = "<!-- evaluation -->", "<!-- /evaluation -->"
SEED = 20261120
VERSIONS_A_TEXT = 3  # disguised versions of each guilty text
STATUTORY = CATEGORIES[:4]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One disguised version of a guilty text, and what was found in it."""

    way: str
    truth: frozenset[str]
    listing: Listing
    findings: tuple[Finding, ...]
    span: tuple[str, int, int]

    @property
    def is_found(self) -> bool:
        return any(finding.category in self.truth for finding in self.findings)


def judged(screen: Screen, gold: Sequence[Labelled]) -> Score:
    found = {one.id: frozenset(finding.category for finding in screen.judge(one.listing)) for one in gold}
    return Score(tuple(gold), found)


def disguised(gold: Sequence[Labelled]) -> Iterator[tuple[str, Labelled, tuple[str, int, int]]]:
    """Guilty texts whose planted words are disguised, each in some ways drawn from the seed; way, text, place."""
    chance, ways = Random(SEED), list(WAYS)
    for one in gold:
        if not one.planted or one.is_evasive:
            continue
        for way in chance.sample(ways, VERSIONS_A_TEXT):
            written = disguise(one.planted, way, chance)
            field = "title" if one.planted in one.listing.title else "text"
            value = getattr(one.listing, field)
            start = value.index(one.planted)
            after = value[:start] + written + value[start + len(one.planted) :]
            if written != one.planted:
                told = replace(one.listing, title=after) if field == "title" else replace(one.listing, text=after)
                yield way, replace(one, listing=told), (field, start, start + len(written))


def attempts(screen: Screen, gold: Sequence[Labelled]) -> list[Attempt]:
    """Only texts that are found undisguised can be lost to a disguise; the others are misses already."""
    plain = {one.id for one in gold if any(found.category in one.labels for found in screen.judge(one.listing))}
    return [
        Attempt(way, one.labels, one.listing, screen.judge(one.listing), span)
        for way, one, span in disguised([one for one in gold if one.id in plain])
    ]


def table(score: Score) -> Iterator[str]:
    yield "| | 精确率 precision | 召回率 recall |"
    yield "|---|---|---|"
    yield f"| flagged, clear texts | {score.precision} | {score.recall('clear')} |"
    if score.recall("borderline").whole:
        yield f"| flagged, borderline texts | | {score.recall('borderline')} |"
    if score.evasive_recall.whole:
        yield f"| flagged, texts disguised by their author | | {score.evasive_recall} |"
    for name in CATEGORIES:
        precision, recall = score.of_category(name)
        if precision.whole or recall.whole:
            yield f"| `{name}` | {precision} | {recall} |"


def by_way(tried: Sequence[Attempt]) -> Iterator[str]:
    yield "| disguise | still found | | disguise | still found |"
    yield "|---|---|---|---|---|"
    rows = [("**all**", tried), *((way, [one for one in tried if one.way == way]) for way in WAYS)]
    cells = [f"{way} | {Share(sum(one.is_found for one in some), len(some))}" for way, some in rows]
    cells += [" | "] * (len(cells) % 2)
    half = len(cells) // 2
    yield from (f"| {left} | | {right} |" for left, right in zip(cells[:half], cells[half:], strict=True))


def by_category(tried: Sequence[Attempt]) -> Iterator[str]:
    yield "| category | disguised texts still found |"
    yield "|---|---|"
    for name in CATEGORIES:
        some = [one for one in tried if name in one.truth]
        yield f"| `{name}` | {Share(sum(one.is_found for one in some), len(some))} |"


def errors(score: Score, *, shows_text: bool) -> Iterator[str]:
    """One line an error. Real texts are named by their id in the corpus only: they are not ours to print."""
    for why, one in score.errors():
        said = f"{one.listing.title} {one.listing.text}".strip().replace("\n", " ").replace("|", "｜")
        shown = f"：{said[:90]}{'…' if len(said) > 90 else ''}" if shows_text else ""
        yield f"- {one.id} {why}（应为 {'、'.join(sorted(one.labels)) or '合法'}）{shown}"


def report(part: str) -> Iterator[str]:
    """Markdown: both sets' tables of one part, and every error."""
    screen = load_screen()
    real, ours = corpus(part), own(part)
    for title, gold in ((f"Real texts ({part}), by source", real), (f"Our own texts ({part}), invented", ours)):
        yield f"\n#### {title}: {len(gold)} texts\n"
        if not gold:
            yield "Not on this machine."
            continue
        score = judged(screen, gold)
        yield from table(score)
        if gold is ours:
            tried = attempts(screen, gold)
            yield f"\nDisguised by a seeded generator, {len(tried)} versions of the texts found undisguised:\n"
            yield from by_category(tried)
            yield ""
            yield from by_way(tried)
        wrong = list(errors(score, shows_text=gold is ours))
        yield f"\n<details><summary>Every error ({len(wrong)})</summary>\n"
        yield from wrong
        yield "\n</details>"


def main(arguments: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(prog="make evaluate", description=__doc__)
    asked.add_argument("--test", action="store_true", help="score the test parts too, once a release")
    asked.add_argument("--again", action="store_true", help="score them once more, and say so")
    asked.add_argument("--write", action="store_true", help="renew the block in docs/detection.md")
    told = asked.parse_args(arguments)
    lines = list(report("dev"))
    if told.test:
        lines += _scored_once(again=told.again)
    shown = "\n".join(lines)
    print(shown)
    if told.write:
        _write(shown)
    return 0


def _scored_once(*, again: bool) -> list[str]:
    kept = json.loads(SCORED.read_text(encoding="utf-8")) if SCORED.exists() else {}
    release = version("lantian")
    if release not in kept or again:
        times = kept[release]["times"] + 1 if release in kept else 1
        kept[release] = {"times": times, "report": list(report(PARTS[1]))}
        SCORED.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    said = kept[release]
    return [f"\nTest parts, scored {said['times']} × for {release}:", *said["report"]]


def _write(shown: str) -> None:
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{shown}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
