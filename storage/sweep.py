"""Goes through an archive's folder for records behind the last sealed byte of each file.

What it hands out is on the disk: each file is fsynced before its records count. It leaves alone what a dead writer
left open (recovery decides that first), says which files it could not read, and goes on with the others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.manifests import Leaf, Leaves, Span
from storage.members import DAMAGED, Unreadable, Walk
from storage.warcfile import OPEN_SUFFIX, settled_size

SUFFIX = ".warc.gz"
MOST_LEAVES = 200_000  # in one manifest: an audit path is computed from all its leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file of records by its final name; `path` is where it lay when the folder was read."""

    name: str
    path: Path
    size: int

    @property
    def is_finished(self) -> bool:
        return self.path.name == self.name


class Sweep:
    """One look for unsealed records, in as many portions of `most` leaves as it takes.

    `troubles` says by file name, in words, what could not be listed as whole records.
    """

    def __init__(self, folder: Path, most: int = MOST_LEAVES) -> None:
        self.folder = folder
        self.most = most
        self.troubles: dict[str, str] = {}

    def into(self, leaves: Leaves, ends: Mapping[str, int]) -> tuple[Span, ...]:
        """Add the leaves of the next portion; returns the bytes they cover, nothing when all is covered."""
        spans = []
        for found, start in self.uncovered(ends):
            if leaves.root.count < self.most:
                end = self._list(found, start, leaves)
                spans += [Span(file=found.name, start=start, end=end)] if end > start else []
        return tuple(spans)

    def uncovered(self, ends: Mapping[str, int]) -> Iterator[tuple[Found, int]]:
        """Files with bytes behind the last sealed one, and where those begin."""
        for found in self._files():
            start = ends.get(found.name, 0)
            if found.size < start:
                self.troubles[found.name] = f"{found.name}：只剩 {found.size} 字节，已封存到 {start}"
            elif found.size > start:
                yield found, start

    def _files(self) -> list[Found]:
        """Every file of records, by name; one that is there both finished and unfinished is not looked at."""
        found: dict[str, Found] = {}
        if not self.folder.exists():
            return []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name.removesuffix(OPEN_SUFFIX)
                if not name.endswith(SUFFIX) or not entry.is_file(follow_symlinks=False):
                    continue
                if name in found:
                    self.troubles[name] = f"{name}：完成的和未完成的两份都在，须由人查看"
                size = entry.stat(follow_symlinks=False).st_size
                found[name] = Found(name=name, path=Path(entry.path), size=size)
        return [found[name] for name in sorted(found.keys() - self.troubles.keys())]

    def _list(self, found: Found, start: int, leaves: Leaves) -> int:
        """Add the file's leaves; returns where the last of them ends."""
        try:
            fd = _opened(found)
        except OSError as wrong:
            self.troubles[found.name] = f"{found.name}：不能打开（{wrong.strerror}）"
            return start
        try:
            end = found.size if found.is_finished else settled_size(fd)
            end = self._walk(found, Walk(fd, start, end, is_finished=found.is_finished), leaves)
            os.fsync(fd)
        except BlockingIOError:
            return start  # sealed next time
        finally:
            os.close(fd)
        return end

    def _walk(self, found: Found, walk: Walk, leaves: Leaves) -> int:
        try:
            for member in walk.members():
                if member.type == DAMAGED:
                    self.troubles[found.name] = (
                        f"{found.name}：偏移 {member.offset} 起 {member.length} 字节不是完整的记录，按损坏封存"
                    )
                leaves.add(
                    Leaf(
                        file=found.name,
                        id=member.id,
                        type=member.type,
                        offset=member.offset,
                        length=member.length,
                        sha256=member.sha256,
                        sm3=member.sm3,
                    )
                )
                if leaves.root.count >= self.most:
                    break
        except Unreadable as wrong:
            self.troubles[found.name] = f"{found.name}：偏移 {walk.at} 起读不出来（{wrong}）"
        return walk.at


def _opened(found: Found) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(found.path, flags)
    except FileNotFoundError:
        # Its writer finished it since the folder was read.
        return os.open(found.path.with_name(found.name), flags)
