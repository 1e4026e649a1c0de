"""What was seen of a package's records while they were read, kept so that what is told of them can be held against it.

It is bounded: a package whose records say more of themselves than can be remembered is refused, not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.verifier.index import Description
from storage.verifier.warc import Member

MOST_RECORDS = 300_000
MOST_TOLD = 1 << 25
MOST_FACTS = 1 << 26


class SeenRecord(NamedTuple):
    """What a record in the package says of itself, what its payload digests to, and the manifest that proves it."""

    type: str
    how: str
    uri: str
    date: str
    sha256: str
    size: int
    visit: str
    is_specimen: bool
    status: int
    mime: str
    ip_address: str
    manifest: int

    @property
    def capture_how(self) -> str:
        """By which means it was captured; a plain message of a server says nothing of it."""
        return self.how or ("http" if self.type == "response" else "")


@dataclass(slots=True)
class Seen:
    """The records of a package, by id, the manifests that their proofs lead to, and the facts of visits."""

    records: dict[str, SeenRecord] = field(default_factory=dict)
    manifests: set[int] = field(default_factory=set)
    visits: dict[str, bytes] = field(default_factory=dict)
    _told: int = 0
    _facts: int = 0

    def add(self, member: Member, said: Description, manifest: int) -> str:
        """Remember a record; the kind of breakage when it is the second of its id or there is too much to remember."""
        record = SeenRecord(
            member.type,
            member.how,
            member.uri,
            member.date,
            member.payload_sha256,
            member.payload_size,
            said.visit,
            said.is_specimen,
            said.status,
            said.mime if said.message else said.field("content-type"),
            said.field("warc-ip-address"),
            manifest,
        )
        self._told += sum(len(one) for one in record if isinstance(one, str))
        if member.id in self.records:
            return "duplicate_record"
        if len(self.records) == MOST_RECORDS or self._told > MOST_TOLD:
            return "package_format"
        self.records[member.id] = record
        return ""

    def add_facts(self, visit: str, raw: bytes) -> None:
        """The facts of a visit; what is too much to be remembered is none, and so is a second telling."""
        self._facts += len(raw)
        self.visits[visit] = b"" if self._facts > MOST_FACTS or visit in self.visits else raw

    def of(self, how: str) -> Iterator[tuple[str, SeenRecord]]:
        """The resource records that were made by this means."""
        return ((name, one) for name, one in self.records.items() if one.type == "resource" and one.how == how)
