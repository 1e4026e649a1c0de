"""`lantian archive search`: what was found, newest first, as a table or as one JSON document.

What it shows was written down when the page was read; whether the page is whole and sealed, `lantian show` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from console.archive.columns import KIND_WORDS
from console.archive.facets import facet_line
from console.archive.indexing import refreshed
from console.archive.query import Chosen, parsed
from console.archive.reading import Reader, Shown, reader
from console.archive.snippets import places, snippet
from console.output import CATEGORY_WORDS, harmless, page, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from patrol.platforms import label_of
from storage.leads import exhibit_row
from storage.search import Search
from storage.searching.shapes import Facet, Hit, PageHit, Query

SCREENFUL, BATCH = 20, 500  # hits
MOST_DETAILED = 10_000  # hits that one document tells in full
TITLE_WIDTH, TEXT_WIDTH = 80, 120  # characters
_ON_ONE_LINE = (Facet.PLATFORM, Facet.CATEGORY, Facet.MONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was typed. 0 for `limit` is all as JSON and a screenful as a table."""

    words: str
    chosen: Chosen
    limit: int = 0
    before: str = ""
    with_pages: bool = False
    with_details: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The question as it was understood, who asks, and where it begins: before this row, 0 for the newest."""

    query: Query
    who: Reader
    before: int
    total: int


def search(asked: Asked, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        found = _begun(config, engine, asked)
        if as_json:
            print_json(_told(engine, asked, found))
        else:
            _print(engine, asked, found)
    return EXIT_DONE


def _begun(config: Config, engine: Engine, asked: Asked) -> Found:
    who = reader(config, engine, asked.by)
    query = parsed(asked.words, who.chosen(engine, asked.chosen))
    before = row_of(engine, asked.before) if asked.before else 0
    refreshed(config, engine)
    return Found(query=query, who=who, before=before, total=Search(engine).count(query))


def row_of(engine: Engine, exhibit: str) -> int:
    """The row of an exhibit; `UserMistake` for none."""
    with engine.connect() as connection:
        return int(exhibit_row(connection, exhibit).id)


# -- as JSON ---------------------------------------------------------------------------------------


def _told(engine: Engine, asked: Asked, found: Found) -> dict[str, Any]:
    if asked.with_details and (number := min(asked.limit or found.total, found.total)) > MOST_DETAILED:
        raise UserMistake(
            f"--details 一次最多 {MOST_DETAILED} 条，这里有 {number} 条：加 --limit，用 --before 接着看；"
            "要全部，用 lantian archive export"
        )
    ids, following = _ids(Search(engine), asked, found)
    told: dict[str, Any] = {"total": found.total, "ids": ids, "next": following}
    told |= {"pages": _pages_told(Search(engine), asked, found)}
    if asked.with_details:
        told |= {"hits": list(_hits_told(engine, asked, found))}
    veil = found.who.veil  # hits are as he may see them; ids, some of digits alone, are ours
    return told | ({"masked": not veil.is_open} if veil.is_told else {})


def _ids(search: Search, asked: Asked, found: Found) -> tuple[list[str], str | None]:
    """All of them, or as many as were asked for and the last of them where there are more."""
    ids: list[str] = []
    for rows in search.rows(found.query, before=found.before):
        ids += search.public_ids(rows[: asked.limit + 1 - len(ids)] if asked.limit else rows)
        if asked.limit and len(ids) > asked.limit:
            return ids[: asked.limit], ids[asked.limit - 1]
    return ids, None


def _hits_told(engine: Engine, asked: Asked, found: Found) -> Iterator[dict[str, Any]]:
    search, shown, left, before = Search(engine), Shown(engine, found.who), asked.limit or found.total, found.before
    while left > 0 and (hits := search.newest(found.query, min(left, BATCH), before)):
        yield from (hit_told(hit) for hit in shown.hits(hits))
        left, before = left - len(hits), hits[-1].row


def hit_told(hit: Hit) -> dict[str, Any]:
    """A hit as every command tells it in JSON; its row is ours alone."""
    told = asdict(hit) | {"seen_at": hit.seen_at.isoformat()}
    del told["row"]
    return told


def _pages_told(search: Search, asked: Asked, found: Found) -> dict[str, Any]:
    return {"total": search.count_pages(found.query), "ids": search.page_ids(found.query, asked.limit)}


# -- as a table ------------------------------------------------------------------------------------


def _print(engine: Engine, asked: Asked, found: Found) -> None:
    search, limit = Search(engine), asked.limit or SCREENFUL
    hits = search.newest(found.query, limit + 1, found.before)
    say(f"共 {found.total} 个证据项" + ("（联系方式已遮盖）" if not found.who.veil.is_open else ""))
    if hits:
        page().print(hit_table(hits[:limit], Shown(engine, found.who).hits(hits[:limit]), found.query))
        say(facet_line(search.facets(found.query, _ON_ONE_LINE, most=5)))
    if len(hits) > limit:
        say(f"还有更早的：--before {hits[limit - 1].exhibit} 接着看，或 --limit 多看几条")
    pages = search.count_pages(found.query)
    if pages and not asked.with_pages:
        say(f"另有 {pages} 个整页里有：--pages 列出")
    if asked.with_pages:
        _print_pages(search.pages(found.query, limit, 0), found, pages)


def hit_table(hits: Sequence[Hit], shown: Sequence[Hit], query: Query) -> Table:
    """Places are looked for in what was written down, and marked in what may be shown."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_lines=False)
    for name, width in (("看见", 10), ("平台", 8), ("内容", None), ("涉嫌", 12)):
        table.add_column(name, width=width, overflow="fold")
    for hit, seen in zip(hits, shown, strict=True):
        listing = seen.listing
        where = f"{label_of(listing.platform)}\n{KIND_WORDS[listing.kind]}"
        what = harmless("、".join(CATEGORY_WORDS.get(one, one) for one in seen.categories))
        what += f"\n{seen.points} 分" if seen.points else ""
        day, _, moment = clock.in_shanghai(seen.seen_at).partition(" ")
        cells = (f"{day}\n{moment}", where, _content(hit, seen, query), what)
        table.add_row(*(Text(one) if isinstance(one, str) else one for one in cells))
    return table


def _content(hit: Hit, seen: Hit, query: Query) -> Text:
    title = seen.listing.title
    lines = [snippet(title, places(hit.listing.title, title, query), TITLE_WIDTH)]
    others = [(hit.listing.text, seen.listing.text), *zip(hit.picture_texts, seen.picture_texts, strict=True)]
    found = [(text, spans) for original, text in others if (spans := places(original, text, query))]
    lines += [snippet(text, spans, TEXT_WIDTH) for text, spans in found[:2]]
    if seller := harmless(seen.listing.seller):
        lines.append(Text(seller, style="cyan"))
    lines.append(Text(f"证据项 {seen.exhibit}" + (f"  线索 {seen.lead}" if seen.lead else ""), style="dim"))
    return Text("\n").join(lines)


def _print_pages(pages: Sequence[PageHit], found: Found, total: int) -> None:
    say(f"整页 {total} 个")
    looks = found.who.veil
    for one in pages:
        line = Text(f"{clock.in_shanghai(one.taken_at)} {label_of(one.platform)} 固定 {one.capture}\n  ")
        line.append(harmless(looks.text(one.url))[:200])
        shown = looks.text(one.text)
        line.append("\n  ").append(snippet(shown, places(one.text, shown, found.query), TEXT_WIDTH))
        page().print(line)
