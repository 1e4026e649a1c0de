"""What is kept comes back byte for byte, others can read it, and nothing from a page can forge a record."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from storage_specimens import EXCHANGE, SNAPSHOT, T0, archive_in, exchange, keep_snapshot
from warcio.archiveiterator import ArchiveIterator

from crawler.captures import Exchange
from crawler.errors import EvidenceBroken
from crawler.items import How

ROOT = Path(__file__).parent.parent.parent
HOSTILE = [
    exchange(b"x", url="http://a.example/\r\nWARC-Type: response\r\n\r\nWARC/1.1"),
    exchange(b"x", url="https://a.example/专利?q=包授权\ud800"),
    exchange(b"x", url="https://[half.example/a b<c>"),
    exchange(b"x", url="HTTPS://A.example?q=1#there"),
    exchange(b"x", reason="OK\r\nSet-Cookie: forged=1\r\n\r\n<html>"),
    exchange(b"x", method="GET / HTTP/1.1\r\nX: y", reason="\0"),
    exchange(b"x", response_headers=(("Evil", "a\r\n\r\nWARC/1.1\r\nWARC-Type: response"), ("E\r\nvil: ", "b\n c"))),
    exchange(b"x", response_headers=(("", ""), ("标题", "值"), ("Raw", "\udcff\udcfe"), ("Half", "\ud83d"))),
    exchange(b"x", response_headers=tuple((f"X-{n}", "y" * 5_000) for n in range(1_000))),
    exchange(b"x", response_headers=(("One", "z" * 3_000_000),)),
    exchange(b"x", response_headers=()),
    exchange(b"\r\n\r\nWARC/1.1\r\nWARC-Type: warcinfo\r\n\r\n"),
    exchange(b""),
    exchange(b"\0" * 1_000_000),
    exchange(bytes(range(256)) * 4, status=404, reason=""),
    exchange(b"x", ip_address="", request_headers=(), protocol="h2"),
    exchange(b"x", ip_address="::1", is_specimen=True),
    exchange(b"x", fetched_at=T0.replace(microsecond=0).astimezone(timezone(timedelta(hours=8)))),
]


def records(folder: Path) -> list[tuple[str, str, dict[str, str], bytes]]:
    """Type, address, HTTP headers and payload of every record, as warcio reads them, digests checked."""
    found = []
    for path in sorted(folder.glob("*.warc.gz*")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                http = dict(record.http_headers.headers) if record.http_headers else {}
                body = record.raw_stream.read()
                found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), http, body))
    return found


def warcio_check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


def fd_of(path: Path) -> int:
    """The descriptor under which this process has the file open."""
    inode = path.stat().st_ino
    for fd in (int(entry.name) for entry in Path("/proc/self/fd").iterdir()):
        try:
            if os.fstat(fd).st_ino == inode:
                return fd
        except OSError:
            continue  # the descriptor of the listing itself
    raise AssertionError(f"{path} is not open")


def test_kept_entity_comes_back(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = archive.keep(EXCHANGE)
        assert archive.produce(kept) == EXCHANGE.response_body
    assert archive.produce(kept) == EXCHANGE.response_body
    assert (kept.status, kept.mime, kept.url, kept.how) == (200, "text/html", EXCHANGE.url, How.HTTP)
    assert (kept.size, kept.taken_at, kept.ip_address) == (len(EXCHANGE.response_body), T0, "127.0.0.1")
    assert not Path(kept.file).is_absolute()


def test_capture_is_one_gzip_member(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = archive.keep(EXCHANGE)
    packed = (tmp_path / kept.file).read_bytes()[kept.offset : kept.offset + kept.length]
    plain = gzip.decompress(packed)
    assert plain.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    assert plain.endswith(b"\r\n\r\n" + EXCHANGE.response_body + b"\r\n\r\n")


def test_headers_keep_order_and_spelling(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        archive.keep(EXCHANGE)
    plain = gzip.decompress(next(tmp_path.iterdir()).read_bytes())
    assert b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\ncontent-LENGTH: 11\r\nSet-Cookie: a=1" in plain
    assert b"GET /s?wd=%E4%B8%93%E5%88%A9&pn=1 HTTP/1.1\r\nHost: www.xinghe.example\r\n" in plain
    assert b"X-Odd: one\r\nX-Odd: two\r\n" in plain


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (
            (("Transfer-Encoding", "chunked"),),
            {"X-Archive-Orig-Transfer-Encoding": "chunked", "Content-Length": "3"},
        ),
        ((("content-length", "9"),), {"X-Archive-Orig-content-length": "9", "Content-Length": "3"}),
        ((("Content-Length", " 3 "), ("Content-Encoding", "br")), {"Content-Length": "3", "Content-Encoding": "br"}),
        ((("Server", "s"),), {"Server": "s"}),
    ],
)
def test_head_is_true_of_the_body(tmp_path: Path, given: tuple[tuple[str, str], ...], written: dict[str, str]) -> None:
    with archive_in(tmp_path) as archive:
        archive.keep(exchange(b"abc", response_headers=given))
    _, response, _ = records(tmp_path)
    assert {name: value.strip() for name, value in response[2].items()} == written


def test_request_names_its_response_and_warcinfo_says_what_raw_means(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = archive.keep(EXCHANGE)
    plain = gzip.decompress((tmp_path / kept.file).read_bytes())
    assert f"WARC-Concurrent-To: <urn:uuid:{kept.id}>".encode() in plain
    info = records(tmp_path)[0]
    assert info[0] == "warcinfo"
    for said in (b"software: lantian 0.1.0", b"WARC File Format 1.1", b"robots: ", b"X-Archive-Orig-", b"rebuilt"):
        assert said in info[3]
    assert os.uname().nodename.encode() not in info[3]


def test_snapshots_come_back(tmp_path: Path) -> None:
    page = replace(SNAPSHOT, how=How.BROWSER, mime="text/html", body="专利".encode(), is_specimen=True)
    with archive_in(tmp_path) as archive:
        kept = [keep_snapshot(archive, one) for one in (SNAPSHOT, page)]
    assert [archive.produce(one) for one in kept] == [SNAPSHOT.body, page.body]
    assert [(one.how, one.status, one.mime) for one in kept] == [
        (How.PICTURE, 0, "image/png"),
        (How.BROWSER, 0, "text/html"),
    ]
    assert [kind for kind, *_ in records(tmp_path)] == ["warcinfo", "resource", "resource"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_from_a_page_forges_a_record(tmp_path: Path, hostile: Exchange) -> None:
    with archive_in(tmp_path) as archive:
        before = archive.keep(exchange(b"before"))
        kept = archive.keep(hostile)
        after = archive.keep(exchange(b"after"))
        assert archive.produce(kept) == hostile.response_body
    assert [archive.produce(one) for one in (before, kept, after)] == [b"before", hostile.response_body, b"after"]
    kinds = [kind for kind, *_ in records(tmp_path) if kind != "request"]
    assert kinds == ["warcinfo", "response", "response", "response"]


def test_hostile_names_become_no_headers(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        for hostile in HOSTILE:
            archive.keep(hostile)
    for _, _, http, _ in records(tmp_path):
        assert not {"Set-Cookie", "WARC-Type", "vil"} & set(http)


def test_warcio_check_passes_and_is_seen_to_fail(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = [archive.keep(one) for one in HOSTILE if one.method == "GET"]
        keep_snapshot(archive, SNAPSHOT)
    path = tmp_path / kept[0].file
    passed = warcio_check(path)
    assert passed.returncode == 0, passed.stdout
    assert passed.stdout.count("digest pass") == 2 * len(kept) + 2
    raw = bytearray(path.read_bytes())
    wrong = gzip.compress(gzip.decompress(raw[kept[0].offset : kept[0].offset + kept[0].length])[:-5] + b"!\r\n\r\n")
    path.write_bytes(raw[: kept[0].offset] + wrong + raw[kept[0].offset + kept[0].length :])
    assert warcio_check(path).returncode != 0


def test_only_http_is_an_exchange(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        with pytest.raises(ValueError, match="not an HTTP exchange"):
            archive.keep(exchange(b"", url="file:///etc/passwd"))
        with pytest.raises(ValueError, match="time zone"):
            archive.keep(exchange(b"", fetched_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert not list(tmp_path.iterdir())


def test_files_rotate_and_bear_their_final_names(tmp_path: Path) -> None:
    with archive_in(tmp_path, rotate_at=20_000) as archive:
        kept = [archive.keep(exchange(os.urandom(6_000))) for _ in range(10)]
        assert len(list(tmp_path.glob("*.open"))) == 1
        assert archive.produce(kept[0])
        assert archive.produce(kept[-1])
    paths = list(tmp_path.iterdir())
    assert {one.file for one in kept} == {path.name for path in paths}
    assert len(paths) >= 4
    assert all(path.stat().st_size <= 20_000 for path in paths)
    assert all(archive.produce(one) for one in kept)


def test_a_record_larger_than_a_file_still_goes_in(tmp_path: Path) -> None:
    with archive_in(tmp_path, rotate_at=1_000) as archive:
        kept = archive.keep(exchange(os.urandom(50_000)))
    assert len(archive.produce(kept)) == 50_000


def test_closed_archive_takes_nothing(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    archive.close()
    archive.close()
    with pytest.raises(OSError, match="closed"):
        archive.keep(EXCHANGE)
    with pytest.raises(OSError, match="closed"):
        archive.sync()


def test_after_a_failed_sync_nothing_is_acknowledged(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    kept = archive.keep(EXCHANGE)
    fd = fd_of(tmp_path / f"{kept.file}.open")
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, fd)  # fsync of a device fails, as a broken disk's would
    os.close(null)
    for _ in range(2):
        with pytest.raises(OSError, match=r"."):
            archive.sync()
    with pytest.raises(OSError, match="takes nothing more"):
        archive.keep(EXCHANGE)
    assert list(tmp_path.glob("*.open")), "recovery finishes it"


def test_disk_is_asked_before_names_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fsync in order, with what the folder held at that moment."""
    seen: list[tuple[str, list[str]]] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        seen.append((Path(f"/proc/self/fd/{fd}").readlink().name, [path.suffix for path in tmp_path.iterdir()]))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    archive = archive_in(tmp_path)
    kept = archive.keep(EXCHANGE)
    assert seen == [(tmp_path.name, [".open"])], "a new file's name is safe before anything is acknowledged in it"
    archive.sync()
    archive.sync()
    assert seen[1:] == [(f"{kept.file}.open", [".open"])], "what is safe already is not written again"
    archive.keep(EXCHANGE)
    archive.close()
    assert seen[2:] == [(f"{kept.file}.open", [".open"]), (tmp_path.name, [".gz"])]


FULL_DISK = """
import json, os, resource, sys
from dataclasses import asdict
from pathlib import Path
sys.path[:0] = ["tests/storage"]
from storage_specimens import archive_in, exchange
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
archive = archive_in(Path(sys.argv[1]))
kept, failed, after = [], 0, 0
for number in range(40):
    try:
        kept.append(archive.keep(exchange(os.urandom(9_000 if number % 2 else 300))))
        after += bool(failed)
    except OSError:
        failed += 1
archive.close()
print(json.dumps([failed, after, [asdict(one) for one in kept]], default=str))
"""


def test_full_disk_leaves_whole_records_only(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    failed, after, kept = json.loads(ran.stdout)
    assert failed > 5, "the limit must have been met"
    assert after, "small records still fit after a large one did not"
    (path,) = tmp_path.iterdir()
    assert warcio_check(path).returncode == 0
    assert sum(kind == "response" for kind, *_ in records(tmp_path)) == len(kept)


def test_missing_archive_is_broken_evidence(tmp_path: Path) -> None:
    with archive_in(tmp_path / "a") as archive:
        kept = archive.keep(EXCHANGE)
    with pytest.raises(EvidenceBroken, match="missing"):
        archive_in(tmp_path / "b").produce(kept)
