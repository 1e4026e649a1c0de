"""The roster as a person or a program reads it: what was planned, and how each of it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.homes import home_engine
from console.output import OUTCOME_WORDS, harmless, page, print_json, say
from console.watch_tables import moment
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.watches import Claim
from storage.roster import Roster
from storage.roster_answers import PAGE
from storage.roster_shapes import Entry
from storage.watches import Watches

STATE_WORDS = {Claim.PLANNED: "待查", Claim.CLAIMED: "在查", Claim.ENDED: "已有结果"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are wanted; empty words mean all, an empty day today, a limit of 0 all."""

    first: str = ""
    last: str = ""
    platform: str = ""
    watch: str = ""
    state: Claim | None = None
    limit: int = 0
    after: str = ""


def show_roster(asked: Asked, *, as_json: bool) -> None:
    """`lantian roster`, by time and platform."""
    since, until = _stretch(asked)
    with home_engine(Config.load()) as database:
        watches = Watches(database)
        watch_id = watches.find(asked.watch).watch_id if asked.watch else 0
        names = {one.watch_id: one.watch.name for one in watches.current()}
        found = _wanted(Roster(database), asked, (since, until), watch_id)
        if as_json:
            for entry in islice(found, asked.limit or None):
                print_json(_told(entry, names))
        else:
            _print(list(islice(found, asked.limit + 1 if asked.limit else None)), names, asked.limit)


def _stretch(asked: Asked) -> tuple[datetime, datetime]:
    today = clock.now().astimezone(clock.SHANGHAI).date().isoformat()
    first = asked.first or today
    since, until = moment(first, is_end=False), moment(asked.last or first, is_end=True)
    if asked.first and not asked.last and len(first) > len(today):
        until = since + timedelta(days=1)
    if until <= since:
        raise UserMistake("--from 要早于 --to")
    return since, until


def _wanted(roster: Roster, asked: Asked, within: tuple[datetime, datetime], watch_id: int) -> Iterator[Entry]:
    """Page by page, so that a year is never in memory at once."""
    after = asked.after
    while entries := roster.entries(*within, asked.platform, watch_id, after):
        yield from (one for one in entries if asked.state in (None, one.state))
        if len(entries) < PAGE:
            return
        after = entries[-1].key


def _told(entry: Entry, names: Mapping[int, str]) -> dict[str, Any]:
    moments = ("planned_at", "latest", "claimed_at", "lease_until", "ended_at")
    told = asdict(entry) | {"watch": names[entry.watch_id]}
    return told | {name: told[name].isoformat() if told[name] else "" for name in moments}


def _print(entries: list[Entry], names: Mapping[int, str], limit: int) -> None:
    if not entries:
        say("这段时间名册里没有这样的项目。")
        return
    shown = entries[:limit] if limit else entries
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("时间", "任务", "平台", "查询", "状态", "原因", "试"):
        table.add_column(name, overflow="fold")
    for one in shown:
        state = OUTCOME_WORDS[one.outcome] if one.outcome else STATE_WORDS[one.state]
        why = "，".join(filter(None, (one.reason, one.assumed)))
        when = clock.in_shanghai(one.planned_at)[:16]
        words = (when, names[one.watch_id], one.platform, one.query, state, why, str(one.attempts))
        table.add_row(*(Text(harmless(word)) for word in words))
    page().print(table)
    if len(entries) > len(shown):
        say(f"还有更多：加 --after {shown[-1].key}")
