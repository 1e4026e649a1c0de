"""Packages that were made to fill the memory of whoever verifies them: each is named, at a bounded price."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from itertools import accumulate
from pathlib import Path

import pytest
from package_tampering import edit, files_of, lines, members, of_how, proofs, victim
from test_verify_hostile import PEAK, ROOT, bomb

from storage.verifier.digest import NoSm3
from storage.verifier.index import HEAD_LIMIT, PAYLOAD_LIMIT, described, payload
from storage.wacz import PROOFS, RECORDS

LEAST = 110  # megabytes: more than the verifier comes to with a small package


def peak(path: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(path), "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(ran.stdout.splitlines()[-1]), ran.stdout


def test_facts_as_large_as_a_package_may_be_are_not_held(tmp_path: Path) -> None:
    at = victim(tmp_path)
    files = files_of(at.path)
    told, packed = proofs(files), members(files)
    # Random bytes do not pack: as many are read as are held.
    packer = zlib.compressobj(0, wbits=31)
    head = b"WARC/1.1\r\nWARC-Type: resource\r\nLantian-How: facts\r\nContent-Length: 3\r\n\r\n"
    large = packer.compress(head + os.urandom(1 << 20) * 150) + packer.flush()
    packed[of_how(files, "facts")] = large
    for one, start, member in zip(told, accumulate(map(len, packed), initial=0), packed, strict=False):
        one |= {"offset": start, "length": len(member)}
    edit(at, **{RECORDS: b"".join(packed), PROOFS: lines(told)})
    most, said = peak(at.path)
    assert '"damaged_record"' in said
    assert most < LEAST, most


def test_a_list_of_entries_as_large_as_the_package_is_not_read(tmp_path: Path) -> None:
    path, size = tmp_path / "X.wacz", 1 << 30
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 9, 9, size, 0, 0))
    most, said = peak(path)
    assert '"zip_structure"' in said
    assert most < LEAST, most


@pytest.mark.parametrize("megabytes", [1, 300])
def test_what_unpacks_to_much_is_left_at_its_limit(megabytes: int) -> None:
    head = b"WARC/1.1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nX: "
    packed = bomb(head, megabytes)
    assert len(described(BytesIO(packed), len(packed)).message) <= HEAD_LIMIT
    assert len(payload(BytesIO(packed), len(packed))) <= PAYLOAD_LIMIT
    assert bool(payload(BytesIO(packed), len(packed))) is (megabytes == 1)


def test_a_build_without_sm3_is_said_and_not_crashed_over(tmp_path: Path) -> None:
    at = victim(tmp_path)
    code = (
        "import sys, cryptography.hazmat.primitives.hashes as hashes\n"
        "from cryptography.exceptions import UnsupportedAlgorithm\n"
        "def none(kind): raise UnsupportedAlgorithm('sm3')\n"
        "hashes.Hash = none\n"
        "from storage.verify import main\n"
        "sys.exit(main([sys.argv[1]]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(at.path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr.strip()) == (2, str(NoSm3()))
