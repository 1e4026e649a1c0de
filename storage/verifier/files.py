"""The files of records held against the leaves that manifests have of them, byte for byte, in several threads.

Each thread reads a run of records of its own, so memory stays bounded however large a file is. Where a file
does not agree, `verify_diagnosis` says what happened to it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from storage.verifier.chain import Chain
from storage.verifier.diagnosis import diagnose
from storage.verifier.format import DAMAGED, TOLERANCE, Leaf, moment_text
from storage.verifier.report import Broken, Findings
from storage.verifier.source import OPEN_SUFFIX, Source
from storage.verifier.warc import Gap, Member, digests_at, read_at, walk

RUN_BYTES = 8 << 20
RUN_LEAVES = 2048
TAIL = 512
THREADS = max(2, os.cpu_count() or 1)

Tell = Callable[[str, Iterable[Member]], None]


class Placed(NamedTuple):
    """A leaf, and the last moment that its record may be dated."""

    leaf: Leaf
    until: str


@dataclass(slots=True)
class Looked:
    """What reading a run of records showed. `differs` says that bytes are not those of their leaves."""

    file: str
    members: list[Member] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    damaged: int = 0
    differs: bool = False


class Files:
    """Reads the files of one archive; `names` leads from a file's final name to the one it lies under now.

    `tell` gets every record that was read, by file. With `is_quick`, a record whose bytes are those that a manifest
    covers is not unpacked.
    """

    def __init__(
        self, source: Source, names: Mapping[str, str], findings: Findings, tell: Tell, *, is_quick: bool = False
    ) -> None:
        self.checked = 0
        self.damaged = 0
        self.unsealed = 0
        self.unsealed_finished: list[str] = []
        self._source, self._names, self._findings, self._tell = source, names, findings, tell
        self._differing: set[str] = set()
        self._is_quick = is_quick

    def check(self, chain: Chain) -> None:
        """All files: what manifests cover first, then what none does yet."""
        self.check_sealed(chain)
        for file, name in sorted(self._names.items()):
            if file not in self._differing:
                self._tail(file, name, chain.files[file].end if file in chain.files else 0)

    def check_sealed(self, chain: Chain) -> None:
        """What manifests cover."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="verify") as pool:
            for looked in _ahead(self._submitted(pool, chain)):
                self._take(looked)
        for file in sorted(self._differing):
            leaves = [leaf for leaf, _ in chain.leaves_of(chain.files[file])]
            self._findings.extend(diagnose(self._source, self._names[file], leaves))

    def _submitted(self, pool: ThreadPoolExecutor, chain: Chain) -> Iterator[Future[Looked]]:
        for file, covered in sorted(chain.files.items()):
            if file in self._names:
                for run in _runs(chain.leaves_of(covered)):
                    yield pool.submit(_look, self._source, self._names[file], run, is_quick=self._is_quick)
            else:
                self._findings.add(Broken(kind="missing_file", part=file, detail=f"清单覆盖其 {covered.end} 字节"))

    def _take(self, looked: Looked) -> None:
        self.checked += len(looked.members)
        self.damaged += looked.damaged
        self._findings.extend(looked.broken)
        self._tell(looked.file, looked.members)
        if looked.differs:
            self._differing.add(looked.file)

    # -- what no manifest covers ---------------------------------------------------------------

    def _tail(self, file: str, name: str, start: int) -> None:
        try:
            size = self._source.size(name)
            is_open = name.endswith(OPEN_SUFFIX)
            if start < size and not is_open:
                self.unsealed_finished.append(file)
            members: list[Member] = []
            for found in walk(self._source, name, start, size):
                if isinstance(found, Gap):
                    self._gap(file, found, is_open=is_open)
                    continue
                members.append(found)
                self._unsealed(file, found)
                if len(members) == TAIL:
                    self._tell(file, members)
                    members = []
            self._tell(file, members)
        except OSError as wrong:
            self._findings.add(_unreadable(file, wrong))

    def _unsealed(self, file: str, member: Member) -> None:
        self.checked += 1
        self.unsealed += 1
        if member.fault:
            self._findings.add(_fault(file, member))

    def _gap(self, file: str, gap: Gap, *, is_open: bool) -> None:
        # Whoever writes a file may be in the middle of its last record, or have died there.
        if gap.is_last and is_open:
            return
        kind = "cut_file" if gap.is_torn else "damaged_record"
        self._findings.add(Broken(kind=kind, part=file, offset=gap.offset, detail=f"{gap.length} 字节：{gap.detail}"))


# -- runs of records, each in a thread -------------------------------------------------------------


def _runs(leaves: Iterable[tuple[Leaf, datetime]]) -> Iterator[list[Placed]]:
    """Leaves that follow on each other, a few megabytes together."""
    run: list[Placed] = []
    held, until, sealed = 0, "", datetime.min.replace(tzinfo=UTC)
    for leaf, sealed_at in leaves:
        if sealed_at != sealed:
            sealed, until = sealed_at, moment_text(sealed_at + TOLERANCE)
        if run and (held + leaf.length > RUN_BYTES or len(run) == RUN_LEAVES or run[-1].leaf.end != leaf.offset):
            yield run
            run, held = [], 0
        run.append(Placed(leaf, until))
        held += leaf.length
    if run:
        yield run


def _ahead(submitted: Iterator[Future[Looked]]) -> Iterator[Looked]:
    """Results in order. A few runs are ahead of the threads and no more: what waits is held in memory."""
    waiting: deque[Future[Looked]] = deque()
    for future in submitted:
        waiting.append(future)
        if len(waiting) > 2 * THREADS:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _look(source: Source, name: str, run: list[Placed], *, is_quick: bool) -> Looked:
    looked = Looked(run[0].leaf.file)
    try:
        with source.open(name, run[0].leaf.offset) as file:
            for placed in run:
                if is_quick or placed.leaf.type == DAMAGED:
                    _compare(file, placed.leaf, looked)
                else:
                    _look_at(file, placed, looked)
    except OSError as wrong:
        looked.broken.append(_unreadable(looked.file, wrong))
    return looked


def _compare(file: BinaryIO, leaf: Leaf, looked: Looked) -> None:
    """Bytes as bytes: those of a damaged place, or of any when it has to be quick."""
    if digests_at(file, leaf.length) != (leaf.sha256, leaf.sm3):
        looked.differs = True
    elif leaf.type == DAMAGED:
        looked.damaged += 1
    else:
        looked.members.append(Member(leaf.offset, leaf.length, leaf.sha256, leaf.sm3, leaf.id, leaf.type))


def _look_at(file: BinaryIO, placed: Placed, looked: Looked) -> None:
    leaf = placed.leaf
    member = read_at(file, leaf.offset, leaf.length)
    if (member.sha256, member.sm3) != (leaf.sha256, leaf.sm3):
        looked.differs = True
        return
    looked.members.append(member)
    if (member.id, member.type) != (leaf.id, leaf.type) and member.fault is None:
        detail = f"记录是 {member.type} {member.id}，清单写的是 {leaf.type} {leaf.id}"
        looked.broken.append(
            Broken(kind="record_id", part=leaf.file, record=leaf.id, offset=leaf.offset, detail=detail)
        )
    if member.date > placed.until and member.fault is None:
        detail = f"记录的时间 {member.date} 晚于封存"
        looked.broken.append(Broken(kind="retimed", part=leaf.file, record=leaf.id, offset=leaf.offset, detail=detail))
    if member.fault:
        looked.broken.append(_fault(leaf.file, member))


def _fault(file: str, member: Member) -> Broken:
    kind, detail = member.fault or ("damaged_record", "")
    return Broken(kind=kind, part=file, record=member.id, offset=member.offset, detail=detail)


def _unreadable(file: str, wrong: OSError) -> Broken:
    kind = "missing_file" if isinstance(wrong, FileNotFoundError) else "damaged_record"
    return Broken(kind=kind, part=file, detail=f"读不出来：{wrong.strerror or wrong}")
