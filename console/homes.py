"""The home's database opened, and who does something in it, by name: what every command that writes begins with."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from crawler.config import Config
from crawler.errors import UserMistake
from storage.audit import sign_as
from storage.db import open_database
from storage.people import People


@contextmanager
def home_engine(config: Config) -> Iterator[Engine]:
    """The home's database, made where there is none: a watch may be the first thing in a home."""
    engine = open_database(config.database)
    try:
        yield engine
    finally:
        engine.dispose()


def person(config: Config, engine: Engine, by: str) -> str:
    """Who does it, by name. Once there are users it is whoever proves himself, see `console.acting`, whatever name is
    given, and signs what is written through this engine; before, it is the name that is given, or this system's
    account."""
    # Only who writes a name needs what checks credentials.
    from console.acting import acting

    if not by.isprintable():
        raise UserMistake("--by 的姓名里不能有控制字符")
    if People(engine).everybody():
        acts = acting(config, engine, by=by)
        sign_as(engine, acts.name, acts.sign)
        return acts.name
    return by.strip() or account()


def named_person(config: Config, engine: Engine, by: str) -> str:
    """The same where a name must be given as long as there are no users."""
    if not by.strip() and not People(engine).everybody():
        raise UserMistake("要写明是谁：--by 姓名")
    return person(config, engine, by)


def account() -> str:
    """Who runs this, as the system knows him."""
    try:
        return f"系统账号 {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"系统账号 {os.geteuid()}"
