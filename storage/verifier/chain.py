"""The chain of manifests, followed from the first: links, roots, leaves, and which bytes of which file they cover.

It reads no record: `verify_files` does that, against the leaves this hands out one at a time. What was read of
the leaves is not kept, only where in them each file's lines begin and end.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from storage.verifier.format import (
    EXPIRY,
    HEAD_LIMIT,
    LINE_LIMIT,
    TOLERANCE,
    Extent,
    Head,
    Leaf,
    Malformed,
    parse_head,
    parse_leaf,
)
from storage.verifier.leaves import FOLDER, HEAD_NAME, Leaves, Lines, head_name, leaves_name
from storage.verifier.report import Broken, Findings
from storage.verifier.source import Source, read_bounded


@dataclass(slots=True)
class Covered:
    """A file as the manifests know it: covered from 0 to `end`. What an expiry rewrote is not added to."""

    file: str
    end: int = 0
    lines: list[Lines] = field(default_factory=list)
    is_rewritten: bool = False


class Chain:
    """What the manifests of one archive say. Broken links are found on the way and told to `findings`."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.heads: list[Head] = []
        self.files: dict[str, Covered] = {}
        self.gone: set[str] = set()
        self.expired = 0
        self.is_whole = True
        self._source = source
        self._findings = findings

    @property
    def last(self) -> Head | None:
        return self.heads[-1] if self.heads else None

    def _broken(self, kind: str, part: str, detail: str, *, record: str = "", offset: int | None = None) -> None:
        self.is_whole = False
        self._findings.add(Broken(kind=kind, part=part, record=record, offset=offset, detail=detail))

    # -- following -----------------------------------------------------------------------------

    def follow(self, names: set[str]) -> None:
        """Every manifest in the order of their numbers."""
        numbers = sorted({int(found[1]) for name in names if (found := HEAD_NAME.fullmatch(name))})
        expected = 1
        for number in numbers:
            if number != expected:
                self._broken("manifest_gap", head_name(expected), f"第 {expected} 至 {number - 1} 号清单不在")
            expected = number + 1
            if head := self.read_head(number):
                self.link(head)
                self.cover(head)

    def read_head(self, number: int) -> Head | None:
        """The head of this number, `None` after saying why not."""
        name = head_name(number)
        try:
            head = parse_head(read_bounded(self._source, name, HEAD_LIMIT))
        except OSError as wrong:
            self._broken("missing_file", name, wrong.strerror or str(wrong))
            return None
        except ValueError as wrong:
            self._broken("manifest_format", name, str(wrong))
            return None
        if head.number != number:
            self._broken("manifest_number", name, f"其中写的是第 {head.number} 号")
            return None
        return head

    def link(self, head: Head) -> None:
        """Append the head, having compared it with the one before."""
        name, last = head_name(head.number), self.last
        self.heads.append(head)
        if head.number == 1 and (head.previous or head.previous_sm3):
            self._broken("chain", name, "第一号清单不应有前一份")
        if last is None:
            return
        if head.archive != last.archive:
            self._broken("foreign_manifest", name, f"档案编号是 {head.archive}，前一份的是 {last.archive}")
        if head.number == last.number + 1 and (head.previous, head.previous_sm3) != (last.sha256, last.sm3):
            self._broken("chain", name, f"所写的前一份是 {head.previous or '空'}，实际是 {last.sha256}")
        if head.sealed_at < last.sealed_at - TOLERANCE:
            self._broken("retimed", name, f"封存时间 {head.sealed_at} 早于前一份的 {last.sealed_at}")
        if head.audit_count < last.audit_count:
            self._broken("audit", name, f"操作日志有 {head.audit_count} 条，少于前一份的 {last.audit_count} 条")

    def cover(self, head: Head) -> None:
        """Read the head's leaves and add what they cover."""
        lines = Leaves(self._source, head, self._broken).read()
        for extent in head.files:
            if extent.file not in lines:
                continue
            if head.kind == EXPIRY:
                self._expire(head, extent, lines[extent.file])
            else:
                self._extend(head, extent, lines[extent.file])

    def _extend(self, head: Head, extent: Extent, lines: Lines) -> None:
        known = self.files.setdefault(extent.file, Covered(extent.file))
        name = head_name(head.number)
        if extent.file in self.gone or known.is_rewritten:
            self._broken("coverage", name, f"{extent.file} 到期改写以后不能再增加记录")
        elif extent.start != known.end:
            self._broken(
                "coverage", name, f"{extent.file} 从 {extent.start} 起，而前面已到 {known.end}", offset=extent.start
            )
        known.end = max(known.end, extent.end)
        known.lines.append(lines)

    def _expire(self, head: Head, extent: Extent, lines: Lines) -> None:
        name, known = head_name(head.number), self.files.pop(extent.file, None)
        if known is None or extent.start != 0 or extent.end != known.end:
            self._broken("coverage", name, f"{extent.file} 不是全部封存的文件")
        elif known.lines:
            self._compare(name, known, lines)
        self.gone.add(extent.file)
        if extent.new in self.files or extent.new in self.gone:
            self._broken("coverage", name, f"{extent.new} 这个文件名已经用过")
        end, removed = 0, 0
        for leaf, _ in self._parsed(lines):
            to = -1 if leaf.to is None else leaf.to
            if to not in (-1, end):
                self._broken("expiry", name, f"{leaf.id} 应移到 {end}，写的是 {to}", record=leaf.id)
            end += leaf.length if to >= 0 else 0
            removed += to < 0 and leaf.id != ""
        self.expired += removed
        if end != extent.new_size or bool(extent.new) != bool(end):
            self._broken("expiry", name, f"{extent.new or '新文件'} 应有 {end} 字节，写的是 {extent.new_size}")
        if extent.new:
            moved = lines._replace(renamed=extent.new)
            self.files[extent.new] = Covered(extent.new, extent.new_size, [moved], is_rewritten=True)

    def _compare(self, name: str, known: Covered, lines: Lines) -> None:
        """An expiry manifest repeats what was sealed: nobody may rewrite a tombstone."""
        told = (leaf._replace(to=None) for leaf, _ in self._parsed(lines))
        sealed = (leaf._replace(to=None) for leaf, _ in self.leaves_of(known))
        for mine, theirs in itertools.zip_longest(sealed, told):
            if mine != theirs:
                one = mine or theirs
                record, offset = (one.id, one.offset) if one else ("", None)
                self._broken("expiry", name, "与封存时的清单不同", record=record, offset=offset)
                return

    def remember(self, head: Head) -> None:
        """What the manifests before `head` say of its files, and no more than that.

        For records that is where the last of them ended; for an expiry it is all their leaves.
        """
        wanted = {extent.file for extent in head.files if extent.start or head.kind == EXPIRY}
        for number in range(head.number - 1, 0, -1):
            if not wanted:
                return
            earlier = self.read_head(number)
            if earlier is None:
                return
            here = [extent for extent in earlier.files if (extent.new or extent.file) in wanted]
            spans = Leaves(self._source, earlier, self._broken).read() if here and head.kind == EXPIRY else {}
            for extent in here:
                wanted -= self._remembered(extent, spans, head.kind)

    def _remembered(self, extent: Extent, spans: dict[str, Lines], kind: str) -> set[str]:
        """Take up an earlier extent; returns the file's name when there is nothing before it to be known."""
        file = extent.new or extent.file
        end = extent.new_size if extent.new else extent.end
        known = self.files.setdefault(file, Covered(file, end, is_rewritten=bool(extent.new)))
        if extent.file in spans:
            known.lines.insert(0, spans[extent.file]._replace(renamed=extent.new))
        return {file} if kind != EXPIRY or extent.new or extent.start == 0 else set()

    # -- leaves --------------------------------------------------------------------------------

    def leaves_of(self, known: Covered) -> Iterator[tuple[Leaf, datetime]]:
        """The file's leaves where they lie now, in order, each with the time of its manifest."""
        for lines in known.lines:
            for leaf, sealed_at in self._parsed(lines):
                if not lines.renamed:
                    yield leaf, sealed_at
                elif leaf.to is not None and leaf.to >= 0:
                    yield leaf._replace(file=lines.renamed, offset=leaf.to), sealed_at

    def removed(self) -> Iterator[tuple[str, int]]:
        """The ids of all records that expiry removed, each with the number of the manifest that says so."""
        for head in self.heads:
            if head.kind == EXPIRY:
                for leaf, _ in self._parsed(Lines(head.number, 0, -1, head.sealed_at, "")):
                    if leaf.to == -1 and leaf.id:
                        yield leaf.id, head.number

    def _parsed(self, lines: Lines) -> Iterator[tuple[Leaf, datetime]]:
        """What was read once is read again; lines that broke are already told of."""
        at = lines.start
        try:
            with self._source.open(leaves_name(lines.number), at) as file:
                while at != lines.end and (line := file.readline(LINE_LIMIT)):
                    at += len(line)
                    yield parse_leaf(line.removesuffix(b"\n")), lines.sealed_at
        except (OSError, Malformed) as wrong:
            if self.is_whole:
                self._broken("leaves", leaves_name(lines.number), f"第二次读时不同：{wrong}", offset=at)


def against_known(heads: Iterable[Head], known: Iterable[tuple[int, str]], folder: str = FOLDER) -> Iterator[Broken]:
    """What others wrote down of the chain: one that was cut or computed anew does not lead there."""
    digests: dict[int, str] = {}
    for head in heads:
        digests.setdefault(head.number - 1, head.previous)
        digests[head.number] = head.sha256
    for number, sha256 in known:
        part = folder + head_name(number).removeprefix(FOLDER)
        found = digests.get(number, "")
        if not found:
            yield Broken(kind="chain_cut", part=part, detail=f"应有第 {number} 号清单，SHA-256 为 {sha256}")
        elif found != sha256.lower():
            yield Broken(kind="fork", part=part, detail=f"已知 {sha256}，这里是 {found}")
