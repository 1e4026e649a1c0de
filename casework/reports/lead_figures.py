"""Figures of leads: where they came from, what was found, how soon; and the acts and actors behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casework.reports.figures import (
    ACTORS,
    LEADS,
    MOVES,
    Group,
    Grouping,
    Middle,
    Rate,
    counted,
    grouped,
    hours_between,
    middle,
    together,
)
from casework.reports.words import (
    ACTOR_WORDS,
    CATEGORY_WORDS,
    CONCLUSION_WORDS,
    SOURCE_WORDS,
    TIME_WORDS,
    UNASSIGNED,
    UNKNOWN,
    Label,
    labelled,
    plainly,
)
from crawler.clock import SHANGHAI
from crawler.tables import Reports
from storage.cases.figure_rows import ActFacts, LeadFacts
from storage.cases.moves import STATE_WORDS, STEP_WORDS, State

_BY_STATE = {
    State.CONFIRMED: "to_review",
    State.APPROVED: "true",
    State.SENT: "true",
    State.GONE: "true",
    State.HANDED_OVER: "true",
    State.DISMISSED: "false",
    State.MERGED: "merged",
    State.DELEGATED: "delegated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFigures:
    """What is told of leads."""

    groups: tuple[Group, ...]
    rates: tuple[Rate, ...]
    middles: tuple[Middle, ...]


def conclusion(lead: LeadFacts) -> str:
    """What people have come to, as it stands. A closed lead was approved, or it had been dismissed."""
    if lead.state == State.CLOSED:
        return "true" if lead.approved_at else "false"
    return _BY_STATE[State(lead.state)] if lead.state in _BY_STATE else "open"


def month_of(at: datetime) -> str:
    """`2026-11`, as people here count."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m")


def lead_figures(
    leads: Sequence[LeadFacts], repeated: Sequence[int], settings: Reports, label_of: Label
) -> LeadFigures:
    """Everything about the leads of a period. `repeated` are actors that were found at fault more than once."""
    whole = counted("leads", LEADS, (one.id for one in leads))
    concluded = grouped(
        Grouping(
            name="leads.conclusion",
            title="研判结论",
            label=labelled(CONCLUSION_WORDS),
            always=("true", "to_review", "false", "open"),
        ),
        whole,
        leads,
        conclusion,
        lambda one: one.id,
    )
    true, false = concluded.part("true"), concluded.part("false")
    judged = together("leads.judged", true, false)
    timed = [_timed(leads, *one) for one in _steps(settings)]
    return LeadFigures(
        groups=(
            *_by(leads, label_of),
            concluded,
            *(group for group, _ in timed),
            _actors(leads, repeated),
        ),
        rates=(Rate(label="属实率", some=true, among=judged), Rate(label="误报率", some=false, among=judged)),
        middles=tuple(one for _, one in timed),
    )


def _by(leads: Sequence[LeadFacts], label_of: Label) -> tuple[Group, ...]:
    whole = counted("leads", LEADS, (one.id for one in leads))

    def by(grouping: Grouping, key: object) -> Group:
        return grouped(grouping, whole, leads, key, lambda one: one.id)  # type: ignore[arg-type]

    def named(name: str, title: str, label: Label, *, overlaps: bool = False) -> Grouping:
        return Grouping(name=f"leads.{name}", title=title, label=label, overlaps=overlaps)

    states = {state.value: word for state, word in STATE_WORDS.items()}
    return (
        by(named("source", "线索来源", labelled(SOURCE_WORDS)), lambda one: one.source),
        by(named("month", "登记月份", plainly(UNKNOWN)), lambda one: month_of(one.registered_at)),
        by(
            named("category", "类别（一条可属多类）", labelled(CATEGORY_WORDS, "未归类"), overlaps=True),
            lambda one: one.categories,
        ),
        by(named("platform", "平台", lambda one: label_of(one) if one else UNKNOWN), lambda one: one.platform),
        by(named("district", "区县", plainly(UNASSIGNED)), lambda one: one.district),
        by(named("actor_kind", "主体性质", labelled(ACTOR_WORDS)), lambda one: one.actor_kind),
        by(named("state", "现在状态", labelled(states)), lambda one: one.state),
    )


def _steps(settings: Reports) -> tuple[tuple[str, str, float], ...]:
    return (
        ("told", "第一时间通报", settings.told_hours),
        ("handled", "第一时间处理", settings.handled_hours),
        ("answered", "第一时间反馈", settings.answered_hours),
    )


def _timed(leads: Sequence[LeadFacts], step: str, title: str, limit: float) -> tuple[Group, Middle]:
    taken = {one.id: hours_between(one.registered_at, at) for one in leads if (at := _moment(one, step)) is not None}

    def key(lead: LeadFacts) -> str:
        hours = taken.get(lead.id)
        return "waiting" if hours is None else "within" if hours <= limit else "late"

    grouping = Grouping(
        name=f"leads.{step}",
        title=f"{title}（登记后 {limit:g} 小时内）",
        label=labelled(TIME_WORDS),
        always=("within", "late", "waiting"),
    )
    whole = counted("leads", LEADS, (one.id for one in leads))
    done = counted(f"leads.{step}.done", LEADS, taken)
    return grouped(grouping, whole, leads, key, lambda one: one.id), middle(title, done, list(taken.values()))


def _moment(lead: LeadFacts, step: str) -> datetime | None:
    return {"told": lead.told_at, "handled": lead.handled_at, "answered": lead.answered_at}[step]


def _actors(leads: Sequence[LeadFacts], repeated: Sequence[int]) -> Group:
    actors = list(dict.fromkeys(one.actor for one in leads if one.actor))
    again = set(repeated)
    grouping = Grouping(
        name="actors.repeat",
        title="涉及主体",
        label=labelled({"repeat": "重复违法（两条以上经复核属实）", "other": "其他"}),
        always=("repeat", "other"),
    )
    whole = counted("actors", ACTORS, actors)
    return grouped(grouping, whole, actors, lambda one: "repeat" if one in again else "other", lambda one: one)


def act_figures(acts: Sequence[ActFacts]) -> Group:
    """What was done in the period, whenever the lead had come."""
    grouping = Grouping(
        name="acts",
        title="本期办理动作",
        label=labelled({step.value: word for step, word in STEP_WORDS.items()}),
    )
    whole = counted("acts", MOVES, (one.id for one in acts))
    return grouped(grouping, whole, acts, lambda one: one.move, lambda one: one.id)
