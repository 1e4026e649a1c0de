"""`lantian archive facets`: how many exhibits a question finds, by platform, category, state and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from console.archive.indexing import refreshed
from console.archive.query import KIND_NAMES, STATE_NAMES, Chosen, parsed
from console.archive.reading import Reader, reader
from console.output import CATEGORY_WORDS, harmless, page, print_json, say
from console.sealing import opened_engine
from crawler.config import Config
from crawler.errors import EXIT_DONE
from patrol.platforms import label_of
from storage.search import Search
from storage.searching.shapes import Count, Facet, Facets

FACET_NAMES = {
    Facet.PLATFORM: "平台",
    Facet.KIND: "类型",
    Facet.CATEGORY: "类别（涉嫌）",
    Facet.RULE: "规则",
    Facet.STATE: "线索状态",
    Facet.ACTOR: "主体",
    Facet.PLACE: "地点",
    Facet.MONTH: "月份",
}
_NAMES: dict[Facet, dict[str, str]] = {
    Facet.KIND: KIND_NAMES,
    Facet.CATEGORY: CATEGORY_WORDS,
    Facet.STATE: STATE_NAMES,
}
BAR = 30  # characters


def show_facets(words: str, chosen: Chosen, most: int, by: str, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        who = reader(config, engine, by)
        query = parsed(words, who.chosen(engine, chosen))
        refreshed(config, engine)
        found = Search(engine).facets(query, who.facets, most)
    if as_json:
        print_json(who.veil.told(facets_told(found)))
    else:
        _print(found, who)
    return EXIT_DONE


def facets_told(found: Facets) -> dict[str, Any]:
    """Counts as every command tells them in JSON, with the words people use for each value."""
    return {
        "total": found.total,
        "facets": {
            facet.value: [asdict(one) | {"label": value_words(facet, one)} for one in counts]
            for facet, counts in found.counts.items()
        },
    }


def facet_line(found: Facets) -> str:
    """The few most frequent values of each facet, on one line."""
    return "；".join(
        f"{FACET_NAMES[facet]} " + "、".join(f"{harmless(value_words(facet, one))} {one.number}" for one in counts)
        for facet, counts in found.counts.items()
        if counts
    )


def value_words(facet: Facet, one: Count) -> str:
    """What people call a value."""
    if facet is Facet.PLATFORM:
        return label_of(one.value)
    return one.label or _NAMES.get(facet, {}).get(one.value, one.value) or "（无）"


def _print(found: Facets, who: Reader) -> None:
    say(f"共 {found.total} 个证据项")
    for facet, counts in found.counts.items():
        if counts:
            page().print(_bars(FACET_NAMES[facet], [(who.veil.text(value_words(facet, one)), one) for one in counts]))


def _bars(name: str, counts: Sequence[tuple[str, Count]]) -> Text:
    lines = Text(f"{name}\n", style="bold")
    highest = max(one.number for _, one in counts)
    width = max(len(str(one.number)) for _, one in counts)
    for words, one in counts:
        length = max(round(BAR * one.number / highest), 1)
        line = f"  {one.number:>{width}} {'█' * length}{' ' * (BAR - length)} {harmless(words)[:60]}\n"
        lines.append(line, style="not bold")
    return lines
