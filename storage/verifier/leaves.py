"""The leaves of one manifest, read line by line and held against its head, and where each file's lines lie in them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple, Protocol

from storage.verifier.digest import Sm3
from storage.verifier.format import EXPIRY, LINE_LIMIT, Extent, Head, Leaf, Malformed, parse_leaf
from storage.verifier.merkle import Tree
from storage.verifier.source import Source

FOLDER = "manifests/"
HEAD_NAME = re.compile(r"manifests/([0-9]{6,9})\.json")


def head_name(number: int) -> str:
    """The name of a head inside the archive."""
    return f"{FOLDER}{number:06d}.json"


def leaves_name(number: int) -> str:
    """The name of its leaves."""
    return f"{FOLDER}{number:06d}.leaves.jsonl"


def token_name(number: int) -> str:
    """The name of its time stamp."""
    return f"{FOLDER}{number:06d}.tsr"


class Lines(NamedTuple):
    """Which bytes of a manifest's leaves speak of one file; `renamed` is its new name in an expiry manifest."""

    number: int
    start: int
    end: int
    sealed_at: datetime
    renamed: str


class Tell(Protocol):
    """How a broken place is told of."""

    def __call__(self, kind: str, part: str, detail: str, *, record: str = "", offset: int | None = None) -> None: ...


class Leaves:
    """One manifest's leaves, read line by line and held against its head."""

    def __init__(self, source: Source, head: Head, tell: Tell) -> None:
        self._source, self._head, self._tell = source, head, tell
        self._name = leaves_name(head.number)
        self._tree, self._sm3 = Tree(), Sm3()
        self._extents = iter(head.files)
        self._extent = Extent(file="", start=0, end=0)
        self._reached = 0
        self._is_torn = False
        self._lines: dict[str, Lines] = {}

    def read(self) -> dict[str, Lines]:
        """Where each file's lines lie."""
        try:
            with self._source.open(self._name) as file:
                at = 0
                while line := file.readline(LINE_LIMIT):
                    self._line(line, at)
                    at += len(line)
        except OSError as wrong:
            self._tell("missing_file", self._name, wrong.strerror or str(wrong))
            return {}
        self._compare()
        return self._lines

    def _line(self, line: bytes, at: int) -> None:
        self._sm3.update(line)
        if not line.endswith(b"\n"):
            self._once("leaves", "最后一行没有写完，或者一行太长", at)
            return
        self._tree.add(line[:-1])
        try:
            leaf = parse_leaf(line[:-1])
        except Malformed as wrong:
            self._once("leaves", str(wrong), at)
            return
        if (leaf.to is None) == (self._head.kind == EXPIRY):
            self._once("leaves", f"{leaf.id} 与清单的种类不合", at)
        self._place(leaf, at, at + len(line))

    def _place(self, leaf: Leaf, start: int, end: int) -> None:
        if leaf.file != self._extent.file:
            self._close()
            self._extent = next(self._extents, self._extent)
            self._reached = self._extent.start
        if leaf.file in self._lines and leaf.file == self._extent.file:
            self._lines[leaf.file] = self._lines[leaf.file]._replace(end=end)
        elif leaf.file not in self._lines:
            self._lines[leaf.file] = Lines(self._head.number, start, end, self._head.sealed_at, "")
        if leaf.file != self._extent.file or leaf.offset != self._reached or leaf.end > self._extent.end:
            self._once("coverage", f"{leaf.file} 在 {leaf.offset} 处的记录与范围不连续", start)
        self._reached = leaf.end

    def _close(self) -> None:
        if self._extent.file and self._reached != self._extent.end:
            self._once("coverage", f"{self._extent.file} 只列到 {self._reached}，清单说到 {self._extent.end}", None)

    def _compare(self) -> None:
        self._close()
        if (missing := next(self._extents, None)) is not None:
            self._once("coverage", f"{missing.file} 一条记录也没有列出", None)
        head, name = self._head, head_name(self._head.number)
        if self._tree.size != head.leaves or self._sm3.hexdigest() != head.leaves_sm3:
            self._tell(
                "leaves", self._name, f"有 {self._tree.size} 行，清单说 {head.leaves} 行；或摘要与清单所写的不同"
            )
        if self._tree.root() != head.root:
            self._tell("root", name, f"算得 {self._tree.root()}，清单写的是 {head.root}")

    def _once(self, kind: str, detail: str, offset: int | None) -> None:
        # The first one is the cause; what follows it in the same leaves only follows from it.
        if not self._is_torn:
            self._tell(kind, self._name, detail, offset=offset)
        self._is_torn = True
