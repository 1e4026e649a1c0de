"""The redirects that led to a page: no row names them, so they are looked for where they were kept, just before it.

Only what the archive holds is found; a chain with a link missing ends there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from sqlalchemy import Engine

from crawler.items import Capture, How
from storage import warc
from storage.archive import FolderArchive
from storage.covered import coverage_of, members
from storage.members import Member

MOST = 10
NEAR = 60  # responses that other requests of the same crawl may have had in between


def redirects_to(
    archive: FolderArchive, folder: Path, engine: Engine, capture: Capture, asked: str
) -> tuple[Capture, ...]:
    """The sealed responses that led from the address `asked` to the captured page, first to last."""
    here, wanted = _bare(capture.url), _bare(asked)
    if wanted == here or capture.how is not How.HTTP:
        return ()
    before = (one for one in members(folder, coverage_of(engine, capture.file)) if one.offset < capture.offset)
    near = deque((one for one in before if one.type == "response"), maxlen=NEAR)
    kept = {found.url: (found, leads_to) for found, leads_to in _redirects(archive, capture.file, near)}
    chain: list[Capture] = []
    while wanted in kept and wanted != here and len(chain) < MOST:
        found, wanted = kept.pop(wanted)
        chain.append(found)
    return tuple(chain) if wanted == here else ()


def _bare(url: str) -> str:
    return warc.uri(urldefrag(url).url)


def _redirects(archive: FolderArchive, file: str, near: Iterable[Member]) -> Iterator[tuple[Capture, str]]:
    """Each of these responses that is a redirect, with the address it leads to."""
    for one in near:
        record = warc.read_member(archive.member(file, one.offset, one.length))
        payload = warc.payload_of(record)
        first, *lines = payload.head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = first[9:12]
        if record.field("Lantian-How") or not status.startswith("3") or not fields.get("location"):
            continue
        url = record.field("WARC-Target-URI")
        made = Capture(
            id=one.id,
            url=url,
            how=How.HTTP,
            status=int(status),
            mime=fields.get("content-type", "").partition(";")[0].strip().lower(),
            taken_at=datetime.strptime(record.field("WARC-Date"), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
            file=file,
            offset=one.offset,
            length=one.length,
            sha256=payload.sha256,
            size=len(payload.body),
            ip_address=record.field("WARC-IP-Address"),
            is_specimen=record.field("Lantian-Specimen") == "yes",
        )
        yield made, _bare(urljoin(url, fields["location"]))
