"""Who may do what: asked for by one 管理, confirmed by another person. Nobody gives himself anything.

Each act is written as an audit entry and judged at once as it will be judged ever after; the rows repeat it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from casework.acting import GRANT_WORDS, Acting, Grant
from casework.credentials import (
    begin_on,
    end_passwords,
    found_on,
    introduce_on,
    key_told,
    password_made,
)
from casework.keys import Cost
from casework.people import refuse_unfit, refuse_weak
from casework.rights import RESET, Held, Rights, rights_on
from casework.written import written
from crawler.errors import UserMistake
from storage.audit import Act, Detail
from storage.cases.credentials import (
    GrantAsked,
    NewGrant,
    add_credential,
    add_grant,
    confirm_grant,
    end_grant,
    grant_on,
    introduce,
    set_districts,
)
from storage.db import writing
from storage.people import NewPerson, People, Person, add_person_on, disable_on, person_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Somebody to be added, and what one try of his password costs."""

    new: NewPerson
    password: str = field(repr=False)
    cost: Cost = field(default_factory=Cost)


def found(people: People, entrant: Entrant, at: datetime) -> Acting:
    """The first person of a home, who administers it; `UserMistake` once there is anybody."""
    refuse_unfit(entrant.new, entrant.password)
    with writing(people.engine).begin() as connection:
        if rights_on(connection).members:
            raise UserMistake("已经有用户，新用户要由管理添加")
        person = add_person_on(connection, entrant.new, "", at)
        acting = begin_on(connection, person, password_made(person, entrant.password, at, entrant.cost))
        return found_on(connection, acting, at)


def admit(people: People, acting: Acting, entrant: Entrant, at: datetime) -> Person:
    """Somebody new, who may do nothing yet but prove himself by his password."""
    acting.needs(Grant.ADMIN)
    refuse_unfit(entrant.new, entrant.password)
    with writing(people.engine).begin() as connection:
        person = add_person_on(connection, entrant.new, "", at, acting.sign)
        made = password_made(person, entrant.password, at, entrant.cost)
        introduce_on(connection, acting, add_credential(connection, made.new), person.name, made.new)
    return person


def ask(people: People, acting: Acting, name: str, grant: Grant, at: datetime) -> GrantAsked:
    """Ask for a grant for somebody else. It waits for another's confirmation, but in the founding, when there is
    nobody who could give it."""
    acting.needs(Grant.ADMIN)
    with writing(people.engine).begin() as connection:
        person, rights = _other(connection, acting, name)
        if any(one.name == name and one.grant == grant and not one.until for one in rights.held.values()):
            raise UserMistake(f"{name} 已有{GRANT_WORDS[grant]}，或正待确认")
        asked = NewGrant(user_id=person.id, grant=grant, asked_at=at, asked_by=acting.name)
        return _asked(connection, acting, rights, asked, {})


def reset(people: People, acting: Acting, entrant: Entrant, at: datetime) -> GrantAsked:
    """Ask for a new password for somebody else, as for a grant; until it is confirmed the old one counts."""
    acting.needs(Grant.ADMIN)
    name = entrant.new.name
    refuse_weak(name, entrant.password)
    with writing(people.engine).begin() as connection:
        person, rights = _other(connection, acting, name)
        made = password_made(person, entrant.password, at, entrant.cost)
        number = add_credential(connection, made.new)
        asked = NewGrant(user_id=person.id, grant=RESET, asked_at=at, asked_by=acting.name, credential=number)
        return _asked(connection, acting, rights, asked, {"added": number, **key_told(made.new)})


def confirm(people: People, acting: Acting, number: int, at: datetime) -> GrantAsked:
    """Confirm what another asked for: for a third, or for oneself if one could confirm it for a third as well."""
    acting.needs(Grant.ADMIN, Grant.REVIEWER)
    with writing(people.engine).begin() as connection:
        asked = grant_on(connection, number)
        if asked.confirmed_at or asked.ended_at:
            raise UserMistake(f"第 {number} 号已经确认或已经结束")
        if acting.name == asked.asked_by:
            raise UserMistake("提出的人不能确认，要由另一人确认")
        detail: Detail = {"number": number, "grant": asked.grant}
        act = _act(acting, "grant_confirmed", asked.name, at, detail)
        _begin(connection, asked, act, written(connection, acting, act))
        return grant_on(connection, number)


def revoke(people: People, acting: Acting, name: str, grant: str, at: datetime) -> GrantAsked:
    """Take a grant back, or what was asked for and not confirmed."""
    acting.needs(Grant.ADMIN)
    with writing(people.engine).begin() as connection:
        rights = rights_on(connection)
        found = [one for one in rights.held.values() if (one.name, one.grant) == (name, grant) and not one.until]
        open_ = [one for one in found if not (grant == RESET and one.since)]
        if not open_:
            raise UserMistake(f"{name} 没有这个权限")
        if grant == Grant.ADMIN and open_[0].since:
            _refuse_last(rights, name)
        return _end(connection, acting, open_[0], at)


def disable(people: People, acting: Acting, name: str, at: datetime) -> Person:
    """From now on this person signs nothing; what he signed stands."""
    with writing(people.engine).begin() as connection:
        rights = rights_on(connection)
        # While nobody administers, whoever was there may say who has left: else a founder who is gone blocks all.
        if rights.founder:
            acting.needs(Grant.ADMIN)
            person_on(connection, name)
            _refuse_last(rights, name)
        return disable_on(connection, acting.sign(_act(acting, "user_disabled", name, at, {})))


def scope(people: People, acting: Acting, name: str, districts: tuple[str, ...], at: datetime) -> Person:
    """The districts somebody else works for, none for all."""
    acting.needs(Grant.ADMIN)
    if any(not one.strip() or one != one.strip() or not one.isprintable() for one in districts):
        raise UserMistake("地区名不能空着，首尾不能有空格")
    with writing(people.engine).begin() as connection:
        person, _ = _other(connection, acting, name)
        written(connection, acting, _act(acting, "user_scoped", name, at, {"districts": list(districts)}))
        set_districts(connection, person.id, districts)
        return person


# -- parts -----------------------------------------------------------------------------------------


def _act(acting: Acting, act: str, subject: str, at: datetime, detail: Detail) -> Act:
    return Act(who=acting.name, act=act, subject=subject, at=at, detail=detail)


def _other(connection: Connection, acting: Acting, name: str) -> tuple[Person, Rights]:
    """Somebody else, who has proved himself at least once."""
    if name == acting.name:
        raise UserMistake("不能给自己授权、改口令或定地区，要由另一名管理提出")
    person, rights = person_on(connection, name), rights_on(connection)
    if person.disabled_at is not None or not rights.able(name):
        raise UserMistake(f"用户 {name} 已停用")
    if not rights.keys_of(name):
        raise UserMistake(f"{name} 还没有用口令登录过，请本人先运行 lantian user whoami")
    return person, rights


def _asked(connection: Connection, acting: Acting, rights: Rights, new: NewGrant, more: Detail) -> GrantAsked:
    asked = grant_on(connection, add_grant(connection, new))
    is_alone = not rights.is_settled and not rights.confirmers(acting.name, asked.name, asked.asked_at)
    detail: Detail = {"number": asked.id, "grant": asked.grant, **more, **({"alone": True} if is_alone else {})}
    entry = written(connection, acting, _act(acting, "grant_asked", asked.name, asked.asked_at, detail))
    if is_alone:
        _begin(connection, asked, _act(acting, "grant_asked", asked.name, asked.asked_at, detail), entry)
    return grant_on(connection, asked.id)


def _begin(connection: Connection, asked: GrantAsked, act: Act, entry: int) -> None:
    """What was asked for holds from now on, by this act."""
    confirm_grant(connection, asked.id, act.who, act.at, entry)
    if asked.credential is not None:
        introduce(connection, asked.credential, entry)
        end_passwords(connection, asked.user_id, asked.credential, act.who, act.at)


def _end(connection: Connection, acting: Acting, held: Held, at: datetime) -> GrantAsked:
    detail: Detail = {"number": held.number, "grant": held.grant}
    written(connection, acting, _act(acting, "grant_ended", held.name, at, detail))
    end_grant(connection, held.number, acting.name, at)
    return grant_on(connection, held.number)


def _refuse_last(rights: Rights, name: str) -> None:
    others = (one for one in rights.members if one != name and rights.able(one))
    if Grant.ADMIN in rights.grants_of(name) and not any(Grant.ADMIN in rights.grants_of(one) for one in others):
        raise UserMistake(f"{name} 是最后一名管理，不能停用，也不能收回；先让另一人得到管理权限")
