"""What was found, as tables or JSON: leads, one exhibit, coverage, overrides.

Nothing is shown as whole that was not re-read: each lead's integrity is checked against the
archive while it is printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from console.files import platform
from console.output import CATEGORY_WORDS, OUTCOME_WORDS, bracketed, harmless, page, print_json, print_line, quoted, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EvidenceBroken, UserMistake
from crawler.items import Capture, Finding, Outcome
from detectors.article import load_articles
from pipelines.room import TOOL
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import ExhibitDetail, Lead, LeadFilter, Override, RunRow

WHOLE = "完整"
FIELD_WORDS = {"title": "标题", "text": "正文", "seller": "卖家"}


@contextmanager
def opened(config: Config) -> Iterator[ExhibitStore]:
    """The home's ledger for reading; a home without one is a mistake, not an empty answer."""
    if not config.database.exists():
        raise UserMistake(f"{config.home} 里还没有数据：先运行 lantian round，或设置 LANTIAN_HOME")
    store = ExhibitStore(open_database(config.database))
    try:
        yield store
    finally:
        store.engine.dispose()


def integrity(config: Config, *captures: Capture | None) -> str:
    """`完整`, or what is wrong, after reading the kept bytes again."""
    archive = FolderArchive(config.archive, tool=TOOL)
    try:
        for capture in filter(None, captures):
            archive.produce(capture)
    except EvidenceBroken as broken:
        return f"已损坏：{broken}"
    return WHOLE


def show_leads(platform_name: str, category: str, limit: int, before: str, *, as_json: bool) -> int:
    if platform_name:
        platform(platform_name)
    if category and category not in CATEGORY_WORDS:
        raise UserMistake(f"没有类别 {category!r}；现有：{'、'.join(CATEGORY_WORDS)}")
    config = Config.load()
    with opened(config) as store:
        found = store.leads(LeadFilter(platform=platform_name, category=category, limit=limit, before=before))
    states = [integrity(config, lead.capture, lead.picture) for lead in found]
    if as_json:
        for lead, state in zip(found, states, strict=True):
            print_json(_lead_told(lead, state))
    else:
        print_leads(found, states)
    return EXIT_DONE if set(states) <= {WHOLE} else EXIT_EVIDENCE


def _lead_told(lead: Lead, state: str) -> dict[str, Any]:
    names = ("listing", "exhibit", "platform", "seller", "title", "url", "categories", "points", "sightings")
    return {name: getattr(lead, name) for name in names} | {
        "findings": [asdict(finding) for finding in lead.findings],
        "capture": lead.capture.id,
        "picture": lead.picture.id if lead.picture else "",
        "first_seen": lead.first_seen.isoformat(),
        "last_seen": lead.last_seen.isoformat(),
        "integrity": "whole" if state == WHOLE else state,
        "sealed": False,
        "specimen": lead.capture.is_specimen,
    }


def print_leads(found: Sequence[Lead], states: Sequence[str]) -> None:
    """A short paragraph a lead: Chinese titles do not fit a table of eight columns."""
    console = page()
    if not found:
        say("没有线索。")
        return
    console.print(f"线索 {len(found)} 条（均为涉嫌，待人工审核；封存尚未实现，证据均未封存）", style="bold")
    for place, (lead, state) in enumerate(zip(found, states, strict=True), 1):
        console.print(_lead_text(place, lead, state))


def _lead_text(place: int, lead: Lead, state: str) -> Text:
    who = f"{platform(lead.platform).label} · {harmless(lead.seller) or '（页面未显示卖家）'}"
    line = Text(f"{place:>3}  ")
    line.append(who, style="cyan")
    line.append(f"  {'、'.join(CATEGORY_WORDS[one] for one in lead.categories)}", style="bold red")
    line.append(f" {lead.points} 分，看见 {lead.sightings} 次\n     ")
    line.append(bracketed(lead.title, lead.findings, "title", width=100))
    elsewhere = [finding.quote for finding in lead.findings if finding.field != "title"]
    if elsewhere and len(elsewhere) == len(lead.findings):
        line.append(f"\n     …【{harmless(elsewhere[0])}】…")
    picture = "有图" if lead.picture else "无图"
    kept = f"\n     证据项 {lead.exhibit}  固定 {lead.capture.id[:8]}  {picture}  {harmless(state)}"
    line.append(kept, style="dim" if state == WHOLE else "bold red")
    return line


def show_exhibit(name: str, *, as_json: bool, in_full: bool) -> int:
    config = Config.load()
    with opened(config) as store:
        detail = store.exhibit(name)
    state = integrity(config, detail.capture, detail.picture)
    if as_json:
        print_json(_plain(asdict(detail)) | {"integrity": "whole" if state == WHOLE else state})
    else:
        _print_exhibit(detail, state, in_full=in_full)
    return EXIT_DONE if state == WHOLE else EXIT_EVIDENCE


def _plain(value: Any) -> Any:
    """Dates as ISO 8601, so that JSON takes the rest as it is."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _print_exhibit(detail: ExhibitDetail, state: str, *, in_full: bool) -> None:
    listing, findings = detail.exhibit.listing, detail.exhibit.findings
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("平台", platform(listing.platform).label),
        ("位置", f"查询“{detail.run.query}”第 {detail.page_number} 页第 {listing.position} 位"),
        ("卖家", listing.seller or "（页面未显示）"),
        ("网址", listing.url + ("（跳转链接，未打开）" if listing.is_redirect else "")),
        ("页面", detail.page_url),
        ("看见", f"{clock.in_shanghai(detail.seen_at)}（北京时间）"),
        ("历史", f"首次 {clock.in_shanghai(detail.first_seen)}，共 {detail.sightings} 次"),
        ("固定", _capture_words(detail.capture)),
        ("图片", _capture_words(detail.picture) if detail.picture else "无"),
        ("完整性", f"{state}；未封存"),
    ):
        facts.add_row(name, Text("\n").join(Text(harmless(line)) for line in value.split("\n")))
    texts = [quoted(listing.title, findings, "title")]
    texts += [Text(), quoted(listing.text, findings, "text")] if listing.text else []
    page().print(Panel(Group(*texts), title=f"证据项 {detail.exhibit.id}", title_align="left"), facts)
    for finding in findings:
        _print_finding(finding, detail.seen_at, in_full=in_full)
    if not findings:
        say("没有发现：没有规则认为它涉嫌违法。")


def _capture_words(capture: Capture) -> str:
    origin = "（样本网，不是真实平台）" if capture.is_specimen else ""
    place = f"{capture.file} 偏移 {capture.offset} 长 {capture.length}"
    return f"{capture.id}{origin}\n{place}，{capture.size} 字节\nSHA-256 {capture.sha256}"


def _print_finding(finding: Finding, seen_at: datetime, *, in_full: bool) -> None:
    place = f"{FIELD_WORDS[finding.field]}第 {finding.start + 1}–{finding.end} 字"
    head = f"涉嫌{CATEGORY_WORDS[finding.category]}：“{finding.quote}”（{place}）"
    why = "，".join(f"{reason} {points:+d}" for reason, points in (*finding.pro, *finding.contra))
    state = "试行规则，只供参考" if finding.state == "trial" else "正式规则"
    rule = f"  规则 {finding.rule}（{state}，{finding.rule_digest[:12]}）"
    lines = [
        Text(harmless(head), style="bold"),
        Text(harmless(f"{rule}：{why}；合计 {finding.points}，需 {finding.needs}")),
        *(Text(f"  条款 {words}") for words in _cited(finding, seen_at, in_full=in_full)),
    ]
    page().print(*lines, sep="\n")


def _cited(finding: Finding, seen_at: datetime, *, in_full: bool) -> list[str]:
    """The articles as they stood on the day of the sighting; their texts are not yet our legal desk's."""
    day = seen_at.astimezone(clock.SHANGHAI).date()
    articles = [load_articles()[name] for name in finding.articles]
    return [
        f"{one.title}（{one.id}，条文待核）" + (f"：{one.text}" if in_full and one.text else "")
        for one in articles
        if one.stands_on(day)
    ]


def show_coverage(round_id: str, *, as_json: bool) -> int:
    with opened(Config.load()) as store:
        rows = store.coverage(round_id or None)
    if as_json:
        for row in rows:
            print_json(_plain(asdict(row)))
    else:
        print_coverage(rows)
    return EXIT_DONE


def print_coverage(rows: Sequence[RunRow]) -> None:
    if not rows:
        say("没有应查项：还没有跑过一轮，或最近一轮在写下计划之前就中断了。")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"覆盖：应查 {len(rows)} 项", title_justify="left")
    for name in ("平台", "查询词", "结果"):
        table.add_column(name, overflow="fold")
    for name in ("页", "信息", "丢失", "自称"):
        table.add_column(name, justify="right")
    for row in rows:
        outcome = row.outcome or Outcome.MISSED
        total = "" if row.total is None else str(row.total)
        ended = OUTCOME_WORDS[outcome] + (f" {row.reason}" if row.reason else "")
        words = (platform(row.platform).label, row.query, ended)
        counts = map(str, (row.pages, row.listings, row.lost))
        style = "" if outcome.is_clean else "red"
        table.add_row(*(escape(harmless(word)) for word in words), *counts, total, style=style)
    page().print(table)
    _say_outcomes(rows)


def _say_outcomes(rows: Sequence[RunRow]) -> None:
    ended = Counter(OUTCOME_WORDS[row.outcome or Outcome.MISSED] for row in rows)
    unseen = sum(not (row.outcome or Outcome.MISSED).is_clean for row in rows)
    say("按结果：" + "，".join(f"{word} {count}" for word, count in ended.most_common()) + f"；没有看到的 {unseen} 项")
    asked = {platform(row.platform) for row in rows}
    unproven = sorted(spider.label for spider in asked if spider.evidence["ads"].startswith("code"))
    if unproven:
        say(f"广告识别未经真实页面验证：{'、'.join(unproven)}")


def sign_override(platform_name: str, person: str, reason: str) -> None:
    platform(platform_name)
    if not person.strip() or not reason.strip():
        raise UserMistake("姓名和理由都要写")
    if harmless(person + reason) != person + reason:
        # Both go into the record of every request they let out, and onto every terminal.
        raise UserMistake("姓名和理由各写一行，不含控制字符")
    config = Config.load()
    config.home.mkdir(parents=True, exist_ok=True)
    store = ExhibitStore(open_database(config.database))
    signed = Override(platform=platform_name, person=person.strip(), reason=reason.strip(), signed_at=clock.now())
    store.sign_override(signed)
    store.engine.dispose()
    say(f"已签署：{signed.person} {clock.in_shanghai(signed.signed_at)} {platform_name}：{signed.reason}")


def list_overrides(*, as_json: bool) -> None:
    with opened(Config.load()) as store:
        signed = store.overrides()
    for one in signed:
        if as_json:
            print_json(_plain(asdict(one)))
        else:
            print_line(harmless(f"{one.platform} {one.person} {clock.in_shanghai(one.signed_at)} {one.reason}"))
