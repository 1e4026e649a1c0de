"""Goes through an archive's folder for records behind the last sealed byte of each file.

What it hands out is on the disk: each file is fsynced before its records count. It leaves alone what a dead writer
left open (recovery decides that first), says which files it could not read, and goes on with the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storage.sealing.manifests import Leaf, Leaves, Span
from storage.sealing.members import DAMAGED, Member, Unreadable, Walk
from storage.warc import date
from storage.warcfile import OPEN_SUFFIX, settled_size

SUFFIX = ".warc.gz"
SLACK = timedelta(minutes=1)  # between a caller's asking the time and the look; the verifier allows more
_NEXT_DAY = timedelta(days=1)
MOST_LEAVES = 200_000  # in one manifest: an audit path is computed from all its leaves

# How far each of these files is covered; one that is not has no entry.
Ends = Callable[[Iterable[str]], Mapping[str, int]]


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

    A record that is dated after `until` stays for the next look, with what lies behind it: a manifest must not
    be older than what it lists. `troubles` says in words what could not be listed as whole records, and in which file.
    """

    def __init__(self, folder: Path, until: datetime, most: int = MOST_LEAVES) -> None:
        self.folder = folder
        self.most = most
        self._until, self._never = date(until + SLACK), date(until + _NEXT_DAY)
        self._said: dict[str, None] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        return tuple(self._said)

    def into(self, leaves: Leaves, ends: Ends) -> tuple[Span, ...]:
        """Add the leaves of the next portion; returns the bytes they cover, nothing when all is covered."""
        spans = []
        for found, start in self.uncovered(ends):
            if leaves.root.count < self.most:
                end = self._list(found, start, leaves)
                spans += [Span(file=found.name, start=start, end=end)] if end > start else []
        return tuple(spans)

    def uncovered(self, ends: Ends) -> Iterator[tuple[Found, int]]:
        """Files with bytes behind the last sealed one, and where those begin."""
        files = self._files()
        covered = ends([found.name for found in files])
        for found in files:
            start = covered.get(found.name, 0)
            if found.size < start:
                self._say(found, f"只剩 {found.size} 字节，已封存到 {start}")
            elif found.size > start:
                yield found, start

    def _files(self) -> list[Found]:
        """Every file of records, by name; one that is there both finished and unfinished is not looked at."""
        found: dict[str, Found] = {}
        twice: set[str] = set()
        for entry in self._entries():
            name = entry.name.removesuffix(OPEN_SUFFIX)
            one = Found(name=name, path=Path(entry.path), size=entry.stat(follow_symlinks=False).st_size)
            if name in found:
                twice.add(name)
                self._say(one, "完成的和未完成的两份都在，须由人查看")
            found[name] = one
        return [found[name] for name in sorted(found.keys() - twice)]

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        if self.folder.exists():
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    is_ours = entry.name.removesuffix(OPEN_SUFFIX).endswith(SUFFIX)
                    if is_ours and entry.is_file(follow_symlinks=False):
                        yield entry

    def _list(self, found: Found, start: int, leaves: Leaves) -> int:
        """Add the file's leaves; returns where the last of them ends."""
        try:
            fd = _opened(found)
        except OSError as wrong:
            self._say(found, f"不能打开（{wrong.strerror}）")
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
        end = walk.at
        try:
            for member in walk.members():
                if self._is_too_late(found, member) or leaves.root.count >= self.most:
                    break
                if member.type == DAMAGED:
                    self._say(found, f"偏移 {member.offset} 起 {member.length} 字节不是完整的记录，按损坏封存")
                leaves.add(_leaf(found, member))
                end = member.end
        except Unreadable as wrong:
            self._say(found, f"偏移 {end} 起读不出来（{wrong}）")
        return end

    def _is_too_late(self, found: Found, member: Member) -> bool:
        # A writer may add records while this looks on; dates of another day are no such thing.
        if member.date > self._never:
            self._say(found, f"偏移 {member.offset} 的记录写的时间 {member.date} 还没有到，未封存")
        return member.date > self._until

    def _say(self, found: Found, what: str) -> None:
        self._said[f"{found.name}：{what}"] = None


def _leaf(found: Found, member: Member) -> Leaf:
    return Leaf(
        file=found.name,
        id=member.id,
        type=member.type,
        offset=member.offset,
        length=member.length,
        sha256=member.sha256,
        sm3=member.sm3,
    )


def _opened(found: Found) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(found.path, flags)
    except FileNotFoundError:
        # Its writer finished it since the folder was read.
        return os.open(found.path.with_name(found.name), flags)
