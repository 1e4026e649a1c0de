"""Platform × day, or query × day, as a picture made of characters: how much of each day was seen.

It says nothing by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.output import harmless, page
from patrol.coverage import Share

MOSTLY = 0.7
MOST = 60  # lines of the picture; the least seen come first
LEGEND = "█ 全部看到  ▓ 七成以上  ▒ 一部分  ░ 一项也没有看到  … 还没有结果  · 没有安排"
_BESIDE = 24  # columns of the terminal that the names and the sums take
_CELL = 3
_LABEL = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One or, where there are too many for the terminal, several days."""

    first: date
    last: date

    @property
    def words(self) -> str:
        return f"{self.first:%m}\n{self.first:%d}"


def columns(first: date, last: date, width: int) -> list[Column]:
    """The days in as many columns as fit; each but the last has the same number of days."""
    days = (last - first).days + 1
    most = max(1, (width - _BESIDE) // _CELL)
    step = -(-days // most)
    begins = [first + timedelta(days=at) for at in range(0, days, step)]
    return [Column(first=one, last=min(one + timedelta(days=step - 1), last)) for one in begins]


def cell(share: Share) -> Text:
    """One character, and its colour."""
    if not share.rows:
        return Text("·", style="dim")
    if share.open == share.rows:
        return Text("…", style="dim")
    if share.clean == share.rows:
        return Text("█", style="green")
    if not share.clean:
        return Text("░", style="bold red")
    return Text("▓", style="green") if share.clean >= MOSTLY * share.rows else Text("▒", style="yellow")


def print_heat(labels: Mapping[str, str], by_day: Mapping[tuple[str, date], Share], first: date, last: date) -> None:
    """A line a name of `labels`, the least seen first; days are folded where the terminal is too narrow."""
    screen = page()
    several = columns(first, last, screen.width)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("", overflow="ellipsis", max_width=_LABEL, no_wrap=True)
    for one in several:
        table.add_column(one.words, justify="center", no_wrap=True)
    table.add_column("看到", justify="right", no_wrap=True)
    wholes = sorted(_wholes(labels, by_day).items(), key=lambda one: (_ratio(one[1]), one[0]))
    for name, whole in wholes[:MOST]:
        cells = [cell(_sum(by_day, name, column)) for column in several]
        table.add_row(Text(harmless(labels[name])), *cells, f"{whole.clean}/{whole.rows}")
    screen.print(table)
    folded = (several[0].last - several[0].first).days + 1
    more = f"；另有 {len(wholes) - MOST} 行，看到得更多" if len(wholes) > MOST else ""
    screen.print(Text(LEGEND + (f"；一格 {folded} 天" if folded > 1 else "") + more))


def _wholes(labels: Mapping[str, str], by_day: Mapping[tuple[str, date], Share]) -> dict[str, Share]:
    wholes = {name: Share() for name in labels}
    for (name, _), share in by_day.items():
        wholes[name] = _added((wholes[name], share))
    return wholes


def _sum(by_day: Mapping[tuple[str, date], Share], platform: str, column: Column) -> Share:
    days = (column.last - column.first).days + 1
    wanted = [(platform, column.first + timedelta(days=number)) for number in range(days)]
    return _added(by_day[one] for one in wanted if one in by_day)


def _added(shares: Iterable[Share]) -> Share:
    total = Share()
    for share in shares:
        total.rows += share.rows
        total.clean += share.clean
        total.open += share.open
    return total


def _ratio(share: Share) -> float:
    return share.clean / share.rows if share.rows else 0.0
