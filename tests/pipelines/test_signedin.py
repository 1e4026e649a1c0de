"""Signed in with the office's own account: cookies go to the platform and nowhere else, and into no record."""

from __future__ import annotations

import asyncio
import gzip
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from crawling import Crawled, Probe, RawServer, at, config_of, crawl, http, page, with_browser

from crawler import clock
from crawler.config import Config
from crawler.errors import LoginRequired, UserMistake
from crawler.exits import Eyes
from crawler.sessions import Cookie, Session, own_state, session_of
from crawler.tables import Secrets
from pipelines.browser import BrowserTrouble, find_chromium
from pipelines.sessions import opened_session
from pipelines.signin import sign_in
from spiders.walls import Wall
from storage import warc
from storage.audit import AuditLog
from storage.db import open_database
from storage.profiles import FOLDER, Profiles
from storage.tasks import Tasks
from storage.vault import seal, unseal

KEY = "示例钥匙-足够长的一把-0123"
VALUE, OTHER = "s3cr3t-session-value", "0ther-value"
SIGNED = ("王示例", clock.now())
LOGIN = page("x").replace("<a", "<b").replace("</a>", "</b>") + "<p>请先登录</p>"


class Club(Probe):
    """The platform of the tests, which shows more to members."""

    name = "probe"
    walls = (Wall(trouble=LoginRequired, reason="login_wall", marks=("请先登录",)),)


def cookie(
    name: str = "sid", value: str = VALUE, domain: str = "probe.example", **changes: object
) -> dict[str, object]:
    told = {"name": name, "value": value, "domain": domain, "path": "/", "expires": -1, "httpOnly": True}
    return {**told, "secure": False, "sameSite": "Lax", **changes}


def state(*cookies: dict[str, object]) -> bytes:
    return json.dumps({"cookies": list(cookies), "origins": []}).encode()


def signed(config: Config, *cookies: dict[str, object]) -> Config:
    """The home with a profile of the platform in it, and the key."""
    engine = open_database(config.database)
    Profiles(engine, config.home).keep("probe", state(*cookies), KEY, SIGNED)
    engine.dispose()
    return with_key(config, KEY)


def with_key(config: Config, key: str) -> Config:
    return replace(config, secrets=Secrets(profile_key=key))


@pytest.fixture
def server() -> Iterator[RawServer]:
    answers: dict[str, bytes] = {
        "/list": http(page("甲"), Set_Cookie=f"sid={VALUE}; Path=/"),
        "/away": http("", status="302 Found", Location="http://evil.example/list"),
        "/other": http("", status="302 Found", Location="http://other.example/list"),
        "/members": http(LOGIN),
        "/robots.txt": http("", status="404 Not Found"),
    }
    with RawServer(lambda target: answers.get(target, http("", status="404 Not Found"))) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, server: RawServer) -> Config:
    return config_of(tmp_path / "home", *at(server, "probe.example", "other.example", "evil.example"))


def asked(server: RawServer) -> list[tuple[str, str, str]]:
    """Whom, what, with which cookies."""
    return [(hit.header("Host"), hit.target, hit.header("Cookie")) for hit in server.hits]


def kept(crawled: Crawled) -> bytes:
    """All records, unpacked."""
    files = sorted(crawled.config.archive.glob("*.warc.gz"))
    assert files
    return b"".join(gzip.decompress(path.read_bytes()) for path in files)


# -- where cookies go ------------------------------------------------------------------------------


def test_cookies_go_to_the_platform_and_into_no_record(config: Config, server: RawServer) -> None:
    crawled = crawl(signed(config, cookie()), "http://probe.example/list", spider=Club)
    assert crawled.verdict("http://probe.example/list") == ("ok", "")
    assert ("probe.example", "/list", f"sid={VALUE}") in asked(server)
    assert ("probe.example", "/robots.txt", "") in asked(server), "robots.txt is asked by nobody in particular"
    records = kept(crawled)
    assert VALUE.encode() not in records
    assert b"Cookie: [not kept]" in records
    assert b"Set-Cookie: [not kept]" in records
    assert records.count(b"Lantian-Profile: profile 1") == 2
    assert b"Lantian-Redacted: Set-Cookie" in records
    capture = crawled.store.exhibit(exhibit_of(crawled)).capture
    assert crawled.archive().produce(capture), "what was kept still verifies"
    assert VALUE.encode() not in b"".join(
        path.read_bytes() for path in crawled.config.home.rglob("*") if path.is_file()
    )


def exhibit_of(crawled: Crawled) -> str:
    with crawled.store.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT public_id FROM exhibits").scalar_one())


@pytest.mark.parametrize("without", ["profile", "key", "file"])
def test_without_profile_or_key_nothing_is_sent(config: Config, server: RawServer, without: str) -> None:
    ready = with_key(config, KEY) if without == "profile" else signed(config, cookie())
    if without == "key":
        ready = with_key(ready, "")
    if without == "file":
        (ready.home / FOLDER / "probe").unlink()
    crawled = crawl(ready, "http://probe.example/list", spider=Club)
    assert {sent for _, _, sent in asked(server)} == {""}
    records = kept(crawled)
    assert b"Lantian-Profile" not in records
    assert f"Set-Cookie: sid={VALUE}".encode() in records, "what no profile got is kept as it came"


def test_a_redirect_takes_no_cookie_to_another_host(config: Config, server: RawServer) -> None:
    crawl(signed(config, cookie()), "http://probe.example/away", "http://probe.example/other", spider=Club)
    sent = {(host, target): told for host, target, told in asked(server) if target != "/robots.txt"}
    assert sent["probe.example", "/away"] == f"sid={VALUE}"
    assert sent["evil.example", "/list"] == ""
    assert sent["other.example", "/list"] == "", "another host of the platform has cookies of its own"


def test_a_host_that_is_not_the_platforms_gets_none_even_if_the_domain_fits(config: Config, server: RawServer) -> None:
    ready = signed(config, cookie(domain=".example"), cookie("o", OTHER, ".other.example"))
    crawl(ready, "http://probe.example/away", "http://probe.example/other", spider=Club)
    sent = {(host, target): told for host, target, told in asked(server)}
    assert sent["evil.example", "/list"] == ""
    assert sent["other.example", "/list"] == f"sid={VALUE}; o={OTHER}"


@pytest.mark.parametrize("wrong", ["key", "file", "row"])
def test_what_cannot_be_opened_is_said_and_not_used(
    config: Config, server: RawServer, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    ready = signed(config, cookie())
    path = ready.home / FOLDER / "probe"
    if wrong == "key":
        ready = with_key(ready, KEY + "x")
    elif wrong == "file":
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    else:
        path.write_bytes(seal(state(cookie(value=OTHER)), "probe", KEY))
    crawl(ready, "http://probe.example/list", spider=Club)
    assert {sent for _, _, sent in asked(server)} == {""}
    assert "no profile for probe" in caplog.text
    with pytest.raises(UserMistake):
        opened_session(ready, "probe")
    assert VALUE not in caplog.text


def test_signed_out_is_login_a_pause_and_a_task(config: Config, server: RawServer) -> None:
    ready = signed(config, cookie())
    first, second = "http://probe.example/members", "http://probe.example/list"
    crawled = crawl(ready, first, second, spider=Club, CONCURRENT_REQUESTS=1)
    assert crawled.verdict(first) == ("login", "login_wall")
    profiles = Profiles(crawled.store.engine, ready.home)
    newest = profiles.newest("probe")
    assert newest is not None
    assert newest.paused_at is not None
    assert profiles.session("probe", KEY) is None
    assert first in [task.query for task in Tasks(crawled.store.engine).waiting()]
    assert "login_paused" in [entry.act for entry in AuditLog(crawled.store.engine).entries()]
    before = len(server.hits)
    crawl(ready, second, spider=Club)
    assert {sent for _, _, sent in asked(server)[before:]} == {""}, "paused: nothing of it is sent any more"
    again = signed(ready, cookie(value=OTHER))
    before = len(server.hits)
    crawl(again, second, spider=Club)
    assert f"sid={OTHER}" in {sent for _, _, sent in asked(server)[before:]}, "until a person signs in again"


def test_after_it_was_found_signed_out_the_platform_is_asked_nothing_more(config: Config, server: RawServer) -> None:
    """Pages one after the other: what comes after the login wall ends without a request."""
    ready = signed(config, cookie())
    several = [f"http://probe.example/members?{number}" for number in range(4)]
    answers = server.answer
    server.answer = lambda target: answers(target.partition("?")[0])
    crawled = crawl(ready, *several, spider=Club, CONCURRENT_REQUESTS=1, CONCURRENT_ITEMS=1)
    assert {crawled.verdict(one)[0] for one in several} == {"login"}
    reasons = [crawled.verdict(one)[1] for one in several]
    assert reasons[0] == "login_wall"
    assert set(reasons) <= {"login_wall", "signed_out"}
    asked_for = [target for _, target, _ in asked(server) if target.startswith("/members")]
    assert len(asked_for) == reasons.count("login_wall")


# -- which cookies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "url", "is_sent"),
    [
        ({}, "http://probe.example/", True),
        ({}, "http://sub.probe.example/", False),
        ({"domain": ".probe.example"}, "http://sub.probe.example/", True),
        ({"domain": ".probe.example"}, "http://probe.example/", True),
        ({"domain": ".probe.example"}, "http://evilprobe.example/", False),
        ({"domain": "PROBE.example"}, "http://probe.example/", True),
        ({"path": "/a"}, "http://probe.example/a/b", True),
        ({"path": "/a"}, "http://probe.example/ab", False),
        ({"path": "/a/"}, "http://probe.example/a", False),
        ({"secure": True}, "http://probe.example/", False),
        ({"secure": True}, "https://probe.example/", True),
        ({"expires": 99.0}, "http://probe.example/", False),
        ({"expires": 101.0}, "http://probe.example/", True),
        ({"value": "a\r\nX: y"}, "http://probe.example/", False),
        ({"value": "a;b"}, "http://probe.example/", False),
    ],
)
def test_each_address_gets_the_cookies_a_browser_would_send(
    changes: dict[str, object], url: str, *, is_sent: bool
) -> None:
    session = session_of(1, state(cookie(**changes)))
    assert bool(session.header(url, 100.0)) == is_sent


def test_no_value_is_ever_shown() -> None:
    session = session_of(7, state(cookie()))
    assert VALUE not in repr(session)
    assert VALUE not in repr(session.cookies())
    assert VALUE not in repr(Eyes(session=session))
    assert isinstance(session.cookies()[0], Cookie)


def test_only_what_is_the_platforms_is_taken_home() -> None:
    whole = {
        "cookies": [
            cookie(),
            cookie("d", domain=".example"),
            cookie("x", domain="evil.example"),
            cookie("s", domain="x.probe.example"),
        ],
        "origins": [
            {"origin": "http://probe.example", "localStorage": []},
            {"origin": "http://evil.example", "localStorage": []},
        ],
    }
    taken = json.loads(own_state(whole, ("probe.example",)))
    assert [one["name"] for one in taken["cookies"]] == ["sid", "d"]
    assert [one["origin"] for one in taken["origins"]] == ["http://probe.example"]
    with pytest.raises(UserMistake, match="没有登录"):
        own_state({"cookies": [cookie(domain="evil.example")], "origins": []}, ("probe.example",))


@pytest.mark.parametrize("bad", [b"", b"[]", b'{"cookies": 1}', b'{"cookies": [{}]}', b"\xff"])
def test_what_is_no_session_is_refused(bad: bytes) -> None:
    with pytest.raises(UserMistake, match="不是应有的格式"):
        session_of(1, bad)


# -- the file --------------------------------------------------------------------------------------


def test_the_file_is_encrypted_private_and_bound_to_its_platform(config: Config) -> None:
    ready = signed(config, cookie())
    path = ready.home / FOLDER / "probe"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    sealed = path.read_bytes()
    assert VALUE.encode() not in sealed
    assert json.loads(unseal(sealed, "probe", KEY))["cookies"][0]["value"] == VALUE
    for name, key, content in (
        ("probe", KEY + "x", sealed),
        ("taobao", KEY, sealed),
        ("probe", KEY, sealed[:-1] + bytes((sealed[-1] ^ 1,))),
        ("probe", KEY, sealed[:20]),
        ("probe", KEY, b"not ours"),
        ("probe", "", sealed),
    ):
        with pytest.raises(UserMistake):
            unseal(content, name, key)
    with pytest.raises(UserMistake, match="至少"):
        seal(b"", "probe", "short")


def test_a_profile_is_carried_over_encrypted_as_it_is(config: Config, tmp_path: Path) -> None:
    here, there = open_database(signed(config, cookie()).database), open_database(tmp_path / "there" / "lantian.db")
    carried = Profiles(here, config.home).hand_out("probe", SIGNED)
    target = Profiles(there, tmp_path / "there")
    with pytest.raises(UserMistake, match="打不开"):
        target.take_in("probe", carried, KEY + "x", SIGNED)
    assert target.newest("probe") is None
    target.take_in("probe", carried, KEY, SIGNED)
    session = target.session("probe", KEY)
    assert session is not None
    assert session.header("http://probe.example/", 0) == f"sid={VALUE}"
    assert [entry.act for entry in AuditLog(here).entries()] == ["login", "login_exported"]
    assert [entry.act for entry in AuditLog(there).entries()] == ["login_imported"]
    here.dispose()
    there.dispose()


# -- the browser -----------------------------------------------------------------------------------


def needs_browser(config: Config) -> Config:
    ready = with_browser(config, as_root=True, timeout=60.0)
    try:
        find_chromium(ready)
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    return ready


def until(server: RawServer, target: str) -> Callable[[], asyncio.Future[None]]:
    """Until the server was asked for it."""

    async def seen() -> None:
        while target not in server.targets:  # noqa: ASYNC110 - the server lives in a thread of its own
            await asyncio.sleep(0.05)

    return lambda: asyncio.ensure_future(seen())


def test_signing_in_and_being_signed_in_afterwards(config: Config) -> None:
    """The page signs itself in here, as a person would; the real window differs by being shown."""
    script = f"<script>document.cookie='sid={VALUE}; path=/'; localStorage.k='v'; fetch('/done')</script>"
    again = (
        "<script>fetch('/csrf?t=' + encodeURIComponent(document.cookie),"
        " {method: 'POST', body: document.cookie, headers: {'X-Csrf': document.cookie}})</script>"
    )
    answers = {
        "/": http(f"<!doctype html><title>登录</title>{script}<img src='http://169.254.169.254/x'>"),
        "/members": http(page("甲", extra=f"needs a browser{again}")),
        "/done": http("ok"),
    }
    with RawServer(lambda target: answers.get(target, http("", status="404 Not Found"))) as server:
        ready = needs_browser(
            replace(config, hosts={one.host: one for one in at(server, "probe.example", "evil.example")})
        )
        found = asyncio.run(sign_in(ready, "http://probe.example/", until(server, "/done"), Eyes()))
        taken = own_state(found, Club.hosts)
        assert json.loads(taken)["origins"][0]["localStorage"] == [{"name": "k", "value": "v"}]
        engine = open_database(ready.database)
        Profiles(engine, ready.home).keep("probe", taken, KEY, SIGNED)
        engine.dispose()
        server.hits.clear()
        crawled = crawl(with_key(ready, KEY), "http://probe.example/members", spider=Club)
        sent = [told for _, target, told in asked(server) if target == "/members"]
        assert sent == [f"sid={VALUE}"] * 2, "by Scrapy, and by the browser"
        assert [hit.header("X-Csrf") for hit in server.hits if hit.target.startswith("/csrf")] == [f"sid={VALUE}"]
        records = kept(crawled)
        assert VALUE.encode() not in records
        assert records.count(b"Lantian-Profile: profile 1") > 3


def test_the_window_reaches_no_private_address(config: Config) -> None:
    with RawServer(lambda _: http("private")) as private:
        ready = needs_browser(config)
        with pytest.raises(BrowserTrouble):
            asyncio.run(sign_in(ready, f"http://127.0.0.1:{private.port}/", until(private, "/"), Eyes()))
        assert private.connections == 0


def test_records_of_others_are_as_they_came() -> None:
    from storage_specimens import EXCHANGE

    asked_with = replace(EXCHANGE, request_headers=(("Cookie", "a=1"), ("cOOkie", "b=2"), ("Authorization", "Basic x")))
    plain, hidden = warc.request_payload(asked_with), warc.request_payload(replace(asked_with, profile="profile 3"))
    assert b"a=1" in plain.head
    assert b"b=2" in plain.head
    for secret in (b"a=1", b"b=2", b"Basic x"):
        assert secret not in hidden.head
    fields = dict(warc.request_fields(replace(asked_with, profile="profile 3"), ""))
    assert (fields["Lantian-Profile"], fields["Lantian-Redacted"]) == ("profile 3", "Cookie Authorization")
    assert "Lantian-Profile" not in dict(warc.request_fields(asked_with, ""))
    assert isinstance(Session(number=1, state="{}"), Session)


def test_values_are_hidden_wherever_a_page_sends_them() -> None:
    session = session_of(1, state(cookie(), cookie("short", "1")))
    headers = (("X-Csrf", f"t={VALUE}"), ("Accept", "text/html;q=1"))
    veil = session.veil()
    assert veil.headers(headers) == (("X-Csrf", "[not kept]"), ("Accept", "text/html;q=1"))
    assert veil.body(f"a={VALUE}&b=1".encode()) == b"a=[not kept]&b=1"
    assert VALUE not in repr(veil)


TOKEN = "a/b+c=d%2Fé&9"  # of everything that is escaped in an address
ESCAPED = quote(TOKEN, safe="")


@pytest.mark.parametrize(
    ("url", "kept_as"),
    [
        (f"https://x.example/a?sid={VALUE}&page=2", "https://x.example/a?sid=%5Bnot%20kept%5D&page=2"),
        (f"https://x.example/a?t={ESCAPED}", "https://x.example/a?t=%5Bnot%20kept%5D"),
        (f"https://x.example/a?t={ESCAPED.lower()}#x", "https://x.example/a?t=%5Bnot%20kept%5D#x"),
        (f"https://x.example/a?u={quote('https://y.example/?t=' + ESCAPED)}", "https://x.example/a?u=%5Bnot%20kept%5D"),
        (f"https://x.example/a?{VALUE}=1", "https://x.example/a?%5Bnot%20kept%5D"),
        (f"https://x.example/{VALUE}/b?c=d", "https://x.example/%5Bnot%20kept%5D?c=d"),
        (f"wss://x.example/s#{VALUE}", "wss://x.example/s#%5Bnot%20kept%5D"),
        ("https://x.example/a?q=%D7%A8&b=1?&&c", "https://x.example/a?q=%D7%A8&b=1?&&c"),
        ("about:blank", "about:blank"),
        ("https://x.example", "https://x.example"),
    ],
)
def test_values_are_hidden_in_addresses_however_they_are_escaped(url: str, kept_as: str) -> None:
    veil = session_of(1, state(cookie(), cookie("t", TOKEN), cookie("short", "1"))).veil("https://x.example/a?q=1")
    assert veil.address(url) == kept_as
    assert veil.address(kept_as) == kept_as


def test_what_was_asked_for_is_no_secret() -> None:
    """Platforms keep the last search in a cookie: the page's own address must stay what it is."""
    asked_for = f"https://x.example/s?q={quote('发明专利代理机构')}"
    session = session_of(1, state(cookie("last", quote("发明专利代理机构")), cookie()))
    assert session.veil(asked_for).address(f"{asked_for}&sid={VALUE}") == f"{asked_for}&sid=%5Bnot%20kept%5D"
    assert session.veil("").address(asked_for) != asked_for
    assert session.veil(asked_for).words(f"opened {asked_for}") == f"opened {asked_for}"
    assert session.veil(asked_for).words(f"opened https://x.example/?sid={VALUE}") == "[not kept]"
    short = session_of(1, state(cookie("last", quote("专利"))))
    assert short.veil("").address(f"https://x.example/{quote('专利')}") == f"https://x.example/{quote('专利')}"
