"""One record under the verifier's eyes: everything that it says of itself is compared with what it is."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from collections.abc import Callable

import pytest
from storage_specimens import EXCHANGE, SNAPSHOT

from storage import warc
from storage.sealing.merkle import Root, Tree
from storage.verifier.merkle import Tree as Streamed
from storage.verifier.merkle import root_by_path
from storage.verifier.record import Record
from storage.verifier.warc import Member, read_at

ID = "5c7f3e52-51d2-4b36-a0d8-93a0b6f9d101"
Change = Callable[[bytes], bytes]


def response() -> bytes:
    payload = warc.response_payload(EXCHANGE)
    return gzip.decompress(warc.member(warc.response_fields(EXCHANGE, ID), payload, payload.sha256))


def resource() -> bytes:
    payload = warc.Payload(head=b"", body=SNAPSHOT.body)
    return gzip.decompress(warc.member(warc.resource_fields(SNAPSHOT, ID), payload, payload.sha256))


def read(packed: bytes) -> Member:
    return read_at(io.BytesIO(packed + b"more"), 0, len(packed))


@pytest.mark.parametrize("plain", [response(), resource()], ids=["response", "resource"])
def test_a_record_of_ours_is_whole(plain: bytes) -> None:
    for level in (0, 1, 9):
        packed = gzip.compress(plain, level)
        found = read(packed)
        assert (found.fault, found.id, found.length) == (None, ID, len(packed))
        assert found.sha256 == hashlib.sha256(packed).hexdigest()
        assert found.sm3 == hashlib.new("sm3", packed).hexdigest()
        body = EXCHANGE.response_body if found.type == "response" else SNAPSHOT.body
        assert (found.payload_sha256, found.payload_size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert (found.date, found.how) in {(warc.date(EXCHANGE.fetched_at), ""), (warc.date(SNAPSHOT.taken_at), "picture")}


def replaced(pattern: bytes, into: bytes) -> Change:
    return lambda plain: re.sub(pattern, into, plain, count=1)


FAULTS: list[tuple[str, Change]] = [
    ("header", replaced(rb"\r\nWARC-Date: [^\r]+", b"")),
    ("header", replaced(rb"\r\nWARC-Block-Digest: [^\r]+", b"")),
    ("header", replaced(rb"\r\nWARC-Payload-Digest: [^\r]+", b"")),
    ("header", replaced(rb"\r\nWARC-Target-URI: [^\r]+", b"")),
    ("header", replaced(rb"\r\nWARC-Type: [^\r]+", b"")),
    ("header", replaced(rb"\r\nWARC-Record-ID: [^\r]+", b"")),
    ("header", replaced(rb"WARC-Type: response", b"WARC-Type: revisit")),
    ("header", replaced(rb"WARC-Record-ID: <urn:uuid:5c", b"WARC-Record-ID: <urn:uuid:5C")),
    ("header", replaced(rb"WARC-Record-ID: <", b"WARC-Record-ID: ")),
    ("header", replaced(rb"(WARC-Date: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+", rb"\1")),
    ("header", replaced(rb"\r\nContent-Type", b"\r\nwarc-DATE: 2026-08-01T02:30:15.123456Z\r\nContent-Type")),
    ("header", replaced(rb"\r\nContent-Type", b"\r\n continued\r\nContent-Type")),
    ("header", replaced(rb"\r\nContent-Type", b"\r\nNo colon\r\nContent-Type")),
    ("header", replaced(rb"\r\nContent-Type", b"\r\nA: b\nC: d\r\nContent-Type")),
    ("block_digest", replaced(rb"WARC-Block-Digest: sha256:..", b"WARC-Block-Digest: sha256:zz")),
    ("block_digest", replaced(rb"WARC-Block-Digest: sha256:", b"WARC-Block-Digest: sha1:")),
    ("block_digest", replaced(rb"WARC-Payload-Digest: sha256:..", b"WARC-Payload-Digest: sha256:zz")),
    ("block_digest", replaced(rb"not html", b"NOT html")),
    ("block_digest", replaced(rb"HTTP/1.1 200", b"HTTP/1.1 404")),
    ("damaged_record", replaced(rb"WARC/1.1", b"WARC/1.0")),
    ("damaged_record", replaced(rb"Content-Length: \d+", b"Content-Length: 12")),
    ("damaged_record", replaced(rb"Content-Length: \d+", b"Content-Length: 9999")),
    ("damaged_record", replaced(rb"Content-Length: ", b"Content-Length: +")),
    ("damaged_record", replaced(rb"Content-Length: ", b"Content-Length: 0")),
    ("damaged_record", replaced(rb"\r\nContent-Length: \d+", b"")),
    ("damaged_record", lambda plain: plain[:-1]),
    ("damaged_record", lambda plain: plain + b"\n"),
    ("damaged_record", lambda plain: plain[:-4] + b"\n\n\n\n"),
    ("damaged_record", lambda plain: plain + plain),
    ("damaged_record", lambda plain: b"\r\n" + plain),
    ("damaged_record", lambda plain: plain.replace(b"\r\n\r\n", b"\r\n\r")),
    ("damaged_record", lambda plain: b""),
]


@pytest.mark.parametrize(("kind", "change"), FAULTS, ids=range(len(FAULTS)))
def test_what_is_wrong_with_a_record_is_named(kind: str, change: Change) -> None:
    plain = change(response())
    assert plain != response()
    fault = read(gzip.compress(plain)).fault
    assert fault is not None
    assert fault.kind == kind, fault


def test_a_message_without_an_end_of_its_head_is_named() -> None:
    payload = warc.Payload(head=b"", body=b"HTTP/1.1 200 OK\r\nA: b")
    packed = warc.member(warc.response_fields(EXCHANGE, ID), payload, payload.sha256)
    fault = read(packed).fault
    assert fault is not None
    assert fault.kind == "header"


def test_any_cut_of_a_member_is_damage() -> None:
    packed = gzip.compress(response())
    for cut in range(len(packed)):
        fault = read_at(io.BytesIO(packed[:cut]), 0, cut).fault
        assert fault is not None, cut
        short = read_at(io.BytesIO(packed[:cut]), 0, len(packed)).fault
        assert short is not None, cut
        assert short.kind == "cut_file"


def test_both_trees_come_to_the_same_root_and_a_path_leads_there_only_for_its_leaf() -> None:
    for size in range(40):
        lines, streamed, root = [b"leaf %d" % number for number in range(size)], Streamed(), Root()
        for line in lines:
            streamed.add(line)
            root.add(line)
        assert streamed.root() == root.digest().hex()
        tree = Tree(lines)
        for at, line in enumerate(lines):
            path = tree.path(at)
            assert root_by_path(line, at, size, path) == streamed.root()
            assert root_by_path(line + b"!", at, size, path) != streamed.root()
            assert root_by_path(line, at, size, [*path, b"\0" * 32]) != streamed.root()
            assert root_by_path(line, at + size, size, path) == ""
            if path:
                assert root_by_path(line, at, size, path[:-1]) != streamed.root()
                assert root_by_path(line, at ^ 1, size, path) != streamed.root()


@pytest.mark.parametrize("length", [10, (1 << 14) - 30, (1 << 14) - 2, 1 << 14, 100_000])
def test_in_whatever_pieces_it_comes_a_record_says_the_same(length: int) -> None:
    body = b"page" * 20
    payload = warc.Payload(head=b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * length + b"\r\n\r\n", body=body)
    plain = gzip.decompress(warc.member(warc.response_fields(EXCHANGE, ID), payload, payload.sha256))
    for step in (1 if length == 10 else 997, 1 << 13, len(plain)):
        record = Record()
        for at in range(0, len(plain), step):
            record.feed(plain[at : at + step])
        record.finish()
        said = (record.fault, record.id, record.payload_sha256, record.payload_size)
        assert said == (None, ID, hashlib.sha256(body).hexdigest(), len(body))
