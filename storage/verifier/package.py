"""Verifies a package (.wacz) with nothing but what is in it and whom the caller trusts; nothing is unpacked to a disk.

Every record is read again and must lead, by its proof, to the root of a manifest of an unbroken chain. What is told
about the records must agree with them. It claims the weakest state of what it saw.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509

from storage.verifier.chain import against_known
from storage.verifier.contents import check_contents
from storage.verifier.excerpt import FOLDER, Excerpt
from storage.verifier.format import DIGEST as HEX
from storage.verifier.format import Head, Leaf, Malformed, canonical, moment_text, parse_leaf
from storage.verifier.index import LINE_LIMIT, described, line_of, payload
from storage.verifier.merkle import root_by_path
from storage.verifier.report import BROKEN, SEALED, STAMPED, Broken, Findings, Report
from storage.verifier.seen import MOST_RECORDS, Seen
from storage.verifier.told import Known
from storage.verifier.warc import Member, read_at
from storage.verifier.zip import (
    DATAPACKAGE,
    DIGEST,
    INDEX,
    PROOFS,
    RECORDS,
    STAMP,
    Entry,
    Misbuilt,
    opened,
    read_entries,
)

LIST_LIMIT = 1 << 25
MOST_PATH = 64
CHUNK = 1 << 20
_PROOF_KEYS = {"id": str, "index": int, "leaf": str, "length": int, "manifest": int, "offset": int, "path": list,
               "size": int}  # fmt: skip
_RESOURCE_KEYS = {"name": str, "path": str, "hash": str, "bytes": int}


def verify_package(
    path: Path, trusted: Sequence[x509.Certificate] = (), demand: str = "", known: Sequence[tuple[int, str]] = ()
) -> Report:
    """The verdict on one package. Tokens count only under `trusted`; `demand` is "sealed", "stamped", or "": then
    whoever trusts an authority wants its stamps.

    `known` are heads that somebody has on paper, number and SHA-256: they must be in the package's chain.
    """
    demand = demand or (STAMPED if trusted else "")
    with path.open("rb") as file:
        try:
            entries = read_entries(file, path.name)
        except Misbuilt as wrong:
            return Report(state=BROKEN, checked=0, broken=wrong.broken, total=len(wrong.broken), demanded=demand)
        return _Reading(file, entries, trusted).report(demand, known)


@dataclass(slots=True)
class _Reading:
    """One package being read, its findings, and what the parts told one another."""

    file: BinaryIO
    entries: Sequence[Entry]
    trusted: Sequence[x509.Certificate]
    found: Findings = field(default_factory=Findings)
    digests: dict[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    checked: int = 0
    named: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        self.named = {entry.name: entry for entry in self.entries}

    def report(self, demand: str, known: Sequence[tuple[int, str]]) -> Report:
        self._check_digests()
        self._check_list()
        chain = Excerpt(self.read, self.trusted, self.found)
        chain.check([entry.name for entry in self.entries])
        self.found.extend(against_known(chain.heads.values(), known, FOLDER))
        self._check_records(chain.heads)
        self.found.extend(check_contents(self.read, self.digests, self._known(chain)))
        package = chain.token(STAMP, self.read(DIGEST, LIST_LIMIT)) if STAMP in self.digests else None
        is_stamped = package is not None and self.seen.manifests <= chain.stamps.keys()
        if demand == STAMPED and not is_stamped:
            self.found.add(Broken(kind="not_stamped", part=STAMP, detail="并非每份清单和本包都有可信时间戳"))
        state = BROKEN if self.found.is_tampered else STAMPED if is_stamped else SEALED
        return Report(
            state=state,
            checked=self.checked,
            broken=tuple(self.found.listed),
            total=self.found.total,
            anchored=is_stamped,
            demanded=demand,
            chain=chain.told(),
        )

    def _known(self, chain: Excerpt) -> Known:
        return Known(
            seen=self.seen,
            heads=chain.heads,
            tokens=frozenset(chain.tokens),
            stamped={number: moment_text(stamp.at) for number, stamp in chain.stamps.items()},
        )

    # -- bytes -------------------------------------------------------------------------------------

    def read(self, name: str, limit: int) -> bytes:
        """A small entry whole, b"" where there is none; a larger one than it may be is complained of."""
        entry = self.named.get(name)
        if entry is None:
            return b""
        if entry.size > limit:
            self._complain("package_format", name, f"有 {entry.size} 字节，太大")
            return b""
        with opened(self.file, entry) as content:
            return content.read()

    def _complain(self, kind: str, part: str, detail: str) -> None:
        self.found.add(Broken(kind=kind, part=part, detail=detail))

    def _check_digests(self) -> None:
        for entry in self.entries:
            sha256, crc = hashlib.sha256(), 0
            with opened(self.file, entry) as content:
                while piece := content.read(CHUNK):
                    sha256.update(piece)
                    crc = zlib.crc32(piece, crc)
            self.digests[entry.name] = sha256.hexdigest()
            if crc != entry.crc:
                self._complain("package_digest", entry.name, "字节与压缩包中的校验值不符")

    def _check_list(self) -> None:
        """datapackage.json lists every other entry and nothing else; datapackage-digest.json is its digest."""
        wanted = {"path": DATAPACKAGE, "hash": f"sha256:{self.digests[DATAPACKAGE]}"}
        try:
            if canonical(self.read(DIGEST, LIST_LIMIT)) != wanted:
                self._complain("package_digest", DATAPACKAGE, f"与 {DIGEST} 不符")
            listed = canonical(self.read(DATAPACKAGE, LIST_LIMIT))
            resources = _resources(listed)
        except Malformed as wrong:
            self._complain("package_format", DATAPACKAGE, str(wrong))
            return
        for entry in self.entries[: _place(self.entries, DATAPACKAGE)]:
            told = resources.pop(entry.name, None)
            if told is None:
                self._complain("package_extra", entry.name, f"{DATAPACKAGE} 中没有列出")
            elif told != (f"sha256:{self.digests[entry.name]}", entry.size):
                self._complain("package_digest", entry.name, f"与 {DATAPACKAGE} 所列不符")
        for name in resources:
            self._complain("package_missing", str(name)[:200], f"{DATAPACKAGE} 列出了它")

    # -- the records -------------------------------------------------------------------------------

    def _check_records(self, heads: Mapping[int, Head]) -> None:
        records, index = self.named[RECORDS], self._index()
        at = 0
        for proof in self._proofs():
            if proof["offset"] != at:
                self._complain("proof", PROOFS, f"第 {at} 字节处的记录没有证明，或证明的次序不对")
                break
            if at + proof["length"] > records.size:
                self._complain("cut_file", RECORDS, "在最后一条记录结束之前就完了")
                break
            self._check_record(records, proof, index, heads)
            at += proof["length"]
        if at < records.size and not self.found.is_tampered:
            self.found.add(Broken(kind="extra_record", part=RECORDS, offset=at, detail="没有证明的字节"))
        for line in sorted(index.values()):
            self._complain("index", INDEX, f"多出一行：{line[:80]!a}")

    def _check_record(
        self, records: Entry, proof: dict[str, Any], index: dict[str, bytes], heads: Mapping[int, Head]
    ) -> None:
        at, length = proof["offset"], proof["length"]
        leaf = self._check_proof(proof, heads)
        with opened(self.file, records, at) as content:
            member = read_at(content, at, length)
        self.checked += 1
        wrong = _disagreement(leaf, member.length, member.sha256, member.sm3)
        if wrong:
            self._complain_at(wrong, at, proof["id"])
        if leaf and leaf.type == "damaged":
            return
        if member.fault:
            # What cannot be trusted to be one record is not unpacked a second time.
            self._complain_at((member.fault.kind, member.fault.detail), at, member.id)
            return
        if leaf and (member.id, member.type) != (leaf.id, leaf.type):
            self._complain_at(("record_id", f"记录是 {member.type} {member.id}"), at, leaf.id)
        self._see(records, member, proof["manifest"], index)

    def _see(self, records: Entry, member: Member, manifest: int, index: dict[str, bytes]) -> None:
        """Remember what the whole record says of itself; its line in the index is there and right."""
        at, length = member.offset, member.length
        with opened(self.file, records, at) as content:
            said = described(content, length)
        if wrong := self.seen.add(member, said, manifest):
            self._complain_at((wrong, ""), at, member.id)
        elif member.how == "facts" and said.visit:
            with opened(self.file, records, at) as content:
                self.seen.add_facts(said.visit, payload(content, length))
        line = line_of(member, said, at)
        if line and index.pop(hashlib.sha256(line).hexdigest(), None) is None:
            self.found.add(Broken(kind="index", part=INDEX, record=member.id, detail="没有这条记录，或与它不符"))

    def _complain_at(self, wrong: tuple[str, str], at: int, record: str) -> None:
        self.found.add(Broken(kind=wrong[0], part=RECORDS, record=record, offset=at, detail=wrong[1]))

    def _check_proof(self, proof: dict[str, Any], heads: Mapping[int, Head]) -> Leaf | None:
        """The leaf, if it leads to the root of its manifest."""
        head = heads.get(proof["manifest"])
        line = proof["leaf"].encode("utf-8", "surrogatepass")
        try:
            leaf = parse_leaf(line)
            path = [bytes.fromhex(one) for one in proof["path"]]
        except (Malformed, ValueError, TypeError) as wrong:
            self._complain_proof(proof, str(wrong)[:200])
            return None
        if head is None:
            self._complain_proof(proof, f"包中没有第 {proof['manifest']} 份清单")
        elif root_by_path(line, proof["index"], proof["size"], path) != head.root or proof["size"] != head.leaves:
            self._complain_proof(proof, f"到不了第 {head.number} 份清单的根")
        elif (leaf.id, leaf.length) != (proof["id"], proof["length"]):
            self._complain_proof(proof, "与其中的登记行不符")
        self.seen.manifests.add(proof["manifest"])
        return leaf

    def _complain_proof(self, proof: dict[str, Any], detail: str) -> None:
        self.found.add(Broken(kind="proof", part=PROOFS, record=proof["id"], offset=proof["offset"], detail=detail))

    def _proofs(self) -> Iterator[dict[str, Any]]:
        with opened(self.file, self.named[PROOFS]) as lines:
            while line := lines.readline(LINE_LIMIT):
                try:
                    yield _proof(line)
                except Malformed as wrong:
                    self._complain("package_format", PROOFS, str(wrong))
                    return

    def _index(self) -> dict[str, bytes]:
        """The index's lines by their digest; they must be in order."""
        found: dict[str, bytes] = {}
        before = b""
        with opened(self.file, self.named[INDEX]) as lines:
            while line := lines.readline(LINE_LIMIT):
                if line <= before or len(found) == MOST_RECORDS:
                    self._complain("index", INDEX, "各行的次序不对，或行数太多")
                    break
                found[hashlib.sha256(line).hexdigest()] = line[:80]
                before = line
        return found


def _disagreement(leaf: Leaf | None, length: int, sha256: str, sm3: str) -> tuple[str, str] | None:
    if leaf is None or (leaf.length, leaf.sha256, leaf.sm3) == (length, sha256, sm3):
        return None
    return "digest", "与封存时登记的摘要不同"


def _place(entries: Sequence[Entry], name: str) -> int:
    return next(at for at, one in enumerate(entries) if one.name == name)


def _resources(listed: Any) -> dict[str, tuple[str, int]]:
    keys = {"profile", "wacz_version", "title", "created", "software", "resources"}
    if not isinstance(listed, dict) or listed.keys() != keys or not isinstance(listed["resources"], list):
        raise Malformed("不是应有的格式")
    found: dict[str, tuple[str, int]] = {}
    if (listed["profile"], listed["wacz_version"]) != ("data-package", "1.1.1"):
        raise Malformed("不是 WACZ 1.1.1 的清单")
    for one in listed["resources"]:
        if not isinstance(one, dict) or {name: type(kind) for name, kind in one.items()} != _RESOURCE_KEYS:
            raise Malformed("列出的文件不是应有的格式")
        if one["path"] in found or one["name"] != one["path"].replace("/", "-").lower():
            raise Malformed("列出的文件有重复，或名称不对")
        found[one["path"]] = (one["hash"], one["bytes"])
    return found


def _proof(line: bytes) -> dict[str, Any]:
    proof = canonical(line)
    if not isinstance(proof, dict) or proof.keys() != _PROOF_KEYS.keys():
        raise Malformed("证明不是应有的格式")
    for name, kind in _PROOF_KEYS.items():
        if type(proof[name]) is not kind or (kind is int and not 0 <= proof[name] < 1 << 53):
            raise Malformed(f"证明的 {name} 不是应有的格式")
    if any(not isinstance(one, str) or not HEX.fullmatch(one) for one in proof["path"]):
        raise Malformed("证明的路径不是摘要")
    if len(proof["path"]) > MOST_PATH or not proof["length"]:
        raise Malformed("证明的路径太长，或记录没有长度")
    return proof
