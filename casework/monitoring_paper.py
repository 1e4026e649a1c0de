"""技术监测记录 as a paper: what the machine collected by itself. It names no officer and has no line to sign."""

from __future__ import annotations

from casework.paper import Block, Field, Fields, Heading, Lines, Paper
from casework.paper_facts import MonitoringFacts
from casework.paper_parts import (
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

WHAT_IT_IS = "本记录由系统自动生成，说明一次监测如何取得并保存所列文件；不是执法人员的提取笔录，不代替提取。"


def monitoring_paper(facts: MonitoringFacts) -> Paper:
    """How the round captured one exhibit."""
    blocks: tuple[Block, ...] = (
        Lines(lines=(WHAT_IT_IS,)),
        Heading(text="一、采集"),
        _collecting(facts),
        Heading(text="二、所见信息"),
        target_fields(facts.target),
        Heading(text="三、页面"),
        Fields(fields=page_fields(facts.page)),
        Heading(text="四、保存的文件"),
        files_grid(facts.files),
        *_checked(facts),
        Heading(text="异常说明"),
        Lines(lines=several(facts.troubles) or ("无。",)),
        Lines(lines=(NOTE_OF_CODES, NOTE_OF_FONTS), stays=True, is_small=True),
    )
    return Paper(title="技术监测记录", blocks=blocks, foot=chain_foot(facts.chain), is_specimen=facts.is_specimen)


def _collecting(facts: MonitoringFacts) -> Fields:
    sent = [f"{name}: {value}" for name, value in facts.request_headers]
    pace = (f"同一主机两次请求相隔至少 {facts.delay:g} 秒",) if facts.delay is not None else ()
    around = facts.surroundings
    return Fields(
        fields=(
            Field(label="证据项编号", lines=(facts.exhibit,)),
            Field(label="看见时间", lines=moment(facts.seen_at)),
            Field(label="请求时间", lines=moment(facts.asked_at)),
            Field(label="响应时间", lines=moment(facts.answered_at)),
            Field(label="请求头", lines=several(sent)),
            Field(label="robots 判定", lines=known(facts.robots)),
            Field(label="频率", lines=pace),
            Field(label="软件与版本", lines=known(facts.tool)),
            Field(label="规则与摘要", lines=several([f"{name} {digest}" for name, digest in facts.rules])),
            Field(label="授时源与偏差", lines=clock_words(around)),
            Field(label="操作日志链首", lines=known(facts.audit)),
        )
    )


def _checked(facts: MonitoringFacts) -> tuple[Block, ...]:
    around = facts.surroundings
    machine = machine_fields(around, "", "")
    blocks: tuple[Block, ...] = ()
    if facts.verdict is not None:
        blocks += (Heading(text="五、截图核对"), Lines(lines=verdict_words(facts.verdict, facts.reason)))
    if around is not None:
        blocks += (Heading(text="环境"), Fields(fields=(*network_fields(around), *machine)))
    return blocks
