"""One lead with all that explains it: its exhibits and their findings, every move, its actor and its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from casework.masking import CONTACTS
from casework.review.settled import unexamined
from console.cases.viewing import Viewer
from console.ledger import place_words, plain
from console.output import CATEGORY_WORDS, harmless, print_line
from console.sealing import STATE_WORDS, sealer_of
from crawler import clock
from crawler.items import Finding
from storage.cases.cases import case_on
from storage.cases.lead_shapes import LedExhibit
from storage.cases.leads import WorkedLeads
from storage.cases.moves import STEP_WORDS, Step
from storage.cases.same_actor import actor_named
from storage.cases.shapes import Move, WorkedLead
from storage.exhibits import ExhibitStore
from storage.seal import State

MOST = 10_000  # exhibits of one lead
_OURS = ("exhibits", "rules", "categories", "decision", "into", "batch", "due")
_MARK_WORDS = {True: "", False: "（未经研判）"}


def lead_page(views: Viewer, lead: WorkedLead, limit: int) -> dict[str, Any]:
    """What JSON tells of a lead beside its row; text shows the same."""
    store = WorkedLeads(views.engine)
    led, moves = store.led(lead.id, MOST), store.moves(lead.id)
    fresh = unexamined(lead, moves, led)
    with views.engine.connect() as connection:
        actor = actor_named(connection, lead.actor_id) if lead.actor_id else None
        case = case_on(connection, lead.case_id).number if lead.case_id else ""
    return {
        "case": case,
        "actor": {"number": actor[0], "name": views.veiled(actor[1])} if actor else None,
        "listings": len(led),
        "exhibits": [_exhibit_told(views, one, fresh) for one in led[:limit]],
        "unexamined": list(fresh),
        "merged": [one.number for one in store.merged(lead.id)],
        "moves": [_move_told(views, one) for one in moves],
    }


def _exhibit_told(views: Viewer, one: LedExhibit, fresh: Sequence[str]) -> dict[str, Any]:
    detail = ExhibitStore(views.engine).exhibit(one.exhibit)
    known = tuple(entity.value for entity in detail.exhibit.entities if entity.kind in CONTACTS)
    listing = detail.exhibit.listing
    spoken = {"title": listing.title, "text": listing.text, "seller": listing.seller, "url": listing.url}
    return {
        "exhibit": one.exhibit,
        "listing": one.listing,
        **{name: views.veiled(words, known) for name, words in spoken.items()},
        "seen_at": one.seen_at.isoformat(),
        "points": one.points,
        "is_specimen": one.is_specimen,
        "is_examined": one.exhibit not in fresh,
        "capture": detail.capture.id,
        "sha256": detail.capture.sha256,
        "file": detail.capture.file,
        "seal": sealer_of(views.config, views.engine).state_of(detail.capture).state.value,
        "findings": [_finding_told(views, finding, known) for finding in detail.exhibit.findings],
    }


def _finding_told(views: Viewer, finding: Finding, known: tuple[str, ...]) -> dict[str, Any]:
    return {
        "category": finding.category,
        "rule": finding.rule,
        "state": finding.state,
        "points": finding.points,
        "quote": views.veiled_quote(finding.quote, known),
        "field": finding.field,
        "start": finding.start,
        "end": finding.end,
        "place": place_words(finding),
        "articles": list(finding.articles),
    }


def _move_told(views: Viewer, move: Move) -> dict[str, Any]:
    told = views.veiled_told(plain(asdict(move)))
    # Digests are no contacts, though their digits may look like one.
    detail = [line if line.partition("=")[0] in _OURS else views.veiled(line) for line in move.detail]
    return told | {"detail": detail, "word": STEP_WORDS[Step(move.move)]}


def print_lead_page(told: dict[str, Any], shown: dict[str, Any]) -> None:
    """The same as text."""
    _print_head(told, shown)
    for one in shown["exhibits"]:
        origin = "（样本网，不是真实平台）" if one["is_specimen"] else ""
        marks = f"{_MARK_WORDS[one['is_examined']]}（{STATE_WORDS[State(one['seal'])]}）{origin}"
        print_line(harmless(f"证据项 {one['exhibit']}{marks} {one['title']}"))
        print_line(harmless(f"  {one['seller']} {one['url']}"))
        for finding in one["findings"]:
            trial = "（试行规则，只供参考）" if finding["state"] == "trial" else ""
            word = CATEGORY_WORDS.get(finding["category"], finding["category"])
            quoted = f"  涉嫌{word}：“{finding['quote']}”（{finding['place']}）{finding['points']} 分 {finding['rule']}"
            print_line(harmless(quoted + trial))
    if len(shown["exhibits"]) < shown["listings"]:
        print_line(f"另有 {shown['listings'] - len(shown['exhibits'])} 个证据项（--limit）")
    for move in shown["moves"]:
        at = clock.in_shanghai(datetime.fromisoformat(move["at"]))
        print_line(harmless(f"{at} {move['by']} {move['word']} {move['reason']}".rstrip()))


def _print_head(told: dict[str, Any], shown: dict[str, Any]) -> None:
    actor = shown["actor"]
    lines = [
        f"主体 {actor['number']} {actor['name']}" if actor else "主体 未知",
        f"案件 {shown['case']}" if shown["case"] else "",
        f"责任 {told['unit']} {told['assignee']}".rstrip() if told["unit"] or told["assignee"] else "",
        f"区县 {told['district']}" if told["district"] else "",
        f"并入了 {'、'.join(shown['merged'])}" if shown["merged"] else "",
        f"认定 {told['decided_by']}；复核 {told['approved_by'] or '（未复核）'}" if told["decided_by"] else "",
        f"未经研判的证据项 {len(shown['unexamined'])} 个，不在认定之内" if shown["unexamined"] else "",
        *_time_lines(told),
    ]
    for line in filter(None, lines):
        print_line(harmless(line))


def _time_lines(told: dict[str, Any]) -> list[str]:
    lines = []
    for name, word in (("told", "通报"), ("handled", "处理"), ("answered", "反馈")):
        span = told["times"][name]
        reached = f"{span['hours']} 小时" if span["hours"] is not None else "还没有"
        lines.append(f"{word} {reached}（限 {span['limit']} 小时）{'，已超时' if span['is_late'] else ''}")
    if told["due_at"]:
        lines.append(f"要求反馈 {told['due_day']}（含当日）{'，已超期' if told['times']['is_overdue'] else ''}")
    return lines
