"""What is not as expected costs a part of a visit, or the visit, and never the page's own rows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import desk
from crawling import RawServer, at, config_of, crawl, http, page, with_browser
from sqlalchemy import select

from crawler import pace
from crawler.config import Config
from crawler.tables import Browser as BrowserSettings
from pipelines import browser as browsers
from pipelines import visiting as visits
from pipelines.browser import BrowserTrouble, Engine, PageSession, find_chromium
from pipelines.devtools import Session, Told
from pipelines.gate import LISTED, Gate
from pipelines.visiting import Visiting
from storage.models import ExhibitRow
from storage.tables.showings import ShowingRow

SITE = "http://probe.example"


class Wire:
    """A session that answers as it is told to."""

    def __init__(self, answer: Callable[[str], Told]) -> None:
        self._answer = answer
        self.workers: list[str] = []
        self.hears: dict[str, Callable[[Told], None]] = {}

    async def ask(self, method: str, asked: Told | None = None) -> Told:
        told = self._answer(method)
        if told.get("hangs"):
            await asyncio.sleep(60)
        return told

    def hear(self, event: str, told: Callable[[Told], None]) -> None:
        self.hears[event] = told


@pytest.fixture
def chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


def visiting(wire: Session) -> Visiting:
    return Visiting(wire, Gate({}, 1 << 20), BrowserSettings())


def refuses(method: str) -> Told:
    raise BrowserTrouble(f"{method}: refused")


# -- parts that are cut --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refuses, "refused"),
        (lambda _: {}, "tableNames"),
        (lambda _: {"tableNames": ["abcde"]}, "base64"),
        (lambda _: {"tableNames": []}, "none were shown"),
        (lambda _: {"hangs": True}, "timeout"),
    ],
)
def test_certificates_that_cannot_be_had_are_said_and_cost_nothing(
    answer: Callable[[str], Told], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "PART", 0.2)

    async def asked() -> None:
        one = visiting(Wire(answer))
        assert await one.certificates("https://probe.example/") == ()
        ((part, why),) = one.troubles
        assert part == "certificates"
        assert said in why
        one.close()

    asyncio.run(asked())


def test_a_text_that_is_too_long_is_cut_between_characters_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MAX_DOM", 8)

    async def asked() -> None:
        one = visiting(Wire(lambda _: {"result": {"value": "专利授权"}}))
        assert (await one.text()).decode() == "专利"
        assert one.troubles == [("text", "cut at 8 of 12 bytes")]
        one.close()

    asyncio.run(asked())


def test_sockets_and_refused_addresses_beyond_the_list_are_counted() -> None:
    async def asked() -> None:
        wire = Wire(lambda _: {})
        one = visiting(wire)
        await one.recorder.listen("main")
        for number in range(LISTED + 3):
            wire.hears["Network.webSocketCreated"]({"requestId": str(number), "url": "ws://probe.example/"})
            one._gate._remember(f"10.0.0.{number}", 80, "private")
        one.limits_met()
        assert len(one.recorder.sockets) == len(one._gate.refused) == LISTED
        assert dict(one.troubles) == {"sockets": "3 beyond 100", "refused": "3 beyond 100"}
        one.close()

    asyncio.run(asked())


def test_what_a_page_sends_is_whole_or_said_to_be_cut(tmp_path: Path) -> None:
    sends = "<script>fetch('/post', {method: 'POST', body: 'x'.repeat(%d)})</script>"
    with RawServer(lambda target: http(page("x", extra=sends % (300_000 if "long" in target else 30_000)))) as server:  # noqa: SIM117
        with desk(tmp_path, at(server, "probe.example"), timeout=30.0) as one:
            whole, cut = one.visit(f"{SITE}/short"), one.visit(f"{SITE}/long")
    assert [len(each.request_body) for each in whole.messages if each.method == "POST"] == [30_000]
    assert "sent" not in dict(whole.troubles)
    assert dict(cut.troubles)["sent"] == "1 requests sent more than 262144 bytes"


# -- what the browser may do to us ---------------------------------------------------------------


def test_a_browser_whose_memory_cannot_be_watched_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Engine) -> int:
        raise IndexError("a line of /proc that is none")

    with RawServer(lambda _: http(page("星河知产"))) as server, desk(tmp_path, at(server, "probe.example")) as one:
        with monkeypatch.context() as broken:
            broken.setattr(browsers.Engine, "memory", fails)
            assert "could not be watched" in one.trouble(f"{SITE}/s")
            assert one.browser._engine is None, "the engine is not used again"
        assert one.visit(f"{SITE}/s").picture
    assert "a line of /proc" in caplog.text


@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize("method", ["Page.getFrameTree", "Page.navigate", "DOM.getDocument", "Page.captureScreenshot"])
def test_an_answer_without_its_key_never_costs_the_page_its_rows(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = PageSession.ask

    async def asked(session: PageSession, asked_for: str, told: Told | None = None) -> Told:
        if asked_for == method:
            return {"data": "abcde"} if method == "Page.captureScreenshot" else {"errorText": 7, "root": 1}
        return await ask(session, asked_for, told)

    monkeypatch.setattr(PageSession, "ask", asked)
    with RawServer(lambda target: http(page("专利包授权，不授权全额退款") if target == "/s" else "x")) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), pictures=True, timeout=30.0)
        found = crawl(config, f"{SITE}/s")
    assert found.verdict(f"{SITE}/s") == ("ok", "")
    with found.store.engine.connect() as connection:
        assert len(connection.execute(select(ExhibitRow.id)).all()) == 1
        (verdict,) = connection.execute(select(ShowingRow.verdict)).scalars()
    assert verdict == "failed"


WITHOUT_DESCRIPTORS = """
    import asyncio, os, resource, sys
    from pathlib import Path
    from crawling import RawServer, at, config_of, http, page, with_browser
    from pipelines.browser import Browser, BrowserTrouble

    async def main():
        with RawServer(lambda _: http(page("x"))) as server:
            browser = Browser(with_browser(config_of(Path(sys.argv[1]), *at(server, "probe.example")), timeout=30.0))
            await browser.visit("http://probe.example/")
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            highest = max(int(one) for one in os.listdir("/proc/self/fd"))
            held = [os.open("/dev/null", os.O_RDONLY) for _ in range(highest)]
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(held) + 1, before[1]))
            try:
                await browser.visit("http://probe.example/")
            except BrowserTrouble as trouble:
                print("trouble:", trouble)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            print("again:", len((await browser.visit("http://probe.example/")).picture) > 0)
            await browser.close()

    asyncio.run(main())
"""


@pytest.mark.usefixtures("chromium")
def test_without_file_descriptors_a_visit_fails_and_the_next_one_does_not(tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITHOUT_DESCRIPTORS), str(tmp_path)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tests}:{tests.parent}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "too many open files" in ended.stdout, ended.stderr
    assert ended.stdout.endswith("again: True\n"), ended.stderr


# -- workers, and the pace -----------------------------------------------------------------------

WORKING = """<script>
if (window.SharedWorker) new SharedWorker("/shared.js");
new Worker("/own.js");
new Worker(URL.createObjectURL(new Blob(["fetch('http://probe.example/blob-own'); fetch('http://10.0.0.9/blob-inner')"])));
</script>"""


def test_what_workers_ask_for_passes_the_gate_and_is_kept_or_named(tmp_path: Path) -> None:
    with RawServer(lambda _: http("内网")) as inner:
        tries = f"fetch('http://127.0.0.1:{inner.port}/%s').catch(() => 0); new WebSocket('ws://127.0.0.1:{inner.port}/%s');"

        def answer(target: str) -> bytes:
            scripts = {
                "/shared.js": "fetch('/shared-own');",
                "/own.js": f"{tries % ('a', 'b')} fetch('/own'); importScripts('/more.js'); new Worker('/nested.js');",
                "/nested.js": f"{tries % ('c', 'd')} fetch('/nested');",
            }
            kind = "text/html" if target == "/" else "text/javascript"
            return http(WORKING if target == "/" else scripts.get(target, "1"), Content_Type=kind)

        with RawServer(answer) as server, desk(tmp_path, at(server, "probe.example"), timeout=30.0) as one:
            visit = one.visit(f"{SITE}/")
            asked = {f"{SITE}{target}" for target in server.targets}
        assert inner.connections == 0
        assert {f"127.0.0.1:{inner.port}", "10.0.0.9:80"} <= set(visit.refused)
    kept = {each.url for each in visit.messages if each.status}
    assert {f"{SITE}/own", f"{SITE}/more.js", f"{SITE}/blob-own", f"{SITE}/nested"} <= kept
    named = {why.partition(" ")[0] for part, why in visit.troubles if part == "worker"}
    assert asked <= kept | named, "nothing went out that the visit does not tell of"
    assert f"{SITE}/shared.js" not in asked


class Resting(pace.Alone):
    """A ledger that remembers how long a host is to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.rested: dict[str, float] = {}

    def rest(self, host: str, seconds: float) -> None:
        self.rested[host] = seconds
        super().rest(host, seconds)


def test_a_host_rests_for_as_long_as_its_visit_asked_of_it(tmp_path: Path) -> None:
    pictures = "".join(f"<img src='/i{number}'>" for number in range(60))
    with RawServer(lambda target: http(page("x", extra=pictures if target == "/" else ""))) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example"), delay=2.0), timeout=30.0)

        async def visits(turns: pace.Turns) -> None:
            browser = browsers.Browser(config, turns)
            try:
                await browser.visit(f"{SITE}/")
            finally:
                await browser.close()

        turns = Resting()
        asyncio.run(visits(turns))
    assert list(turns.rested) == ["probe.example"]
    assert 1.0 <= turns.rested["probe.example"] <= 2.0 * 62 / 80, (
        "in proportion to what was asked, from the end of the visit"
    )
