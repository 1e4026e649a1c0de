"""What manifests say lies in a file of the archive: every member in its order, and whether its bytes are still those.

It takes the rows' word for which manifest covers what, and no manifest's word for the bytes: those are read.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from crawler.errors import EvidenceBroken
from storage.sealing.manifests import Kind, Leaf, head_of, leaves_of
from storage.sealing.members import Member
from storage.tables.sealing import ExtentRow, SealRow

STEP = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far manifests cover a file: up to `size`, by those of these numbers, in order of their extents."""

    file: str
    size: int
    manifests: tuple[int, ...]


def coverages(engine: Engine) -> tuple[Coverage, ...]:
    """Every file that some manifest covers, by name."""
    with engine.connect() as connection:
        return _coverages(connection)


def coverage_of(engine: Engine, file: str) -> Coverage:
    """The same for one file; its size is 0 when no manifest covers any of it."""
    with engine.connect() as connection:
        found = _coverages(connection, file)
    return found[0] if found else Coverage(file=file, size=0, manifests=())


def newest_number(engine: Engine) -> int:
    """The number of the newest manifest that has its row, 0 before the first."""
    with engine.connect() as connection:
        return connection.execute(select(func.max(SealRow.number))).scalar_one() or 0


def _coverages(connection: Connection, file: str = "") -> tuple[Coverage, ...]:
    query = select(ExtentRow.file, ExtentRow.to, ExtentRow.number).order_by(ExtentRow.file, ExtentRow.from_)
    found: dict[str, Coverage] = {}
    for row in connection.execute(query.where(ExtentRow.file == file) if file else query):
        before = found[row.file].manifests if row.file in found else ()
        found[row.file] = Coverage(file=row.file, size=row.to, manifests=(*before, row.number))
    return tuple(found.values())


def members(folder: Path, coverage: Coverage) -> Iterator[Member]:
    """The file's members from its beginning to the end of what is covered; `EvidenceBroken` where they leave a gap.

    `folder` is the archive's.
    """
    at = 0
    for number in coverage.manifests:
        for member in _members(folder, number, coverage.file):
            if member.offset != at:
                raise EvidenceBroken(f"manifest {number}: {coverage.file} has nothing that begins at {at}")
            at = member.end
            yield member
    if at != coverage.size:
        raise EvidenceBroken(f"the manifests cover {coverage.file} up to {at}, not {coverage.size}")


def responses_before(folder: Path, engine: Engine, file: str, offset: int, most: int) -> tuple[Member, ...]:
    """The last sealed responses of a file before this offset, in their order. Reads no manifest behind it."""
    query = select(ExtentRow.number).where(ExtentRow.file == file, ExtentRow.from_ <= offset)
    with engine.connect() as connection:
        numbers = connection.execute(query.order_by(ExtentRow.from_.desc())).scalars().all()
    near: deque[Member] = deque()
    for number in numbers:
        before = takewhile(lambda one: one.offset < offset, _members(folder, number, file))
        last = deque((one for one in before if one.type == "response"), maxlen=most - len(near))
        near.extendleft(reversed(last))
        if len(near) == most:
            break
    return tuple(near)


def _members(folder: Path, number: int, file: str) -> Iterator[Member]:
    """Those of one manifest that lie in the file: under an expiry manifest, where they were moved to."""
    head = head_of(folder, number)
    if head.kind is Kind.RECORDS:
        yield from (_member(leaf, leaf.offset) for leaf in leaves_of(folder, number, file))
        return
    former = next((span.file for span in head.files if span.new == file), "")
    for leaf in leaves_of(folder, number, former) if former else ():
        if leaf.to is not None and leaf.to >= 0:
            yield _member(leaf, leaf.to)


def _member(leaf: Leaf, offset: int) -> Member:
    return Member(
        id=leaf.id,
        type=leaf.type,
        offset=offset,
        length=leaf.length,
        sha256=leaf.sha256,
        sm3=leaf.sm3,
    )


# -- bytes -----------------------------------------------------------------------------------------


class Compared:
    """Compares a stream of a file's bytes with its members, piece by piece, and digests the whole."""

    def __init__(self, name: str, expected: Iterable[Member]) -> None:
        self._name = name
        self._expected = iter(expected)
        self._member: Member | None = None
        self._left = 0
        self._digest = hashlib.sha256()
        self._whole = hashlib.sha256()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """The next bytes; `EvidenceBroken` as soon as they are not the ones that were sealed."""
        self._whole.update(piece)
        self.size += len(piece)
        view = memoryview(piece)
        while view:
            if not self._left:
                self._begin()
            part = view[: self._left]
            self._digest.update(part)
            self._left -= len(part)
            view = view[len(part) :]
            if not self._left:
                self._end()

    def sha256(self) -> str:
        """The digest of the whole file, once all of it was there."""
        if self._left or next(self._expected, None) is not None:
            raise EvidenceBroken(f"{self._name} ends at {self.size}, before what was sealed does")
        return self._whole.hexdigest()

    def _begin(self) -> None:
        self._member = next(self._expected, None)
        if self._member is None:
            raise EvidenceBroken(f"{self._name} goes on where nothing was sealed")
        self._left = self._member.length
        self._digest = hashlib.sha256()

    def _end(self) -> None:
        if self._member and self._digest.hexdigest() != self._member.sha256:
            where = f"{self._name} at {self._member.offset}"
            raise EvidenceBroken(f"{where}: record {self._member.id} is not the one that was sealed")


def compare_file(path: Path, expected: Iterable[Member]) -> Compared:
    """Read a file whole and compare it; the caller asks the result for size and digest."""
    compared = Compared(path.name, expected)
    try:
        with path.open("rb") as file:
            while piece := file.read(STEP):
                compared.add(piece)
    except OSError as wrong:
        raise EvidenceBroken(f"{path.name} cannot be read ({wrong.strerror})") from None
    return compared
