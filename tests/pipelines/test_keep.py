"""Every answer is in the archive before anyone reads it, as it came."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawling import Probe, RawServer, at, config_of, crawl, http, page
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from crawler.errors import EvidenceBroken
from crawler.items import Capture, How, Page, Reading, Sightings
from pipelines.tie import Tie
from spiders.base import PlatformSpider
from storage.archive import FolderArchive
from storage.models import CaptureRow
from storage.rows import capture_of as as_capture

HOST = "http://probe.example"
WALL = "<!doctype html><html><body>请完成安全验证</body></html>"
BODY = page("星河知产", extra="样本" * 500)


def records(config: Any) -> list[tuple[str, str, str, bytes]]:
    """Type, address, HTTP status line and body of every HTTP record, read by somebody else's reader."""
    found = []
    for path in sorted(config.archive.rglob("*.warc.gz*")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=False):
                kind = record.rec_headers.get_header("WARC-Type")
                if kind in ("request", "response"):
                    status = record.http_headers.statusline if kind == "response" else ""
                    address = record.rec_headers.get_header("WARC-Target-URI")
                    found.append((kind, address, status, record.raw_stream.read()))
    return found


def answer(target: str) -> bytes:
    packed = gzip.compress(BODY.encode(), mtime=0)
    return {
        "/robots.txt": http("User-agent: *\nDisallow: /shut\n", Content_Type="text/plain"),
        "/moved": http("moved", status="302 Found", Location="/packed"),
        "/packed": http(packed, Content_Encoding="gzip"),
        "/wall": http(WALL, status="200 OK"),
        "/gone": http("nothing here", status="404 Not Found"),
        "/cut": http(BODY, Content_Length="99999"),
        "/bomb": http(gzip.compress(b"0" * 40_000_000), Content_Encoding="gzip"),
        "/latin": http(BODY, X_Name="caf\u00e9"),
    }[target]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with RawServer(answer) as server:
        config = config_of(tmp_path_factory.mktemp("home"), *at(server, "probe.example"))
        paths = ("/moved", "/wall", "/gone", "/cut", "/bomb", "/latin", "/shut")
        yield crawl(config, *(HOST + path for path in paths))


def test_walls_redirects_robots_and_failures_are_all_there(crawled: Any) -> None:
    found = records(crawled.config)
    answers = {(address.removeprefix(HOST), status) for kind, address, status, _ in found if kind == "response"}
    assert answers == {
        ("/robots.txt", "200 OK"),
        ("/moved", "302 Found"),
        ("/packed", "200 OK"),
        ("/wall", "200 OK"),
        ("/gone", "404 Not Found"),
        ("/cut", "200 OK"),
        ("/bomb", "200 OK"),
        ("/latin", "200 OK"),
    }
    asked = sorted(address for kind, address, _, _ in found if kind == "request")
    assert asked == sorted(address for kind, address, _, _ in found if kind == "response")
    assert not [address for address in asked if address.endswith("/shut")]


def test_a_packed_body_is_kept_packed_and_read_open(crawled: Any) -> None:
    kept = next(
        body for kind, address, _, body in records(crawled.config) if address.endswith("/packed") and kind == "response"
    )
    assert gzip.decompress(kept).decode() == BODY
    assert crawled.verdict(f"{HOST}/moved") == ("ok", "")
    row = crawled.page(f"{HOST}/moved")
    assert (row.requested_url, row.url, row.listings) == (f"{HOST}/moved", f"{HOST}/packed", 1)


def test_a_capture_gives_back_the_bytes_that_came(crawled: Any) -> None:
    capture = capture_of(crawled, "/wall")
    assert (capture.how, capture.status, capture.is_specimen) == (How.HTTP, 200, True)
    assert capture.ip_address == "127.0.0.1"
    assert crawled.archive().produce(capture).decode() == WALL


def test_a_page_that_could_not_be_read_was_kept_all_the_same(crawled: Any) -> None:
    for path, verdict in {
        "/wall": ("changed", "no_marker"),
        "/gone": ("gone", "http_404"),
        "/cut": ("error", "truncated"),
        "/bomb": ("error", "too_large"),
    }.items():
        assert crawled.verdict(HOST + path) == verdict
        assert crawled.page(HOST + path).capture
    assert gzip.decompress(crawled.archive().produce(capture_of(crawled, "/bomb"))) == b"0" * 40_000_000


def capture_of(crawled: Any, path: str) -> Capture:
    """The row the store holds, as the archive takes it."""
    asked = select(*CaptureRow.__table__.columns).where(CaptureRow.id == crawled.page(HOST + path).capture)
    with crawled.store.engine.connect() as connection:
        return as_capture(connection.execute(asked).one())


# -- keep first ----------------------------------------------------------------------------------


class Suspicious(Probe):
    """Reads a page only after it has found the very bytes of it in the archive folder."""

    name = "suspicious"
    archive = Path()
    seen: list[bool] = []

    def read(self, page: Page) -> Reading:
        stored = b"".join(gzip.decompress(path.read_bytes()) for path in self.archive.rglob("*.warc.gz*"))
        self.seen.append(page.body in stored)
        return super().read(page)


def test_nothing_is_read_before_it_is_kept(tmp_path: Path) -> None:
    Suspicious.seen.clear()
    Suspicious.archive = tmp_path / "archive"
    with RawServer(lambda target: http("", status="404 x") if "robots" in target else http(page(target))) as server:
        config = config_of(tmp_path, *at(server, "probe.example"))
        crawl(config, *(f"{HOST}/{n}" for n in range(5)), spider=Suspicious)
    assert Suspicious.seen == [True] * 5


def test_what_cannot_be_kept_is_not_read(tmp_path: Path) -> None:
    with RawServer(lambda _: http(page("星河知产"))) as server:
        config = config_of(tmp_path, *at(server, "probe.example"))
        config.archive.write_text("a file where the folder should be: as root nothing else stops a write")
        found = crawl(config, f"{HOST}/s")
    assert found.verdict(f"{HOST}/s") == ("error", "not_kept")
    assert found.run(f"{HOST}/s").listings == 0


def test_a_listing_without_a_capture_is_broken_evidence() -> None:
    spider: PlatformSpider = Probe()
    reading = spider.read(Page(url=f"{HOST}/s", body=page("星河知产").encode()))
    loose = Sightings(
        run="r", platform="probe", query="q", page_number=1, requested_url=HOST, url=HOST, reading=reading,
        seen_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    with pytest.raises(EvidenceBroken, match="not kept"):
        Tie().process_item(loose)


def test_a_changed_byte_is_noticed(crawled: Any) -> None:
    capture = capture_of(crawled, "/latin")
    archive: FolderArchive = crawled.archive()
    archive.produce(capture)
    path = archive.folder / capture.file
    whole = path.read_bytes()
    place = capture.offset + capture.length // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    try:
        with pytest.raises(EvidenceBroken):
            archive.produce(capture)
    finally:
        path.write_bytes(whole)
