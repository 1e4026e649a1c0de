"""A flagged listing's page is visited at once, when it is due; what the picture shows is never more than it shows."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import pytest
from crawling import Crawled, RawServer, at, config_of, crawl, http, with_browser
from engine import CAPTCHA, OFFER, QUERY, Engine, Shop, document, row
from PIL import Image
from sqlalchemy import select, update

from crawler import clock
from crawler.captures import Box
from crawler.config import Config
from crawler.items import Exhibit, Kind, Listing
from crawler.tables import Browser as BrowserSettings
from pipelines.browser import BrowserTrouble, find_chromium
from pipelines.due import GOOD_FOR, is_due
from pipelines.visiting import TALLEST
from storage.holds import Holds
from storage.models import ExhibitRow
from storage.shapes import Lead
from storage.showing_shapes import LastPicture, ShowingCounts, ShownAs
from storage.tables.showings import BrowserCaptureRow, PaidOpeningRow, ShowingRow
from storage.visits import read_facts

NONE = http("", status="404 Not Found")
OFFERED = document(row(OFFER, text="欢迎联系我们办理"), row("云帆文具", href="/i/2", ad=False))
Answer = Callable[[str, int], str | bytes | None]


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


class Web:
    """The engine's host and the advertiser's redirect. `page(query, time)` answers the results; times count from 1."""

    def __init__(self, page: Answer | str, robots: str = "") -> None:
        self._page = page if callable(page) else lambda query, time: page
        self.times: Counter[str] = Counter()
        self.engine = RawServer(self._answer)
        self.paid = RawServer(lambda target: http(robots if target == "/robots.txt" else "<p>广告主</p>"))

    def _answer(self, target: str) -> bytes | None:
        if not target.startswith("/s?"):
            return NONE
        (query,) = parse_qs(urlsplit(target).query)["q"]
        self.times[query] += 1
        answer = self._page(query, self.times[query])
        return http(answer) if isinstance(answer, str) else answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.__exit__()
        self.paid.__exit__()

    def config(self, home: Path, **changes: object) -> Config:
        hosts = [*at(self.engine, "probe.example"), *at(self.paid, "ads.example")]
        return with_browser(config_of(home, *hosts), **{"pictures": True, "timeout": 60.0, **changes})

    @property
    def opened(self) -> list[str]:
        """What was asked of the advertiser's redirect, beside its robots.txt."""
        return [target for target in self.paid.targets if target not in ("/robots.txt", "/favicon.ico")]


# -- one round over pages of every sort ----------------------------------------------------------

BARE = row(OFFER, site="bare.example").replace("<i>广告</i>", "<b>关于</b>")
HIDDEN = row(f'专利代理 <span class="gone">{OFFER}</span>', site="hidden.example")
SORTS: dict[str, Callable[[int], str]] = {
    "stable": lambda _: OFFERED.replace(QUERY, "stable"),
    "clean": lambda _: document(row("云帆文具", ad=False)),
    "rotates": lambda time: document(row(f"{OFFER}（第 {time} 家）", href=f"/r?{time}", site=f"shop{time}.example")),
    "wall": lambda time: document(row(OFFER, site="wall.example")) if time == 1 else CAPTCHA,
    "below": lambda _: document(f'<div style="height:{TALLEST + 99}px"></div>', row(OFFER, site="below.example")),
    "hidden": lambda _: document(HIDDEN, f"<p>{OFFER}</p>", query="hidden"),
    "unlabelled": lambda _: document(BARE, query="unlabelled"),
    "unasked": lambda _: document(row(OFFER, site="unasked.example"), query="云帆文具"),
}


@dataclass
class Round:
    """The round, and how often each page was loaded."""

    found: Crawled
    times: Counter[str]

    def shown(self, sort: str) -> ShownAs:
        return next(one.shown for one in self.leads if one.shown.capture.requested_url.endswith(f"q={sort}"))

    @cached_property
    def leads(self) -> tuple[Lead, ...]:
        return self.found.store.leads()


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Round:
    with Web(lambda query, time: SORTS[query](time)) as web:
        config = replace(web.config(tmp_path_factory.mktemp("home")), proxies=("HTTPS_PROXY",))
        return Round(crawl(config, *SORTS, spider=Engine), web.times)


def test_every_page_was_seen_whatever_became_of_its_picture(visited: Round) -> None:
    assert {sort: visited.found.verdict(sort) for sort in SORTS} == dict.fromkeys(SORTS, ("ok", ""))
    assert len(visited.leads) == len(SORTS) - 1
    for lead in visited.leads:
        assert visited.found.archive().produce(lead.capture)


@pytest.mark.parametrize(
    ("sort", "reason"),
    [
        ("rotates", "listing_gone"),
        ("wall", "wall"),
        ("below", "not_in_frame"),
        ("hidden", "not_in_frame"),
        ("unlabelled", "no_label"),
        ("unasked", "no_query_box"),
    ],
)
def test_what_the_picture_does_not_show_is_said(visited: Round, sort: str, reason: str) -> None:
    showing = visited.shown(sort).showing
    assert (showing.verdict, showing.reason) == ("differs", reason), showing.detail


def test_a_page_where_nothing_was_flagged_is_not_visited(visited: Round) -> None:
    assert visited.times == {sort: 1 if sort == "clean" else 2 for sort in SORTS}


def cropped(picture: Image.Image, box: Box) -> int:
    """How many colours the picture has in this box: letters have edges, blank paper has one colour."""
    return len(picture.crop((box.left, box.top, box.right, box.bottom)).getcolors(1 << 20))


def test_a_stable_page_shows_quote_label_and_query(visited: Round) -> None:
    shown = visited.shown("stable")
    showing = shown.showing
    assert (showing.verdict, showing.reason, showing.position) == ("shows_quote", "", 1)
    picture = Image.open(io.BytesIO(visited.found.archive().produce(shown.capture.picture)))
    assert picture.size == (showing.width, showing.height)
    boxes = [showing.query_box, *(one.box for one in showing.places), *(one.label for one in showing.places)]
    assert len(boxes) >= 3
    assert all(cropped(picture, box) > 5 for box in boxes), boxes
    moved = replace(showing.places[0].box, left=900, right=1200)
    assert cropped(picture, moved) == 1, "a box that misses the words is seen to be blank"
    assert {one.label_text for one in showing.places} == {"广告"}


def test_one_interval_one_id_and_the_surroundings(visited: Round) -> None:
    visit = visited.shown("stable").capture
    facts = read_facts(visited.found.archive(), visit)
    assert facts.visit == visit.id
    assert visit.started_at < visit.ended_at <= clock.now()
    around = facts.surroundings
    assert (around.host_map, around.proxies, around.clock_source) == (True, ("HTTPS_PROXY",), "unknown")
    assert around.dns == (("probe.example", ("127.0.0.1",)),)
    assert (facts.ip_address, facts.status, facts.is_specimen) == ("127.0.0.1", 200, True)


def test_rows_say_whose_visit_it_was(visited: Round) -> None:
    visit, run = visited.shown("stable").capture, visited.found.runs["stable"]
    with visited.found.store.engine.connect() as connection:
        made = connection.execute(
            select(BrowserCaptureRow.run_id, BrowserCaptureRow.page_number).where(BrowserCaptureRow.id == visit.id)
        ).one()
        pictures = connection.execute(select(ExhibitRow.picture_id).where(ExhibitRow.run_id == run)).scalars().all()
        frame = connection.execute(select(ShowingRow.frame).where(ShowingRow.run_id == run)).scalar_one()
    assert tuple(made) == (run, 1)
    assert pictures == [visit.picture.id] * 2, "the page's picture is its innocent listing's too"
    assert all(isinstance(edge, int) for edge in (*frame["query_box"], *frame["places"][0]["box"]))
    assert visited.found.store.showing_counts([run]) == {run: ShowingCounts(shown=1)}


# -- the other ways ------------------------------------------------------------------------------


def judged(home: Path, page: Answer | str, spider: type[Engine] = Engine, **changes: object) -> tuple[str, str]:
    with Web(page) as web:
        found = crawl(web.config(home, **changes), QUERY, spider=spider)
    assert found.verdict(QUERY) == ("ok", ""), "whatever becomes of the picture, the page was seen"
    (lead,) = found.store.leads()
    assert found.archive().produce(lead.capture), "and its capture is kept"
    return lead.shown.showing.verdict.value, lead.shown.showing.reason


def test_a_shop_needs_neither_label_nor_query(tmp_path: Path) -> None:
    bare = document(row(OFFER).replace("<i>广告</i>", ""), query="云帆文具")
    assert judged(tmp_path, bare, Shop) == ("shows_quote", "")


def test_without_a_browser_the_exhibit_says_so(tmp_path: Path) -> None:
    assert judged(tmp_path, OFFERED, path="/nowhere/chromium") == ("failed", "no_browser")


def test_a_page_that_hangs_in_the_browser_costs_only_its_picture(tmp_path: Path) -> None:
    hanging: Answer = lambda _, time: OFFERED if time == 1 else None  # noqa: E731 - one expression
    assert judged(tmp_path, hanging, timeout=1.5) == ("failed", "timeout")


def test_without_pictures_nothing_is_claimed(tmp_path: Path) -> None:
    with Web(OFFERED) as web:
        found = crawl(web.config(tmp_path, pictures=False), QUERY, spider=Engine)
    (lead,) = found.store.leads()
    assert (lead.shown, lead.picture) == (None, None)


# -- when it is due ------------------------------------------------------------------------------


def test_a_good_picture_is_not_taken_again_until_something_changes(tmp_path: Path) -> None:
    pages = [OFFERED]
    with Web(lambda *_: pages[-1]) as web:
        config = web.config(tmp_path)
        first = crawl(config, QUERY, spider=Engine)
        assert web.times[QUERY] == 2
        again = crawl(config, QUERY, spider=Engine)
        assert web.times[QUERY] == 3, "seen again, not visited again"
        (lead,) = again.store.leads()
        assert lead.picture is None
        assert lead.shown.exhibit != lead.exhibit
        assert lead.shown == first.store.exhibit(lead.shown.exhibit).shown
        Holds(again.store.engine).place(lead.exhibit, "示例人员", "案件在办", clock.now())
        crawl(config, QUERY, spider=Engine)
        assert web.times[QUERY] == 5, "an open case asks for a picture each time"
        Holds(again.store.engine).lift(lead.exhibit, "示例人员", clock.now())
        pages.append(OFFERED.replace("欢迎联系我们办理", "欢迎联系我们办理，名额有限"))
        crawl(config, QUERY, spider=Engine)
        assert web.times[QUERY] == 7, "its words changed"
        with again.store.engine.begin() as connection:
            old = clock.now() - GOOD_FOR - timedelta(hours=1)
            connection.execute(update(ExhibitRow).values(seen_at=old))
        crawl(config, QUERY, spider=Engine)
        assert web.times[QUERY] == 9, "its picture is old"


def exhibit(text: str = "办理") -> Exhibit:
    listing = Listing(platform="engine", kind=Kind.AD, position=1, title=OFFER, url="http://a.example/", text=text)
    return Exhibit(id="e1", listing=listing)


@pytest.mark.parametrize(
    ("last", "held", "is_wanted"),
    [
        (None, False, True),
        (LastPicture(text_digest=exhibit().listing.text_digest, good_at=clock.now()), False, False),
        (LastPicture(text_digest=exhibit().listing.text_digest, good_at=clock.now()), True, True),
        (LastPicture(text_digest="other", good_at=clock.now()), False, True),
        (LastPicture(text_digest=exhibit().listing.text_digest), False, True),
        (LastPicture(text_digest=exhibit().listing.text_digest, good_at=clock.now() - GOOD_FOR), False, True),
    ],
    ids=["never", "good", "on hold", "other words", "none was good", "old"],
)
def test_when_a_visit_is_due(last: LastPicture | None, *, held: bool, is_wanted: bool) -> None:
    one = exhibit()
    known = {one.listing.key: last} if last else {}
    now = clock.now() + timedelta(seconds=1)
    assert is_due([one], known, {one.listing.key} if held else set(), now) is is_wanted
    other = replace(one, listing=replace(one.listing, url="http://b.example/"))
    assert is_due([one, other], known, set(), now), "one that is due brings the page"


# -- paid links ----------------------------------------------------------------------------------

PAID = document(row(OFFER, href="http://ads.example/click?1"))


def paid_rows(found: Crawled) -> list[tuple[str, bool]]:
    with found.store.engine.connect() as connection:
        rows = connection.execute(select(PaidOpeningRow.outcome, PaidOpeningRow.browser_capture_id)).all()
    return [(one.outcome, bool(one.browser_capture_id)) for one in rows]


def test_no_paid_link_is_opened_in_a_normal_round(tmp_path: Path) -> None:
    with Web(PAID) as web:
        found = crawl(web.config(tmp_path), QUERY, spider=Engine)
        assert web.times[QUERY] == 2
        assert web.paid.connections == 0
    assert paid_rows(found) == []


def test_where_it_is_switched_on_a_paid_link_is_opened_once(tmp_path: Path) -> None:
    with Web(PAID) as web:
        config = web.config(tmp_path, paid_links=True)
        crawl(config, QUERY, spider=Engine)
        found = crawl(config, QUERY, spider=Engine)
        assert web.opened == ["/click?1"]
        assert web.paid.targets[0] == "/robots.txt"
    assert paid_rows(found) == [("opened", True)]
    (lead,) = found.store.leads()
    assert lead.shown.openings == 1
    with found.store.engine.connect() as connection:
        visits = connection.execute(select(BrowserCaptureRow.url)).scalars().all()
    assert sorted(visits) == ["http://ads.example/click?1", lead.shown.capture.url]


def test_a_link_that_robots_forbids_stays_closed(tmp_path: Path) -> None:
    with Web(PAID, robots="User-agent: *\nDisallow: /click") as web:
        found = crawl(web.config(tmp_path, paid_links=True), QUERY, spider=Engine)
        assert web.opened == []
    assert paid_rows(found) == [("disallowed", False)]
    assert found.store.leads()[0].shown.openings == 0


def test_what_was_not_paid_for_or_not_flagged_is_not_opened(tmp_path: Path) -> None:
    rows = row(OFFER, href="http://ads.example/a", ad=False), row("云帆文具", href="http://ads.example/b")
    with Web(document(*rows)) as web:
        found = crawl(web.config(tmp_path, paid_links=True), QUERY, spider=Engine)
        assert web.paid.connections == 0
    assert paid_rows(found) == []
