"""What a person reads of a picture: its worth in words, why it falls short, and what is known of the visit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from empty_home import laid
from storage_specimens import finding, listing, page_of

from console.showings import REASON_WORDS, VERDICT_WORDS, showings_line
from crawler.captures import Box, Exchange, Frame, PaidOpening, PictureVerdict, Place, Showing, Surroundings, Visit
from crawler.items import Exhibits
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from storage.showing_shapes import ShowingCounts
from storage.visits import keep_visit

T0 = datetime(2026, 8, 1, 2, 30, tzinfo=UTC)
BOX = Box(left=1, top=2, right=30, bottom=40)
PAGE = "https://s.taobao.example/?p=1"
AROUND = Surroundings(
    machine="x86_64", system="Linux", python="CPython 3.11", tools=(), proxies=(), hosts_file="", hosts_entries=(),
    resolvers=(), dns=(), clock_source="time.example", clock_offset=-2.5, clock_at=T0, as_root=True,
)  # fmt: skip
VISIT = Visit(
    id="6f1e1c0e-0000-4000-8000-000000000001", requested_url=PAGE, url="https://s.taobao.example/final",
    redirects=(PAGE,), status=200, title="虚构", started_at=T0, ended_at=T0 + timedelta(seconds=2),
    browser="chromium/156", picture=b"\x89PNG", dom=b"<p>x</p>", text=b"x", mhtml=b"",
    frame=Frame(width=1280, height=2000), messages=(), chains=(), ip_address="192.0.2.7",
    troubles=(("mhtml", "too_large"),),
)  # fmt: skip


class Home:
    """A home with one run of one page, a flagged listing on it, and what its visit was worth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = ExhibitStore(open_database(laid(folder / "lantian.db")))
        self.archive = FolderArchive(folder / "archive", tool="test")
        run = PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)
        self.store.plan(self.store.begin_round(T0, "test", ""), [run])
        self.store.open_runs([run], T0)

    def page(self, number: int) -> Exhibits:
        """A page that was kept, so that its bytes can be read again."""
        page = page_of((listing("1"),), number=number, findings={"1": (finding(articles=()),)})
        kept = self.archive.keep(
            Exchange(
                url=PAGE, method="GET", request_headers=(), request_body=b"", status=200, reason="OK",
                protocol="HTTP/1.1", response_headers=(), response_body=b"x", ip_address="192.0.2.7", fetched_at=T0,
            )
        )  # fmt: skip
        return replace(page, sightings=replace(page.sightings, capture=kept))

    def record(self, number: int, verdict: PictureVerdict, reason: str = "", *, paid: bool = False) -> str:
        """The exhibit's id."""
        page = self.page(number)
        exhibit = page.exhibits[0].id
        visit = None
        if verdict is not PictureVerdict.FAILED:
            visit = keep_visit(self.archive, replace(VISIT, id=f"{VISIT.id[:-1]}{number}"), AROUND)
        showing = Showing(
            exhibit=exhibit, verdict=verdict, reason=reason, detail="虚构的说明" if reason else "",
            visit=visit.id if visit else "", width=1280, height=2000, position=1,
            places=(Place(exhibit=exhibit, quote="包授权", box=BOX),) if visit else (),
        )  # fmt: skip
        number = self.store.begin_opening(listing("1").key, "run-1", T0, T0) if paid else 0
        openings = (PaidOpening(number=number, outcome="opened"),) if paid else ()
        self.archive.sync()
        self.store.record(replace(page, visit=visit, showings=(showing,), openings=openings))
        return exhibit


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_picture_that_shows_the_quote_is_told_with_its_visit(home: Home, here: Callable[..., Any]) -> None:
    exhibit = home.record(1, PictureVerdict.SHOWS_QUOTE, paid=True)
    told = here("show", exhibit)
    assert told.code == 0, told.err
    for words in (
        "图片    显示引文",
        f"完整固定 {VISIT.id}",
        "自 2026-08-01 10:30:00 至 2026-08-01 10:30:02（北京时间）",
        "最终网址 https://s.taobao.example/final（经 1 次跳转）",
        "服务器 192.0.2.7，chromium/156",
        "时钟偏差 -2.500 秒（time.example），超过 1 秒，须先校时",
        "以 root 运行",
        "缺 mhtml：too_large",
        "付费链接打开过 1 次",
    ):
        assert words in told.out, words
    assert "有图·显示引文" in here("leads").out


def test_as_json_it_has_its_own_key(home: Home, here: Callable[..., Any]) -> None:
    exhibit = home.record(1, PictureVerdict.DIFFERS, "quote_gone")
    (lead,) = here("leads", "--json").lines
    assert lead["showing"]["verdict"] == "differs"
    assert (lead["showing"]["reason"], lead["showing"]["visit"]) == ("quote_gone", VISIT.id)
    assert isinstance(lead["picture"], str), "the old key stays the capture's id"
    assert lead["picture"] == home.store.leads()[0].picture.id
    shown = json.loads(here("show", exhibit, "--json").out)
    told = {name: shown["showing"][name] for name in ("clock_offset", "ip_address", "url", "redirects", "as_root")}
    assert told == {
        "clock_offset": -2.5,
        "ip_address": "192.0.2.7",
        "url": VISIT.url,
        "redirects": [PAGE],
        "as_root": True,
    }
    assert "shown" not in shown


def test_what_falls_short_says_why(home: Home, here: Callable[..., Any]) -> None:
    differs, failed = home.record(1, PictureVerdict.DIFFERS, "wall"), home.record(2, PictureVerdict.FAILED, "timeout")
    assert "与固定时不同（浏览器被拦）" in here("show", differs).out
    told = here("show", failed).out
    assert "未拍成（超时）" in told
    assert "说明：虚构的说明" in told
    assert "无图·未拍成（超时）" in here("leads").out


def test_an_exhibit_without_its_own_names_the_last_one(home: Home, here: Callable[..., Any]) -> None:
    first = home.record(1, PictureVerdict.SHOWS_QUOTE)
    page = home.page(2)
    home.archive.sync()
    home.store.record(page)
    told = here("show", page.exhibits[0].id).out
    assert f"未另拍；此信息最近一次：显示引文（证据项 {first}）" in told
    assert "最终网址" not in told, "what was not re-read is not told"


def test_without_any_look_nothing_is_claimed(home: Home, here: Callable[..., Any]) -> None:
    page = home.page(1)
    home.archive.sync()
    home.store.record(page)
    told = here("show", page.exhibits[0].id).out
    assert "图片    无" in told
    assert here("leads", "--json").lines[0]["showing"] is None


def test_a_broken_visit_is_not_told_as_whole(home: Home, here: Callable[..., Any]) -> None:
    exhibit = home.record(1, PictureVerdict.SHOWS_QUOTE)
    (file,) = (home.folder / "archive").glob("*.open")
    place = home.store.exhibit(exhibit).shown.capture.facts.offset + 30
    raw = bytearray(file.read_bytes())
    raw[place] ^= 1
    file.write_bytes(bytes(raw))
    told = here("show", exhibit)
    assert told.code == 4
    assert "已损坏" in told.out
    assert "最终网址" not in told.out


def test_coverage_counts_them(home: Home, here: Callable[..., Any]) -> None:
    home.record(1, PictureVerdict.SHOWS_QUOTE, paid=True)
    home.record(2, PictureVerdict.DIFFERS, "wall")
    line = "网页截图：显示引文 1，与固定时不同 1，未拍成 0（浏览器被拦 1）；打开付费链接 1 次"
    assert line in here("coverage").err
    (row,) = here("coverage", "--json").lines
    assert row["showings"] == {"shown": 1, "differs": 1, "failed": 0, "openings": 1, "reasons": [["wall", 1]]}


def test_words() -> None:
    assert set(VERDICT_WORDS) == set(PictureVerdict)
    assert showings_line(ShowingCounts(shown=3)) == "网页截图：显示引文 3，与固定时不同 0，未拍成 0"
    assert showings_line(ShowingCounts(failed=1, reasons=(("odd", 1),))).endswith("（odd 1）"), "a new word is told"
    told = (Path(__file__).parent.parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [one for one in REASON_WORDS if f"`{one}`" not in told] == []
