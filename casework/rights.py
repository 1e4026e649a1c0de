"""Who had which key and which grant, from when to when: replayed from the audit entries about people, nothing else.

An entry that is not signed by somebody who may do what it says changes nothing here; it is told among the faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from casework.acting import Grant
from casework.signatures import check_signature, detail_of, said
from crawler.errors import EvidenceBroken
from storage.audit import AuditEntry, entries_of
from storage.cases.credentials import PASSWORD
from storage.warc import date

ACTS = (
    "user_added",
    "user_disabled",
    "user_scoped",
    "credential_added",
    "credential_ended",
    "grant_founded",
    "grant_asked",
    "grant_confirmed",
    "grant_ended",
)
CONFIRMERS = (Grant.ADMIN, Grant.REVIEWER)
RESET = "password"  # in a grant's place: a new password that others set
_GRANTS = frozenset({*Grant, RESET})


@dataclass(slots=True, kw_only=True)
class Span:
    """From which entry on something was so, and up to which; 0 for not yet, and for still."""

    since: int = 0
    until: int = 0

    def covers(self, entry: int) -> bool:
        """Whether it was so when this entry was written."""
        return 0 < self.since < entry and (not self.until or entry <= self.until)


@dataclass(slots=True, kw_only=True)
class Member(Span):
    """A person, by the name that is his for ever. `is_old`: added before acts were signed."""

    name: str
    is_old: bool
    districts: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Key(Span):
    """A public key, and whose it is."""

    credential: int
    name: str
    kind: str
    public: str
    expires: str = ""


@dataclass(slots=True, kw_only=True)
class Held(Span):
    """A grant, from its confirmation on. `key` is the password that a reset brings."""

    number: int
    name: str
    grant: str
    asked_by: str
    key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An entry that proves nothing, and why."""

    entry: int
    why: str


class Rights:
    """The state after some entries. `is_settled`: somebody besides the founder could confirm, so nobody acts alone."""

    def __init__(self, entries: Iterable[AuditEntry] = ()) -> None:
        self.members: dict[str, Member] = {}
        self.keys: dict[int, Key] = {}
        self.held: dict[int, Held] = {}
        self.faults: list[Fault] = []
        self.founder = ""
        self.is_settled = False
        self._signatures: set[str] = set()
        self._rules: dict[str, Callable[[AuditEntry, Mapping[str, Any]], None]] = {
            act: getattr(self, f"_{act}") for act in ACTS
        }
        for entry in entries:
            self.take(entry)

    def take(self, entry: AuditEntry) -> None:
        """One entry more, the next in order."""
        try:
            detail = detail_of(entry)
            if (signature := str(detail.get("signature", ""))) in self._signatures:
                raise EvidenceBroken(f"操作日志第 {entry.id} 条是以前一条的重复")
            self._rules[entry.act](entry, detail)
            if signature:
                self._signatures.add(signature)
        except EvidenceBroken as broken:
            self.faults.append(Fault(entry=entry.id, why=str(broken)))

    # -- what is so, or was ------------------------------------------------------------------------

    def holds(self, name: str, entry: int, *grants: str) -> bool:
        """Whether he held one of these when that entry was written."""
        return any(one.name == name and one.grant in grants and one.covers(entry) for one in self.held.values())

    def grants_of(self, name: str) -> frozenset[Grant]:
        """What he holds now."""
        mine = (one for one in self.held.values() if one.name == name and one.grant != RESET)
        return frozenset(Grant(one.grant) for one in mine if one.since and not one.until)

    def keys_of(self, name: str) -> list[Key]:
        """All that ever were his."""
        return [one for one in self.keys.values() if one.name == name]

    def able(self, name: str) -> bool:
        """Whether he is a person who is not disabled."""
        return name in self.members and not self.members[name].until

    def confirmers(self, asker: str, getter: str, now: datetime) -> list[str]:
        """Who could confirm what one asks for the other."""
        return [
            name
            for name in self.members
            if name not in (asker, getter) and self._could_confirm(name) and self.is_proving(name, now)
        ]

    def is_proving(self, name: str, now: datetime) -> bool:
        """Whether he has a credential that is neither ended nor expired."""
        return any(not one.until and not _is_over(one, now) for one in self.keys_of(name))

    def _could_confirm(self, name: str) -> bool:
        return self.able(name) and bool(self.grants_of(name) & set(CONFIRMERS))

    def next_founder(self) -> str:
        """Who is the founder while nobody was: the first who was added and not disabled."""
        return next((name for name, one in self.members.items() if not one.until), "")

    def signer(self, entry: AuditEntry, detail: Mapping[str, Any]) -> str:
        """Who signed it: the person it names, with a key that was his then. `EvidenceBroken` otherwise."""
        key = self.keys.get(said(entry, detail, "credential", int))
        if key is None or not key.covers(entry.id) or _is_over(key, entry.at):
            raise EvidenceBroken(f"操作日志第 {entry.id} 条用的凭据当时不是任何人的")
        if key.name != entry.who or not self.members[key.name].covers(entry.id):
            raise EvidenceBroken(f"操作日志第 {entry.id} 条写的是 {entry.who}，凭据不是其本人当时可用的")
        check_signature(entry, detail, key.public)
        return key.name

    # -- one rule an act ---------------------------------------------------------------------------

    def _user_added(self, entry: AuditEntry, _detail: Mapping[str, Any]) -> None:
        if entry.subject in self.members:
            raise EvidenceBroken(f"{entry.subject} 已经有了")
        if self.founder:
            self._by(entry, Grant.ADMIN)
        self.members[entry.subject] = Member(name=entry.subject, since=entry.id, is_old=not self.founder)

    def _user_disabled(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        if self.founder:
            self._by(entry, Grant.ADMIN)
        elif self.keys:
            self.signer(entry, detail)
        self._member(entry).until = entry.id

    def _user_scoped(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        if self._by(entry, Grant.ADMIN) == entry.subject:
            raise EvidenceBroken("不能自己定自己的地区")
        self._member(entry).districts = tuple(said(entry, detail, "districts", list))

    def _credential_added(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        member, key = self._member(entry), self._new_key(entry, detail, self._member(entry).name)
        if said(entry, detail, "credential", int) == key.credential:
            self._refuse_second_beginning(entry, member)
            check_signature(entry, detail, key.public)
        elif self.signer(entry, detail) != member.name:
            self._by(entry, Grant.ADMIN)
            if member.is_old or self.keys_of(member.name):
                raise EvidenceBroken(f"{member.name} 的凭据要由本人添加")
        self._add_key(key, entry.id)

    def _refuse_second_beginning(self, entry: AuditEntry, member: Member) -> None:
        """Only who was there before acts were signed may introduce himself, once, and before he was given anything."""
        has_any = any(one.name == member.name for one in self.held.values())
        if entry.who != member.name or not member.is_old or self.keys_of(member.name) or has_any:
            raise EvidenceBroken(f"{member.name} 的第一个凭据不能这样添加")

    def _credential_ended(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        key = self.keys.get(said(entry, detail, "ended", int))
        if key is None or key.name != entry.subject or key.until:
            raise EvidenceBroken("没有这个凭据，或已经停用")
        if self.signer(entry, detail) != key.name:
            self._by(entry, Grant.ADMIN)
        key.until = entry.id

    def _grant_founded(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        name = self.signer(entry, detail)
        if self.founder or name != entry.subject or name != self.next_founder():
            raise EvidenceBroken("只有最先添加的人能作为首任管理")
        number = self._new_number(entry, detail)
        self.held[number] = Held(number=number, name=name, grant=Grant.ADMIN, asked_by=name, since=entry.id)
        self.founder = name

    def _grant_asked(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        asker, member = self._by(entry, Grant.ADMIN), self._member(entry)
        grant = said(entry, detail, "grant", str)
        if asker == member.name or grant not in _GRANTS:
            raise EvidenceBroken(f"{asker} 不能给 {member.name} 授予 {grant}")
        key = self._new_key(entry, detail, member.name) if grant == RESET else None
        held = Held(number=self._new_number(entry, detail), name=member.name, grant=grant, asked_by=asker, key=key)
        if "alone" in detail and self.is_settled:
            raise EvidenceBroken("已经有别人可以确认，一人授权无效")
        self.held[held.number] = held
        if "alone" in detail:
            self._begin(held, entry)

    def _grant_confirmed(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        by, held = self._by(entry, *CONFIRMERS), self._numbered(entry, detail)
        if held.since or by == held.asked_by or not self.holds(held.asked_by, entry.id, Grant.ADMIN):
            raise EvidenceBroken(f"{by} 不能确认第 {held.number} 号授权")
        self._member(entry)
        self._begin(held, entry)

    def _begin(self, held: Held, entry: AuditEntry) -> None:
        held.since = entry.id
        if held.key is not None:
            self._add_key(held.key, entry.id)
        if held.grant in CONFIRMERS and held.name != self.founder:
            self.is_settled = True

    def _grant_ended(self, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
        self._by(entry, Grant.ADMIN)
        self._numbered(entry, detail).until = entry.id

    # -- what the rules ask ------------------------------------------------------------------------

    def _by(self, entry: AuditEntry, *grants: Grant) -> str:
        name = self.signer(entry, detail_of(entry))
        if not self.holds(name, entry.id, *grants):
            raise EvidenceBroken(f"{name} 当时没有这个权限")
        return name

    def _member(self, entry: AuditEntry) -> Member:
        if not self.able(entry.subject):
            raise EvidenceBroken(f"没有 {entry.subject} 这个人，或已停用")
        return self.members[entry.subject]

    def _numbered(self, entry: AuditEntry, detail: Mapping[str, Any]) -> Held:
        held = self.held.get(said(entry, detail, "number", int))
        if held is None or held.name != entry.subject or held.until:
            raise EvidenceBroken("没有这一号授权，或已结束")
        return held

    def _new_number(self, entry: AuditEntry, detail: Mapping[str, Any]) -> int:
        if (number := said(entry, detail, "number", int)) in self.held:
            raise EvidenceBroken(f"第 {number} 号授权已经有了")
        return number

    def _new_key(self, entry: AuditEntry, detail: Mapping[str, Any], name: str) -> Key:
        public, number = said(entry, detail, "public", str), said(entry, detail, "added", int)
        asked = [one.key for one in self.held.values() if one.key is not None]
        if any(public == one.public or number == one.credential for one in (*self.keys.values(), *asked)):
            raise EvidenceBroken("这个凭据已经有了")
        kind, expires = said(entry, detail, "kind", str), said(entry, detail, "expires", str)
        return Key(credential=number, name=name, kind=kind, public=public, expires=expires)

    def _add_key(self, key: Key, entry: int) -> None:
        """A new password ends the one before."""
        for one in self.keys_of(key.name) if key.kind == PASSWORD else ():
            if one.kind == PASSWORD and not one.until:
                one.until = entry
        key.since = entry
        self.keys[key.credential] = key


def rights_on(connection: Connection) -> Rights:
    """As this transaction sees them."""
    return Rights(entries_of(connection, ACTS))


def _is_over(key: Key, moment: datetime) -> bool:
    # Both are written alike, so that they compare as they are.
    return bool(key.expires) and key.expires <= date(moment)
