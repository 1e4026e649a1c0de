"""Merkle trees against the vectors that Certificate Transparency's own tests hold RFC 6962 to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest

from storage.sealing.merkle import EMPTY, Root, Tree, leaf_hash, node_hash

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_the_rfc(leaves: list[bytes]) -> bytes:
    """MTH as section 2.1 defines it, split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_the_rfc(leaves[:split]) + by_the_rfc(leaves[split:])).digest()


def streamed(leaves: list[bytes]) -> bytes:
    root = Root()
    for leaf in leaves:
        root.add(leaf)
    assert root.count == len(leaves)
    return root.digest()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert streamed(LEAVES[:size]).hex() == ROOTS[size]
    assert Tree(LEAVES[:size]).root.hex() == ROOTS[size]


@pytest.mark.parametrize("size", [*range(1, 70), 127, 128, 129, 1000])
def test_every_size_has_the_root_of_the_definition(size: int) -> None:
    leaves = [b"%d" % at for at in range(size)]
    assert streamed(leaves) == Tree(leaves).root == by_the_rfc(leaves)


def root_from(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes:
    """The root that leaf and audit path lead to; `ValueError` when the path cannot belong to that place."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    node, last = leaf_hash(leaf), size - 1
    steps = iter(path)
    while last:
        if index & 1 or index < last:
            step = next(steps, b"")
            if not step:
                raise ValueError("the audit path is too short")
            node = node_hash(step, node) if index & 1 else node_hash(node, step)
        index, last = index >> 1, last >> 1
    if next(steps, b""):
        raise ValueError("the audit path is too long")
    return node


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 33, 100])
def test_every_leaf_is_proved_and_no_other_leaf_or_place_is(size: int) -> None:
    tree = Tree([b"%d" % at for at in range(size)])
    for at in range(size):
        path = tree.path(at)
        assert root_from(b"%d" % at, at, size, path) == tree.root
        assert root_from(b"other", at, size, path) != tree.root
        for elsewhere in range(size):
            if elsewhere != at:
                assert _root_or_nothing(b"%d" % at, elsewhere, size, path) != tree.root
        if path:
            wrong = [*path[:-1], hashlib.sha256(path[-1]).digest()]
            assert root_from(b"%d" % at, at, size, wrong) != tree.root


def _root_or_nothing(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    try:
        return root_from(leaf, index, size, path)
    except ValueError:
        return b""


def test_a_path_of_the_wrong_length_is_refused() -> None:
    tree = Tree(LEAVES)
    with pytest.raises(ValueError, match="too short"):
        root_from(LEAVES[3], 3, 8, tree.path(3)[:-1])
    with pytest.raises(ValueError, match="too long"):
        root_from(LEAVES[3], 3, 8, [*tree.path(3), tree.root])
    with pytest.raises(ValueError, match="no leaf 8"):
        root_from(LEAVES[3], 8, 8, tree.path(3))


@pytest.mark.parametrize("index", [-1, 8])
def test_no_path_to_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        Tree(LEAVES).path(index)


def test_a_node_is_no_leaf() -> None:
    """Without the two prefixes an inner node could be passed off as a leaf."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)
    assert Tree([]).root == Root().digest() == EMPTY
