"""Who reported something, in one small type that shows itself to nobody, and the sealing of it.

Sealed with AES-256-GCM under the office's reporter key and bound to the lead's number: what was sealed for one lead
opens for no other. No message, representation or comparison tells anything of it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field, fields

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crawler.errors import EvidenceBroken, UserMistake
from storage.canonical import canonical

MAGIC = b"lantian-reporter/1\n"
KEY, NONCE = 32, 12  # bytes
LONGEST = 200  # characters of each field
LONGEST_WORDS = 20_000  # characters of the original words
BLOCK = 256  # bytes: a sealed reporter's length tells only which multiple it is


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reporter:
    """A reporter's identity and original words. `identity` is the number of an identity card."""

    name: str = ""
    phone: str = ""
    mail: str = ""
    address: str = ""
    identity: str = ""
    contact: str = ""
    reply: str = ""
    words: str = ""

    def __repr__(self) -> str:
        return "Reporter(…)"

    @property
    def is_known(self) -> bool:
        """Whether anything was told of him; a report may be anonymous."""
        return any(getattr(self, name) for name in FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterKey:
    """The office's key; `id` says which one it is and nothing of what it is."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return hashlib.sha256(b"lantian reporter key 1\n" + self.secret).hexdigest()[:16]


FIELDS = tuple(one.name for one in fields(Reporter))
FIELD_WORDS = {
    "name": "姓名",
    "phone": "电话",
    "mail": "邮箱",
    "address": "住址",
    "identity": "身份证号",
    "contact": "其他联系方式",
    "reply": "回复意愿",
    "words": "原话",
}


def checked(reporter: Reporter) -> Reporter:
    """The same, if it is not too long; a complaint names the field and never what stands in it."""
    for name in FIELDS:
        most = LONGEST_WORDS if name == "words" else LONGEST
        if len(getattr(reporter, name)) > most:
            raise UserMistake(f"举报人的{FIELD_WORDS[name]}最多 {most} 字")
    return reporter


def seal(reporter: Reporter, lead: str, key: ReporterKey) -> bytes:
    """What may lie in a database, for the lead of this number."""
    told = canonical({name: getattr(reporter, name) for name in FIELDS if getattr(reporter, name)})
    padded = told + b"\n" * (-len(told) % BLOCK)
    nonce = secrets.token_bytes(NONCE)
    return MAGIC + nonce + AESGCM(key.secret).encrypt(nonce, padded, _bound(lead))


def unseal(sealed: bytes, lead: str, key: ReporterKey) -> Reporter:
    """Who reported this lead; `EvidenceBroken` for another key, another lead, or a changed byte."""
    at = len(MAGIC) + NONCE
    if not sealed.startswith(MAGIC) or len(sealed) <= at:
        raise EvidenceBroken(f"线索 {lead} 的举报人信息已损坏")
    try:
        opened = AESGCM(key.secret).decrypt(sealed[len(MAGIC) : at], sealed[at:], _bound(lead))
    except InvalidTag:
        raise EvidenceBroken(f"线索 {lead} 的举报人信息打不开：密钥不对，或记录被改动") from None
    told = json.loads(opened)
    return Reporter(**{name: told[name] for name in FIELDS if name in told})


def _bound(lead: str) -> bytes:
    return MAGIC + lead.encode()
