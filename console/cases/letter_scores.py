"""`lantian letter scorecard`: how platforms' operators fare with our letters; every number opens as its ids."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.letters.scorecard import FIGURE_WORDS, Score, scorecard
from casework.workdays import day_of, start_of
from console.acting import acting
from console.cases.letter_told import READERS
from console.ledger import opened, plain
from console.output import harmless, page, print_json, print_line
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.letters import KeptLetters
from storage.cases.operators import Operators

FIRST = date(2020, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Letters sent from one day to another, both included; `platform` keeps it to one platform's operator."""

    first: str = ""
    last: str = ""
    platform: str = ""
    with_ids: bool = False


def show_scorecard(period: Period, *, by: str = "", as_json: bool) -> None:
    """A line an operator."""
    config = Config.load()
    first, last = _day(period.first, FIRST), _day(period.last, day_of(clock.now()))
    if last < first:
        raise UserMistake(f"{last} 早于 {first}")
    with opened(config) as store:
        acts = acting(config, store.engine, *READERS, by=by)
        begin, end = start_of(first), start_of(last + timedelta(days=1))
        found = scorecard(KeptLetters(store.engine), begin, end, tuple(sorted(acts.districts)))
        names = {one.name for one in Operators(store.engine).every() if period.platform in one.platforms}
    scores = [one for one in found if not period.platform or one.operator in names]
    if as_json:
        for one in scores:
            print_json(plain(asdict(one)))
        return
    _print(scores, with_ids=period.with_ids)


def _print(scores: list[Score], *, with_ids: bool) -> None:
    for one in scores:
        days = f"{one.days} 天" if one.days is not None else "—"
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title=harmless(one.operator), title_justify="left")
        for name in ("项目", "数", *(("编号",) if with_ids else ())):
            table.add_column(name, overflow="fold")
        for figure in one.figures:
            ids = ("、".join(map(str, figure.ids)),) if with_ids else ()
            table.add_row(*map(Text, (FIGURE_WORDS[figure.name], str(figure.value), *ids)))
        page().print(table)
        print_line(f"发函到首次证实消失的中位天数：{days}；被拦、未看到的另计，不算消失。")


def _day(written: str, default: date) -> date:
    try:
        return date.fromisoformat(written) if written else default
    except ValueError:
        raise UserMistake(f"{written!r} 不是日期，要写成 2026-01-31") from None
