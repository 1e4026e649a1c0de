"""附件 of a letter: the list of leads, the list of evidence with seal and chain, the receipt to be returned, the law.

What is cut to fit a page says so; the machine-readable list beside the letter has it whole.
"""

from __future__ import annotations

from casework.letters import phrases
from casework.letters.letter import Annex, Kind, Listed
from casework.letters.letter_list import MEASURES, TRUTHS
from casework.letters.matters import Wanted
from casework.papers.paper import Column, Grid, Lines, clipped, printable
from casework.papers.paper_parts import NOTE_OF_CODES, chain_foot, digests, known
from crawler.clock import in_shanghai

EXCERPT = 50  # characters
LONGEST_ADDRESS, LONGEST_NAME = 300, 80
_LIST = (
    ("序号", 9), ("线索编号", 22), ("类别", 18), ("网址", 42), ("店铺或账号", 22), ("页面标题", 30),
    ("表述摘录", 26), ("看见时间", 22), ("固定时间", 20), ("文件摘要（SHA-256）", 24), ("建议措施", 18),
)  # fmt: skip
_EVIDENCE = (
    ("序号", 9), ("证据编号", 28), ("证据名称", 26), ("来源网址", 44), ("固定时间", 22), ("大小（字节）", 18),
    ("SHA-256 与 SM3", 60), ("封存状态", 22), ("备注", 18),
)  # fmt: skip
_RECEIPT = (("线索编号", 30), ("是否属实", 24), ("措施", 58), ("处置时间", 30), ("主体信息", 70), ("经办人", 28))
_HOW = (
    f"“是否属实”填：{'、'.join(TRUTHS)}。“措施”填：{'、'.join(MEASURES)}；未处置的在其后说明理由。",
    "“处置时间”写成 2026-01-31。请将填好的表格（XLSX）与复函一并返回。",
)


def excerpt(quote: str) -> str:
    """At most fifty characters of a quote, on one line."""
    line = printable(quote)
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def annexes(wanted: Wanted, listed: tuple[Listed, ...]) -> tuple[Annex, ...]:
    """In the order of the letter; a client gets the law alone."""
    law, leads = _law(wanted), tuple(one.lead.number for one in wanted.matters)
    match wanted.kind:
        case Kind.WARN:
            return law
        case Kind.ORDER | Kind.TALK:
            return (_list(listed), _evidence(wanted), *law)
        case _:
            return (_list(listed), _evidence(wanted), _receipt(leads), *law)


def reminder_annexes(listed: tuple[Listed, ...], leads: tuple[str, ...]) -> tuple[Annex, ...]:
    """What is still open, and the receipt once more."""
    return (_list(listed), _receipt(leads))


def _list(listed: tuple[Listed, ...]) -> Annex:
    rows = tuple(
        (
            (one.number,),
            (one.lead,),
            (one.category,),
            (*known(one.url, LONGEST_ADDRESS), *_found_by(one)),
            known(one.account, LONGEST_NAME),
            known(one.title, LONGEST_NAME),
            known(one.quote, LONGEST_NAME),
            tuple(one.seen.split(" 至 ")),
            (one.captured,),
            (one.sha256,),
            (one.measure,),
        )
        for one in listed
    )
    foot = ("时间均为北京时间；均为涉嫌，尚待依法查证。", NOTE_OF_CODES)
    return Annex(name=phrases.LIST, blocks=(_grid(_LIST, rows),), is_wide=True, foot=foot)


def _found_by(one: Listed) -> tuple[str, ...]:
    """Under the address: by which words it was found, and where among what was shown."""
    if not one.query:
        return ()
    return (f"检索词：{clipped(printable(one.query), LONGEST_NAME)}", *((one.position,) if one.position else ()))


def _evidence(wanted: Wanted) -> Annex:
    rows, at = [], 0
    for matter in wanted.matters:
        for shown in matter.shown:
            for file in shown.files:
                at += 1
                rows.append(
                    (
                        (str(at),),
                        (file.number,),
                        known(file.title, LONGEST_NAME),
                        known(file.url, LONGEST_ADDRESS),
                        (in_shanghai(file.taken_at),),
                        (str(file.size),),
                        digests(file),
                        (shown.seal,),
                        known(file.remark or f"线索 {shown.lead}", LONGEST_NAME),
                    )
                )
    dated = f"制表时间 {in_shanghai(wanted.now)}（北京时间）；种类均为电子数据，由系统自动采集"
    return Annex(
        name=phrases.EVIDENCE,
        blocks=(_grid(_EVIDENCE, tuple(rows)),),
        is_wide=True,
        foot=(dated, *chain_foot(wanted.chain)),
    )


def _receipt(leads: tuple[str, ...]) -> Annex:
    empty = ((),) * (len(_RECEIPT) - 1)
    rows = tuple(((one,), *empty) for one in leads)
    return Annex(name=phrases.RECEIPT, blocks=(_grid(_RECEIPT, rows), Lines(lines=_HOW, is_small=True)), is_wide=True)


def _law(wanted: Wanted) -> tuple[Annex, ...]:
    articles = wanted.basis.articles
    if not articles:
        return ()
    lines = tuple(line for one in articles for line in (clipped(one.cite), *_text(one.text)))
    return (Annex(name=phrases.ARTICLES, blocks=(Lines(lines=lines),)),)


def _text(text: str) -> tuple[str, ...]:
    return tuple(printable(line) for line in text.splitlines() if line.strip())


def _grid(columns: tuple[tuple[str, int], ...], rows: tuple[tuple[tuple[str, ...], ...], ...]) -> Grid:
    return Grid(columns=tuple(Column(name=name, width=width) for name, width in columns), rows=rows)
