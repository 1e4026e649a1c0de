"""Transfer packages (.ltp): a zip of one form only, a manifest signed by whoever hands it over, perhaps evidence.

A package is read by writing it again: whatever differs by a byte from what we would have written is refused, so no
name leads anywhere, nothing unpacks to more than it is, and nothing stands beside what is signed.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Protocol
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casework.transfer.manifest import Manifest, manifest_of, written
from crawler.errors import EvidenceBroken, UserMistake

MANIFEST, SIGNATURE, EVIDENCE = "manifest.json", "signature.hex", "evidence.wacz"
LARGEST_MANIFEST = 64 << 20  # bytes
LARGEST = (1 << 31) - (1 << 27)  # bytes of the evidence: within what needs no zip64
SPARE = 4096  # bytes that the zip itself may take
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR_FILE = 3, 0o100644 << 16
PIECE = 1 << 20
CONTEXT = b"lantian transfer 1\n"
_BROKEN = (BadZipFile, NotImplementedError, ValueError, KeyError, EOFError, RuntimeError, struct.error, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package whose form, signature and digests hold; `digest` is of the whole file."""

    manifest: Manifest
    digest: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.manifest.public)


def fingerprint(public: str) -> str:
    """What two people read to each other of a key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def write_package(out: IO[bytes], manifest: Manifest, key: Ed25519PrivateKey, evidence: Path | None) -> str:
    """Write the whole package; its digest."""
    told = written(manifest)
    signature = key.sign(CONTEXT + told).hex().encode()
    with _evidence(evidence) as file:
        return _write(out, (told, signature), file)


def read_package(path: Path) -> Package:
    """Verify all of it; `EvidenceBroken` says what does not hold. Whom to believe is the caller's question."""
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as wrong:
        raise UserMistake(f"{path} 读不了：{wrong.strerror}") from None
    except _BROKEN:
        raise EvidenceBroken(f"{path} 不是完好的转办包") from None


def copy_evidence(path: Path, out: IO[bytes]) -> bool:
    """The evidence in a package that was verified; False where it has none."""
    with path.open("rb") as file, ZipFile(file) as package:
        if EVIDENCE not in package.namelist():
            return False
        with package.open(EVIDENCE) as inside:
            while piece := inside.read(PIECE):
                out.write(piece)
    return True


# -- writing -----------------------------------------------------------------------------------------


class _Takes(Protocol):
    def write(self, piece: bytes, /) -> object: ...


class _Stream:
    """Where a zip is written straight on: it cannot go back, so that writing it twice gives the same bytes."""

    def __init__(self, out: _Takes | None) -> None:
        self._out = out
        self._digest = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._digest.update(piece)
        if self._out is not None:
            self._out.write(piece)
        return len(piece)

    def flush(self) -> None:
        """Whoever opened the file flushes it."""

    def close(self) -> None:
        """Whoever opened the file closes it."""

    def digest(self) -> str:
        return self._digest.hexdigest()


def _write(out: _Takes | None, parts: tuple[bytes, bytes], evidence: IO[bytes] | None) -> str:
    stream = _Stream(out)
    with ZipFile(stream, "w", ZIP_STORED) as package:
        for name, content in zip((MANIFEST, SIGNATURE), parts, strict=True):
            package.writestr(_entry(name), content)
        if evidence is not None:
            with package.open(_entry(EVIDENCE), "w") as inside:
                while piece := evidence.read(PIECE):
                    inside.write(piece)
    return stream.digest()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, FIXED_DATE)
    entry.create_system, entry.external_attr = UNIX, REGULAR_FILE
    return entry


@contextmanager
def _evidence(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    if path.stat().st_size > LARGEST:
        raise UserMistake(f"证据包 {path} 大于 {LARGEST >> 20} MB：请分几个包移送")
    with path.open("rb") as file:
        yield file


# -- reading -----------------------------------------------------------------------------------------


def _read(path: Path, file: BufferedReader) -> Package:
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    with ZipFile(file) as package:
        _refuse_shape(path, package, size)
        told, signature = package.read(MANIFEST), package.read(SIGNATURE)
        manifest = manifest_of(told)
        _refuse_unsigned(path, manifest, told, signature)
        has_evidence = EVIDENCE in package.namelist()
        if has_evidence:
            _refuse_changed(path, manifest, package)
        elif manifest.files:
            raise EvidenceBroken(f"{path} 里没有清单所列的证据包")
        if has_evidence:
            with package.open(EVIDENCE) as inside:
                again = _write(None, (told, signature), inside)
        else:
            again = _write(None, (told, signature), None)
    if again != digest:
        raise EvidenceBroken(f"{path} 里有清单以外的内容，或不是规定的写法")
    return Package(manifest=manifest, digest=digest)


def _refuse_shape(path: Path, package: ZipFile, size: int) -> None:
    """Names, order and sizes, before a byte of any part is read."""
    entries = package.infolist()
    names = tuple(one.filename for one in entries)
    if names not in ((MANIFEST, SIGNATURE), (MANIFEST, SIGNATURE, EVIDENCE)):
        raise EvidenceBroken(f"{path} 不是转办包：里面要是 {MANIFEST}、{SIGNATURE}，可以有 {EVIDENCE}")
    packed = sum(one.file_size for one in entries)
    is_plain = all(one.compress_type == ZIP_STORED and one.file_size == one.compress_size for one in entries)
    if not is_plain or packed + SPARE < size or packed > size or entries[1].file_size != 128:
        raise EvidenceBroken(f"{path} 里有清单以外的内容，或不是规定的写法")
    if entries[0].file_size > LARGEST_MANIFEST:
        raise EvidenceBroken(f"{path} 的清单大于 {LARGEST_MANIFEST >> 20} MB")


def _refuse_unsigned(path: Path, manifest: Manifest, told: bytes, signature: bytes) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest.public))
        key.verify(bytes.fromhex(signature.decode("ascii")), CONTEXT + told)
    except (InvalidSignature, ValueError):
        raise EvidenceBroken(f"{path} 的签名不对：内容被改过，或不是所称的人签的") from None


def _refuse_changed(path: Path, manifest: Manifest, package: ZipFile) -> None:
    with package.open(EVIDENCE) as inside:
        digest, size = hashlib.sha256(), 0
        while piece := inside.read(PIECE):
            digest.update(piece)
            size += len(piece)
    told = [(one.name, one.sha256, one.bytes) for one in manifest.files]
    if told != [(EVIDENCE, digest.hexdigest(), size)]:
        raise EvidenceBroken(f"{path} 里的证据包与清单不符")
