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
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from scrapy import Request
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError

from crawler.config import Config, MappedHost
from crawler.errors import Unreachable


def is_public(address: str) -> bool:
    """Whether a crawl may connect to this IP address without being told so."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class GuardedResolver(AbstractResolver):
    """Resolves mapped hosts to their given address and port, and refuses private addresses."""

    def __init__(self, hosts: Mapping[str, MappedHost]) -> None:
        self._hosts = hosts
        self._real = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        mapped = self._hosts.get(host.lower())
        if mapped is not None:
            return [_answer(host, mapped.address, mapped.port)]
        if _is_address(host):
            answers = [_answer(host, host, port)]
        else:
            answers = await self._real.resolve(host, port, family)
        allowed = [answer for answer in answers if is_public(answer["host"])]
        if not allowed:
            raise Unreachable("private_address", f"{host} is not on the public Internet")
        return allowed

    async def close(self) -> None:
        await self._real.close()


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


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _authorities(hosts: Mapping[str, MappedHost]) -> set[Path]:
    return {mapped.ca for mapped in hosts.values() if mapped.ca}


def connector(hosts: Mapping[str, MappedHost]) -> aiohttp.TCPConnector:
    """Connections under the same guard, for the few questions asked outside a crawl."""
    context = ssl.create_default_context()
    for ca in _authorities(hosts):
        context.load_verify_locations(ca)
    return aiohttp.TCPConnector(resolver=GuardedResolver(hosts), use_dns_cache=False, ssl=context)


class GuardedDownloadHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler with our resolver and, for mapped hosts, their own authority."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        config: Config = crawler.settings["LANTIAN_CONFIG"]
        self._hosts = config.hosts
        for ca in _authorities(self._hosts):
            self._ssl_context.load_verify_locations(ca)
        # Scrapy's own connector was made by the parent; ours differs in the resolver alone.
        self._session._connector = aiohttp.TCPConnector(
            local_addr=self._bind_address,
            limit=self._pool_size_total,
            limit_per_host=self._pool_size_per_host,
            resolver=GuardedResolver(self._hosts),
            use_dns_cache=False,
        )

    @asynccontextmanager
    async def _make_request(self, request: Request, timeout: float) -> AsyncIterator[_ClientResponse]:
        self._refuse_private_literal(request.url)
        try:
            async with super()._make_request(request, timeout) as response:
                request.meta["raw_headers"] = tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
                )
                request.meta["status_reason"] = response.reason or ""
                yield response
        except (DownloadFailedError, DownloadConnectionRefusedError) as wrong:
            if isinstance(wrong.__cause__, ssl.SSLError):
                raise Unreachable("tls", str(wrong)) from wrong
            raise

    def _refuse_private_literal(self, url: str) -> None:
        """aiohttp asks no resolver about an address, so those are judged here."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not _is_address(host) or is_public(host):
            return
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if (host, port) not in {(mapped.address, mapped.port) for mapped in self._hosts.values()}:
            raise Unreachable("private_address", f"{host} is not on the public Internet")
