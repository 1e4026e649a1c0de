"""典型案例: what the rows of a case tell, redacted, for whoever writes the case up. It praises and concludes nothing.

Free words of people are left out: what a reporter or an officer wrote may name somebody. Of pages there are quotes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from casework.papers.docx_paper import to_docx
from casework.papers.paper import Block, Column, Field, Fields, Grid, Heading, Lines, Paper
from casework.reports.ledger_columns import TRUE, day, recheck
from casework.reports.redaction import SOME_AGENCY, SOME_PLATFORM, SOMEBODY, Redaction, redaction_of
from casework.reports.words import ACTOR_WORDS, CATEGORY_WORDS, LETTER_WORDS, Label, labelled
from crawler.clock import in_shanghai
from crawler.errors import UserMistake
from storage.cases.lead_shapes import WorkedCase
from storage.cases.ledger_rows import LedgerRow
from storage.cases.moves import STEP_WORDS, State, Step

_category, _kind, _actor = labelled(CATEGORY_WORDS), labelled(LETTER_WORDS), labelled(ACTOR_WORDS)
LEFT_OUT = (
    "已去除：联系方式、办案人员姓名、举报人及其提供的文字、办理理由等自由文字、名录中没有的卖家名称。",
    "引文是网页原文的摘录；其中若有系统认不出的人名，对外使用前由人再核。",
)
FIRMS_STAY = "名录中的机构、平台和收函单位的名称没有隐去；要隐去的，另用 --anonymous 生成。"
FIRMS_GO = (
    "另已隐去：已知的当事人、店铺、平台和收函单位的名称及其简称，标题末尾的单位名称，以及文字中写全的公司名称。"
    "可能还留有：没有登记过的简称、品牌名、拼音或英文名、商品名里的店名：对外使用前由人逐条再核。"
)
SUSPECTED = "以下均为涉嫌，尚待依法查证；不是行政机关对违法事实的认定。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a case is told: whether firms are named, how platforms and articles are called, and when it was asked for."""

    anonymous: bool
    label_of: Label
    now: datetime
    cite_of: Label = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the timeline."""

    at: str
    what: str
    lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One exhibit by its digest: who has the archive finds it, who has not learns nothing from it."""

    exhibit: str
    sha256: str
    seen_at: str
    taken_at: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypicalCase:
    """The files of a package, by name."""

    files: tuple[tuple[str, bytes], ...]


def typical_case(case: WorkedCase, rows: Sequence[LedgerRow], told: Told) -> TypicalCase:
    """The package's papers; `UserMistake` where no lead of the case was approved."""
    proven = [row for row in rows if _is_true(row)]
    if not proven:
        raise UserMistake(f"{case.number} 没有经复核属实的线索，不是典型案例")
    redaction = redaction_of(rows, anonymous=told.anonymous)
    events, digests = timeline(proven, told), _digests(proven, redaction)
    paper = _paper(case, proven, told, (events, digests, redaction))
    return TypicalCase(
        files=(
            ("案情素材.docx", to_docx(paper)),
            ("时间线.json", _json([asdict(one) for one in events])),
            ("证据摘要.json", _json([asdict(one) for one in digests])),
            ("说明.txt", "\n".join((SUSPECTED, *left_out(told), "")).encode()),
        )
    )


def left_out(told: Told) -> tuple[str, ...]:
    """What is not in the package, and what a person has to look for before it leaves."""
    return (*LEFT_OUT, FIRMS_GO if told.anonymous else FIRMS_STAY)


def timeline(rows: Sequence[LedgerRow], told: Told) -> tuple[Event, ...]:
    """What happened when, without who did it."""
    found: list[tuple[datetime, Event]] = []
    for row in rows:
        number = row.lead.number
        found += [(one.at, _event(one.at, STEP_WORDS[Step(one.move)], number)) for one in row.moves]
        for letter in row.letters:
            to = SOME_PLATFORM if told.anonymous else letter.addressee
            for at, what in (
                (letter.sent_at, f"向{to}发出{_kind(letter.kind)}函"),
                (letter.delivered_at, f"{_kind(letter.kind)}函送达"),
                (letter.answered_at, f"收到反馈：{letter.measure or '未写措施'}"),
                (letter.gone_at, "复查已消失"),
                (letter.back_at, "再次出现"),
            ):
                found += [(at, _event(at, what, number))] if at else []
    return tuple(event for _, event in sorted(found, key=lambda one: (one[0], one[1].lead)))


def _event(at: datetime, what: str, lead: str) -> Event:
    return Event(at=in_shanghai(at)[:16], what=what, lead=lead)


def _digests(rows: Sequence[LedgerRow], redaction: Redaction) -> tuple[Digest, ...]:
    return tuple(
        Digest(
            exhibit=one.exhibit,
            sha256=one.sha256,
            seen_at=in_shanghai(one.seen_at),
            taken_at=in_shanghai(one.taken_at),
            quote=redaction.of(one.quote),
        )
        for row in rows
        for one in row.exhibits
    )


def _paper(
    case: WorkedCase,
    rows: Sequence[LedgerRow],
    told: Told,
    parts: tuple[tuple[Event, ...], tuple[Digest, ...], Redaction],
) -> Paper:
    events, digests, _ = parts
    blocks: tuple[Block, ...] = (
        Lines(lines=(SUSPECTED,)),
        Heading(text="一、基本事实"),
        Fields(fields=_facts(case, rows, told)),
        Heading(text="二、时间线"),
        _grid(("时间", "事项", "线索"), (40, 84, 32), [(one.at, one.what, one.lead) for one in events]),
        Heading(text="三、证据摘要"),
        _grid(
            ("证据项", "SHA-256", "发现时间", "固定时间", "原文摘录"),
            (30, 44, 22, 22, 38),
            [(one.exhibit, one.sha256, one.seen_at, one.taken_at, one.quote) for one in digests],
        ),
        Heading(text="四、处理结果"),
        Lines(lines=_outcomes(rows)),
        Heading(text="五、典型意义"),
        Lines(lines=("（由人撰写。）",)),
        Lines(lines=left_out(told), is_small=True),
    )
    foot = (f"{case.number}　素材生成于 {in_shanghai(told.now)}　以查证结论和正式文书为准",)
    return Paper(title="典型案例素材", blocks=blocks, foot=foot)


def _facts(case: WorkedCase, rows: Sequence[LedgerRow], told: Told) -> tuple[Field, ...]:
    actor = next((row.actor for row in rows if row.actor), None)
    agency = actor.agency if actor else ""
    who = (SOME_AGENCY if told.anonymous else agency) if agency else SOMEBODY
    kinds = dict.fromkeys(_category(one) for row in rows for one in row.lead.categories)
    platforms = dict.fromkeys(told.label_of(row.lead.platform) for row in rows if row.lead.platform)
    places = [SOME_PLATFORM] if told.anonymous and platforms else list(platforms)
    seen = [at for row in rows for at in (row.first_seen or row.lead.found_at, row.last_seen) if at]
    known = (
        ("案件编号", case.number),
        ("当事人", who),
        ("主体性质", _actor(actor.kind or actor.agency_kind) if actor else ""),
        ("涉嫌类别", f"涉嫌{'、'.join(kinds)}，尚待依法查证" if kinds else ""),
        ("平台", "、".join(places)),
        ("线索", f"{len(rows)} 条，涉及信息 {sum(row.listings for row in rows)} 条"),
        ("出现时间", f"{day(min(seen))} 至 {day(max(seen))}" if seen else ""),
        (
            "所引条文",
            "、".join(
                dict.fromkeys(told.cite_of(one) for row in rows for each in row.letters for one in each.articles)
            ),
        ),
    )
    return tuple(Field(label=label, lines=(words,) if words else ()) for label, words in known)


def _outcomes(rows: Sequence[LedgerRow]) -> tuple[str, ...]:
    told = []
    for row in rows:
        for one in row.letters:
            result = "；".join(filter(None, (one.measure and f"平台{one.measure}", recheck(one))))
            told.append(f"{row.lead.number}：{_kind(one.kind)}函，{result or '尚无结果'}。")
    return tuple(told) or ("尚未发函。",)


def _grid(names: tuple[str, ...], widths: tuple[int, ...], rows: Sequence[tuple[str, ...]]) -> Grid:
    columns = tuple(Column(name=name, width=width) for name, width in zip(names, widths, strict=True))
    return Grid(columns=columns, rows=tuple(tuple((cell,) for cell in row) for row in rows))


def _is_true(row: LedgerRow) -> bool:
    state = State(row.lead.state)
    return row.lead.approved_at is not None and (state in TRUE or state is State.CLOSED)


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
