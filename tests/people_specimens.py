"""People as tests need them: invented, each with a cheap password, a token of his own and the grants asked for.

Two who administer are there first, so that whatever is granted was confirmed by another as it must be.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.credentials import Login, new_token, with_password, with_token
from casework.granting import Entrant, admit, ask, confirm, found, scope
from casework.keys import Cost
from crawler import clock
from storage.people import NewPerson, People

BEGUN = datetime(2026, 1, 1, 1, 0, tzinfo=UTC)
CHEAP = Cost(memory=8, passes=1, lanes=1)
FOUNDER, SECOND = "示例创始", "示例共管"
PASSWORD = "xing-he 2026 样例"


def entrant(name: str, badge: str, by: str = FOUNDER, password: str = PASSWORD) -> Entrant:
    """Somebody to be added, whose password costs next to nothing."""
    return Entrant(new=NewPerson(name=name, badge=badge, unit="示例局", by=by), password=password, cost=CHEAP)


def founders(engine: Engine) -> tuple[Acting, Acting]:
    """The two who administer, made where they are not there."""
    people = People(engine)
    if not any(one.name == FOUNDER for one in people.everybody()):
        first = found(people, entrant(FOUNDER, "示例-0", by="系统账号 示例"), BEGUN)
        admit(people, first, entrant(SECOND, "示例-00"), BEGUN)
        ask(people, first, SECOND, Grant.ADMIN, BEGUN)
    return acting(engine, FOUNDER), acting(engine, SECOND)


def acting(engine: Engine, name: str, at: datetime = BEGUN) -> Acting:
    """Somebody who was added here, as his password proves him now."""
    return with_password(People(engine), Login(name=name, password=PASSWORD), at)


def office(engine: Engine, passwords: dict[str, str]) -> None:
    """People with these passwords and nothing else: the first founds the home, the others are added by him."""
    people, first, at = People(engine), None, clock.now()
    for number, (name, password) in enumerate(passwords.items()):
        new = entrant(name, f"豫示例00{number}", "系统账号 示例", password)
        if first is None:
            first = found(people, new, at)
        else:
            admit(people, first, new, at)


def token_by(engine: Engine, name: str, password: str) -> str:
    """A new token of somebody who has this password."""
    acts = with_password(People(engine), Login(name=name, password=password), clock.now())
    return new_token(People(engine), acts, "测试", 0, clock.now())


def someone(engine: Engine, name: str, *grants: Grant, districts: tuple[str, ...] = ()) -> Acting:
    """Somebody with these grants besides those he has, acting by a token of his own."""
    return with_token(People(engine), token_of(engine, name, *grants, districts=districts), BEGUN)


def token_of(engine: Engine, name: str, *grants: Grant, districts: tuple[str, ...] = ()) -> str:
    """A new token of somebody with these grants: the value of LANTIAN_TOKEN."""
    people, (first, second) = People(engine), founders(engine)
    there = {one.name for one in people.everybody()}
    if name not in there:
        admit(people, first, entrant(name, f"示例-{len(there)}"), BEGUN)
    for one in grants:
        if not acting(engine, name).may(one):
            confirm(people, second, ask(people, first, name, one, BEGUN).id, BEGUN)
    if districts:
        scope(people, first, name, districts, BEGUN)
    return new_token(people, acting(engine, name), "测试", 0, BEGUN)
