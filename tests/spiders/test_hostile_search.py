"""Search engines' readers meet damaged and adversarial pages: always a reading, never a traceback, never slow."""

from __future__ import annotations

import json
import random
import re
import time
import tomllib
from pathlib import Path

import pytest

from crawler.items import Outcome, Page, Reading
from spiders.baidu import Baidu
from spiders.base import PlatformSpider
from spiders.bing import Bing
from spiders.sogou import Sogou
from spiders.toutiao import Toutiao

PAGES = Path(__file__).parent / "pages"
SPIDERS: dict[str, type[PlatformSpider]] = {spider.name: spider for spider in (Baidu, Bing, Sogou, Toutiao)}
FROZEN = sorted(path for name in SPIDERS for path in (PAGES / name).glob("*.html"))
SECONDS = 5.0  # of this process for a page of at most 40 kB; honest reading takes two milliseconds
JUNK = (None, True, 0, -1, 10**50, 1.5, "", "x", [], {}, [[]], {"title": {}}, [None, {"text": 1}])


def read(path: Path, body: bytes) -> Reading:
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    started = time.process_time()
    reading = SPIDERS[path.parent.name]().read(Page(body=body, **told))
    assert time.process_time() - started < SECONDS
    assert isinstance(reading, Reading)
    assert reading.outcome is Outcome.OK or reading.reason
    assert reading.outcome is not Outcome.OK or reading.listings
    assert all(listing.title and listing.url for listing in reading.listings)
    return reading


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_cut_anywhere(path: Path) -> None:
    body = path.read_bytes()
    for length in range(0, len(body), max(len(body) // 120, 1)):
        reading = read(path, body[:length])
        if b"</body" not in body[:length] and b"<body" in body[:length]:
            assert reading.outcome is not Outcome.OK


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_slices_flipped_deleted_and_doubled(path: Path) -> None:
    body = path.read_bytes()
    dice = random.Random(f"{path.parent.name}/{path.name}")
    for _ in range(80):
        start = dice.randrange(len(body))
        end = min(len(body), start + dice.choice((1, 4, 40, 400)))
        part = body[start:end]
        changed = dice.choice((bytes(255 - byte for byte in part), b"", part * 3, part[::-1], b"<" * 9, b'"' * 3))
        read(path, body[:start] + changed + body[end:])


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_state_of_any_shape(junk: object) -> None:
    """Every value of the state in turn becomes something else; the other result is still read."""
    path = PAGES / "toutiao" / "state.html"
    text = path.read_text(encoding="utf-8")
    script = re.search(r'data-id="a0-2" type="application/json">(.*?)</script>', text)
    assert script is not None
    state = json.loads(script[1])
    places = list(_places(state))
    assert len(places) > 8
    for place in places:
        other = json.loads(script[1])
        part = other
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = junk
        reading = read(path, text.replace(script[1], json.dumps(other)).encode())
        assert reading.listings[0].title == "前一条"


def _places(value: object, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return []
    own = [(*above, key) for key in value]
    return own + [place for key, part in value.items() for place in _places(part, (*above, key))]


def page(name: str, inner: str) -> tuple[Path, bytes]:
    columns = {"baidu": 'id="content_left"', "bing": 'id="b_results"', "sogou": 'class="results"', "toutiao": ""}
    path = next(path for path in FROZEN if path.parent.name == name and path.stem.startswith(("web", "res", "cards")))
    return path, f"<html><head></head><body><div {columns[name]}>{inner}</div></body></html>".encode()


CARDS = {
    "baidu": '<div class="result c-container" tpl="t"><h3><a href="/link?url={0}">{0}</a></h3><i>广告</i></div>',
    "bing": '<li class="b_ad"><h2><a href="/aclk?u={0}">{0}</a></h2><i>广告</i></li>',
    "sogou": '<div class="vrwrap"><h3><a href="/bill_cpc?{0}">{0}</a></h3><i>广告</i></div>',
    "toutiao": (
        '<div data-test-card-id="67-x"><h3><a href="/search/jump?url=http%3A%2F%2Fa.example%2F{0}">{0}</a></h3>'
        "<i>广告</i></div>"
    ),
}


@pytest.mark.parametrize("name", SPIDERS)
def test_a_thousand_advertisements(name: str) -> None:
    path, body = page(name, "".join(CARDS[name].format(number) for number in range(1000)))
    reading = read(path, body)
    assert len(reading.listings) == 1000
    assert all(listing.is_ad for listing in reading.listings)


@pytest.mark.parametrize("name", SPIDERS)
@pytest.mark.parametrize(
    "inner",
    [
        "<div>" * 4000 + "x",
        "<div>".join(["<i>广告</i><h3>x</h3>"] * 3000),
        "<div><a href='/baidu.php?url=1'>x</a><a href='/aclk'>x</a><a href='/bill_cpc'>x</a>" * 3000,
        '<div cmatchid=1 class="b_adSlug biz_rb"><h3>x</h3><h2>y</h2><i>广告</i>' * 2400,
        "<i>广告</i>" * 20_000,
        "广告" * 200_000,
        "<!--STATUS total " * 50_000,
        '<div data-test-card-id="67-x">' * 3000,
        '<div class="vrwrap result c-container" tpl="x">' * 3000,
        '<li class="b_ad">' * 3000,
        "&nbsp;广告" * 50_000,
        "0" * 400_000,
    ],
    ids=lambda inner: inner[:24],
)
def test_costly_page(name: str, inner: str) -> None:
    path, body = page(name, inner)
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    started = time.process_time()
    reading = SPIDERS[name]().read(Page(body=body, **told))
    assert time.process_time() - started < 3 * SECONDS
    assert reading.outcome is not Outcome.EMPTY


@pytest.mark.parametrize("name", SPIDERS)
@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "empty"), (b" \n", "empty"), (b"\x89PNG\r\n", "binary"), (b"\x00\xff" * 500, "undecodable")],
)
def test_no_document(name: str, body: bytes, reason: str) -> None:
    reading = SPIDERS[name]().read(Page(url="https://a.example/", body=body))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, reason)
