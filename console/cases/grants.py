"""What `lantian user grant`, `confirm`, `revoke` and `grants` do: who may do what, given by two people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.acting import GRANT_WORDS, Grant
from casework.granting import ask, confirm, revoke
from casework.rights import RESET
from console.acting import acting
from console.ledger import plain
from console.output import harmless, page, print_json, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.credentials import GrantAsked, grants_on
from storage.people import People

RESET_WORDS = "新口令"


def grant_of(word: str) -> Grant:
    """The grant that a word means: its id or its Chinese name."""
    for grant, name in GRANT_WORDS.items():
        if word in (grant, name):
            return grant
    raise UserMistake(f"没有 {word} 这个权限；有：{'、'.join(GRANT_WORDS.values())}")


def ask_grant(name: str, word: str, by: str, *, as_json: bool) -> None:
    """Ask for a grant for somebody else."""
    config, grant = Config.load(), grant_of(word)
    with opened_engine(config) as engine:
        asked = ask(People(engine), acting(config, engine, by=by), name, grant, clock.now())
    if asked.confirmed_at is None:
        say(harmless(f"第 {asked.id} 号：{_what(asked)}，等另一人（管理或复核）确认：lantian user confirm {asked.id}"))
    else:
        say(harmless(f"第 {asked.id} 号：{_what(asked)}，已生效（还没有别人可以确认，日志里记明是一人所为）"))
    _tell(asked, as_json=as_json)


def confirm_grant(number: int, by: str, *, as_json: bool) -> None:
    """Confirm what another asked for a third."""
    config = Config.load()
    with opened_engine(config) as engine:
        confirmed = confirm(People(engine), acting(config, engine, by=by), number, clock.now())
    say(harmless(f"第 {number} 号：{_what(confirmed)}，已由 {confirmed.confirmed_by} 确认，现在生效"))
    _tell(confirmed, as_json=as_json)


def revoke_grant(name: str, word: str, by: str, *, as_json: bool) -> None:
    """Take a grant back, or what waits for confirmation."""
    config, grant = Config.load(), RESET if word in (RESET, RESET_WORDS) else grant_of(word)
    with opened_engine(config) as engine:
        ended = revoke(People(engine), acting(config, engine, by=by), name, grant, clock.now())
    say(harmless(f"已收回：{_what(ended)}"))
    _tell(ended, as_json=as_json)


def list_grants(name: str, after: int, limit: int, *, as_json: bool) -> None:
    """What was asked for, confirmed and ended."""
    with opened_engine(Config.load()) as engine:
        person = People(engine).named(name).id if name else 0
        with engine.connect() as connection:
            found = grants_on(connection, person, after, limit)
    if as_json:
        for one in found:
            print_json(plain(asdict(one)))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("号", "姓名", "权限", "提出", "确认", "结束"):
        table.add_column(title, overflow="fold")
    for one in found:
        asked = f"{clock.in_shanghai(one.asked_at)} {one.asked_by}"
        confirmed = f"{clock.in_shanghai(one.confirmed_at)} {one.confirmed_by}" if one.confirmed_at else "待确认"
        ended = f"{clock.in_shanghai(one.ended_at)} {one.ended_by}" if one.ended_at else ""
        cells = (str(one.id), one.name, _grant_word(one), asked, confirmed if not ended or one.entry else "", ended)
        table.add_row(*(Text(harmless(cell)) for cell in cells))
    page().print(table)


def _what(asked: GrantAsked) -> str:
    return f"{asked.name} 的{_grant_word(asked)}"


def _grant_word(asked: GrantAsked) -> str:
    return RESET_WORDS if asked.grant == RESET else GRANT_WORDS[Grant(asked.grant)]


def _tell(asked: GrantAsked, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = plain(asdict(asked))
        print_json(told)
