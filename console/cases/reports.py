"""`lantian report ledger|month|districts`: the ledger as a file, figures on the terminal, and the list behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from casework.reports.coverage import statement
from casework.reports.figures import Part, Report
from casework.reports.period import Asked, DistrictLine, days, district_lines, figures_of, month, period_report
from casework.reports.told import middle_words, rate_words
from casework.reports.words import UNASSIGNED
from console.cases.covering import covered, day
from console.cases.figure_lists import show_list
from console.cases.report_files import new_file, refuse_taken
from console.cases.unnamed import refuse_naming
from console.cases.viewing import Viewer, viewer
from console.output import harmless, page, print_json, print_line, progress, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE
from patrol.platforms import label_of
from storage.cases.figure_rows import FigureRows, Period
from storage.cases.shapes import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed: of which days, which list is to be opened, who asks."""

    first: str = ""
    last: str = ""
    listed: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A home that somebody reads reports of."""

    who: Viewer
    now: datetime

    @property
    def engine(self) -> Engine:
        return self.who.engine

    @property
    def asked(self) -> Asked:
        return Asked(settings=self.who.config.reports, label_of=label_of, now=self.now)

    def period(self, first: date, last: date) -> Period:
        return days(first, last, self.who.districts)


@contextmanager
def reading(by: str) -> Iterator[Reading]:
    """The home, for whoever may read it."""
    with viewer(by) as who:
        yield Reading(who=who, now=clock.now())


def cites(config: Config) -> Callable[[str], str]:
    """How each article is cited, as the office's own file has it; its id where nobody knows it any more."""
    from console.cases.law import book_of

    articles = book_of(config).articles
    return lambda one: articles[one].cite if one in articles else one


def between(typed: Typed, now: datetime) -> tuple[date, date]:
    """The days asked for; by default this year up to today."""
    today = now.astimezone(clock.SHANGHAI).date()
    end = day(typed.last) if typed.last else today
    return (day(typed.first) if typed.first else end.replace(month=1, day=1)), end


def ledger(typed: Typed, out: Path, *, as_json: bool) -> int:
    from casework.reports.ledger import write_ledger
    from casework.reports.ledger_columns import Told
    from storage.cases.ledger_rows import LedgerRows

    refuse_taken(out, ".xlsx")
    with reading(typed.by) as home:
        begin, end = between(typed, home.now)
        told = Told(label_of=label_of, mask=home.who.veiled, now=home.now, cite_of=cites(home.who.config))
        statement_of = covered(home.engine, begin, end, home.now)
        with home.engine.connect() as connection, new_file(out, ".xlsx") as file:
            rows, period = LedgerRows(connection), home.period(begin, end)
            refuse_naming(home.who.config, home.engine, rows.rows(period), told.shown)
            with progress("台账", rows.count(period)) as step:
                written = write_ledger(file, rows.rows(period), told, statement_of, lambda: step(""))
    if as_json:
        print_json({"file": str(out), "leads": written, "from": begin.isoformat(), "to": end.isoformat()})
    say(f"工作台账：{begin} 至 {end} 登记的线索 {written} 条，写入 {harmless(str(out))}")
    return EXIT_DONE


def show_month(word: str, typed: Typed, *, as_json: bool) -> int:
    """The figures of a month, or the rows behind one of them."""
    first, last = month(word)
    with reading(typed.by) as home, home.engine.connect() as connection:
        report = period_report(FigureRows(connection), home.period(first, last), home.asked)
        if typed.listed:
            return show_list(connection, tuple(report.parts()), typed.listed, home.who, as_json=as_json)
        lines = statement(covered(home.engine, first, last, home.now))
    if as_json:
        print_json(report_told(report, first, last, lines))
    else:
        _print(report, f"{word.strip()} 月度统计", lines)
    return EXIT_DONE


def show_districts(typed: Typed, *, as_json: bool) -> int:
    """One line a district, the whole last."""
    with reading(typed.by) as home, home.engine.connect() as connection:
        begin, end = between(typed, home.now)
        lines = district_lines(FigureRows(connection), home.period(begin, end), home.asked)
        if typed.listed:
            return show_list(connection, figures_of(lines), typed.listed, home.who, as_json=as_json)
        sentences = statement(covered(home.engine, begin, end, home.now))
    if as_json:
        districts = [{"district": one.district, "figures": [_told(part) for part in one.parts]} for one in lines]
        print_json({"from": begin.isoformat(), "to": end.isoformat(), "districts": districts, "coverage": sentences})
    else:
        _print_districts(lines, f"{begin} 至 {end} 各区县", sentences)
    return EXIT_DONE


def report_told(report: Report, first: date, last: date, lines: Sequence[str]) -> dict[str, Any]:
    """A report as JSON. The ids behind a figure are told by `--list`."""
    groups = [
        {"name": one.name, "title": one.title, "whole": _figure(one.whole), "overlaps": one.overlaps}
        | {"parts": [_told(part) for part in one.parts]}
        for one in report.groups
    ]
    rates = [
        {"label": one.label, "some": _figure(one.some), "among": _figure(one.among), "share": one.share}
        for one in report.rates
    ]
    middles = [{"label": one.label, "hours": one.hours, "over": _figure(one.over)} for one in report.middles]
    told: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat(), "groups": groups, "rates": rates}
    return told | {"medians": middles, "coverage": list(lines)}


def _figure(figure: Figure) -> dict[str, Any]:
    return {"name": figure.name, "value": figure.value, "of": figure.of}


def _told(part: Part) -> dict[str, Any]:
    return {"label": part.label, **_figure(part.figure)}


def _print(report: Report, title: str, lines: Sequence[str]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for name in ("项目", "合计", "其中", "打开名单（--list）"):
        table.add_column(name, overflow="fold", justify="right" if name == "合计" else "left")
    for group in report.groups:
        parts = "，".join(f"{one.label} {one.figure.value}" for one in group.parts)
        cells = (group.title, str(group.whole.value), harmless(parts), group.name)
        table.add_row(*map(Text, cells))
    page().print(table)
    for one in report.rates:
        print_line(rate_words(one))
    for middle in report.middles:
        print_line(middle_words(middle))
    say("--list leads.source 列出一组数字的名称，--list '?' 列出全部，写全名称即打开名单")
    for line in lines:
        say(harmless(line))


def _print_districts(lines: Sequence[DistrictLine], title: str, sentences: Sequence[str]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    table.add_column("区县")
    for part in lines[-1].parts:
        table.add_column(part.label, justify="right")
    for one in lines:
        table.add_row(Text(harmless(one.district or UNASSIGNED)), *(str(part.figure.value) for part in one.parts))
    page().print(table)
    for sentence in sentences:
        say(harmless(sentence))
