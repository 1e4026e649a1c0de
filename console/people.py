"""`lantian user`: who there is, and who one is. Passwords are asked for or read from a private file, never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from casework.acting import GRANT_WORDS, Acting
from casework.granting import Entrant, admit, disable, found, scope
from casework.rights import Rights, rights_on
from console.acting import acting
from console.homes import account, home_engine
from console.output import harmless, page, print_json, print_line, say
from console.passwords import new_password, password_in
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from storage.people import NewPerson, People, Person

EVER = ("id", "name", "badge", "unit", "added_at", "added_by", "disabled_at", "disabled_by")


def add_user(new: NewPerson, password_file: Path | None, *, as_json: bool) -> None:
    """Add a person. The first administers, added by the account of this system; the others are added by who does."""
    config = Config.load()
    with home_engine(config) as engine:  # the first person may be the first thing in a home
        people, acts = People(engine), None
        if people.everybody():
            acts = acting(config, engine, by=new.by)
        by = acts.name if acts else new.by or account()
        entrant = Entrant(
            new=NewPerson(name=new.name, badge=new.badge, unit=new.unit, by=by),
            password=_password(new.name, password_file),
        )
        if acts is None:
            person = found(people, entrant, clock.now()).person
            say(harmless(f"{person.name} 是第一名用户，有管理权限；其他人由他添加，权限由他提出、另一人确认"))
        else:
            person = admit(people, acts, entrant, clock.now())
        told = _told(person, _rights(engine))
    say(harmless(f"已添加 {person.name}（执法证号 {person.badge}）"))
    if as_json:
        print_json(told)


def list_users(*, as_json: bool) -> None:
    """Everybody there ever was, the disabled too, and what each may do by the audit log."""
    with opened_engine(Config.load()) as engine:
        everybody, rights = People(engine).everybody(), _rights(engine)
    if as_json:
        for one in everybody:
            print_json(_told(one, rights))
        return
    if not everybody:
        say("还没有用户：lantian user add 姓名 --badge 执法证号")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("姓名", "执法证号", "单位", "权限", "地区", "添加", "状态"):
        table.add_column(name, overflow="fold")
    for one in everybody:
        added = f"{clock.in_shanghai(one.added_at)} {one.added_by}"
        grants = "、".join(GRANT_WORDS[grant] for grant in sorted(rights.grants_of(one.name))) or "—"
        cells = (
            one.name,
            one.badge,
            one.unit,
            grants,
            "、".join(_districts(one, rights)) or "全部",
            added,
            _state(one),
        )
        table.add_row(*(Text(harmless(word)) for word in cells))
    page().print(table)


def disable_user(name: str, by: str, *, as_json: bool) -> None:
    """From now on this person signs nothing."""
    config = Config.load()
    with opened_engine(config) as engine:
        people = People(engine)
        person = disable(people, acting(config, engine, by=by), name, clock.now())
        told = _told(person, _rights(engine))
    say(harmless(f"已停用 {person.name}；以前的记录不变"))
    if as_json:
        print_json(told)


def scope_user(name: str, districts: Sequence[str], by: str, *, as_json: bool) -> None:
    """The districts he works for; none for all."""
    config = Config.load()
    with opened_engine(config) as engine:
        wanted = tuple(dict.fromkeys(districts))
        person = scope(People(engine), acting(config, engine, by=by), name, wanted, clock.now())
        told = _told(person, _rights(engine))
    say(harmless(f"{name} 的地区：{'、'.join(wanted) or '全部'}"))
    if as_json:
        print_json(told)


def whoami(by: str, *, as_json: bool) -> None:
    """Who this credential proves, and what he may do."""
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, by=by)
    if as_json:
        print_json(_acting_told(acts))
        return
    grants = "、".join(GRANT_WORDS[one] for one in sorted(acts.grants)) or "没有权限"
    print_line(harmless(f"{acts.name}（执法证号 {acts.person.badge}）：{grants}；地区：{_where(acts)}"))


def _where(acts: Acting) -> str:
    return "、".join(acts.districts) or "全部"


def _acting_told(acts: Acting) -> dict[str, Any]:
    told = {"name": acts.name, "badge": acts.person.badge, "unit": acts.person.unit, "credential": acts.credential}
    return told | {"grants": sorted(acts.grants), "districts": list(acts.districts)}


def _password(name: str, password_file: Path | None) -> str:
    return password_in(password_file) if password_file else new_password(harmless(name))


def _rights(engine: Engine) -> Rights:
    with engine.connect() as connection:
        return rights_on(connection)


def _districts(person: Person, rights: Rights) -> tuple[str, ...]:
    member = rights.members.get(person.name)
    return member.districts if member else ()


def _state(person: Person) -> str:
    if person.disabled_at is None:
        return "可用"
    return f"{clock.in_shanghai(person.disabled_at)} 由 {person.disabled_by} 停用"


def _told(person: Person, rights: Rights) -> dict[str, Any]:
    told = asdict(person)
    moments = {"added_at", "disabled_at"}
    same = {name: told[name].isoformat() if name in moments and told[name] is not None else told[name] for name in EVER}
    grants = sorted(rights.grants_of(person.name)) if person.disabled_at is None else []
    return same | {"grants": grants, "districts": list(_districts(person, rights))}
