"""The download handler: where a connection may go, checked at the moment it is made.

Addresses are judged after the name was resolved and just before the socket opens, so a
redirect or a name server that changes its answer cannot lead a crawl into the office's own
network. LANTIAN_HOSTS opens exactly the addresses it names. URLs, robots, host names in TLS
and certificate checks stay as they are for the real host.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from scrapy import Request
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError, UnsupportedURLSchemeError
from scrapy.http import Response
from scrapy.utils.misc import load_object

from crawler.addresses import is_public, literal
from crawler.config import Config
from crawler.errors import PageBroken, Unreachable
from crawler.exits import ExitConnector, ProxyFailed
from crawler.hosts import MappedHost
from crawler.pace import Turns, turn
from crawler.tables import Place

MAX_HEADER = 64 * 1024  # bytes of one header line; platforms set long cookies


def is_specimen(url: str, hosts: Mapping[str, MappedHost]) -> bool:
    """Whether `url` was answered by a server that LANTIAN_HOSTS opened, by name or by bare address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    address = literal(host)
    return host in hosts or (bool(address) and not is_public(address))


class GuardedResolver(AbstractResolver):
    """Resolves mapped hosts to their given address and port, and refuses private addresses."""

    def __init__(self, hosts: Mapping[str, MappedHost]) -> None:
        self._hosts = hosts
        self._opened = {(mapped.address, mapped.port) for mapped in hosts.values()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses that may be connected to. Raises `Unreachable`, or `OSError` for an unknown name."""
        mapped = self._hosts.get(host.lower().rstrip("."))
        if mapped is not None:
            return [_answer(host, mapped.address, mapped.port)]
        address = literal(host)
        if address:
            answers = [_answer(host, address, port)]
        else:
            answers = await ThreadedResolver().resolve(host, port, family)
        allowed = [answer for answer in answers if self.allows(answer["host"], answer["port"])]
        if not allowed:
            raise _private(host)
        return allowed

    def allows(self, address: str, port: int) -> bool:
        return (address, port) in self._opened or is_public(address)

    def refuse_literal(self, url: str) -> None:
        """aiohttp asks no resolver about an address, so those are judged here."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as wrong:
            raise PageBroken("bad_address", f"{url[:200]}: {wrong}") from wrong
        address = literal(host)
        if address and not self.allows(address, port):
            raise _private(host)

    def socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket to connect with; the last look, at the very address that is about to be used."""
        family, kind, protocol, _, place = address
        if not self.allows(str(place[0]), int(place[1])):
            raise _private(str(place[0]))
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Nothing is held between two questions."""


def _private(host: str) -> Unreachable:
    return Unreachable("private_address", f"{host} is not on the public Internet")


def _answer(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": family,
        "proto": 0,
        "flags": socket.AI_NUMERICHOST,
    }


def _authorities(hosts: Mapping[str, MappedHost]) -> set[Path]:
    return {mapped.ca for mapped in hosts.values() if mapped.ca}


def connector(hosts: Mapping[str, MappedHost], place: Place | None = None) -> aiohttp.TCPConnector:
    """Connections under the same guard and by the same way out, for the few questions asked outside a crawl."""
    context = ssl.create_default_context()
    for ca in _authorities(hosts):
        context.load_verify_locations(ca)
    resolver = GuardedResolver(hosts)
    if place:
        return ExitConnector(place, resolver=resolver, use_dns_cache=False, ssl=context)
    return aiohttp.TCPConnector(resolver=resolver, socket_factory=resolver.socket, use_dns_cache=False, ssl=context)


class GuardedDownloadHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler with our guard and, for mapped hosts, their own authority."""

    lazy = True  # a crawl that is refused before its first request opens no session

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawler = crawler
        config: Config = crawler.settings["LANTIAN_CONFIG"]
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._turns: Turns = load_object(crawler.settings["TURNS"])(crawler)
        self._guard = GuardedResolver(config.hosts)
        for ca in _authorities(config.hosts):
            self._ssl_context.load_verify_locations(ca)
        # The parent's session as it is, but for the way its connections are made and its limits.
        self._place = config.place(crawler.settings.get("LANTIAN_PLACE", ""))
        self._session._connector = self._connections()
        self._session._max_line_size = self._session._max_field_size = MAX_HEADER

    def _connections(self) -> aiohttp.TCPConnector:
        every, each = self._pool_size_total, self._pool_size_per_host
        if self._place:
            return ExitConnector(
                self._place, resolver=self._guard, use_dns_cache=False, limit=every, limit_per_host=each
            )
        return aiohttp.TCPConnector(
            local_addr=self._bind_address,
            limit=every,
            limit_per_host=each,
            resolver=self._guard,
            socket_factory=self._guard.socket,
            use_dns_cache=False,
        )

    async def download_request(self, request: Request) -> Response:
        self._guard.refuse_literal(request.url)
        await turn(urlsplit(request.url).hostname or "", self._pause(request), self._turns)
        # aiohttp would write some addresses in another way than the record says. A redirect
        # inherits this request's meta, but its address was not made safe by Scrapy yet.
        request.meta["verbatim_url"] = True
        try:
            return self._reached(request, await super().download_request(request))
        finally:
            del request.meta["verbatim_url"]

    def _pause(self, request: Request) -> float:
        """Seconds until the next turn on the host: what Scrapy's throttle found it needs, if that is more."""
        engine, slot = self._crawler.engine, request.meta.get("download_slot")
        known = engine.downloader.slots.get(slot) if engine is not None and slot is not None else None
        return max(self._delay, known.delay) if known else self._delay

    def _reached(self, request: Request, response: Response) -> Response:
        """A socket through a proxy only knows the proxy: the address that answered is the one it was told."""
        connector = self._session.connector
        if not self._place or not isinstance(connector, ExitConnector):
            return response
        request.meta["exit"] = self._place.told
        address = connector.reached.get((urlsplit(response.url).hostname or "").rstrip("."), "")
        return response.replace(ip_address=ipaddress.ip_address(address)) if address else response

    @asynccontextmanager
    async def _make_request(self, request: Request, timeout: float) -> AsyncIterator[_ClientResponse]:
        try:
            async with super()._make_request(request, timeout) as response:
                request.meta["sent_headers"] = tuple(response.request_info.headers.items())
                request.meta["raw_headers"] = tuple((_text(name), _text(value)) for name, value in response.raw_headers)
                request.meta["status_reason"] = response.reason or ""
                yield response
        except (DownloadFailedError, DownloadConnectionRefusedError) as wrong:
            raise _named(wrong) from wrong
        except UnsupportedURLSchemeError as wrong:
            raise PageBroken("bad_address", str(wrong)) from wrong

    @staticmethod
    def _is_dataloss_exception(exc: Exception) -> bool:
        """A connection that breaks off in the middle of a body, politely or not, leaves what came."""
        return isinstance(exc, (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError))


def _text(raw: bytes) -> str:
    """Header bytes as a text that gives the very same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def _named(wrong: Exception) -> Exception:
    """The failure in our words where they say more than Scrapy's."""
    cause = wrong.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError) and isinstance(cause.__cause__, ProxyFailed):
        return Unreachable("proxy", str(cause.__cause__))
    if isinstance(cause, ssl.SSLError):
        return Unreachable("tls", str(wrong))
    if isinstance(cause, aiohttp.ClientResponseError):
        return PageBroken("bad_http", f"the answer is not HTTP: {cause.message}")
    return wrong
