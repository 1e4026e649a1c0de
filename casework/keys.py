"""Secrets to keys: a token's or a password's secret gives an Ed25519 key, and nothing that is kept gives it back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crawler.errors import EvidenceBroken

BYTES = 32
SALT = 16  # bytes
_PURPOSE = b"lantian sign 1"
_TOKEN = re.compile(r"lantian_([1-9][0-9]{0,9})_([0-9a-f]{64})")
_COSTLY = re.compile(r"m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9])\$((?:[0-9a-f]{2}){8,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one try of a password costs: memory in KiB, passes, lanes. Defaults are RFC 9106's second choice."""

    memory: int = 65536
    passes: int = 3
    lanes: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as its owner has it; shown once."""

    credential: int
    secret: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return f"lantian_{self.credential}_{self.secret.hex()}"


def token_in(text: str) -> Token | None:
    """The token that this text is; `None` for any other text."""
    found = _TOKEN.fullmatch(text)
    return Token(credential=int(found[1]), secret=bytes.fromhex(found[2])) if found else None


def password_salt(salt: bytes, cost: Cost) -> str:
    """The salt and cost of a password's key, as a row keeps them."""
    return f"m={cost.memory},t={cost.passes},p={cost.lanes}${salt.hex()}"


def token_key(secret: bytes, salt: str) -> Ed25519PrivateKey:
    """The key of a token; `salt` is hexadecimal."""
    return _key(secret, bytes.fromhex(salt))


def password_key(password: str, salt: str) -> Ed25519PrivateKey:
    """The key of a password; `salt` is as `password_salt` writes it. `EvidenceBroken` for any other."""
    found = _COSTLY.fullmatch(salt)
    if found is None:
        raise EvidenceBroken("口令记录已损坏")
    memory, passes, lanes, raw = int(found[1]), int(found[2]), int(found[3]), bytes.fromhex(found[4])
    try:
        stretched = hash_secret_raw(as_bytes(password), raw, passes, memory, lanes, BYTES, Type.ID)
    except HashingError as wrong:
        raise EvidenceBroken(f"口令记录已损坏：{wrong}") from None
    return _key(stretched, raw)


def public_of(key: Ed25519PrivateKey) -> str:
    """The public half, hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def as_bytes(password: str) -> bytes:
    """A password's bytes. A terminal may hand over half characters; they are part of it like any other."""
    return password.encode("utf-8", "surrogatepass")


def _key(secret: bytes, salt: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), BYTES, salt, _PURPOSE).derive(secret))
