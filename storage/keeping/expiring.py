"""What an expiry manifest means for the rows and the files, whoever finds it: applied in its own transaction, and
finished or taken back after a crash by what the chain says.

It removes a file only when the chain has another in its place, and never one that the chain does not know about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from crawler.errors import EvidenceBroken
from storage.folders import sync_folder
from storage.keeping.needs import was_flagged
from storage.keeping.orders import note_done, refuse_needed
from storage.keeping.pruning import PART_SUFFIX
from storage.looks import forget_on
from storage.models import CaptureRow, EntityRow, ExhibitRow
from storage.sealing.manifests import Head, Kind, Leaf, head_of, head_path, leaves_of
from storage.searching import pagetexts, stale
from storage.tables.keeping import LookRow, ShelvedRow
from storage.tables.pictures import HAS_BYTES, PictureRow, PictureTextRow
from storage.tables.sealing import ExtentRow, SealRow
from storage.tables.showings import BrowserCaptureRow, ShowingRow

T = TypeVar("T")

_BATCH = 1000
_NEW = re.compile(r"(?P<stem>.+)-x(?P<number>[1-9]\d*)\.warc\.gz")


def new_name(file: str, number: int) -> str:
    """The name of what is left of a file, after the manifest of this number."""
    return f"{file.removesuffix('.warc.gz')}-x{number}.warc.gz"


# -- rows ------------------------------------------------------------------------------------------


def apply_expiry(connection: Connection, folder: Path, head: Head) -> None:
    """Move the rows of what stayed, mark those of what went, and forget what only an expired page had said.

    `folder` is the archive's. An exhibit with a finding keeps its row: what was found stays told. `NeededMeanwhile`
    when somebody has come to need what goes; this transaction holds the write lock, so nobody can until it ends.
    """
    refuse_needed(connection, folder, head)
    new = {span.file: span.new for span in head.files}
    visits = _visits(connection, new)
    _keep_seals(connection, sorted(new))
    move = update(CaptureRow).where(CaptureRow.id == bindparam("b_id"), CaptureRow.file == bindparam("b_old"))
    move = move.values(file=bindparam("b_new"), offset=bindparam("b_to"))
    end = update(CaptureRow).where(CaptureRow.id == bindparam("b_id"), CaptureRow.file == bindparam("b_old"))
    end = end.values(expired_in=head.number)
    carry = update(BrowserCaptureRow).where(BrowserCaptureRow.id == bindparam("b_id"))
    carry = carry.values(file=bindparam("b_new"), offset=bindparam("b_to"))
    records = 0
    for leaves in _batches(leaves_of(folder, head.number)):
        records += sum(not _stays(leaf) for leaf in leaves)
        told = [_told(leaf, new[leaf.file]) for leaf in leaves if leaf.id]
        _each(connection, move, [one for one in told if one["b_to"] >= 0])
        _each(connection, end, [{"b_id": one["b_id"], "b_old": one["b_old"]} for one in told if one["b_to"] < 0])
        starts = [(visits.get((leaf.file, leaf.offset)), leaf) for leaf in leaves if _stays(leaf)]
        carried = [{"b_id": id_, "b_new": new[leaf.file], "b_to": leaf.to} for id_, leaf in starts if id_]
        _each(connection, carry, carried)
    pagetexts.forget_pages_on(connection, sorted(new), head.number)
    _forget(connection, head.number, sorted(new))
    connection.execute(delete(LookRow).where(LookRow.file.in_(sorted(new))))
    replaced = update(ShelvedRow).where(ShelvedRow.file.in_(sorted(new)))
    connection.execute(replaced.values(is_replaced=True))
    gone = select(func.count()).where(CaptureRow.file.in_(sorted(new)), CaptureRow.expired_in == head.number)
    note_done(connection, head, records, connection.execute(gone).scalar_one())


def _stays(leaf: Leaf) -> bool:
    return leaf.to is not None and leaf.to >= 0


def _keep_seals(connection: Connection, files: list[str]) -> None:
    """A record that moves is still proved by the manifest that first listed it, and by that one's time stamp."""
    first = select(ExtentRow.number).where(ExtentRow.file == CaptureRow.file, ExtentRow.from_ <= CaptureRow.offset)
    first = first.order_by(ExtentRow.from_.desc()).limit(1)
    change = update(CaptureRow).where(CaptureRow.file.in_(files), CaptureRow.sealed_in.is_(None))
    connection.execute(change.values(sealed_in=first.scalar_subquery()))


def _told(leaf: Leaf, new: str) -> dict[str, Any]:
    return {"b_id": leaf.id, "b_old": leaf.file, "b_new": new, "b_to": -1 if leaf.to is None else leaf.to}


def _visits(connection: Connection, files: Iterable[str]) -> dict[tuple[str, int], str]:
    """The visits in these files, by where each begins."""
    query = select(BrowserCaptureRow.file, BrowserCaptureRow.offset, BrowserCaptureRow.id)
    rows = connection.execute(query.where(BrowserCaptureRow.file.in_(sorted(files))))
    return {(file, offset): id_ for file, offset, id_ in rows}


def _forget(connection: Connection, number: int, files: list[str]) -> None:
    """Remove the exhibits without findings whose page expired now, with all that was read of them."""
    gone = select(CaptureRow.id).where(CaptureRow.file.in_(files), CaptureRow.expired_in == number)
    query = select(ExhibitRow.id).where(ExhibitRow.capture_id.in_(gone), ~was_flagged())
    for exhibits in _batches(connection.execute(query).scalars().all()):
        mine = select(PictureRow.sha256).where(PictureRow.exhibit_id.in_(exhibits), PictureRow.sha256 != "").distinct()
        digests = connection.execute(mine).scalars().all()
        stale.forget_on(connection, exhibits)
        for row in (EntityRow, PictureRow, ShowingRow):
            connection.execute(delete(row).where(row.exhibit_id.in_(exhibits)))
        connection.execute(delete(ExhibitRow).where(ExhibitRow.id.in_(exhibits)))
        for some in _batches(digests):
            elsewhere = select(PictureRow.sha256).where(PictureRow.sha256.in_(some), HAS_BYTES).distinct()
            unused = sorted(set(some).difference(connection.execute(elsewhere).scalars()))
            connection.execute(delete(PictureTextRow).where(PictureTextRow.sha256.in_(unused)))
            forget_on(connection, unused)


def _batches(several: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(several)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _each(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


# -- files -----------------------------------------------------------------------------------------


def settle(folder: Path, engine: Engine) -> None:
    """Finish the newest expiry, take back one that never reached the chain; only while the chain is locked.

    Manifests that a crash left without a row must have been adopted before.
    """
    with engine.connect() as connection:
        newest = connection.execute(select(func.max(SealRow.number))).scalar_one() or 0
        expiry = connection.execute(select(func.max(SealRow.number)).where(SealRow.kind == Kind.EXPIRY)).scalar_one()
        unwanted = [*folder.glob(f"*.warc.gz{PART_SUFFIX}"), *_taken_back(connection, folder, newest)]
        unwanted += _replaced(connection, folder, expiry)
    found = [path for path in unwanted if path.exists()]
    for path in found:
        path.unlink()
    if found:
        sync_folder(folder)


def _replaced(connection: Connection, folder: Path, expiry: int | None) -> Iterator[Path]:
    """The old files of the newest expiry, if the new ones are there."""
    for span in head_of(folder, expiry).files if expiry else ():
        if not (folder / span.file).exists():
            continue
        shelved = select(ShelvedRow.file).where(ShelvedRow.file == span.new)
        if span.new and not (folder / span.new).exists() and connection.execute(shelved).first() is None:
            raise EvidenceBroken(f"{span.file} was to be replaced by {span.new}, which is missing")
        yield folder / span.file


def _taken_back(connection: Connection, folder: Path, newest: int) -> Iterator[Path]:
    """Files made for a manifest that was never written, whose old files the chain still knows."""
    for path in folder.glob("*-x*.warc.gz"):
        name = _NEW.fullmatch(path.name)
        # A head on the disk without a row is part of the chain: the next who locks it enters it.
        if name and int(name["number"]) > newest and not head_path(folder, int(name["number"])).exists():
            former = f"{name['stem']}.warc.gz"
            if connection.execute(select(ExtentRow.to).where(ExtentRow.file == former).limit(1)).first() is None:
                raise EvidenceBroken(f"{path.name} took the place of {former}, which no manifest knows")
            yield path
