"""Packages: a self-contained WACZ 1.1.1 of chosen records with all that proves them. Bytes in, package out.

It overwrites nothing, holds one record at a time, and writes a zip that has one form only: entries stored, in a fixed
order, at a fixed date, nothing before, between or after them. Before a package gets its name it must be approved.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawler.errors import EvidenceBroken, UserMistake
from storage import warc
from storage.canonical import canonical
from storage.folders import sync_folder, take_name
from storage.packaging import cdx
from storage.packaging.instructions import Sample, instructions
from storage.sealing.proofs import Proof, numbers

RECORDS = "archive/data.warc.gz"
INDEX = "indexes/index.cdx"
PAGES = "pages/pages.jsonl"
PACKAGE = "lantian/package.json"
PROOFS = "lantian/proofs.jsonl"
VERIFY = "lantian/VERIFY.md"
DATAPACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
# No dot in the name: `wacz validate` refuses every named file that datapackage.json cannot list.
STAMP = "lantian/package-token"
LARGEST = (1 << 32) - (1 << 26)  # bytes: a package stays within what needs no zip64
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR_FILE = 3, 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that goes into the package beside the records: a picture, a text, a paper. Read when its turn comes."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePage:
    """A page to begin reading at; `text` is what stands on it, where it is known."""

    id: str
    url: str
    title: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a package is made of.

    `read` gives a record's gzip member as it lies in the archive; `described` are the bytes of
    lantian/package.json; `manifests` is the archive's folder of them, `newest` the last that goes in.
    `left_out` are ids of records that belong here and are not given away.
    """

    proofs: Sequence[Proof]
    read: Callable[[Proof], bytes]
    manifests: Path
    newest: int
    described: bytes
    pages: Sequence[PackagePage]
    pictures: Sequence[Part]
    texts: Sequence[Part]
    documents: Sequence[Part]
    created: datetime
    software: str
    title: str
    is_specimen: bool = False
    left_out: Sequence[str] = ()


def write_package(
    out: Path,
    contents: Contents,
    *,
    approve: Callable[[Path, str], None],
    stamp: Callable[[bytes], bytes] | None = None,
) -> str:
    """Write the package and return its SHA-256.

    `stamp` gives a token over bytes, where an authority is configured; `approve` is given the finished package and its
    digest, and raises unless it verifies: then nothing gets the name `out`.
    """
    if out.exists():
        raise UserMistake(f"{out} 已经存在，不会覆盖")
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            _write(file, out.name, contents, stamp)
            file.flush()
            os.fsync(file.fileno())
        sha256 = _digest_of(temporary)
        approve(temporary, sha256)
        _name(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(out.parent)
    return sha256


def _name(temporary: Path, out: Path) -> None:
    try:
        take_name(temporary, out)
    except FileExistsError:
        raise UserMistake(f"{out} 已经存在，不会覆盖") from None


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(file: IO[bytes], name: str, contents: Contents, stamp: Callable[[bytes], bytes] | None) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        package = _Package(archive)
        lines = _write_records(package, contents)
        package.add(INDEX, "".join(sorted(lines)).encode("utf-8"))
        package.add(PAGES, _pages(contents.pages))
        package.add(PACKAGE, contents.described)
        package.add(PROOFS, b"".join(map(canonical, _proof_lines(contents.proofs))))
        chain = _chain(contents)
        sample = _sample(contents, chain, is_stamped=stamp is not None)
        package.add(VERIFY, instructions(name, sample).encode("utf-8"))
        for path, inside in (*chain, *_authorities(contents)):
            package.add(inside, path.read_bytes())
        for part in (*contents.pictures, *contents.texts, *contents.documents):
            package.add(part.name, part.read())
        digest = _seal_off(package, contents)
        if stamp is not None:
            package.add(STAMP, stamp(digest))


def _seal_off(package: _Package, contents: Contents) -> bytes:
    """datapackage.json over all that is in the package, and the digest of that; returns what is to be stamped."""
    listed = canonical(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": contents.title,
            "created": warc.date(contents.created),
            "software": contents.software,
            "resources": package.resources,
        }
    )
    package.add(DATAPACKAGE, listed)
    digest = canonical({"path": DATAPACKAGE, "hash": f"sha256:{hashlib.sha256(listed).hexdigest()}"})
    package.add(DIGEST, digest)
    return digest


class _Package:
    """The zip while it is written; remembers what datapackage.json has to say of each entry."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.resources: list[dict[str, Any]] = []
        self._archive = archive
        self._size = 0

    def add(self, name: str, content: bytes) -> None:
        with self.entry(name) as write:
            write(content)

    @contextmanager
    def entry(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """One entry; what it yields takes its bytes piece by piece."""
        named = zipfile.ZipInfo(name, FIXED_DATE)
        named.create_system, named.external_attr = UNIX, REGULAR_FILE
        digest, start = hashlib.sha256(), self._size
        with self._archive.open(named, "w") as opened:

            def write(content: bytes) -> None:
                self._size += len(content)
                if self._size > LARGEST:
                    raise UserMistake("证据包会超过 4 GB：请少选几个证据项，分几个包导出")
                digest.update(content)
                opened.write(content)

            yield write
        told = {"name": name.replace("/", "-").lower(), "path": name, "hash": f"sha256:{digest.hexdigest()}"}
        self.resources.append(told | {"bytes": self._size - start})


def _write_records(package: _Package, contents: Contents) -> list[str]:
    """The records, each compared with its leaf; returns the index's lines."""
    lines: list[str] = []
    at = 0
    with package.entry(RECORDS) as write:
        for proof in contents.proofs:
            member = contents.read(proof)
            if hashlib.sha256(member).hexdigest() != proof.sha256 or len(member) != proof.length:
                raise EvidenceBroken(f"{proof.file} 偏移 {proof.offset} 的记录与封存时不同")
            lines += cdx.lines(warc.read_member(member), at, len(member)) if proof.type != "damaged" else []
            write(member)
            at += len(member)
    return lines


def placed(proofs: Iterable[Proof]) -> Iterator[tuple[int, Proof]]:
    """Each proof with its record's offset in the package's data."""
    at = 0
    for proof in proofs:
        yield at, proof
        at += proof.length


def _proof_lines(proofs: Iterable[Proof]) -> Iterator[dict[str, Any]]:
    for at, proof in placed(proofs):
        told = {name: getattr(proof, name) for name in ("id", "index", "leaf", "length", "manifest", "size")}
        yield told | {"offset": at, "path": list(proof.path)}


def _pages(pages: Sequence[PackagePage]) -> bytes:
    has_text = any(page.text for page in pages)
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": has_text}
    told = ({"id": page.id, "url": page.url, "title": page.title, "ts": warc.date(page.at)}
            | ({"text": page.text} if page.text else {}) for page in pages)  # fmt: skip
    return b"".join(map(canonical, (head, *told)))


def _chain(contents: Contents) -> list[tuple[Path, str]]:
    """Every head from the oldest that a proof needs to the newest, with the tokens there are."""
    oldest = min(proof.manifest for proof in contents.proofs)
    paths = [
        contents.manifests / f"{number:06d}{suffix}"
        for number in numbers(contents.manifests)
        if oldest <= number <= contents.newest
        for suffix in (".json", ".tsr")
    ]
    return [(path, f"chain/{path.name}") for path in paths if path.exists()]


def _authorities(contents: Contents) -> list[tuple[Path, str]]:
    found = sorted((contents.manifests / "authorities").glob("*.pem"))
    return [(path, f"authorities/{path.name}") for path in found]


def _sample(contents: Contents, chain: list[tuple[Path, str]], *, is_stamped: bool) -> Sample:
    at, proof = max(placed(contents.proofs), key=lambda one: one[1].type in ("response", "resource"))
    return Sample(
        offset=at,
        proof=proof,
        chain=tuple(inside for _, inside in chain),
        authorities=tuple(inside for _, inside in _authorities(contents)),
        is_stamped=is_stamped,
        is_specimen=contents.is_specimen,
        left_out=contents.left_out,
        created=contents.created.astimezone(UTC),
    )
