"""Which leaf of which manifest a record is, and the audit path that proves it (RFC 6962).

Reads only the manifests concerned, one pass each; it invents nothing for a record that no manifest
covers: that is broken evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.errors import EvidenceBroken
from storage.sealing.manifests import Head, Kind, Leaf, head_of, leaves_of
from storage.sealing.merkle import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes of an archive file whose records are wanted; `and_request`: with the request behind them, if any."""

    file: str
    start: int
    end: int
    and_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One record's place under a root. `leaf` is its line, `path` the siblings' hashes from the bottom up.

    `file` and `offset` say where the record lies now; after an expiry the leaf names an older place.
    """

    id: str
    type: str
    file: str
    offset: int
    length: int
    sha256: str
    sm3: str
    manifest: int
    index: int
    size: int
    leaf: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """A place that is looked for in older and older manifests; `now` is where its first byte lies today."""

    extent: Extent
    file: str
    start: int
    end: int
    now: tuple[str, int]

    def takes(self, leaf: Leaf, at: int) -> bool:
        return self.start <= at < self.end or (self.extent.and_request and at == self.end and leaf.type == "request")


def prove(manifests: Path, extents: Sequence[Extent]) -> tuple[Proof, ...]:
    """The records of these extents and each file's warcinfo, by file and offset, each with its proof.

    `manifests` is the archive's folder of them. `EvidenceBroken` where a byte of an extent is covered by none.
    """
    sought = [
        _Sought(extent=one, file=one.file, start=one.start, end=one.end, now=(one.file, one.start))
        for one in (*extents, *_beginnings(extents))
    ]
    found: dict[tuple[str, int], Proof] = {}
    for number in reversed(numbers(manifests)):
        if all(_is_covered(one, found) for one in extents) and {(one.file, 0) for one in extents} <= found.keys():
            break
        head = head_of(manifests.parent, number)
        if head.kind is Kind.EXPIRY:
            sought = _before_expiry(manifests, head, sought)
        else:
            for proof in _proofs_in(manifests, head, sought):
                found.setdefault((proof.file, proof.offset), proof)
    for one in extents:
        if not _is_covered(one, found):
            raise EvidenceBroken(f"{one.file} 偏移 {one.start}–{one.end} 还没有封存")
    return tuple(found[place] for place in sorted(found))


def numbers(manifests: Path) -> list[int]:
    """The numbers of all heads there are, ascending."""
    return sorted(int(path.stem) for path in manifests.glob("[0-9]*.json") if path.stem.isdecimal())


def _beginnings(extents: Iterable[Extent]) -> list[Extent]:
    return [Extent(file=name, start=0, end=1) for name in sorted({one.file for one in extents})]


def _is_covered(extent: Extent, found: dict[tuple[str, int], Proof]) -> bool:
    at = extent.start
    while at < extent.end:
        proof = found.get((extent.file, at))
        if proof is None:
            return False
        at += proof.length
    return at == extent.end


def _before_expiry(manifests: Path, head: Head, sought: list[_Sought]) -> list[_Sought]:
    """The same records where they lay before their file was rewritten."""
    former = {span.new: span.file for span in head.files if span.new}
    touched = [one for one in sought if one.file in former]
    older = [one for one in sought if one.file not in former]
    for name in sorted({one.file for one in touched}):
        for leaf in leaves_of(manifests.parent, head.number, former[name]):
            for one in touched:
                if one.file == name and leaf.to is not None and leaf.to >= 0 and one.takes(leaf, leaf.to):
                    now = (one.now[0], one.now[1] + leaf.to - one.start)
                    start, end = leaf.offset, leaf.offset + leaf.length
                    older.append(_Sought(extent=_alone(one.extent), file=leaf.file, start=start, end=end, now=now))
    return older


def _alone(extent: Extent) -> Extent:
    return Extent(file=extent.file, start=extent.start, end=extent.end)


def _proofs_in(manifests: Path, head: Head, sought: list[_Sought]) -> list[Proof]:
    here: defaultdict[str, list[_Sought]] = defaultdict(list)
    for span in head.files:
        for one in sought:
            if one.file == span.file and one.start < span.end and span.start <= one.end:
                here[one.file].append(one)
    if not here:
        return []
    chosen: list[tuple[int, Leaf, tuple[str, int]]] = []

    def lines() -> Iterator[bytes]:
        for index, leaf in enumerate(leaves_of(manifests.parent, head.number)):
            wanting = [one for one in here.get(leaf.file, ()) if one.takes(leaf, leaf.offset)]
            if wanting:
                file, start = wanting[0].now
                chosen.append((index, leaf, (file, start + leaf.offset - wanting[0].start)))
            yield leaf.line()

    tree = Tree(lines())
    if tree.root.hex() != head.root or tree.size != head.leaves:
        raise EvidenceBroken(f"封存清单 {head.number} 的明细与其根不符")
    return [_proof(head.number, tree, *one) for one in chosen]


def _proof(number: int, tree: Tree, index: int, leaf: Leaf, now: tuple[str, int]) -> Proof:
    return Proof(
        id=leaf.id,
        type=leaf.type,
        file=now[0],
        offset=now[1],
        length=leaf.length,
        sha256=leaf.sha256,
        sm3=leaf.sm3,
        manifest=number,
        index=index,
        size=tree.size,
        leaf=leaf.line().decode("utf-8"),
        path=tuple(one.hex() for one in tree.path(index)),
    )
