"""Reads the archive again, a slice a night, longest unread first, so that what rots is noticed while a copy exists.

It holds each sealed stretch of a file against its manifest with the verifier's own means, notes when that was, and
goes on where a run before it stopped. It repairs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, insert, select

from storage.audit import Act, add_on
from storage.db import writing
from storage.tables.fixity import FixityRow
from storage.tables.sealing import ExtentRow, SealRow
from storage.verifier.chain import Chain, Covered
from storage.verifier.files import Files
from storage.verifier.format import EXPIRY, TOKEN_LIMIT, Head
from storage.verifier.leaves import head_name, token_name
from storage.verifier.report import Broken, Findings
from storage.verifier.source import OPEN_SUFFIX, Source, read_bounded

WHO = "lantian"
NEVER = datetime.min.replace(tzinfo=UTC)
_LOOKED = (FixityRow.checked_at, FixityRow.broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one manifest covers of one file; or the manifest alone, when nothing of what it covered is left."""

    file: str
    start: int
    end: int
    number: int
    checked_at: datetime | None = None
    was_broken: bool = False

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What one night read, and how far the cycle is: of `all_files` and `all_bytes`, `unread_bytes` never yet.

    `oldest_checked` is the moment of what was read longest ago, `None` before anything was.
    """

    files: int
    bytes: int
    nights: int
    all_files: int
    all_bytes: int
    unread_bytes: int
    oldest_checked: datetime | None
    broken: tuple[Broken, ...]


def audit_slice(source: Source, engine: Engine, nights: int, now: datetime) -> Audited:
    """Read what is due tonight if all is to be read once in so many nights: a share of the bytes, at least one stretch.

    What was found broken before is read first, and beside the share, until it is whole again.
    """
    stretches = _stretches(engine)
    share = -(-sum(one.size for one in stretches) // nights)
    chosen = [
        *_up_to(share, (one for one in stretches if one.was_broken)),
        *_up_to(share, (one for one in stretches if not one.was_broken)),
    ]
    reader, broken = _Reader(source, engine), list[Broken]()
    after = {(one.file, one.start): one for one in stretches}
    for stretch in chosen:
        found = reader.read(stretch)
        if _note(engine, stretch, found, now):
            broken.extend(one for one in found if one not in broken)
            after[stretch.file, stretch.start] = replace(stretch, checked_at=now)
        else:
            del after[stretch.file, stretch.start]
    done = _audited(chosen, list(after.values()), nights, broken)
    _finish(engine, done, now)
    return done


def _audited(chosen: list[Stretch], after: list[Stretch], nights: int, broken: list[Broken]) -> Audited:
    return Audited(
        files=len({one.file for one in chosen}),
        bytes=sum(one.size for one in chosen),
        nights=nights,
        all_files=len({one.file for one in after}),
        all_bytes=sum(one.size for one in after),
        unread_bytes=sum(one.size for one in after if one.checked_at is None),
        oldest_checked=min((one.checked_at for one in after if one.checked_at), default=None),
        broken=tuple(broken),
    )


def _up_to(share: int, stretches: Iterable[Stretch]) -> list[Stretch]:
    """The first of them, until their bytes are the share."""
    chosen: list[Stretch] = []
    left = share
    for one in stretches:
        if chosen and left <= 0:
            break
        chosen.append(one)
        left -= one.size
    return chosen


# -- reading ---------------------------------------------------------------------------------------


class _Reader:
    """Holds stretches against their manifests; the manifest of the last one is kept."""

    def __init__(self, source: Source, engine: Engine) -> None:
        self._source = source
        self._engine = engine
        self._number = 0
        self._covered: dict[str, Covered] = {}
        self._findings = Findings()

    def read(self, stretch: Stretch) -> list[Broken]:
        """What is broken of the stretch, or of its manifest."""
        if stretch.number != self._number:
            self._take_up(stretch.number)
        if self._findings.listed or stretch.file == head_name(stretch.number):
            return self._findings.listed[:1]
        covered = self._covered.get(stretch.file)
        if covered is None or covered.end != stretch.end:
            detail = f"数据库说它由第 {stretch.number} 号清单覆盖到 {stretch.end}，清单没有这样说"
            return [Broken(kind="rows", part=stretch.file, offset=stretch.start, detail=detail)]
        return self._bytes(covered)

    def _bytes(self, covered: Covered) -> list[Broken]:
        findings = Findings()
        chain = Chain(self._source, findings)
        chain.files = {covered.file: covered}
        present = [name for name in (covered.file, covered.file + OPEN_SUFFIX) if self._source.is_plain(name)]
        files = Files(self._source, dict.fromkeys([covered.file], present[0]) if present else {}, findings, _nobody)
        files.check_sealed(chain)
        return findings.listed

    def _take_up(self, number: int) -> None:
        """Read the manifest, its leaves and its token, and what it covers."""
        self._number, self._findings, self._covered = number, Findings(), {}
        chain = Chain(self._source, self._findings)
        if head := chain.read_head(number):
            # Of this manifest alone: what came before is where it says it begins.
            is_expiry = head.kind == EXPIRY
            for one in head.files:
                chain.files.setdefault(one.file, Covered(one.file, one.end if is_expiry else one.start))
            chain.cover(head)
            self._covered = chain.files
            self._compare(head)

    def _compare(self, head: Head) -> None:
        """Head and token are those that were entered in the database."""
        query = select(SealRow.sha256, SealRow.token_sha256).where(SealRow.number == head.number)
        with self._engine.begin() as connection:
            sha256, token = connection.execute(query).one()
        if head.sha256 != sha256:
            self._findings.add(Broken(kind="fork", part=head_name(head.number), detail=f"登记的是 {sha256}"))
        if token and self._token(head.number) != token:
            kind = "token_mismatch" if self._token(head.number) else "token_missing"
            self._findings.add(Broken(kind=kind, part=token_name(head.number), detail=f"登记的是 {token}"))

    def _token(self, number: int) -> str:
        try:
            return hashlib.sha256(read_bounded(self._source, token_name(number), TOKEN_LIMIT)).hexdigest()
        except (OSError, ValueError):
            return ""


def _nobody(file: str, members: object) -> None:
    """Nobody else wants to know of the records."""


# -- rows ------------------------------------------------------------------------------------------


def _stretches(engine: Engine) -> list[Stretch]:
    """All there is to read, in the order in which it is due."""
    of_file = (FixityRow.file == ExtentRow.file) & (FixityRow.from_ == ExtentRow.from_)
    extents = select(ExtentRow.file, ExtentRow.from_, ExtentRow.to, ExtentRow.number, *_LOOKED)
    with engine.begin() as connection:
        rows = connection.execute(extents.outerjoin(FixityRow, of_file)).all()
        looked = {file: (at, broken) for file, at, broken in connection.execute(select(FixityRow.file, *_LOOKED))}
        bare = connection.execute(select(SealRow.number).where(SealRow.number.not_in(select(ExtentRow.number))))
        alone = [
            (head_name(number), 0, 0, number, *looked.get(head_name(number), (None, ""))) for number in bare.scalars()
        ]
    return sorted((_stretch(*row) for row in (*rows, *alone)), key=_due)


def _stretch(file: str, start: int, end: int, number: int, *looked: Any) -> Stretch:
    at, broken = looked
    return Stretch(file=file, start=start, end=end, number=number, checked_at=at, was_broken=bool(broken))


def _due(one: Stretch) -> tuple[datetime, int, str, int]:
    """Never read comes first, then what was read longest ago; what one manifest covers stays together."""
    return one.checked_at or NEVER, one.number, one.file, one.start


def _note(engine: Engine, stretch: Stretch, found: list[Broken], now: datetime) -> bool:
    """Write down that the stretch was read. Whether `found` stands: an expiry may have taken the file away."""
    row = (FixityRow.file == stretch.file) & (FixityRow.from_ == stretch.start)
    with writing(engine).begin() as connection:
        if not _is_there(connection, stretch):
            return False
        connection.execute(delete(FixityRow).where(row))
        told = str(found[0]) if found else ""
        values = {"file": stretch.file, "from_": stretch.start, "checked_at": now, "broken": told}
        connection.execute(insert(FixityRow).values(values))
    return True


def _is_there(connection: Connection, stretch: Stretch) -> bool:
    if stretch.file == head_name(stretch.number):
        return True
    same = (ExtentRow.file == stretch.file, ExtentRow.from_ == stretch.start, ExtentRow.number == stretch.number)
    return connection.execute(select(ExtentRow.to).where(*same)).one_or_none() is not None


def _finish(engine: Engine, done: Audited, now: datetime) -> None:
    """Forget what is no longer there, and tell the audit log."""
    extent = exists().where(ExtentRow.file == FixityRow.file, ExtentRow.from_ == FixityRow.from_)
    gone = delete(FixityRow).where(~extent, FixityRow.file.not_like("manifests/%"))
    detail = {"files": done.files, "bytes": done.bytes, "broken": len(done.broken)}
    with writing(engine).begin() as connection:
        connection.execute(gone)
        add_on(connection, Act(who=WHO, act="audit", subject="", at=now, detail=detail))
