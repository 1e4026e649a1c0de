"""`lantian spiders health`: how each spider has been doing, on what its reading rests, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.alarms import KIND_WORDS, told_alarm
from console.canaries import Canary, canary_of, is_checkout
from console.files import platforms
from console.homes import home_engine
from console.output import harmless, page, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE
from patrol.health import watch_over
from patrol.platform_health import FIELD_WORDS
from spiders.base import PlatformSpider
from storage.alarms import Alarms
from storage.health import Health
from storage.health_shapes import Alarm, Look

DEVICE_WORDS = {"desktop": "", "mobile": "（手机）"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderHealth:
    """One spider by one device. `looks` are its latest rounds, the newest first; there may be none.

    `fields` are shares of listings over those rounds, by name.
    """

    spider: type[PlatformSpider]
    device: str
    looks: tuple[Look, ...]
    last_clean: datetime | None
    alarms: tuple[Alarm, ...]
    canary: Canary | None

    @property
    def success(self) -> float | None:
        runs = sum(one.runs for one in self.looks)
        return sum(one.clean for one in self.looks) / runs if runs else None

    @property
    def volume(self) -> float | None:
        """The median, over rounds, of listings a query that had any."""
        several = [one.listings / (one.clean - one.empty) for one in self.looks if one.clean > one.empty]
        return median(several) if several else None

    @property
    def fields(self) -> dict[str, float]:
        listings = sum(one.listings for one in self.looks)
        counts = [dict(one.fields) for one in self.looks]
        return {name: sum(one[name] for one in counts) / listings for name in FIELD_WORDS} if listings else {}

    @property
    def code_only(self) -> list[str]:
        return [name for name, rests_on in self.spider.evidence.items() if rests_on.startswith("code")]


def show_health(*, as_json: bool) -> int:
    """Every spider, those that were never asked too."""
    config, now = Config.load(), clock.now()
    with home_engine(config) as engine:
        watch_over(engine, config.alarms, now)
        standing = Alarms(engine).standing()
        found = [*_healths(Health(engine), standing, now, config.alarms.runs)]
    if as_json:
        for one in found:
            print_json(_told(one))
    else:
        _print(found)
    return EXIT_DONE


def _healths(health: Health, standing: Sequence[Alarm], now: datetime, runs: int) -> Iterator[SpiderHealth]:
    for name, spider in platforms().items():
        canary = canary_of(spider) if is_checkout() else None
        alarms = tuple(one for one in standing if one.subject.platform == name)
        several = {device: health.looks_of(name, device, now, runs) for device in DEVICE_WORDS}
        for device, looks in several.items():
            if looks or (device == "desktop" and not any(several.values())):
                last = health.last_clean(name, device, now)
                yield SpiderHealth(
                    spider=spider, device=device, looks=looks, last_clean=last, alarms=alarms, canary=canary
                )


def _told(one: SpiderHealth) -> dict[str, Any]:
    last = one.looks[0] if one.looks else None
    return {
        "name": one.spider.name,
        "label": one.spider.label,
        "device": one.device,
        "last_ok": one.last_clean.isoformat() if one.last_clean else None,
        "last": {
            "round": last.round, "at": last.at.isoformat(), "runs": last.runs, "clean": last.clean,
            "empty": last.empty, "login": last.login, "listings": last.listings, "ads": last.ads,
        } if last else None,
        "rounds": len(one.looks),
        "success": one.success,
        "volume": one.volume,
        "fields": one.fields,
        "evidence": one.spider.evidence,
        "code_only": one.code_only,
        "alarms": [told_alarm(alarm) for alarm in one.alarms],
        "canary": {"pages": one.canary.pages, "wrong": list(one.canary.wrong)} if one.canary else None,
    }  # fmt: skip


def _print(found: Sequence[SpiderHealth]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("平台", "最近看到", "上一轮", "成功率", "每词条数", "字段", "只凭代码", "警报", "冻结页"):
        table.add_column(title, overflow="fold")
    for one in found:
        is_sick = bool(one.alarms or (one.canary and one.canary.wrong))
        table.add_row(*(Text(harmless(word)) for word in _words(one)), style="red" if is_sick else "")
    page().print(table)
    if not is_checkout():
        say("冻结页只在源码目录里，这里没有，无从核对")
    for one in found:
        for name in one.canary.wrong if one.canary else ():
            say(f"冻结页读法变了：{one.spider.name}/{name}")
    if any(one.alarms for one in found):
        say("警报的原因：lantian alarms list")


def _words(one: SpiderHealth) -> Iterator[str]:
    yield f"{one.spider.label}{DEVICE_WORDS[one.device]}"
    yield clock.in_shanghai(one.last_clean)[:10] if one.last_clean else "从未"
    yield f"{one.looks[0].clean}/{one.looks[0].runs}" if one.looks else "没查过"
    yield "—" if one.success is None else f"{one.success:.0%}"
    yield "—" if one.volume is None else f"{one.volume:g}"
    shares = ((FIELD_WORDS[name], f"{share:.0%}") for name, share in one.fields.items())
    yield " ".join(word if share == "100%" else word + share for word, share in shares if share != "0%") or "—"
    yield " ".join(one.code_only) or "—"
    yield "、".join(dict.fromkeys(KIND_WORDS[alarm.subject.kind] for alarm in one.alarms)) or "—"
    yield f"{one.canary.pages - len(one.canary.wrong)}/{one.canary.pages}" if one.canary else "—"
