"""Pictures of a round: loaded politely, kept, read once in a process of their own, judged, and written down once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from crawling import HOST, RawServer, at, config_of, http
from PIL import Image
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from turn_ledger import NotedTurns, are_apart

from crawler import settings as project
from crawler.config import Config
from crawler.errors import PageEmpty, PictureRefused
from crawler.items import Kind, Reading
from crawler.pictures import Fate
from crawler.tables import Pictures
from detectors.shapes import load_shapes
from pipelines import ocr
from pipelines.ocr import Desk
from pipelines.pictures import PictureCrawl
from pipelines.wanted import PER_LISTING, PER_PAGE
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.reading import Document, attr, text_of
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.looks import Looks
from storage.picture_shapes import PictureCounts, total_counts
from storage.turns import StoredTurns

SPECIMENS = Path(__file__).parent.parent.parent / "specimen" / "pic.xinghe.example"
GUILTY, LAWFUL = (SPECIMENS / "offer-1.png").read_bytes(), (SPECIMENS / "offer-2.png").read_bytes()
PICTURES = "http://pic.example"
SLOW = b"slow"


class Shop(PlatformSpider):
    """Goods with pictures: `<a class="row" href data-images="a b">title</a>`; the query is the address."""

    name = "shop"
    label = "虚构商城"
    hosts = ("probe.example",)
    page_size = 1
    evidence = {"results": "invented", "ads": "invented"}

    def search_url(self, query: str, page_number: int) -> str:
        return f"{HOST}/{query}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        for row in document.root.css("a.row"):
            images = attr(row, "data-images").split()
            found.add(kind=Kind.PRODUCT, title=text_of(row), url=attr(row, "href"), images=images)
        if not found.listings:
            raise PageEmpty("says_none", "没有结果")
        return found.reading()


def shop(*goods: tuple[str, str]) -> bytes:
    rows = "".join(
        f'<a class="row" href="/item/{number}" data-images="{images}">{title}</a>'
        for number, (title, images) in enumerate(goods)
    )
    return http(f"<!doctype html><html><head><title>虚构</title></head><body>{rows}</body></html>")


def image(body: bytes, **headers: str) -> bytes:
    return http(body, Content_Type="image/png", **headers)


class Round:
    """One home and one server for all its hosts; `run()` is a round of the shop's crawl and the pictures' crawl."""

    def __init__(self, home: Path, answers: Mapping[str, bytes], **pictures: object) -> None:
        self.home, self.answers = home, dict(answers)
        self.pictures = Pictures(**{"seconds": 60.0} | pictures)  # type: ignore[arg-type]
        self.server = RawServer(self._answer)
        self.config = self._config()
        self.runs: list[str] = []
        self.stats: Mapping[str, object] = {}

    def _config(self, delay: float = 0.0) -> Config:
        plain = config_of(self.home, *at(self.server, "probe.example", "pic.example", "cdn.example"), delay=delay)
        return replace(plain, pictures=self.pictures)

    def _answer(self, target: str) -> bytes | None:
        return self.answers.get(target, http("", status="404 Not Found"))

    def run(self, query: str = "专利", *, with_pictures: bool = True, hosts: tuple[str, ...] = ()) -> PictureCounts:
        settings = Settings({"LANTIAN_CONFIG": self.config}, priority="cmdline")
        settings.setmodule(project)
        settings.set("TWISTED_REACTOR_ENABLED", value=False, priority="cmdline")
        settings.set("ASYNCIO_EVENT_LOOP", None, priority="cmdline")
        run = uuid.uuid4().hex
        self.runs.append(run)

        async def crawl() -> Crawler:
            runner = AsyncCrawlerRunner(settings)
            crawls = [runner.crawl(runner.create_crawler(Shop), runs={query: run}, pages=1)]
            crawler = runner.create_crawler(PictureCrawl)
            if with_pictures:
                shapes = load_shapes(self.config.shapes)
                crawls.append(runner.crawl(crawler, crawls=crawls[:1], crawled_hosts=hosts, shapes=shapes))
            await asyncio.gather(*crawls)
            return crawler

        crawler = asyncio.run(crawl())
        self.stats = crawler.stats.get_stats() if with_pictures else {}
        return self.counts()

    @property
    def store(self) -> ExhibitStore:
        return ExhibitStore(open_database(self.config.database))

    def counts(self) -> PictureCounts:
        store = self.store
        try:
            return total_counts(store.picture_counts(self.runs).values())
        finally:
            store.engine.dispose()


@pytest.fixture
def round_of(tmp_path: Path):
    """`round_of(answers, seconds=…)` makes a `Round`; its server ends with the test."""
    rounds: list[Round] = []

    def make(answers: Mapping[str, bytes], **pictures: object) -> Round:
        rounds.append(Round(tmp_path / "home", answers, **pictures))
        return rounds[-1]

    yield make
    for one in rounds:
        one.server.__exit__()


Make = Callable[..., Round]
QUERY = "/%E4%B8%93%E5%88%A9"


def test_an_offer_that_is_only_in_its_picture_becomes_a_lead(round_of: Make) -> None:
    goods = shop(("企业服务套餐", f"{PICTURES}/a.png"), ("知识产权服务", f"{PICTURES}/b.png"))
    one = round_of({QUERY: goods, "/a.png": image(GUILTY), "/b.png": image(LAWFUL)})
    counts = one.run()
    assert (counts.read, counts.hits, counts.pending, counts.failed) == (2, 1, 0, 0)
    lead, *others = one.store.leads()
    assert (lead.title, others) == ("企业服务套餐", [])
    assert {finding.field for finding in lead.findings} == {"image"}
    shown = next(picture for picture in lead.images if picture.findings)
    assert shown.capture is not None
    kept = FolderArchive(one.config.archive, tool="test").produce(shown.capture)
    assert kept.endswith(GUILTY)
    assert {finding.image for finding in lead.findings} == {shown.sha256}
    assert one.stats["lantian/pictures/read"] == 2
    assert "lantian/bugs" not in one.stats


def test_one_picture_in_many_listings_is_loaded_and_read_once(round_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    real = Desk.read

    async def read(self: Desk, body: bytes) -> object:
        reads.append(len(body))
        return await real(self, body)

    monkeypatch.setattr(Desk, "read", read)
    goods = shop(*((f"企业服务{number}", f"{PICTURES}/a.png {PICTURES}/same.png") for number in range(20)))
    one = round_of({QUERY: goods, "/a.png": image(GUILTY), "/same.png": image(GUILTY)})
    assert one.run().read == 40
    assert reads == [len(GUILTY)]
    assert sorted(target for target in one.server.targets if target.endswith(".png")) == ["/a.png", "/same.png"]
    assert len(one.store.leads()) == 20
    one.run()
    assert reads == [len(GUILTY)], "across rounds too"
    assert one.counts().read == 80
    (lead, *_) = one.store.leads()
    looks = Looks(one.store.engine)
    assert looks.missing("", 9) == (), "what it looks like was kept with what was read"
    assert looks.like(lead.images[0].sha256) == ((), True)


def test_what_cannot_be_read_is_said_with_a_reason(round_of: Make) -> None:
    pictures = {
        "/gone.png": http("", status="404 Not Found"),
        "/svg.png": http('<svg xmlns="http://www.w3.org/2000/svg"/>', Content_Type="image/svg+xml"),
        "/wall.png": http("<html>请登录</html>"),
        "/icon.png": image(_png(20, 20)),
        "/half.png": image(GUILTY[:3000], Content_Length=str(len(GUILTY))),
        "/cut.png": image(GUILTY[:3000]),
        "/big.png": image(b"\x89PNG" + bytes(13 * 1024 * 1024)),
        "/none": b"",
    }
    goods = [(f"企业服务{number}", f"{PICTURES}{path}") for number, path in enumerate(pictures)]
    goods.append(("企业服务九", "http://127.0.0.9:9/private.png"))
    goods.append(("企业服务十", "http://elsewhere.example/real.png"))
    one = round_of({QUERY: shop(*goods), **pictures})
    counts = one.run()
    reasons = dict(counts.reasons)
    assert reasons.pop("truncated") + reasons.pop("undecodable", 0) == 2
    assert reasons == {
        "http_404": 1,
        "svg": 1,
        "not_a_picture": 1,
        "too_small": 1,
        "too_large": 1,
        "connection": 1,
        "private_address": 1,
        "outside_specimen": 1,
    }
    assert (counts.read, counts.pending, counts.skipped, counts.failed) == (0, 0, 1, 9)
    assert "lantian/bugs" not in one.stats


def _png(width: int, height: int) -> bytes:
    body = BytesIO()
    Image.new("RGB", (width, height), "white").save(body, "PNG")
    return body.getvalue()


def test_robots_of_the_picture_host_is_obeyed(round_of: Make) -> None:
    robots = http("User-agent: *\nDisallow: /a.png\n", Content_Type="text/plain")
    goods = shop(("企业服务", f"{PICTURES}/a.png"))
    one = round_of({QUERY: goods, "/a.png": image(GUILTY), "/robots.txt": robots})
    assert dict(one.run().reasons) == {"robots": 1}
    assert "/a.png" not in one.server.targets


def test_without_seconds_they_wait_and_the_next_round_reads_them(round_of: Make) -> None:
    one = round_of({QUERY: shop(("企业服务", f"{HOST}/a.png")), "/a.png": image(GUILTY)}, seconds=0.0)
    assert one.run(hosts=("probe.example",)).pending == 1
    assert one.store.leads() == ()
    one.config = replace(one.config, pictures=Pictures(seconds=60.0))
    one.answers[QUERY] = http("没有结果")
    counts = one.run()
    assert (counts.read, counts.hits, counts.pending) == (1, 1, 0)
    assert len(one.store.leads()) == 1


def test_a_round_loads_no_more_than_it_may(round_of: Make) -> None:
    goods = shop(*((f"企业服务{number}", f"{PICTURES}/{number}.png") for number in range(5)))
    one = round_of({QUERY: goods, **{f"/{number}.png": image(LAWFUL) for number in range(5)}}, per_round=2)
    counts = one.run()
    assert (counts.read, counts.pending) == (2, 3)
    one.answers[QUERY] = http("没有结果")
    one.run()
    assert (one.counts().read, one.counts().pending) == (4, 1)


def test_pictures_that_are_not_wanted_wait_for_nobody(round_of: Make) -> None:
    one = round_of({QUERY: shop(("企业服务", f"{PICTURES}/a.png"))}, read=False)
    assert one.run(with_pictures=False) == PictureCounts()


def test_a_page_queues_so_many_and_says_the_rest(round_of: Make) -> None:
    images = " ".join(f"{PICTURES}/{{0}}-{place}.png" for place in range(PER_LISTING + 2))
    goods = shop(*((f"企业服务{number}", images.format(number)) for number in range(PER_PAGE // PER_LISTING + 5)))
    one = round_of({QUERY: goods})
    counts = one.run(with_pictures=False)
    assert (counts.pending, counts.skipped) == (PER_PAGE, 5 * PER_LISTING)
    assert dict(counts.reasons) == {"page_cap": 15}


def test_a_host_that_is_being_crawled_is_left_to_its_crawl(round_of: Make) -> None:
    goods = shop(("企业服务", f"{HOST}/a.png"), ("企业服务二", f"{PICTURES}/b.png"))
    one = round_of({QUERY: goods, "/a.png": image(LAWFUL), "/b.png": image(LAWFUL)})
    assert one.run(hosts=("probe.example",)).read == 2
    asked = [hit for hit in one.server.hits if hit.target.endswith("a.png")]
    assert len(asked) == 1


def test_a_picture_host_has_its_own_pace(round_of: Make) -> None:
    goods = shop(*((f"企业服务{number}", f"{PICTURES}/{number}.png") for number in range(3)))
    one = round_of({QUERY: goods, **{f"/{number}.png": image(_png(20, 20)) for number in range(3)}})
    one.config = one._config(delay=0.4)
    engine = open_database(one.config.database)
    turns = StoredTurns(one.config.home, engine)
    noted = NotedTurns(turns)
    one.run()
    assert len([hit for hit in one.server.hits if hit.target.endswith(".png")]) == 3
    begun = noted.begun("pic.example")
    assert len(begun) >= 3
    assert are_apart(begun, 0.4)
    turns.close()
    engine.dispose()


def test_the_offices_shapes_are_looked_for(round_of: Make, tmp_path: Path) -> None:
    from drawing import encoded, shape

    one = round_of({QUERY: shop(("专利申请代办", f"{PICTURES}/a.png")), "/a.png": image(encoded(shape("ring_star")))})
    assert one.run().hits == 0
    one.config.shapes.mkdir()
    (one.config.shapes / "某图.png").write_bytes(encoded(shape("ring_star", 300)))
    one.run()
    assert [finding.rule for finding in one.store.leads()[0].findings] == ["official_impersonation_shape"]


# -- the process in which they are read --------------------------------------------------------


def reader_pid(desk: Desk) -> int:
    assert desk._pool is not None
    return next(iter(desk._pool._processes))


def test_a_reader_that_dies_costs_one_picture() -> None:
    async def scene() -> None:
        desk = Desk()
        try:
            await desk.read(LAWFUL)
            first = reader_pid(desk)
            os.kill(first, signal.SIGSTOP)  # so that the picture is not read before the reader dies
            reading = asyncio.ensure_future(desk.read(GUILTY))
            await asyncio.sleep(0.05)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(PictureRefused, match="reader_died"):
                await reading
            assert "包授权" in (await desk.read(GUILTY)).text
            assert reader_pid(desk) != first
        finally:
            desk.close()

    asyncio.run(scene())


def test_a_picture_that_takes_too_long_ends_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        desk = Desk()
        try:
            await desk.read(LAWFUL)
            assert desk._pool is not None
            with pytest.raises(PictureRefused, match="reader_died"):
                await desk.read(SLOW)
        finally:
            desk.close()

    monkeypatch.setattr(ocr, "_read", _overslept)
    asyncio.run(scene())


def _overslept(body: bytes) -> object:
    """As `_read`, with a picture that never ends and a shorter patience; it runs in the other process."""
    signal.alarm(1 if body == SLOW else 600)
    if body == SLOW:
        time.sleep(600)
    signal.alarm(0)
    return ocr.Reader().read(body)


def test_the_event_loop_goes_on_while_a_picture_is_read() -> None:
    async def scene() -> int:
        desk = Desk()
        try:
            await desk.read(LAWFUL)
            held = reader_pid(desk)
            os.kill(held, signal.SIGSTOP)  # the picture cannot be read before the loop has gone on
            freed = threading.Timer(60, os.kill, (held, signal.SIGCONT))
            freed.start()
            reading, beats = asyncio.ensure_future(desk.read(GUILTY)), 0
            while beats < 20 and not reading.done():
                await asyncio.sleep(0.01)
                beats += 1
            freed.cancel()
            os.kill(held, signal.SIGCONT)
            await reading
            return beats
        finally:
            desk.close()

    assert asyncio.run(scene()) == 20


def test_what_cost_a_reader_is_not_given_to_another(round_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    async def read(self: Desk, body: bytes) -> object:
        given.append(body)
        raise PictureRefused(ocr.DIED, "invented")

    monkeypatch.setattr(Desk, "read", read)
    goods = shop(*((f"企业服务{number}", f"{PICTURES}/{number}.png") for number in range(4)))
    one = round_of({QUERY: goods, **{f"/{number}.png": image(GUILTY) for number in range(4)}})
    assert dict(one.run().reasons) == {"reader_died": 4}
    assert len(given) == 1


def test_a_refusal_keeps_its_word_across_the_processes() -> None:
    async def scene() -> None:
        desk = Desk()
        try:
            with pytest.raises(PictureRefused) as told:
                await desk.read(b"<svg/>")
            assert (told.value.reason, told.value.detail) == ("svg", "a drawing in markup is not read")
        finally:
            desk.close()

    asyncio.run(scene())


def test_fates_are_the_databases_words() -> None:
    assert [fate.value for fate in Fate] == ["pending", "read", "skipped", "failed"]
