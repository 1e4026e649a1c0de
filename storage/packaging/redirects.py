"""The redirects that led to a page: no row names them, so they are looked for where they were kept, just before it.

Only what the archive holds is found; a chain with a link missing ends there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from crawler.items import Capture, How
from storage import warc
from storage.archive import FolderArchive
from storage.keeping.trail import NEAR, Answer, answer, bare, trail
from storage.sealing.covered import responses_before
from storage.sealing.members import Member


def redirects_to(
    archive: FolderArchive, folder: Path, engine: Engine, capture: Capture, asked: str
) -> tuple[Capture, ...]:
    """The sealed responses that led from the address `asked` to the captured page, first to last."""
    if bare(asked) == bare(capture.url) or capture.how is not How.HTTP:
        return ()
    near = {one.id: one for one in responses_before(folder, engine, capture.file, capture.offset, NEAR)}
    records = {id_: _record(archive, capture.file, one) for id_, one in near.items()}
    answers = (_answer(id_, record) for id_, record in records.items() if not record.field("Lantian-How"))
    found = trail(answers, asked, capture.url, is_rendered=False)
    return tuple(_capture(capture.file, near[one.id], records[one.id]) for one in found)


def _record(archive: FolderArchive, file: str, one: Member) -> warc.Record:
    return warc.read_member(archive.member(file, one.offset, one.length))


def _answer(id_: str, record: warc.Record) -> Answer:
    return answer(id_, record.field("WARC-Target-URI"), warc.payload_of(record).head)


def _capture(file: str, one: Member, record: warc.Record) -> Capture:
    payload = warc.payload_of(record)
    mime = next((line for line in payload.head.split(b"\r\n") if line.lower().startswith(b"content-type: ")), b"")
    return Capture(
        id=one.id,
        url=record.field("WARC-Target-URI"),
        how=How.HTTP,
        status=int(payload.head[9:12]),
        mime=mime.decode("latin-1").partition(": ")[2].partition(";")[0].strip().lower(),
        taken_at=datetime.strptime(record.field("WARC-Date"), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        file=file,
        offset=one.offset,
        length=one.length,
        sha256=payload.sha256,
        size=len(payload.body),
        ip_address=record.field("WARC-IP-Address"),
        is_specimen=record.field("Lantian-Specimen") == "yes",
    )
