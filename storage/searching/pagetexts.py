"""The readable text of whole pages: which pages wait for theirs, their words in the index, and how both go again.

It reads no archive: whoever catches up is given how the text of a capture is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.items import Capture
from storage.db import writing
from storage.models import CaptureRow, Run, encodable
from storage.rows import CAPTURE, capture_of
from storage.searching import marks
from storage.searching.documents import Document, page_document
from storage.searching.stale import begin_on
from storage.searching.words import words_of
from storage.tables.search import PageText
from storage.tables.showings import BrowserCaptureRow

LONGEST = 200_000
"""Characters of one page that are kept: no page may fill the index."""

BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """A page whose words are not in the index yet; its text is empty while nobody has read it."""

    row: int
    capture: Capture
    text: str = ""


class PageIndexer:
    """The words of all whole pages of one database. `read` gives the text of a capture, empty for one that has none."""

    def __init__(self, engine: Engine, read: Callable[[Capture], str]) -> None:
        self.engine = engine
        self._read = read
        self._writer = writing(engine)

    def behind(self) -> int:
        """How many pages the index does not have; rows that were removed may count too."""
        with self.engine.connect() as connection:
            last = connection.execute(select(func.max(PageText.id))).scalar_one() or 0
            return max(last - marks.upto(connection, marks.PAGES), 0)

    def catch_up(self, tell: Callable[[int], None], at_most: int = 0) -> int:
        """Read and take in what waits, no more pages than `at_most` unless that is 0; returns how many."""
        self._begin_if_needed()
        done = 0
        while (left := at_most - done if at_most else BATCH) > 0:
            with self.engine.connect() as connection:
                after = marks.upto(connection, marks.PAGES)
                waiting = waiting_pages(connection, min(left, BATCH))
            if not waiting:
                break
            texts = [one.text or self._read(one.capture) for one in waiting]
            with self._writer.begin() as connection:
                if marks.upto(connection, marks.PAGES) == after:
                    _write(connection, waiting, texts)
                    done += len(waiting)
                    tell(len(waiting))
        return done

    def _begin_if_needed(self) -> None:
        with self.engine.connect() as connection:
            if marks.has_begun(connection, marks.PAGES):
                return
        with self._writer.begin() as connection:
            if not marks.has_begun(connection, marks.EXHIBITS):
                begin_on(connection)  # one table holds the words of both
            _note(connection, BrowserCaptureRow.text_id.not_in(select(PageText.capture_id)))
            marks.reach(connection, 0, marks.PAGES)


def waiting_pages(connection: Connection, limit: int) -> tuple[WaitingPage, ...]:
    """The next pages that the index does not have."""
    query = select(PageText.id.label("row"), PageText.text, *CAPTURE).join(
        CaptureRow, CaptureRow.id == PageText.capture_id
    )
    query = query.where(PageText.id > marks.upto(connection, marks.PAGES)).order_by(PageText.id).limit(limit)
    return tuple(WaitingPage(row=row.row, capture=capture_of(row), text=row.text) for row in connection.execute(query))


def note_visits_on(connection: Connection, visits: Collection[str]) -> None:
    """The pages of these visits wait for their text from now on; in the transaction that wrote the visits."""
    if visits:
        _note(connection, BrowserCaptureRow.id.in_(visits))


def forget_pages_on(connection: Connection, files: Sequence[str], manifest: int) -> None:
    """Remove the texts of pages in these files that expired in this manifest, and their words."""
    query = select(PageText.id, PageText.text).join(CaptureRow, CaptureRow.id == PageText.capture_id)
    gone = connection.execute(query.where(CaptureRow.file.in_(files), CaptureRow.expired_in == manifest)).all()
    if not gone:
        return
    if marks.is_outdated(connection):
        begin_on(connection)  # its words cannot be taken out one by one any more
    upto = marks.upto(connection, marks.PAGES)
    documents = [page_document(row.id, row.text) for row in gone if row.id <= upto]
    if documents:
        words_of(connection).forget(_in_order(documents))
    rows = [row.id for row in gone]
    connection.execute(delete(PageText).where(PageText.id.in_(rows)))
    if marks.has_begun(connection, marks.PAGES):
        # A new page may get the number of the last one that went.
        last = connection.execute(select(func.max(PageText.id))).scalar_one() or 0
        marks.reach(connection, min(upto, last), marks.PAGES)


def _note(connection: Connection, which: ColumnElement[bool]) -> None:
    there = (
        select(BrowserCaptureRow.text_id, BrowserCaptureRow.url, func.coalesce(Run.platform, ""))
        .add_columns(CaptureRow.taken_at, func.substr("", 1))
        .join(CaptureRow, CaptureRow.id == BrowserCaptureRow.text_id)
        .outerjoin(Run, Run.id == BrowserCaptureRow.run_id)
        .where(which, CaptureRow.expired_in.is_(None))
        .order_by(BrowserCaptureRow.started_at, BrowserCaptureRow.id)
    )
    names = [PageText.capture_id, PageText.url, PageText.platform, PageText.taken_at, PageText.text]
    put = insert(PageText).from_select(names, there)
    connection.execute(put.on_conflict_do_nothing(index_elements=[PageText.capture_id]))


def _write(connection: Connection, waiting: Sequence[WaitingPage], texts: Sequence[str]) -> None:
    """Those that expired since are not there any more."""
    rows = [one.row for one in waiting]
    there = set(connection.execute(select(PageText.id).where(PageText.id.in_(rows))).scalars())
    documents = []
    for one, text in zip(waiting, texts, strict=True):
        if one.row in there:
            kept = encodable(text[:LONGEST])
            if kept != one.text:
                connection.execute(update(PageText).where(PageText.id == one.row).values(text=kept))
            documents.append(page_document(one.row, kept))
    words_of(connection).write(_in_order(documents))
    marks.reach(connection, rows[-1], marks.PAGES)


def _in_order(documents: Sequence[Document]) -> list[Document]:
    return sorted(documents, key=lambda one: one.number)
