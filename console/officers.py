"""Two officers who act together: each named, each proved by his own password."""

from __future__ import annotations

import re
from pathlib import Path

from casework.credentials import Login
from casework.people import expect_two, prove
from console.output import harmless
from console.passwords import asked as asked_password
from console.passwords import passwords_in
from crawler import clock
from crawler.errors import UserMistake
from storage.people import People, Person


def two_names(officers: str) -> tuple[str, str]:
    """The names in `王一,李二`; raises `UserMistake`."""
    names = [one.strip() for one in re.split("[,，、]", officers)]
    if len(names) != 2 or not all(names):
        raise UserMistake("--officers 要写两名执法人员，如 王一,李二")
    return names[0], names[1]


def proved(people: People, names: tuple[str, str], login_file: Path | None, purpose: str) -> tuple[Person, Person]:
    """Both, one after the other: nobody is asked for a second password before the first was right."""
    expect_two(people, names, clock.now(), purpose)
    told = passwords_in(login_file, names) if login_file else None
    first, second = (
        prove(people, Login(name=name, password=told[at] if told else _typed(name)), clock.now(), purpose)
        for at, name in enumerate(names)
    )
    return first, second


def _typed(name: str) -> str:
    return asked_password(f"{harmless(name)} 的口令：")
