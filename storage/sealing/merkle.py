"""Merkle trees as RFC 6962, section 2.1, has them, with SHA-256: roots while leaves stream by, and audit paths.

An odd node at the end of a level goes up as it is; it is never paired with itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The tree's hash of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Root:
    """The root over leaves that come one by one; holds a hash for each level, not the leaves."""

    def __init__(self) -> None:
        self.count = 0
        self._whole: list[bytes] = []  # the roots of whole subtrees, the largest first

    def add(self, leaf: bytes) -> None:
        """One more leaf at the right end."""
        node, size = leaf_hash(leaf), self.count
        while size & 1:
            node = node_hash(self._whole.pop(), node)
            size >>= 1
        self._whole.append(node)
        self.count += 1

    def digest(self) -> bytes:
        """The root over all leaves so far; of none it is the hash of nothing."""
        if not self._whole:
            return EMPTY
        *above, root = self._whole
        for left in reversed(above):
            root = node_hash(left, root)
        return root


class Tree:
    """All levels of a tree, for many audit paths out of one manifest: 64 bytes a leaf."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level = [leaf_hash(leaf) for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            level = pairs + level[2 * len(pairs) :]
            self._levels.append(level)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root; of no leaves it is the hash of nothing."""
        return self._levels[-1][0] if self.size else EMPTY

    def path(self, index: int) -> list[bytes]:
        """The audit path of the leaf at `index`, bottom up; `IndexError` when there is no such leaf."""
        if not 0 <= index < self.size:
            raise IndexError(f"no leaf {index} in a tree of {self.size}")
        path = []
        for level in self._levels[:-1]:
            if (index ^ 1) < len(level):
                path.append(level[index ^ 1])
            index >>= 1
        return path
