"""What was found in a listing's picture only is visited when that is known: once, and shown by that very picture."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from crawling import Crawled, RawServer, at, config_of, crawl, http, with_browser
from engine import QUERY, Engine, Shop, document, row
from PIL import Image
from sqlalchemy import select
from storage_specimens import finding

from crawler import clock
from crawler.config import Config
from crawler.pictures import Fate
from crawler.tables import Browser as BrowserSettings
from pipelines import late
from pipelines.browser import BrowserTrouble, find_chromium
from pipelines.late import LateVisits
from pipelines.room import Room
from storage.models import ExhibitRow
from storage.picture_shapes import PictureEnd
from storage.shapes import Override
from storage.tables.pictures import PictureRow
from storage.visits import read_facts

TITLE = "企业服务套餐 具体内容请看主图"
PAGE = document(
    row(f'<img src="/pic.png" width="200" height="100">{TITLE}', ad=False), row("云帆文具", href="/i/2", ad=False)
)


def png() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 100), 90).save(out, "PNG")
    return out.getvalue()


PICTURE = png()
FOUND = finding(field="image", image=hashlib.sha256(PICTURE).hexdigest(), box=(1, 2, 3, 4))


@pytest.fixture(autouse=True)
def _chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


class Home:
    """A page whose pictures wait to be read, and a picture in which something is found."""

    def __init__(self, home: Path) -> None:
        self.answers = {"/pic.png": http(PICTURE, Content_Type="image/png")}
        none = http("", status="404 Not Found")
        self.server = RawServer(
            lambda target: http(PAGE) if target.startswith("/s?") else self.answers.get(target, none)
        )
        self.config = with_browser(config_of(home, *at(self.server, "probe.example")), pictures=True, timeout=60.0)

    @property
    def loads(self) -> int:
        return sum(target.startswith("/s?") for target in self.server.targets)

    def crawled(self) -> Crawled:
        return crawl(self.config, QUERY, spider=Shop)

    def found_in(self, found: Crawled) -> list[PictureEnd]:
        """The picture of the first listing is read, and something is found in it."""
        with found.store.engine.connect() as connection:
            waiting = select(PictureRow.id).where(PictureRow.state == Fate.PENDING.value)
            rows = connection.execute(waiting).scalars().all()
        ends = [PictureEnd(row=one, fate=Fate.READ, at=clock.now(), findings=(FOUND,)) for one in rows]
        assert found.store.end_pictures(ends) == len(ends) == 1
        return ends

    def visit(
        self, *ends: Sequence[PictureEnd], platforms: tuple[type[Engine], ...] = (Shop,), over: bool = False
    ) -> None:
        async def make() -> None:
            room = Room(self.config)
            try:
                visits = LateVisits(room, {one.name: one for one in platforms})
                for some in ends:
                    visits.ask(some)
                await visits.make(lambda: over)
            finally:
                await room.close()

        asyncio.run(make())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    one = Home(tmp_path)
    yield one
    one.server.__exit__()


def test_the_page_is_visited_once_and_shows_that_very_picture(home: Home) -> None:
    found = home.crawled()
    assert home.loads == 1, "nothing was flagged in words"
    ends = home.found_in(found)
    home.visit(ends, ends)
    assert home.loads == 2
    (lead,) = found.store.leads()
    showing = lead.shown.showing
    assert (showing.verdict, showing.reason) == ("shows_quote", "")
    (place,) = showing.places
    assert place.image == "http://probe.example/pic.png"
    assert (place.box.right - place.box.left, place.box.bottom - place.box.top) == (200, 100)
    assert found.archive().produce(lead.picture)
    with found.store.engine.connect() as connection:
        pictures = connection.execute(select(ExhibitRow.picture_id)).scalars().all()
    assert pictures == [lead.shown.capture.picture.id] * 2
    home.visit(ends)
    assert home.loads == 2, "it has its picture now"


def test_another_picture_at_that_address_is_not_it(home: Home) -> None:
    found = home.crawled()
    ends = home.found_in(found)
    home.answers["/pic.png"] = http(png(), Content_Type="image/png")
    home.visit(ends)
    assert found.store.leads()[0].shown.showing.reason == "image_quote"


def test_what_cannot_be_visited_says_so(home: Home, tmp_path: Path) -> None:
    found = home.crawled()
    ends = home.found_in(found)
    home.config = with_browser(home.config, path="/nowhere/chromium")
    home.visit(ends)
    (lead,) = found.store.leads()
    assert (lead.shown.showing.verdict, lead.shown.showing.reason, lead.picture) == ("failed", "no_browser", None)


@pytest.mark.parametrize(("case", "reason"), [("stopped", "round_over"), ("too many", "too_many")])
def test_what_is_not_got_to_says_so(home: Home, case: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = home.crawled()
    ends = home.found_in(found)
    if case == "too many":
        monkeypatch.setattr(late, "PAGES", 0)
    home.visit(ends, over=case == "stopped")
    assert home.loads == 1
    shown = found.store.leads()[0].shown
    assert (shown.showing.verdict, shown.showing.reason) == ("failed", reason)
    key = found.store.leads()[0].listing
    assert found.store.last_pictures([key]) == {}, "it is asked for again when it is seen again"


@pytest.mark.parametrize("signed", [False, True])
def test_what_robots_forbids_by_now_is_visited_only_when_somebody_signed(home: Home, signed: bool) -> None:
    found = home.crawled()
    ends = home.found_in(found)
    home.answers["/robots.txt"] = http("User-agent: *\nDisallow: /s\n", Content_Type="text/plain")
    if signed:
        why = Override(platform=Shop.name, person="张虚构", reason="年度专项", signed_at=clock.now())
        found.store.sign_override(why)
    home.visit(ends)
    shown = found.store.leads()[0].shown
    assert home.loads == (2 if signed else 1)
    if signed:
        kept = read_facts(found.archive(), shown.capture)
        assert kept.override == "override 1: Disallow: /s"
    else:
        assert (shown.showing.reason, shown.showing.detail) == ("robots", "robots: Disallow: /s")


@pytest.mark.parametrize("case", ["switched off", "no findings", "unknown platform"])
def test_nobody_is_visited_without_need(home: Home, case: str) -> None:
    found = home.crawled()
    ends = home.found_in(found)
    if case == "switched off":
        home.config = with_browser(home.config, pictures=False)
    if case == "no findings":
        ends = [replace(one, findings=()) for one in ends]
    home.visit(ends, platforms=() if case == "unknown platform" else (Shop,))
    assert home.loads == 1
    assert found.store.leads()[0].shown is None
