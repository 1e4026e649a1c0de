"""Others' programs read what we write: warcio, wacz, pywb, ReplayWeb.page. `make tools` brings the last three.

They read a package of records that we made up, and one that was exported from a home that was crawled.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority
from crawled_home import ADDRESS, PLANTED, TITLE, WEB, crawled_package
from package_specimens import PAGE, URL, package, sealed_archive
from test_wacz import ADDRESSES, by_hand

from crawler.config import Config
from crawler.tables import Browser
from pipelines.browser import BrowserTrouble, find_chromium
from storage.packaging import cdx
from storage.verifier.package import verify_package
from storage.verifier.tokens import anchors

ROOT = Path(__file__).parent.parent.parent
TOOLS = ROOT / ".tools"
PLAYER = TOOLS / "package"
INDEX = b"""<!doctype html><script src="ui.js"></script>
<replay-web-page source="/X.wacz" url="%s" embed="replayonly" style="width:100%%;height:700px"></replay-web-page>"""


# The player's frame may be asked for before its service worker answers for it: then once more.
AGAIN = b"<!doctype html><script>setTimeout(() => location.reload(), 200)</script>"


def tool(name: str) -> Path:
    path = TOOLS / "bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not there: make tools")
    return path


def run(*command: object, cwd: Path | None = None) -> str:
    ended = subprocess.run([str(one) for one in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@dataclass(frozen=True)
class Made:
    """A stamped package, one of its pages, and what stands on it."""

    path: Path
    authority: LocalAuthority
    url: str
    body: bytes
    words: str

    @property
    def is_crawled(self) -> bool:
        return self.url == ADDRESS


@pytest.fixture(scope="module", params=["made up", "crawled"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    if request.param == "crawled":
        crawled = crawled_package(folder)
        return Made(crawled.path, crawled.authority, ADDRESS, WEB["goods.html"].encode(), TITLE)
    authority = LocalAuthority(folder / "authority")
    packed = sealed_archive(folder / "home" / "archive", authority)
    return Made(package(packed, folder / "X.wacz"), authority, URL, PAGE, "发明专利代写 包授权")


@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
@pytest.mark.skipif(not shutil.which("unzip"), reason="the unzip program is not there")
def test_it_is_stamped_and_openssl_says_so(made: Made) -> None:
    report = verify_package(made.path, anchors(made.authority.root.read_bytes()), "stamped")
    assert (report.broken, report.state) == ((), "stamped")
    ran = by_hand(made.path)
    assert [code for code, _ in ran] == [0] * 8
    assert "".join(shown for _, shown in ran).count("Verification: OK") == 2


def test_no_name_of_ours_leaves(made: Made) -> None:
    """Who signed an override, placed a hold, may log in or exported: in none of its bytes, however they are packed."""
    everything = b"\n".join(unpacked(made.path.read_bytes(), made.path.name))
    assert made.words.encode() in everything, "the search sees what is there"
    for word in PLANTED:
        for written in (word.encode(), quote(word).encode(), json.dumps(word)[1:-1].encode(), word.encode("utf-16-be")):
            assert written not in everything, word
    assert (b"Lantian-Override: override 1: Disallow: /Search" in everything) is made.is_crawled


def unpacked(raw: bytes, name: str) -> Iterator[bytes]:
    """The bytes, and all that can be unpacked out of them; of a PDF its text."""
    yield raw
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for one in archive.namelist():
                yield from unpacked(archive.read(one), one)
    elif raw.startswith(b"\x1f\x8b"):
        yield from unpacked(gzip.decompress(raw), name)
    elif raw.startswith(b"%PDF") and shutil.which("pdftotext"):
        yield subprocess.run(["pdftotext", "-", "-"], input=raw, capture_output=True, check=False).stdout


def test_warcio_passes_archive_and_package(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as archive:
        archive.extract("archive/data.warc.gz", tmp_path)
    kept = [*(made.path.parent / "home" / "archive").glob("*.warc.gz"), tmp_path / "archive" / "data.warc.gz"]
    assert len(kept) >= 2
    for path in kept:
        said = run(Path(sys.executable).with_name("warcio"), "check", "-v", path)
        assert "digest pass" in said
        assert "failed" not in said


def test_wacz_validates(made: Made) -> None:
    assert "the passed WACZ is valid" in run(tool("wacz"), "validate", "-f", made.path)


@contextmanager
def pywb(folder: Path) -> Iterator[str]:
    """pywb's own server over the collections in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [tool("wayback"), "--bind", "127.0.0.1", "--port", str(port), "--threads", "2"]
    serving = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.terminate()
        serving.wait()


def test_pywb_serves_the_page_unchanged(made: Made, tmp_path: Path) -> None:
    run(tool("wb-manager"), "init", "kept", cwd=tmp_path)
    run(tool("wb-manager"), "add", "--unpack-wacz", "kept", made.path, cwd=tmp_path)
    with pywb(tmp_path) as server, urllib.request.urlopen(f"{server}/kept/20260801023015id_/{made.url}") as answer:
        assert answer.read() == made.body
        assert answer.headers["Content-Type"].startswith("text/html")


CANONICAL = (
    "import json, sys; from pywb.utils.canonicalize import canonicalize; "
    "print(json.dumps([canonicalize(one) for one in json.load(sys.stdin)]))"
)


def test_pywb_looks_under_our_keys() -> None:
    addresses = [address for address, _ in ADDRESSES if address.startswith("http") and "[" not in address]
    told = subprocess.run(
        [tool("python"), "-c", CANONICAL], input=json.dumps(addresses), capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == [cdx.key(address) for address in addresses]


class Serving(SimpleHTTPRequestHandler):
    """The player's two scripts, the package, a page that shows it; and parts of them, as the player asks."""

    made: Made

    def do_GET(self) -> None:
        name = self.path.partition("?")[0]
        index = INDEX % self.made.url.replace("&", "&amp;").encode()
        bodies = dict.fromkeys(("/", "/index.html"), (b"text/html", index)) | {"/replay/": (b"text/html", AGAIN)}
        if name in bodies:
            return self._send(*bodies[name])
        files = {"/ui.js": PLAYER / "ui.js", "/replay/sw.js": PLAYER / "sw.js", "/X.wacz": self.made.path}
        if name not in files:
            return self.send_error(404)
        return self._send(b"text/javascript" if name.endswith(".js") else b"application/zip", files[name].read_bytes())

    do_HEAD = do_GET  # noqa: N815 - the server looks for this name

    def _send(self, kind: bytes, body: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = (int(asked[1]), int(asked[2] or len(body) - 1)) if asked else (0, len(body) - 1)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", kind.decode())
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
        self.send_header("Content-Length", str(len(body[start : end + 1])))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[start : end + 1])

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def shown(made: Made) -> Iterator[str]:
    handler = type("ServingIt", (Serving,), {"made": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_replayweb_shows_the_page(made: Made, tmp_path: Path) -> None:
    if not (PLAYER / "ui.js").exists():
        pytest.skip("ReplayWeb.page is not there: make tools")
    try:
        path = find_chromium(Config(home=Path(), browser=Browser(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(str(trouble))
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with shown(made) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page()
        page.goto(address)
        inside = page.frame_locator("iframe").frame_locator("iframe")
        inside.get_by_text(made.words).first.wait_for(timeout=30_000)
        page.screenshot(path=tmp_path / "player.png")
        browser.close()
