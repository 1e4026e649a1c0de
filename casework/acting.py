"""Who acts, proved, with what he may do. Whatever he does is signed with a key that only his own secret gives.

A name alone acts nowhere; and nobody's rights are taken from an argument.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crawler.errors import UserMistake
from storage.audit import Act
from storage.canonical import canonical
from storage.models import encodable
from storage.people import Person
from storage.warc import date


class Grant(StrEnum):
    """What a person may do: four roles, and three rights of their own."""

    VIEWER = "viewer"
    EXAMINER = "examiner"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    CONTACTS = "contacts"
    REPORTERS = "reporters"
    LEGAL = "legal"


GRANT_WORDS = {
    Grant.VIEWER: "查看",
    Grant.EXAMINER: "初审",
    Grant.REVIEWER: "复核",
    Grant.ADMIN: "管理",
    Grant.CONTACTS: "联系方式可见",
    Grant.REPORTERS: "举报人信息",
    Grant.LEGAL: "法制审核",
}


OFFICERS = (Grant.EXAMINER, Grant.REVIEWER)  # who works on matters


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A person who has proved himself: his grants now, his districts (none for all), and the key he signs with.

    `credential` is the row that the key belongs to.
    """

    person: Person
    grants: frozenset[Grant]
    districts: tuple[str, ...] = ()
    credential: int
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def name(self) -> str:
        return self.person.name

    def may(self, *grants: Grant) -> bool:
        """Whether he has one of these."""
        return bool(self.grants & set(grants))

    def needs(self, *grants: Grant) -> None:
        """`UserMistake` unless he has one of these."""
        if not self.may(*grants):
            raise UserMistake(f"{self.name} 没有{'或'.join(GRANT_WORDS[one] for one in grants)}权限")

    def sees(self, district: str) -> bool:
        """Whether a matter of this district is his to see; what has no district is everybody's of the whole office."""
        return not self.districts or district in self.districts

    def sign(self, act: Act) -> Act:
        """The act under his name, with his signature in its detail: hand it to `storage.audit.add_on`.

        No two signatures are alike: one that stands in the log twice was copied.
        """
        once: dict[str, str | int] = {"credential": self.credential, "nonce": os.urandom(8).hex()}
        named = replace(act, who=self.name, detail={**act.detail, **once})
        return replace(named, detail={**named.detail, "signature": self.key.sign(signed_words(named)).hex()})


def signed_words(act: Act) -> bytes:
    """What a signature of an act covers: all of it but the signature."""
    detail = {name: encodable(value) for name, value in act.detail.items() if name != "signature"}
    told = {"act": act.act, "at": date(act.at), "detail": detail, "subject": encodable(act.subject)}
    return b"lantian act 1\n" + canonical(told | {"who": encodable(act.who)})
