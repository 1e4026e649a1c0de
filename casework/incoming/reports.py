"""Public reports: what is reported becomes a lead, who reports is sealed for it in the same transaction.

A lead whose clear words would give the reporter away is refused, or its words are redacted where that is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import Connection, Engine

from casework.acting import Acting, Grant
from casework.incoming.reporter import FIELD_WORDS, FIELDS, Reporter, ReporterKey, checked, seal, unseal
from casework.incoming.spellings import Spellings, spellings
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.audit import Act, add_on
from storage.cases.leads import register
from storage.cases.reporters import Reporters, Sealed, add_sealed, seal_again, under_key
from storage.cases.shapes import NewLead, WorkedLead
from storage.db import writing

SOURCE = "report"
COPIED = "〔照抄原话，已隐去〕"
CLEAR = {"title": "标题", "url": "网址", "seller": "主体", "summary": "摘要", "district": "区县"}
MOST = {"title": 200, "url": 2000, "seller": 200, "summary": 2000, "district": 40}
WORKERS = (Grant.EXAMINER, Grant.REVIEWER)
EXAMPLE = "写成 platform、url、title、summary、categories、seller、district、seen 和 [reporter]"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report as an officer took it: all but `reporter` is his own wording, and stays readable."""

    platform: str
    url: str
    title: str
    summary: str
    categories: tuple[str, ...]
    seller: str
    district: str
    seen: datetime
    reporter: Reporter


def report_of(told: Mapping[str, object], platforms: Collection[str], now: datetime) -> NewReport:
    """A report out of a file's tables; a complaint names the field and never what stands in it."""
    words = {name: value for name, value in told.items() if name not in ("reporter", "categories", "seen")}
    if strange := words.keys() - CLEAR.keys() - {"platform"}:
        raise UserMistake(f"举报文件里没有这些项：{_names(strange)}；{EXAMPLE}")
    clear = {name: _text(words.get(name, ""), CLEAR[name], MOST[name]) for name in CLEAR}
    for name in ("title", "url"):
        if not clear[name]:
            raise UserMistake(f"举报文件里要有{CLEAR[name]}（{name}）")
    platform = _text(words.get("platform", ""), "平台", 40)
    if platform and platform not in platforms:
        raise UserMistake(f"没有这个平台；现有：{'、'.join(platforms)}")
    return NewReport(
        platform=platform,
        categories=_list(told.get("categories", [])),
        seen=_moment(told.get("seen"), now),
        reporter=_reporter(told.get("reporter", {})),
        **clear,
    )


def refuse_naming(report: NewReport) -> None:
    """`UserMistake` where the readable part gives the reporter away: which field has what of him, not the words."""
    known = spellings(report.reporter)
    for name, word in CLEAR.items():
        written = getattr(report, name)
        # The seller and the address are what a page says, of whomever.
        looked = known.hinted if name in ("title", "summary") else known.found
        if found := looked(written):
            what = "、".join(FIELD_WORDS[one] for one in found)
            raise UserMistake(f"{word}里写有举报人的{what}：请改写，或加 --redact 隐去")
        if name != "url" and known.copies(written):
            raise UserMistake(f"{word}里整段照抄了举报人的原话：请用自己的话概括，或加 --redact 隐去")


def alike(report: NewReport) -> tuple[str, ...]:
    """The words for the fields that share a piece of the reporter's own words, which is for a person to judge."""
    known = spellings(report.reporter)
    return tuple(CLEAR[name] for name in ("title", "summary") if known.resembles(getattr(report, name)))


def redacted(report: NewReport) -> tuple[NewReport, tuple[str, ...]]:
    """The same with whatever names the reporter hidden, and the words for the fields where that was so."""
    known = spellings(report.reporter)
    hidden = replace(
        report,
        title=_hidden(known, report.title, closely=True),
        url=known.redacted(report.url),
        seller=_hidden(known, report.seller),
        summary=_hidden(known, report.summary, closely=True),
        district=_hidden(known, report.district),
    )
    changed = tuple(CLEAR[name] for name in CLEAR if getattr(hidden, name) != getattr(report, name))
    return hidden, changed


def _hidden(known: Spellings, text: str, *, closely: bool = False) -> str:
    bare = known.redacted(text, closely=closely)
    return COPIED if known.copies(bare) else bare


def register_report(
    engine: Engine, report: NewReport, key: ReporterKey | None, acting: Acting, now: datetime
) -> WorkedLead:
    """The lead and its sealed reporter, or neither; without a key only an anonymous report is taken."""
    acting.needs(*WORKERS)
    refuse_naming(report)
    if report.reporter.is_known and key is None:
        raise UserMistake("没有举报人密钥，不能登记署名的举报")
    new = NewLead(
        source=SOURCE, platform=report.platform, title=report.title, url=report.url, categories=report.categories,
        seller=report.seller, note=report.summary, district=report.district, found_at=report.seen, registered_at=now,
    )  # fmt: skip
    with writing(engine).begin() as connection:
        lead = register(connection, new, acting.sign)
        if key is not None:
            keep_reporter(connection, lead, report.reporter, key, (acting, now))
    return lead


def keep_reporter(
    connection: Connection, lead: WorkedLead, reporter: Reporter, key: ReporterKey, signed: tuple[Acting, datetime]
) -> bool:
    """Seal a reporter for a lead in the transaction that registers it; False where nothing is known of him."""
    if not checked(reporter).is_known:
        return False
    acting, now = signed
    sealed = seal(reporter, lead.number, key)
    add_sealed(
        connection, lead.id,
        Sealed(lead=lead.number, sealed=sealed, key_id=key.id, at=now, by=acting.name), acting.sign,
    )  # fmt: skip
    return True


def reporters_of(engine: Engine, lead: WorkedLead, key: ReporterKey, acting: Acting, now: datetime) -> list[Reporter]:
    """Who reported this lead. That somebody looked is in the log before anything is answered, and not what he saw."""
    acting.needs(Grant.REPORTERS)
    if not acting.sees(lead.district):
        raise UserMistake(f"没有线索 {lead.number}")
    kept = Reporters(engine).of(lead.id)
    if not kept:
        raise UserMistake(f"线索 {lead.number} 没有举报人信息")
    if others := {one.key_id for one in kept} - {key.id}:
        raise UserMistake(f"线索 {lead.number} 的举报人信息要用密钥 {'、'.join(sorted(others))}，现用的是 {key.id}")
    found = [unseal(one.sealed, one.lead, key) for one in kept]
    with writing(engine).begin() as connection:
        add_on(connection, acting.sign(Act(who=acting.name, act="reporter_seen", subject=lead.number, at=now)))
    return found


def rekey(engine: Engine, old: ReporterKey, new: ReporterKey, acting: Acting, now: datetime) -> int:
    """Seal all that the old key sealed with the new one, or nothing; how many."""
    acting.needs(Grant.ADMIN)
    if old == new:
        raise UserMistake("新旧密钥是同一把")
    count = last = 0
    with writing(engine).begin() as connection:
        while some := under_key(connection, old.id, last):
            for one in some:
                again = seal(unseal(one.sealed, one.lead, old), one.lead, new)
                seal_again(connection, one.id, again, new.id)
            count, last = count + len(some), some[-1].id
        act = Act(who=acting.name, act="reporters_rekeyed", subject="reporters", at=now,
                  detail={"from": old.id, "to": new.id, "reporters": count})  # fmt: skip
        add_on(connection, acting.sign(act))
    return count


# -- what a file tells -----------------------------------------------------------------------------


def _names(strange: Collection[str]) -> str:
    """Names of fields as far as they can be names: a report typed in the wrong place must not be repeated."""
    fit = sorted(one for one in strange if one.isascii() and one.isidentifier() and len(one) <= 20)
    return "、".join(fit) or f"{len(strange)} 项"


def _text(value: object, word: str, most: int) -> str:
    if not isinstance(value, str):
        raise UserMistake(f"{word}要是文字")
    if len(value) > most:
        raise UserMistake(f"{word}最多 {most} 字")
    return value.strip()


def _list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserMistake('类别要写成 ["guaranteed_grant"] 这样的一列')
    return tuple(dict.fromkeys(value))


def _moment(value: object, now: datetime) -> datetime:
    """When it was seen: a day counts from its beginning in Shanghai; nothing told is now."""
    if value is None:
        return now
    try:
        day = value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))
    except ValueError:
        raise UserMistake("seen 要写成 2026-11-01") from None
    seen = datetime.combine(day, time(), SHANGHAI)
    if seen > now:
        raise UserMistake("seen 不能在今天以后")
    return seen


def _reporter(value: object) -> Reporter:
    if not isinstance(value, dict):
        raise UserMistake("[reporter] 要是一个表")
    if strange := value.keys() - set(FIELDS):
        raise UserMistake(f"[reporter] 里没有这些项：{_names(strange)}；现有：{'、'.join(FIELDS)}")
    told = {name: _text(value.get(name, ""), f"举报人的{FIELD_WORDS[name]}", 100_000) for name in FIELDS}
    return checked(Reporter(**told))
