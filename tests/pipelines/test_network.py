"""All that a page asks for and gets is in its visit: hops, headers, bytes, what failed and what was too much."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Desk, desk
from crawling import RawServer, at, http

from console.specimen import load
from console.specimen_server import SpecimenServer
from crawler.captures import Message, Visit
from crawler.hosts import read_hosts
from pipelines import admission
from pipelines import gate as gates
from pipelines.devtools import Told
from pipelines.network import Recorder

SITE, OTHER = "http://probe.example", "http://other.example"
GBK = "<!doctype html><meta charset=gbk><title>专利</title>包授权".encode("gbk")
SCRIPT = 'var said = "专利";'.encode("gbk") + b"\xff"
BOM = b"\xef\xbb\xbfvar bom = 1;"
LARGE = bytes(range(256)) * 70_000
PAGE = (
    GBK
    + f"""<script src="/packed.js"></script><script src="/bom.js"></script><img src="/hop"><img src="/404">
<iframe src="{OTHER}/frame"></iframe><link rel="stylesheet" href="http://10.1.2.3/style.css"><script>
new Worker("/worker.js"); fetch("/post", {{method: "POST", body: "h\\u4e13i"}}); fetch("/cut").catch(() => 0);
fetch("/large").then((one) => one.arrayBuffer()); new WebSocket("ws://probe.example/live");
new WebSocket("ws://127.0.0.1:8999/inner"); new WebSocket("ws://10.9.8.7/inner"); fetch("/stream");
new Image().src = "data:image/png;base64,xx";
</script>""".encode()
)
SUM = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

WORKING = """<p>星河</p><script>navigator.serviceWorker.register("/sw.js")
  .then((one) => document.title = one ? "started" : "blocked", () => document.title = "failed")</script>"""


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    plain = {
        "/page": http(PAGE, Content_Type="text/html"),
        "/packed.js": http(
            gzip.compress(SCRIPT),
            Content_Type="text/javascript; charset=gbk",
            Content_Encoding="gzip",
            Set_Cookie="a=1",
        ).replace(b"Set-Cookie: a=1\r\n", b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"),
        "/bom.js": http(BOM, Content_Type="text/javascript"),
        "/hop": http("", status="302 Found", Location=f"{OTHER}/hop2"),
        "/hop2": http("", status="307 Temporary Redirect", Location=f"{SITE}/picture.gif"),
        "/404": http("没有", status="404 Not Found"),
        "/frame": http("<p>框</p><img src=/inside.gif>"),
        "/worker.js": http("fetch('/from-worker')", Content_Type="text/javascript"),
        "/from-worker": http(b"\xff\0worker", Content_Type="application/octet-stream"),
        "/cut": http("half", Content_Length="900") + RawServer.CUT,
        "/large": http(LARGE, Content_Type="application/octet-stream"),
        "/stream": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\ndata: x\n\n",
    }

    def answer(target: str) -> bytes | None:
        if target == "/live":
            key = next(hit for hit in reversed(server.hits) if hit.target == target).header("Sec-WebSocket-Key")
            accepted = base64.b64encode(hashlib.sha1(key.encode() + SUM).digest()).decode()
            said = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            return f"{said}Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode() + b"\x81\x02hi\x81\x02ho"
        if target.startswith("/many"):
            return http("".join(f"<img src='/i{number}'>" for number in range(2000)))
        if target == "/floods":
            return http("<script>for (let i = 0; i < 9; i++) fetch('/large?' + i).then((o) => o.text())</script>")
        return plain.get(target.partition("?")[0], http("x", Content_Type="image/gif"))

    with RawServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def at_desk(tmp_path_factory: pytest.TempPathFactory, server: RawServer) -> Iterator[Desk]:
    hosts = at(server, "probe.example", "other.example")
    with desk(tmp_path_factory.mktemp("home"), hosts, timeout=20.0, megabytes=60, requests=100) as one:
        yield one


@pytest.fixture(scope="module")
def visit(at_desk: Desk) -> Visit:
    return at_desk.visit(f"{SITE}/page")


def message(visit: Visit, url: str) -> Message:
    (found,) = [one for one in visit.messages if one.url == url]
    return found


def test_bodies_are_the_bytes_that_came(visit: Visit) -> None:
    page = message(visit, f"{SITE}/page")
    assert (page.body, page.status, page.initiator, page.missing) == (PAGE, 200, "document", "")
    packed = message(visit, f"{SITE}/packed.js")
    assert packed.body == SCRIPT, "decoded from gzip, not from its charset"
    assert [value for name, value in packed.response_headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert ("Content-Encoding", "gzip") in packed.response_headers
    assert message(visit, f"{SITE}/bom.js").body == BOM
    assert dict(page.request_headers)["Host"] == "probe.example"
    assert "lantian" in dict(page.request_headers)["User-Agent"]


def test_every_hop_is_a_message_of_its_own(visit: Visit) -> None:
    hop, second, last = (message(visit, url) for url in (f"{SITE}/hop", f"{OTHER}/hop2", f"{SITE}/picture.gif"))
    assert [(one.status, one.missing) for one in (hop, second, last)] == [
        (302, "redirect"),
        (307, "redirect"),
        (200, ""),
    ]
    assert ("Location", f"{OTHER}/hop2") in hop.response_headers
    assert dict(second.request_headers)["Host"] == "other.example"
    assert last.body == b"x"


def test_frames_workers_posts_and_failures_are_there(visit: Visit) -> None:
    assert message(visit, f"{OTHER}/frame").body == "<p>框</p><img src=/inside.gif>".encode()
    assert message(visit, f"{OTHER}/inside.gif").status == 200
    worker = message(visit, f"{SITE}/from-worker")
    assert (worker.status, worker.body, worker.missing) == (200, b"\xff\0worker", "")
    post = message(visit, f"{SITE}/post")
    assert (post.method, post.request_body) == ("POST", "h专i".encode())
    assert message(visit, f"{SITE}/404").status == 404
    cut = message(visit, f"{SITE}/cut")
    assert (cut.missing, cut.status) == ("failed", 200)
    assert not [one for one in visit.messages if not one.url.startswith("http")]


def test_what_is_too_large_or_never_ends_is_said(visit: Visit) -> None:
    large = message(visit, f"{SITE}/large")
    assert (large.missing, large.body, large.status) == ("too_large", b"", 200)
    assert message(visit, f"{SITE}/stream").missing in ("unfinished", "failed")


def test_sockets_are_listed_and_private_addresses_refused(visit: Visit, server: RawServer) -> None:
    assert "ws://probe.example/live 2" in visit.sockets
    assert {"10.1.2.3:80", "10.9.8.7:80", "127.0.0.1:8999"} <= set(visit.refused)
    assert message(visit, "http://10.1.2.3/style.css").missing == "failed"
    assert {one.ip_address for one in visit.messages if one.status} == {"127.0.0.1"}


def test_a_page_of_two_thousand_pictures_hammers_nobody(
    at_desk: Desk, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "BURST", 5000)  # one connection can carry them all
    before = len(server.hits)
    visit = at_desk.visit(f"{SITE}/many")
    pictures = [hit for hit in server.hits[before:] if hit.target.startswith("/i")]
    assert 80 <= len(pictures) <= 100
    assert dict(visit.troubles)["requests"] in ("1901 beyond 100", "1902 beyond 100"), "with its icon or without"
    assert len(visit.messages) <= 100


class Wire:
    """The browser's end of a session: it only notes what it is told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.hears: dict[str, Callable[[Told], None]] = {}

    async def ask(self, method: str, asked: Told | None = None) -> Told:
        self.told.append((method, time.monotonic()))
        return {}

    def hear(self, event: str, told: Callable[[Told], None]) -> None:
        self.hears[event] = told


@pytest.mark.parametrize(("pace", "let_out"), [(0.1, 18), (3600.0, 11)], ids=["ten a second", "hardly ever"])
def test_requests_beyond_need_are_let_out_one_by_one(
    monkeypatch: pytest.MonkeyPatch, pace: float, let_out: int
) -> None:
    monkeypatch.setattr(admission, "BURST", 10)
    monkeypatch.setattr(admission, "PACE", pace)
    wire = Wire()

    async def decided() -> None:
        door = admission.Admission(wire, Recorder(wire, 1 << 20, 30), most=18)
        await door.open("main")
        for number in range(20):
            asked = {"url": f"{SITE}/{number}", "method": "GET", "headers": {}}
            told = {"requestId": str(number), "networkId": str(number), "frameId": "main", "resourceType": "Image"}
            wire.hears["Fetch.requestPaused"]({**told, "request": asked})
        while len(wire.told) < 1 + let_out + 2:  # noqa: ASYNC110 - the wire tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        door.close()

    began = time.monotonic()
    asyncio.run(decided())
    out = [at for method, at in wire.told if method == "Fetch.continueRequest"]
    assert len(out) == let_out
    assert pace > 1 or out[-1] - began >= 0.7, "ten a second"
    assert [method for method, _ in wire.told].count("Fetch.failRequest") == 2


def test_a_page_that_floods_is_cut_off(at_desk: Desk) -> None:
    visit = at_desk.visit(f"{SITE}/floods")
    assert dict(visit.troubles)["bytes"] == "more than 60 MB"
    assert sum(len(one.body) for one in visit.messages) <= 60 << 20
    assert visit.picture


# -- under TLS -----------------------------------------------------------------------------------


def test_the_chain_that_was_shown_is_verified_by_openssl(tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "page.html").write_text(WORKING, encoding="utf-8")
    (web / "sw.js").write_text("", encoding="utf-8")
    one = '[[page]]\nhost = "probe.example"\npath = "{}"\nfile = "{}"\n'
    pages = one.format("/s", "page.html") + one.format("/sw.js", "sw.js")
    (web / "manifest.toml").write_text(f"version = 1\n{pages}", encoding="utf-8")
    with SpecimenServer(load(web)) as specimen:
        hosts = read_hosts(str(specimen.hosts_file(tmp_path)))
        with desk(tmp_path / "home", hosts.values()) as one:
            visit = one.visit("https://probe.example/s")
        (ca,) = {mapped.ca for mapped in hosts.values()}
    (chain,) = visit.chains
    assert chain.host == "probe.example"
    names = []
    for number, der in enumerate(chain.certificates):
        names.append(tmp_path / f"{number}.pem")
        pem = subprocess.run(["openssl", "x509", "-inform", "DER"], input=der, capture_output=True, check=True).stdout
        names[-1].write_bytes(pem)
    middle = [word for name in names[1:] for word in ("-untrusted", str(name))]
    asked = ["openssl", "verify", "-verify_hostname", "probe.example", *middle]
    assert subprocess.run([*asked, "-CAfile", str(ca), str(names[0])], check=False).returncode == 0
    stranger = subprocess.run([*asked, "-no-CAfile", str(names[0])], capture_output=True, check=False)
    assert stranger.returncode != 0
    page = message(visit, "https://probe.example/s")
    assert (page.body, page.ip_address) == (WORKING.encode(), "127.0.0.1")
    assert visit.title == "blocked", "service workers are not started"
