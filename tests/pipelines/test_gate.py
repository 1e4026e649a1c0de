"""The gate lets through what the guard allows, at a page's pace and as much as a page may have, and knows where to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from crawling import RawServer, at, http
from proxying import Proxy

from crawler.hosts import MappedHost
from crawler.tables import Place
from pipelines import gate as gates
from pipelines.gate import Gate

T = TypeVar("T")
REFUSED, GRANTED, NOT_REACHED = 2, 0, 4


def through(hosts: list[MappedHost], asked: Callable[[Gate, int], Awaitable[T]], most: int = 1 << 20) -> T:
    async def run() -> T:
        gate = Gate({one.host: one for one in hosts}, most)
        address = await gate.open()
        try:
            return await asked(gate, int(address.rpartition(":")[2]))
        finally:
            await gate.close()

    return asyncio.run(run())


async def connected(port: int, host: str, far: int) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """A SOCKS5 connection by name, and what the gate said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"\x05\x01\x00")
        assert await reader.readexactly(2) == b"\x05\x00"
        writer.write(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + far.to_bytes(2))
        said = await reader.readexactly(10)
    except BaseException:
        writer.close()
        raise
    return said[1], reader, writer


async def got(port: int, host: str, far: int) -> tuple[int, bytes]:
    said, reader, writer = await connected(port, host, far)
    if said != GRANTED:
        writer.close()
        return said, b""
    writer.write(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    body = await reader.read(-1)
    writer.close()
    return said, body


def test_it_knows_the_address_behind_a_name(tmp_path: Path) -> None:
    async def asked(gate: Gate, port: int) -> tuple[dict[tuple[str, int], str], bytes]:
        _, body = await got(port, "probe.example", 443)
        return gate.reached, body

    with RawServer(lambda _: http("星河")) as server:
        reached, body = through(at(server, "probe.example"), asked)
    assert reached == {("probe.example", 443): "127.0.0.1"}
    assert body.endswith("星河".encode())


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_of_a_place_everything_goes_through_its_proxy_to_the_address_that_was_judged(scheme: str) -> None:
    async def run(place: Place, hosts: list[MappedHost]) -> tuple[bytes, int, list[str]]:
        gate = Gate({one.host: one for one in hosts}, 1 << 20, place)
        port = int((await gate.open()).rpartition(":")[2])
        try:
            _, body = await got(port, "probe.example", 80)
            said, _ = await got(port, "10.1.2.3", 80)
            return body, said, gate.refused
        finally:
            await gate.close()

    with RawServer(lambda _: http("星河")) as server, Proxy(scheme) as proxy:
        place = Place(name="江城", proxy=proxy.url)
        body, said, refused = asyncio.run(run(place, at(server, "probe.example")))
        assert body.endswith("星河".encode())
        assert (said, refused) == (REFUSED, ["10.1.2.3:80"])
        assert proxy.asked == [("127.0.0.1", server.port)]


def test_a_place_whose_proxy_is_away_reaches_nobody() -> None:
    with Proxy("socks5") as gone:
        place = Place(name="江城", proxy=gone.url)

    async def run(hosts: list[MappedHost]) -> int:
        gate = Gate({one.host: one for one in hosts}, 1 << 20, place)
        port = int((await gate.open()).rpartition(":")[2])
        try:
            return (await got(port, "probe.example", 80))[0]
        finally:
            await gate.close()

    with RawServer(lambda _: http("星河")) as server:
        assert asyncio.run(run(at(server, "probe.example"))) == NOT_REACHED
        assert server.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "localhost", "2130706433", "169.254.169.254", "192.168.0.1", "0.0.0.0", "127.1"]
)
def test_private_addresses_are_refused_and_remembered(host: str) -> None:
    async def asked(gate: Gate, port: int) -> tuple[int, list[str]]:
        said, _ = await got(port, host, 80)
        await got(port, host, 80)
        return said, gate.refused

    assert through([], asked) == (REFUSED, [f"{host}:80"])


def test_a_server_that_is_not_there_is_not_reached() -> None:
    async def asked(gate: Gate, port: int) -> tuple[int, dict[tuple[str, int], str]]:
        said, _ = await got(port, "probe.example", 80)
        return said, gate.reached

    with RawServer(lambda _: http("x")) as server:
        gone = at(server, "probe.example")
    assert through(gone, asked) == (NOT_REACHED, {})


def test_more_than_a_page_may_have_ends_every_connection() -> None:
    async def asked(gate: Gate, port: int) -> tuple[int, bool, int]:
        _, body = await got(port, "probe.example", 80)
        _, more = await got(port, "probe.example", 80)
        return len(body), gate.is_full, len(more)

    with RawServer(lambda _: http(b"x" * 900_000)) as server:
        first, is_full, more = through(at(server, "probe.example"), asked, most=500_000)
    assert (first <= 500_000, is_full, more) == (True, True, 0)


def test_connections_beyond_need_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, at a pace that lets nobody else in while the test runs."""
    monkeypatch.setattr(gates, "BURST", 5)
    monkeypatch.setattr(gates, "PACE", 3600.0)

    async def asked(gate: Gate, port: int) -> tuple[int, int]:
        # The sixth comes at once: it waits for nobody who waits.
        visits = [asyncio.ensure_future(got(port, "probe.example", 80)) for _ in range(10)]
        await got(port, "other.example", 80)
        while sum(one.done() for one in visits) < 6:  # noqa: ASYNC110 - the server lives in a thread of its own
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        come = sum(one.done() for one in visits)
        for one in visits:
            one.cancel()
        return come, len(await asyncio.gather(*visits, return_exceptions=True))

    with RawServer(lambda _: http("x")) as server:
        assert through(at(server, "probe.example", "other.example"), asked) == (6, 10)
        assert sorted(hit.header("Host") for hit in server.hits) == ["other.example", *["probe.example"] * 6]


def test_connections_beyond_need_come_at_their_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "BURST", 5)

    async def asked(gate: Gate, port: int) -> None:
        await asyncio.gather(*(got(port, "probe.example", 80) for _ in range(10)))

    with RawServer(lambda _: http("x")) as server:
        began = time.monotonic()
        through(at(server, "probe.example"), asked)
        took = time.monotonic() - began
    assert len(server.hits) == 10
    assert took >= 0.4


def test_what_is_not_socks_is_not_served() -> None:
    async def asked(gate: Gate, port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" * 20)
        try:
            return await reader.read(100)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    assert len(through([], asked)) <= 2
