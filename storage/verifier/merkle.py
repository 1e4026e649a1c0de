"""The Merkle tree of RFC 6962 with SHA-256, computed while the lines pass by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


class Tree:
    """Takes one leaf line after the other, keeps one hash a level."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, line: bytes) -> None:
        """The next leaf: the line's bytes without its end."""
        joined = hashlib.sha256(b"\0" + line).digest()
        size = self.size
        # Every full subtree on the right is closed: as many as the size ends in ones.
        while size & 1:
            joined = node(self._peaks.pop(), joined)
            size >>= 1
        self._peaks.append(joined)
        self.size += 1

    def root(self) -> str:
        """Lower hex; that of no leaves is the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").hexdigest()
        joined = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            joined = node(peak, joined)
        return joined.hex()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees joined."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_path(line: bytes, index: int, size: int, path: Sequence[bytes]) -> str:
    """The root that a leaf and its audit path (bottom up) lead to; "" when the path has not the right length.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return ""
    joined, last = hashlib.sha256(b"\0" + line).digest(), size - 1
    for sibling in path:
        if last == 0:
            return ""
        if index & 1 or index == last:
            joined = node(sibling, joined)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            joined = node(joined, sibling)
        index, last = index >> 1, last >> 1
    return joined.hex() if last == 0 else ""
