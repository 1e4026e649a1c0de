"""Retention: what is old and needed by nothing is removed from its file, and its digests stay in the chain.

Only finished files that are sealed to their last byte are touched. A file that cannot be read, or is not what was
sealed, is said and left as it is. What a crash leaves half done, `storage.keeping.expiring` finishes or takes back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Retention
from storage.db import writing
from storage.keeping.expiring import new_name, settle
from storage.keeping.needs import Needs
from storage.keeping.orders import Ordered, begin
from storage.keeping.pruning import PART_SUFFIX, Plan, plan, write_pruned
from storage.sealing.chain import Chain, Draft
from storage.sealing.covered import Coverage, compare_file, coverages, members
from storage.sealing.manifests import Kind, Leaf, Leaves, Span
from storage.shelf import Shelf
from storage.shelving import fetch, shelved
from storage.tables.keeping import LookRow
from storage.warcfile import OPEN_SUFFIX

SPARE = 64 << 20  # bytes that stay free beside what is written
MOST_BYTES = 1 << 30  # of new files under one manifest
MOST_LEAVES = 200_000

Tell = Callable[[str], None]
Watch = Callable[[int], AbstractContextManager[Tell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who has it done, when, and whether it is only to be told what would be done."""

    by: str
    now: datetime
    is_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What was removed, or would be: `captures` are the records that had a row, `manifests` say what they were.

    `troubles` are files that were left as they are, and why.
    """

    files: int
    records: int
    captures: int
    bytes: int
    manifests: tuple[int, ...]
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pruned:
    """One file of the next expiry manifest; `new` is empty when nothing is left of it."""

    coverage: Coverage
    plan: Plan
    new: str


class Keeper:
    """Removes from the archive that `chain` seals what `retention` no longer allows; `shelf` may hold its files."""

    def __init__(self, chain: Chain, retention: Retention, shelf: Shelf | None = None) -> None:
        self._chain = chain
        self._folder = chain.folder
        self._engine = chain.engine
        self._retention = retention
        self._shelf = shelf

    def candidates(self, now: datetime) -> tuple[Coverage, ...]:
        """Covered files in which something may be due, by name; most are passed over without being opened."""
        needs = Needs(self._retention, now)
        with self._engine.connect() as connection:
            due = needs.due_files(connection)
            rows = connection.execute(select(LookRow.file, LookRow.oldest)).all()
        quiet = {file for file, oldest in rows if oldest is None or oldest >= needs.cutoff}
        return tuple(one for one in coverages(self._engine) if one.file in due or one.file not in quiet)

    def expire(self, order: Order, watch: Watch) -> Expired:
        """Remove what is due; `watch` is told how many files that may be, and then each one's name when it is done.

        Whatever ends it in the middle leaves each file as it was, or as its manifest says.
        """
        done: list[_Pruned] = []
        numbers: list[int] = []
        troubles: list[str] = []
        with self._chain.locked(order.now):
            candidates = self.candidates(order.now)
            try:
                with watch(len(candidates)) as tell:
                    for batch in self._batches(candidates, order, troubles, tell):
                        done += batch
                        numbers += [] if order.is_trial else [self._seal(batch, order)]
            finally:
                settle(self._folder, self._engine)
        return Expired(
            files=len(done),
            records=sum(one.plan.gone for one in done),
            captures=sum(one.plan.captures for one in done),
            bytes=sum(one.coverage.size - one.plan.kept for one in done),
            manifests=tuple(numbers),
            troubles=tuple(troubles),
        )

    # -- files -------------------------------------------------------------------------------------

    def _batches(
        self, candidates: Sequence[Coverage], order: Order, troubles: list[str], tell: Tell
    ) -> Iterator[list[_Pruned]]:
        """The files of each manifest; they are rewritten beside the old ones when they come out."""
        batch: list[_Pruned] = []
        needs = Needs(self._retention, order.now)
        for coverage in candidates:
            try:
                batch += self._pruned(coverage, needs, is_trial=order.is_trial)
            except EvidenceBroken as broken:
                troubles.append(str(broken))
            tell(coverage.file)
            if _is_full(batch):
                yield batch
                batch = []
        if batch:
            yield batch

    def _pruned(self, coverage: Coverage, needs: Needs, *, is_trial: bool) -> list[_Pruned]:
        """The file as one of a manifest's, none when there is nothing to remove from it now."""
        with self._local(coverage) as path:
            if path is None:
                return []
            with self._engine.connect() as connection:
                needed = needs.in_file(connection, coverage.file)
            planned = plan(path, members(self._folder, coverage), needed, needs.cutoff)
            new = new_name(coverage.file, self._chain.newest().number + 1) if planned.kept else ""
            if planned.gone and not is_trial:
                self._write(path, coverage, planned, new)
        if planned.gone:
            return [_Pruned(coverage=coverage, plan=planned, new=new)]
        if not is_trial:
            with writing(self._engine).begin() as connection:
                _look(connection, coverage.file, planned.oldest)
        return []

    @contextmanager
    def _local(self, coverage: Coverage) -> Iterator[Path | None]:
        """The whole file on this disk, `None` while it is not finished or not sealed to its end."""
        path = self._folder / coverage.file
        if path.exists():
            size = path.stat().st_size
            if size < coverage.size:
                raise EvidenceBroken(f"{coverage.file} has {size} bytes, and was sealed up to {coverage.size}")
            yield path if size == coverage.size else None
        elif path.with_name(path.name + OPEN_SUFFIX).exists():
            yield None
        else:
            temp = path.with_name(path.name + PART_SUFFIX)
            try:
                self._must_fit(coverage.size)
                fetch(self._shelf, shelved(self._engine, coverage.file), temp)
                yield temp
            finally:
                temp.unlink(missing_ok=True)

    def _write(self, path: Path, coverage: Coverage, planned: Plan, new: str) -> None:
        sealed = members(self._folder, coverage)
        if new:
            self._must_fit(planned.kept)
            write_pruned(path, sealed, planned.stays, self._folder / new)
        else:
            # What is removed whole must be what was sealed, too: damage is not to be hidden by time.
            compare_file(path, sealed).sha256()

    def _must_fit(self, size: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < size + SPARE:
            raise UserMistake(f"空间不够：要 {size + SPARE} 字节，{self._folder} 只剩 {free} 字节；没有删除任何东西")

    # -- the chain ---------------------------------------------------------------------------------

    def _seal(self, batch: Sequence[_Pruned], order: Order) -> int:
        """Write the manifest that says what was removed; rows change with it, old files go after it.

        `NeededMeanwhile` when somebody has come to need any of it: nothing is removed.
        """
        whose = Ordered(by=order.by, at=order.now, retention=self._retention)
        with writing(self._engine).begin() as connection:
            begin(connection, self._chain.newest().number + 1, whose, [one.coverage.file for one in batch])
        with self._chain.leaves() as leaves:
            for one in batch:
                self._list(one, leaves)
            spans = tuple(_span(one) for one in batch)
            draft = Draft(kind=Kind.EXPIRY, files=spans)
            head = self._chain.lengthen(draft, leaves, order.now, lambda connection: _end(connection, batch))
        settle(self._folder, self._engine)
        return head.number

    def _list(self, pruned: _Pruned, leaves: Leaves) -> None:
        to = 0
        for member, stays in zip(members(self._folder, pruned.coverage), pruned.plan.stays, strict=True):
            leaves.add(
                Leaf(
                    file=pruned.coverage.file,
                    id=member.id,
                    type=member.type,
                    offset=member.offset,
                    length=member.length,
                    sha256=member.sha256,
                    sm3=member.sm3,
                    to=to if stays else -1,
                )
            )
            to += member.length if stays else 0


def _is_full(batch: Sequence[_Pruned]) -> bool:
    leaves = sum(len(one.plan.stays) for one in batch)
    return leaves >= MOST_LEAVES or sum(one.plan.kept for one in batch) >= MOST_BYTES


def _span(pruned: _Pruned) -> Span:
    coverage = pruned.coverage
    return Span(file=coverage.file, start=0, end=coverage.size, new=pruned.new, new_size=pruned.plan.kept)


def _end(connection: Connection, batch: Sequence[_Pruned]) -> None:
    for one in batch:
        if one.new:
            _look(connection, one.new, one.plan.oldest)


def _look(connection: Connection, file: str, oldest: datetime | None) -> None:
    new = insert(LookRow).values(file=file, oldest=oldest)
    connection.execute(new.on_conflict_do_update(index_elements=[LookRow.file], set_={"oldest": oldest}))
