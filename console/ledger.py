"""What was found, as text or JSON: leads, and one exhibit with all that explains it.

Nothing is shown as whole that was not re-read, nor as sealed that no manifest covers: both are looked up
while a lead is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from console.claims import claims_shown, claims_told, is_claimed
from console.files import platform
from console.inspection import WHOLE, Inspection, integrity_told, is_damaged, seal_words, seals_words
from console.landing_words import landings_told, landings_words
from console.output import CATEGORY_WORDS, bracketed, finding_told, harmless, page, print_json, say, weight_words
from console.picture_words import picture_words, place_in_picture, quote_words, shown_captures
from console.sealing import STATE_WORDS
from console.showings import facts_of, picture_mark, showing_told, shown_parts, visit_words
from console.veiling import SeenLeads, veil
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, UserMistake
from crawler.items import Capture, Finding, How
from detectors.article import Article, load_articles
from storage.care_shapes import Rejudged
from storage.db import is_there, open_database
from storage.exhibits import ExhibitStore
from storage.landings import Landings
from storage.shapes import ExhibitDetail, Lead, LeadFilter

SCREENFUL, BATCH = 50, 500  # leads
FIELD_WORDS = {"title": "标题", "text": "正文", "seller": "卖家", "image": "图片"}


@contextmanager
def opened(config: Config) -> Iterator[ExhibitStore]:
    """The home's ledger for reading; a home without one is a mistake, not an empty answer."""
    if not is_there(config.database):
        raise UserMistake(f"{config.home} 里还没有数据：先运行 lantian round，或设置 LANTIAN_HOME")
    store = ExhibitStore(open_database(config.database))
    try:
        yield store
    finally:
        store.engine.dispose()


def show_leads(wanted: LeadFilter, *, by: str = "", as_json: bool) -> int:
    """All leads as JSON Lines when no limit is given; as text a screenful, and it is said when there are more."""
    if wanted.platform:
        platform(wanted.platform)
    if wanted.category and wanted.category not in CATEGORY_WORDS:
        raise UserMistake(f"没有类别 {wanted.category!r}；现有：{'、'.join(CATEGORY_WORDS)}")
    config = Config.load()
    with opened(config) as store:
        seen, inspection = SeenLeads(store, veil(config, store.engine, by)), Inspection(config, store.engine)
        if as_json:
            # A line a lead, whatever people are shown.
            states = {_told(lead, inspection, seen) for lead in _every(store, replace(wanted, by_group=False))}
        else:
            limit = wanted.limit or SCREENFUL
            found = store.leads(replace(wanted, limit=limit + 1))
            shown = [seen.lead(one) for one in found[:limit]]
            states = set(print_leads(shown, inspection, by_group=wanted.by_group))
            if len(found) > limit:
                say(f"还有更多：--before {found[limit - 1].exhibit} 接着看，或 --limit 多看几条")
            if any(lead.group_size > 1 for lead in found[:limit]) and wanted.by_group:
                say("同类的合为一条；要逐条看，加 --each")
    return EXIT_EVIDENCE if any(map(is_damaged, states)) else EXIT_DONE


def _every(store: ExhibitStore, wanted: LeadFilter) -> Iterator[Lead]:
    """Batch by batch, so that memory does not grow with the archive."""
    left = wanted.limit or sys.maxsize
    while left > 0:
        found = store.leads(replace(wanted, limit=min(left, BATCH)))
        yield from found
        left = left - len(found) if len(found) == BATCH else 0
        wanted = replace(wanted, before=found[-1].exhibit) if found else wanted


def _told(lead: Lead, inspection: Inspection, seen: SeenLeads) -> str:
    kept = (lead.capture, lead.picture, *shown_captures(lead.images))
    state = inspection.of(*kept)
    print_json(seen.told(lead, _lead_told(seen.lead(lead))) | integrity_told(state, inspection.seal_of(*kept)))
    return state


def _lead_told(lead: Lead) -> dict[str, Any]:
    names = ("listing", "exhibit", "platform", "seller", "title", "url", "categories", "points", "sightings")
    return {name: getattr(lead, name) for name in names} | {
        "findings": [finding_told(finding) for finding in lead.findings],
        "capture": lead.capture.id,
        "picture": lead.picture.id if lead.picture else "",
        "showing": showing_told(lead.shown),
        "first_seen": lead.first_seen.isoformat(),
        "last_seen": lead.last_seen.isoformat(),
        "specimen": lead.capture.is_specimen,
        "imported": lead.capture.how is How.IMPORTED,
        "group": lead.group,
        "group_size": lead.group_size,
    }


def print_leads(found: Sequence[Lead], inspection: Inspection, *, by_group: bool = False) -> list[str]:
    """A short paragraph a lead: Chinese titles do not fit a table of eight columns. Returns their integrity."""
    if not found:
        say("没有线索。")
        return []
    console = page()
    kept = [(lead.capture, lead.picture, *shown_captures(lead.images)) for lead in found]
    states, seals = [inspection.of(*one) for one in kept], [inspection.seal_of(*one) for one in kept]
    console.print(f"线索 {len(found)} 条（均为涉嫌，待人工审核；{seals_words(seals)}）", style="bold")
    for place, lead in enumerate(found, 1):
        integrity = f"{states[place - 1]}，{STATE_WORDS[seals[place - 1].state]}"
        line = _lead_text(place, lead, by_group=by_group)
        line.append(f"  {harmless(integrity)}", style="dim" if states[place - 1] == WHOLE else "bold red")
        console.print(line)
    return states


def _lead_text(place: int, lead: Lead, *, by_group: bool) -> Text:
    who = f"{platform(lead.platform).label} · {harmless(lead.seller) or '（页面未显示卖家）'}"
    line = Text(f"{place:>3}  ")
    line.append(who, style="cyan")
    line.append(f"  {'、'.join(map(_category, lead.categories))}", style="bold red")
    weight = f"（{weight_words(lead.findings[0])}）" if lead.findings else ""
    line.append(f" {lead.points} 分{weight}，看见 {lead.sightings} 次\n     ")
    line.append(bracketed(lead.title, lead.findings, "title", width=100))
    elsewhere = [quote_words(finding) for finding in lead.findings if finding.field != "title"]
    if elsewhere and len(elsewhere) == len(lead.findings):
        line.append(f"\n     …【{harmless(elsewhere[0])}】…")
    if any(finding.image for finding in lead.findings):
        line.append("（见图片）")
    picture = picture_mark(lead.picture, lead.shown)
    line.append(_like_words(lead, by_group=by_group), style="cyan")
    kept = "导入（网址、时间为据称）" if lead.capture.how is How.IMPORTED else "固定"
    line.append(f"\n     证据项 {lead.exhibit}  {kept} {lead.capture.id[:8]}  {picture}", style="dim")
    return line


def _like_words(lead: Lead, *, by_group: bool) -> str:
    """How many others it stands for where it is shown for its group, else which group it is one of."""
    if lead.group_size < 2:
        return ""
    if not by_group:
        return f"\n     同类共 {lead.group_size} 条（第 {lead.group} 组）"
    sellers = f"，{lead.group_sellers} 家卖家" if lead.group_sellers > 1 else ""
    return f"\n     另有 {lead.group_size - 1} 条同类{sellers}（第 {lead.group} 组）"


def _category(name: str) -> str:
    if name not in CATEGORY_WORDS:
        raise EvidenceBroken(f"记录中有没有的类别：{harmless(name)}")
    return CATEGORY_WORDS[name]


def show_exhibit(name: str, *, by: str = "", as_json: bool, in_full: bool) -> int:
    config = Config.load()
    with opened(config) as store:
        looks = veil(config, store.engine, by)
        detail = store.exhibit(name)
        looks = looks.knowing(detail.exhibit.entities)
        parts = shown_parts(detail.exhibit.id, detail.shown)
        shown = (detail.capture, detail.picture, *shown_captures(detail.images), *parts)
        inspection = Inspection(config, store.engine)
        state, seal = inspection.of(*shown), inspection.seal_of(*shown)
        brought, claims = claims_shown(store, detail), claims_told(store, detail)
        landings = Landings(store.engine).of(detail.exhibit.id)
    facts = facts_of(config, detail.exhibit.id, detail.shown) if state == WHOLE else None
    detail = looks.detail(detail)
    if as_json:
        showing = {"showing": showing_told(detail.shown, facts)}
        told = _detail_told(detail) | claims | landings_told(landings) | showing
        print_json(looks.told(told) | integrity_told(state, seal))
    else:
        picture = _capture_words(detail.picture) if detail.picture else ""
        said = [(word, looks.words(text)) for word, text in (*brought, *landings_words(landings))]
        kept = (*said, ("完整性", state), ("封存", seal_words(seal)))
        _print_exhibit(detail, looks.words(visit_words(detail, picture, facts)), kept, in_full=in_full)
    if is_damaged(state):
        return EXIT_EVIDENCE
    if state != WHOLE:
        say(f"{state}；能看到的只是当时记下的")
    return EXIT_DONE if state == WHOLE else EXIT_USAGE


def _detail_told(detail: ExhibitDetail) -> dict[str, Any]:
    told: dict[str, Any] = plain(asdict(replace(detail, shown=None)))
    del told["shown"]
    told["exhibit"]["findings"] = [finding_told(finding) for finding in detail.exhibit.findings]
    for one, changed in zip(told["rejudgements"], detail.rejudgements, strict=True):
        one["replaced"] = [finding_told(finding) for finding in changed.replaced]
    return told


def plain(value: Any) -> Any:
    """Dates as ISO 8601, so that JSON takes the rest as it is."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _print_exhibit(detail: ExhibitDetail, picture: str, kept: Sequence[tuple[str, str]], *, in_full: bool) -> None:
    listing, findings = detail.exhibit.listing, detail.exhibit.findings
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("平台", platform(listing.platform).label),
        ("位置", f"查询“{detail.run.query}”第 {detail.page_number} 页第 {listing.position} 位"),
        ("卖家", listing.seller or "（页面未显示）"),
        ("网址", listing.url + ("（跳转链接，未打开）" if listing.is_redirect else "")),
        ("页面", detail.page_url + ("（据称）" if is_claimed(detail) else "")),
        ("导入于" if is_claimed(detail) else "看见", f"{clock.in_shanghai(detail.seen_at)}（北京时间）"),
        ("历史", f"首次 {clock.in_shanghai(detail.first_seen)}，共 {detail.sightings} 次"),
        *(("改判", _rejudged_words(one)) for one in detail.rejudgements),
        ("固定", _capture_words(detail.capture)),
        ("图片", picture),
        *(("配图", picture_words(one)) for one in detail.images),
        *kept,
    ):
        facts.add_row(name, Text("\n").join(Text(harmless(line)) for line in value.split("\n")))
    texts = [bracketed(listing.title, findings, "title")]
    texts += [Text(), bracketed(listing.text, findings, "text")] if listing.text else []
    page().print(Panel(Group(*texts), title=f"证据项 {detail.exhibit.id}", title_align="left"), facts)
    for finding in findings:
        _print_finding(finding, detail.seen_at, in_full=in_full)
    if not findings:
        say("没有发现：没有规则认为它涉嫌违法。")


def _rejudged_words(one: Rejudged) -> str:
    """Who judged it again, when, by which rules, and what gave way."""
    head = f"{clock.in_shanghai(one.at)} 由 {one.by} 以 {one.tool} 的规则（{one.rules_digest[:12]}）重新判定"
    gone = [f"“{quote_words(finding)}” {finding.rule} {finding.points} 分" for finding in one.replaced]
    return head + (f"；不再作数的：{'；'.join(gone)}" if gone else "；原来没有发现")


def _capture_words(capture: Capture) -> str:
    origin = "（样本网，不是真实平台）" if capture.is_specimen else ""
    place = f"{capture.file} 偏移 {capture.offset} 长 {capture.length}"
    return f"{capture.id}{origin}\n{place}，{capture.size} 字节\nSHA-256 {capture.sha256}"


def place_words(finding: Finding) -> str:
    """Where the quote stands: characters of a field, or a place in a picture."""
    if finding.image:
        return place_in_picture(finding)
    return f"{FIELD_WORDS[finding.field]}第 {finding.start + 1}–{finding.end} 字"


def _print_finding(finding: Finding, seen_at: datetime, *, in_full: bool) -> None:
    head = f"涉嫌{_category(finding.category)}：“{quote_words(finding)}”（{place_words(finding)}）"
    why = "，".join(f"{reason} {points:+d}" for reason, points in (*finding.pro, *finding.contra))
    state = "试行规则，只供参考" if finding.state == "trial" else "正式规则"
    rule = f"  规则 {finding.rule}（{state}，{finding.rule_digest[:12]}）"
    lines = [
        Text(harmless(head), style="bold"),
        Text(harmless(f"{rule}：{why}；合计 {finding.points}，需 {finding.needs}；{weight_words(finding)}")),
        *(Text(f"  条款 {words}") for words in _cited(finding, seen_at, in_full=in_full)),
    ]
    page().print(*lines, sep="\n")


@cache
def _articles() -> dict[str, Article]:
    """Read once, however many findings cite them."""
    return load_articles()


def _cited(finding: Finding, seen_at: datetime, *, in_full: bool) -> list[str]:
    """The articles as they stood on the day of the sighting; their texts are not yet our legal desk's."""
    day = seen_at.astimezone(clock.SHANGHAI).date()
    known = _articles()
    if unknown := set(finding.articles) - known.keys():
        raise EvidenceBroken(f"记录引用了没有的条款：{'、'.join(sorted(map(harmless, unknown)))}")
    articles = [known[name] for name in finding.articles]
    return [
        f"{one.title}（{one.id}，条文待核）" + (f"：{one.text}" if in_full and one.text else "")
        for one in articles
        if one.stands_on(day)
    ]
