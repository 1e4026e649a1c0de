"""Keeps a file that a person brought in, whole, beside every page read out of it; each record says whose and how.

Address and time in them are claims and are called so: a record's own date is when the file was brought in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

from crawler.captures import Snapshot
from crawler.items import Capture, How
from crawler.saved import SavedPage
from storage import warc
from storage.archive import FolderArchive
from storage.import_shapes import KeptImport, Original
from storage.models import encodable


def keep_import(archive: FolderArchive, original: Original, pages: Sequence[SavedPage]) -> KeptImport:
    """Write the file and its pages in one append: all of them or none; safe after `sync()`. Raises `OSError`."""
    first = _packed(original, _original_fields(original), original.mime, original.body, original.url)
    parts = [first]
    places: list[int] = []
    for page in pages:
        if page.body == original.body:
            places.append(0)
            continue
        parts.append(_packed(original, _page_fields(original, page, first[0].id), _mime(page), page.body, page.url))
        places.append(len(parts) - 1)
    members = b"".join(member for _, member in parts)
    file, start = archive.append_at(len(members), lambda _: members)
    placed = list(_placed(parts, file, start))
    return KeptImport(original=placed[0], pages=tuple(placed[at] for at in places))


def _placed(parts: Sequence[tuple[Capture, bytes]], file: str, offset: int) -> Iterator[Capture]:
    for capture, member in parts:
        yield replace(capture, file=file, offset=offset, length=len(member))
        offset += len(member)


def _packed(original: Original, fields: warc.Fields, mime: str, body: bytes, url: str) -> tuple[Capture, bytes]:
    """One record, and its capture but for its place."""
    url = url or original.url
    snapshot = Snapshot(
        url=warc.visit_uri(How.IMPORTED, url),
        how=How.IMPORTED,
        mime=mime,
        body=body,
        taken_at=original.at,
        tool=original.tool,
        is_specimen=original.is_specimen,
    )
    record_id, payload = str(uuid.uuid4()), warc.Payload(head=b"", body=body)
    sha256 = payload.sha256
    member = warc.member([*warc.resource_fields(snapshot, record_id), *fields], payload, sha256)
    capture = Capture(
        id=record_id,
        url=url,
        how=How.IMPORTED,
        status=0,
        mime=mime,
        taken_at=original.at,
        file="",
        offset=0,
        length=0,
        sha256=sha256,
        size=len(body),
        is_specimen=original.is_specimen,
    )
    return capture, member


def _mime(page: SavedPage) -> str:
    return encodable(page.content_type).strip() or "text/html"


def _original_fields(original: Original) -> warc.Fields:
    """Who saved it and how. Records leave the house in packages, so they have the number of a user and no name."""
    return [
        ("Lantian-Saved-By", f"user {original.user}" if original.user else "no user"),
        ("Lantian-Saved-How", original.how or "unsaid"),
        ("Lantian-Saved-As", original.form.value),
        ("Lantian-Original-Name", original.name),
        ("Lantian-Original-SHA256", original.sha256),
        *_claims(original.claimed_url, original.claimed_at),
    ]


def _page_fields(original: Original, page: SavedPage, refers_to: str) -> warc.Fields:
    return [
        ("WARC-Refers-To", warc.urn(refers_to)),
        ("Lantian-Saved-As", original.form.value),
        ("Lantian-Original-SHA256", original.sha256),
        *_claims(page.url, page.at),
        ("Lantian-Claimed-Status", str(page.status)),
    ]


def _claims(url: str, at: str) -> warc.Fields:
    claims = [("Lantian-Claimed-URL", warc.uri(url) if url else ""), ("Lantian-Claimed-Date", at)]
    return [(name, value) for name, value in claims if value]
