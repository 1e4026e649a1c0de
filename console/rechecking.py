"""`lantian recheck`: what is looked at again until it is gone, and what each look came to, in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.files import platforms
from console.homes import person
from console.ledger import opened, plain
from console.output import harmless, page, print_json, print_line, say
from console.sealing import STATE_WORDS, sealer_of
from crawler import clock
from crawler.addresses import refuse_inside
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.watches import WatchQuery
from patrol.checking import platform_of
from patrol.queries import checked, is_address
from patrol.recheck import following
from spiders.counters import is_counter
from storage.rechecks import Look, NewRecheck, Recheck, Rechecks, Standing, Verdict
from storage.rows import captures_of
from storage.shapes import ExhibitDetail

STANDING_WORDS = {Standing.OPEN: "复查中", Standing.GONE: "已消失", Standing.STOPPED: "已停止"}
VERDICT_WORDS = {
    Verdict.PRESENT: "仍在",
    Verdict.GONE: "页面已不存在",
    Verdict.TEXT_GONE: "页面在，原文已不在",
    Verdict.NOT_SHOWN: "列表中未再出现",
    Verdict.UNSEEN: "没有看到（不等于消失）",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be looked at again: an exhibit, or an address with the words that must be gone."""

    exhibit: str = ""
    url: str = ""
    quote: str = ""
    by: str = ""
    reason: str = ""


def add_recheck(asked: Asked, *, as_json: bool) -> int:
    if bool(asked.exhibit) == bool(asked.url):
        raise UserMistake("写证据项编号，或用 --url 写网址，二者取一")
    config = Config.load()
    with opened(config) as store:
        by = person(config, store.engine, asked.by)
        new = (
            recheck_of_exhibit(store.exhibit(asked.exhibit), by, asked.reason, asked.quote)
            if asked.exhibit
            else _of_address(asked, by)
        )
        if is_address(new.query):
            refuse_inside(new.query, config.hosts)
        now = clock.now()
        rechecks = Rechecks(store.engine)
        number = rechecks.add(new, following(now, config.recheck.days, now), now)
        made = rechecks.recheck(number)[0]
    if as_json:
        print_json(plain(asdict(made)))
    else:
        say(f"第 {number} 号复查：{_what(made)}；下次 {clock.in_shanghai(made.next_at)}")
    return EXIT_DONE


def recheck_of_exhibit(detail: ExhibitDetail, by: str, reason: str, quote: str = "") -> NewRecheck:
    """An advertisement known only by a paid link is looked for where it stood: that link is nobody's to open."""
    listing, findings = detail.exhibit.listing, detail.exhibit.findings
    quote = quote or next((one.quote for one in findings if not one.image), "")
    told = {"quote": quote, "reason": reason, "by": by, "exhibit": detail.exhibit.id}
    if listing.is_redirect or is_counter(listing.url):
        return NewRecheck(platform=detail.run.platform, query=detail.run.query, listing_key=listing.key, **told)
    return NewRecheck(platform=_platform(listing.url), query=listing.url, listing_key=listing.key, **told)


def _of_address(asked: Asked, by: str) -> NewRecheck:
    address = checked(WatchQuery(words=asked.url)).words
    return NewRecheck(platform=_platform(address), query=address, quote=asked.quote, reason=asked.reason, by=by)


def _platform(address: str) -> str:
    return platform_of(address, list(platforms().values()))


def stop_recheck(number: int, by: str, reason: str, *, as_json: bool) -> None:
    config = Config.load()
    with opened(config) as store:
        rechecks = Rechecks(store.engine)
        rechecks.stop(number, person(config, store.engine, by), reason, clock.now())
        stopped = rechecks.recheck(number)[0]
    say(f"第 {number} 号复查已停止")
    if as_json:
        print_json(plain(asdict(stopped)))


def list_rechecks(state: str, after: int, limit: int, *, as_json: bool) -> None:
    if state and state not in set(Standing):
        raise UserMistake(f"--state 要是 {'、'.join(Standing)} 之一")
    with opened(Config.load()) as store:
        found = Rechecks(store.engine).rechecks(Standing(state) if state else None, after, limit)
    if as_json:
        for one in found:
            print_json(plain(asdict(one)))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("号", "看什么", "状态", "次数", "下次", "理由"):
        table.add_column(name, overflow="fold")
    for one in found:
        coming = clock.in_shanghai(one.next_at) if one.state is Standing.OPEN else ""
        cells = (str(one.id), _what(one), STANDING_WORDS[one.state], str(one.looks), coming, harmless(one.reason))
        table.add_row(*map(Text, cells))
    page().print(table)


def show_recheck(number: int, *, as_json: bool) -> None:
    config = Config.load()
    with opened(config) as store:
        one, looks = Rechecks(store.engine).recheck(number)
        sealer = sealer_of(config, store.engine)
        kept = captures_of(store.engine, {look.capture for look in looks if look.capture})
        seals = {capture.id: STATE_WORDS[sealer.state_of(capture).state] for capture in kept}
    if as_json:
        told: dict[str, Any] = plain(asdict(one))
        print_json(told | {"history": [plain(asdict(look)) | {"seal": seals.get(look.capture, "")} for look in looks]})
        return
    print_line(f"第 {one.id} 号 {STANDING_WORDS[one.state]}：{_what(one)}")
    for look in looks:
        print_line(
            f"  {clock.in_shanghai(look.planned_at)}  {_look_words(look)}  {seals.get(look.capture, '')}".rstrip()
        )


def _look_words(look: Look) -> str:
    if look.verdict is None:
        return "尚未查完"
    kept = f"固定 {look.capture[:8]}" if look.capture else "没有固定"
    return f"{VERDICT_WORDS[look.verdict]}（{harmless(look.reason)}） {kept}" + ("，有浏览器固定" if look.visit else "")


def _what(one: Recheck) -> str:
    place = "" if one.is_address else f"{platforms()[one.platform].label} "
    return harmless(f"{place}{one.query}"[:120]) + (f" “{harmless(one.quote)}”" if one.quote else "")
