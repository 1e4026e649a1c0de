"""A manifest's two files as they are written: leaves first, then the head that binds them.

Written as temp file, fsync, rename; nothing is overwritten but leaves that no head ever bound.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash

from crawler.errors import EvidenceBroken
from storage.audit import AuditHead
from storage.canonical import canonical
from storage.folders import save, sync_folder
from storage.sealing.merkle import Root
from storage.warc import date

FOLDER = "manifests"
FORMAT = "lantian-manifest/1"


class Kind(StrEnum):
    """What a manifest lists: records that are kept, or a file rewritten because some of them expired."""

    RECORDS = "records"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One record, or the damaged bytes between two. `to` is said in expiry manifests only: its new offset, or -1."""

    file: str
    id: str
    type: str
    offset: int
    length: int
    sha256: str
    sm3: str
    to: int | None = None

    def line(self) -> bytes:
        """The leaf as the tree hashes it: its line without the line end."""
        told: dict[str, str | int] = {
            "file": self.file,
            "id": self.id,
            "length": self.length,
            "offset": self.offset,
            "sha256": self.sha256,
            "sm3": self.sm3,
            "type": self.type,
        }
        return canonical(told if self.to is None else told | {"to": self.to})[:-1]


_NUMBER = rb"(?:0|[1-9]\d{0,18})"
_LEAF = re.compile(
    rb'\{"file":"(?P<file>[^"/\\\x00-\x1f]+)","id":"(?P<id>[0-9a-f-]{36}|)","length":(?P<length>%(number)s),'
    rb'"offset":(?P<offset>%(number)s),"sha256":"(?P<sha256>[0-9a-f]{64})","sm3":"(?P<sm3>[0-9a-f]{64})",'
    rb'(?:"to":(?P<to>-1|%(number)s),)?"type":"(?P<type>[a-z]+)"\}\n' % {b"number": _NUMBER}
)


def _leaf(line: bytes) -> Leaf:
    """The leaf that this line is, written exactly as `Leaf.line` does; `ValueError` for any other."""
    found = _LEAF.fullmatch(line)
    if found is None:
        raise ValueError(f"no leaf: {line[:80]!r}")
    return Leaf(
        file=found["file"].decode(),
        id=found["id"].decode(),
        type=found["type"].decode(),
        offset=int(found["offset"]),
        length=int(found["length"]),
        sha256=found["sha256"].decode(),
        sm3=found["sm3"].decode(),
        to=None if found["to"] is None else int(found["to"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The bytes of a file that a manifest covers; in an expiry manifest also the file that took its place."""

    file: str
    start: int
    end: int
    new: str = ""
    new_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What binds a manifest: see docs/evidence.md."""

    archive: str
    audit: AuditHead
    demand: str
    files: tuple[Span, ...]
    kind: Kind
    leaves: int
    leaves_sm3: str
    number: int
    previous: str
    previous_sm3: str
    root: str
    rules: str
    sealed_at: datetime
    tool: str

    def packed(self) -> bytes:
        """The head's bytes, whose digests the next head and the time stamp bind."""
        is_expiry = self.kind is Kind.EXPIRY
        told = {name: getattr(self, name) for name in _PLAIN}
        told["audit"] = {"count": self.audit.count, "head": self.audit.digest}
        told["files"] = [_span_told(span, is_expiry=is_expiry) for span in self.files]
        told["format"] = FORMAT
        told["sealed_at"] = date(self.sealed_at)
        return canonical(told)


_PLAIN = (
    "archive", "demand", "kind", "leaves", "leaves_sm3", "number", "previous", "previous_sm3", "root", "rules", "tool"
)  # fmt: skip


def _span_told(span: Span, *, is_expiry: bool) -> dict[str, str | int]:
    told: dict[str, str | int] = {"file": span.file, "from": span.start, "to": span.end}
    return told | {"new": span.new, "new_size": span.new_size} if is_expiry else told


def unpacked(raw: bytes) -> Head:
    """The head that these bytes are; `EvidenceBroken` when they are none of ours."""
    try:
        told: dict[str, Any] = json.loads(raw)
        head = Head(
            audit=AuditHead(count=told["audit"]["count"], digest=told["audit"]["head"]),
            files=tuple(_span(one) for one in told["files"]),
            sealed_at=datetime.fromisoformat(told["sealed_at"]).astimezone(UTC),
            **{name: told[name] for name in _PLAIN if name != "kind"},
            kind=Kind(told["kind"]),
        )
        is_ours = head.packed() == raw and _has_form(head)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise EvidenceBroken(f"清单读不了（{wrong}）") from None
    if not is_ours:
        raise EvidenceBroken("清单的格式不对")
    return head


def _has_form(head: Head) -> bool:
    """Whether every value is of its kind: what else goes into JSON comes back the same, too."""
    numbers = [head.number, head.leaves, head.audit.count]
    words = [head.archive, head.audit.digest, head.demand, head.leaves_sm3, head.previous, head.previous_sm3]
    words += [head.root, head.rules, head.tool]
    for span in head.files:
        numbers += [span.start, span.end, span.new_size]
        words += [span.file, span.new]
    are_numbers = all(type(one) is int and one >= 0 for one in numbers)
    return are_numbers and head.number > 0 and all(isinstance(one, str) for one in words)


def _span(told: dict[str, Any]) -> Span:
    new = {name: told[name] for name in ("new", "new_size") if name in told}
    return Span(file=told["file"], start=told["from"], end=told["to"], **new)


# -- files -----------------------------------------------------------------------------------------


def sm3(raw: bytes) -> str:
    """The national digest (GB/T 32905), lower hex."""
    digest = Hash(SM3())
    digest.update(raw)
    return digest.finalize().hex()


def head_path(folder: Path, number: int) -> Path:
    """Where the head of this number lies; `folder` is the archive's."""
    return folder / FOLDER / f"{number:06d}.json"


def leaves_path(folder: Path, number: int) -> Path:
    """Where the leaves of this number lie; `folder` is the archive's."""
    return folder / FOLDER / f"{number:06d}.leaves.jsonl"


def read_head(folder: Path, number: int) -> bytes:
    """The head's bytes; `EvidenceBroken` when it is not there."""
    path = head_path(folder, number)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise EvidenceBroken(f"{FOLDER}/{path.name} 不见了") from None
    except OSError as wrong:
        raise EvidenceBroken(f"{FOLDER}/{path.name} 读不了（{wrong.strerror}）") from None


def head_of(folder: Path, number: int) -> Head:
    """The head of this number as it stands on the disk; `EvidenceBroken` for any other form or number."""
    head = unpacked(read_head(folder, number))
    if head.number != number:
        raise EvidenceBroken(f"{FOLDER}/{head_path(folder, number).name} 自称第 {head.number} 号清单")
    return head


def leaves_of(folder: Path, number: int, file: str = "") -> Iterator[Leaf]:
    """The leaves of this number as they stand on the disk, of one file if asked; `EvidenceBroken` for another form.

    Lines of other files are passed over unread, and none is behind the file's own: they lie together.
    """
    has_begun = False
    path, start = leaves_path(folder, number), b'{"file":"%s",' % file.encode()
    try:
        with path.open("rb") as lines:
            for line in lines:
                if not file or line.startswith(start):
                    has_begun = True
                    yield _leaf(line)
                elif has_begun:
                    return
    except (OSError, ValueError) as wrong:
        raise EvidenceBroken(f"{FOLDER}/{path.name} 读不了（{wrong}）") from None


class Leaves:
    """The leaves of a manifest on their way to the disk; root and digest grow along, the leaves are not held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = Root()
        self._sm3 = Hash(SM3())
        self._file = path.open("wb")

    def add(self, leaf: Leaf) -> None:
        """One more leaf, in archive order."""
        line = leaf.line()
        self.root.add(line)
        self._sm3.update(line + b"\n")
        self._file.write(line + b"\n")

    @property
    def sm3(self) -> str:
        return self._sm3.copy().finalize().hex()

    def save(self, final: Path) -> None:
        """The leaves are safe under their final name when this returns, so no power cut leaves a head without them."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.path.rename(final)
        sync_folder(final.parent)

    def close(self) -> None:
        """Let go of the file, whether it was saved or not."""
        self._file.close()


@contextmanager
def new_leaves(folder: Path) -> Iterator[Leaves]:
    """Leaves under a temporary name that is not left behind."""
    leaves = Leaves(folder / FOLDER / ".leaves.tmp")
    try:
        yield leaves
    finally:
        leaves.close()
        leaves.path.unlink(missing_ok=True)


def save_head(folder: Path, head: Head) -> bytes:
    """Write the head behind its leaves; both names are safe when this returns. Returns its bytes."""
    raw = head.packed()
    save(head_path(folder, head.number), raw)
    return raw


def drop(folder: Path, number: int) -> None:
    """Take back a manifest that was never entered in the chain: it did not agree with the disk."""
    for path in (head_path(folder, number), leaves_path(folder, number)):
        path.unlink(missing_ok=True)
        sync_folder(folder / FOLDER)  # in this order on the disk too
