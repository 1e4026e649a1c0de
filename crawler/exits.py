"""Where requests leave the house: straight from here, or through the office's own proxy at another place.

Names are resolved and judged here all the same: a proxy is told an address, never a name that it could look up anew.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.client_exceptions import ClientConnectorCertificateError, ClientConnectorSSLError
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from python_socks.async_.asyncio import Proxy

from crawler.sessions import Session
from crawler.tables import Place
from crawler.watches import Device

PATIENCE = 30.0  # seconds a proxy may take to connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """As whom a page is looked at: from which place, with which kind of device, signed in or not.

    `is_shown`: a person looks on, in a window.
    """

    place: Place | None = None
    device: Device = Device.DESKTOP
    session: Session | None = None
    is_shown: bool = False

    @property
    def told(self) -> str:
        """What a record says of the way out, empty for straight from here."""
        return self.place.told if self.place else ""


HERE = Eyes()


class ProxyFailed(OSError):
    """The proxy is away, or does not reach the address: nothing is known of the host itself."""


async def passage(place: Place, address: str, port: int, patience: float = PATIENCE) -> socket.socket:
    """A socket that speaks with this address through the place's proxy. Raises `ProxyFailed`."""
    try:
        return await Proxy.from_url(place.proxy).connect(dest_host=address, dest_port=port, timeout=patience)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as wrong:
        raise ProxyFailed(f"{place.told}: {wrong}") from wrong


class ExitConnector(aiohttp.TCPConnector):
    """Connections through a place's proxy to the very addresses that the guard resolved.

    `reached` has the address behind each host that was connected to: the socket itself only knows the proxy's.
    """

    def __init__(self, place: Place, **limits: Any) -> None:
        super().__init__(**limits)
        self.reached: dict[str, str] = {}
        self._place = place

    async def _wrap_create_connection(  # type: ignore[override]
        self,
        *args: Any,
        addr_infos: list[Any],
        req: Any,
        timeout: aiohttp.ClientTimeout,
        client_error: type[aiohttp.ClientConnectorError] = aiohttp.ClientConnectorError,
        **kwargs: Any,
    ) -> Any:
        """As aiohttp's own, but for whom the socket was connected by."""
        address, port, *_ = addr_infos[0][4]
        try:
            channel = await passage(self._place, str(address), int(port), timeout.sock_connect or PATIENCE)
            self.reached[req.connection_key.host] = str(address)
            return await self._loop.create_connection(*args, **kwargs, sock=channel)
        except ssl.CertificateError as wrong:
            raise ClientConnectorCertificateError(req.connection_key, wrong) from wrong
        except ssl.SSLError as wrong:
            raise ClientConnectorSSLError(req.connection_key, wrong) from wrong
        except OSError as wrong:
            raise client_error(req.connection_key, wrong) from wrong
