"""`lantian user`: who may sign. Passwords are asked for or read from a private file, and never shown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.people import add_person
from console.homes import account
from console.output import harmless, page, print_json, say
from console.passwords import new_password, password_in
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from storage.db import open_database
from storage.people import NewPerson, People, Person

EVER = ("id", "name", "badge", "unit", "added_at", "added_by", "disabled_at", "disabled_by")


def add_user(name: str, badge: str, unit: str, by: str, password_file: Path | None) -> None:
    """Add a person; without `by` it is the account of this system that adds."""
    config = Config.load()
    password = password_in(password_file) if password_file else new_password(harmless(name))
    new = NewPerson(name=name.strip(), badge=badge.strip(), unit=unit.strip(), by=by.strip() or account())
    engine = open_database(config.database)  # the first person may be the first thing in a home
    try:
        person = add_person(People(engine), new, password, clock.now())
    finally:
        engine.dispose()
    say(harmless(f"已添加 {person.name}（执法证号 {person.badge}）"))


def list_users(*, as_json: bool) -> None:
    """Everybody there ever was, the disabled too."""
    with opened_engine(Config.load()) as engine:
        everybody = People(engine).everybody()
    if as_json:
        for one in everybody:
            print_json(_told(one))
        return
    if not everybody:
        say("还没有用户：lantian user add 姓名 --badge 执法证号")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("姓名", "执法证号", "单位", "添加", "状态"):
        table.add_column(name, overflow="fold")
    for one in everybody:
        added = f"{clock.in_shanghai(one.added_at)} {one.added_by}"
        table.add_row(*(Text(harmless(word)) for word in (one.name, one.badge, one.unit, added, _state(one))))
    page().print(table)


def disable_user(name: str, by: str) -> None:
    """From now on this person signs nothing."""
    with opened_engine(Config.load()) as engine:
        person = People(engine).disable(name, by.strip() or account(), clock.now())
    say(harmless(f"已停用 {person.name}；以前的记录不变"))


def _state(person: Person) -> str:
    if person.disabled_at is None:
        return "可用"
    return f"{clock.in_shanghai(person.disabled_at)} 由 {person.disabled_by} 停用"


def _told(person: Person) -> dict[str, Any]:
    told = asdict(person)
    moments = {"added_at", "disabled_at"}
    return {name: told[name].isoformat() if name in moments and told[name] is not None else told[name] for name in EVER}
