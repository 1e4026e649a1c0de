"""`lantian incoming`: reports, lists of other offices and field checks become leads; what each command does.

A reporter's identity comes in by a private file or a terminal without echo, and goes out on a terminal only.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from casework.acting import Grant
from casework.incoming.feedback import Answer, answers, texts, write_answers, write_template
from casework.incoming.field import field_check_of, register_field_check
from casework.incoming.guard import known_reporters, refuse_reporters
from casework.incoming.listed import Known, read_list
from casework.incoming.lists import KINDS, Sent, Taken, checked_sent, take_list
from casework.incoming.reports import NewReport, alike, redacted, register_report, report_of
from casework.workdays import day_of, deadline, told_day
from console.acting import acting
from console.cases.reporter_keys import existing_key, key_for
from console.files import platforms
from console.homes import home_engine
from console.output import CATEGORY_WORDS, harmless, print_json, progress, say
from console.passwords import asked as asked_unseen
from console.passwords import private_text
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from patrol.calendar import load_calendar
from patrol.checking import platform_of
from storage.folders import save_new

_LINE = re.compile(r"line (\d+)")
_UNSEEN = {
    "name": "姓名",
    "phone": "电话",
    "mail": "邮箱",
    "address": "住址",
    "contact": "其他联系方式",
    "words": "原话",
}
_TYPED = {"url": "网址", "title": "标题", "summary": "摘要（不写举报人）", "seller": "主体", "district": "区县"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAsked:
    """What is said of a list: who sent it under which document, and until when it asks for an answer."""

    office: str
    document: str
    kind: str
    due: str = ""
    days: int = 0
    district: str = ""


def take_report(file: Path | None, *, redact: bool, as_json: bool) -> None:
    """A report becomes a lead, whoever reports is sealed for it."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        report = _report(config, file)
        hidden: tuple[str, ...] = ()
        if redact:
            report, hidden = redacted(report)
        key = key_for(config, engine) if report.reporter.is_known else None
        lead = register_report(engine, report, key, acts, clock.now())
    if shared := alike(report):
        say(f"{'、'.join(shared)}里有与举报人原话相同的词句，请核对是否会被认出")
    if hidden:
        say(f"已隐去举报人信息：{'、'.join(hidden)}")
    sealed = "，举报人信息已加密保存" if key else "（匿名）"
    say(f"已登记线索 {lead.number}{sealed}")
    if file is not None and key:
        say(f"原文件 {harmless(str(file))} 仍写有举报人信息，请另行保管或删除")
    if as_json:
        print_json({"lead": lead.number, "sealed": key is not None, "redacted": list(hidden)})


def import_list(file: Path, asked: ListAsked, *, as_json: bool) -> None:
    """A list of another office becomes leads, whole or not at all."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        sent = _sent(engine, asked)
        listed = read_list(file, known_words())
        key = key_for(config, engine) if any(one.reporter.is_known for one in listed) else None
        with progress("登记线索", len(listed)) as told:
            taken = take_list(engine, listed, sent, (acts, key, clock.now()), told)
    for one in listed:
        if one.redacted:
            say(f"第 {one.row} 行：{'、'.join(one.redacted)}里写有举报人信息，已隐去")
    _tell_taken(sent, taken)
    if taken.sealed:
        say(f"{taken.sealed} 条的举报人信息已加密保存；原文件 {harmless(str(file))} 没有留底，请另行保管")
    if as_json:
        hidden = [{"row": one.row, "columns": list(one.redacted)} for one in listed if one.redacted]
        print_json(asdict(taken) | {"due": sent.due.isoformat() if sent.due else "", "redacted": hidden})


def save_template(out: Path, *, as_json: bool) -> None:
    """An empty list, its columns named."""
    file = BytesIO()
    write_template(file)
    _save(out, file.getvalue())
    say(f"已写成 {harmless(str(out))}：编号必填；网址、主体、违规表述至少一项；举报人各列会加密保存")
    if as_json:
        print_json({"file": str(out)})


def save_feedback(office: str, document: str, out: Path, *, as_json: bool) -> None:
    """What the sender of a document is told, as a workbook; refused where it would name a reporter."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        now = clock.now()
        several = answers(engine, (office, document), acts.sees, now)
        known = known_reporters(engine, (one.lead_id for one in several), existing_key(config, engine))
        refuse_reporters(known, texts(several))
    file = BytesIO()
    write_answers(several, f"{document} 办理情况反馈（{clock.in_shanghai(now)}）", file)
    _save(out, file.getvalue())
    late = sum(one.is_late for one in several)
    say(f"已写成 {harmless(str(out))}：{len(several)} 条，超期 {late} 条；联系方式已遮盖，不含举报人")
    if as_json:
        print_json({"file": str(out), "rows": [_answer_told(one) for one in several]})


def take_field_check(file: Path, *, as_json: bool) -> None:
    """A check on the spot becomes a lead."""
    config = Config.load()
    now = clock.now()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        check = field_check_of(_tables(file, _plain_text(file)), file.parent, now)
        _refuse_categories(check.categories)
        lead = register_field_check(engine, check, platforms(), acts, now)
    say(f"已登记线索 {lead.number}（现场检查）；照片 {len(check.photos)} 张只记摘要，原件请妥善保管")
    if as_json:
        print_json({"lead": lead.number, "photos": [asdict(one) for one in check.photos]})


def known_words() -> Known:
    """What platforms and categories are called in lists."""
    spiders = platforms()
    named = {one.label: name for name, one in spiders.items()} | {name: name for name in spiders}
    categories = {word: name for name, word in CATEGORY_WORDS.items()} | {name: name for name in CATEGORY_WORDS}
    several = list(spiders.values())
    return Known(platforms=named, categories=categories, platform_of=lambda url: platform_of(url, several))


# -- what is told by files and people ------------------------------------------------------------------


def _report(config: Config, file: Path | None) -> NewReport:
    told = _typed() if file is None else _private(config, file)
    known = known_words()
    report = report_of(told, platforms(), clock.now())
    _refuse_categories(report.categories)
    return _placed(report, known.platform_of)


def _placed(report: NewReport, place: Callable[[str], str]) -> NewReport:
    if not re.match(r"https?://[^\s/]", report.url):
        raise UserMistake("网址要以 http:// 或 https:// 开头")
    return report if report.platform else replace(report, platform=place(report.url))


def _private(config: Config, file: Path) -> dict[str, Any]:
    if config.home.resolve() in file.resolve().parents:
        raise UserMistake(f"举报文件不能放在 {config.home} 里：备份会把它一起带走")
    return _tables(file, private_text(file))


def _plain_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserMistake(f"{file} 读不了：{getattr(wrong, 'strerror', '') or '不是 UTF-8 文字'}") from None


def _tables(file: Path, text: str) -> dict[str, Any]:
    """JSON or TOML. What a parser says of a mistake may quote it: only the line is told."""
    try:
        told = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except json.JSONDecodeError as wrong:
        raise UserMistake(f"{file} 第 {wrong.lineno} 行不是 JSON") from None
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        line = _LINE.search(str(wrong))
        raise UserMistake(f"{file} {f'第 {line[1]} 行' if line else ''}不是 TOML") from None
    if not isinstance(told, dict):
        raise UserMistake(f"{file} 要是一组 名 = 值")
    return told


def _typed() -> dict[str, Any]:
    """Asked for on a terminal: the readable part as anything is typed, the reporter unseen."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UserMistake("要写举报文件（0600 的 TOML 或 JSON），或在终端上逐项输入")
    say(f"类别：{'、'.join(CATEGORY_WORDS.values())}")
    told: dict[str, Any] = {name: input(f"{word}：").strip() for name, word in _TYPED.items()}
    words = {word: name for name, word in CATEGORY_WORDS.items()}
    written = [one for one in re.split(r"[、，,\s]+", input("类别（可多项，顿号分隔）：")) if one]
    told["categories"] = [words.get(one, one) for one in written]
    say("以下是举报人信息：输入时不显示，没有就直接回车")
    return told | {"reporter": {name: asked_unseen(f"{word}：").strip() for name, word in _UNSEEN.items()}}


def _refuse_categories(several: tuple[str, ...]) -> None:
    if any(one not in CATEGORY_WORDS for one in several):
        raise UserMistake(f"类别要是 {'、'.join(CATEGORY_WORDS)} 之中的")


def _sent(engine: Engine, asked: ListAsked) -> Sent:
    due = _due(engine, asked, clock.now())
    sent = Sent(office=asked.office, document=asked.document, kind=asked.kind, district=asked.district, due=due)
    checked_sent(sent)
    return sent


def _due(engine: Engine, asked: ListAsked, now: datetime) -> date | None:
    if asked.due and asked.days:
        raise UserMistake("--due 和 --days 只写一个")
    if asked.days:
        last = deadline(load_calendar(engine), day_of(now), asked.days)
        say(f"截止 {last.words}")
        return last.day
    try:
        return date.fromisoformat(asked.due) if asked.due else None
    except ValueError:
        raise UserMistake("--due 要写成 2026-11-30") from None


def _save(out: Path, content: bytes) -> None:
    try:
        save_new(out, content)
    except FileExistsError:
        raise UserMistake(f"{out} 已经存在，不覆盖") from None
    except OSError as wrong:
        raise UserMistake(f"{out} 写不了：{wrong.strerror}") from None


def _tell_taken(sent: Sent, taken: Taken) -> None:
    say(f"{harmless(sent.office)}{KINDS[sent.kind]}（{harmless(sent.document)}）：新登记 {len(taken.new)} 条，"
        f"更新 {len(taken.changed)} 条，已有 {taken.known} 条")  # fmt: skip


def _answer_told(one: Answer) -> dict[str, Any]:
    told = asdict(one)
    del told["lead_id"]
    told |= {"due_day": told_day(one.due_at)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}
