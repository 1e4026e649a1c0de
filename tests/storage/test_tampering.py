"""Every way we can think of to change kept bytes or their capture is refused; the untouched archive is not."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from storage_specimens import SNAPSHOT, archive_in, exchange, keep_snapshot

from crawler.errors import EvidenceBroken
from crawler.items import Capture, How
from storage.archive import FolderArchive

BODY = "包授权，不过退款。".encode() * 40 + random.Random(7).randbytes(900)
Kept = tuple[Path, list[Capture]]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """The file and its captures: two of the same length, one of the same address, one picture."""
    with archive_in(tmp_path / "archive") as archive:
        captures = [archive.keep(exchange(BODY)), archive.keep(exchange(BODY[::-1]))]
        captures.append(archive.keep(exchange(BODY, url="https://www.other.example/", ip_address="::1")))
        captures.append(keep_snapshot(archive, SNAPSHOT))
    return tmp_path / "archive" / captures[0].file, captures


def produce(path: Path, capture: Capture) -> bytes:
    return FolderArchive(path.parent, tool="reader").produce(capture)


def member(path: Path, capture: Capture) -> bytes:
    return path.read_bytes()[capture.offset : capture.offset + capture.length]


def put(path: Path, capture: Capture, packed: bytes) -> Capture:
    """The file with the capture's record replaced, and the capture with the length that fits."""
    raw = path.read_bytes()
    path.write_bytes(raw[: capture.offset] + packed + raw[capture.offset + capture.length :])
    return replace(capture, length=len(packed))


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path, list[Capture]], Capture]:
    """A tampering that edits the record's plain bytes and packs them again with a right checksum."""

    def tamper(path: Path, captures: list[Capture]) -> Capture:
        before = gzip.decompress(member(path, captures[0]))
        after = change(before)
        assert after != before, "the edit must change something"
        return put(path, captures[0], gzip.compress(after))

    return tamper


def edited(pattern: bytes, into: bytes) -> Callable[[Path, list[Capture]], Capture]:
    return rewritten(lambda plain: re.sub(pattern, into, plain, count=1))


def redigested(which: bytes, head: bytes, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest().encode()
    return re.sub(which + rb"-Digest: sha256:\w+", which + b"-Digest: sha256:" + digest, head)


def without_digests(plain: bytes) -> bytes:
    stripped = re.sub(rb"WARC-(Payload|Block)-Digest: \S+\r\n", b"", plain)
    return stripped.replace(b"\xe5\x8c\x85", b"\xe5\x8c\x86")


def consistent(plain: bytes) -> bytes:
    """Another body of the same length, with every digest in the record made to fit it."""
    head, _, rest = plain.partition(b"\r\n\r\n")
    http, _, body = rest[:-4].partition(b"\r\n\r\n")
    body = b"x" * len(body)
    block = hashlib.sha256(http + b"\r\n\r\n" + body).hexdigest().encode()
    head = re.sub(
        rb"Payload-Digest: sha256:\w+", b"Payload-Digest: sha256:" + hashlib.sha256(body).hexdigest().encode(), head
    )
    head = re.sub(rb"Block-Digest: sha256:\w+", b"Block-Digest: sha256:" + block, head)
    return head + b"\r\n\r\n" + http + b"\r\n\r\n" + body + b"\r\n\r\n"


def almost_consistent(plain: bytes) -> bytes:
    """Another body, its block digest made to fit, the payload digest left as the capture knows it."""
    head, _, rest = plain.partition(b"\r\n\r\n")
    block = rest[:-4].replace(b"\xe5\x8c\x85", b"\xe5\x8c\x86")
    return redigested(b"Block", head, block) + b"\r\n\r\n" + block + rest[-4:]


def reheaded(pattern: bytes, into: bytes) -> Callable[[bytes], bytes]:
    """Edit the HTTP head and make the block digest fit again."""

    def change(plain: bytes) -> bytes:
        head, _, rest = plain.partition(b"\r\n\r\n")
        block = re.sub(pattern, into, rest[:-4], count=1)
        digest = hashlib.sha256(block).hexdigest().encode()
        return (
            re.sub(rb"Block-Digest: sha256:\w+", b"Block-Digest: sha256:" + digest, head)
            + b"\r\n\r\n"
            + block
            + rest[-4:]
        )

    return change


def swapped(path: Path, captures: list[Capture]) -> Capture:
    one, two = (member(path, capture) for capture in captures[:2])
    raw = path.read_bytes().replace(one, b"\0ONE\0").replace(two, one).replace(b"\0ONE\0", two)
    path.write_bytes(raw)
    return replace(captures[0], length=len(two))


def dropped(path: Path, captures: list[Capture]) -> Capture:
    raw = path.read_bytes()
    path.write_bytes(raw[: captures[0].offset] + raw[captures[1].offset :])
    return captures[0]


def cut(path: Path, captures: list[Capture]) -> Capture:
    os.truncate(path, captures[0].offset + captures[0].length - 1)
    return captures[0]


def unlinked(path: Path, captures: list[Capture]) -> Capture:
    path.unlink()
    return captures[0]


def made_a_folder(path: Path, captures: list[Capture]) -> Capture:
    path.unlink()
    path.mkdir()
    return captures[0]


def linked_from_outside(path: Path, captures: list[Capture]) -> Capture:
    outside = path.parent.parent / "outside.warc.gz"
    path.rename(outside)
    path.symlink_to(outside)
    return captures[0]


def changed(**values: object) -> Callable[[Path, list[Capture]], Capture]:
    return lambda _path, captures: replace(captures[0], **values)


def moved(change: Callable[[Capture], Capture]) -> Callable[[Path, list[Capture]], Capture]:
    return lambda _path, captures: change(captures[0])


TAMPERINGS: dict[str, Callable[[Path, list[Capture]], Capture]] = {
    "cut": cut,
    "drop": dropped,
    "swap": swapped,
    "unlink": unlinked,
    "folder in its place": made_a_folder,
    "link to outside": linked_from_outside,
    "two members": lambda path, all_: put(path, all_[0], member(path, all_[0]) + gzip.compress(b"")),
    "two records in one member": rewritten(lambda plain: plain * 2),
    "plain bytes": lambda path, all_: put(path, all_[0], gzip.decompress(member(path, all_[0]))),
    "another body": edited(rb"\r\n\r\n\xe5", b"\r\n\r\n\xe6"),
    "another body, digests fit": rewritten(consistent),
    "another body, block digest fits": rewritten(almost_consistent),
    "digest stripped, another body": rewritten(without_digests),
    "block digest stripped": edited(rb"WARC-Block-Digest: \S+\r\n", b""),
    "payload digest stripped": edited(rb"WARC-Payload-Digest: \S+\r\n", b""),
    "record id": edited(rb"urn:uuid:\w", b"urn:uuid:z"),
    "record type": edited(b"WARC-Type: response", b"WARC-Type: resource"),
    "address": edited(b"WARC-Target-URI: https", b"WARC-Target-URI: http"),
    "date": edited(b"WARC-Date: 2026", b"WARC-Date: 2025"),
    "microsecond": edited(rb"123456Z", b"123457Z"),
    "server address": edited(b"WARC-IP-Address: 127.0.0.1", b"WARC-IP-Address: 127.0.0.2"),
    "server address stripped": edited(rb"WARC-IP-Address: \S+\r\n", b""),
    "specimen mark": edited(b"WARC-IP-Address", b"Lantian-Specimen: yes\r\nWARC-IP-Address"),
    "a field twice": edited(b"WARC-Date", b"WARC-Date: 2026-01-01T00:00:00.000000Z\r\nWARC-Date"),
    "version": edited(rb"WARC/1.1", b"WARC/1.0"),
    "length": edited(rb"Content-Length: (\d)", rb"Content-Length: 9\1"),
    "bytes appended": rewritten(lambda plain: plain[:-4] + b"x\r\n\r\n"),
    "end torn off": rewritten(lambda plain: plain[:-2]),
    "status, digest fits": rewritten(reheaded(b"HTTP/1.1 200", b"HTTP/1.1 404")),
    "HTTP header, digest does not fit": edited(b"text/html", b"text/xxxx"),
    "end of HTTP head lost": rewritten(reheaded(rb"\r\n\r\n", b"\r\n")),
    "capture: another id": changed(id="00000000-0000-4000-8000-000000000000"),
    "capture: another address": changed(url="https://www.xinghe.example/other"),
    "capture: a second later": moved(lambda one: replace(one, taken_at=one.taken_at + timedelta(seconds=1))),
    "capture: another digest": changed(sha256="0" * 64),
    "capture: another size": changed(size=1),
    "capture: another status": changed(status=404),
    "capture: another server": changed(ip_address="127.0.0.9"),
    "capture: a specimen": changed(is_specimen=True),
    "capture: a picture": changed(how=How.PICTURE),
    "capture: another file": changed(file="lantian-20260801T023015Z-ffffffff.warc.gz"),
    "capture: the first record": changed(offset=0),
    "capture: the second record": lambda _path, all_: replace(all_[0], offset=all_[1].offset, length=all_[1].length),
    "capture: same body elsewhere": lambda _path, all_: replace(all_[0], offset=all_[2].offset, length=all_[2].length),
    "capture: a byte late": moved(lambda one: replace(one, offset=one.offset + 1)),
    "capture: a byte early": moved(lambda one: replace(one, offset=one.offset - 1)),
    "capture: a byte short": moved(lambda one: replace(one, length=one.length - 1)),
    "capture: a byte long": moved(lambda one: replace(one, length=one.length + 1)),
    "capture: beyond the end": changed(offset=10**9),
    "capture: before the start": changed(offset=-1),
    "capture: no length": changed(length=0),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_refused_by_name(kept: Kept, name: str) -> None:
    path, captures = kept
    capture = TAMPERINGS[name](path, captures)
    with pytest.raises(EvidenceBroken) as broken:
        produce(path, capture)
    assert str(broken.value).startswith(f"capture {capture.id} ({capture.file} at {capture.offset}): ")


def test_untouched_captures_are_produced(kept: Kept) -> None:
    path, captures = kept
    assert [produce(path, capture) for capture in captures] == [BODY, BODY[::-1], BODY, SNAPSHOT.body]


def test_snapshot_is_checked_like_the_rest(kept: Kept) -> None:
    path, captures = kept
    for change in ({"how": How.BROWSER}, {"how": How.HTTP}, {"status": 200}, {"sha256": "0" * 64}):
        with pytest.raises(EvidenceBroken):
            produce(path, replace(captures[3], **change))


@pytest.mark.parametrize(
    "name",
    [
        "../outside.warc.gz",
        "/etc/passwd",
        "a/../../outside.warc.gz",
        "",
        ".",
        "..",
        "a\0b",
        "sub/../x",
        "/",
        "a/../FILE",
    ],
)
def test_paths_that_leave_the_folder_are_refused(kept: Kept, name: str) -> None:
    path, captures = kept
    path.parent.joinpath("a").mkdir()
    path.parent.parent.joinpath("outside.warc.gz").write_bytes(path.read_bytes())
    with pytest.raises(EvidenceBroken):
        produce(path, replace(captures[0], file=name.replace("FILE", path.name)))


def test_every_flipped_bit_is_found_or_harmless(kept: Kept) -> None:
    """Only the gzip header's date, level and system, and the bits that pad the last byte, say nothing."""
    path, captures = kept
    capture, raw = captures[0], path.read_bytes()
    harmless = set()
    for at in range(capture.offset, capture.offset + capture.length):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << (at % 8)
        path.write_bytes(flipped)
        try:
            assert produce(path, capture) == BODY
            harmless.add(at - capture.offset)
        except EvidenceBroken:
            pass
    assert harmless <= {3, 4, 5, 6, 7, 8, 9, capture.length - 9}


def test_every_cut_is_found(kept: Kept) -> None:
    path, captures = kept
    raw, last = path.read_bytes(), captures[-1]
    for end in range(last.offset, len(raw)):
        path.write_bytes(raw[:end])
        with pytest.raises(EvidenceBroken):
            produce(path, last)
