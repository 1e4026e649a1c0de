"""`lantian doctor`: looks at everything the house needs, says what is wrong, and with which command it is put right.

It repairs nothing, and changes nothing: a database of another schema is not even opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from rich.text import Text
from sqlalchemy import Engine

from console.output import harmless, page, print_json, say
from console.upkeep import archive_checks, machine, office_checks, programs
from console.upkeep.checks import Check, Health, Look, Patient, bad, made
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, UserMistake
from storage.db import open_database
from storage.upkeep.vitals import Vitals, vitals

MARKS = {
    Health.OK: ("好", "green"),
    Health.WARN: ("注意", "yellow"),
    Health.BAD: ("不行", "bold red"),
    Health.UNKNOWN: ("不知", "dim"),
}
NAMES = {
    "settings": "设置",
    "python": "程序",
    "home": "数据目录",
    "disk": "磁盘",
    "logs": "日志",
    "clock": "时钟",
    "contact": "联系方式",
    "browser": "浏览器",
    "glyphs": "字形",
    "sandbox": "沙箱",
    "fonts": "字体",
    "papers": "PDF",
    "ocr": "图片文字",
    "schema": "数据库结构",
    "database": "数据库",
    "chain": "清单链",
    "sealing": "封存",
    "fixity": "夜间重读",
    "search": "搜索",
    "backup": "备份",
    "patrol": "巡查",
    "authority": "时间戳",
    "notify": "通知",
    "alarms": "警报",
    "tasks": "待办",
    "users": "用户",
    "operators": "经营者",
    "articles": "条文",
    "overrides": "例外",
}


def doctor(*, in_full: bool, as_json: bool) -> int:
    """Every check, as it is made; exit 3 when one is bad."""
    found = []
    for check in checks(in_full=in_full):
        found.append(check)
        if not as_json:
            _print(check)
    if as_json:
        print_json({"ok": _is_well(found), "checks": [asdict(one) for one in found]})
    else:
        counts = "，".join(f"{MARKS[one][0]} {sum(check.state is one for check in found)}" for one in Health)
        say(f"{len(found)} 项：{counts}")
    return EXIT_DONE if _is_well(found) else EXIT_NOT_CLEAN


def _is_well(found: list[Check]) -> bool:
    return all(one.state is not Health.BAD for one in found)


def checks(*, in_full: bool) -> Iterator[Check]:
    """What was looked at, one after another."""
    try:
        config = Config.load()
    except UserMistake as wrong:
        yield bad("settings", str(wrong), "改正 lantian.toml（docs/operations.md 的 Settings）")
        return
    patient = Patient(config=config, now=clock.now(), in_full=in_full)
    for look in (*machine.looks(patient), *programs.looks(patient)):
        yield from made(look)
    yield from _of_home(patient)


def _of_home(patient: Patient) -> Iterator[Check]:
    away = archive_checks.unreadable(patient)
    look = Look(name="schema", make=lambda: [archive_checks.schema_check(patient)], fix=away)
    schema = list(made(look))
    yield from schema
    if schema[0].state is not Health.OK:
        return
    engine: list[Engine] = []
    told: list[Vitals] = []

    def opens() -> Iterator[Check]:
        """A database may say its schema and nothing else."""
        engine.append(open_database(patient.config.database))
        told.append(vitals(engine[0]))
        yield from ()

    try:
        yield from made(Look(name="database", make=opens, fix=away))
        if told:
            looks = (
                *archive_checks.looks(patient, engine[0], told[0]),
                *office_checks.looks(patient, engine[0], told[0]),
            )
            for look in looks:
                yield from made(look)
    finally:
        for one in engine:
            one.dispose()


def _print(check: Check) -> None:
    mark, style = MARKS[check.state]
    line = Text(f"{mark:<3}", style=style)
    line.append(f"{NAMES[check.name]}：{harmless(check.told)}", style="default")
    if check.fix and check.state is not Health.OK:
        line.append(f"\n      → {harmless(check.fix)}", style="cyan")
    page().print(line)
