"""Bytes that only whoever has the key can read: AES-256-GCM under a key that scrypt derives from the office's own.

A sealed file is bound to the name it was sealed for. It tells nothing of its content, and a changed byte opens nothing.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crawler.errors import UserMistake

MAGIC = b"lantian-vault/1\n"
SALT, NONCE, KEY = 16, 12, 32  # bytes
SHORTEST = 12  # characters of a key
_COST, _BLOCK = 1 << 15, 8  # 32 MB


def seal(content: bytes, name: str, key: str) -> bytes:
    """The content as it may lie on a disk. `UserMistake` without a key that is one."""
    if len(key) < SHORTEST:
        raise UserMistake(f"要设环境变量 LANTIAN_PROFILE_KEY，至少 {SHORTEST} 个字符")
    salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    return MAGIC + salt + nonce + AESGCM(_derived(key, salt)).encrypt(nonce, content, _bound(name))


def unseal(sealed: bytes, name: str, key: str) -> bytes:
    """What was sealed for this name; `UserMistake` for another key, another name, or a changed byte."""
    if not key:
        raise UserMistake("要设环境变量 LANTIAN_PROFILE_KEY")
    at = len(MAGIC)
    if not sealed.startswith(MAGIC) or len(sealed) < at + SALT + NONCE:
        raise UserMistake("不是本系统加密的登录文件")
    salt, nonce = sealed[at : at + SALT], sealed[at + SALT : at + SALT + NONCE]
    try:
        return AESGCM(_derived(key, salt)).decrypt(nonce, sealed[at + SALT + NONCE :], _bound(name))
    except InvalidTag:
        raise UserMistake(f"{name} 的登录文件打不开：LANTIAN_PROFILE_KEY 不对，或文件不是它的、已损坏") from None


def _derived(key: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY, n=_COST, r=_BLOCK, p=1).derive(key.encode("utf-8", "surrogateescape"))


def _bound(name: str) -> bytes:
    return MAGIC + name.encode()
