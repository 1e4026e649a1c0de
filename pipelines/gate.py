"""The browser's only way out: a SOCKS5 door on loopback that passes the downloader's own guard.

Every connection a page causes goes through it: redirects, scripts, pictures, WebSockets and
connections opened ahead of need, which a browser's request hooks do not all show. Names are
resolved here, so the address that was judged is the address that is used. Each page has a
gate of its own, which knows where that page really went and how much came back.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Mapping

from crawler.errors import Unreachable
from crawler.exits import passage
from crawler.hosts import MappedHost
from crawler.pace import BURST, PACE, Burst
from crawler.tables import Place
from crawler.transport import GuardedResolver

logger = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for a handshake and for a connection
CHUNK = 64 * 1024
LISTED = 100  # refused addresses that are remembered; more are counted
VERSION, CONNECT, NO_PASSWORD = 5, 1, 0
GRANTED, REFUSED, NOT_REACHED = 0, 2, 4


class Gate:
    """Passes connections on to mapped hosts and to the public Internet, and to nowhere else.

    `reached` has the address behind each host and port that was connected to; `refused` has those
    that were not let through, `unlisted` how many more there were.
    When `most` bytes have come in, every connection ends. With a `place` all goes through its proxy.
    """

    def __init__(self, hosts: Mapping[str, MappedHost], most: int, place: Place | None = None) -> None:
        self.reached: dict[tuple[str, int], str] = {}
        self.refused: list[str] = []
        self.unlisted = 0
        self.is_full = False
        self._left = most
        self._resolver = GuardedResolver(hosts)
        self._place = place
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._turns = Burst(BURST, PACE)

    async def open(self) -> str:
        """Begin to listen; returns the proxy's address as a browser takes it. Raises `OSError`."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        if not self._server.sockets:
            # asyncio takes every failure to make a socket for a family that is not there.
            raise OSError("no socket for the gate: too many open files?")
        return f"socks5://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection outside a task")
        self._open.add(task)
        try:
            await self._pass_on(reader, writer)
        except (OSError, EOFError, TimeoutError, UnicodeError) as wrong:
            logger.debug("a connection of the browser ended: %s", wrong)
        except asyncio.CancelledError:
            # The gate closes; asyncio's server would report a cancelled connection as an error.
            logger.debug("a connection of the browser was broken off")
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(PATIENCE):
            host, port = await _asked(reader, writer)
        await self._turns.turn(host)
        async with asyncio.timeout(PATIENCE):
            try:
                far_reader, far_writer = await self._connected(host, port)
            except Unreachable as refusal:
                self._remember(host, port, refusal.detail)
                return await _answer(writer, REFUSED)
            except OSError:
                return await _answer(writer, NOT_REACHED)
            await _answer(writer, GRANTED)
        try:
            await asyncio.gather(_copy(reader, far_writer), self._bring(far_reader, writer))
        finally:
            far_writer.close()

    def _remember(self, host: str, port: int, detail: str) -> None:
        logger.warning("the browser was refused %s:%s: %s", host, port, detail)
        told = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if told in self.refused:
            return
        if len(self.refused) < LISTED:
            self.refused.append(told)
        else:
            self.unlisted += 1

    async def _connected(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        failure = OSError(f"{host} has no address")
        for answer in await self._resolver.resolve(host, port):
            try:
                streams = await self._streams(answer["host"], answer["port"])
            except OSError as wrong:
                failure = wrong
            else:
                self.reached[host, port] = answer["host"]
                return streams
        raise failure

    async def _streams(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._place is None:
            return await asyncio.open_connection(address, port)
        return await asyncio.open_connection(sock=await passage(self._place, address, port, PATIENCE))

    async def _bring(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the server sends, as long as the page's share is not used up."""
        while chunk := await reader.read(CHUNK):
            self._left -= len(chunk)
            if self._left < 0:
                self.is_full = True
                raise OSError("the page's answers have come to more than they may")
            writer.write(chunk)
            await writer.drain()
        _end(writer)


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The host and port of a SOCKS5 request (RFC 1928). Raises `OSError` for anything else."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(bytes((VERSION, NO_PASSWORD)))
    again, command, _, kind = await reader.readexactly(4)
    if (version, again, command) != (VERSION, VERSION, CONNECT):
        raise OSError("not a SOCKS5 connection")
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
    else:
        host = str(ipaddress.ip_address(await reader.readexactly({1: 4, 4: 16}.get(kind, 0))))
    return host, int.from_bytes(await reader.readexactly(2))


async def _answer(writer: asyncio.StreamWriter, said: int) -> None:
    writer.write(bytes((VERSION, said, 0, 1, 0, 0, 0, 0, 0, 0)))
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    _end(writer)


def _end(writer: asyncio.StreamWriter) -> None:
    if writer.can_write_eof():
        writer.write_eof()
