"""The browser: renders and photographs under the real names, reaches nothing private, leaves nothing running."""

from __future__ import annotations

import asyncio
import os
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from crawling import RawServer, at, config_of, crawl, http, page, with_browser
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from console.specimen import load
from console.specimen_server import SpecimenServer
from console.specimen_tls import Authority
from crawler import clock
from crawler.captures import Visit
from crawler.config import Config
from crawler.hosts import MappedHost, read_hosts
from crawler.items import How
from crawler.tables import Browser as BrowserSettings
from pipelines.browser import Browser, BrowserTrouble, find_chromium
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.models import CaptureRow, ExhibitRow
from storage.shapes import Override
from storage.verify import verify

SECURE = "https://probe.example"
PLAIN = "http://probe.example"
SCRIPTED = """<!doctype html><html><head><title>虚构</title></head><body style="margin:0;background:#f00">
<p>needs a browser</p><div id="list"></div><script>
document.querySelector("p").remove();
for (const name of ["星河知产", "示例商标"]) {
  const row = document.createElement("a");
  row.className = "row"; row.href = "/item/" + name; row.textContent = name;
  document.getElementById("list").append(row);
}
</script></body></html>"""


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpecimenServer]:
    web = tmp_path_factory.mktemp("web")
    (web / "list.html").write_text(SCRIPTED, encoding="utf-8")
    one = '[[page]]\nhost = "probe.example"\npath = "/s"\nfile = "list.html"\n'
    (web / "manifest.toml").write_text(f"version = 1\n{one}", encoding="utf-8")
    with SpecimenServer(load(web)) as server:
        yield server


def rendered(config: Config, *urls: str) -> list[tuple[str, str, int] | str]:
    """What became of each address in one browser, and nothing of it is left running."""

    async def render() -> list[tuple[str, str, int] | str]:
        browser = Browser(config)
        found: list[tuple[str, str, int] | str] = []
        try:
            for url in urls:
                try:
                    visit = await browser.render(url)
                    found.append((visit.url, visit.dom.decode(), visit.status))
                except BrowserTrouble as trouble:
                    found.append(str(trouble))
        finally:
            await browser.close()
        return found

    found = asyncio.run(render())
    assert not left_running()
    return found


def left_running() -> list[str]:
    """The commands of all browsers and drivers that descend from this process."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            commands[int(folder.name)] = (
                (folder / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")[:100]
            )
        except OSError:
            continue
        if stat[0] != "Z":
            parents[int(folder.name)] = int(stat[1])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    # Beside them are Python's own and the suite's servers, which all tests of this process share.
    return [commands[pid] for pid in ours - {os.getpid()} if "chrom" in commands[pid] or "playwright" in commands[pid]]


# -- whether at all ------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_as_root_it_is_refused_unless_said_so(tmp_path: Path) -> None:
    refused = with_browser(config_of(tmp_path), as_root=False)
    (told,) = rendered(refused, f"{SECURE}/s")
    assert "LANTIAN_BROWSER_AS_ROOT=1" in told
    allowed = Config.load({"LANTIAN_HOME": str(tmp_path), "LANTIAN_BROWSER_AS_ROOT": "1"})
    assert find_chromium(allowed)


def test_a_browser_that_is_not_there_is_said_once_and_then_remembered(tmp_path: Path) -> None:
    config = with_browser(config_of(tmp_path), path=str(tmp_path / "none"))
    first, second = rendered(config, f"{SECURE}/s", f"{SECURE}/s")
    assert str(tmp_path / "none") in first
    assert first == second


def test_a_browser_that_does_not_start_is_no_disaster(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    (told,) = rendered(with_browser(config_of(tmp_path), path=str(broken)), f"{SECURE}/s")
    assert told


# -- what it shows -------------------------------------------------------------------------------


def test_a_list_that_needs_scripts_is_rendered_under_its_real_name(tmp_path: Path, specimen: SpecimenServer) -> None:
    config = config_of(tmp_path, *read_hosts(str(specimen.hosts_file(tmp_path))).values(), timeout=60)
    found = crawl(with_browser(config, timeout=60.0), f"{SECURE}/s")
    assert found.verdict(f"{SECURE}/s") == ("ok", "")
    row = found.page(f"{SECURE}/s")
    assert (row.url, row.listings) == (f"{SECURE}/s", 2)
    with found.store.engine.connect() as connection:
        capture = connection.execute(select(CaptureRow.how, CaptureRow.is_specimen).where(CaptureRow.id == row.capture))
        assert capture.one() == (How.BROWSER, True)
    assert not left_running()


def test_all_that_a_rendered_page_loaded_is_kept(tmp_path: Path) -> None:
    script = SCRIPTED.replace("</body>", '<img src="/pic.png"><script src="/app.js"></script></body>')
    answers = {
        "/s": http(script),
        "/app.js": http("var a = 1;", Content_Type="text/javascript"),
        "/robots.txt": http("User-agent: *\nDisallow: /s\n"),
    }
    with RawServer(lambda target: answers.get(target, http("", status="404 x"))) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), timeout=60.0)
        store = ExhibitStore(open_database(config.database))
        store.sign_override(Override(platform="probe", person="张虚构", reason="年度专项", signed_at=clock.now()))
        found = crawl(config, f"{PLAIN}/s")
    assert found.verdict(f"{PLAIN}/s") == ("ok", "")
    capture = found.page(f"{PLAIN}/s").capture
    loaded, marked = [], []
    (path,) = config.archive.glob("*.warc.gz")
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_headers.get_header("Lantian-Visit") == capture:
                loaded.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI")))
                marked.append(record.rec_headers.get_header("Lantian-Override"))
    assert {address for kind, address in loaded if kind == "response"} >= {
        f"{PLAIN}/s", f"{PLAIN}/pic.png", f"{PLAIN}/app.js"
    }  # fmt: skip
    assert loaded[-1] == ("resource", f"urn:facts:{PLAIN}/s")
    assert [one for one in marked if one] == ["override 1: Disallow: /s"]
    assert verify(config.home).broken == ()


def test_a_server_with_another_authority_is_not_shown(tmp_path: Path, specimen: SpecimenServer) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(Authority().pem)
    mapped = MappedHost(host="probe.example", address="127.0.0.1", port=specimen.port, ca=wrong)
    (told,) = rendered(config_of(tmp_path, mapped), f"{SECURE}/s")
    assert "ERR_CERT_AUTHORITY_INVALID" in told


def test_a_picture_is_of_the_page(tmp_path: Path, specimen: SpecimenServer) -> None:
    config = config_of(tmp_path, *read_hosts(str(specimen.hosts_file(tmp_path))).values())

    async def taken() -> Visit:
        browser = Browser(config)
        try:
            return await browser.visit(f"{SECURE}/s")
        finally:
            await browser.close()

    visit = asyncio.run(taken())
    width, height = struct.unpack(">II", visit.picture[16:24])
    pixels = zlib.decompressobj().decompress(b"".join(_chunks(visit.picture, b"IDAT")))
    assert visit.picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert (width, height >= 900, pixels[1:4]) == (1280, True, b"\xff\x00\x00")
    assert (visit.is_specimen, visit.url) == (True, f"{SECURE}/s")
    assert visit.browser.startswith("chromium/")
    assert not left_running()


def _chunks(png: bytes, kind: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == kind:
            yield png[at + 8 : at + 8 + length]
        at += 12 + length


def test_a_flagged_page_gets_its_picture_and_an_innocent_one_none(tmp_path: Path) -> None:
    guilty = http(page("专利包授权，不授权全额退款"))
    answers = {"/guilty": guilty, "/innocent": http(page("星河文具"))}
    with RawServer(lambda target: answers.get(target, http("", status="404 Not Found"))) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), pictures=True)
        found = crawl(config, f"{PLAIN}/guilty", f"{PLAIN}/innocent")
    with found.store.engine.connect() as connection:
        rows = connection.execute(select(ExhibitRow.title, ExhibitRow.picture_id)).all()
    assert {row.title: bool(row.picture_id) for row in rows} == {"专利包授权，不授权全额退款": True, "星河文具": False}


def test_without_a_browser_the_page_says_so_with_what_was_kept(tmp_path: Path) -> None:
    with RawServer(lambda target: http(SCRIPTED) if target == "/s" else http("", status="404 x")) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), path="/nowhere/chromium")
        found = crawl(config, f"{PLAIN}/s")
    assert found.verdict(f"{PLAIN}/s") == ("changed", "needs_browser")
    assert "/nowhere/chromium" in found.run(f"{PLAIN}/s").detail
    assert found.page(f"{PLAIN}/s").capture


# -- what it must not do -------------------------------------------------------------------------


def hostile(port: int) -> str:
    inner = f"127.0.0.1:{port}"
    return page(
        "星河知产",
        extra=f"""
<link rel="preconnect" href="http://{inner}"><link rel="dns-prefetch" href="//localhost">
<img src="http://{inner}/img"><img src="/moved"><iframe src="http://localhost:{port}/frame"></iframe>
<img src="http://2130706433:{port}/number"><img src="http://[::1]:{port}/six">
<script src="http://{inner}/script.js"></script><link rel="stylesheet" href="http://169.254.169.254/style">
<script>
fetch("http://{inner}/fetch", {{mode: "no-cors"}}).catch(() => 0);
navigator.sendBeacon("http://{inner}/beacon", "x");
new WebSocket("ws://{inner}/socket");
new EventSource("http://{inner}/events");
window.open("http://{inner}/popup");
try {{ new WebTransport("https://{inner}/transport") }} catch (e) {{}}
new RTCPeerConnection({{iceServers: [{{urls: "turn:{inner}?transport=tcp", username: "a", credential: "b"}}]}})
  .createDataChannel("x");
</script>""",
    )


def test_no_page_reaches_the_inner_network(tmp_path: Path) -> None:
    with RawServer(lambda _: http("内网")) as inner:

        def answer(target: str) -> bytes:
            if target in ("/moved", "/jump"):
                return http("", status="302 Found", Location=f"http://127.0.0.1:{inner.port}/redirected")
            return http(hostile(inner.port))

        with RawServer(answer) as server:
            config = config_of(tmp_path, *at(server, "probe.example"))
            direct = [f"http://127.0.0.1:{inner.port}/", f"http://localhost:{inner.port}/", f"{PLAIN}/jump"]
            shown, *refused = rendered(config, f"{PLAIN}/s", *direct)
        assert "星河知产" in shown[1]
        assert {"/s", "/moved", "/jump"} <= set(server.targets), "the page did not try"
        assert all("ERR_SOCKS" in told for told in refused), refused
        assert inner.connections == 0


def test_a_page_that_never_lets_go_ends_in_time_and_the_next_one_is_shown(tmp_path: Path) -> None:
    def answer(target: str) -> bytes | None:
        busy = "<script>while (true) {}</script>"
        return {"/hang": None, "/busy": http(page("x", extra=busy))}.get(target, http(page("星河知产")))

    with RawServer(answer) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), timeout=2.0)
        began = time.monotonic()
        hanging, busy, *shown = rendered(config, f"{PLAIN}/hang", f"{PLAIN}/busy", *[f"{PLAIN}/s"] * 5)
        took = time.monotonic() - began
    assert "Timeout" in hanging
    assert "Timeout" in busy
    assert any("星河知产" in one[1] for one in shown), "a slow machine may need more than one try"
    assert took < 120


def test_a_browser_that_was_killed_is_started_again(tmp_path: Path) -> None:
    async def renders() -> str:
        browser = Browser(config)
        try:
            await browser.render(f"{PLAIN}/s")
            await browser._engine._chromium.close()  # the same as a crash: nobody told our side
            return (await browser.render(f"{PLAIN}/s")).dom.decode()
        finally:
            await browser.close()

    with RawServer(lambda _: http(page("星河知产"))) as server:
        config = config_of(tmp_path, *at(server, "probe.example"))
        assert "星河知产" in asyncio.run(renders())
    assert not left_running()


def test_a_refused_request_for_status_is_told(tmp_path: Path) -> None:
    with RawServer(lambda _: http(page("x"), status="503 Busy")) as server:
        (shown,) = rendered(config_of(tmp_path, *at(server, "probe.example")), f"{PLAIN}/s")
    assert shown[2] == 503
