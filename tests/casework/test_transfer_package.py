"""A transfer package: one form, one signature; whatever was changed, added or invented is refused, nothing unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from transfer_specimens import EXHIBIT, KEY, LEAD, MANIFEST_TOLD, package

from casework.transfer.manifest import PackedFile, manifest_of, written
from casework.transfer.package import CONTEXT, EVIDENCE, MANIFEST, SIGNATURE, copy_evidence, read_package, write_package
from crawler.errors import EvidenceBroken, UserMistake


def zipped(path: Path, parts: list[tuple[str, bytes]], compression: int = ZIP_STORED) -> None:
    """What any program would zip of these parts."""
    with ZipFile(path, "w", compression) as out:
        for name, content in parts:
            out.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compress_type=compression)


def parts_of(path: Path) -> list[tuple[str, bytes]]:
    with ZipFile(path) as inside:
        return [(one.filename, inside.read(one)) for one in inside.infolist()]


def test_what_was_written_is_read_and_written_alike_twice(tmp_path: Path) -> None:
    path = package(tmp_path, evidence=b"wacz" * 300_000)
    found = read_package(path)
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.manifest.leads == (LEAD,)
    again = path.read_bytes()
    package(tmp_path, evidence=b"wacz" * 300_000)
    assert path.read_bytes() == again
    inside = io.BytesIO()
    assert copy_evidence(path, inside)
    assert inside.getvalue() == b"wacz" * 300_000
    assert not copy_evidence(package(tmp_path), io.BytesIO())


def test_every_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path, evidence=b"evidence" * 40)
    whole = path.read_bytes()
    for at in [*range(0, len(whole), 23), len(whole) - 1]:
        changed = bytearray(whole)
        changed[at] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(EvidenceBroken):
            read_package(path)


def test_every_cut_and_every_addition_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path)
    whole = path.read_bytes()
    for changed in (b"", whole[:1], whole[:-1], whole[: len(whole) // 2], whole + b"x", b"x" + whole, whole + whole):
        path.write_bytes(changed)
        with pytest.raises(EvidenceBroken):
            read_package(path)


def test_another_program_s_zip_of_the_same_parts_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path)
    parts = parts_of(path)
    for compression in (ZIP_STORED, ZIP_DEFLATED):
        zipped(path, parts, compression)
        with pytest.raises(EvidenceBroken):
            read_package(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: [*parts, ("../../evil", b"x")],
        lambda parts: [*parts, ("/etc/evil", b"x")],
        lambda parts: [*parts, ("extra.txt", b"x")],
        lambda parts: [*parts, (EVIDENCE, b"x")],
        lambda parts: [parts[1], parts[0]],
        lambda parts: [parts[0]],
        lambda parts: [],
        lambda parts: [(MANIFEST, b"{}"), parts[1]],
        lambda parts: [parts[0], (SIGNATURE, b"0" * 128)],
        lambda parts: [parts[0], (SIGNATURE, b"z" * 128)],
    ],
)
def test_other_names_orders_and_contents_are_refused(
    tmp_path: Path, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]
) -> None:
    path = package(tmp_path)
    zipped(path, change(parts_of(path)))
    with pytest.raises(EvidenceBroken):
        read_package(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path)
    parts = parts_of(path)
    zipped(path, [*parts, parts[0]])
    with pytest.raises(EvidenceBroken):
        read_package(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = package(tmp_path)
    zipped(path, [(MANIFEST, b"0" * (80 << 20)), (SIGNATURE, b"0" * 128)], ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)  # would be called were anything unpacked
    with pytest.raises(EvidenceBroken, match="规定的写法"):
        read_package(path)


def signed(told: bytes, key: Ed25519PrivateKey = KEY) -> list[tuple[str, bytes]]:
    return [(MANIFEST, told), (SIGNATURE, key.sign(CONTEXT + told).hex().encode())]


def test_another_s_signature_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.ltp"
    stranger = Ed25519PrivateKey.from_private_bytes(b"8" * 32)
    with path.open("wb") as out:
        write_package(out, MANIFEST_TOLD, stranger, None)
    with pytest.raises(EvidenceBroken, match="签名不对"):
        read_package(path)


def test_evidence_that_is_missing_or_other_is_refused(tmp_path: Path) -> None:
    packed = PackedFile(name=EVIDENCE, sha256="1" * 64, bytes=4)
    with pytest.raises(EvidenceBroken, match="没有清单所列"):
        read_package(package(tmp_path, replace(MANIFEST_TOLD, files=(packed,))))
    (tmp_path / "e.wacz").write_bytes(b"wacz")
    with (tmp_path / "p.ltp").open("wb") as out:
        write_package(out, replace(MANIFEST_TOLD, files=(packed,)), KEY, tmp_path / "e.wacz")
    with pytest.raises(EvidenceBroken, match="与清单不符"):
        read_package(tmp_path / "p.ltp")


def test_no_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="读不了"):
        read_package(tmp_path / "none.ltp")


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "steal"},
        {"office": " "},
        {"person": ""},
        {"document": ""},
        {"public": "zz"},
        {"due": "tomorrow"},
        {"made_at": "2026-11-02"},
        {"leads": ()},
        {"leads": (LEAD, LEAD)},
        {"leads": (replace(LEAD, origin=""),)},
        {"leads": (replace(LEAD, found_at="x"),)},
        {"leads": (replace(LEAD, title="x" * 10_001),)},
        {"leads": (replace(LEAD, exhibits=(replace(EXHIBIT, sha256="x"),)),)},
        {"leads": (replace(LEAD, exhibits=(EXHIBIT,) * 1001),)},
        {"has_contacts": 1},
        {"files": (PackedFile(name="x", sha256="x", bytes=1),)},
        {"files": (PackedFile(name="x", sha256="0" * 64, bytes=True),)},
    ],
)
def test_a_manifest_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(EvidenceBroken):
        manifest_of(written(replace(MANIFEST_TOLD, **changes)))  # type: ignore[arg-type]


def test_a_manifest_with_more_or_less_or_otherwise_written_is_refused() -> None:
    raw = written(MANIFEST_TOLD)
    told = json.loads(raw)
    assert manifest_of(raw) == MANIFEST_TOLD
    less = {name: value for name, value in told.items() if name != "due"}
    for one in (
        told | {"reporter": "x"},
        less,
        told | {"format": "other"},
        [],
        told | {"leads": {}},
        told | {"due": 1},
    ):
        with pytest.raises(EvidenceBroken):
            manifest_of(json.dumps(one).encode())
    for other in (raw + b" ", json.dumps(told).encode(), b"[" * 100_000, b"\xff", raw.replace(b"{", b'{"due":"",', 1)):
        with pytest.raises(EvidenceBroken):
            manifest_of(other)


def test_random_bytes_are_no_package(tmp_path: Path) -> None:
    chance = random.Random(6)
    path = tmp_path / "p.ltp"
    whole = package(tmp_path).read_bytes()
    for _ in range(100):
        changed = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        if bytes(changed) == whole:
            continue
        path.write_bytes(bytes(changed))
        with pytest.raises(EvidenceBroken):
            read_package(path)
