"""What is sealed, by whom, at what cost, and what a crash, a torn file or a second sealer changes: nothing."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, text
from storage_specimens import EXCHANGE, SNAPSHOT, T0, archive_in, database_of, exchange, keep_snapshot, on_both

from crawler.errors import EvidenceBroken
from crawler.items import Capture
from storage import warc
from storage.archive import FolderArchive
from storage.audit import AuditLog, canonical
from storage.db import open_database
from storage.recovery import recover
from storage.rows import NEW_CAPTURES, capture_values
from storage.seal import Sealer, SealState, State, weakest
from storage.sealing import chain, members
from storage.sealing.manifests import head_of, head_path, leaves_of, leaves_path, read_head, unpacked
from storage.sealing.merkle import Tree
from storage.standing import standing
from storage.tables.sealing import ExtentRow, SealRow
from storage.verify import verify

NOW = datetime(2099, 1, 1, 8, tzinfo=UTC)
TOOL = "lantian/0.3.0"


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A file, but for those tests that say otherwise: most are about files."""
    return database_of(request, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def sealer(folder: Path, engine: Engine) -> Sealer:
    return Sealer(folder, engine, tool=TOOL, demand="sealed")


@pytest.fixture
def archive(folder: Path) -> Iterator[FolderArchive]:
    with archive_in(folder) as archive:
        yield archive


def kept(archive: FolderArchive, count: int, size: int = 300) -> list[Capture]:
    return [archive.keep(exchange(os.urandom(size))) for _ in range(count)]


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.warc.gz*")
    return path


def leaves(folder: Path, number: int) -> list[dict[str, object]]:
    return [json.loads(line) for line in leaves_path(folder, number).read_bytes().splitlines()]


def assert_verifies(folder: Path) -> None:
    report = verify(folder)
    assert (report.broken, report.state) == ((), "sealed")


# -- what a manifest says --------------------------------------------------------------------------


@on_both
def test_a_manifest_lists_every_record_with_both_digests(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    captures = [*kept(archive, 3), keep_snapshot(archive, SNAPSHOT)]
    archive.sync()
    sealed = sealer.seal("", NOW)
    raw = the_file(folder).read_bytes()
    listed = leaves(folder, 1)
    assert [one["type"] for one in listed] == ["warcinfo", *["response", "request"] * 3, "resource"]
    assert [one["offset"] for one in listed] == sorted(one["offset"] for one in listed)
    for one in listed:
        member = raw[one["offset"] : one["offset"] + one["length"]]
        assert one["sha256"] == hashlib.sha256(member).hexdigest()
        assert one["sm3"] == hashlib.new("sm3", member).hexdigest()
        assert one["file"] == captures[0].file
        assert not one["file"].endswith(".open")
    assert {one.id for one in captures} <= {one["id"] for one in listed}
    assert (sealed.number, sealed.manifests, sealed.leaves, sealed.troubles) == (1, 1, 8, ())
    assert_verifies(folder)


@on_both
def test_a_head_binds_leaves_audit_rules_and_the_head_before(
    archive: FolderArchive, folder: Path, engine: Engine
) -> None:
    sealer = Sealer(folder, engine, tool=TOOL, demand="stamped")
    kept(archive, 2)
    first = sealer.seal("ab" * 32, NOW)
    kept(archive, 2)
    second = sealer.seal("", NOW + timedelta(hours=1))
    raw_one, raw_two = read_head(folder, 1), read_head(folder, 2)
    one, two = json.loads(raw_one), json.loads(raw_two)
    lines = leaves_path(folder, 2).read_bytes().splitlines()
    assert raw_two == (json.dumps(two, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()
    assert (one["previous"], one["previous_sm3"], one["rules"]) == ("", "", "ab" * 32)
    assert two["previous"] == first.sha256 == hashlib.sha256(raw_one).hexdigest()
    assert two["previous_sm3"] == hashlib.new("sm3", raw_one).hexdigest()
    assert (two["number"], two["leaves"], two["root"]) == (2, 4, Tree(lines).root.hex())
    assert two["leaves_sm3"] == hashlib.new("sm3", leaves_path(folder, 2).read_bytes()).hexdigest()
    assert two["archive"] == one["archive"]
    assert two["sealed_at"] == "2099-01-01T09:00:00.000000Z"
    assert (two["demand"], two["kind"], two["tool"]) == ("stamped", "records", TOOL)
    assert two["files"][0]["from"] == one["files"][0]["to"]
    assert two["audit"] == {"count": 1, "head": AuditLog(engine).entries()[0].digest}
    assert sealer.head().sha256 == second.sha256
    assert [head.number for head in sealer.heads(1, 2)] == [1, 2]
    assert [head.number for head in sealer.waiting(9)] == [1, 2]


def test_nothing_new_makes_no_manifest(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    assert sealer.seal("", NOW).number == 0
    assert sealer.head().number == 0
    kept(archive, 1)
    sealer.seal("", NOW)
    before = sorted(path.name for path in (folder / "manifests").iterdir())
    again = sealer.seal("", NOW)
    assert (again.number, again.manifests, again.leaves) == (1, 0, 0)
    assert sorted(path.name for path in (folder / "manifests").iterdir()) == before


@on_both
def test_the_state_of_a_capture_follows_from_its_manifest(
    archive: FolderArchive, sealer: Sealer, engine: Engine
) -> None:
    (early,) = kept(archive, 1)
    assert sealer.state_of(early) == SealState(state=State.OPEN)
    sealed = sealer.seal("", NOW)
    (late,) = kept(archive, 1)
    assert sealer.state_of(early) == SealState(state=State.SEALED, number=1, head=sealed.sha256, sealed_at=NOW)
    assert sealer.state_of(late).state is State.OPEN
    sealer.seal("", NOW)
    assert sealer.state_of(late).number == 2
    with engine.begin() as connection:
        connection.execute(text("UPDATE seals SET stamped_at = '2099-01-01 08:00:01' WHERE number = 1"))
    assert sealer.state_of(early).state is State.STAMPED
    assert sealer.state_of(late).state is State.SEALED
    assert sealer.state_of(replace(early, file="lantian-elsewhere.warc.gz")).state is State.OPEN
    assert sealer.state_of(replace(late, length=late.length + 10_000)).state is State.OPEN, "longer than what is sealed"


def test_several_stand_as_the_weakest_does() -> None:
    opened, sealed = SealState(state=State.OPEN), SealState(state=State.SEALED, number=4)
    stamped, older = SealState(state=State.STAMPED, number=9), SealState(state=State.SEALED, number=3)
    assert weakest([stamped, sealed, opened]) == opened
    assert weakest([stamped, older, sealed]) == sealed
    assert weakest([stamped]) == stamped
    assert weakest([]).state is State.OPEN


# -- what it costs ---------------------------------------------------------------------------------


def test_only_what_is_behind_the_last_extent_is_read(
    archive: FolderArchive, folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(archive, 20, size=20_000)
    sealer.seal("", NOW)
    covered = the_file(folder).stat().st_size
    kept(archive, 1)
    read: list[tuple[int, int]] = []
    real = os.pread

    def pread(fd: int, length: int, offset: int) -> bytes:
        read.append((offset, length))
        return real(fd, length, offset)

    monkeypatch.setattr(members.os, "pread", pread)
    assert sealer.seal("", NOW).leaves == 2
    ours = [one for one in read if one[0] < covered]
    assert ours == []
    assert sum(length for _, length in read) < 50_000


@on_both
def test_finished_files_are_not_even_opened_again(
    folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        with archive_in(folder) as one:
            kept(one, 2)
    sealer.seal("", NOW)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: opened.append(str(path)) or real(path, *rest))
    sealer.seal("", NOW)
    assert not [path for path in opened if "warc.gz" in path]


@on_both
def test_many_records_are_sealed_in_portions(archive: FolderArchive, folder: Path, engine: Engine) -> None:
    sealer = Sealer(folder, engine, tool=TOOL, demand="sealed", most_leaves=4)
    captures = kept(archive, 5)
    archive.close()
    with archive_in(folder) as other:
        captures += kept(other, 1)
        other.sync()
        sealed = sealer.seal("", NOW)
        assert (sealed.manifests, sealed.leaves, sealed.number) == (4, 14, 4)
        assert all(len(leaves(folder, number)) <= 4 for number in range(1, 5))
        assert {sealer.state_of(one).state for one in captures} == {State.SEALED}
        assert_verifies(folder)


# -- living and torn files -------------------------------------------------------------------------


def test_a_living_writers_file_is_sealed_and_left_alone(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    captures = kept(archive, 2)
    archive.sync()
    before = the_file(folder).read_bytes()
    sealer.seal("", NOW)
    assert the_file(folder).read_bytes() == before
    assert the_file(folder).name.endswith(".open")
    captures += kept(archive, 2)
    archive.close()
    sealer.seal("", NOW)
    assert {sealer.state_of(one).state for one in captures} == {State.SEALED}
    assert_verifies(folder)


def test_a_torn_tail_of_a_living_file_waits(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    kept(archive, 2)
    whole = the_file(folder).stat().st_size
    with the_file(folder).open("ab") as file:
        file.write(warc.member([("WARC-Type", "response")], warc.Payload(head=b"", body=b"x" * 500))[:-40])
    sealed = sealer.seal("", NOW)
    assert (sealed.leaves, sealed.troubles) == (5, ())
    assert unpacked(read_head(folder, 1)).files[0].end == whole
    assert_verifies(folder)


def test_a_record_hidden_in_a_torn_one_is_not_taken_for_one(
    archive: FolderArchive, folder: Path, sealer: Sealer
) -> None:
    """A page may hold a whole record of an invented page: in a file that is being written it stays a page."""
    kept(archive, 1)
    whole = the_file(folder).stat().st_size
    forged = warc.member(warc.response_fields(EXCHANGE, "0" * 36), warc.response_payload(EXCHANGE))
    with the_file(folder).open("ab") as file:
        file.write(b"\x1f\x8b\x08\x00" + os.urandom(20) + forged)
    assert sealer.seal("", NOW).leaves == 3
    assert unpacked(read_head(folder, 1)).files[0].end == whole


def test_a_dead_writers_file_waits_for_recovery(folder: Path, sealer: Sealer) -> None:
    archive = archive_in(folder)
    captures = kept(archive, 2)
    archive._give_up("killed")
    assert sealer.seal("", NOW).leaves == 0
    recover(folder, sealer.covered(NOW))
    assert sealer.seal("", NOW).leaves == 5
    assert {sealer.state_of(one).state for one in captures} == {State.SEALED}


def test_recovery_cuts_nothing_that_is_sealed(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    captures = kept(archive, 3)
    sealer.seal("", NOW)
    archive._give_up("killed")
    path = the_file(folder)
    os.truncate(path, captures[2].offset + 10)
    with pytest.raises(EvidenceBroken, match=r"sealed up to \d+, but whole only up to"):
        recover(folder, sealer.covered(NOW))
    assert path.stat().st_size == captures[2].offset + 10, "it is left as it is"
    assert recover(folder)[0].cut == 10, "without that knowledge it would have been cut"


def test_other_files_are_recovered_beside_a_broken_one(folder: Path, sealer: Sealer) -> None:
    first = archive_in(folder)
    (capture,) = kept(first, 1)
    sealer.seal("", NOW)
    first._give_up("killed")
    os.truncate(the_file(folder), capture.offset)
    second = archive_in(folder)
    (other,) = kept(second, 1)
    second._give_up("killed")
    with pytest.raises(EvidenceBroken, match=capture.file):
        recover(folder, sealer.covered(NOW))
    assert (folder / other.file).exists()


def test_a_torn_tail_is_cut_down_to_what_is_sealed_and_no_further(
    archive: FolderArchive, folder: Path, sealer: Sealer
) -> None:
    captures = kept(archive, 3)
    sealer.seal("", NOW)
    with the_file(folder).open("ab") as file:
        file.write(b"\x1f\x8b\x08\x00 half a record")
    archive._give_up("killed")
    (recovered,) = recover(folder, sealer.covered(NOW))
    assert recovered.cut == 18
    assert sealer.seal("", NOW).leaves == 0
    assert {sealer.state_of(one).state for one in captures} == {State.SEALED}
    assert_verifies(folder)


@pytest.mark.parametrize("where", ["middle", "end"])
def test_damage_is_sealed_as_damage_and_said(folder: Path, sealer: Sealer, where: str) -> None:
    with archive_in(folder) as archive:
        captures = kept(archive, 3)
    broken = captures[1 if where == "middle" else 2]
    raw = bytearray(the_file(folder).read_bytes())
    if where == "end":
        del raw[broken.offset + broken.length :]
    raw[broken.offset + broken.length // 2] ^= 1
    the_file(folder).write_bytes(raw)
    sealed = sealer.seal("", NOW)
    (damaged,) = [one for one in leaves(folder, 1) if one["type"] == "damaged"]
    assert (damaged["offset"], damaged["length"], damaged["id"]) == (broken.offset, broken.length, "")
    (trouble,) = sealed.troubles
    assert broken.file in trouble
    assert f"偏移 {broken.offset}" in trouble
    assert sum(span.end - span.start for span in unpacked(read_head(folder, 1)).files) == len(raw)


def test_a_block_that_does_not_match_its_digest_is_damage(folder: Path, sealer: Sealer) -> None:
    with archive_in(folder) as archive:
        kept(archive, 1)
    lying = warc.member([*warc.response_fields(EXCHANGE, "1" * 36)], warc.Payload(head=b"", body=b"one"))
    plain = members.isal_zlib.decompress(lying, wbits=31).replace(b"\r\n\r\none", b"\r\n\r\ntwo")
    with the_file(folder).open("ab") as file:
        file.write(members.isal_zlib.compress(plain, wbits=31))
    assert len(sealer.seal("", NOW).troubles) == 1
    assert leaves(folder, 1)[-1]["type"] == "damaged"


def test_a_file_that_is_shorter_than_sealed_is_said_and_the_others_are_sealed(folder: Path, sealer: Sealer) -> None:
    with archive_in(folder) as archive:
        (cut,) = kept(archive, 1)
    sealer.seal("", NOW)
    os.truncate(folder / cut.file, cut.offset)
    with archive_in(folder) as archive:
        (other,) = kept(archive, 1)
    sealed = sealer.seal("", NOW)
    assert sealed.troubles == (
        f"{cut.file}：只剩 {cut.offset} 字节，已封存到 {unpacked(read_head(folder, 1)).files[0].end}",
    )
    assert sealer.state_of(other).state is State.SEALED


def test_a_file_that_is_there_twice_is_not_touched(folder: Path, sealer: Sealer) -> None:
    with archive_in(folder) as archive:
        (one,) = kept(archive, 1)
    (folder / f"{one.file}.open").write_bytes((folder / one.file).read_bytes())
    sealed = sealer.seal("", NOW)
    assert (sealed.leaves, len(sealed.troubles)) == (0, 1)


def test_a_record_from_tomorrow_is_not_sealed_today(folder: Path, sealer: Sealer) -> None:
    with archive_in(folder) as archive:
        before, after = (archive.keep(exchange(b"x", fetched_at=at)) for at in (T0, NOW + timedelta(days=9)))
    sealed = sealer.seal("", NOW)
    assert sealer.state_of(before).state is State.SEALED
    assert sealer.state_of(after).state is State.OPEN
    assert "还没有到" in sealed.troubles[0]
    sealer.seal("", NOW + timedelta(days=9))
    assert_verifies(folder)


def test_what_a_writer_adds_meanwhile_is_left_without_a_word(archive: FolderArchive, sealer: Sealer) -> None:
    archive.keep(exchange(b"x", fetched_at=NOW + timedelta(minutes=10)))
    assert sealer.seal("", NOW).troubles == ()


# -- crashes ---------------------------------------------------------------------------------------


def crash(sealer: Sealer, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(chain, where, dies)
        with pytest.raises(KeyboardInterrupt):
            sealer.seal("", NOW)


@on_both
def test_a_head_without_a_row_is_adopted(
    archive: FolderArchive, folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = kept(archive, 1)
    crash(sealer, monkeypatch, "add_on")
    raw = read_head(folder, 1)
    assert (sealer.head().number, sealer.state_of(first).state) == (0, State.OPEN), "one commit, or none"
    (second,) = kept(archive, 1)
    sealed = sealer.seal("", NOW + timedelta(minutes=5))
    assert (sealed.number, sealed.manifests) == (2, 1)
    assert read_head(folder, 1) == raw
    assert [sealer.state_of(one).number for one in (first, second)] == [1, 2]
    assert [one.act for one in AuditLog(sealer.chain.engine).entries()] == ["adopt", "seal"]
    assert_verifies(folder)


def test_leaves_without_a_head_are_written_over(
    archive: FolderArchive, folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(archive, 1)
    crash(sealer, monkeypatch, "save_head")
    assert leaves_path(folder, 1).exists()
    assert not head_path(folder, 1).exists()
    kept(archive, 1)
    assert sealer.seal("", NOW).leaves == 5
    assert_verifies(folder)


@on_both
def test_a_whole_chain_is_adopted_by_a_new_database(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    captures = []
    for _ in range(3):
        captures += kept(archive, 1)
        sealer.seal("", NOW)
    fresh = open_database(folder.parent / "other.db")
    other = Sealer(folder, fresh, tool=TOOL, demand="sealed")
    assert (other.seal("", NOW).manifests, other.head().number) == (0, 3)
    assert [other.state_of(one) for one in captures] == [sealer.state_of(one) for one in captures]
    fresh.dispose()


def test_a_head_that_does_not_fit_the_disk_is_not_adopted(
    archive: FolderArchive, folder: Path, sealer: Sealer, engine: Engine
) -> None:
    (capture,) = kept(archive, 1)
    sealer.seal("", NOW)
    forget(engine, 1)
    raw = bytearray(the_file(folder).read_bytes())
    raw[capture.offset + 30] ^= 1
    the_file(folder).write_bytes(raw)
    with pytest.raises(EvidenceBroken, match="第 1 号清单"):
        sealer.seal("", NOW)
    assert sealer.head().number == 0


def forget(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(delete(ExtentRow).where(ExtentRow.number == number))
        connection.execute(delete(SealRow).where(SealRow.number == number))


def test_what_the_disk_does_not_give_back_is_no_manifest(
    archive: FolderArchive, folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(archive, 1)
    real = chain.save_head

    def worn(where: Path, head: object) -> bytes:
        path = leaves_path(where, 1)
        path.write_bytes(path.read_bytes().replace(b'"type":"response"', b'"type":"resource"'))
        return real(where, head)

    with monkeypatch.context() as patched:
        patched.setattr(chain, "save_head", worn)
        with pytest.raises(EvidenceBroken, match="第 1 号清单与磁盘不符"):
            sealer.seal("", NOW)
    assert not head_path(folder, 1).exists()
    assert not leaves_path(folder, 1).exists()
    assert sealer.seal("", NOW).number == 1
    assert_verifies(folder)


@pytest.mark.parametrize("change", ["edit", "remove"])
def test_the_chain_is_not_lengthened_behind_a_manifest_that_is_not_the_sealed_one(
    archive: FolderArchive, folder: Path, sealer: Sealer, change: str
) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    kept(archive, 1)
    if change == "edit":
        head_path(folder, 1).write_bytes(read_head(folder, 1).replace(b"2099", b"2098"))
    else:
        head_path(folder, 1).unlink()
    with pytest.raises(EvidenceBroken, match=r"000001\.json"):
        sealer.seal("", NOW)
    assert not head_path(folder, 2).exists()


def test_a_foreign_manifest_is_not_adopted(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    head_path(folder, 2).write_bytes(read_head(folder, 1))
    with pytest.raises(EvidenceBroken, match=r"000002\.json 与前一份清单接不上"):
        sealer.seal("", NOW)


@pytest.mark.parametrize("raw", [b"", b"{}\n", b"[1]\n", b"\xff", b'{"a":' * 5000, b"null\n"])
def test_a_head_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(EvidenceBroken):
        unpacked(raw)


def test_a_head_with_one_byte_changed_is_not_as_we_write_it(
    archive: FolderArchive, folder: Path, sealer: Sealer
) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    raw = read_head(folder, 1)
    assert unpacked(raw).packed() == raw
    for changed in (raw + b"\n", raw.replace(b",", b", ", 1), raw.replace(b'"tool"', b'"TOOL"')):
        with pytest.raises(EvidenceBroken):
            unpacked(changed)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", "1"),
        ("number", True),
        ("leaves", -1),
        ("root", 5),
        ("previous", None),
        ("audit", {"count": "0", "head": ""}),
        ("files", [{"file": 7, "from": 0, "to": 1}]),
        ("files", [{"file": "a", "from": 0.0, "to": 1}]),
        ("format", "other"),
    ],
)
def test_a_head_of_another_form_is_refused_by_whoever_writes(
    archive: FolderArchive, folder: Path, sealer: Sealer, key: str, value: object
) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    told = json.loads(read_head(folder, 1)) | {key: value}
    with pytest.raises(EvidenceBroken):
        unpacked(canonical(told))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"offset":0', b'"offset":"0"'),
        (b'"offset":0', b'"offset":00'),
        (b'"type"', b'"more":1,"type"'),
        (b"\n", b""),
        (b'"length"', b'"length" '),
    ],
)
def test_leaves_of_another_form_are_refused(
    archive: FolderArchive, folder: Path, sealer: Sealer, old: bytes, new: bytes
) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    path = leaves_path(folder, 1)
    assert b"".join(leaf.line() + b"\n" for leaf in leaves_of(folder, 1)) == path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(EvidenceBroken, match="读不了"):
        list(leaves_of(folder, 1))


def test_a_head_under_another_number_is_refused(archive: FolderArchive, folder: Path, sealer: Sealer) -> None:
    kept(archive, 1)
    sealer.seal("", NOW)
    head_path(folder, 2).write_bytes(read_head(folder, 1))
    assert head_of(folder, 1).number == 1
    with pytest.raises(EvidenceBroken, match="自称"):
        head_of(folder, 2)


# -- several at once -------------------------------------------------------------------------------


def _seal_often(folder: Path, database: Path, start: object) -> None:
    engine = open_database(database)
    sealer = Sealer(folder, engine, tool=TOOL, demand="sealed")
    start.wait()
    with archive_in(folder) as archive:
        for _ in range(8):
            kept(archive, 2)
            archive.sync()
            sealer.seal("", NOW)
    engine.dispose()


def test_two_processes_that_write_and_seal_at_once_make_one_chain(folder: Path, tmp_path: Path, sealer: Sealer) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Event()
    others = [context.Process(target=_seal_often, args=(folder, tmp_path / "lantian.db", start)) for _ in range(2)]
    for other in others:
        other.start()
    start.set()
    for other in others:
        other.join(60)
    assert [other.exitcode for other in others] == [0, 0]
    sealer.seal("", NOW)
    numbers = [head.number for head in sealer.heads(1, 999)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 8
    listed = [one["id"] for number in numbers for one in leaves(folder, number)]
    assert len(listed) == len(set(listed)) == 2 * (1 + 8 * 4)
    assert_verifies(tmp_path)


def test_who_is_not_to_wait_is_told_that_another_seals(archive: FolderArchive, sealer: Sealer) -> None:
    kept(archive, 1)
    with sealer.chain.locked(NOW), pytest.raises(BlockingIOError):
        sealer.seal("", NOW, waits=False)
    assert sealer.seal("", NOW, waits=False).number == 1


def test_half_an_append_is_never_sealed(
    archive: FolderArchive, folder: Path, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response whose request did not fit on the disk is taken back by its writer: it must not be in a manifest."""
    kept(archive, 1)
    whole = the_file(folder).stat().st_size
    real, seen = os.pwrite, []

    def pwrite(fd: int, view: memoryview, offset: int) -> int:
        if not seen:
            # The first of the two records is on the disk, then the disk is full.
            first = members.isal_zlib.decompressobj(wbits=31)
            first.decompress(bytes(view))
            written = real(fd, view[: len(view) - len(first.unused_data)], offset)
            seen.append(sealer.seal("", NOW))
            return written
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(OSError, match="No space"):
        kept(archive, 1)
    assert seen[0].manifests == 0, "while its writer appends, a file is not looked at"
    assert the_file(folder).stat().st_size == whole
    monkeypatch.setattr(os, "pwrite", real)
    assert sealer.seal("", NOW).leaves == 3
    assert_verifies(folder)


# -- how much is sealed ----------------------------------------------------------------------------


@on_both
def test_what_is_open_is_counted_without_reading_records(
    archive: FolderArchive, folder: Path, sealer: Sealer, engine: Engine
) -> None:
    assert standing(folder, engine, NOW).state == "open"
    early = kept(archive, 2)
    sealer.seal("", NOW)
    late = kept(archive, 3)
    with engine.begin() as connection:
        NEW_CAPTURES.execute(connection, [capture_values(one) for one in early + late])
    now = standing(folder, engine, NOW)
    size = the_file(folder).stat().st_size - late[0].offset
    assert (now.state, now.open_captures, now.open_files, now.open_bytes) == ("open", 3, 1, size)
    assert (now.sealed.manifests, now.sealed.records, now.stamped.manifests) == (1, 5, 0)
    sealer.seal("", NOW)
    with engine.begin() as connection:
        connection.execute(text("UPDATE seals SET stamped_at = '2099-01-01 08:00:01' WHERE number = 1"))
    now = standing(folder, engine, NOW)
    assert (now.state, now.open_captures, now.sealed.records, now.stamped.records) == ("sealed", 0, 6, 5)
    with engine.begin() as connection:
        connection.execute(text("UPDATE seals SET stamped_at = '2099-01-01 08:00:01'"))
    assert standing(folder, engine, NOW).state == "stamped"
