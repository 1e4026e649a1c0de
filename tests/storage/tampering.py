"""An attacker with all the time in the world and a disk that is his: ways to change a sealed archive.

Each attack takes a copy and changes it; what the verifier must call it stands beside it. Some recompute every digest,
root and link after the change: then only what lies elsewhere (a stamp, a row, a head on paper) can know.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keeping_specimens import DAY, NOW, home_in, keep_page, keep_wall
from storage_specimens import SNAPSHOT, archive_in, keep_snapshot, replace

from storage.sealing.merkle import Root

Change = Callable[[bytes], bytes]


def make_home(folder: Path, demand: str = "sealed") -> None:
    """Five files under seven manifests, the fourth an expiry: records of pages, walls and pictures, invented."""
    from crawler import clock
    from storage.seal import Sealer

    folder.mkdir()
    with home_in(folder) as home:
        sealer = Sealer(home.archive, home.engine, tool="lantian/0.3.0", demand=demand)

        def seal() -> None:
            assert sealer.seal("", clock.now()).manifests == 1

        with archive_in(home.archive) as archive:
            keep_wall(archive, NOW - 300 * DAY)
            keep_page(home, archive, {"1": False}, NOW - 300 * DAY)
            keep_page(home, archive, {"2": True}, NOW)
            seal()
            keep_page(home, archive, {"3": False, "4": True}, NOW)
            keep_wall(archive, NOW)
        seal()
        with archive_in(home.archive) as archive:
            for number in range(6):
                keep_page(home, archive, {f"2{number}": number == 1}, NOW)
                keep_wall(archive, NOW, f"wall{number}")
            keep_snapshot(archive, replace(SNAPSHOT, taken_at=NOW))
        seal()
        assert home.expire(clock.now()).manifests == (4,)
        for start in (30, 40, 50):
            with archive_in(home.archive) as archive:
                for number in range(3):
                    keep_page(home, archive, {f"{start + number}": number == 1}, NOW)
                keep_snapshot(archive, replace(SNAPSHOT, taken_at=NOW))
            seal()


# -- the copy under attack -----------------------------------------------------------------------


@dataclass
class Victim:
    """A copy of a home. Numbers are of manifests; a record is (file, place among the file's leaves)."""

    home: Path
    elsewhere: Path
    tools: dict[str, Any] = field(default_factory=dict)

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    def digest(self) -> str:
        """Of every name and byte, so that an attack that changes nothing is noticed."""
        told = hashlib.sha256()
        for path in sorted(self.home.rglob("*")):
            told.update(f"{path.relative_to(self.home)} {path.is_symlink()} {path.is_fifo()}".encode())
            if path.is_file() and not path.is_symlink():
                told.update(path.read_bytes())
        return told.hexdigest()

    # files of records

    def file(self, number: int = 3) -> Path:
        """The file that a manifest covers; as it is called now."""
        extent = self.head(number)["files"][0]
        return self.archive / (extent.get("new") or extent["file"])

    def leaf(self, at: int, number: int = 3) -> dict[str, Any]:
        return self.leaves(number)[at]

    def packed(self, at: int, number: int = 3) -> bytes:
        leaf = self.leaf(at, number)
        return self.file(number).read_bytes()[leaf["offset"] : leaf["offset"] + leaf["length"]]

    def splice(self, start: int, end: int, into: bytes, number: int = 3) -> None:
        raw = self.file(number).read_bytes()
        self.file(number).write_bytes(raw[:start] + into + raw[end:])

    def put(self, at: int, packed: bytes, number: int = 3) -> None:
        leaf = self.leaf(at, number)
        self.splice(leaf["offset"], leaf["offset"] + leaf["length"], packed, number)

    def place(self, what: str, number: int = 3) -> int:
        """Where the first record of that type, but for the warcinfo's own, is among the leaves."""
        return next(at for at, leaf in enumerate(self.leaves(number)) if leaf["type"] == what)

    # manifests

    def head_path(self, number: int) -> Path:
        return self.archive / "manifests" / f"{number:06d}.json"

    def leaves_path(self, number: int) -> Path:
        return self.archive / "manifests" / f"{number:06d}.leaves.jsonl"

    def token_path(self, number: int) -> Path:
        return self.archive / "manifests" / f"{number:06d}.tsr"

    def head(self, number: int) -> dict[str, Any]:
        return json.loads(self.head_path(number).read_bytes())

    def leaves(self, number: int) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.leaves_path(number).read_bytes().splitlines()]

    @property
    def last(self) -> int:
        return max(int(path.stem) for path in (self.archive / "manifests").glob("*.json"))

    def put_head(self, number: int, head: dict[str, Any]) -> None:
        self.head_path(number).write_bytes(canonical(head))

    def put_leaves(self, number: int, leaves: list[dict[str, Any]]) -> None:
        self.leaves_path(number).write_bytes(b"".join(map(canonical, leaves)))

    def rebind(self, number: int, **changes: Any) -> None:
        """The head anew, fitting its leaves as they are now."""
        raw, root = self.leaves_path(number).read_bytes(), Root()
        lines = raw.splitlines()
        for line in lines:
            root.add(line)
        bound = {
            "leaves": len(lines),
            "leaves_sm3": hashlib.new("sm3", raw).hexdigest(),
            "root": root.digest().hex(),
        }
        self.put_head(number, self.head(number) | bound | changes)

    def relink(self, start: int) -> None:
        """Every link from this manifest on, so that the whole chain fits again."""
        for number in range(start, self.last + 1):
            before = self.head_path(number - 1).read_bytes() if number > 1 else b""
            links = {
                "previous": hashlib.sha256(before).hexdigest() if before else "",
                "previous_sm3": hashlib.new("sm3", before).hexdigest() if before else "",
            }
            self.rebind(number, **links)

    def recompute(self, at: int, packed: bytes, number: int = 3) -> None:
        """Put another record in one's place and recompute everything that could tell."""
        leaves = self.leaves(number)
        self.put(at, packed, number)
        grown = len(packed) - leaves[at]["length"]
        leaves[at] |= {
            "length": len(packed),
            "sha256": hashlib.sha256(packed).hexdigest(),
            "sm3": hashlib.new("sm3", packed).hexdigest(),
        }
        for later in leaves[at + 1 :]:
            later["offset"] += grown
        self.put_leaves(number, leaves)
        extents = self.head(number)["files"]
        extents[-1]["to"] += grown
        self.rebind(number, files=extents)
        self.relink(number)

    # the database

    def sql(self, *statements: str) -> None:
        connection = sqlite3.connect(self.home / "lantian.db")
        for statement in statements:
            changed = connection.execute(statement).rowcount
            assert changed != 0, statement
        connection.commit()
        connection.close()


def canonical(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()


def copy_of(home: Path, target: Path) -> Victim:
    shutil.copytree(home, target, symlinks=True)
    return Victim(home=target, elsewhere=target.parent / f"{target.name}-elsewhere")


# -- records edited --------------------------------------------------------------------------------


def edited(pattern: bytes, into: bytes) -> Change:
    def change(packed: bytes) -> bytes:
        plain = gzip.decompress(packed)
        after = re.sub(pattern, into, plain, count=1)
        assert after != plain, pattern
        return gzip.compress(after)

    return change


def redigested(packed: bytes, change: Change) -> bytes:
    """The record with another body, its length and digests made to fit."""
    head, _, rest = gzip.decompress(packed).partition(b"\r\n\r\n")
    block = rest[:-4]
    http, gap, body = block.partition(b"\r\n\r\n") if b"application/http" in head else (b"", b"", block)
    body = change(body)
    assert http + gap + body != block
    block = http + gap + body
    for name, content in ((b"Payload", body), (b"Block", block)):
        digest = hashlib.sha256(content).hexdigest().encode()
        head = re.sub(b"WARC-" + name + rb"-Digest: \S+", b"WARC-" + name + b"-Digest: sha256:" + digest, head)
    head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), head)
    return gzip.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n")


def forged(packed: bytes) -> bytes:
    """A record of another id, whole and with right digests."""
    name = str(uuid.uuid4()).encode()
    return edited(rb"urn:uuid:[0-9a-f-]+", b"urn:uuid:" + name)(redigested(packed, lambda body: body + b"!"))


def without_digests(packed: bytes) -> bytes:
    plain = re.sub(rb"WARC-(Payload|Block)-Digest: \S+\r\n", b"", gzip.decompress(packed))
    return gzip.compress(plain.replace(b"page", b"PAGE"))
