"""A visit takes a page home whole and of one state, whatever the page does, and the next page works."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Desk, desk
from crawling import RawServer, at, http
from PIL import Image

from crawler.captures import Visit
from pipelines.browser import PageSession
from pipelines.devtools import Told
from pipelines.visiting import TALLEST

SITE = "http://probe.example"
AD = """<div class="ad" style="height:120px"><a href="/x">星河知产 <em>包授</em>权</a><span>广告</span></div>
<div class="ad" style="height:120px"><a href="/y">示例商标 全额退款</a></div>"""
ROTATING = """<input value=" 专利代理 "><p id="ad"></p><style>@keyframes k{{to{{margin-left:500px}}}}
#b{{background:#f00;width:50px;height:50px;animation:k .2s infinite alternate}}</style><div id="b"></div><script>
const words = ["星河知产 包授权 {n}", "示例商标 全额退款 {n}", "虚构专利 包下证 {n}"]; let i = 0;
const turn = () => document.getElementById("ad").textContent = words[i++ % 3] + " " + i;
setInterval(turn, 5); (function again() {{ turn(); requestAnimationFrame(again) }})();
const channel = new MessageChannel(); channel.port1.onmessage = () => {{ turn(); channel.port2.postMessage(0) }};
channel.port2.postMessage(0);</script>"""
LAZY = """<div style="height:3000px"></div><img id="late" loading="lazy" src="/late.png"><div id="seen"></div><script>
new IntersectionObserver((seen) => { if (seen[0].isIntersecting) fetch("/seen") })
  .observe(document.getElementById("seen"));</script>"""
HIDDEN = """<p style="opacity:0">看不见甲</p><p style="visibility:hidden">看不见乙</p>
<p style="display:none">看不见丙</p>
<p style="color:transparent">看不见丁</p><p style="position:absolute;left:-9999px">看不见戊</p>
<div style="height:0;overflow:hidden"><p>看不见己</p></div>
<div style="position:relative"><p>看不见庚</p><div style="position:absolute;inset:0;background:#fff;
pointer-events:none"></div></div><p style="font-size:1px">看不见辛</p><p style="color:#fefefe">看不见癸</p>
<div style="height:2000px"></div>
<div style="position:relative"><p>看不见壬</p><div style="position:absolute;inset:0;background:#fff"></div></div>
<div style="position:relative"><p>看得见子</p><a href="/" style="position:absolute;inset:0"></a></div>
<p>看得见丑</p><div style="position:fixed;bottom:0;left:0;right:0;height:600px;background:#eee">看得见寅</div>"""
CLOBBERED = """<img name="body"><img name="documentElement"><img name="title"><img name="createTreeWalker">
<img name="createRange"><img name="adoptedStyleSheets"><img name="scrollingElement"><form><input name="children">
<input name="parentNode"><input name="textContent"><p>包授权</p></form><script>
Range.prototype.getClientRects = () => [{left: 0, top: 0, right: 9, bottom: 9, width: 9, height: 9}];
Element.prototype.getBoundingClientRect = () => ({left: 0}); Array.prototype.filter = null; JSON.stringify = () => "{}";
Object.defineProperty(Node.prototype, "textContent", {get() { return "x" }}); window.getComputedStyle = null;
Object.defineProperty(Document.prototype, "title", {get() { return "假" }});</script>"""
PAGES = {
    "/ad": AD,
    "/lazy": LAZY,
    "/hidden": HIDDEN,
    "/clobbered": CLOBBERED,
    "/shadow": "<div id=h></div><script>h.attachShadow({mode:'open'}).innerHTML='<p>影子里 包授权</p>'</script>",
    "/moving": """<style>@keyframes k { to { margin-left: 500px } }
        p { width: 99px; animation: k .3s infinite alternate }
        </style><p>包授权</p>""",
    "/tall": "<p>包授权</p><div style='height:50000px;background:#00f'></div><p>不授权</p>",
    "/infinite": """<script>onscroll = () => { for (let i = 0; i < 50; i++) document.body.append(
        Object.assign(document.createElement("div"), {style: "height:500px", textContent: "x"})) }</script>
        <div style="height:2000px"></div>""",
    "/written": "<script>setInterval(() => document.write('<p>x'.repeat(20)), 5)</script>",
    "/alerts": "<script>for (let i = 0; i < 30; i++) alert(i)</script>",
    "/endless-alerts": "<script>for (;;) alert(1)</script>",
    "/leaves": "<script>onbeforeunload = (e) => { e.preventDefault(); return 'x' };"
    "setTimeout(() => location = '/ad', 50)</script>",
    "/closes": "<script>window.close(); setTimeout(() => window.close(), 50)</script>",
    "/popups": "<script>for (let i = 0; i < 20; i++) window.open('/popup' + i)</script>"
    "<a target=_blank href=/popup>x</a><script>document.querySelector('a').click()</script>",
    "/downloads": "<script>for (let i = 0; i < 3; i++) Object.assign(document.createElement('a'),"
    " {href: '/file', download: 'written.bin'}).click()</script>",
    "/reloads": "<script>setTimeout(() => location.reload(), 20)</script>",
    "/asks": "<script>navigator.geolocation.getCurrentPosition(() => fetch('/told')); Notification.requestPermission()"
    ".then((said) => fetch('/said-' + said)); print(); document.cookie = 'known=1'</script>",
    "/cookie": "<script>document.write(document.cookie || 'none')</script>",
}


def answer(target: str) -> bytes:
    if target == "/rotating":
        return http(document(ROTATING.format(n=time.monotonic_ns())))
    if target in OTHERS:
        return OTHERS[target]
    return http(document(PAGES.get(target, AD)))


def document(body: str) -> str:
    return f"<!doctype html><html><head><title>虚构</title></head><body>{body}</body></html>"


OTHERS = {
    "/file": http("x" * 50, Content_Type="application/octet-stream", Content_Disposition="attachment; filename=w.bin"),
    "/moved": http("", status="302 Found", Location="/moved-again"),
    "/moved-again": http("", status="301 Moved", Location="/by-script"),
    "/by-script": http(document("<script>location.replace('/ad?x=1#part')</script>")),
    "/half": http(document("<p>包授权</p>" + "x" * 3000), Content_Length="90000") + RawServer.CUT,
}


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def at_desk(tmp_path_factory: pytest.TempPathFactory, server: RawServer) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("home"), at(server, "probe.example"), timeout=20.0) as one:
        yield one


def pixels(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


# -- what is taken -------------------------------------------------------------------------------


def test_everything_of_a_page_is_taken(at_desk: Desk) -> None:
    visit = at_desk.visit(f"{SITE}/moved", "包授权", "全额退款", is_ad=True)
    assert visit.url == f"{SITE}/ad?x=1#part"
    assert visit.redirects == (f"{SITE}/moved", f"{SITE}/moved-again", f"{SITE}/by-script")
    assert (visit.status, visit.title, visit.ip_address, visit.is_specimen) == (200, "虚构", "127.0.0.1", True)
    assert visit.dom.decode().startswith("<!DOCTYPE html><html><head><title>虚构</title>")
    assert visit.text.decode().splitlines()[0] == "星河知产 包授权广告"
    assert visit.mhtml.startswith(b"From: ")
    assert pixels(visit.picture).size == (1280, visit.frame.height) == (1280, 900)
    assert (visit.troubles, visit.requested_url) == ((), f"{SITE}/moved")
    moments = [visit.started_at, *(moment for moment, _ in visit.steps), visit.ended_at]
    assert moments == sorted(moments)
    assert visit.browser.startswith("chromium/")


def test_quote_and_label_are_found_where_the_picture_shows_them(at_desk: Desk) -> None:
    visit = at_desk.visit(f"{SITE}/ad", "包授权", "全额退款", "不在这里", is_ad=True)
    mine, other = visit.frame.places
    assert (mine.quote, mine.label_text, other.quote) == ("包授权", "广告", "全额退款")
    assert other.label is None, "the neighbour's label is not this advertisement's"
    assert mine.label is not None
    shown = pixels(visit.picture)
    for box in (mine.box, mine.label):
        part = shown.crop((box.left, box.top, box.right, box.bottom))
        assert min(low for low, _ in part.getextrema()) < 100, "there are letters"
        assert box.right - box.left > 20
    plain = at_desk.visit(f"{SITE}/ad", "包授权")
    assert [one.label for one in plain.frame.places] == [None]


def test_an_advertisement_that_changes_at_every_moment_is_of_one_state(at_desk: Desk) -> None:
    words = ("包授权", "全额退款", "包下证")
    visits = [at_desk.visit(f"{SITE}/rotating", *words, query="专利代理") for _ in range(3)]
    for visit in visits:
        dom, text = visit.dom.decode(), visit.text.decode()
        (line,) = [line for line in text.splitlines() if "知产" in line or "商标" in line or "专利" in line]
        assert f">{line}</p>" in dom, "document and text are of one moment"
        (place,) = visit.frame.places
        assert place.quote in line
        box = visit.frame.query_box
        assert box is not None
        assert 100 < box.right - box.left < 300
    assert len({visit.dom for visit in visits}) == 3


def test_words_that_move_are_held_for_the_picture(at_desk: Desk) -> None:
    assert len(at_desk.visit(f"{SITE}/moving", "包授权").frame.places) == 1


def test_what_only_loads_when_it_is_seen_is_loaded(at_desk: Desk, server: RawServer) -> None:
    visit = at_desk.visit(f"{SITE}/lazy")
    assert {f"{SITE}/late.png", f"{SITE}/seen"} <= {one.url for one in visit.messages}
    assert {"/late.png", "/seen"} <= set(server.targets)


def test_only_what_a_person_could_see_is_found(at_desk: Desk) -> None:
    hidden, seen = [f"看不见{one}" for one in "甲乙丙丁戊己庚辛壬癸"], [f"看得见{one}" for one in "子丑寅"]
    visit = at_desk.visit(f"{SITE}/hidden", *hidden, *seen)
    assert {one.quote for one in visit.frame.places} == set(seen)
    assert b"pointer-events: auto" not in visit.dom + visit.mhtml, "looking leaves no trace"


def test_the_page_s_own_functions_are_not_believed(at_desk: Desk) -> None:
    visit = at_desk.visit(f"{SITE}/clobbered", "包授权")
    (place,) = visit.frame.places
    assert place.box.top > 20
    assert (visit.title, "包授权" in visit.text.decode()) == ("虚构", True)


def test_words_in_open_shadow_are_found(at_desk: Desk) -> None:
    assert len(at_desk.visit(f"{SITE}/shadow", "影子里包授权").frame.places) == 1


# -- what it must bear ---------------------------------------------------------------------------


def test_a_page_beyond_measure_is_cut(at_desk: Desk) -> None:
    visit = at_desk.visit(f"{SITE}/tall", "包授权", "不授权")
    assert pixels(visit.picture).size == (1280, TALLEST)
    assert [one.quote for one in visit.frame.places] == ["包授权"], "what is below the cut is not in the picture"
    assert dict(visit.troubles)["picture"].startswith("cut at 12000 of 50")
    endless = at_desk.visit(f"{SITE}/infinite")
    assert "picture" in dict(endless.troubles)


@pytest.mark.parametrize("path", ["/alerts", "/closes", "/written", "/asks", "/half"])
def test_a_page_that_misbehaves_is_taken_all_the_same(at_desk: Desk, path: str) -> None:
    visit = at_desk.visit(SITE + path)
    assert (visit.url, bool(visit.picture), bool(visit.dom)) == (SITE + path, True, True)


def test_a_page_that_asks_before_it_leaves_is_not_asked(at_desk: Desk) -> None:
    assert at_desk.visit(f"{SITE}/leaves").url in (f"{SITE}/ad", f"{SITE}/leaves")


def test_nothing_is_granted_opened_or_written(at_desk: Desk, server: RawServer) -> None:
    at_desk.visit(f"{SITE}/asks")
    assert "none" in at_desk.visit(f"{SITE}/cookie").text.decode(), "pages share no cookies"
    at_desk.visit(f"{SITE}/popups")
    at_desk.visit(f"{SITE}/downloads")
    places = (Path.home(), Path.home() / "Downloads", Path.cwd(), Path(tempfile.gettempdir()))
    assert not [path for place in places for path in (*place.glob("w*.bin"), *place.glob("playwright-*/*.bin"))]
    assert not {"/told", "/said-granted"} & set(server.targets)
    assert not [target for target in server.targets if target.startswith("/popup") and target != "/popups"]
    assert "download" in at_desk.trouble(f"{SITE}/file")


def test_a_page_that_never_rests_is_held(at_desk: Desk, server: RawServer) -> None:
    visit = at_desk.visit(f"{SITE}/reloads")
    assert dict(visit.troubles)["load"].startswith("held after")
    assert server.targets.count("/reloads") < 10


def test_what_cannot_be_had_ends_in_time_with_a_reason(tmp_path: Path, server: RawServer) -> None:
    with desk(tmp_path, at(server, "probe.example"), timeout=2.0) as hurried:
        began = time.monotonic()
        assert "Timeout" in hurried.trouble(f"{SITE}/endless-alerts")
        assert time.monotonic() - began < 90
    with desk(tmp_path / "another", at(server, "probe.example"), timeout=60.0) as patient:
        assert "ERR_" in patient.trouble("http://10.0.0.1/")


def test_a_page_whose_process_dies_ends_at_once_and_the_next_one_works(at_desk: Desk) -> None:
    async def killed() -> None:
        async with at_desk.browser._opened(f"{SITE}/ad") as (visiting, _):
            await visiting.load(f"{SITE}/ad")
            for pid in renderers():
                os.kill(pid, signal.SIGKILL)
            await visiting.dom()

    with pytest.raises(Exception, match="crashed"):  # and not the end of its time
        at_desk.wait(killed())
    assert at_desk.visit(f"{SITE}/ad").picture


def renderers() -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"--type=renderer" in command and descends(parent):
            found.append(int(folder.name))
    return found


def descends(pid: int) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def test_a_browser_that_grows_beyond_measure_is_ended(at_desk: Desk) -> None:
    at_desk.visit(f"{SITE}/ad")
    engine = at_desk.browser._engine
    assert engine is not None
    assert engine.memory() > 50 << 20
    engine.most_memory = 10 << 20
    assert "needed more than 10 MB" in at_desk.trouble(f"{SITE}/ad")
    assert at_desk.visit(f"{SITE}/ad").picture
    assert at_desk.browser._engine is not engine


def test_pages_are_open_at_once_and_a_worn_browser_is_replaced(tmp_path: Path, server: RawServer) -> None:
    with desk(tmp_path, at(server, "probe.example"), timeout=20.0, pages=2, recycle=2) as one:

        async def several() -> tuple[list[Visit], list[object], int]:
            most, engines = 0, []

            async def count() -> None:
                nonlocal most
                while True:
                    engine = one.browser._engine
                    if engine is not None:
                        most = max(most, engine.pages_open)
                        engines.extend([engine] if engine not in engines else [])
                    await asyncio.sleep(0.01)

            counting = asyncio.ensure_future(count())
            visits = await asyncio.gather(*(one.browser.visit(f"{SITE}/ad") for _ in range(4)))
            counting.cancel()
            return visits, engines, most

        visits, engines, most = one.wait(several())
        assert [engine.is_alive for engine in engines].count(True) <= 1, "worn browsers have ended"
    assert (len(visits), most) == (4, 2)
    assert len(engines) >= 2


def test_the_driver_s_own_switches_still_hold(at_desk: Desk) -> None:
    at_desk.visit(f"{SITE}/ad")
    commands = [path.read_bytes().decode().split("\0") for path in Path("/proc").glob("[0-9]*/cmdline") if alive(path)]
    lists = [[word for word in command if word.startswith("--disable-features=")] for command in commands]
    ours = [several for several in lists if len(several) == 2]
    assert ours
    for first, last in ours:
        assert set(first.partition("=")[2].split(",")) <= set(last.partition("=")[2].split(","))


def alive(command: Path) -> bool:
    try:
        return bool(command.read_bytes())
    except OSError:
        return False


def test_a_part_that_cannot_be_had_does_not_cost_the_others(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser refuses what it does not know; everything else is taken."""
    known = PageSession.ask

    async def refused(self: PageSession, method: str, asked: Told | None = None) -> Told:
        is_look = method == "Runtime.evaluate" and "elementsFromPoint" in str(asked)
        return await known(
            self, "Page.noSuchThing" if method in lost or (is_look and "look" in lost) else method, asked
        )

    monkeypatch.setattr(PageSession, "ask", refused)
    lost = {"Page.captureScreenshot", "Page.captureSnapshot"}
    visit = at_desk.visit(f"{SITE}/ad", "包授权")
    assert (visit.picture, visit.mhtml, visit.frame.places, bool(visit.dom)) == (b"", b"", (), True)
    assert {part for part, _ in visit.troubles} == {"picture", "mhtml"}
    lost = {"look"}
    visit = at_desk.visit(f"{SITE}/ad", "包授权")
    assert (bool(visit.picture), visit.frame.places) == (True, ())
    assert {part for part, _ in visit.troubles} == {"frame"}
