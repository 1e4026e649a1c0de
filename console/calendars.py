"""What `lantian calendar` does: notices of holidays taken in, key dates kept, days told as they are counted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from console.homes import home_engine, person
from console.output import harmless, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.holidays import KeyDate
from patrol.calendar import ASSUMED, KEY_HOLIDAYS, DayKind, checked_key_date, is_holiday_name, load_calendar
from patrol.holiday_notices import missing_holidays, read_notice
from storage.calendars import Calendars, KeyDateRecord, NoticeRecord

LONGEST_STRETCH = 3 * 366  # days
WEEKDAYS = "一二三四五六日"
LONGEST_NAME = 40


def import_notice(file: Path, by: str, *, as_json: bool) -> None:
    """Take in a notice, whole or not at all; from now on its year goes by it."""
    year, days = read_notice(file)
    config = Config.load()
    with home_engine(config) as engine:
        name = person(config, engine, by)
        is_new = Calendars(engine).import_notice(year, days, file.name, name, clock.now())
        current = next(one for one in reversed(Calendars(engine).notices()) if one.notice.year == year)
    if as_json:
        print_json(_notice_told(current, is_current=True) | {"is_new": is_new, "missing": missing_holidays(days)})
    if not is_new:
        say(f"{year} 年已经是这份通知，没有再导入")
        return
    worked = sum(one.is_workday for one in days)
    say(f"已导入 {year} 年放假通知：放假 {len(days) - worked} 天，调休上班 {worked} 天；这一年不再{ASSUMED}")
    if missing := missing_holidays(days):
        say(f"注意：通知里没有{'、'.join(missing)}的放假日，请核对是否录全")


def list_notices(*, as_json: bool) -> None:
    """Every notice that was imported; of a year the last one counts."""
    with home_engine(Config.load()) as engine:
        found = Calendars(engine).notices()
    newest = {one.notice.year: one for one in found}
    for one in found:
        is_current = newest[one.notice.year] is one
        if as_json:
            print_json(_notice_told(one, is_current=is_current))
        else:
            when = clock.in_shanghai(one.imported_at)
            state = "现用" if is_current else "已被取代"
            days = f"{len(one.notice.days)} 天"
            print_line(harmless(f"{one.notice.year}  {state}  {days}  {one.file}  {when} {one.imported_by}"))
    if not found and not as_json:
        say("还没有导入放假通知。")


def show_days(first: str, last: str, *, as_json: bool) -> None:
    """Each day as plans count it."""
    since, until = _day(first), _day(last)
    if not 0 <= (until - since).days < LONGEST_STRETCH:
        raise UserMistake("--from 不能晚于 --to，相差不超过三年")
    with home_engine(Config.load()) as engine:
        days = load_calendar(engine)
    for ahead in range((until - since).days + 1):
        day = since + timedelta(days=ahead)
        kind = days.kind_of(day)
        if as_json:
            told = {"date": day.isoformat(), "is_workday": kind.is_workday, "is_key": kind.is_key}
            print_json(told | {"name": kind.name, "assumed": kind.assumed})
        else:
            print_line(harmless(_day_said(day, kind)))
    unknown = [str(year) for year in range(since.year, until.year + 1) if not days.is_known(year)]
    if unknown:
        say(f"{'、'.join(unknown)} 年的放假安排还不知道，{ASSUMED}，春节和中秋不算作重点日期；")
        say("    国务院办公厅的通知发布后：lantian calendar import 文件 --by 姓名")


def add_key_date(key: tuple[str, str, str, int], by: str, *, as_json: bool) -> None:
    """One more key date: name, first and last day, and the days before that count too."""
    name, first, last, lead = key
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise UserMistake(f"重点日期的名称要有 1 到 {LONGEST_NAME} 个字，不含控制字符")
    now = clock.now()
    wanted = KeyDate(name=name.strip(), first=first, last=last or first, lead=lead, since=now)
    config = Config.load()
    with home_engine(config) as engine:
        Calendars(engine).add_key_date(checked_key_date(wanted), person(config, engine, by), now)
        made = next(one for one in reversed(Calendars(engine).key_dates()) if one.key.name == wanted.name)
    say(harmless(f"已加入重点日期 {wanted.name}：{_span_said(wanted)}"))
    if as_json:
        print_json(_key_told(made))


def remove_key_date(name: str, by: str, *, as_json: bool) -> None:
    """Take it off the list; what was planned for it stays."""
    config = Config.load()
    with home_engine(config) as engine:
        Calendars(engine).remove_key_date(name, person(config, engine, by), clock.now())
        gone = next(one for one in reversed(Calendars(engine).key_dates()) if one.key.name == name)
    say(harmless(f"已去掉重点日期 {name}；已经排出的照旧"))
    if as_json:
        print_json(_key_told(gone))


def list_key_dates(*, with_removed: bool, as_json: bool) -> None:
    """The public holidays that always count, and the office's own list."""
    with home_engine(Config.load()) as engine:
        found = [one for one in Calendars(engine).key_dates() if with_removed or one.removed_at is None]
    for one in found:
        if as_json:
            print_json(_key_told(one))
            continue
        gone = f"  {clock.in_shanghai(one.removed_at)} 由 {one.removed_by} 去掉" if one.removed_at else ""
        by = f"{clock.in_shanghai(one.added_at)} {one.added_by}"
        print_line(harmless(f"{one.key.name}  {_span_said(one.key)}  {by}{gone}"))
    if not as_json:
        say(f"放假日历里的{'、'.join(KEY_HOLIDAYS[:1] + KEY_HOLIDAYS[2:])}总是重点日期。")


def _span_said(key: KeyDate) -> str:
    days = key.first if key.last == key.first else f"{key.first} 至 {key.last}"
    every = "" if is_holiday_name(key.first) or len(key.first) > len("04-26") else "每年 "
    return f"{every}{days}" + (f"，提前 {key.lead} 天" if key.lead else "")


def _day_said(day: date, kind: DayKind) -> str:
    words = f"{day.isoformat()} 星期{WEEKDAYS[day.weekday()]}  {'班' if kind.is_workday else '休'}"
    return "  ".join(filter(None, (words, "重点" if kind.is_key else "", kind.name, kind.assumed)))


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake(f"{text!r} 不是日期，要写成 2026-11-20") from None
    if not 1970 <= found.year <= 9000:
        raise UserMistake(f"{text!r} 太早或太晚")
    return found


def _notice_told(one: NoticeRecord, *, is_current: bool) -> dict[str, Any]:
    days = [{"date": day.day.isoformat(), "kind": "班" if day.is_workday else "休", "name": day.name}
            for day in one.notice.days]  # fmt: skip
    told = {"year": one.notice.year, "is_current": is_current, "file": one.file, "digest": one.digest, "days": days}
    return told | {"imported_at": one.imported_at.isoformat(), "imported_by": one.imported_by}


def _key_told(one: KeyDateRecord) -> dict[str, Any]:
    removed = one.removed_at.isoformat() if one.removed_at else None
    told = {"name": one.key.name, "first": one.key.first, "last": one.key.last, "lead": one.key.lead}
    told |= {"added_at": one.added_at.isoformat(), "added_by": one.added_by}
    return told | {"removed_at": removed, "removed_by": one.removed_by}
