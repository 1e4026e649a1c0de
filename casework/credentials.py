"""A credential opened: a token or a password gives the person, his grants and the key he signs with, or `Refused`.

What he may do follows from the audit entries alone; rows only say which salt a secret needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from casework.acting import Acting, Grant
from casework.keys import (
    BYTES,
    SALT,
    Cost,
    Token,
    as_bytes,
    password_key,
    password_salt,
    public_of,
    token_in,
    token_key,
)
from casework.rights import Key, Rights, rights_on
from casework.written import written
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, Detail
from storage.cases.credentials import (
    PASSWORD,
    TOKEN,
    Credential,
    NewCredential,
    NewGrant,
    add_credential,
    add_grant,
    confirm_grant,
    credential_on,
    credentials_of,
    end_credential,
    introduce,
)
from storage.db import writing
from storage.people import WRONG_PASSWORD, People, Person
from storage.warc import date

FREE_TRIES = 3
LONGEST_WAIT = 900  # seconds


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new credential's row to be, and the key that its secret gives."""

    new: NewCredential
    key: Ed25519PrivateKey = field(repr=False)


# -- opening ---------------------------------------------------------------------------------------


def with_token(people: People, text: str, at: datetime) -> Acting:
    """Whoever this token proves; `Refused` for any other text, and for what was ended, expired or disabled."""
    token = token_in(text)
    if token is None:
        raise Refused("凭据", "no_token", "LANTIAN_TOKEN 不是凭据")
    with people.engine.connect() as connection:
        row, rights = credential_on(connection, token.credential), rights_on(connection)
        if row is None or row.kind != TOKEN:
            raise Refused(f"凭据 {token.credential}", "unknown", "没有这个凭据")
        person = _owner(people, rights, row)
    key = token_key(token.secret, row.salt)
    if public_of(key) != row.public:
        raise Refused(person.name, "wrong_token", "没有这个凭据")
    known = _live(rights, person, row.id, at)
    if known.public != row.public:
        raise EvidenceBroken(f"凭据 {row.id} 与操作日志所记不符")
    return _acting(rights, person, row.id, key)


def with_password(people: People, login: Login, at: datetime) -> Acting:
    """Whoever has this name and password; his first time in an old home makes it a credential."""
    person = able(people, login.name)
    wait = _wait(person, at)
    if wait > 0:
        raise Refused(login.name, "too_many_failures", f"用户 {login.name} 口令错误过多，请过 {wait} 秒再试")
    with people.engine.connect() as connection:
        rights = rights_on(connection)
        mine = [one for one in rights.keys_of(person.name) if one.kind == PASSWORD and not one.until]
        row = credential_on(connection, mine[0].credential) if mine else None
    if not rights.able(person.name) or (mine and row is None):
        raise EvidenceBroken(f"操作日志与用户 {person.name} 的记录不符")
    if row is None:
        return _first_time(people, rights, person, login, at)
    key = password_key(login.password, row.salt)
    if public_of(key) != mine[0].public:
        raise Refused(login.name, WRONG_PASSWORD, f"用户 {login.name} 的口令不对")
    _live(rights, person, row.id, at)
    acting = _acting(rights, person, row.id, key)
    return acting if rights.founder else _founding(people, acting, at)


def able(people: People, name: str) -> Person:
    """A person who has not been disabled; `Refused` otherwise."""
    try:
        person = people.named(name)
    except UserMistake as unknown:
        raise Refused(name, "unknown", str(unknown)) from None
    if person.disabled_at is not None:
        raise Refused(name, "disabled", f"用户 {name} 已停用")
    return person


def _owner(people: People, rights: Rights, row: Credential) -> Person:
    """Whose it is by the log: the row's own word for it must agree."""
    key = rights.keys.get(row.id)
    if key is None:
        raise EvidenceBroken(f"凭据 {row.id} 不是操作日志里添加的")
    person = able(people, key.name)
    if person.id != row.user_id:
        raise EvidenceBroken(f"凭据 {row.id} 与操作日志所记不符")
    return person


def _live(rights: Rights, person: Person, credential: int, at: datetime) -> Key:
    key = rights.keys[credential]
    if not rights.able(person.name):
        raise Refused(person.name, "disabled", f"用户 {person.name} 已停用")
    if key.until:
        raise Refused(person.name, "ended", f"{person.name} 的这个凭据已停用")
    if key.expires and key.expires <= date(at):
        raise Refused(person.name, "expired", f"{person.name} 的这个凭据已到期")
    return key


def _acting(rights: Rights, person: Person, credential: int, key: Ed25519PrivateKey) -> Acting:
    districts = rights.members[person.name].districts
    return Acting(
        person=person, grants=rights.grants_of(person.name), districts=districts, credential=credential, key=key
    )


def _wait(person: Person, at: datetime) -> int:
    """Seconds until the next try is heard, 0 for now."""
    if person.failures < FREE_TRIES or person.failed_at is None:
        return 0
    pause = timedelta(seconds=min(2.0 ** min(person.failures - FREE_TRIES + 2, 20), LONGEST_WAIT))
    left = person.failed_at + pause - at
    return max(0, -(-left // timedelta(seconds=1)))


# -- a home from before acts were signed -----------------------------------------------------------


def _first_time(people: People, rights: Rights, person: Person, login: Login, at: datetime) -> Acting:
    if rights.keys_of(person.name):
        raise Refused(login.name, "no_password", f"用户 {login.name} 没有口令，要用凭据")
    try:
        PasswordHasher().verify(people.password_of(person), as_bytes(login.password))
    except InvalidHashError:
        raise EvidenceBroken(f"用户 {person.name} 的口令记录已损坏") from None
    except VerificationError:
        raise Refused(login.name, WRONG_PASSWORD, f"用户 {login.name} 的口令不对") from None
    made = password_made(person, login.password, at, Cost())
    with writing(people.engine).begin() as connection:
        acting = begin_on(connection, person, made)
    return acting if rights.founder else _founding(people, acting, at)


def _founding(people: People, acting: Acting, at: datetime) -> Acting:
    """In a home that nobody administers the first who is still there does, from his next password on."""
    with writing(people.engine).begin() as connection:
        rights = rights_on(connection)
        if rights.founder or rights.next_founder() != acting.name:
            return acting
        return found_on(connection, acting, at)


def begin_on(connection: Connection, person: Person, made: Made) -> Acting:
    """A person's first credential, introduced by its own signature."""
    number = add_credential(connection, made.new)
    acting = Acting(person=person, grants=frozenset(), credential=number, key=made.key)
    introduce_on(connection, acting, number, person.name, made.new)
    return acting


def found_on(connection: Connection, acting: Acting, at: datetime) -> Acting:
    """The first person administers, by his own signature: there is nobody else."""
    name = acting.name
    asked = NewGrant(user_id=acting.person.id, grant=Grant.ADMIN, asked_at=at, asked_by=name)
    number = add_grant(connection, asked)
    told: Detail = {"grant": str(Grant.ADMIN), "number": number, "alone": True}
    entry = written(connection, acting, Act(who=name, act="grant_founded", subject=name, at=at, detail=told))
    confirm_grant(connection, number, name, at, entry)
    return replace(acting, grants=frozenset({Grant.ADMIN}))


# -- making ----------------------------------------------------------------------------------------


def password_made(person: Person, password: str, at: datetime, cost: Cost) -> Made:
    """A password's credential to be."""
    salt = password_salt(os.urandom(SALT), cost)
    key = password_key(password, salt)
    new = NewCredential(
        user_id=person.id, kind=PASSWORD, label="", salt=salt, public=public_of(key), made_at=at, expires_at=None
    )
    return Made(new=new, key=key)


def introduce_on(connection: Connection, acting: Acting, number: int, subject: str, new: NewCredential) -> int:
    """The entry that says whose key it is; whoever acts signs it."""
    detail = {"added": number} | key_told(new)
    act = Act(who=acting.name, act="credential_added", subject=subject, at=new.made_at, detail=detail)
    entry = written(connection, acting, act)
    introduce(connection, number, entry)
    return entry


def key_told(new: NewCredential) -> dict[str, str]:
    """What an entry says of a credential."""
    expires = date(new.expires_at) if new.expires_at else ""
    return {"public": new.public, "kind": new.kind, "expires": expires, "label": new.label}


def new_token(people: People, acting: Acting, label: str, days: int, at: datetime) -> str:
    """A further token of whoever acts, to be shown to him once; it expires after so many days, 0 for never."""
    secret, salt = os.urandom(BYTES), os.urandom(SALT).hex()
    new = NewCredential(
        user_id=acting.person.id,
        kind=TOKEN,
        label=label,
        salt=salt,
        public=public_of(token_key(secret, salt)),
        made_at=at,
        expires_at=at + timedelta(days=days) if days else None,
    )
    with writing(people.engine).begin() as connection:
        number = add_credential(connection, new)
        introduce_on(connection, acting, number, acting.name, new)
    return Token(credential=number, secret=secret).text


def end_token(people: People, acting: Acting, number: int, at: datetime) -> Credential:
    """One token proves nothing any more: one's own, or for 管理 anybody's."""
    with writing(people.engine).begin() as connection:
        row, key = credential_on(connection, number), rights_on(connection).keys.get(number)
        if row is None or key is None or row.kind != TOKEN or (key.name != acting.name and not acting.may(Grant.ADMIN)):
            raise UserMistake(f"没有第 {number} 号凭据，或不是你的")
        if key.until:
            raise UserMistake(f"第 {number} 号凭据已经停用")
        act = Act(who=acting.name, act="credential_ended", subject=key.name, at=at, detail={"ended": number})
        written(connection, acting, act)
        end_credential(connection, number, acting.name, at)
        return replace(row, ended_at=at, ended_by=acting.name)


def end_passwords(connection: Connection, user_id: int, keep: int, by: str, at: datetime) -> None:
    """The rows of the passwords that a new one ended."""
    for one in credentials_of(connection, user_id):
        if one.kind == PASSWORD and one.id != keep and one.entry:
            end_credential(connection, one.id, by, at)


def change_password(people: People, acting: Acting, password: str, at: datetime, cost: Cost) -> None:
    """Another password for whoever acts; the one before proves nothing any more."""
    made = password_made(acting.person, password, at, cost)
    with writing(people.engine).begin() as connection:
        number = add_credential(connection, made.new)
        introduce_on(connection, acting, number, acting.name, made.new)
        end_passwords(connection, acting.person.id, number, acting.name, at)
