"""LANTIAN_HOSTS: which hosts are answered by which address instead; whatever is written wrongly is refused."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crawler.errors import ConfigInvalid

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedHost:
    """One line of LANTIAN_HOSTS: connections to `host` go to this address instead."""

    host: str
    address: str
    port: int
    ca: Path | None = None


def read_hosts(path: str) -> dict[str, MappedHost]:
    """LANTIAN_HOSTS: lines `www.baidu.com 127.0.0.1:8443 CA.pem`; a word that begins with `#` begins a comment.

    The address must be an IP address: the private-address guard opens for exactly these.
    A relative CA path is taken from the folder of the file.
    """
    if not path:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigInvalid(f"LANTIAN_HOSTS: {wrong}") from None
    found: dict[str, MappedHost] = {}
    for number, line in enumerate(lines, 1):
        words = _COMMENT.sub("", line).split(maxsplit=2)
        if words:
            where = f"{path}:{number}"
            mapped = _mapped_host(words, Path(path).absolute().parent, where)
            if found.setdefault(mapped.host, mapped) != mapped:
                raise ConfigInvalid(f"{where}: {mapped.host} 前面已写过一行")
    _refuse_authorities(found)
    return found


def _mapped_host(words: list[str], folder: Path, where: str) -> MappedHost:
    if len(words) < 2:
        raise ConfigInvalid(f"{where}: 格式是 主机名 IP:端口 [CA.pem]")
    host = words[0].lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise ConfigInvalid(f"{where}: {words[0]} 不是主机名")
    address, port = _address(words[1], where)
    ca = folder / words[2].strip() if len(words) == 3 else None
    return MappedHost(host=host, address=address, port=port, ca=ca)


def _address(written: str, where: str) -> tuple[str, int]:
    address, _, port = written.rpartition(":")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        raise ConfigInvalid(f"{where}: {written} 不是带端口的 IP 地址") from None
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ConfigInvalid(f"{where}: 没有端口 {port}")
    return address, int(port)


def _refuse_authorities(hosts: Mapping[str, MappedHost]) -> None:
    """A file that is no certificate would only be noticed when the first connection fails."""
    for ca in {mapped.ca for mapped in hosts.values() if mapped.ca}:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
        except OSError as wrong:
            raise ConfigInvalid(f"LANTIAN_HOSTS: {ca} 不是可读的证书：{wrong}") from None
