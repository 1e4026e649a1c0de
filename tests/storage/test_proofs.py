"""A record's place under a root: found in the manifests concerned, and right by another hand's arithmetic."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from package_specimens import sealed_archive, sealer_of
from storage_specimens import archive_in, exchange

from crawler.errors import EvidenceBroken
from storage.sealing.manifests import head_of
from storage.sealing.proofs import Extent, Proof, numbers, prove
from storage.verifier.merkle import root_by_path


def holds(proof: Proof, manifests: Path) -> bool:
    path = [bytes.fromhex(one) for one in proof.path]
    root = root_by_path(proof.leaf.encode(), proof.index, proof.size, path)
    return root == head_of(manifests.parent, proof.manifest).root


def test_every_record_of_an_extent_leads_to_its_root(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    found = prove(packed.manifests, packed.extents)
    assert [proof.type for proof in found[:3]] == ["warcinfo", "response", "request"]
    assert len(found) == 3 + packed.visit.records
    assert [proof.manifest for proof in found] == [1, 1, 1, *[2] * packed.visit.records]
    assert all(holds(proof, packed.manifests) for proof in found)
    for proof in found:
        leaf = json.loads(proof.leaf)
        assert hashlib.sha256(packed.read(proof)).hexdigest() == proof.sha256 == leaf["sha256"]
        assert (leaf["id"], leaf["offset"], leaf["length"]) == (proof.id, proof.offset, proof.length)


@pytest.mark.parametrize("others", range(9))
def test_trees_of_any_size(tmp_path: Path, others: int) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive", others=others)
    found = prove(packed.manifests, packed.extents)
    assert found[0].size == 1 + 2 * (others + 1)
    assert all(holds(proof, packed.manifests) for proof in found)


def test_only_the_manifests_concerned_are_read(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    (packed.manifests / "000003.leaves.jsonl").write_bytes(b"never read")
    page, _ = packed.extents
    assert [proof.manifest for proof in prove(packed.manifests, [page])] == [1, 1, 1]


def test_what_is_not_sealed_has_no_proof(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "archive"
    packed = sealed_archive(folder)
    with archive_in(folder) as archive:
        late = archive.keep(exchange(b"late"))
    with pytest.raises(EvidenceBroken, match="还没有封存"):
        prove(packed.manifests, [Extent(file=late.file, start=late.offset, end=late.offset + late.length)])
    with sealer_of(folder) as sealer:
        assert sealer.head().number == 3


def test_half_a_record_is_none(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    page = packed.page
    for start, end in ((page.offset + 1, page.offset + page.length), (page.offset, page.offset + page.length - 1)):
        with pytest.raises(EvidenceBroken, match="还没有封存"):
            prove(packed.manifests, [Extent(file=page.file, start=start, end=end)])


@pytest.mark.parametrize("change", [b'"type":"request"', b'"id":"'])
def test_leaves_that_are_not_their_roots_are_refused(tmp_path: Path, change: bytes) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    path = packed.manifests / "000001.leaves.jsonl"
    raw = path.read_bytes()
    at = raw.index(change) + len(change) + 1
    path.write_bytes(raw[: at - 3] + bytes([raw[at - 3] ^ 1]) + raw[at - 2 :])
    with pytest.raises(EvidenceBroken, match=r"与其根不符|读不"):
        prove(packed.manifests, packed.extents)


def test_a_manifest_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    assert numbers(packed.manifests) == [1, 2, 3]
    (packed.manifests / "000002.json").write_bytes(b"{")
    with pytest.raises(EvidenceBroken, match="读不"):
        prove(packed.manifests, packed.extents)
