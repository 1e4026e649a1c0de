"""`lantian lead list|show|counts`: leads as people may see them, contacts hidden from whoever has no right to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.review.times import Span, times_of
from casework.workdays import told_day
from console.cases.lead_page import lead_page, print_lead_page
from console.cases.viewing import Viewer, day_begins, day_ends, viewer
from console.ledger import plain
from console.output import CATEGORY_WORDS, harmless, page, print_json, print_line, say
from crawler import clock
from crawler.errors import UserMistake
from storage.cases.cases import WorkedCases
from storage.cases.leads import WorkedLeads
from storage.cases.moves import STATE_WORDS, State
from storage.cases.shapes import LeadsWanted, WorkedLead

SOURCE_WORDS = {
    "monitoring": "巡查",
    "report": "举报",
    "transferred": "转办",
    "assigned": "交办",
    "field": "实地",
    "sample": "抽查",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which leads, as somebody typed it."""

    states: str
    source: str
    platform: str
    category: str
    assignee: str
    district: str
    case: str
    actor: str
    first: str
    last: str
    before: str
    limit: int


def list_leads(asked: Wanted, by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        store = WorkedLeads(views.engine)
        found = store.leads(_wanted(asked, views, store))
        if as_json:
            for lead in found:
                print_json(lead_told(views, lead))
            return
        _print_leads(views, found)
    if not found:
        say("没有线索。")
    if len(found) == asked.limit:
        say(f"还有更早的：--before {found[-1].number}")


def show_lead(word: str, limit: int, by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        lead = WorkedLeads(views.engine).named(word, views.districts)
        shown = lead_page(views, lead, limit)
        if as_json:
            print_json(lead_told(views, lead) | shown)
            return
        print_line(line_of(views, lead))
        print_lead_page(lead_told(views, lead), shown)


def show_counts(by: str, *, as_json: bool) -> None:
    with viewer(by) as views:
        counts = WorkedLeads(views.engine).counts(views.districts)
    if as_json:
        print_json(dict(counts))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("状态")
    table.add_column("线索", justify="right")
    for state, number in counts.items():
        table.add_row(STATE_WORDS[State(state)], str(number))
    table.add_row("合计", str(sum(counts.values())))
    page().print(table)


def lead_told(views: Viewer, lead: WorkedLead) -> dict[str, Any]:
    """A lead as every command tells it in JSON: its row, the word of its state, its three times."""
    told: dict[str, Any] = views.veiled_told(plain(asdict(lead)))
    times = times_of(lead, views.config.reports, clock.now())
    told |= {"due_day": told_day(lead.due_at)}
    return told | {"state_word": STATE_WORDS[State(lead.state)], "times": plain(asdict(times))}


def line_of(views: Viewer, lead: WorkedLead) -> str:
    """A lead in one line."""
    words = "、".join(CATEGORY_WORDS.get(one, one) for one in lead.categories)
    seller, title = views.veiled(lead.seller), views.veiled(lead.title)
    state = STATE_WORDS[State(lead.state)]
    return harmless(" ".join(f"{lead.number} {state} {lead.platform} {seller} {title[:60]} {words}".split()))


def _wanted(asked: Wanted, views: Viewer, store: WorkedLeads) -> LeadsWanted:
    states = tuple(one.strip() for one in asked.states.split(",") if one.strip())
    for one in states:
        if one not in set(State):
            raise UserMistake(f"没有状态 {one}；状态有 {'、'.join(State)}")
    case = WorkedCases(views.engine).named(asked.case, views.districts).id if asked.case else 0
    return LeadsWanted(
        states=states,
        source=asked.source,
        platform=asked.platform,
        category=asked.category,
        assignee=asked.assignee,
        district=asked.district,
        districts=views.districts,
        actor_id=views.actor_id(asked.actor),
        case_id=case,
        registered_from=day_begins(asked.first),
        registered_to=day_ends(asked.last),
        before=store.named(asked.before, views.districts).id if asked.before else 0,
        limit=asked.limit,
    )


def _print_leads(views: Viewer, leads: tuple[WorkedLead, ...]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("编号", "状态", "来源", "平台", "卖家", "标题", "类别", "分", "责任人", "时限"):
        table.add_column(name, overflow="fold")
    for lead in leads:
        words = "、".join(CATEGORY_WORDS.get(one, one) for one in lead.categories)
        seller, title = views.veiled(lead.seller), views.veiled(lead.title)[:60]
        cells = (
            lead.number,
            STATE_WORDS[State(lead.state)],
            SOURCE_WORDS.get(lead.source, lead.source),
            lead.platform,
            seller,
            title,
            words,
            str(lead.points),
            lead.assignee or lead.unit,
            _late_words(views, lead),
        )
        table.add_row(*(Text(harmless(cell)) for cell in cells))
    page().print(table)


def _late_words(views: Viewer, lead: WorkedLead) -> str:
    times = times_of(lead, views.config.reports, clock.now())
    late: list[tuple[str, Span]] = [("通报", times.told), ("处理", times.handled), ("反馈", times.answered)]
    words = [name for name, span in late if span.is_late]
    overdue = "超期" if times.is_overdue else ""
    late_words = f"{'、'.join(words)}迟" if words else ""
    return " ".join(filter(None, (told_day(lead.due_at), overdue + late_words)))
