"""What `lantian user token`, `password` and `reset` do: credentials made, listed and ended. A token is shown once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.credentials import Login, change_password, end_token, new_token
from casework.granting import Entrant, reset
from casework.keys import Cost, token_in
from casework.people import refuse_weak, signed_in
from console.acting import acting
from console.ledger import plain
from console.output import harmless, page, print_json, print_line, say
from console.passwords import new_password, password_in
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.credentials import Credential, credentials_of
from storage.people import NewPerson, People

LONGEST_LABEL = 60  # characters
KIND_WORDS = {"token": "凭据", "password": "口令"}


def make_token(label: str, days: int, login: tuple[str, Path | None], *, as_json: bool) -> None:
    """A new token for whoever proves himself; it stands on stdout, once."""
    if not label.strip() or len(label) > LONGEST_LABEL or harmless(label) != label:
        raise UserMistake(f"--label 要写一行，最多 {LONGEST_LABEL} 字，如 办公室电脑")
    config, (by, password_file) = Config.load(), login
    with opened_engine(config) as engine:
        people = People(engine)
        if password_file is not None:
            given = Login(name=by.strip(), password=password_in(password_file))
            acts = signed_in(people, given, clock.now(), "lantian user token new")
        else:
            acts = acting(config, engine, by=by)
        text = new_token(people, acts, label.strip(), days, clock.now())
    made = token_in(text)
    say(harmless(f"{acts.name} 的新凭据，只显示这一次；放进环境变量 LANTIAN_TOKEN，不要交给别人："))
    if as_json:
        print_json({"token": text, "credential": made.credential if made else 0, "name": acts.name})
    else:
        print_line(text)


def list_tokens(by: str, *, as_json: bool) -> None:
    """One's own credentials, ended ones too."""
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, by=by)
        with engine.connect() as connection:
            found = [one for one in credentials_of(connection, acts.person.id) if one.entry]
    if as_json:
        for one in found:
            print_json(_told(one))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("号", "种类", "名称", "添加", "到期", "停用"):
        table.add_column(name, overflow="fold")
    for one in found:
        moments = (clock.in_shanghai(at) if at else "" for at in (one.made_at, one.expires_at, one.ended_at))
        table.add_row(*map(Text, (str(one.id), KIND_WORDS[one.kind], harmless(one.label), *moments)))
    page().print(table)


def stop_token(number: int, by: str, *, as_json: bool) -> None:
    """It proves nothing from now on."""
    config = Config.load()
    with opened_engine(config) as engine:
        ended = end_token(People(engine), acting(config, engine, by=by), number, clock.now())
    say(f"第 {number} 号凭据已停用；用它签过的记录不变")
    if as_json:
        print_json(_told(ended))


def set_password(by: str, password_file: Path | None, *, as_json: bool) -> None:
    """Another password for whoever proves himself."""
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, by=by)
        password = password_in(password_file) if password_file else new_password(f"{harmless(acts.name)} 的新")
        refuse_weak(acts.name, password)
        change_password(People(engine), acts, password, clock.now(), Cost())
    say(harmless(f"{acts.name} 的口令已改，旧口令作废"))
    if as_json:
        print_json({"name": acts.name, "changed": True})


def ask_reset(name: str, by: str, password_file: Path | None, *, as_json: bool) -> None:
    """A new password for somebody else, which counts once another has confirmed it."""
    config = Config.load()
    with opened_engine(config) as engine:
        people, acts = People(engine), acting(config, engine, by=by)
        person = people.named(name)
        password = password_in(password_file) if password_file else new_password(f"{harmless(name)} 的新")
        new = NewPerson(name=person.name, badge=person.badge, unit=person.unit, by=acts.name)
        waiting = reset(people, acts, Entrant(new=new, password=password), clock.now())
    if waiting.confirmed_at is None:
        say(f"第 {waiting.id} 号：新口令等另一人确认后才算数：lantian user confirm {waiting.id}")
    else:
        say("新口令已算数（还没有别人可以确认，日志里记明是一人所为）")
    if as_json:
        print_json(plain(asdict(waiting)))


def _told(one: Credential) -> dict[str, Any]:
    told: dict[str, Any] = plain(asdict(one))
    return {name: value for name, value in told.items() if name != "salt"}
