"""An address that itself says it is on no public host is refused in every spelling; LANTIAN_HOSTS opens it."""

from __future__ import annotations

import pytest

from crawler.addresses import is_inside, readings, refuse_inside
from crawler.errors import UserMistake
from crawler.hosts import MappedHost

OPEN = {
    "inner.localhost": MappedHost(host="inner.localhost", address="127.0.0.1", port=8080),
    "probe.example": MappedHost(host="probe.example", address="10.0.0.9", port=443),
}


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
        "0", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "192.0.0.1", "224.0.0.1",
        "255.255.255.255", "127.0.0.1.", "[::1]", "[::]", "[fe80::1%25eth0]", "[fc00::1]", "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LocalHost", "localhost.",
        "a.localhost", "a.b.LOCALHOST.", "localhost.localdomain", "printer.local", "db.internal", "nas.home.arpa",
        "router", "127.0.0.1:8080", "localhost:80", "１２７.０.０.１", "127。0。0。1", "%31%32%37.0.0.1",
        "l%6fcalhost", "①②⑦.0.0.1", "user@127.0.0.1", "xinghe.example@127.0.0.1", "xinghe.example:x@localhost",
        "\\127.0.0.1", "/127.0.0.1", "127.0.0.1\\@xinghe.example", "xinghe.example\\@127.0.0.1",
    ],
)  # fmt: skip
def test_what_can_only_ever_be_unreachable(host: str) -> None:
    for scheme in ("http", "https"):
        assert is_inside(f"{scheme}://{host}/latest/meta-data", {})
    with pytest.raises(UserMistake) as refused:
        refuse_inside(f"http://{host}/", {})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.xinghe.example/",
        "http://8.8.8.8/",
        "http://134744072/",
        "https://[2001:4860:4860::8888]/",
        "https://localhost.example/",
        "https://www.xinghe.example/?u=http://127.0.0.1/",
        "https://www.xinghe.example/127.0.0.1/localhost",
        "https://localhost@xinghe.example/",
        "https://1.2.3.4.5.example/",
    ],
)
def test_other_addresses_are_the_connections_to_judge(url: str) -> None:
    assert not is_inside(url, {})
    refuse_inside(url, {})


@pytest.mark.parametrize(
    ("url", "is_opened"),
    [
        ("http://inner.localhost/", True),
        ("http://INNER.localhost.:81/", True),
        ("http://127.0.0.1:8080/", True),
        ("https://10.0.0.9/", True),
        ("http://10.0.0.9/", False),
        ("http://127.0.0.1/", False),
        ("http://other.localhost/", False),
    ],
)
def test_what_is_opened_by_name_or_by_address_and_port_may_be_asked(url: str, *, is_opened: bool) -> None:
    assert is_inside(url, OPEN) is not is_opened


def test_what_names_no_host_has_no_reading() -> None:
    assert readings("专利代理") == readings("http://[::1/") == readings("mailto:a@b.example") == ()
