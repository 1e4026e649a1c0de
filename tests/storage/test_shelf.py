"""Finished files on a shelf: in a folder, and on a real S3 server process (moto's)."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import boto3
import pytest
from keeping_specimens import DAY, NOW, Home, home_in, keep_page, keep_wall
from storage_specimens import archive_in, exchange

from crawler import clock
from crawler.config import Config
from crawler.errors import ConfigInvalid, EvidenceBroken, UserMistake
from crawler.tables import Secrets
from crawler.tables import Shelf as ShelfSettings
from storage.shelf import PART, Shelf, ShelfUnreachable, open_shelf
from storage.shelving import Shelver, Shelving

KEY, SECRET = "AKIDINVENTED", "invented-secret-of-nobody"


class Server:
    """moto's S3 server as a process of its own; what it holds dies with it."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, **quiet)
        end = time.monotonic() + 180
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)
        self.client = boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.fixture(params=["folder", "s3"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        (tmp_path / "shelf").mkdir()
        return opened(tmp_path, url=str(tmp_path / "shelf"))
    server: Server = request.getfixturevalue("server")
    return on_server(server, tmp_path)


def on_server(server: Server, tmp_path: Path) -> Shelf:
    bucket = f"evidence-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    server.client.create_bucket(Bucket=bucket)
    return opened(tmp_path, url=f"s3://{bucket}/office/一", endpoint=server.url)


def config_of(tmp_path: Path, *, secret: str = SECRET, **settings: str) -> Config:
    secrets = Secrets(s3_key=KEY, s3_secret=secret)
    return Config(home=tmp_path / "home", shelf=ShelfSettings(**settings), secrets=secrets)


def opened(tmp_path: Path, **settings: str) -> Shelf:
    shelf = open_shelf(config_of(tmp_path, **settings))
    assert shelf is not None
    return shelf


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as made:
        yield made


def shelve(home: Home) -> Shelving:
    assert home.shelf is not None
    return Shelver(home.archive, home.engine, home.shelf).shelve(clock.now(), home.seen.append)


def fill(home: Home, shelf: Shelf) -> list[str]:
    """Two sealed files, one page flagged and one not in each; the flagged exhibits."""
    home.shelf = shelf
    flagged = []
    for item in "ab":
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {f"{item}1": False}, NOW)
            flagged += keep_page(home, archive, {f"{item}2": True}, NOW)
    home.seal()
    return flagged


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


# -- one file --------------------------------------------------------------------------------------


def test_a_file_is_put_and_read_back(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(raw := os.urandom(2 * PART + 12_345))
    assert shelf.names() == []
    assert not shelf.has("manifests/one")
    assert shelf.put(path, "manifests/one", digest(raw))
    assert not shelf.put(path, "manifests/one", digest(raw)), "it lies there already"
    assert shelf.names() == ["manifests/one"]
    assert shelf.size("manifests/one") == len(raw)
    assert shelf.read("manifests/one", 5, 4_000) == raw[5:4_000]
    assert shelf.read("manifests/one", len(raw) - 3, len(raw) + 9) == raw[-3:]
    assert shelf.read("manifests/one", len(raw) + 5, len(raw) + 9) == b""
    assert shelf.read("manifests/one", 7, 7) == b""
    assert shelf.digest("manifests/one") == digest(raw)
    for question in (shelf.size, shelf.digest, lambda name: shelf.read(name, 0, 1)):
        with pytest.raises(FileNotFoundError):
            question("manifests/none")
    shelf.remove("manifests/one")
    shelf.remove("manifests/one")
    assert shelf.names() == []


def test_nothing_takes_another_files_place(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"first")
    shelf.put(path, "one", digest(b"first"))
    path.write_bytes(b"second")
    with pytest.raises(EvidenceBroken, match="another file lies there"):
        shelf.put(path, "one", digest(b"second"))
    # Two that look at the same moment: the store itself must refuse the later one.
    with pytest.raises(FileExistsError):
        shelf._asked(lambda: shelf._create(path, "one"))
    assert shelf.read("one", 0, 9) == b"first"
    assert shelf.names() == ["one"], "nothing is left beside it"


def test_what_the_store_makes_of_it_is_read_back(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"what arrived")
    with pytest.raises(EvidenceBroken, match="another file"):
        shelf.put(path, "one", digest(b"what was meant"))


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "manifests/../../x", "a\0b"])
def test_names_stay_under_the_prefix(shelf: Shelf, tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(EvidenceBroken, match="leaves the archive"):
        shelf.put(tmp_path / "x", name, digest(b"x"))


# -- settings --------------------------------------------------------------------------------------


def test_without_a_url_there_is_no_shelf(tmp_path: Path) -> None:
    assert open_shelf(config_of(tmp_path)) is None


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": "gs://bucket/x"}, "s3://"),
        ({"url": "s3://"}, "s3://"),
        ({"url": "s3://key:secret@bucket/x"}, "环境变量"),
        ({"url": "s3://bucket", "endpoint": "store.example"}, "http"),
        ({"url": "s3://bucket", "endpoint": "http://key:secret@store.example"}, "密码"),
        ({"url": "s3://bucket", "secret": ""}, "一起设置"),
        ({"url": "archive/shelf"}, "archive"),
        ({"url": "archive"}, "archive"),
        ({"url": "."}, "archive"),
    ],
)
def test_what_cannot_be_a_shelf_is_refused(tmp_path: Path, settings: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigInvalid, match=why) as refused:
        open_shelf(config_of(tmp_path, **settings))
    assert "key:secret" not in str(refused.value)


def test_a_home_without_a_shelf_never_loads_the_libraries(tmp_path: Path) -> None:
    script = (
        "import sys; from crawler.config import Config; from storage.shelf import open_shelf\n"
        "import storage.archive, storage.retention, storage.shelving, storage.holds\n"
        "assert open_shelf(Config.load({'LANTIAN_HOME': sys.argv[1]})) is None\n"
        "assert not {'fsspec', 's3fs', 'botocore', 'aiobotocore'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=Path(__file__).parents[2])


def test_keys_are_told_nowhere(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    config = config_of(tmp_path, url="s3://no-such-bucket/x", endpoint=server.url)
    shelf = open_shelf(config)
    assert shelf is not None
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(ShelfUnreachable, match="no-such-bucket") as refused:
        shelf.put(tmp_path / "x", "x", digest(b"x"))
    told = f"{refused.value!r} {shelf!r} {config!r} {caplog.text}"
    assert SECRET not in told
    assert "Authorization" not in told


# -- a home ----------------------------------------------------------------------------------------


def test_files_leave_the_home_and_are_read_from_the_shelf(home: Home, shelf: Shelf) -> None:
    flagged = fill(home, shelf)
    names = home.files()
    bodies = [home.produce(home.store.exhibit(one).capture) for one in flagged]
    shelving = shelve(home)
    assert (shelving.files, shelving.troubles) == (4, ()), "two files, one head, its leaves"
    assert home.files() == []
    assert shelf.names() == sorted([*names, "manifests/000001.json", "manifests/000001.leaves.jsonl"])
    assert (home.archive / "manifests" / "000001.json").exists(), "manifests lie in both places"
    assert [home.produce(home.store.exhibit(one).capture) for one in flagged] == bodies
    assert shelve(home).files == 0
    assert home.seal() == 0
    assert home.verified().ok


def test_only_what_is_finished_and_sealed_is_put_there(home: Home, shelf: Shelf) -> None:
    home.shelf = shelf
    archive = archive_in(home.archive)
    keep_page(home, archive, {"1": True}, NOW)
    archive.sync()
    home.seal()
    assert [one for one in shelf.names() if "warc" in one] == []
    shelve(home)
    keep_page(home, archive, {"2": True}, NOW)
    archive.close()
    shelve(home)
    assert [one for one in shelf.names() if "warc" in one] == [], "its last page is not sealed"
    home.seal()
    shelve(home)
    assert len([one for one in shelf.names() if "warc" in one]) == 1
    assert home.verified().ok


def test_a_damaged_file_is_not_put_there(home: Home, shelf: Shelf) -> None:
    fill(home, shelf)
    path = home.archive / home.files()[0]
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    shelving = shelve(home)
    assert path.name in shelving.troubles[0]
    assert path.exists()
    assert path.name not in shelf.names()
    assert home.files() == [path.name], "the other one is done"


def test_another_object_under_our_name_is_broken_evidence(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    fill(home, shelf)
    name = home.files()[0]
    (tmp_path / "other").write_bytes(b"other")
    shelf.put(tmp_path / "other", name, digest(b"other"))
    shelving = shelve(home)
    assert "another file lies there" in shelving.troubles[0]
    assert (home.archive / name).exists()
    assert shelf.read(name, 0, 9) == b"other"


def test_a_changed_or_missing_object_is_broken_evidence(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    flagged = fill(home, shelf)
    shelve(home)
    capture = home.store.exhibit(flagged[0]).capture
    raw = bytearray(b"".join(shelf.pieces(capture.file)))
    raw[capture.offset + 30] ^= 1
    (tmp_path / "changed").write_bytes(raw)
    shelf.remove(capture.file)
    with pytest.raises(EvidenceBroken, match="missing"):
        home.produce(capture)
    shelf.put(tmp_path / "changed", capture.file, digest(bytes(raw)))
    with pytest.raises(EvidenceBroken):
        home.produce(capture)
    assert not home.verified().ok
    assert "not the file that was put there" in home.expire(NOW + 181 * DAY).troubles[0]


def test_expiry_rewrites_what_lies_on_the_shelf(home: Home, shelf: Shelf) -> None:
    flagged = fill(home, shelf)
    shelve(home)
    before = [one for one in shelf.names() if "warc" in one]
    told = home.expire(NOW + 181 * DAY, is_trial=True)
    assert home.files() == []
    expired = home.expire(NOW + 181 * DAY)
    assert replace(expired, manifests=()) == told
    assert expired.captures == 2
    assert len(home.files()) == 2, "the new ones wait to be put there"
    shelving = shelve(home)
    assert (shelving.removed, shelving.troubles) == (2, ())
    assert [one for one in shelf.names() if "warc" in one] == [one.replace(".warc", "-x2.warc") for one in before]
    assert home.files() == []
    assert all(home.produce(home.store.exhibit(one).capture) for one in flagged)
    report = home.verified()
    assert (report.ok, report.expired) == (True, 4)
    assert home.expire(NOW + 182 * DAY).records == 0


# -- the store goes away ---------------------------------------------------------------------------


def test_an_unreachable_shelf_says_nothing_of_what_lies_there(home: Home, tmp_path: Path) -> None:
    server = Server()
    try:
        flagged = fill(home, on_server(server, tmp_path))
        shelve(home)
        capture = home.store.exhibit(flagged[0]).capture
        server.kill()
        expire = partial(home.expire, NOW + 181 * DAY)
        for question in (lambda: home.produce(capture), expire, home.shelf.names):
            with pytest.raises(ShelfUnreachable, match="存储不可达") as away:
                question()
            assert isinstance(away.value, UserMistake)
            assert not isinstance(away.value, EvidenceBroken)
    finally:
        server.kill()


def test_a_folder_that_is_not_mounted_is_unreachable(home: Home, tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    flagged = fill(home, opened(tmp_path, url=str(tmp_path / "shelf")))
    shelve(home)
    (tmp_path / "shelf").rename(tmp_path / "elsewhere")
    with pytest.raises(ShelfUnreachable, match="shelf"):
        home.produce(home.store.exhibit(flagged[0]).capture)


def test_a_server_killed_in_the_middle_of_an_upload_loses_nothing(home: Home, tmp_path: Path) -> None:
    """The file is larger than one part; the server dies while parts arrive, and comes back empty."""
    server = Server()
    try:
        shelf = home.shelf = on_server(server, tmp_path)
        with archive_in(home.archive) as archive:
            archive.keep(exchange(os.urandom(3 * PART), fetched_at=NOW))
            (flagged,) = keep_page(home, archive, {"1": True}, NOW)
        with archive_in(home.archive) as archive:
            keep_wall(archive, NOW)
        home.seal()
        before = home.files()
        sizes = [(home.archive / one).stat().st_size for one in before]
        assert max(sizes) > 2 * PART
        parts = count(1)

        def dies(**_: object) -> None:
            if next(parts) == 2:
                server.kill()

        shelf._store.connect()
        shelf._store.s3.meta.events.register("before-send.s3.UploadPart", dies)
        with pytest.raises(ShelfUnreachable):
            shelve(home)
        assert next(parts) > 2, "it died while parts arrived"
        assert home.produce(home.store.exhibit(flagged).capture)
        assert set(home.files()) <= set(before)
        server.process.wait()
        left = home.files()
        server.start()
        server.client.create_bucket(Bucket=shelf.label.removeprefix("s3://").partition("/")[0])
        shelve(home)
        assert home.files() == []
        assert set(left) <= set(shelf.names())
        assert home.produce(home.store.exhibit(flagged).capture)
    finally:
        server.kill()


def test_killed_between_any_two_steps_it_goes_on(home: Home, tmp_path: Path, *, is_torture: bool) -> None:
    """A process that dies while it shelves into a folder; the next one finishes."""
    (tmp_path / "shelf").mkdir()
    flagged = fill(home, opened(tmp_path, url=str(tmp_path / "shelf")))
    deaths = 0
    for step in range(0, 60, 1 if is_torture else 5):
        home.engine.dispose()
        child = os.fork()
        if child == 0:
            left = [step]
            for name in ("fsync", "link", "unlink"):
                real = getattr(os, name)

                def dying(*arguments: object, real: object = real, left: list[int] = left) -> object:
                    left[0] -= 1
                    if left[0] < 0:
                        os._exit(9)
                    return real(*arguments)

                setattr(os, name, dying)
            shelve(home)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 9)
        assert all(home.produce(home.store.exhibit(one).capture) for one in flagged)
        deaths += status != 0
        if status == 0:
            break
    assert deaths
    assert home.files() == []
    assert shelve(home).files == 0
    assert home.verified().ok
