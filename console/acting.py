"""Who acts: a person with a credential of his own, a token in LANTIAN_TOKEN or a password typed on a terminal.

A name alone acts nowhere. What is typed is never shown, told or logged.
"""

from __future__ import annotations

import sys

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.credentials import Login
from casework.people import opened, signed_in
from casework.whole_log import refuse_gaps
from console.output import harmless
from console.passwords import asked
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.people import People

NO_CREDENTIAL = "要用本人的凭据：设 LANTIAN_TOKEN，或在终端输入口令"
PURPOSE = "command"  # in the log of those who were refused
NOBODY = "还没有用户：先运行 lantian user add 姓名 --badge 执法证号"


def acting(config: Config, engine: Engine, *needs: Grant, by: str = "") -> Acting:
    """Whoever proves himself, with one of `needs` where there are any; `by` is the name he says, if he says one.

    `UserMistake` for anybody else, and the log says so.
    """
    people = People(engine)
    if not people.everybody():
        raise UserMistake(NOBODY)
    acts = _proved(config, people, by.strip())
    if needs:
        acts.needs(*needs)
    return acts


def acting_out(config: Config, engine: Engine, *needs: Grant, by: str = "") -> Acting:
    """The same for an act by which something leaves or is let out: first the audit log must be whole, as sealed."""
    acts = acting(config, engine, *needs, by=by)
    refuse_gaps(engine, config.archive)
    return acts


def _proved(config: Config, people: People, name: str) -> Acting:
    if config.secrets.token:
        return opened(people, config.secrets.token, clock.now(), PURPOSE, name)
    if sys.stdin is None or not sys.stdin.isatty():
        raise UserMistake(NO_CREDENTIAL)
    if not name:
        raise UserMistake(f"{NO_CREDENTIAL}（用 --by 写明姓名）")
    people.named(name)
    return signed_in(people, Login(name=name, password=asked(f"{harmless(name)} 的口令：")), clock.now(), PURPOSE)
