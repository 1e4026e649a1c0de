"""The papers that go with evidence, as DOCX and PDF of the same content. What is not known stays an empty line."""

from __future__ import annotations

from casework.papers.docx_paper import to_docx
from casework.papers.extraction_paper import SIGN, extraction_paper
from casework.papers.monitoring_paper import monitoring_paper
from casework.papers.paper import Column, Field, Fields, Grid, Lines, Paper
from casework.papers.paper_facts import Documents, EvidenceList, ExtractionFacts, KeptFile, MonitoringFacts
from casework.papers.paper_parts import NOTE_OF_CODES, NOTE_OF_FONTS, chain_foot, digests, known, moment
from casework.papers.pdf_paper import to_pdf
from crawler.clock import in_shanghai

LONGEST_ADDRESS, LONGEST_NAME = 300, 100  # printed characters, in narrow columns
_COLUMNS = (
    ("序号", 7),
    ("证据编号", 17),
    ("证据名称", 17),
    ("种类", 11),
    ("来源 URL", 31),
    ("提取时间", 16),
    ("提取人", 14),
    ("文件名", 22),
    ("大小（字节）", 13),
    ("SHA-256 与 SM3", 39),
    ("存证平台与编号", 12),
    ("证明对象", 11),
    ("页数", 7),
    ("备注", 8),
)


def extraction_record(facts: ExtractionFacts) -> Documents:
    """电子数据提取笔录, to be signed by the two officers."""
    return _drawn(extraction_paper(facts))


def monitoring_record(facts: MonitoringFacts) -> Documents:
    """技术监测记录: how a round captured it, where no officer has extracted it."""
    return _drawn(monitoring_paper(facts))


def evidence_list(listed: EvidenceList) -> Documents:
    """电子数据证据清单: a row each file."""
    grid = Grid(
        columns=tuple(Column(name=name, width=width) for name, width in _COLUMNS),
        rows=tuple(_row(at, one) for at, one in enumerate(listed.files, 1)),
    )
    about = Fields(
        fields=(
            Field(label="清单编号"),
            Field(label="本机记录号", lines=known(listed.number)),
            Field(label="案由、线索编号", lines=known(listed.matter)),
            Field(label="制作时间", lines=moment(listed.made_at)),
        )
    )
    blocks = (
        about,
        grid,
        Lines(lines=("", f"制作人{SIGN}", f"复核人{SIGN}"), stays=True),
        Lines(lines=(NOTE_OF_CODES, NOTE_OF_FONTS), stays=True, is_small=True),
    )
    return _drawn(
        Paper(
            title="电子数据证据清单",
            blocks=blocks,
            foot=chain_foot(listed.chain),
            is_specimen=listed.is_specimen,
            is_wide=True,
        )
    )


def _row(at: int, one: KeptFile) -> tuple[tuple[str, ...], ...]:
    return (
        (str(at),),
        known(one.number),
        known(one.title, LONGEST_NAME),
        known(one.medium),
        known(one.url, LONGEST_ADDRESS),
        (in_shanghai(one.taken_at),),
        known("、".join(one.taken_by) or "系统自动采集"),
        known(one.file, LONGEST_NAME),
        (str(one.size),),
        digests(one),
        (),
        known(one.purpose, LONGEST_NAME),
        (str(one.pages),) if one.pages is not None else (),
        known(one.remark, LONGEST_NAME),
    )


def _drawn(paper: Paper) -> Documents:
    return Documents(docx=to_docx(paper), pdf=to_pdf(paper))
