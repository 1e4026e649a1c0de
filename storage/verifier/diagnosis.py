"""What happened to a file that is not as it was sealed: which records are gone, changed, moved, added, cut off.

It reads the whole file once more and holds that one file's leaves in memory.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from storage.verifier.format import DAMAGED, Leaf
from storage.verifier.report import Broken
from storage.verifier.source import OPEN_SUFFIX, Source
from storage.verifier.warc import Gap, Member, digests_at, walk


def diagnose(source: Source, name: str, leaves: Sequence[Leaf]) -> list[Broken]:
    """The differences between a file and its leaves, in the order of the file; at least one."""
    file = name.removesuffix(OPEN_SUFFIX)
    try:
        found = list(_Comparison(source, name, leaves).differences())
    except OSError as wrong:
        return [Broken(kind="damaged_record", part=file, detail=f"读不出来：{wrong.strerror or wrong}")]
    if not found:
        return [Broken(kind="digest", part=file, detail="已封存的字节与封存时不同")]
    return sorted(found, key=lambda broken: broken.offset or 0)


class _Comparison:
    """A record is recognised by its digest wherever it lies, else by its id, else by its place."""

    def __init__(self, source: Source, name: str, leaves: Sequence[Leaf]) -> None:
        self._source, self._name, self._leaves = source, name, leaves
        self._file = name.removesuffix(OPEN_SUFFIX)
        self._size, self._end = source.size(name), max(leaf.end for leaf in leaves)
        self._whole: dict[int, Member] = {}
        self._changed: dict[int, Member] = {}
        self._unknown: list[Member] = []
        self._gaps: list[Gap] = []
        self._told: set[int] = set()
        self._cut_from = len(leaves)

    def differences(self) -> Iterator[Broken]:
        yield from self._recognise()
        yield from self._moved()
        for index, member in self._changed.items():
            yield self._leaf_broken("digest", index, _words(member), at=member.offset)
            if member.fault:
                yield self._leaf_broken(member.fault.kind, index, member.fault.detail, at=member.offset)
        yield from self._replaced_or_added()
        yield from self._cut()
        yield from self._damaged()
        yield from self._missing()

    def _leaf_broken(self, kind: str, index: int, detail: str, at: int = -1) -> Broken:
        leaf = self._leaves[index]
        self._told.add(index)
        return Broken(kind=kind, part=self._file, record=leaf.id, offset=leaf.offset if at < 0 else at, detail=detail)

    # -- recognising -----------------------------------------------------------------------------

    def _recognise(self) -> Iterator[Broken]:
        by_digest = {(leaf.sha256, leaf.sm3): index for index, leaf in enumerate(self._leaves)}
        others = []
        for found in walk(self._source, self._name, 0, self._size):
            if isinstance(found, Gap):
                self._gaps.append(found)
                continue
            index = by_digest.get((found.sha256, found.sm3), -1)
            if index < 0:
                others.append(found)
            elif index in self._whole:
                yield self._leaf_broken("duplicate_record", index, "同样的字节又出现一次", at=found.offset)
            else:
                self._whole[index] = found
        self._known_damage()
        by_id = {leaf.id: index for index, leaf in enumerate(self._leaves) if leaf.id}
        for found in others:
            index = by_id.get(found.id, -1)
            if index < 0:
                self._unknown.append(found)
            elif index in self._whole or index in self._changed:
                yield self._leaf_broken("duplicate_record", index, "同一编号又有一条记录", at=found.offset)
            else:
                self._changed[index] = found

    def _known_damage(self) -> None:
        """Places that were damaged when they were sealed, and are what they were."""
        for index, leaf in enumerate(self._leaves):
            if leaf.type == DAMAGED and index not in self._whole:
                with self._source.open(self._name, leaf.offset) as file:
                    if digests_at(file, leaf.length) == (leaf.sha256, leaf.sm3):
                        self._whole[index] = Member(leaf.offset, leaf.length, leaf.sha256, leaf.sm3)
                        self._gaps = [gap for gap in self._gaps if not leaf.offset <= gap.offset < leaf.end]

    def _cut(self) -> Iterator[Broken]:
        """Leaves at the end that nothing is left of; a record that is gone from the middle makes no cut file."""
        if self._size >= self._end:
            return
        while self._cut_from and not self._is_accounted(self._cut_from - 1):
            self._cut_from -= 1
        cut = range(self._cut_from, len(self._leaves))
        self._told.update(cut)
        if cut:
            detail = f"只有 {self._size} 字节，已封存到 {self._end}；缺末尾 {len(cut)} 条记录"
            yield Broken(kind="cut_file", part=self._file, offset=self._size, detail=detail)

    # -- naming ----------------------------------------------------------------------------------

    def _moved(self) -> Iterator[Broken]:
        """Those that are out of their order. Being shifted by others' going is not moving."""
        lying = sorted(self._whole, key=lambda index: self._whole[index].offset)
        in_order = _longest_rise(lying)
        for index in lying:
            if index not in in_order:
                at = self._whole[index].offset
                yield self._leaf_broken("moved_record", index, f"原在 {self._leaves[index].offset}", at=at)

    def _replaced_or_added(self) -> Iterator[Broken]:
        places = {leaf.offset: index for index, leaf in enumerate(self._leaves) if not self._is_accounted(index)}
        for member in self._unknown:
            index = places.get(member.offset, -1)
            if index >= 0:
                yield self._leaf_broken("record_id", index, f"这里现在是另一条记录：{_words(member)}")
            elif member.offset < self._end:
                detail = _words(member)
                yield Broken(
                    kind="extra_record", part=self._file, record=member.id, offset=member.offset, detail=detail
                )

    def _damaged(self) -> Iterator[Broken]:
        is_cut = self._cut_from < len(self._leaves)
        for gap in self._gaps:
            hit = [index for index in self._within(gap) if not self._is_accounted(index)]
            for index in hit:
                yield self._leaf_broken("damaged_record", index, gap.detail)
            if not hit and gap.offset < self._end and not (gap.is_last and is_cut):
                detail = f"{gap.length} 字节：{gap.detail}"
                yield Broken(kind="damaged_record", part=self._file, offset=gap.offset, detail=detail)

    def _within(self, gap: Gap) -> range:
        """The leaves that lay where the gap is now."""
        first = bisect_right(self._leaves, gap.offset, key=lambda leaf: leaf.end)
        return range(first, bisect_left(self._leaves, gap.offset + gap.length, key=lambda leaf: leaf.offset))

    def _missing(self) -> Iterator[Broken]:
        for index in range(len(self._leaves)):
            if not self._is_accounted(index):
                yield self._leaf_broken("missing_record", index, "")

    def _is_accounted(self, index: int) -> bool:
        return index in self._whole or index in self._changed or index in self._told


def _words(member: Member) -> str:
    return f"{member.type} {member.date} {member.uri}"[:300]


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """The numbers of one longest rising subsequence; all are different."""
    tails: list[int] = []
    before: dict[int, int] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        before[number] = tails[at - 1] if at else -1
        if at < len(tails):
            tails[at] = number
        else:
            tails.append(number)
    rise, number = set(), tails[-1] if tails else -1
    while number >= 0:
        rise.add(number)
        number = before[number]
    return rise
