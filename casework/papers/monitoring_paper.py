"""技术监测记录 as a paper: what the machine collected by itself. It names no officer and has no line to sign."""

from __future__ import annotations

from casework.papers.paper import Block, Field, Fields, Heading, Lines, Paper
from casework.papers.paper_facts import MonitoringFacts
from casework.papers.paper_parts import (
    NOTE_OF_CODES,
    NOTE_OF_FONTS,
    chain_foot,
    clock_words,
    files_grid,
    known,
    machine_fields,
    moment,
    network_fields,
    page_fields,
    several,
    target_fields,
    verdict_words,
)

COUNT = "一二三四五六七"
WHAT_IT_IS = "本记录由系统自动生成，说明一次监测如何取得并保存所列文件；不是执法人员的提取笔录，不代替提取。"


def monitoring_paper(facts: MonitoringFacts) -> Paper:
    """How the round captured one exhibit. What the machine does not know has no line: nobody fills this by hand."""
    parts: tuple[tuple[str, Block | None], ...] = (
        ("采集", _told(_collecting(facts))),
        ("所见信息", _told(target_fields(facts.target).fields)),
        ("页面", _told(page_fields(facts.page))),
        ("保存的文件", files_grid(facts.files)),
        ("截图核对", _lines(verdict_words(facts.verdict, facts.reason))),
        ("环境", _told((*network_fields(facts.surroundings), *machine_fields(facts.surroundings, "", "")))),
        ("异常说明", _lines(several(facts.troubles) or ("无。",))),
    )
    present = [(title, block) for title, block in parts if block is not None]
    numbered = [(Heading(text=f"{COUNT[at]}、{title}"), block) for at, (title, block) in enumerate(present)]
    return Paper(
        title="技术监测记录",
        blocks=(
            Lines(lines=(WHAT_IT_IS,)),
            *(block for pair in numbered for block in pair),
            Lines(lines=(NOTE_OF_CODES, NOTE_OF_FONTS), stays=True, is_small=True),
        ),
        foot=chain_foot(facts.chain),
        is_specimen=facts.is_specimen,
    )


def _told(fields: tuple[Field, ...]) -> Fields | None:
    """Only what is known."""
    told = tuple(one for one in fields if one.lines)
    return Fields(fields=told) if told else None


def _lines(lines: tuple[str, ...]) -> Lines | None:
    return Lines(lines=lines) if lines else None


def _collecting(facts: MonitoringFacts) -> tuple[Field, ...]:
    sent = [f"{name}: {value}" for name, value in facts.request_headers]
    pace = (f"同一主机两次请求相隔至少 {facts.delay:g} 秒",) if facts.delay is not None else ()
    return (
        Field(label="证据项编号", lines=(facts.exhibit,)),
        Field(label="看见时间", lines=moment(facts.seen_at)),
        Field(label="请求时间", lines=moment(facts.asked_at)),
        Field(label="响应时间", lines=moment(facts.answered_at)),
        Field(label="请求头", lines=several(sent)),
        Field(label="robots 判定", lines=known(facts.robots)),
        Field(label="频率", lines=pace),
        Field(label="软件与版本", lines=known(facts.tool)),
        Field(label="规则与摘要", lines=several([f"{name} {digest}" for name, digest in facts.rules])),
        Field(label="授时源与偏差", lines=clock_words(facts.surroundings)),
        Field(label="操作日志链首", lines=known(facts.audit)),
    )
