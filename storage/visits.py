"""Keeps one visit of a page: all its records in one append, so that they lie together and are all there or none.

The last of them lists the others. A page that was rendered in place of a download is kept in the same way; its document
is a capture of the page itself, and gives the others their visit's id. See docs/evidence.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from crawler.captures import BrowserCapture, Exchange, Message, Snapshot, Surroundings, Visit, VisitFacts, VisitRecord
from crawler.items import Capture, How
from storage import warc
from storage.archive import FolderArchive
from storage.visit_facts import facts_json, facts_read

CERTIFICATE, HTML = "application/pkix-cert", "text/html; charset=utf-8"
SPARE = 4096  # bytes by which the facts may grow when the offsets in them become known, beside 40 a record
TRUNCATED = {"too_large": "length", "failed": "disconnect", "unfinished": "time", "evicted": "unspecified"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One record as a gzip member, with what the facts say of it; `size` is the payload's."""

    record: VisitRecord
    member: bytes
    mime: str = ""
    size: int = 0


def keep_visit(archive: FolderArchive, visit: Visit, surroundings: Surroundings) -> BrowserCapture:
    """Write the visit; it is safe after `sync()`. Raises `OSError`, and then nothing of it is there."""
    file, offset, members = _append(archive, visit, surroundings, list(_records(visit)))
    return _capture(visit, file, offset, members)


def keep_page(archive: FolderArchive, visit: Visit, surroundings: Surroundings) -> Capture:
    """Write a rendered page: its document, which is the capture, and all that was loaded for it. Raises `OSError`."""
    snapshot = replace(_snapshot(visit, How.BROWSER, HTML, visit.dom), url=visit.url)
    fields, payload = warc.resource_fields(snapshot, visit.id), warc.Payload(head=b"", body=visit.dom)
    document = _packed(fields, payload, visit, How.BROWSER)
    messages = [one for message in visit.messages for one in _message(visit, message)]
    file, _, members = _append(archive, visit, surroundings, [document, *messages])
    return _part(visit, file, members[0])


def _append(
    archive: FolderArchive, visit: Visit, surroundings: Surroundings, kept: list[Kept]
) -> tuple[str, int, list[Kept]]:
    """These records and the facts that list them, with the file and the offset they begin at."""
    members: list[Kept] = []

    def placed(start: int) -> bytes:
        members[:] = list(_placed(kept, start))
        members.append(_facts(visit, surroundings, members, start))
        return b"".join(one.member for one in members)

    length = sum(len(one.member) for one in kept)
    facts = len(facts_json(visit, surroundings, [one.record for one in kept]))
    file, offset = archive.append_at(length + facts + 40 * len(kept) + SPARE, placed)
    return file, offset, members


def read_facts(archive: FolderArchive, capture: BrowserCapture) -> VisitFacts:
    """What is known of the visit. Raises `EvidenceBroken`."""
    return facts_read(archive.produce(capture.facts))


# -- the records ---------------------------------------------------------------------------------


def _records(visit: Visit) -> Iterator[Kept]:
    for message in visit.messages:
        yield from _message(visit, message)
    png, plain, mhtml = "image/png", "text/plain; charset=utf-8", "multipart/related"
    yield _resource(visit, How.BROWSER, HTML, visit.dom)
    yield _resource(visit, How.TEXT, plain, visit.text)
    if visit.mhtml:
        yield _resource(visit, How.MHTML, mhtml, visit.mhtml)
    if visit.picture:
        yield _resource(visit, How.PICTURE, png, visit.picture)
    for chain in visit.chains:
        for number, der in enumerate(chain.certificates, 1):
            yield _resource(visit, How.CERTIFICATE, CERTIFICATE, der, f"{chain.host}/{number}")


def _resource(visit: Visit, how: How, mime: str, body: bytes, url: str = "") -> Kept:
    snapshot = replace(_snapshot(visit, how, mime, body), url=warc.visit_uri(how, url or visit.url))
    record_id = str(uuid.uuid4())
    return _packed(warc.resource_fields(snapshot, record_id), warc.Payload(head=b"", body=body), visit, how)


def _snapshot(visit: Visit, how: How, mime: str, body: bytes) -> Snapshot:
    return Snapshot(
        url=visit.url,
        how=how,
        mime=mime,
        body=body,
        taken_at=visit.ended_at,
        tool=visit.browser,
        is_specimen=visit.is_specimen,
    )


def _message(visit: Visit, message: Message) -> Iterator[Kept]:
    """A request with its answer, or alone when there was none."""
    exchange, answer_id = _exchange(message, visit), str(uuid.uuid4())
    if message.status:
        fields = [*warc.response_fields(exchange, answer_id), *_missing(message)]
        yield _packed(fields, warc.response_payload(exchange), visit, How.NETWORK)
    fields = warc.request_fields(exchange, answer_id if message.status else "")
    if not message.status:
        fields += [*_missing(message), ("Lantian-Failure", message.reason)]
    yield _packed(fields, warc.request_payload(exchange), visit, How.NETWORK)


def _missing(message: Message) -> warc.Fields:
    if not message.missing:
        return []
    fields = [("Lantian-Missing", message.missing)]
    if message.status and message.missing in TRUNCATED:
        fields.append(("WARC-Truncated", TRUNCATED[message.missing]))
    return fields


def _exchange(message: Message, visit: Visit) -> Exchange:
    """The body is decoded, so its encoding is named as a thing of the past."""
    asked_for = warc.uri(visit.requested_url.partition("#")[0])
    is_signed_for = message.initiator == "document" and warc.uri(message.url) == asked_for
    headers = tuple(
        (f"X-Archive-Orig-{name}" if name.lower() == "content-encoding" else name, value)
        for name, value in message.response_headers
    )
    return Exchange(
        url=message.url,
        method=message.method,
        request_headers=message.request_headers,
        request_body=message.request_body,
        status=message.status,
        reason=message.reason,
        protocol="HTTP/1.0" if message.protocol == "http/1.0" else "HTTP/1.1",
        response_headers=headers,
        response_body=message.body,
        ip_address=message.ip_address,
        fetched_at=message.at,
        is_specimen=message.is_specimen,
        override=visit.override if is_signed_for else "",
        profile=visit.profile,
    )


def _packed(fields: warc.Fields, payload: warc.Payload, visit: Visit, how: How) -> Kept:
    named = dict(fields)
    sha256 = payload.sha256
    # A rendered page's document is what the others belong to, and itself a part of nothing.
    extra = [("Lantian-Visit", visit.id)] if named["WARC-Record-ID"] != warc.urn(visit.id) else []
    if "Lantian-How" not in named:
        extra.append(("Lantian-How", str(how)))
    if visit.profile and "Lantian-Profile" not in named:
        extra.append(("Lantian-Profile", visit.profile))
    member = warc.member([*fields, *extra], payload, sha256)
    record = VisitRecord(
        id=named["WARC-Record-ID"].removeprefix("<urn:uuid:").removesuffix(">"),
        type=named["WARC-Type"],
        how=str(how),
        uri=named["WARC-Target-URI"],
        offset=-1,
        length=len(member),
        sha256=sha256,
    )
    return Kept(record=record, member=member, mime=named["Content-Type"], size=len(payload.body))


def _placed(kept: list[Kept], start: int) -> Iterator[Kept]:
    for one in kept:
        yield replace(one, record=replace(one.record, offset=start))
        start += one.record.length


def _facts(visit: Visit, surroundings: Surroundings, members: list[Kept], start: int) -> Kept:
    body = facts_json(visit, surroundings, [one.record for one in members])
    facts = _resource(visit, How.FACTS, "application/json", body)
    offset = start + sum(one.record.length for one in members)
    return replace(facts, record=replace(facts.record, offset=offset))


# -- what the archive answers --------------------------------------------------------------------


def _capture(visit: Visit, file: str, offset: int, members: list[Kept]) -> BrowserCapture:
    parts = {one.record.how: _part(visit, file, one) for one in members if one.record.type == "resource"}
    return BrowserCapture(
        id=visit.id,
        url=visit.url,
        requested_url=visit.requested_url,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        file=file,
        offset=offset,
        length=sum(one.record.length for one in members),
        records=len(members),
        picture=parts.get(How.PICTURE),
        dom=parts[How.BROWSER],
        text=parts[How.TEXT],
        mhtml=parts.get(How.MHTML),
        facts=parts[How.FACTS],
        is_specimen=visit.is_specimen,
    )


def _part(visit: Visit, file: str, kept: Kept) -> Capture:
    return Capture(
        id=kept.record.id,
        url=visit.url,
        how=How(kept.record.how),
        status=0,
        mime=kept.mime,
        taken_at=visit.ended_at,
        file=file,
        offset=kept.record.offset,
        length=kept.record.length,
        sha256=kept.record.sha256,
        size=kept.size,
        is_specimen=visit.is_specimen,
    )
