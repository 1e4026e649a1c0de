"""The archive read again a slice a night: all of it in a cycle, what is wrong by name, on from where it stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from authority import LocalAuthority
from keeping_specimens import DAY, NOW, home_in, keep_page
from sqlalchemy import Engine, delete, insert, select
from storage_specimens import archive_in, exchange

from crawler.tables import Authority
from storage.audit import AuditLog
from storage.db import open_database, writing
from storage.fixity import Audited, audit_slice
from storage.seal import Sealer
from storage.stamp import stamp_pending, token_path
from storage.tables.fixity import FixityRow
from storage.tables.sealing import ExtentRow
from storage.verifier.source import FolderSource

NIGHT = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
FILES = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six files under three manifests, two each."""
    home = tmp_path_factory.mktemp("made")
    engine = open_database(home / "lantian.db")
    for number in range(FILES):
        with archive_in(home / "archive") as writer:
            for page in range(3):
                writer.keep(exchange(b"%d %d" % (number, page)))
        if number % 2:
            sealer(home / "archive", engine).seal("", datetime.now(UTC))
    engine.dispose()
    return home


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The archive of a home of its own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "archive"


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    opened = open_database(folder.parent / "lantian.db")
    yield opened
    opened.dispose()


def sealer(folder: Path, engine: Engine) -> Sealer:
    return Sealer(folder, engine, tool="lantian 0.1.0", demand="sealed")


def audit(folder: Path, engine: Engine, nights: int = 1, night: int = 0) -> Audited:
    return audit_slice(FolderSource(folder), engine, nights, NIGHT + timedelta(days=night))


def looked(engine: Engine) -> dict[str, tuple[datetime, str]]:
    with engine.begin() as connection:
        rows = connection.execute(select(FixityRow.file, FixityRow.checked_at, FixityRow.broken))
        return {file: (at, broken) for file, at, broken in rows}


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.warc.gz"))


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def test_all_in_one_night(folder: Path, engine: Engine) -> None:
    done = audit(folder, engine)
    size = sum(path.stat().st_size for path in files(folder))
    assert (done.files, done.bytes, done.broken) == (FILES, size, ())
    assert (done.all_files, done.all_bytes, done.unread_bytes, done.oldest_checked) == (FILES, size, 0, NIGHT)
    assert looked(engine) == {path.name: (NIGHT, "") for path in files(folder)}
    *_, entry = AuditLog(engine).entries()
    assert (entry.act, entry.at) == ("audit", NIGHT)


def test_a_slice_a_night_until_all_is_read_then_from_the_oldest(folder: Path, engine: Engine) -> None:
    every, largest = {path.name for path in files(folder)}, max(path.stat().st_size for path in files(folder))
    seen: list[set[str]] = []
    done: list[Audited] = []
    for night in range(6):
        before = looked(engine)
        done.append(audit(folder, engine, nights=3, night=night))
        seen.append({file for file, told in looked(engine).items() if before.get(file) != told})
    assert all(one.all_bytes / 3 <= one.bytes < one.all_bytes / 3 + largest for one in done)
    assert [done[0].unread_bytes > 0, done[2].unread_bytes] == [True, 0]
    assert seen[0] | seen[1] | seen[2] == seen[3] | seen[4] | seen[5] == every
    assert done[5].oldest_checked >= NIGHT + timedelta(days=3)


def test_what_is_new_comes_first(folder: Path, engine: Engine) -> None:
    audit(folder, engine)
    with archive_in(folder) as writer:
        writer.keep(exchange(b"new"))
    sealer(folder, engine).seal("", datetime.now(UTC))
    (new,) = {path.name for path in files(folder)} - looked(engine).keys()
    audit(folder, engine, nights=10_000, night=1)
    assert {file for file, (at, _) in looked(engine).items() if at > NIGHT} == {new}


def test_a_file_still_being_written_is_read_as_far_as_it_is_sealed(folder: Path, engine: Engine) -> None:
    with archive_in(folder) as writer:
        writer.keep(exchange(b"sealed"))
        writer.sync()
        sealer(folder, engine).seal("", datetime.now(UTC))
        writer.keep(exchange(b"not yet"))
        writer.sync()
        done = audit(folder, engine)
        assert (done.files, done.broken) == (FILES + 1, ())
        (open_,) = folder.glob("*.open")
        flip(open_, open_.stat().st_size - 1)
        assert audit(folder, engine, night=1).broken == ()
        flip(open_, 0)
        assert audit(folder, engine, night=2).broken
        flip(open_, 0)


@pytest.mark.parametrize("at", [0, 100, -1, 0.5])
def test_a_flipped_bit(folder: Path, engine: Engine, at: float) -> None:
    path = files(folder)[3]
    flip(path, int(path.stat().st_size * at) if isinstance(at, float) else at)
    done = audit(folder, engine)
    assert {one.part for one in done.broken} == {path.name}
    assert done.broken[0].offset is not None
    assert [file for file, (_, broken) in looked(engine).items() if broken] == [path.name]


def test_what_is_broken_is_read_every_night_until_it_is_whole(folder: Path, engine: Engine) -> None:
    path = files(folder)[0]
    flip(path, 100)
    assert audit(folder, engine).broken
    for night in (1, 2):
        done = audit(folder, engine, nights=FILES, night=night)
        assert {one.part for one in done.broken} == {path.name}
        assert done.files >= 2, "the cycle goes on beside it"
    flip(path, 100)
    assert audit(folder, engine, nights=FILES, night=3).broken == ()
    assert looked(engine)[path.name] == (NIGHT + timedelta(days=3), "")


def test_a_missing_and_a_cut_file(folder: Path, engine: Engine) -> None:
    gone, cut, *_ = files(folder)
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    kinds = {one.part: one.kind for one in audit(folder, engine).broken}
    assert kinds == {gone.name: "missing_file", cut.name: "cut_file"}


def test_a_changed_manifest(folder: Path, engine: Engine) -> None:
    leaves = folder / "manifests" / "000002.leaves.jsonl"
    whole = leaves.read_bytes()
    leaves.write_bytes(whole.replace(b'"type":"request"', b'"type":"respons"'))
    assert {one.part for one in audit(folder, engine).broken} <= {
        "manifests/000002.leaves.jsonl",
        "manifests/000002.json",
    }
    assert audit(folder, engine).broken
    leaves.unlink()
    assert audit(folder, engine).broken
    leaves.write_bytes(whole)
    assert not audit(folder, engine).broken
    head = folder / "manifests" / "000002.json"
    raw = head.read_bytes()
    head.write_bytes(raw.replace(b'"demand":"sealed"', b'"demand":"stamped"'))
    assert {one.kind for one in audit(folder, engine).broken} == {"fork"}
    head.write_bytes(raw[:-2])
    assert {one.kind for one in audit(folder, engine).broken} == {"manifest_format"}
    head.unlink()
    assert {one.kind for one in audit(folder, engine).broken} == {"missing_file"}


def test_a_token_that_is_not_the_one_received(
    folder: Path, engine: Engine, authority: LocalAuthority, authority_url: str
) -> None:
    stamp_pending(folder, engine, [Authority(url=authority_url, ca=authority.root)], datetime.now(UTC))
    assert not audit(folder, engine).broken
    flip(token_path(folder, 1), 200)
    assert {(one.kind, one.part) for one in audit(folder, engine).broken} == {
        ("token_mismatch", "manifests/000001.tsr")
    }
    token_path(folder, 1).unlink()
    assert {(one.kind, one.part) for one in audit(folder, engine).broken} == {("token_missing", "manifests/000001.tsr")}


def test_a_row_that_claims_more_than_its_manifest(folder: Path, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        row = connection.execute(select(ExtentRow.file, ExtentRow.to).limit(1)).one()
        values = {"file": row.file, "from_": row.to, "to": row.to + 10, "number": 1}
        connection.execute(insert(ExtentRow).values(values))
    assert {one.kind for one in audit(folder, engine).broken} == {"rows"}


def test_a_manifest_that_covers_nothing_any_more_is_read_for_itself(folder: Path, engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(delete(ExtentRow).where(ExtentRow.number == 1))
    assert not audit(folder, engine).broken
    assert "manifests/000001.json" in looked(engine)
    (folder / "manifests" / "000001.json").unlink()
    assert [one.part for one in audit(folder, engine, night=1).broken] == ["manifests/000001.json"]


def test_what_is_no_longer_there_is_forgotten(folder: Path, engine: Engine) -> None:
    audit(folder, engine)
    with writing(engine).begin() as connection:
        connection.execute(delete(ExtentRow).where(ExtentRow.file == files(folder)[0].name))
    files(folder)[0].unlink()
    assert not audit(folder, engine, night=1).broken
    assert len(looked(engine)) == FILES - 1


class Interrupted(BaseException):
    """As if killed: nothing catches it."""


class Dying(FolderSource):
    """A folder in which some file's reading ends the process."""

    deadly = ""

    def open(self, name: str, start: int = 0) -> BinaryIO:
        if name == self.deadly:
            raise Interrupted
        return super().open(name, start)


def test_a_run_that_dies_is_gone_on_with(folder: Path, engine: Engine) -> None:
    source = Dying(folder)
    with engine.connect() as connection:  # their names do not say in which order they are read
        due = select(ExtentRow.file).order_by(ExtentRow.number, ExtentRow.file)
        source.deadly = connection.execute(due).scalars().all()[3]
    with pytest.raises(Interrupted):
        audit_slice(source, engine, 1, NIGHT)
    read = looked(engine)
    assert 0 < len(read) < FILES
    done = audit(folder, engine, nights=2, night=1)
    again = {file for file, (at, _) in looked(engine).items() if at > NIGHT}
    assert not again & read.keys() or again >= {path.name for path in files(folder)} - read.keys()
    assert done.broken == ()


def test_an_expiry_between_choosing_and_reading_is_no_breakage(folder: Path, engine: Engine) -> None:
    class Expiring(FolderSource):
        def is_plain(self, name: str) -> bool:
            if name == gone.name:
                gone.unlink(missing_ok=True)
                with writing(engine).begin() as connection:
                    connection.execute(delete(ExtentRow).where(ExtentRow.file == gone.name))
            return super().is_plain(name)

    gone = files(folder)[2]
    done = audit_slice(Expiring(folder), engine, 1, NIGHT)
    assert done.broken == ()
    assert gone.name not in looked(engine)


def test_nothing_sealed_yet(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    empty = open_database(tmp_path / "lantian.db")
    done = audit(tmp_path / "archive", empty, nights=30)
    assert (done.files, done.bytes, done.all_bytes, done.oldest_checked, done.broken) == (0, 0, 0, None, ())
    empty.dispose()


def test_after_an_expiry_the_rewritten_file_is_read_and_the_old_manifests_for_themselves(tmp_path: Path) -> None:
    with home_in(tmp_path / "home") as home:
        for at in (NOW - 100 * DAY, NOW):
            with archive_in(home.archive) as archive:
                keep_page(home, archive, {f"{at}": False}, at)
                keep_page(home, archive, {f"{at} flagged": True}, at)
            home.seal()
        assert not audit(home.archive, home.engine).broken
        before = looked(home.engine)
        assert home.expire(NOW + 100 * DAY).records
        done = audit(home.archive, home.engine, night=1)
        assert (done.broken, done.unread_bytes) == ((), 0)
        (new,) = home.archive.glob("*-x*.warc.gz")
        after = looked(home.engine)
        assert after.keys() - before.keys() >= {new.name}
        assert {name for name in after if name.endswith(".gz")} == {path.name for path in files(home.archive)}
        flip(new, 200)
        assert {one.part for one in audit(home.archive, home.engine, night=2).broken} == {new.name}
