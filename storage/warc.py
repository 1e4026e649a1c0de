"""WARC 1.1 records as bytes: building them, and reading one back. Knows no files.

Written by hand because every header line must come out the same each time and nothing from
a page may end one: a line break in an address is percent-encoded, in an HTTP header it
becomes a space (RFC 9110, 5.5). Source: ISO 28500:2017 and the IIPC's WARC 1.1 text.
"""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from isal import igzip_lib

from crawler.captures import Exchange, Snapshot
from crawler.errors import EvidenceBroken
from crawler.items import How

Fields = list[tuple[str, str]]

VISIT_PARTS = {
    How.PICTURE: "screenshot",
    How.BROWSER: "dom",
    How.TEXT: "text",
    How.MHTML: "mhtml",
    How.CERTIFICATE: "certificate",
    How.FACTS: "facts",
    How.IMPORTED: "imported",
}
# Whoever has their values is signed in as the office.
SECRET = frozenset({"cookie", "cookie2", "set-cookie", "set-cookie2", "authorization"})
REDACTED = "[not kept]"
_CRLF = b"\r\n"
_RECORD_END = b"\r\n\r\n"
_NOT_IN_URI = re.compile(rb"[^\x21-\x7e]|[<>]")
_NOT_IN_TOKEN = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_LINE_ENDS = re.compile(rb"[\r\n\0]")
_AUTHORITY = re.compile(r"^[^/?]*")
_RENAMED = "X-Archive-Orig-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as read: named fields in lower case, and its block."""

    fields: dict[str, str]
    block: bytes

    def field(self, name: str) -> str:
        """The field's value, empty when the record has no such field."""
        return self.fields.get(name.lower(), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes a record is kept for, after `head` (the HTTP message's head, or nothing)."""

    head: bytes
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def block_sha256(self) -> str:
        digest = hashlib.sha256(self.head)
        digest.update(self.body)
        return digest.hexdigest()


# -- words that are safe in a header -----------------------------------------------------------


def uri(url: str) -> str:
    """The address as it stands in WARC-Target-URI: printable ASCII, the scheme in lower case."""
    raw = url.encode("utf-8", "surrogatepass")
    safe = _NOT_IN_URI.sub(lambda bad: b"%%%02X" % bad[0][0], raw).decode("ascii")
    scheme, colon, rest = safe.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def date(moment: datetime) -> str:
    """WARC-Date with microseconds, UTC. A moment without a zone is refused: it could be any."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line_text(text: str) -> bytes:
    """The text as the bytes it was received as, without anything that could end its line."""
    try:
        # The HTTP client decodes header bytes with surrogateescape: this gives them back.
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    return _LINE_ENDS.sub(b" ", raw)


def _token(name: str) -> bytes:
    return _NOT_IN_TOKEN.sub(b"_", line_text(name)) or b"_"


# -- the HTTP messages -------------------------------------------------------------------------


def response_payload(exchange: Exchange) -> Payload:
    """The response as a message that is true of its body: no chunking, the length it has."""
    headers = _true_of_body(_kept_headers(exchange, exchange.response_headers), len(exchange.response_body))
    status = b"%s %03d %s" % (_protocol(exchange), exchange.status, line_text(exchange.reason))
    return Payload(head=_http_head(status, headers), body=exchange.response_body)


def request_payload(exchange: Exchange) -> Payload:
    """The request, rebuilt from the header lines that the HTTP client says it sent."""
    line = b"%s %s %s" % (_token(exchange.method), _target(exchange.url), _protocol(exchange))
    headers = _kept_headers(exchange, exchange.request_headers)
    return Payload(head=_http_head(line, headers), body=exchange.request_body)


def _kept_headers(exchange: Exchange, headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Of a message that was signed in: without the values by which anybody else would be. See `Lantian-Redacted`."""
    if not exchange.profile:
        return headers
    return [(name, REDACTED if name.strip().lower() in SECRET else value) for name, value in headers]


def _target(url: str) -> bytes:
    # Not urlsplit: it refuses some addresses that a server may well redirect to.
    after_scheme = uri(url).partition("://")[2].partition("#")[0]
    path = _AUTHORITY.sub("", after_scheme, count=1)
    return (path if path.startswith("/") else f"/{path}").encode("ascii")


def _protocol(exchange: Exchange) -> bytes:
    return b"HTTP/1.0" if exchange.protocol == "HTTP/1.0" else b"HTTP/1.1"


def _http_head(first: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [first, *(b"%s: %s" % (_token(name), line_text(value)) for name, value in headers)]
    return _CRLF.join(lines) + _RECORD_END


def _true_of_body(headers: Iterable[tuple[str, str]], length: int) -> Fields:
    true: Fields = []
    is_renamed = False
    for name, value in headers:
        lower = name.lower()
        is_false = lower == "transfer-encoding" or (lower == "content-length" and value.strip() != str(length))
        is_renamed = is_renamed or is_false
        true.append((_RENAMED + name if is_false else name, value))
    if is_renamed and not any(name.lower() == "content-length" for name, _ in true):
        true.append(("Content-Length", str(length)))
    return true


# -- the records -------------------------------------------------------------------------------


def response_fields(exchange: Exchange, record_id: str) -> Fields:
    """The named fields of a response record, but for digests and length."""
    fields = _common("response", record_id, exchange.url, exchange.fetched_at)
    fields.append(("Content-Type", "application/http; msgtype=response"))
    if exchange.ip_address:
        fields.append(("WARC-IP-Address", exchange.ip_address))
    return fields + _profile(exchange, exchange.response_headers) + _specimen(exchange.is_specimen)


def request_fields(exchange: Exchange, response_id: str) -> Fields:
    """The named fields of the request record that belongs to `response_id`, empty when nothing answered."""
    fields = _common("request", str(uuid.uuid4()), exchange.url, exchange.fetched_at)
    fields.append(("Content-Type", "application/http; msgtype=request"))
    if response_id:
        fields.append(("WARC-Concurrent-To", urn(response_id)))
    if exchange.ip_address:
        fields.append(("WARC-IP-Address", exchange.ip_address))
    if exchange.override:
        fields.append(("Lantian-Override", exchange.override))
    if exchange.exit:
        fields.append(("Lantian-Exit", exchange.exit))
    return fields + _profile(exchange, exchange.request_headers) + _specimen(exchange.is_specimen)


def _profile(exchange: Exchange, headers: Iterable[tuple[str, str]]) -> Fields:
    """As whom we were signed in, and which header's values are therefore not kept."""
    if not exchange.profile:
        return []
    told = dict.fromkeys(name.strip().title() for name, _ in headers if name.strip().lower() in SECRET)
    return [("Lantian-Profile", exchange.profile)] + ([("Lantian-Redacted", " ".join(told))] if told else [])


def resource_fields(snapshot: Snapshot, record_id: str) -> Fields:
    """The named fields of a resource record: what did not come over the wire, and by what means."""
    fields = _common("resource", record_id, snapshot.url, snapshot.taken_at)
    fields.append(("Content-Type", snapshot.mime))
    fields.append(("Lantian-How", snapshot.how))
    fields.append(("Lantian-Tool", snapshot.tool))
    return fields + _specimen(snapshot.is_specimen)


def visit_uri(how: How, url: str) -> str:
    """The address of one part of a visit; what is no part of one has the page's own."""
    return uri(f"urn:{VISIT_PARTS[how]}:{url}")


def urn(record_id: str) -> str:
    """A record id as it stands in a field."""
    return f"<urn:uuid:{record_id}>"


def _common(kind: str, record_id: str, url: str, moment: datetime) -> Fields:
    return [
        ("WARC-Type", kind),
        ("WARC-Record-ID", urn(record_id)),
        ("WARC-Date", date(moment)),
        ("WARC-Target-URI", uri(url)),
    ]


def _specimen(is_specimen: bool) -> Fields:
    return [("Lantian-Specimen", "yes")] if is_specimen else []


def member(fields: Fields, payload: Payload, sha256: str = "") -> bytes:
    """One record as one gzip member; `sha256` is the payload's, empty where a record has none."""
    if sha256:
        fields = [*fields, ("WARC-Payload-Digest", f"sha256:{sha256}")]
    fields = [
        *fields,
        ("WARC-Block-Digest", f"sha256:{payload.block_sha256}"),
        ("Content-Length", str(len(payload.head) + len(payload.body))),
    ]
    lines = [b"WARC/1.1", *(b"%s: %s" % (name.encode("ascii"), line_text(value)) for name, value in fields)]
    plain = b"".join((_CRLF.join(lines), _RECORD_END, payload.head, payload.body, _RECORD_END))
    # ISA-L's level 2 costs a fifth of zlib's level 9 and 3 % of size.
    return igzip_lib.compress(plain, 2, igzip_lib.COMP_GZIP)


# -- reading one back --------------------------------------------------------------------------


def read_member(packed: bytes) -> Record:
    """The record in exactly these bytes; `EvidenceBroken` says what is wrong with them."""
    # zlib, not the library that wrote it: an error of one is not hidden by the same error of the other.
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(packed)
    except zlib.error as wrong:
        raise EvidenceBroken(f"the gzip member is damaged ({wrong})") from None
    if not unpacker.eof or unpacker.unused_data:
        raise EvidenceBroken("the bytes are not exactly one gzip member")
    return read_record(plain)


def read_record(plain: bytes) -> Record:
    """The one record these bytes are, its length and block digest checked."""
    head, end, rest = plain.partition(_RECORD_END)
    first, *lines = head.split(_CRLF)
    if not end or first != b"WARC/1.1":
        raise EvidenceBroken("it does not begin as a WARC 1.1 record")
    fields = _fields(lines)
    length = fields.get("content-length", "")
    if not length.isdecimal() or len(rest) != int(length) + len(_RECORD_END) or not rest.endswith(_RECORD_END):
        raise EvidenceBroken("the record is not as long as it says")
    block = rest[: -len(_RECORD_END)]
    if fields.get("warc-block-digest", "") != f"sha256:{hashlib.sha256(block).hexdigest()}":
        raise EvidenceBroken("the record's block does not match its digest")
    return Record(fields=fields, block=block)


def _fields(lines: list[bytes]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b": ")
        key = name.decode("ascii", "replace").lower()
        if not colon or key in fields:
            raise EvidenceBroken("the record's header is not as we write it")
        fields[key] = value.decode("utf-8", "surrogateescape")
    return fields


def payload_of(record: Record) -> Payload:
    """The record's payload: after the HTTP head where it has one, else the whole block."""
    if not record.field("Content-Type").startswith("application/http"):
        return Payload(head=b"", body=record.block)
    head, end, body = record.block.partition(_RECORD_END)
    if not end:
        raise EvidenceBroken("the HTTP message has no end of its head")
    return Payload(head=head + end, body=body)
