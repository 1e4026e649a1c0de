"""Messages to the office: composed of counts, written down, then sent. The only file that knows apprise.

Never a flood: one digest a day, and what is told at once is bundled and bounded. Never a name, a text or an address
of what was found, and never an address that it was sent to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine

from console.alarms import KIND_WORDS
from console.files import platforms
from console.ledger import opened, plain
from console.output import CATEGORY_WORDS, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, UserMistake
from patrol.notify import MOST, Figures, figures
from patrol.telling import STALE, digest_key, is_digest_due
from storage.health_shapes import AlarmKind
from storage.notices import Kind, Notice, Notices

KIND_NAMES = {Kind.DIGEST: "日报", Kind.GRAVE: "即时"}


def notify(config: Config, database: Engine, now: datetime) -> None:
    """Write down what is due to be told, and send what waits. Without addresses nothing is done."""
    addresses = config.secrets.notify
    if not addresses:
        return
    notices = Notices(database)
    _write_digest(config, database, notices, now)
    if config.notify.at_once:
        _write_grave(config, database, notices, now)
    for one in notices.waiting(now, now - STALE):
        send_notice(notices, one, addresses, now)


def _write_digest(config: Config, database: Engine, notices: Notices, now: datetime) -> None:
    if not is_digest_due(notices, config.notify, now):
        return
    told = figures(database, now, is_digest=True)
    notices.write(digest_key(told.day), Kind.DIGEST, digest_words(told), told.known, now)


def _write_grave(config: Config, database: Engine, notices: Notices, now: datetime) -> None:
    """Bundled into one message, and no more of them a day than the office wants; the digest has the rest."""
    told = figures(database, now, is_digest=False)
    if not told.news.counts and not told.raised and not told.finds.exhibits:
        return
    midnight = datetime.combine(told.day, time(), tzinfo=clock.SHANGHAI)
    if notices.count(Kind.GRAVE, midnight, midnight + timedelta(days=1)) < config.notify.per_day:
        notices.write(told.key, Kind.GRAVE, grave_words(told), told.known, now)


def send_notice(notices: Notices, one: Notice, addresses: Sequence[str], now: datetime) -> None:
    """One try, unless another process has it. What reached somebody is not sent again: that would be a flood."""
    if not notices.claim(one, now):
        return
    failed = send_all(f"蓝天巡查 {KIND_NAMES[one.kind]}", one.words, addresses)
    notices.tried(one, now, "；".join(failed), is_sent=len(failed) < len(addresses))


def send_all(title: str, words: str, addresses: Sequence[str]) -> list[str]:
    """Send to each address; which of them it did not reach, by their place and kind alone."""
    import apprise

    failed = []
    for place, address in enumerate(addresses, 1):
        one = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, app_id="lantian", app_desc="蓝天巡查"))
        if not one.add(address):
            failed.append(f"第 {place} 个地址写得不对")
        elif not one.notify(body=words, title=title):
            failed.append(f"第 {place} 个地址（{_scheme(address)}）没有送到")
    return failed


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme[:20]
    except ValueError:
        return "?"


# -- in words --------------------------------------------------------------------------------------


def digest_words(told: Figures) -> str:
    """The day's digest. A day without news is told too: silence would look the same as a patrol that died."""
    lines = [f"{told.day.isoformat()}：{_leads(told) or '没有新的严重线索'}。"]
    lines.append(f"过去一天应查 {told.planned} 项，没有看到 {told.unseen} 项，其中漏查 {told.missed} 项。")
    if told.alarms:
        lines.append(f"警报 {len(told.alarms)} 个：{_alarms(told.alarms)}。")
    lines += [f"{_finds(told)}。"] if told.finds.exhibits else []
    duties = (
        (told.tasks, "待人查看的拦截页"),
        (told.agencies, "逾期未看的重点监控机构"),
        (told.rechecks, "复查中的网址"),
        (told.broken, "重读不符的档案段"),
    )
    waiting = [f"{words} {_many(count)}" for count, words in duties if count]
    lines += [f"待办：{'，'.join(waiting)}。"] if waiting else []
    return "\n".join(lines)


def grave_words(told: Figures) -> str:
    lines = [f"{_leads(told)}。"] if told.news.counts else []
    lines += [f"新的警报：{_alarms(told.raised)}。"] if told.raised else []
    lines += [f"{_finds(told)}。"] if told.finds.exhibits else []
    places = ["lantian leads", "lantian alarms list", *(["lantian archive saved"] if told.finds.exhibits else [])]
    return "\n".join([*lines, f"详见 {'、'.join(places)}。"])


def _leads(told: Figures) -> str:
    """Counts by category and platform; their sum counts a listing once for each category it falls into."""
    if not told.news.counts:
        return ""
    parts = [f"{_label(platform)} {CATEGORY_WORDS[category]} {count}" for platform, category, count in told.news.counts]
    return f"新的严重线索：{'，'.join(parts)}"


def _finds(told: Figures) -> str:
    """Counts alone: a saved search may be named for a person, and ask for a number."""
    return f"存下的检索有 {told.finds.searches} 个找到新的，共 {told.finds.exhibits} 个证据项"


def _alarms(alarms: Sequence[tuple[AlarmKind, str]]) -> str:
    counted = Counter(f"{_label(platform)}{KIND_WORDS[kind]}" for kind, platform in alarms)
    return "，".join(f"{words} {count}" if count > 1 else words for words, count in sorted(counted.items()))


def _label(platform: str) -> str:
    known = platforms()
    return f"{known[platform].label} " if platform in known else ""


def _many(count: int) -> str:
    return f"{MOST} 以上" if count >= MOST else str(count)


# -- commands --------------------------------------------------------------------------------------


def test_addresses(*, as_json: bool) -> int:
    """`lantian notify test`: one message to each address, and which it reached."""
    addresses = Config.load().secrets.notify
    if not addresses:
        raise UserMistake("没有通知地址：把 apprise 地址写进环境变量 LANTIAN_NOTIFY，以空格分开")
    failed = send_all("蓝天巡查 测试", f"这是一条测试通知，{clock.in_shanghai(clock.now())}。", addresses)
    for complaint in failed:
        say(complaint)
    say(f"{len(addresses)} 个地址，送到 {len(addresses) - len(failed)} 个")
    if as_json:
        print_json({"addresses": len(addresses), "sent": len(addresses) - len(failed), "failed": failed})
    return EXIT_NOT_CLEAN if failed else EXIT_DONE


def preview(*, as_json: bool) -> None:
    """`lantian notify preview`: what the digest would say now."""
    with opened(Config.load()) as store:
        told = figures(store.engine, clock.now(), is_digest=True)
    if as_json:
        print_json(plain(asdict(told)) | {"words": digest_words(told)})
    else:
        print_line(digest_words(told))


def list_notices(limit: int, *, as_json: bool) -> None:
    """`lantian notify list`: what was told, the newest first."""
    with opened(Config.load()) as store:
        found = Notices(store.engine).listed(limit=limit)
    for one in found:
        if as_json:
            print_json(plain(asdict(one)))
        else:
            sent = f"已送出 {clock.in_shanghai(one.sent_at)}" if one.sent_at else f"未送出，试过 {one.tries} 次"
            print_line(f"{clock.in_shanghai(one.at)} {KIND_NAMES[one.kind]} {sent} {one.error}".rstrip())
            print_line("  " + one.words.replace("\n", "\n  "))
