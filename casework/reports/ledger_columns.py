"""The columns of the ledger (工作台账): what each cell says of a lead. What is not known stays empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from casework.reports.sheets import Head, Value
from casework.reports.words import (
    ACTOR_WORDS,
    CATEGORY_WORDS,
    LETTER_WORDS,
    RECHECK_WORDS,
    SOURCE_WORDS,
    STAGE_WORDS,
    Label,
    labelled,
)
from casework.workdays import told_day
from crawler.clock import SHANGHAI, in_shanghai
from storage.cases.ledger_rows import LedgerExhibit, LedgerLetter, LedgerRow
from storage.cases.moves import STATE_WORDS, State, Step

CHANNELS = {
    "ad": "搜索广告",
    "result": "搜索结果",
    "product": "商品",
    "shop": "店铺",
    "post": "帖子",
    "article": "文章",
}
TRUE = (State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER)
SHOWN, OVER = 1900, 300  # characters
TALK, TRANSFER, WARN, ABNORMAL = "talk", "transfer", "warn", "abnormal_filing"
_kind, _stage, _channel = labelled(LETTER_WORDS), labelled(STAGE_WORDS), labelled(CHANNELS, "")
_actor, _source, _category = labelled(ACTOR_WORDS, ""), labelled(SOURCE_WORDS), labelled(CATEGORY_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How it is told: platforms' and articles' names, whether contacts are hidden, and as of when."""

    label_of: Label
    mask: Callable[[str], str]
    now: datetime
    cite_of: Label = str

    def shown(self, text: str) -> str:
        """Words of a page or a person as they may be seen: a book of them is looked through as far as it is shown."""
        if len(text) <= SHOWN:
            return self.mask(text)
        # A contact at the cut is looked at whole, and then cut.
        return f"{self.mask(text[: SHOWN + OVER])[:SHOWN]}……（共 {len(text)} 字）"


Cell = Callable[[LedgerRow, Told], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the ledger."""

    head: Head
    cell: Cell


def conclusion(row: LedgerRow) -> str:
    """属实 only once two people said so."""
    state, lead = State(row.lead.state), row.lead
    if state in TRUE or (state is State.CLOSED and lead.approved_at):
        return "属实"
    if state in (State.DISMISSED, State.CLOSED):
        return "误报"
    if state is State.MERGED:
        return f"已并入 {row.merged_into}"
    return "属实（待复核）" if state is State.CONFIRMED else "待查"


def day(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).date().isoformat() if at else ""


def recheck(letter: LedgerLetter) -> str:
    if letter.back_at:
        return f"{RECHECK_WORDS['back']} {day(letter.back_at)}"
    if letter.gone_at:
        return f"{RECHECK_WORDS['gone']} {day(letter.gone_at)}"
    if not letter.looks:
        return ""
    return RECHECK_WORDS["present" if letter.looks > letter.blocked else "unseen"]


def cited(row: LedgerRow, told: Told) -> str:
    """The articles of its letters, by name and id; which version stands in the letter itself."""
    names = {one: told.cite_of(one) for letter in row.letters for one in letter.articles}
    return _lines(*(name if name == one else f"{name}（{one}）" for one, name in names.items()))


def overdue(row: LedgerRow, told: Told) -> str:
    """Whether the lead's own deadline, or a letter's, went by without what was due."""
    lead = row.lead
    done = lead.answered_at or lead.closed_at or told.now
    late = ["办理超期"] if lead.due_at and done > lead.due_at else []
    waits = any(one.due_at and (one.answered_at or told.now) > one.due_at for one in row.letters if one.sent_at)
    return "；".join([*late, *(["反馈超期"] if waits else [])])


def _lines(*words: str) -> str:
    return "\n".join(one for one in words if one)


def _shown(row: LedgerRow, word: Callable[[LedgerExhibit], str]) -> str:
    return _lines(*dict.fromkeys(word(one) for one in row.exhibits))


def _evidence(row: LedgerRow, _told: Told) -> str:
    more = f"（共 {row.listings} 条信息）" if row.listings > len(row.exhibits) else ""
    return _lines(*(f"{one.exhibit} SHA-256 {one.sha256}" for one in row.exhibits), more)


def _letters(word: Callable[[LedgerLetter], str], *kinds: str) -> Cell:
    return lambda row, _: _lines(*(word(one) for one in row.letters if not kinds or one.kind in kinds))


def _lead(name: str) -> Cell:
    return lambda row, _: getattr(row.lead, name)


def _agency(name: str) -> Cell:
    return lambda row, _: getattr(row.actor, name) if row.actor else ""


def _masked(name: str) -> Cell:
    return lambda row, told: told.shown(getattr(row.lead, name))


def _who(row: LedgerRow, told: Told) -> str:
    return told.shown(_lines(row.lead.seller, row.actor.agency if row.actor else ""))


def _code(row: LedgerRow, _told: Told) -> str:
    if row.actor is None:
        return ""
    return " ".join(filter(None, (row.actor.agency_code, row.actor.agency_status)))


def _abnormal(name: str) -> Cell:
    return lambda row, _: getattr(row.lead, name) if ABNORMAL in row.lead.categories else ""


def _empty(_row: LedgerRow, _told: Told) -> str:
    return ""


def _ours(row: LedgerRow, _told: Told) -> str:
    """A hand-over is the only thing that says that it is not ours; nothing says that it is."""
    return "否（已移送）" if row.lead.state == State.HANDED_OVER else ""


def _handed(row: LedgerRow, told: Told) -> str:
    moves = [one for one in row.moves if one.move == Step.HAND_OVER]
    return told.shown(_lines(*(f"{day(one.at)} {_lines(one.reason, *one.detail)}" for one in moves)))


def _transferred(row: LedgerRow, told: Told) -> str:
    letters = [f"{one.addressee}（{one.document or one.number}）" for one in row.letters if one.kind == TRANSFER]
    return _lines(_handed(row, told), *letters)


def _warned(row: LedgerRow, _told: Told) -> Value:
    return len({one.addressee for one in row.letters if one.kind == WARN and one.sent_at}) or None


def _moment(at: datetime | None) -> str:
    return in_shanghai(at) if at else ""


def _column(band: str, name: str, width: float, cell: Cell) -> Column:
    return Column(head=Head(name=name, width=width, band=band), cell=cell)


BASIC = "基础"
JUDGED = "研判"
DONE = "处置"
APART = "非正常专利"
COLUMNS: tuple[Column, ...] = (
    _column(BASIC, "线索编号", 14, _lead("number")),
    _column(BASIC, "登记日期", 11, lambda row, _: day(row.lead.registered_at)),
    _column(BASIC, "来源", 10, lambda row, _: _source(row.lead.source)),
    _column(BASIC, "来文单位", 14, _lead("office")),
    _column(BASIC, "来文编号", 14, _lead("reference")),
    _column(BASIC, "平台", 10, lambda row, told: told.label_of(row.lead.platform) if row.lead.platform else ""),
    _column(BASIC, "栏目类型", 10, lambda row, _: _shown(row, lambda one: _channel("ad" if one.is_ad else one.kind))),
    _column(BASIC, "标题", 30, _masked("title")),
    _column(BASIC, "URL", 30, _masked("url")),
    _column(BASIC, "发布主体", 22, _who),
    _column(BASIC, "主体编号", 14, _agency("number")),
    _column(BASIC, "主体性质", 14, lambda row, _: _actor(row.actor.kind or row.actor.agency_kind) if row.actor else ""),
    _column(BASIC, "统一社会信用代码", 20, _agency("credit_code")),
    _column(BASIC, "机构代码/备案状态", 14, _code),
    _column(BASIC, "所在省市", 10, _agency("province")),
    _column(BASIC, "类别", 16, lambda row, _: "、".join(map(_category, row.lead.categories))),
    _column(BASIC, "违规表述", 30, lambda row, told: _shown(row, lambda one: told.shown(one.quote))),
    _column(BASIC, "风险等级（分）", 9, _lead("points")),
    _column(BASIC, "证据编号与哈希", 40, _evidence),
    _column(BASIC, "首次发现", 18, lambda row, _: _moment(row.first_seen or row.lead.found_at)),
    _column(BASIC, "最近复现", 18, lambda row, _: _moment(row.last_seen)),
    _column(JUDGED, "初审人", 9, _lead("decided_by")),
    _column(JUDGED, "复审人", 9, _lead("approved_by")),
    _column(JUDGED, "结论", 12, lambda row, _: conclusion(row)),
    _column(JUDGED, "理由", 24, _masked("reason")),
    _column(JUDGED, "法条", 24, cited),
    _column(JUDGED, "是否本局管辖", 10, _ours),
    _column(DONE, "案件编号", 14, lambda row, _: row.case),
    _column(DONE, "现在状态", 11, lambda row, _: STATE_WORDS[State(row.lead.state)]),
    _column(DONE, "文书种类", 12, _letters(lambda one: f"{_kind(one.kind)}（{_stage(one.state)}）")),
    _column(DONE, "受文单位", 22, _letters(lambda one: one.addressee)),
    _column(DONE, "文号", 18, _letters(lambda one: one.document or f"（未编号）{one.number}")),
    _column(DONE, "发文日", 11, _letters(lambda one: day(one.sent_at))),
    _column(
        DONE, "送达方式与日期", 16, _letters(lambda one: " ".join(filter(None, (one.delivery, day(one.delivered_at)))))
    ),
    _column(DONE, "期限", 11, _letters(lambda one: told_day(one.due_at))),
    _column(DONE, "反馈日", 11, _letters(lambda one: day(one.answered_at))),
    _column(DONE, "结果", 12, _letters(lambda one: " ".join(filter(None, (one.measure, one.measured_on))))),
    _column(DONE, "复查日期与结果", 20, _letters(recheck)),
    _column(DONE, "约谈日期", 11, _letters(lambda one: day(one.sent_at), TALK)),
    _column(DONE, "立案号", 12, _empty),
    _column(DONE, "处罚文书号", 12, _empty),
    _column(DONE, "罚没金额（元）", 10, _empty),
    _column(DONE, "公示日期", 11, lambda row, _: _lines(*map(day, row.published))),
    _column(DONE, "列入异常/失信", 10, _empty),
    _column(DONE, "信用扣分", 8, _empty),
    _column(DONE, "移送对象与回执", 20, _transferred),
    _column(DONE, "风险提示函对象数", 9, _warned),
    _column(DONE, "区县", 12, _lead("district")),
    _column(DONE, "责任科室", 12, _lead("unit")),
    _column(DONE, "责任人", 9, _lead("assignee")),
    _column(DONE, "办理期限", 11, lambda row, _: told_day(row.lead.due_at)),
    _column(DONE, "办结日期", 11, lambda row, _: day(row.lead.closed_at)),
    _column(DONE, "超期标记", 10, overdue),
    _column(DONE, "典型案例标记", 8, _empty),
    _column(DONE, "复发次数", 8, lambda row, _: row.lead.reopened or None),
    _column(DONE, "备注", 24, _masked("note")),
    _column(APART, "通报批次", 14, _abnormal("reference")),
    _column(APART, "涉及件数", 9, _empty),
    _column(APART, "撤回件数", 9, _empty),
    _column(APART, "撤回率", 9, _empty),
    _column(APART, "申诉件数", 9, _empty),
    _column(APART, "申诉通过率", 9, _empty),
)
