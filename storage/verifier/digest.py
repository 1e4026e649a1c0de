"""Both digests of bytes as they pass by: SHA-256, and SM3 as the `cryptography` library computes it.

The system's own OpenSSL is not asked for SM3: many are built without it, and no verdict
may hang on that.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SM3, Hash


class NoSm3(Exception):
    """This build of `cryptography` cannot compute SM3, so nothing can be verified with it."""

    def __init__(self) -> None:
        super().__init__("此处安装的 cryptography 不能计算 SM3，请换用官方发布的版本")


class Sm3:
    """SM3 of what it is fed; read `hexdigest` once, at the end."""

    def __init__(self) -> None:
        try:
            self._hash = Hash(SM3())
        except UnsupportedAlgorithm:
            raise NoSm3 from None
        self.update = self._hash.update

    def hexdigest(self) -> str:
        return self._hash.finalize().hex()


class Digests:
    """Both digests of what it is fed; read `both` once, at the end."""

    def __init__(self) -> None:
        self._sha256, self._sm3 = hashlib.sha256(), Sm3()

    def update(self, piece: bytes) -> None:
        self._sha256.update(piece)
        self._sm3.update(piece)

    def both(self) -> tuple[str, str]:
        """SHA-256 and SM3, lower hex."""
        return self._sha256.hexdigest(), self._sm3.hexdigest()


def sm3_of(raw: bytes) -> str:
    """SM3, lower hex."""
    digest = Sm3()
    digest.update(raw)
    return digest.hexdigest()
