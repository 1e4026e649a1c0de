"""What people brought in, written down in one transaction a file, and who answers for it.

When and where a page was saved is what its file or a person claims: it is kept in words of its own and is never
the time at which something was seen. Nothing imported leaves the house before it is confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, insert, or_, select
from sqlalchemy.orm import aliased

from crawler.errors import UserMistake
from crawler.items import Capture, How
from crawler.saved import Form
from storage.audit import Act, add_on
from storage.db import writing
from storage.exhibits import record_on
from storage.import_shapes import Backing, Confirmation, Imported, KeptImport, Original, ReadPage, ReadRun
from storage.models import CaptureRow, ExhibitRow, Run, encodable
from storage.people import Person
from storage.pictures import end_on
from storage.rows import CAPTURE, NEW_CAPTURES, capture_of, capture_values
from storage.tables.hand import ConfirmationRow, ImportedPageRow, ImportRow
from storage.tables.pictures import PictureRow
from storage.tasks import Closed, Closing, close_on


class Imports:
    """What was brought in, and who answers for it. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def known(self, sha256: str) -> tuple[Imported, ...]:
        """The imports of a file with this digest, the oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(*_IMPORT).where(ImportRow.sha256 == sha256).order_by(ImportRow.id))
            return tuple(_imported(row) for row in rows)

    def record(self, original: Original, kept: KeptImport, runs: Sequence[ReadRun]) -> Imported:
        """Write down one file with all that was read in it: one transaction, all of it or nothing.

        `UserMistake` where somebody brought in the same file meanwhile.
        """
        with self._writer.begin() as connection:
            platform = runs[0].platform
            twice = select(ImportRow.id).where(ImportRow.sha256 == original.sha256, ImportRow.platform == platform)
            if connection.execute(twice).first() is not None:
                raise UserMistake("这份文件已经导入过")
            NEW_CAPTURES.execute(connection, [capture_values(one) for one in (kept.original, *kept.pages)])
            number = connection.execute(_new_import(original, kept, runs)).scalar_one()
            for run in runs:
                _write_run(connection, original, number, run)
            detail = {"import": number, "name": original.name, "runs": [run.id for run in runs]}
            act = Act(who=original.by, act="imported", subject=original.sha256, at=original.at, detail=detail)
            add_on(connection, act)
            return _imported(connection.execute(select(*_IMPORT).where(ImportRow.id == number)).one())

    def of_exhibit(self, exhibit: str) -> Imported | None:
        """The file that an exhibit was read from, `None` for what we captured ourselves."""
        with self.engine.connect() as connection:
            row = connection.execute(_of_exhibit(exhibit)).one_or_none()
        return _imported(row) if row else None

    def is_imported(self, exhibit: str) -> bool:
        """Whether the exhibit was read from a file that a person brought in."""
        return self.of_exhibit(exhibit) is not None

    def claims_of(self, capture: str) -> tuple[str, str]:
        """The address and the time that are claimed of an imported page; both empty where it is none."""
        claimed = select(ImportedPageRow.claimed_url, ImportedPageRow.claimed_at)
        with self.engine.connect() as connection:
            row = connection.execute(claimed.where(ImportedPageRow.capture_id == capture)).one_or_none()
        return (row.claimed_url, row.claimed_at) if row else ("", "")

    def original_of(self, capture: str) -> Capture:
        """The file that an imported page lies in; `LookupError` where it is no such page."""
        query = select(*CAPTURE).join(ImportRow, ImportRow.capture_id == CaptureRow.id)
        query = query.join(ImportedPageRow, ImportedPageRow.import_id == ImportRow.id)
        with self.engine.connect() as connection:
            row = connection.execute(query.where(ImportedPageRow.capture_id == capture)).one_or_none()
        if row is None:
            raise LookupError(f"capture {capture} is no imported page")
        return capture_of(row)

    # -- who answers for it ------------------------------------------------------------------------

    def backing(self, exhibit: str) -> Backing:
        """What an imported exhibit rests on besides its file: two signatures, or the same seen by ourselves since."""
        with self.engine.connect() as connection:
            if connection.execute(select(exists().where(ConfirmationRow.exhibit == exhibit))).scalar_one():
                return Backing.CONFIRMED
            return Backing.FRESH if connection.execute(select(_is_seen_since(exhibit))).scalar_one() else Backing.NONE

    def confirmation(self, exhibit: str) -> Confirmation | None:
        """Who signed for it, `None` while nobody has."""
        with self.engine.connect() as connection:
            row = connection.execute(select(*_CONFIRMATION).where(ConfirmationRow.exhibit == exhibit)).one_or_none()
        return Confirmation(exhibit=row.exhibit, officers=(row.officer_a, row.officer_b), at=row.at) if row else None

    def confirm(self, exhibit: str, officers: tuple[Person, Person], at: datetime) -> Confirmation:
        """Two officers, proved by their passwords, answer for it from now on; once."""
        first, second = officers
        if first.id == second.id:
            raise UserMistake("要两名不同的执法人员")
        who = "、".join(one.name for one in officers)
        with self._writer.begin() as connection:
            if connection.execute(select(exists().where(ConfirmationRow.exhibit == exhibit))).scalar_one():
                raise UserMistake(f"证据项 {exhibit} 已经有两人签字")
            values = {"exhibit": exhibit, "officer_a": first.id, "officer_b": second.id, "at": at}
            connection.execute(insert(ConfirmationRow).values(**values))
            add_on(connection, Act(who=who, act="import_confirmed", subject=exhibit, at=at))
        return Confirmation(exhibit=exhibit, officers=(first.id, second.id), at=at)


def _of_exhibit(exhibit: str) -> Any:
    query = select(*_IMPORT).join(ImportedPageRow, ImportedPageRow.import_id == ImportRow.id)
    query = query.join(ExhibitRow, ExhibitRow.capture_id == ImportedPageRow.capture_id)
    return query.where(ExhibitRow.public_id == exhibit)


def _is_seen_since(exhibit: str) -> Any:
    """The same listing with the same words, captured by ourselves after the file was brought in.

    What a specimen web showed backs nothing but what is from a specimen web itself.
    """
    mine, other, brought = aliased(ExhibitRow), aliased(ExhibitRow), aliased(CaptureRow)
    return exists().where(
        mine.public_id == exhibit,
        other.listing_key == mine.listing_key,
        other.text_digest == mine.text_digest,
        other.seen_at > mine.seen_at,
        CaptureRow.id == other.capture_id,
        CaptureRow.how != How.IMPORTED.value,
        brought.id == mine.capture_id,
        or_(CaptureRow.is_specimen.is_(False), brought.is_specimen),
    )


def _new_import(original: Original, kept: KeptImport, runs: Sequence[ReadRun]) -> Any:
    values = {
        "sha256": original.sha256,
        "platform": runs[0].platform,
        "capture_id": kept.original.id,
        "name": original.name,
        "size": len(original.body),
        "format": original.form.value,
        "by": original.by,
        "user_id": original.user or None,
        "at": original.at,
        "how": original.how,
        "note": original.note,
        "claimed_url": original.claimed_url,
        "claimed_at": original.claimed_at,
        "is_clean": all(run.outcome.is_clean for run in runs),
    }
    return insert(ImportRow).values({name: encodable(value) for name, value in values.items()}).returning(ImportRow.id)


def _write_run(connection: Connection, original: Original, number: int, run: ReadRun) -> None:
    connection.execute(insert(Run).values(**_run_values(original, run)))
    for read in run.pages:
        sightings = read.exhibits.sightings
        record_on(connection, read.exhibits, read.wanted, read.likenesses)
        if sightings.capture is None:
            raise ValueError("an imported page that was not kept is no evidence")
        page = {"run_id": run.id, "page_number": sightings.page_number, "capture_id": sightings.capture.id}
        claims = {"claimed_url": encodable(read.page.url), "claimed_at": encodable(read.page.at)}
        connection.execute(insert(ImportedPageRow).values(import_id=number, **page, **claims))
        _end_pictures(connection, read)
    # A screenshot shows what was in sight of one page, and not that it is the page that was asked for.
    if run.outcome.is_clean and original.form is not Form.PICTURE:
        closing = Closing(how=Closed.IMPORT, by=original.by, why=f"import {number}", at=original.at)
        close_on(connection, run.platform, run.query, closing)


def _end_pictures(connection: Connection, read: ReadPage) -> None:
    """The pictures that the file held were read already; `row` of each end is the place of its exhibit."""
    for end in read.ends:
        wanted = read.wanted[end.row]
        row = select(PictureRow.id).join(ExhibitRow, ExhibitRow.id == PictureRow.exhibit_id)
        its = row.where(ExhibitRow.public_id == wanted.exhibit, PictureRow.url == encodable(wanted.url))
        end_on(connection, replace(end, row=connection.execute(its).scalar_one()))


def _run_values(original: Original, run: ReadRun) -> dict[str, Any]:
    readings = [one.exhibits.sightings.reading for one in run.pages]
    return {
        "id": run.id,
        "round_id": None,
        "platform": run.platform,
        "query": encodable(run.query),
        "planned_at": original.at,
        "started_at": original.at,
        "ended_at": original.at,
        "outcome": run.outcome.value,
        "reason": run.reason,
        "detail": encodable(run.detail),
        "pages": len(readings),
        "listings": sum(len(reading.listings) for reading in readings),
        "lost": sum(reading.lost for reading in readings),
        "total": None,
        "captures": len(readings),
    }


_IMPORT = tuple(ImportRow.__table__.columns)
_CONFIRMATION = tuple(ConfirmationRow.__table__.columns)
_SAME = tuple(name for name in Imported.__slots__ if name not in ("capture", "form", "user"))


def _imported(row: Row[Any]) -> Imported:
    same = {name: row._mapping[name] for name in _SAME}
    return Imported(**same, capture=row.capture_id, form=Form(row.format), user=row.user_id or 0)
