"""Who a person is, proved by the person's own password. A name alone proves nothing, and nobody stands for another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from casework.papers.paper_facts import Officer
from crawler.errors import EvidenceBroken, UserMistake
from storage.people import WRONG_PASSWORD, NewPerson, People, Person, Refusal

SHORTEST, LONGEST = 10, 256  # characters of a password
FREE_TRIES = 3
LONGEST_WAIT = 900  # seconds
# A comma parts two names on the command line, a colon a name from its password in a file.
_PARTERS = ",，、:："


class Refused(UserMistake):
    """Somebody did not prove who he is; `who` is the name that was given, `why` a word for the log."""

    def __init__(self, who: str, why: str, message: str) -> None:
        super().__init__(message)
        self.who = who
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A name and the password given for it. The password is never shown."""

    name: str
    password: str = field(repr=False)


def add_person(people: People, new: NewPerson, password: str, at: datetime) -> Person:
    """Somebody new with a password of his own; `UserMistake` for names and passwords that cannot be."""
    for what, value in (("姓名", new.name), ("执法证号", new.badge), ("添加人", new.by)):
        if not value:
            raise UserMistake(f"{what}不能空着")
    for what, value in (("姓名", new.name), ("执法证号", new.badge), ("单位", new.unit), ("添加人", new.by)):
        _refuse_unwritable(what, value)
    if any(one in new.name for one in _PARTERS):
        raise UserMistake("姓名里不能有逗号、顿号或冒号")
    _refuse_weak(new.name, password)
    return people.add(new, PasswordHasher().hash(_bytes(password)), at)


def known_name(people: People, name: str) -> str:
    """The name to write down for an act, without white space around it.

    Once there are users, only one of them who is not disabled may be named; `UserMistake` for anybody else. Before,
    any name is taken. It proves nothing: whoever can run a command can give another's name.
    """
    name = name.strip()
    if people.everybody() and people.named(name).disabled_at is not None:
        raise UserMistake(f"用户 {name} 已停用")
    return name


def prove(people: People, login: Login, at: datetime, purpose: str) -> Person:
    """The person whose name and password these are; `Refused` otherwise, and the log says so.

    After a few wrong passwords the next try must wait, twice as long each time, whoever asks.
    """
    with _logged(people, at, purpose):
        person = _believed(people, login, at)
    people.note_success(person)
    return person


def expect_two(people: People, names: tuple[str, str], at: datetime, purpose: str) -> None:
    """Two different people who may sign; `Refused`, logged, before anybody is asked for a password."""
    first, second = names
    with _logged(people, at, purpose):
        if first == second:
            raise Refused(second, "same_person", f"要两名不同的执法人员，不能两次都是 {second}")
        for name in names:
            _able(people, name)


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


def _believed(people: People, login: Login, at: datetime) -> Person:
    person = _able(people, login.name)
    wait = _wait(person, at)
    if wait > 0:
        raise Refused(login.name, "too_many_failures", f"用户 {login.name} 口令错误过多，请过 {wait} 秒再试")
    if not _fits(people, person, login.password):
        raise Refused(login.name, WRONG_PASSWORD, f"用户 {login.name} 的口令不对")
    return person


def _able(people: People, name: str) -> Person:
    """A person who has not been disabled."""
    try:
        person = people.named(name)
    except UserMistake as unknown:
        raise Refused(name, "unknown", str(unknown)) from None
    if person.disabled_at is not None:
        raise Refused(name, "disabled", f"用户 {name} 已停用")
    return person


def _fits(people: People, person: Person, password: str) -> bool:
    hasher, kept = PasswordHasher(), people.password_of(person)
    try:
        hasher.verify(kept, _bytes(password))
    except InvalidHashError:
        raise EvidenceBroken(f"用户 {person.name} 的口令记录已损坏") from None
    except VerificationError:
        return False
    if hasher.check_needs_rehash(kept):
        people.renew_password(person, hasher.hash(_bytes(password)))
    return True


def _bytes(password: str) -> bytes:
    # A terminal may hand over half characters; they are part of the password like any other.
    return password.encode("utf-8", "surrogatepass")


def _wait(person: Person, at: datetime) -> int:
    """Seconds until the next try is heard, 0 for now."""
    if person.failures < FREE_TRIES or person.failed_at is None:
        return 0
    pause = timedelta(seconds=min(2.0 ** min(person.failures - FREE_TRIES + 2, 20), LONGEST_WAIT))
    left = person.failed_at + pause - at
    return max(0, -(-left // timedelta(seconds=1)))


def _refuse_unwritable(what: str, value: str) -> None:
    if value != value.strip() or any(unicodedata.category(one)[0] == "C" for one in value):
        raise UserMistake(f"{what}的首尾不能有空格，中间不能有控制字符")


def _refuse_weak(name: str, password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserMistake(f"口令要有 {SHORTEST} 到 {LONGEST} 个字符")
    if len(set(password)) < 4 or (len(name) > 1 and name in password):
        raise UserMistake("口令太容易猜：不能只有两三种字符，不能含姓名")
