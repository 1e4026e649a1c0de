"""The verifier stays bounded in time and memory whatever a file claims, and beside living writers."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
from keeping_specimens import NOW, home_in, keep_page
from storage_specimens import archive_in, exchange
from tampering import Victim

from crawler import clock
from storage.verifier.source import FolderSource
from storage.verifier.warc import Gap, Member, walk
from storage.verify import Wanted, verify

ROOT = Path(__file__).parent.parent.parent
NAME = "lantian-20260801T023015Z-00000000.warc.gz"
# Not getrusage: what it tells outlives exec, and so begins with the tests' own memory.
PEAK = "import re, sys; from storage.verify import main; main(sys.argv[1:]); "
PEAK += "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"


def bomb(head: bytes, megabytes: int) -> bytes:
    """One gzip member that unpacks to so many megabytes of zeros behind the head."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(head)]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def peak(folder: Path) -> int:
    """Megabytes that the verifier's process came to."""
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(folder), "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "head",
    [
        b"WARC/1.1\r\nContent-Length: 10\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"WARC/1.1\r\nContent-Type: application/http\r\nContent-Length: 400000000\r\n\r\n",
        b"WARC/1.1\r\nA: ",
        b"",
    ],
    ids=["short", "endless", "message", "header", "none"],
)
def test_what_unpacks_to_more_than_it_says_is_left_at_once(head: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(bomb(head, 60))
    start = time.process_time()
    (found,) = walk(FolderSource(tmp_path), NAME, 0, (tmp_path / NAME).stat().st_size)
    assert isinstance(found, Gap)
    assert time.process_time() - start < 5


def test_memory_does_not_grow_with_a_record(tmp_path: Path) -> None:
    peaks = []
    for megabytes in (1, 80):
        folder = tmp_path / str(megabytes) / "archive"
        with archive_in(folder) as archive:
            archive.keep(exchange(os.urandom(1 << 20) * megabytes))
        peaks.append(peak(folder))
    assert peaks[1] < peaks[0] + 30, peaks


def test_looking_for_the_next_record_costs_no_more_than_some_readings(tmp_path: Path) -> None:
    # Each of these begins as a member and breaks off much later.
    one = gzip.compress(b"WARC/1.1\r\nX: " + os.urandom(40_000))[:-200]
    (tmp_path / NAME).write_bytes(one[:20] * 40_000 + one * 40)
    start = time.process_time()
    found = list(walk(FolderSource(tmp_path), NAME, 0, (tmp_path / NAME).stat().st_size))
    assert [type(gap) for gap in found] == [Gap]
    assert time.process_time() - start < 30


def test_behind_damage_the_next_whole_record_is_found(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        captures = [archive.keep(exchange(b"page %d" % number)) for number in range(3)]
    path = tmp_path / captures[0].file
    raw = path.read_bytes()
    middle = captures[1]
    path.write_bytes(raw[: middle.offset + 9] + b"\x1f\x8b\x08\x00" * 5 + raw[middle.offset + middle.length :])
    found = list(walk(FolderSource(tmp_path), path.name, 0, path.stat().st_size))
    assert [type(one) for one in found] == [Member, Member, Member, Gap, Member, Member, Member]
    assert (found[3].offset, found[3].length, found[3].is_last) == (middle.offset, 29, False)


def test_a_living_writer_and_sealer_beside_it(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    over = threading.Event()
    with home_in(tmp_path / "home") as home:
        keep = iter(range(10_000))

        def work() -> None:
            while not over.is_set():
                with archive_in(home.archive) as archive:
                    for _ in range(3):
                        keep_page(home, archive, {str(next(keep)): True}, NOW)
                        home.sealer.seal("", clock.now())

        writer = threading.Thread(target=work)
        writer.start()
        try:
            for _ in range(12):
                report = verify(home.folder)
                assert report.ok, [str(broken) for broken in report.broken]
        finally:
            over.set()
            writer.join()
        assert verify(home.folder, Wanted(demand="sealed")).state == "sealed"


def test_quick_compares_bytes_and_places_but_not_what_records_say(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with home_in(tmp_path / "home") as home:
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {"1": True}, NOW)
        home.sealer.seal("", clock.now())
        quick = verify(home.folder, Wanted(is_quick=True))
        assert (quick.ok, quick.checked) == (True, verify(home.folder).checked)
        victim = Victim(home=home.folder, elsewhere=tmp_path)
        whole = victim.file(1).read_bytes()
        middle = len(whole) // 2
        victim.splice(middle, middle + 1, bytes([whole[middle] ^ 1]), number=1)
        assert not verify(home.folder, Wanted(is_quick=True)).ok
        victim.file(1).write_bytes(whole)
        victim.sql("UPDATE captures SET offset = offset + 1")
        assert {broken.kind for broken in verify(home.folder, Wanted(is_quick=True)).broken} == {"rows"}


@pytest.mark.parametrize("content", [b"no database" * 500, b"", b"SQLite format 3\0" + bytes(4080)])
def test_a_database_that_is_none_is_told(content: bytes, tmp_path: Path) -> None:
    with archive_in(tmp_path / "archive") as archive:
        archive.keep(exchange(b"page"))
    (tmp_path / "lantian.db").write_bytes(content)
    assert {broken.kind for broken in verify(tmp_path).broken} == {"rows"}


def test_a_database_cut_anywhere_is_told_or_whole(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with home_in(tmp_path / "home") as home:
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {"1": True}, NOW)
        home.seal()
    whole = (tmp_path / "home" / "lantian.db").read_bytes()
    for cut in range(1, len(whole), len(whole) // 25):
        (tmp_path / "home" / "lantian.db").write_bytes(whole[:cut])
        report = verify(tmp_path / "home")
        assert {broken.kind for broken in report.broken} <= {"rows", "audit"}


def test_a_view_in_the_place_of_a_table_cannot_keep_it_busy(tmp_path: Path) -> None:
    with archive_in(tmp_path / "archive") as archive:
        archive.keep(exchange(b"page"))
    connection = sqlite3.connect(tmp_path / "lantian.db")
    names = "id url how status mime taken_at file offset length sha256 size ip_address is_specimen expired_in".split()
    columns = ", ".join(f"i AS {name}" for name in names)
    endless = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {columns} FROM n"
    connection.execute(f"CREATE VIEW captures AS {endless}")
    connection.close()
    (broken,) = verify(tmp_path).broken
    assert (broken.kind, broken.part) == ("rows", "lantian.db")


def test_a_field_that_is_no_text_and_folders_in_folders_are_no_crash(tmp_path: Path) -> None:
    with archive_in(tmp_path / "archive") as archive:
        kept = archive.keep(exchange(b"page"))
    path = tmp_path / "archive" / kept.file
    raw = path.read_bytes()
    plain = gzip.decompress(raw[kept.offset : kept.offset + kept.length])
    bad = gzip.compress(plain.replace(b"https://", b"\xff\xfe://", 1))
    path.write_bytes(raw[: kept.offset] + bad + raw[kept.offset + kept.length :])
    report = verify(tmp_path / "archive")
    assert report.checked == 3
    deep = os.open(tmp_path / "archive", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    assert verify(tmp_path / "archive").checked == 3
    # Deeper than pytest would clear away.
    subprocess.run(["rm", "-r", tmp_path / "archive" / "d"], check=True)
