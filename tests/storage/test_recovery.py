"""What a dead writer left is finished, nothing acknowledged is lost, and the living are left alone."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from storage_specimens import EXCHANGE, archive_in, exchange
from test_archive import ROOT, records, warcio_check

from crawler.errors import EvidenceBroken
from crawler.items import Capture, How
from storage import warc
from storage.archive import FolderArchive
from storage.recovery import recover

WRITER = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
sys.path[:0] = ["tests/storage"]
from storage_specimens import archive_in, exchange
archive = archive_in(Path(sys.argv[1]), rotate_at=400_000)
print("ready", flush=True)
number = 0
while True:
    kept = [archive.keep(exchange(os.urandom(20_000) + b"%d" % n)) for n in range(number % 4)]
    archive.sync()
    for one in kept:
        print(json.dumps(asdict(one), default=str), flush=True)
    number += 1
"""


def writer(folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def capture_of(line: str) -> Capture:
    told = json.loads(line)
    return Capture(**{**told, "how": How(told["how"]), "taken_at": datetime.fromisoformat(told["taken_at"])})


def open_copy(folder: Path, captures: int = 5) -> tuple[Path, list[Capture]]:
    """A file as a dead writer leaves it, and the captures that lie in it whole."""
    archive = archive_in(folder)
    kept = [archive.keep(exchange(os.urandom(500) + b"%d" % number)) for number in range(captures)]
    archive.close()
    path = folder / kept[0].file
    return path.rename(path.with_name(path.name + ".open")), kept


@pytest.mark.parametrize("seed", range(6))
def test_killed_writer_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    child = writer(tmp_path)
    said = child.stdout.readline()  # a slow machine has acknowledged nothing before
    time.sleep(random.Random(seed).uniform(0.0, 0.4))
    child.send_signal(signal.SIGKILL)
    said += child.stdout.read()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    acknowledged = [capture_of(line) for line in said.splitlines() if line.endswith("}")]
    assert acknowledged
    recover(tmp_path)
    assert not list(tmp_path.glob("*.open"))
    archive = archive_in(tmp_path)
    assert all(len(archive.produce(one)) == one.size for one in acknowledged)
    for path in tmp_path.iterdir():
        assert warcio_check(path).returncode == 0


def test_living_writer_is_left_alone(tmp_path: Path) -> None:
    child = writer(tmp_path)
    try:
        assert child.stdout is not None
        acknowledged = [capture_of(child.stdout.readline()) for _ in range(3)]
        assert recover(tmp_path) == []
        acknowledged += [capture_of(child.stdout.readline()) for _ in range(3)]
        assert all(FolderArchive(tmp_path, tool="reader").produce(one) for one in acknowledged)
    finally:
        child.kill()
        child.communicate()
    assert recover(tmp_path)


@pytest.mark.parametrize("seed", range(40))
def test_power_cut_leaves_every_whole_record(tmp_path: Path, seed: int) -> None:
    path, kept = open_copy(tmp_path)
    size = path.stat().st_size
    end = random.Random(seed).randrange(kept[2].offset + kept[2].length, size)
    os.truncate(path, end)
    if seed % 2:
        with path.open("ab") as file:
            file.write(b"\0" * 300)  # a file system may have grown the file before it wrote the bytes
    (recovered,) = recover(tmp_path)
    archive = archive_in(tmp_path)
    whole = [one for one in kept if one.offset + one.length <= end]
    assert [archive.produce(one)[-1:] for one in whole] == [b"%d" % number for number in range(len(whole))]
    assert recovered.cut == end + 300 * (seed % 2) - recovered.kept
    assert recovered.damaged == 0
    assert f"{recovered.cut} bytes cut" in str(recovered)
    assert warcio_check(tmp_path / recovered.file).returncode == 0
    assert len(records(tmp_path)) == recovered.records


def test_whole_file_is_only_renamed(tmp_path: Path) -> None:
    path, kept = open_copy(tmp_path)
    raw = path.read_bytes()
    (recovered,) = recover(tmp_path)
    assert (tmp_path / kept[0].file).read_bytes() == raw
    assert (recovered.cut, recovered.records) == (0, 11)
    assert recover(tmp_path) == []


def test_records_behind_damage_are_kept_and_the_damage_is_said(tmp_path: Path) -> None:
    path, kept = open_copy(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[kept[1].offset + 40] ^= 255
    path.write_bytes(raw + b"\x1f\x8b\x08\x00torn")
    (recovered,) = recover(tmp_path)
    assert (recovered.cut, recovered.damaged) == (8, kept[1].length)
    assert f"{kept[1].length} bytes between whole records are damaged" in str(recovered)
    archive = archive_in(tmp_path)
    assert all(archive.produce(one) for one in (kept[0], *kept[2:]))
    with pytest.raises(EvidenceBroken):
        archive.produce(kept[1])


def test_a_record_within_a_torn_record_is_part_of_its_page(tmp_path: Path) -> None:
    """A page that does not compress lies in the file as it is, and with it the records that its author wrote."""
    path, kept = open_copy(tmp_path)
    whole = path.stat().st_size
    forged = warc.member(warc.response_fields(EXCHANGE, "0" * 36), warc.response_payload(EXCHANGE))
    page = exchange(random.Random(1).randbytes(5000) + forged * 2 + random.Random(2).randbytes(5000))
    plain = gzip.decompress(warc.member(warc.response_fields(page, "1" * 36), warc.response_payload(page)))
    torn = gzip.compress(plain, 0)
    assert forged in torn, "it does lie there as it is"
    behind = torn.index(forged) + len(forged)
    for end in (behind + 1, behind + len(forged) - 1, len(torn) - 10):
        path.write_bytes(path.read_bytes()[:whole] + torn[:end])
        (recovered,) = recover(tmp_path)
        assert (recovered.records, recovered.kept, recovered.damaged) == (11, whole, 0)
        (tmp_path / kept[0].file).rename(path)


@pytest.mark.parametrize(
    "remains", [b"", b"\x1f\x8b\x08", b"\0" * 5000, b"GIF89a", gzip.compress(b"no record", mtime=0)]
)
def test_file_without_a_record_is_removed_and_said(tmp_path: Path, remains: bytes) -> None:
    path = tmp_path / "lantian-20260801T023015Z-00000000.warc.gz.open"
    path.write_bytes(remains)
    (recovered,) = recover(tmp_path)
    assert f"removed, its {len(remains)} bytes" in str(recovered)
    assert not list(tmp_path.iterdir())


def test_finished_file_is_never_overwritten(tmp_path: Path) -> None:
    path, kept = open_copy(tmp_path)
    (tmp_path / kept[0].file).write_bytes(b"finished before")
    with pytest.raises(EvidenceBroken, match="both there"):
        recover(tmp_path)
    assert path.exists()
    assert (tmp_path / kept[0].file).read_bytes() == b"finished before"


def test_no_folder_has_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(tmp_path / "absent") == []
