"""`lantian report publish`: what is told to everybody, until its last day or until credit was restored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from casework.acting import Grant
from casework.reports.publishing import Wanted, Withdrawn, day_of, publish, take_off
from console.acting import acting, acting_out
from console.cases.covering import day
from console.cases.report_files import new_file, refuse_taken
from console.cases.reporter_keys import existing_key
from console.cases.viewing import viewer
from console.ledger import plain
from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE
from storage.cases.publications import Publication, Publications

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which day's list, and into which file."""

    on: str
    out: Path | None
    by: str


def add(wanted: Wanted, by: str, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting_out(config, engine, Grant.REVIEWER, by=by)
        made = publish(engine, acts, replace(wanted, key=existing_key(config, engine)), clock.now())
    return _tell(made, "公示", as_json=as_json)


def remove(number: int, reason: str, by: str, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, Grant.REVIEWER, by=by)
        withdrawn = Withdrawn(number=number, reason=reason, key=existing_key(config, engine))
        gone = take_off(engine, acts, withdrawn, clock.now())
    return _tell(gone, "移出公示", as_json=as_json)


def show(asked: Listing, *, as_json: bool) -> int:
    """The list in force on a day, today where none is named."""
    if asked.out:
        from casework.reports.publication_files import FORMS

        refuse_taken(asked.out, " ".join(FORMS))
    with viewer(asked.by) as views:
        on = day(asked.on) if asked.on else clock.now().astimezone(clock.SHANGHAI).date()
        entries = _all(Publications(views.engine), *day_of(on))
    if asked.out:
        with new_file(asked.out, " ".join(FORMS)) as file:
            FORMS[asked.out.suffix.lower()](file, entries, on)
    for one in entries:
        if as_json:
            print_json(plain(asdict(one)))
        else:
            print_line(_line(one))
    say(f"{on} 公示名单 {len(entries)} 条" + (f"，写入 {harmless(str(asked.out))}" if asked.out else ""))
    return EXIT_DONE


def _all(store: Publications, begins: datetime, ends: datetime) -> tuple[Publication, ...]:
    found: list[Publication] = []
    while page := store.in_force(begins, ends, found[-1].id if found else 0, PAGE):
        found += page
    return tuple(found)


def _tell(entry: Publication, what: str, *, as_json: bool) -> int:
    if as_json:
        print_json(plain(asdict(entry)))
    say(f"{what} {_line(entry)}")
    return EXIT_DONE


def _line(entry: Publication) -> str:
    until = clock.in_shanghai(entry.last_day)[:10]
    return harmless(f"{entry.id}  {entry.case}  {entry.actor}  {entry.title[:60]}  至 {until}")
