"""The specimen web: strict manifests, forgiving addresses, real TLS, and every way to misbehave."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.specimen import NOT_FOUND, load
from console.specimen_server import SpecimenServer
from crawler.errors import UserMistake
from crawler.hosts import read_hosts
from crawler.items import Outcome

MANIFEST = """
version = 1

[[page]]
host = "www.baidu.example"
path = "/s?wd=专利包授权"
file = "first.html"
headers = { X-Served-By = "样本", Set-Cookie = ["a=1", "b=2"] }

[[page]]
host = "www.baidu.example"
path = "/s?wd=专利包授权&pn=10"
file = "second.html"

[[page]]
host = "www.baidu.example"
path = "/s"
file = "none.html"

[[page]]
host = "www.baidu.example"
path = "/turns"
rotate = ["first.html", "second.html"]

[[page]]
host = "www.baidu.example"
path = "/hang"
hang = true

[[page]]
host = "www.baidu.example"
path = "/slow"
file = "first.html"
delay = 0.3

[[page]]
host = "www.baidu.example"
path = "/cut"
file = "long.html"
cut = 40

[[page]]
host = "www.baidu.example"
path = "/packed"
file = "long.html"
gzip = true

[[page]]
host = "www.baidu.example"
path = "/wall"
status = 302
headers = { Location = "/antispider/?from=x" }

[[page]]
host = "search.jd.example"
path = "/Search?keyword=商标"
file = "gbk.html"

[[query]]
spider = "baidu"
query = "专利包授权"

[[query]]
spider = "baidu"
query = "没有这个词"
outcome = "empty"
reason = "says_none"

[[expect]]
spider = "baidu"
query = "专利包授权"
title = "星河知产"
category = "guaranteed_grant"

[[expect]]
host = "www.baidu.example"
title = "钱包授权"
innocent = true
"""
LONG = "<!doctype html><html><body>" + "<p>样本</p>" * 500 + "</body></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    web.mkdir()
    for name in ("first", "second", "none"):
        (web / f"{name}.html").write_text(f"<!doctype html><html><body>{name}</body></html>", encoding="utf-8")
    (web / "long.html").write_text(LONG, encoding="utf-8")
    (web / "gbk.html").write_bytes("<html><body>商标</body></html>".encode("gbk"))
    (web / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    return web


@pytest.fixture
def server(folder: Path) -> Iterator[SpecimenServer]:
    with SpecimenServer(load(folder)) as running:
        yield running


def ask(
    server: SpecimenServer, path: str, *, host: str = "www.baidu.example", method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request(method, path, headers={"Host": host})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def secure(server: SpecimenServer, folder: Path, name: str) -> ssl.SSLSocket:
    """A verified TLS connection under the real host name, trusting only what the host map names."""
    line = next(line.split() for line in server.hosts_file(folder).read_text().splitlines() if line.startswith(name))
    address, _, port = line[1].partition(":")
    context = ssl.create_default_context(cafile=line[2])
    plain = socket.create_connection((address, int(port)), timeout=120)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except ssl.SSLError:
        plain.close()
        raise


# -- which page answers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("/s?wd=专利包授权", "first"),
        ("/s?wd=%E4%B8%93%E5%88%A9%E5%8C%85%E6%8E%88%E6%9D%83", "first"),
        ("/s?wd=%d7%a8%c0%fb%b0%fc%ca%da%c8%a8", "first"),
        ("/s?oq=x&pn=0&wd=%E4%B8%93%E5%88%A9%E5%8C%85%E6%8E%88%E6%9D%83", "first"),
        ("/s?oq=x&pn=10&wd=%E4%B8%93%E5%88%A9%E5%8C%85%E6%8E%88%E6%9D%83&rn=10", "second"),
        ("/s?pn=10", "none"),
        ("/s?wd=%E5%8C%85%E8%BF%87", "none"),
        ("/%73", "none"),
    ],
)
def test_finds_the_page_that_names_most_of_the_request(folder: Path, target: str, file: str) -> None:
    assert [path.stem for path in load(folder).find("www.baidu.example", target).files] == [file]


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("www.baidu.example", "/S"),
        ("www.baidu.example", "/robots.txt"),
        ("search.jd.example", "/Search?keyword=%E4%B8%93%E5%88%A9"),
        ("search.jd.example", "/s?wd=专利包授权"),
        ("elsewhere.example", "/s"),
    ],
)
def test_finds_nothing_elsewhere(folder: Path, host: str, target: str) -> None:
    assert load(folder).find(host, target) is NOT_FOUND


def test_json_is_the_same_manifest(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("x", encoding="utf-8")
    pages = [{"host": "a.example", "path": "/?q=x+y", "file": "a.html"}]
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1, "page": pages}), encoding="utf-8")
    specimen = load(tmp_path)
    assert specimen.hosts == ("a.example",)
    assert specimen.find("a.example", "/?q=x%20y").files == (tmp_path.resolve() / "a.html",)


def test_queries_and_expectations_are_read(folder: Path) -> None:
    specimen = load(folder)
    assert [(query.query, query.outcome, query.reason) for query in specimen.queries] == [
        ("专利包授权", None, ""),
        ("没有这个词", Outcome.EMPTY, "says_none"),
    ]
    guilty, innocent = specimen.expectations
    assert (guilty.category, guilty.is_innocent) == ("guaranteed_grant", False)
    assert (innocent.host, innocent.is_innocent) == ("www.baidu.example", True)


# -- refusals ----------------------------------------------------------------------------------

PAGE = '[[page]]\nhost = "a.example"\npath = "/x"\n'


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("version = 1", "没有任何"),
        ("version = 2\n" + PAGE, "version"),
        ("version = true\n" + PAGE, "version"),
        ("version = 1\nextra = 1\n" + PAGE, "extra"),
        ("version = 1\n" + PAGE + 'fiel = "first.html"', "a.example /x.*fiel"),
        ("version = 1\n" + PAGE + 'file = "missing.html"', "a.example /x.*missing.html 不存在"),
        ("version = 1\n" + PAGE + 'file = "../outside.html"', "a.example /x.*目录之外"),
        ("version = 1\n" + PAGE + 'file = "/etc/hostname"', "目录之外"),
        ("version = 1\n" + PAGE + 'file = "link.html"', "目录之外"),
        ("version = 1\n" + PAGE + 'file = "loop.html"', "loop.html"),
        ("version = 1\n" + PAGE + 'file = "."', "不存在"),
        ("version = 1\n" + PAGE + 'file = "a\\u0000b"', "不可用"),
        ("version = 1\n" + PAGE + 'file = "first.html"\nrotate = ["second.html"]', "只能有一个"),
        ("version = 1\n" + PAGE + "status = 99", "status"),
        ("version = 1\n" + PAGE + 'status = "200"', "status"),
        ("version = 1\n" + PAGE + "delay = -1", "delay"),
        ("version = 1\n" + PAGE + "delay = nan", "delay"),
        ("version = 1\n" + PAGE + "hang = 1", "hang"),
        ("version = 1\n" + PAGE + "cut = 3", "cut"),
        ("version = 1\n" + PAGE + 'file = "first.html"\ncut = 100000', "截不掉"),
        ("version = 1\n" + PAGE + "headers = { Content-Length = '3' }", "Content-Length"),
        ("version = 1\n" + PAGE + 'headers = { X = "a\\nSet-Cookie: b" }', "X"),
        ("version = 1\n" + PAGE + "headers = { X = 3 }", "X"),
        ("version = 1\n" + PAGE + PAGE, "两次"),
        ('version = 1\n[[page]]\nhost = "a.example:80"\npath = "/"', "主机名"),
        ('version = 1\n[[page]]\nhost = "a.example"\npath = "x"', "以 / 开头"),
        ('version = 1\n[[page]]\npath = "/x"', "host"),
        ("version = 1\npage = 3", "page"),
        ("version = 1\npage = [3]", "page"),
        ("version = 1\n" + PAGE + '[[query]]\nspider = "baidu"', "query"),
        ("version = 1\n" + PAGE + '[[query]]\nspider = "baidu"\nquery = "x"\noutcome = "fine"', "fine"),
        ("version = 1\n" + PAGE + '[[expect]]\nspider = "baidu"\ntitle = "x"', "恰好有一个"),
        (
            "version = 1\n" + PAGE + '[[expect]]\nspider = "a"\ntitle = "x"\ncategory = "c"\ninnocent = true',
            "恰好有一个",
        ),
        ("version = 1\n" + PAGE + '[[expect]]\ntitle = "x"\ninnocent = true', "spider 或 host"),
        ("version = ", "无法读取"),
        ("version = 1\n\ud800", "无法读取"),
    ],
)
def test_a_wrong_manifest_is_refused_by_entry(folder: Path, manifest: str, says: str) -> None:
    (folder.parent / "outside.html").write_text("x", encoding="utf-8")
    (folder / "link.html").symlink_to(folder.parent / "outside.html")
    (folder / "loop.html").symlink_to(folder / "loop.html")
    (folder / "manifest.toml").write_bytes(manifest.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserMistake, match=says):
        load(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="manifest"):
        load(tmp_path)


# -- answers -----------------------------------------------------------------------------------


def test_answers_by_host_with_status_headers_and_body(server: SpecimenServer) -> None:
    response, body = ask(server, "/s?wd=%E4%B8%93%E5%88%A9%E5%8C%85%E6%8E%88%E6%9D%83&pn=0")
    assert (response.status, body) == (200, b"<!doctype html><html><body>first</body></html>")
    assert response.headers["X-Served-By"].encode("latin-1").decode() == "样本"
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers["Content-Type"] == "text/html"
    response, body = ask(server, "/wall")
    assert (response.status, response.headers["Location"], body) == (302, "/antispider/?from=x", b"")
    assert ask(server, "/robots.txt")[0].status == 404
    assert ask(server, "/s", host="elsewhere.example")[0].status == 404
    assert ask(server, "/s", method="POST")[0].status == 501


def test_the_bytes_of_a_page_are_left_alone(server: SpecimenServer) -> None:
    path = "/Search?keyword=%C9%CC%B1%EA&enc=gbk"
    assert ask(server, path, host="SEARCH.JD.example.:443")[1].decode("gbk") == "<html><body>商标</body></html>"


def test_one_connection_serves_many_requests(server: SpecimenServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.connect()
    first = connection.sock
    for method, length in (("HEAD", 0), ("GET", 45), ("GET", 45)):
        connection.request(method, "/s", headers={"Host": "www.baidu.example"})
        response = connection.getresponse()
        assert (response.headers["Content-Length"], len(response.read())) == ("45", length)
    assert connection.sock is first
    connection.close()


def test_the_target_may_be_written_as_to_a_proxy(server: SpecimenServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as plain:
        plain.sendall(b"GET http://www.baidu.example/s?pn=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert plain.makefile("rb").read().endswith(b"<body>none</body></html>")


def test_turns_are_taken_at_every_load_and_head_is_none(server: SpecimenServer) -> None:
    ask(server, "/turns", method="HEAD")
    assert [b"first" in ask(server, "/turns")[1] for _ in range(4)] == [True, False, True, False]


def test_a_packed_page_unpacks(server: SpecimenServer) -> None:
    response, body = ask(server, "/packed")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).decode() == LONG


def test_a_cut_page_declares_all_and_sends_some(server: SpecimenServer) -> None:
    with pytest.raises(http.client.IncompleteRead) as broken:
        ask(server, "/cut")
    assert broken.value.partial == LONG.encode()[:40]
    assert broken.value.expected == len(LONG.encode()) - 40


def test_a_slow_page_comes_late_and_a_hanging_one_never(server: SpecimenServer) -> None:
    began = time.monotonic()
    assert ask(server, "/slow")[0].status == 200
    assert time.monotonic() - began >= 0.3
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.5)
    connection.request("GET", "/hang", headers={"Host": "www.baidu.example"})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


# -- TLS ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["www.baidu.example", "search.jd.example"])
def test_answers_tls_under_the_real_name(server: SpecimenServer, tmp_path: Path, host: str) -> None:
    with secure(server, tmp_path / "home", host) as channel:
        assert ("DNS", host) in channel.getpeercert()["subjectAltName"]
        channel.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert channel.makefile("rb").read().startswith(b"HTTP/1.1 404 Not Found")


def test_the_certificate_is_refused_for_another_name(server: SpecimenServer, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=server.hosts_file(tmp_path).parent / "specimen-ca.pem")
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="www.bank.example")


def test_the_certificate_is_refused_by_who_does_not_trust_it(server: SpecimenServer) -> None:
    distrusting = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as plain, pytest.raises(ssl.SSLError):
        distrusting.wrap_socket(plain, server_hostname="www.baidu.example")
    assert ask(server, "/s")[0].status == 200


def test_the_host_map_has_a_line_a_host(server: SpecimenServer, tmp_path: Path) -> None:
    lines = server.hosts_file(tmp_path).read_text().splitlines()
    authority = tmp_path.resolve() / "specimen-ca.pem"
    assert lines == [
        f"{host} 127.0.0.1:{server.port} {authority}" for host in ("www.baidu.example", "search.jd.example")
    ]
    assert b"PRIVATE" not in authority.read_bytes()


def test_the_host_map_is_understood_from_a_folder_with_a_space(server: SpecimenServer, tmp_path: Path) -> None:
    hosts = read_hosts(str(server.hosts_file(tmp_path / "our home # 1")))
    assert hosts["www.baidu.example"].port == server.port
    assert hosts["www.baidu.example"].ca.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


# -- hostile clients and the end ---------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x00\x05hello",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /%ff%fe%80?%=%&&&=== HTTP/1.1\r\nHost: www.baidu.example\r\n\r\n",
        b"",
    ],
)
def test_garbage_harms_nobody_else(server: SpecimenServer, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as plain:
        plain.sendall(garbage)
        plain.shutdown(socket.SHUT_WR)
        try:
            answer = plain.makefile("rb").read()
        except ConnectionResetError:
            answer = b""
    assert b"HTTP/1.1 200" not in answer
    assert ask(server, "/s")[0].status == 200


def test_stops_at_once_with_open_and_hanging_connections(folder: Path) -> None:
    before = threading.active_count()
    server = SpecimenServer(load(folder))
    server.start()
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=120)
    half = socket.create_connection(("127.0.0.1", server.port), timeout=120)
    half.sendall(b"\x16\x03\x01")
    hanging = secure(server, folder.parent, "www.baidu.example")
    hanging.sendall(b"GET /hang HTTP/1.1\r\nHost: www.baidu.example\r\n\r\n")
    time.sleep(0.1)
    port, began = server.port, time.monotonic()
    server.stop()
    assert time.monotonic() - began < 55, "nobody waits until the connections are idle for too long"
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=120)
    for connection in (idle, half, hanging):
        connection.close()
