"""The surroundings of a capture: the clock against a server of time of our own, names, proxies, the hosts file."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from time_server import TimeServer

from crawler.captures import Surroundings
from crawler.config import Config
from crawler.hosts import MappedHost
from crawler.tables import Clock
from pipelines import surroundings
from pipelines.surroundings import ClockCheck, clock_offset, look


@pytest.fixture(autouse=True)
def _no_answer_of_another_test() -> Iterator[None]:
    surroundings._checked.clear()
    yield
    surroundings._checked.clear()


def checked(*sources: str) -> ClockCheck:
    return asyncio.run(clock_offset(sources))


# -- the clock -----------------------------------------------------------------------------------


def test_the_offset_is_told_with_its_source(caplog: pytest.LogCaptureFixture) -> None:
    with TimeServer() as right, TimeServer(ahead=0.4) as ahead:
        assert abs(checked(right.source).offset) < 0.1
        told = checked(ahead.source)
    assert 0.3 < told.offset < 0.5
    assert told.source == ahead.source
    assert told.at is not None
    assert not told.is_alarming
    assert not caplog.records


def test_a_clock_that_is_off_is_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    with TimeServer(ahead=-7.5) as behind, caplog.at_level(logging.WARNING):
        told = checked(behind.source)
    assert told.is_alarming
    assert -7.6 < told.offset < -7.4
    assert "-7.5" in caplog.text
    assert behind.source in caplog.text


@pytest.mark.parametrize(
    "server",
    [TimeServer(stratum=0), TimeServer(stratum=16), TimeServer(leap=3), TimeServer(garbage=b"no time"),
     TimeServer(garbage=b"")],
    ids=["kiss of death", "lost its own source", "says it is not set", "short", "empty"],
)  # fmt: skip
def test_who_does_not_know_the_time_is_not_believed(server: TimeServer) -> None:
    with server, TimeServer(ahead=0.4) as second:
        alone, both = checked(server.source), checked(server.source, second.source)
    assert alone == ClockCheck()
    assert both.source == second.source


def test_without_an_answer_the_offset_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "PATIENCE", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert checked(f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:notaport", "nobody.invalid") == ClockCheck()
    assert checked() == ClockCheck(source="unknown", offset=None, at=None)


def test_a_source_is_not_asked_again_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    with TimeServer() as server:
        first = checked(server.source)
        assert checked(server.source) == first
        assert server.asked == 1
        monkeypatch.setattr(surroundings, "GOOD_FOR", 0.0)
        checked(server.source)
        assert server.asked == 2


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("time.example", ("time.example", 123)),
        ("time.example:1123", ("time.example", 1123)),
        ("[::1]:1123", ("::1", 1123)),
        ("::1", ("::1", 123)),
        ("[::1]", ("::1", 123)),
    ],
)
def test_a_source_may_name_its_port(source: str, place: tuple[str, int]) -> None:
    assert surroundings._split(source) == place


# -- everything else -----------------------------------------------------------------------------


def looked(config: Config, host: str = "shop.example") -> Surroundings:
    return asyncio.run(look(config, host))


def test_a_mapped_host_says_so(tmp_path: Path) -> None:
    mapped = MappedHost(host="shop.example", address="127.0.0.1", port=1)
    config = Config(home=tmp_path, hosts={"shop.example": mapped})
    told = looked(config)
    assert told.host_map
    assert told.dns == (("shop.example", ("127.0.0.1",)),)
    assert not looked(replace(config, hosts={})).host_map


def test_a_name_that_nobody_knows_has_no_addresses(tmp_path: Path) -> None:
    assert looked(Config(home=tmp_path), "nobody.invalid").dns == (("nobody.invalid", ()),)
    assert looked(Config(home=tmp_path), "localhost").dns == (("localhost", ()),), "a private one is refused"


def test_the_hosts_file_is_digested_and_its_lines_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"127.0.0.1 localhost\n192.0.2.7\tSHOP.example  www.shop.example # moved\n#192.0.2.8 shop.example\n"
    (tmp_path / "hosts").write_bytes(content)
    (tmp_path / "resolv.conf").write_text("# ours\nnameserver 192.0.2.53\nsearch example\nnameserver 2001:db8::53\n")
    monkeypatch.setattr(surroundings, "HOSTS", tmp_path / "hosts")
    monkeypatch.setattr(surroundings, "RESOLVERS", tmp_path / "resolv.conf")
    told = looked(Config(home=tmp_path))
    assert told.hosts_file == hashlib.sha256(content).hexdigest()
    assert told.hosts_entries == ("192.0.2.7 SHOP.example www.shop.example",)
    assert looked(Config(home=tmp_path), "other.example").hosts_entries == ()
    assert told.resolvers == ("192.0.2.53", "2001:db8::53")


def test_files_that_are_not_there_are_no_disaster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "HOSTS", tmp_path / "none")
    monkeypatch.setattr(surroundings, "RESOLVERS", tmp_path)
    told = looked(Config(home=tmp_path))
    assert (told.hosts_file, told.hosts_entries, told.resolvers) == ("", (), ())


def test_proxies_versions_and_clock_are_named_and_no_machine_is(tmp_path: Path) -> None:
    with TimeServer(ahead=0.4) as server:
        config = Config(home=tmp_path, proxies=("HTTPS_PROXY",), clock=Clock(sources=(server.source,)))
        told = looked(config)
    assert told.proxies == ("HTTPS_PROXY",)
    assert {name for name, _ in told.tools} == {"lantian", "playwright"}
    assert (told.clock_source, told.clock_offset > 0.3) == (server.source, True)
    assert told.python.startswith("CPython 3.")
    assert socket.gethostname() not in f"{told.machine} {told.system}"
