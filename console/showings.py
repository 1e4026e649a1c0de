"""What complete captures by the browser are worth, in words and as JSON.

A picture that does not show the quote says so, wherever it is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.output import harmless, say
from crawler import clock
from crawler.captures import BrowserCapture, PictureVerdict, VisitFacts
from crawler.config import TOOL, Config
from crawler.items import Capture
from pipelines.surroundings import ALARM
from storage.archive import FolderArchive
from storage.handover import open_elsewhere
from storage.shapes import ExhibitDetail
from storage.showing_shapes import ShowingCounts, ShownAs, total_showings
from storage.visits import read_facts

VERDICT_WORDS = {
    PictureVerdict.SHOWS_QUOTE: "显示引文",
    PictureVerdict.DIFFERS: "与固定时不同",
    PictureVerdict.FAILED: "未拍成",
}
REASON_WORDS = {
    "listing_gone": "该信息已不在页上",
    "quote_gone": "信息中已无引文",
    "not_in_frame": "引文不在图中",
    "no_label": "没有广告标识",
    "no_query_box": "图中没有查询框",
    "page_changed": "页面不同，读不出",
    "page_gone": "页面已不存在",
    "wall": "浏览器被拦",
    "found_later": "发现在拍图之后",
    "image_quote": "引文在信息的图片中",
    "no_picture": "没有截图",
    "no_browser": "没有浏览器",
    "timeout": "超时",
    "not_loaded": "打不开",
    "not_kept": "没能存下",
    "round_over": "本轮结束前没有轮到",
    "too_many": "本轮要看的页面太多",
    "robots": "robots.txt 禁止",
    "robots_unknown": "robots.txt 没有答复",
}


def verdict_words(shown: ShownAs | None) -> str:
    """Whether the picture shows the quote, in a few words; nothing where the browser never looked."""
    if shown is None:
        return ""
    showing = shown.showing
    why = f"（{reason_words(showing.reason)}）" if showing.reason else ""
    return VERDICT_WORDS[showing.verdict] + why


def reason_words(reason: str) -> str:
    return REASON_WORDS.get(reason, harmless(reason))


def picture_mark(picture: Capture | None, shown: ShownAs | None) -> str:
    """For a list: whether there is a picture, and what it is worth."""
    has = "有图" if picture else "无图"
    words = verdict_words(shown)
    return f"{has}·{words}" if words else has


def shown_parts(exhibit: str, shown: ShownAs | None) -> tuple[Capture, ...]:
    """The captures that an exhibit's own complete capture consists of; an earlier one is only named."""
    if shown is None or shown.capture is None or shown.exhibit != exhibit:
        return ()
    visit = shown.capture
    return tuple(one for one in (visit.picture, visit.dom, visit.text, visit.mhtml, visit.facts) if one)


def facts_of(config: Config, exhibit: str, shown: ShownAs | None) -> VisitFacts | None:
    """What is known of an exhibit's own visit; nothing where there was none. Raises `EvidenceBroken`."""
    if shown is None or shown.capture is None or shown.exhibit != exhibit:
        return None
    return read_facts(FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config)), shown.capture)


def showing_told(shown: ShownAs | None, facts: VisitFacts | None = None) -> dict[str, Any] | None:
    """As JSON: the verdict, its reason, and the visit it rests on; null where the browser never looked."""
    if shown is None:
        return None
    showing = shown.showing
    told: dict[str, Any] = {name: getattr(showing, name) for name in ("reason", "detail", "visit", "position")}
    told |= {
        "verdict": showing.verdict.value,
        "exhibit": shown.exhibit,
        "seen_at": shown.seen_at.isoformat(),
        "openings": shown.openings,
    }
    return told | _facts_told(facts) if facts else told


def _facts_told(facts: VisitFacts) -> dict[str, Any]:
    around = facts.surroundings
    return {
        "url": facts.url,
        "redirects": list(facts.redirects),
        "started_at": facts.started_at.isoformat(),
        "ended_at": facts.ended_at.isoformat(),
        "ip_address": facts.ip_address,
        "browser": facts.browser,
        "clock_source": around.clock_source,
        "clock_offset": around.clock_offset,
        "as_root": around.as_root,
    }


# -- one exhibit ---------------------------------------------------------------------------------


def visit_words(detail: ExhibitDetail, picture: str, facts: VisitFacts | None) -> str:
    """The lines that `show` has on the picture; `picture` tells of the capture itself, where there is one."""
    shown = detail.shown
    if shown is None:
        return f"{picture}\n没有核对过图中是否有引文" if picture else "无"
    lines = [verdict_words(shown)]
    if shown.exhibit != detail.exhibit.id:
        lines[0] = f"未另拍；此信息最近一次：{lines[0]}（证据项 {shown.exhibit}）"
    if shown.showing.detail:
        lines.append(f"说明：{shown.showing.detail}")
    if shown.capture:
        lines += _capture_lines(shown.capture)
    if facts:
        lines += _fact_lines(facts)
    if shown.openings:
        lines.append(f"此广告的付费链接打开过 {shown.openings} 次")
    return "\n".join([*lines, *([picture] if picture else [])])


def _capture_lines(visit: BrowserCapture) -> list[str]:
    began, ended = clock.in_shanghai(visit.started_at), clock.in_shanghai(visit.ended_at)
    return [
        f"完整固定 {visit.id}，{visit.records} 条记录",
        f"{visit.file} 偏移 {visit.offset} 长 {visit.length}",
        f"自 {began} 至 {ended}（北京时间）",
    ]


def _fact_lines(facts: VisitFacts) -> list[str]:
    steps = f"（经 {len(facts.redirects)} 次跳转）" if facts.redirects else ""
    lines = [
        f"最终网址 {facts.url}{steps}",
        f"服务器 {facts.ip_address or '未知'}，{facts.browser}",
        clock_words(facts),
    ]
    if facts.surroundings.as_root:
        lines.append("以 root 运行，浏览器没有沙箱")
    lines += [f"缺 {part}：{reason}" for part, reason in facts.troubles]
    return lines


def clock_words(facts: VisitFacts) -> str:
    """How far the clock was off, and by whose word."""
    offset = facts.surroundings.clock_offset
    if offset is None:
        return "时钟偏差未知（没有时间源，或都没有回答）"
    alarm = "，超过 1 秒，须先校时" if abs(offset) > ALARM else ""
    return f"时钟偏差 {offset:+.3f} 秒（{facts.surroundings.clock_source}）{alarm}"


# -- a round -------------------------------------------------------------------------------------


def say_showings(counts: Mapping[str, ShowingCounts]) -> None:
    """One line over these runs, none when nothing was flagged."""
    if counts:
        say(showings_line(total_showings(counts.values())))


def showings_line(counts: ShowingCounts) -> str:
    """网页截图：显示引文 n，与固定时不同 m，未拍成 k（原因）."""
    line = f"网页截图：显示引文 {counts.shown}，与固定时不同 {counts.differs}，未拍成 {counts.failed}"
    why = "，".join(f"{reason_words(reason)} {number}" for reason, number in counts.reasons)
    paid = f"；打开付费链接 {counts.openings} 次" if counts.openings else ""
    return f"{line}（{why}）{paid}" if why else line + paid
