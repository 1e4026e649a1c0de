"""Where an address leads, whoever reads it: a strict reader and a browser do not always find the same host in it.

Every judgement over an address that comes from outside is made on these readings, never on the text itself.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import socket
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from crawler.errors import UserMistake
from crawler.hosts import MappedHost

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PROTOCOL_ASSIGNMENTS = ipaddress.IPv4Network("192.0.0.0/24")
_LOCAL = ("localhost", "localdomain", "local", "internal", "home.arpa")  # names of no public host
_BEGINNING = re.compile(r"(https?):/*", re.I)
_DECODINGS = 3  # a redirecting host may decode once more than the one before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reading: the host in small letters without its last dot, the decoded path without detours."""

    host: str
    port: int
    path: str
    query: str


def readings(url: str) -> tuple[Target, ...]:
    """The address as RFC 3986 reads it and as browsers do; none where it names no host."""
    text = "".join(one for one in url.strip() if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    browsers = _BEGINNING.sub(r"\1://", text.replace("\\", "/"), count=1)
    found = (_read(one) for one in (text, browsers))
    return tuple(dict.fromkeys(one for one in found if one.host))


def _read(text: str) -> Target:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return Target(host="", port=0, path="", query="")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    return Target(host=_host(host), port=port, path=_path(parts.path), query=_decoded(parts.query).lower())


def _host(written: str) -> str:
    """As IDNA maps it: full width and the ideographic full stop are other ways to write the same name."""
    return unicodedata.normalize("NFKC", unquote(written)).lower().replace("。", ".").rstrip(".")


def _path(written: str) -> str:
    """Decoded, in small letters, without parameters of its segments, doubled strokes, `.` and `..`."""
    plain = _decoded(written).replace("\\", "/").lower()
    return posixpath.normpath(re.sub(r"/+", "/", "/" + re.sub(r";[^/]*", "", plain)))


def _decoded(written: str) -> str:
    for _ in range(_DECODINGS):
        written, before = unquote(written), written
        if written == before:
            break
    return written


# -- whose network it is in ------------------------------------------------------------------------


def is_public(address: str) -> bool:
    """Whether a crawl may connect to this IP address without being told so.

    An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is as public as that.
    """
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and ip not in _PROTOCOL_ASSIGNMENTS
    carried = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return is_public(str(carried)) if carried else ip.is_global and ip in _GLOBAL_UNICAST


def literal(host: str) -> str:
    """The address that `host` spells in any form a system accepts (`2130706433`, `127.1`), "" for a name."""
    host = host.removesuffix(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        return ""


def is_inside(url: str, hosts: Mapping[str, MappedHost]) -> bool:
    """Whether the address itself says that it is on no public host, and LANTIAN_HOSTS does not open it.

    Names that resolve to such a place are the connection's to judge.
    """
    opened = {(mapped.address, mapped.port) for mapped in hosts.values()}
    return any(_is_inside(one, opened) for one in readings(url) if one.host not in hosts)


def _is_inside(target: Target, opened: set[tuple[str, int]]) -> bool:
    if address := literal(target.host):
        return not is_public(address) and (address, target.port) not in opened
    return "." not in target.host or target.host.endswith(tuple(f".{name}" for name in _LOCAL))


def refuse_inside(url: str, hosts: Mapping[str, MappedHost]) -> None:
    """Raises `UserMistake` for an address that could only ever end unreachable."""
    if is_inside(url, hosts):
        raise UserMistake(f"网址 {url[:100]!r} 不在公网上，查不到（LANTIAN_HOSTS 也没有开放它）")
