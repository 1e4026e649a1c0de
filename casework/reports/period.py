"""The figures of a month, of a year, of each district: read within one transaction, so that they fit each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from casework.reports.figures import LEADS, Group, Part, Report, counted
from casework.reports.lead_figures import act_figures, conclusion, lead_figures
from casework.reports.letter_figures import REMOVED, letter_figures, newest_links, recheck_word
from casework.reports.words import UNASSIGNED, Label
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows, LeadFacts, LinkFacts, Period
from storage.cases.shapes import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For what a report is made: settings, how platforms are called, and when it is asked."""

    settings: Reports
    label_of: Label
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictLine:
    """The figures of one district; an empty name is what no district was given."""

    district: str
    parts: tuple[Part, ...]


def days(first: date, last: date, districts: Sequence[str] = ()) -> Period:
    """From the first day to the end of the last, as people here count days."""
    if last < first:
        raise UserMistake(f"{first} 在 {last} 之后")
    since, until = (datetime.combine(one, time(), SHANGHAI) for one in (first, last + timedelta(days=1)))
    return Period(since=since, until=until, districts=tuple(districts))


def month(word: str) -> tuple[date, date]:
    """The first and the last day of `2026-11`."""
    try:
        first = date.fromisoformat(f"{word.strip()}-01")
    except ValueError:
        raise UserMistake(f"{word!r} 不是月份，要写成 2026-11") from None
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def period_report(rows: FigureRows, period: Period, asked: Asked) -> Report:
    """All figures of the period."""
    leads = list(rows.leads(period))
    repeated = rows.approved_twice({one.actor for one in leads if one.actor})
    of_leads = lead_figures(leads, repeated, asked.settings, asked.label_of)
    of_letters = letter_figures(list(rows.drafted(period)), list(rows.sent(period)), asked.label_of, asked.now)
    return Report(
        since=period.since,
        until=period.until,
        groups=(*of_leads.groups, act_figures(list(rows.acts(period))), *of_letters.groups),
        rates=(*of_leads.rates, *of_letters.rates),
        middles=(*of_leads.middles, *of_letters.middles),
    )


def district_lines(rows: FigureRows, period: Period, asked: Asked) -> tuple[DistrictLine, ...]:
    """One line a district, the whole last: each of its figures is the sum of those above."""
    leads = list(rows.leads(period))
    links = newest_links(list(rows.sent(period)))
    names = sorted({one.district for one in leads} | {one.district for one in links}, key=lambda one: (not one, one))
    lines = [
        _line(
            name,
            [one for one in leads if one.district == name],
            [one for one in links if one.district == name],
            asked.settings,
        )
        for name in names
    ]
    whole = _line("合计", leads, links, asked.settings)
    return (*lines, replace(whole, district="合计"))


def _line(district: str, leads: Sequence[LeadFacts], links: Sequence[LinkFacts], settings: Reports) -> DistrictLine:
    groups = {one.name: one for one in lead_figures(leads, (), settings, str).groups}
    name = district or UNASSIGNED

    def of_group(label: str, group: str, key: str) -> Part:
        return _named(name, label, groups[group].part(key))

    def of_links(label: str, chosen: Sequence[LinkFacts]) -> Part:
        return _named(name, label, counted("", LEADS, (one.lead_id for one in chosen)))

    return DistrictLine(
        district=district,
        parts=(
            _named(name, "线索", counted("", LEADS, (one.id for one in leads))),
            of_group("属实", "leads.conclusion", "true"),
            of_group("不属实", "leads.conclusion", "false"),
            _named(name, "未结论", counted("", LEADS, (one.id for one in leads if _is_open(one)))),
            of_group("限内通报", "leads.told", "within"),
            of_group("限内处理", "leads.handled", "within"),
            of_group("限内反馈", "leads.answered", "within"),
            of_links("发函涉及", links),
            of_links("平台已处置", [one for one in links if one.measure in REMOVED]),
            of_links("复查消失", [one for one in links if recheck_word(one) == "gone"]),
            of_links("复现", [one for one in links if recheck_word(one) == "back"]),
        ),
    )


def _is_open(lead: LeadFacts) -> bool:
    return conclusion(lead) not in ("true", "false")


def _named(district: str, label: str, figure: Figure) -> Part:
    return Part(label=label, figure=replace(figure, name=f"district.{district}.{label}"))


def figures_of(lines: Sequence[DistrictLine]) -> tuple[Part, ...]:
    """Every figure of the lines."""
    return tuple(one for line in lines for one in line.parts)


__all__ = ["Asked", "DistrictLine", "Group", "days", "district_lines", "figures_of", "month", "period_report"]
