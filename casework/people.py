"""Who a person is, proved by his own password or token. A name alone proves nothing, and nobody stands for another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from casework.acting import Acting
from casework.credentials import Login, Refused, able, with_password, with_token
from casework.papers.paper_facts import Officer
from crawler.errors import UserMistake
from storage.people import NewPerson, People, Person, Refusal

SHORTEST, LONGEST = 10, 256  # characters of a password
# A comma parts two names on the command line, a colon a name from its password in a file.
_PARTERS = ",，、:："


def refuse_unfit(new: NewPerson, password: str) -> None:
    """`UserMistake` for names and passwords that cannot be."""
    for what, value in (("姓名", new.name), ("执法证号", new.badge), ("添加人", new.by)):
        if not value:
            raise UserMistake(f"{what}不能空着")
    for what, value in (("姓名", new.name), ("执法证号", new.badge), ("单位", new.unit), ("添加人", new.by)):
        _refuse_unwritable(what, value)
    if any(one in new.name for one in _PARTERS):
        raise UserMistake("姓名里不能有逗号、顿号或冒号")
    refuse_weak(new.name, password)


def refuse_weak(name: str, password: str) -> None:
    """`UserMistake` for a password that is soon guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserMistake(f"口令要有 {SHORTEST} 到 {LONGEST} 个字符")
    if len(set(password)) < 4 or (len(name) > 1 and name in password):
        raise UserMistake("口令太容易猜：不能只有两三种字符，不能含姓名")


def prove(people: People, login: Login, at: datetime, purpose: str) -> Person:
    """The person whose name and password these are, see `signed_in`."""
    return signed_in(people, login, at, purpose).person


def signed_in(people: People, login: Login, at: datetime, purpose: str) -> Acting:
    """Whoever has this name and password; `Refused` otherwise, and the log says so.

    After a few wrong passwords the next try must wait, twice as long each time, whoever asks.
    """
    with _logged(people, at, purpose):
        acting = with_password(people, login, at)
    people.note_success(acting.person)
    return acting


def opened(people: People, token: str, at: datetime, purpose: str, name: str = "") -> Acting:
    """Whoever this token proves, and nobody but `name` where one is given; `Refused` otherwise, and the log says so."""
    with _logged(people, at, purpose):
        acting = with_token(people, token, at)
        if name and name != acting.name:
            raise Refused(name, "not_his", f"--by 写的是 {name}，凭据是 {acting.name} 的")
        return acting


def expect_two(people: People, names: tuple[str, str], at: datetime, purpose: str) -> None:
    """Two different people who may sign; `Refused`, logged, before anybody is asked for a password."""
    first, second = names
    with _logged(people, at, purpose):
        if first == second:
            raise Refused(second, "same_person", f"要两名不同的执法人员，不能两次都是 {second}")
        for name in names:
            able(people, name)


def officer(person: Person) -> Officer:
    """The person as papers name him."""
    return Officer(name=person.name, badge=person.badge, unit=person.unit)


@contextmanager
def _logged(people: People, at: datetime, purpose: str) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        people.note_refusal(Refusal(name=refused.who, why=refused.why, purpose=purpose, at=at))
        raise


def _refuse_unwritable(what: str, value: str) -> None:
    if value != value.strip() or any(unicodedata.category(one)[0] == "C" for one in value):
        raise UserMistake(f"{what}的首尾不能有空格，中间不能有控制字符")
