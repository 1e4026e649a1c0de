"""Where a connection may go, and what every way of going wrong is called."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crawling import Crawled, RawServer, at, config_of, crawl, http, page
from proxying import Proxy
from sqlalchemy import select

from console.specimen import load
from console.specimen_server import SpecimenServer
from console.specimen_tls import Authority
from crawler.errors import Unreachable
from crawler.hosts import MappedHost, read_hosts
from crawler.tables import Place
from crawler.transport import GuardedResolver, is_public, is_specimen, literal
from storage.models import CaptureRow

ROBOTS = http("", status="404 Not Found")
HOST = "http://probe.example"


# -- the guard -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["1.1.1.1", "220.181.38.148", "2400:3200::1", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
        *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00::1", "ff02::1", "2001:db8::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2001::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::"),
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("::1", "::1"),
        ("1.1.1.1", "1.1.1.1"),
        ("www.baidu.example", ""),
        ("1.2.3.4.example", ""),
        ("例子.example", ""),
        ("", ""),
    ],
)
def test_an_address_is_known_in_every_spelling(host: str, address: str) -> None:
    assert literal(host) == address


def test_what_the_map_opened_is_a_specimen() -> None:
    hosts = {"a.example": MappedHost(host="a.example", address="127.0.0.1", port=1)}
    specimens = ("https://a.example/x", "http://A.example.:80/", "http://127.0.0.1:1/", "http://2130706433/")
    assert all(is_specimen(url, hosts) for url in specimens)
    assert not any(is_specimen(url, hosts) for url in ("https://b.example/", "http://1.1.1.1/", "about:blank"))


def test_the_last_look_is_at_the_socket() -> None:
    guard = GuardedResolver({"a.example": MappedHost(host="a.example", address="127.0.0.1", port=8443)})
    stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    guard.socket((*stream, ("127.0.0.1", 8443))).close()
    guard.socket((*stream, ("1.1.1.1", 80))).close()
    for place in (("127.0.0.1", 8444), ("10.0.0.1", 8443)):
        with pytest.raises(Unreachable, match="private_address"):
            guard.socket((*stream, place))


# -- what a name, a redirect and a host map lead to ----------------------------------------------


@pytest.fixture(scope="module")
def inner() -> Iterator[RawServer]:
    """The office's own network: nothing may ever come here."""
    with RawServer(lambda _: http(page("内网"))) as server:
        yield server


def inner_addresses(port: int) -> list[str]:
    hosts = ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "localhost"]
    hosts += ["2130706433", "0x7f000001", "127.1", "0", "LOCALHOST", "127.0.0.1."]
    return [f"http://{host}:{port}/secret" for host in hosts]


def test_no_redirect_leads_into_the_inner_network(tmp_path: Path, inner: RawServer) -> None:
    ways = dict(enumerate(inner_addresses(inner.port)))

    def answer(target: str) -> bytes:
        if target == "/robots.txt":
            return ROBOTS
        return http("", status="302 Found", Location=ways[int(target[1:])])

    with RawServer(answer) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), *(f"{HOST}/{number}" for number in ways))
    for number, way in ways.items():
        assert found.verdict(f"{HOST}/{number}") == ("unreachable", "private_address"), way
    assert inner.connections == 0


def test_no_query_and_no_robots_leads_into_the_inner_network(tmp_path: Path, inner: RawServer) -> None:
    def answer(target: str) -> bytes:
        return http("", status="301 Moved", Location=f"http://127.0.0.1:{inner.port}/robots.txt")

    queries = inner_addresses(inner.port)
    with RawServer(answer) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), *queries, f"{HOST}/s")
    for query in (*queries, f"{HOST}/s"):
        assert found.verdict(query) == ("unreachable", "private_address"), query
    assert inner.connections == 0
    assert "/s" not in server.targets


def test_the_map_opens_exactly_what_it_names(tmp_path: Path, inner: RawServer) -> None:
    def answer(target: str) -> bytes:
        return ROBOTS if target == "/robots.txt" else http(page("样本"))

    with RawServer(answer) as server:
        mapped = config_of(tmp_path, *at(server, "probe.example"))
        opened, closed = f"http://127.0.0.1:{server.port}/x", f"http://127.0.0.1:{inner.port}/x"
        found = crawl(mapped, "http://PROBE.example/a", "http://probe.example:8080/b", opened, closed)
    assert found.verdict("http://PROBE.example/a") == ("ok", "")
    assert found.verdict("http://probe.example:8080/b") == ("ok", "")
    assert found.verdict(opened) == ("ok", "")
    with found.store.engine.connect() as connection:
        assert connection.execute(select(CaptureRow.is_specimen).distinct()).scalars().all() == [True]
    assert found.verdict(closed) == ("unreachable", "private_address")
    assert inner.connections == 0


def test_the_request_goes_out_as_it_is_recorded(tmp_path: Path) -> None:
    url = f"{HOST}/s?wd=%D7%A8%C0%FB&q=a%2Fb%20c%7E~+d&e=%E4%B8%93"
    with RawServer(lambda target: ROBOTS if target == "/robots.txt" else http(page("样本"))) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), url)
    hit = server.hits[-1]
    assert HOST + hit.target == url == found.page(url).url
    assert hit.header("Host") == "probe.example"
    assert hit.header("User-Agent").startswith("lantian/")
    assert hit.header("Accept-Language").startswith("zh-CN")
    assert not hit.header("Cookie") + hit.header("Referer")


# -- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpecimenServer]:
    web = tmp_path_factory.mktemp("web")
    (web / "list.html").write_text(page("星河知产"), encoding="utf-8")
    pages = "".join(
        f'[[page]]\nhost = "{host}"\npath = "/s"\nfile = "list.html"\n' for host in ("probe.example", "other.example")
    )
    (web / "manifest.toml").write_text(f"version = 1\n{pages}", encoding="utf-8")
    with SpecimenServer(load(web)) as server:
        yield server


def test_tls_is_checked_under_the_real_name(tmp_path: Path, specimen: SpecimenServer) -> None:
    hosts = read_hosts(str(specimen.hosts_file(tmp_path)))
    found = crawl(config_of(tmp_path, *hosts.values()), "https://probe.example/s", "https://other.example/s")
    for query in found.runs:
        assert found.verdict(query) == ("ok", "")
        assert found.page(query).url == query


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_tls_is_checked_under_the_real_name_through_a_proxy_too(
    tmp_path: Path, specimen: SpecimenServer, scheme: str
) -> None:
    hosts = read_hosts(str(specimen.hosts_file(tmp_path)))
    with Proxy(scheme) as proxy:
        places = (Place(name="江城", proxy=proxy.url),)
        config = replace(config_of(tmp_path / "right", *hosts.values()), places=places)
        assert (
            crawl(config, "https://probe.example/s", LANTIAN_PLACE="江城").verdict("https://probe.example/s")[0] == "ok"
        )
        untrusted = MappedHost(host="probe.example", address="127.0.0.1", port=specimen.port)
        config = replace(config_of(tmp_path / "wrong", untrusted), places=places)
        found = crawl(config, "https://probe.example/s", LANTIAN_PLACE="江城")
        assert found.verdict("https://probe.example/s") == ("unreachable", "tls")
        assert proxy.asked


def test_a_server_with_another_authority_is_refused(tmp_path: Path, specimen: SpecimenServer) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(Authority().pem)
    mapped = [
        MappedHost(host="probe.example", address="127.0.0.1", port=specimen.port, ca=wrong),
        MappedHost(host="elsewhere.example", address="127.0.0.1", port=specimen.port, ca=wrong),
        MappedHost(host="other.example", address="127.0.0.1", port=specimen.port),
    ]
    queries = [f"https://{one.host}/s" for one in mapped]
    found = crawl(config_of(tmp_path, *mapped), *queries)
    for query in queries:
        assert found.verdict(query) == ("unreachable", "tls"), query
        assert not found.page(query).capture


def test_a_server_that_speaks_no_tls_is_refused(tmp_path: Path) -> None:
    with RawServer(lambda _: http(page("样本"))) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), "https://probe.example/s")
    assert found.verdict("https://probe.example/s") == ("unreachable", "tls")


# -- everything that can go wrong on the way -----------------------------------------------------

BOMB = gzip.compress(b"0" * 40_000_000, mtime=0)
WHOLE = page("星河知产", extra="<p>" + "样本" * 4000)
PACKED = gzip.compress(WHOLE.encode(), mtime=0)
SMALL = {"DOWNLOAD_MAXSIZE": 100_000}


def answered(home: Path, answer: bytes | None, *, timeout: float = 10.0, **settings: object) -> Crawled:
    """The crawl of one address that is answered so; robots.txt is not there."""
    with RawServer(lambda target: ROBOTS if target == "/robots.txt" else answer) as server:
        config = config_of(home, *at(server, "probe.example"), timeout=timeout)
        return crawl(config, f"{HOST}/s", **settings)


@pytest.mark.parametrize(
    ("answer", "verdict", "is_kept"),
    [
        (http(WHOLE), ("ok", ""), True),
        (http(PACKED, Content_Encoding="gzip"), ("ok", ""), True),
        (http(zlib.compress(WHOLE.encode()), Content_Encoding="deflate"), ("ok", ""), True),
        (http(b"", status="500 Broken"), ("unreachable", "http_500"), True),
        (http(b"x" * 100_001), ("error", "too_large"), False),
        (http(b"x" * 200_000, Content_Length="50", Transfer_Encoding="identity"), ("error", "bad_http"), False),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, ("error", "too_large"), False),
        (http(BOMB, Content_Encoding="gzip"), ("error", "too_large"), True),
        (http(b"\x00garbage", Content_Encoding="gzip"), ("error", "bad_encoding"), True),
        (http(b"\x00garbage", Content_Encoding="br"), ("error", "bad_encoding"), True),
        (http(b"\xff\xfegarbage", Content_Encoding="deflate"), ("error", "bad_encoding"), True),
        (http(PACKED[: len(PACKED) // 2], Content_Encoding="gzip"), ("error", "truncated"), True),
        (http(WHOLE, Content_Length="99999"), ("error", "truncated"), True),
        (http(WHOLE, Content_Length="99999") + RawServer.CUT, ("error", "truncated"), True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n", ("error", "truncated"), True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<html\r\n", ("error", "bad_http"), False),
        (http(b""), ("error", "empty"), True),
        (b"", ("unreachable", "connection"), False),
        (b"\x00\x01\x02 not HTTP at all\r\n\r\n", ("error", "bad_http"), False),
        (b"HTTP/1.1 two hundred\r\n\r\n", ("error", "bad_http"), False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", ("error", "bad_http"), False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ("error", "bad_http"), False),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\n", ("error", "bad_http"), False),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(60_000)), ("error", "bad_http"), False),
        (http("", status="302 Found", Location="http://[::1"), ("error", "unexpected"), True),
        (http("", status="302 Found", Location="http://a:b:c/"), ("error", "unexpected"), True),
        (http("", status="302 Found", Location="http://probe.example:99999/"), ("error", "unexpected"), True),
        (http(WHOLE, status="302 Found", Location="file:///etc/passwd"), ("ok", ""), True),
        (http(WHOLE, status="302 Found", Location="ftp://127.0.0.1/x"), ("ok", ""), True),
    ],
)
def test_every_answer_has_its_name(tmp_path: Path, answer: bytes, verdict: tuple[str, str], *, is_kept: bool) -> None:
    found = answered(tmp_path, answer, **SMALL)
    assert found.verdict(f"{HOST}/s") == verdict, found.run(f"{HOST}/s").detail
    assert bool(found.page(f"{HOST}/s").capture) is is_kept
    assert found.stats.get("lantian/bugs", 0) == 0


def test_a_server_that_is_silent_is_given_up(tmp_path: Path) -> None:
    assert answered(tmp_path, None, timeout=0.3).verdict(f"{HOST}/s") == ("unreachable", "timeout")


def test_a_host_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody = MappedHost(host="probe.example", address="127.0.0.1", port=port)
    found = crawl(config_of(tmp_path, nobody), f"{HOST}/s", "http://no-such-host.invalid/s")
    assert found.verdict(f"{HOST}/s") == ("unreachable", "refused")
    assert found.verdict("http://no-such-host.invalid/s") == ("unreachable", "dns")


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    found = answered(tmp_path, http("", status="302 Found", Location="/s"))
    assert found.verdict(f"{HOST}/s") == ("error", "redirect_loop")
    assert found.page(f"{HOST}/s").capture


def test_a_page_that_reloads_itself_later_is_the_page(tmp_path: Path) -> None:
    later = '<meta http-equiv="refresh" content="30; url=/elsewhere">'
    assert answered(tmp_path, http(page("星河知产", extra=later))).verdict(f"{HOST}/s") == ("ok", "")
