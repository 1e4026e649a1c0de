"""Saved searches: kept under a name, asked again of what is new once the index has it, told in numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from casework.acting import Grant
from console.acting import acting
from console.archive.indexing import caught_up
from console.archive.query import Chosen, parsed
from console.archive.reading import Reader, Shown, reader, reader_of
from console.archive.searching import hit_table
from console.homes import named_person
from console.output import harmless, page, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from storage.audit import Signer, unsigned
from storage.people import People
from storage.saved import NewSaved, Saved, SavedSearches
from storage.search import Search
from storage.searching.indexing import indexed_upto
from storage.searching.shapes import Query

SCREENFUL = 20  # hits
_NOT_WORDS = ("is_literal", "actor_ids")


def save(name: str, words: str, chosen: Chosen, by: str, *, as_json: bool) -> int:
    """`lantian archive save`: from now on this is asked of whatever is new."""
    config = Config.load()
    with opened_engine(config) as engine:
        who, person, sign = _saver(config, engine, by)
        query = parsed(words, who.chosen(engine, chosen))
        caught_up(config, engine)
        asked = tuple((one, value) for one, value in _typed(chosen))
        new = NewSaved(name=name, query=words, asked=asked, upto=_upto(engine), by=person, at=clock.now())
        kept = SavedSearches(engine).save(new, sign)
        total = Search(engine).count(query)
    say(f"已存下“{harmless(kept.name)}”：现有 {total} 个证据项，此后有新的，随日报和即时通知报数")
    if as_json:
        print_json(_told(kept) | {"total": total})
    return EXIT_DONE


def unsave(name: str, by: str, *, as_json: bool) -> int:
    """`lantian archive unsave`: it is asked no more."""
    config = Config.load()
    with opened_engine(config) as engine:
        _, person, sign = _saver(config, engine, by)
        one = SavedSearches(engine).end(name, person, clock.now(), sign)
    say(f"已结束“{harmless(one.name)}”：存下以来找到 {one.found} 个")
    if as_json:
        print_json(_told(one))
    return EXIT_DONE


def list_saved(by: str, *, as_json: bool) -> int:
    """`lantian archive saved`: each that goes on, and how much it found since it was saved."""
    config = Config.load()
    with opened_engine(config) as engine:
        who = reader(config, engine, by)
        ask_saved(config, engine, clock.now(), who)
        everything = SavedSearches(engine).saved()
    found = [one for one in everything if _may_know(who, one)]
    if hidden := len(everything) - len(found):
        say(f"另有 {hidden} 个按线索状态或主体检索，是办案内容，不列出")
    if as_json:
        for one in found:
            print_json(who.veil.told(_told(one)))
        return EXIT_DONE
    if not everything:
        say("没有存下的检索；存一个：lantian archive save 名称 检索词")
        return EXIT_DONE
    if found:
        page().print(_table(found, who))
    return EXIT_DONE


def _table(found: Sequence[Saved], who: Reader) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("名称", "检索词", "条件", "存于", "谁", "此后找到", "最近"):
        table.add_column(head, overflow="fold")
    for one in found:
        cells = (one.name, one.query, _conditions(one), clock.in_shanghai(one.made_at), one.made_by, str(one.found))
        last = clock.in_shanghai(one.found_at) if one.found_at else ""
        table.add_row(*(Text(harmless(who.veil.text(cell))) for cell in cells[:3]), *map(Text, (*cells[3:], last)))
    return table


def _may_know(who: Reader, one: Saved) -> bool:
    """What is asked by casework tells of it, be it by its name and numbers alone."""
    return who.counts_work or not {"actors", "states"} & set(dict(one.asked))


def show_saved(name: str, limit: int, by: str, *, as_json: bool) -> int:
    """`lantian archive saved NAME`: what was found since it was saved, the newest first."""
    config = Config.load()
    with opened_engine(config) as engine:
        who = reader(config, engine, by)
        ask_saved(config, engine, clock.now(), who)
        one = SavedSearches(engine).named(name)
        query = parsed(one.query, who.chosen(engine, _chosen(one)))
        if as_json:
            print_json(who.veil.told(_told(one)) | {"ids": _ids(Search(engine), query, one.since, limit)})
            return EXIT_DONE
        some = Search(engine).newest(query, limit or SCREENFUL)
        hits = [hit for hit in some if hit.row > one.since]
        say(f"“{harmless(who.veil.text(one.name))}”：{clock.in_shanghai(one.made_at)} 存下以来找到 {one.found} 个")
        if hits:
            page().print(hit_table(hits, Shown(engine, who).hits(hits), query))
    return EXIT_DONE


def _ids(search: Search, query: Query, since: int, limit: int) -> list[str]:
    ids: list[str] = []
    for rows in search.rows(query):
        ids += search.public_ids(rows[rows > since])
        if (len(rows) and rows[-1] <= since) or (limit and len(ids) >= limit):
            break
    return ids[: limit or None]


# -- asking again ----------------------------------------------------------------------------------


def ask_saved(config: Config, engine: Engine, now: datetime, who: Reader | None = None) -> int:
    """Bring the index up to date and ask each saved search of what is new; how many exhibits they found together.

    One that cannot be asked any more, because a rule or an actor is gone, is said and hinders no other. What is said
    is for `who`, ourselves unless told.
    """
    caught_up(config, engine)
    searches, upto, found = SavedSearches(engine), _upto(engine), 0
    for one in searches.saved():
        if one.upto < upto:
            try:
                new = _new(engine, one, upto)
            except UserMistake as mistake:
                _say_lost(one, mistake, who or Reader.of_ourselves())
                continue
            found += new if searches.note(one, upto, new, now) else 0
    return found


def _say_lost(one: Saved, mistake: UserMistake, who: Reader) -> None:
    if _may_know(who, one):
        say(harmless(who.veil.text(f"存下的检索“{one.name}”不能再问：{mistake}")))


def _new(engine: Engine, one: Saved, upto: int) -> int:
    everything = Reader.of_ourselves()
    query = parsed(one.query, everything.chosen(engine, _chosen(one)))
    behind = Search(engine).rows(query, newest_first=False, before=one.upto)
    return sum(int((rows <= upto).sum()) for rows in behind)


def _upto(engine: Engine) -> int:
    with engine.connect() as connection:
        return indexed_upto(connection)


# -- who, and what was typed -----------------------------------------------------------------------


def _saver(config: Config, engine: Engine, by: str) -> tuple[Reader, str, Signer]:
    if not People(engine).everybody():
        return reader(config, engine, ""), named_person(config, engine, by), unsigned
    acts = acting(config, engine, *Grant, by=by)
    return reader_of(acts), acts.name, acts.sign


def _typed(chosen: Chosen) -> list[tuple[str, str]]:
    """What was chosen, by the name of the choice."""
    told = {one.name: getattr(chosen, one.name) for one in fields(chosen) if one.name != "actor_ids"}
    return [(name, "yes" if value is True else value) for name, value in told.items() if value]


def _chosen(one: Saved) -> Chosen:
    told = dict(one.asked)
    words = {name.name: told.get(name.name, "") for name in fields(Chosen) if name.name not in _NOT_WORDS}
    return replace(Chosen(is_literal="is_literal" in told), **words)  # type: ignore[arg-type]


def _conditions(one: Saved) -> str:
    return " ".join(f"{name}={value}" for name, value in one.asked)


def _told(one: Saved) -> dict[str, Any]:
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}
    for ours in ("id", "since", "upto"):
        del told[ours]
    return told | {"asked": dict(one.asked)}
