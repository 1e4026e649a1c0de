"""`lantian report year|due|trend`: the yearly summary as a document, what is due when, and the trend of mentions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from casework.reports.coverage import Covered, statement
from casework.reports.figures import Report
from casework.reports.period import DistrictLine, days, district_lines, period_report
from casework.reports.yearly import Drawn, SupervisionFacts, YearFacts, due_words, summary
from console.cases.covering import covered
from console.cases.figure_lists import show_list
from console.cases.report_files import new_file, refuse_taken
from console.cases.reports import Reading, Typed, between, reading, report_told
from console.output import harmless, print_json, print_line, say
from console.sampling import REGISTRY, SHOPS
from crawler import clock
from crawler.errors import EXIT_DONE, UserMistake
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows
from storage.cases.publications import Publications
from storage.draws import Draws
from storage.supervision import Supervision


def year(which: int, out: Path | None, typed: Typed, *, as_json: bool) -> int:
    """The summary of a year as a document, or the rows behind one of its figures."""
    from casework.reports.summary_docx import summary_docx

    first, last = date(which, 1, 1), date(which, 12, 31)
    if out:
        refuse_taken(out, ".docx")
    elif not typed.listed:
        raise UserMistake("写明 --out 年度总结.docx，或用 --list 打开一个数字")
    with reading(typed.by) as home:
        with home.engine.connect() as connection:
            rows = FigureRows(connection)
            report = period_report(rows, home.period(first, last), home.asked)
            if out is None:
                return show_list(connection, tuple(report.parts()), typed.listed, home.who, as_json=as_json)
            districts = district_lines(rows, home.period(first, last), home.asked)
        facts = _facts(home, which, report, districts)
    with new_file(out, ".docx") as file:
        file.write(summary_docx(summary(facts)))
    if as_json:
        told = report_told(report, first, last, statement(facts.covered))
        print_json(told | {"file": str(out), "due": facts.due.isoformat()})
    say(f"{which} 年度总结写入 {harmless(str(out))}；标有【待填】的由人填写")
    say(due_words(facts))
    return EXIT_DONE


def show_due(by: str, *, as_json: bool) -> int:
    """What is due when: the yearly summary, and the month that is over."""
    with reading(by) as home:
        settings, today = home.who.config.reports, home.now.astimezone(clock.SHANGHAI).date()
    told = [
        ("年度总结", due_day(settings, today.year), settings.summary_to, f"lantian report year {today.year}"),
        ("年度总结", due_day(settings, today.year + 1), settings.summary_to, f"lantian report year {today.year + 1}"),
    ]
    for name, due, to, command in told:
        late = (today - due).days
        if as_json:
            print_json(
                {"report": name, "due": due.isoformat(), "to": to, "late_days": max(0, late), "command": command}
            )
        else:
            words = f"已过 {late} 天" if late > 0 else "今天" if late == 0 else f"还有 {-late} 天"
            print_line(harmless(f"{due}  {name}  {to}  {words}  {command}"))
    return EXIT_DONE


def due_day(settings: Reports, of_year: int) -> date:
    """The day of the settings in this year; the last of February where it has no 29th."""
    month, day = map(int, settings.summary_due.split("-"))
    try:
        return date(of_year, month, day)
    except ValueError:
        return date(of_year, month, 28)


def trend(typed: Typed, out: Path, *, as_json: bool) -> int:
    """How often what is unlawful was seen, by week and category."""
    from casework.reports.trend import trend_chart, trend_of
    from storage.cases.trend_rows import mentions

    refuse_taken(out, ".png .svg")
    with reading(typed.by) as home, home.engine.connect() as connection:
        first, last = between(typed, home.now)
        looked = covered(home.engine, first, last, home.now)
        found = trend_of(mentions(connection, home.period(first, last)), looked.days, first, last)
        lines = statement(looked)
    with new_file(out, ".png .svg") as file:
        file.write(trend_chart(found, out.suffix.lower()[1:]).content)
    if as_json:
        told: dict[str, Any] = {"file": str(out), "weeks": [one.isoformat() for one in found.weeks]}
        told |= {"categories": dict(found.categories), "listings": found.listings, "coverage": lines}
        told["looks"] = [{"seen": one.seen, "unseen": one.unseen} for one in found.looks]
        print_json(told)
    weeks = f"{len(found.weeks)} 周，其中 {len(found.blank)} 周没有看到任何页面（空白，不是 0）"
    mentioned = sum(one or 0 for one in found.listings)
    say(f"走势图写入 {harmless(str(out))}：{weeks}；违法招揽信息（涉嫌）{mentioned} 条次")
    for line in lines:
        say(harmless(line))
    return EXIT_DONE


def _facts(home: Reading, which: int, report: Report, districts: Sequence[DistrictLine]) -> YearFacts:
    first, last = date(which, 1, 1), date(which, 12, 31)
    config, period = home.who.config, days(first, last)
    looked = covered(home.engine, first, last, home.now)
    return YearFacts(
        year=which,
        office=config.office.name,
        to=config.reports.summary_to,
        due=due_day(config.reports, which),
        now=home.now,
        report=report,
        districts=tuple(districts),
        supervision=_supervision(home.engine, which, looked),
        districts_only=home.who.districts,
        published=Publications(home.engine).begun(period.since, period.until),
        covered=looked,
    )


def _supervision(engine: Engine, which: int, looked: Covered) -> SupervisionFacts:
    supervision = Supervision(engine)
    drawn = [one for _, one in Draws(engine).all() if one.drawn_at.astimezone(clock.SHANGHAI).year == which]
    return SupervisionFacts(
        agencies=_agencies(engine),
        looked_for=looked.agencies,
        seen=looked.agencies_seen,
        closely=len(supervision.priorities()),
        draws=tuple(
            Drawn(
                day=one.drawn_at.astimezone(clock.SHANGHAI).date(),
                source=_source(one.source),
                wanted=len(one.results),
                size=one.size,
            )
            for one in drawn
        ),
    )


def _source(word: str) -> str:
    """What lots were drawn from; a draw says `active` after it where only those in business could be drawn."""
    kind, _, only = word.partition(" ")
    names = {REGISTRY: "名录", SHOPS: "见过的店铺"}
    return names.get(kind, kind) + ("（在业）" if only else "")


def _agencies(engine: Engine) -> int | None:
    """How many agencies and branches the registry in use has, if there is one."""
    try:
        version = Draws(engine).registry_version()
    except UserMistake:
        return None
    return sum(1 for _ in Draws(engine).agencies(version))
