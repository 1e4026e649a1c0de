"""电子数据提取笔录 as a paper: what the two officers did and found. What nobody told stays empty; nobody's absence is
explained for him."""

from __future__ import annotations

from casework.papers.paper import Block, Column, Field, Fields, Grid, Heading, Lines, Paper, clipped
from casework.papers.paper_facts import ExtractionFacts, Officer
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
from crawler.clock import in_shanghai

ABSENT = (
    "□ 当事人在场　□ 在线提取，当事人不在场　□ 当事人拒绝到场",
    "□ 无法通知当事人　□ 其他原因：＿＿＿＿＿＿＿＿＿＿＿＿",
    "□ 有见证人：＿＿＿＿＿＿＿＿＿＿　□ 全程录像",
    "□ 无见证人，原因：＿＿＿＿＿＿＿＿＿＿＿＿＿＿",
)
SIGN = "（签名）：＿＿＿＿＿＿＿＿＿＿＿　＿＿＿＿年＿＿月＿＿日"


def extraction_paper(facts: ExtractionFacts) -> Paper:
    """Every field of the form, in its order."""
    page = page_fields(facts.page) if facts.page else (Field(label="原始网址"), Field(label="HTTP 状态"))
    blocks: tuple[Block, ...] = (
        Heading(text="一、基本情况"),
        _basics(facts),
        Heading(text="二、网络环境"),
        Fields(fields=network_fields(facts.surroundings)),
        Heading(text="三、设备、系统与工具"),
        Fields(fields=machine_fields(facts.surroundings, facts.tool, facts.browser)),
        Heading(text="四、提取对象"),
        target_fields(facts.target),
        Fields(fields=page),
        Heading(text="五、提取步骤"),
        _steps(facts),
        Heading(text="六、提取结果"),
        Lines(lines=verdict_words(facts.verdict, facts.reason)),
        files_grid(facts.files) if facts.files else Lines(lines=("没有生成文件。",)),
        Heading(text="七、异常说明"),
        Lines(lines=several(facts.troubles) or ("无。",)),
        Heading(text="八、保存与制作"),
        _keeping(facts),
        Heading(text="九、签名", stays=True),
        Lines(lines=(f"执法人员{SIGN}", f"执法人员{SIGN}", f"当事人或见证人{SIGN}"), stays=True),
        Lines(lines=(NOTE_OF_CODES, NOTE_OF_FONTS), stays=True, is_small=True),
    )
    return Paper(title="电子数据提取笔录", blocks=blocks, foot=chain_foot(facts.chain), is_specimen=facts.is_specimen)


def _basics(facts: ExtractionFacts) -> Fields:
    first, second = facts.officers
    span = f"{in_shanghai(facts.started_at)} 至 {in_shanghai(facts.ended_at)}（北京时间）"
    return Fields(
        fields=(
            Field(label="笔录编号"),
            Field(label="本机记录号", lines=(facts.id,)),
            Field(label="案由"),
            Field(label="线索编号", lines=(facts.target.exhibit,)),
            Field(label="提取起止时间", lines=(span,)),
            Field(label="授时源与偏差", lines=clock_words(facts.surroundings)),
            Field(label="提取地点", lines=known(facts.place)),
            Field(label="执法人员", lines=(officer_words(first), officer_words(second))),
            Field(label="当事人、见证人", lines=ABSENT),
        )
    )


def officer_words(officer: Officer) -> str:
    """`王一，执法证号 豫001，示例局`"""
    return "，".join(filter(None, (officer.name, f"执法证号 {officer.badge}", officer.unit)))


def _steps(facts: ExtractionFacts) -> Grid:
    columns = (Column(name="序号", width=12), Column(name="时间（北京时间）", width=40), Column(name="步骤", width=104))
    rows = tuple(((str(at),), (in_shanghai(when),), (clipped(what),)) for at, (when, what) in enumerate(facts.steps, 1))
    return Grid(columns=columns, rows=rows)


def _keeping(facts: ExtractionFacts) -> Fields:
    names = "、".join(one.name for one in facts.officers)
    seal = (f"清单链第 {facts.chain.number} 号清单",) if facts.chain and facts.files else ()
    return Fields(
        fields=(
            Field(label="存储介质"),
            Field(label="封存编号", lines=seal),
            Field(label="复制份数"),
            Field(label="制作方法", lines=known(f"由 {facts.tool} 打开网页、固定并计算摘要" if facts.tool else "")),
            Field(label="制作时间", lines=moment(facts.ended_at)),
            Field(label="制作人", lines=(names,)),
            Field(label="证明对象"),
        )
    )
