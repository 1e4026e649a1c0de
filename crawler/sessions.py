"""What it takes to be signed in at a platform with the office's own account. No cookie's value is ever shown.

Only cookies that the platform's own hosts would get are part of it, whatever else the browser picked up on the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import UserMistake

Headers = tuple[tuple[str, str], ...]
TELLING = 8  # characters
HIDDEN = "[not kept]"
_PLAIN = re.compile(r"[!-:<-~]*")  # what may stand in a Cookie header between two semicolons


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One cookie. `domain` begins with a dot where subdomains get it too; `expires` is in seconds, -1 for none."""

    name: str
    value: str = field(repr=False)
    domain: str
    path: str
    expires: float
    secure: bool

    def fits(self, url: str, now: float) -> bool:
        """Whether a browser would send it there (RFC 6265, 5.4)."""
        parts = urlsplit(url)
        is_sent = parts.scheme == "https" or (parts.scheme == "http" and not self.secure)
        is_alive = self.expires < 0 or self.expires > now
        return is_sent and is_alive and _is_under(parts.hostname or "", self.domain) and self._covers(parts.path or "/")

    def _covers(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A profile opened: `number` is its row, `state` what a browser takes as its storage state, JSON."""

    number: int
    state: str = field(repr=False)

    @property
    def told(self) -> str:
        """As it stands in records."""
        return f"profile {self.number}"

    def storage_state(self) -> Any:
        """Cookies and local storage as a browser's driver takes them."""
        return json.loads(self.state)

    def cookies(self) -> tuple[Cookie, ...]:
        return tuple(
            Cookie(
                name=one["name"],
                value=one["value"],
                domain=one["domain"].lower(),
                path=one["path"],
                expires=float(one["expires"]),
                secure=one["secure"],
            )
            for one in json.loads(self.state)["cookies"]
        )

    def veiled(self, headers: Headers) -> Headers:
        """Header lines as they may be kept: pages' scripts write a cookie's value into headers of their own."""
        values = self._telling()
        return tuple((name, HIDDEN if any(one in value for one in values) else value) for name, value in headers)

    def veiled_body(self, body: bytes) -> bytes:
        """What a page sent, without cookies' values in it."""
        for one in self._telling():
            body = body.replace(one.encode("utf-8", "replace"), HIDDEN.encode("ascii"))
        return body

    def _telling(self) -> tuple[str, ...]:
        """Values that are long enough to let anybody in; a `1` stands in many a header."""
        return tuple({one.value for one in self.cookies() if len(one.value) >= TELLING})

    def header(self, url: str, now: float) -> str:
        """The Cookie header for an address, the longest paths first; empty where none goes."""
        sent = [one for one in self.cookies() if one.fits(url, now) and _PLAIN.fullmatch(one.name + one.value)]
        ordered = sorted(sent, key=lambda one: -len(one.path))
        return "; ".join(f"{one.name}={one.value}" for one in ordered)


def session_of(number: int, state: bytes) -> Session:
    """The session in these bytes; `UserMistake` where they are not one."""
    try:
        session = Session(number=number, state=state.decode("utf-8"))
        session.cookies()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserMistake("登录文件的内容不是应有的格式") from None
    return session


def own_state(state: Any, hosts: Sequence[str]) -> bytes:
    """Of a browser's whole state what belongs to these hosts, as JSON; `UserMistake` where that is no cookie at all."""
    cookies = [one for one in state["cookies"] if any(_is_under(host, str(one["domain"])) for host in hosts)]
    origins = [one for one in state["origins"] if urlsplit(str(one["origin"])).hostname in hosts]
    if not cookies:
        raise UserMistake("平台没有给出任何 cookie：没有登录，什么也没有保存")
    return json.dumps({"cookies": cookies, "origins": origins}, ensure_ascii=False).encode("utf-8", "replace")


def _is_under(host: str, domain: str) -> bool:
    host, domain = host.lower().rstrip("."), domain.lower()
    return host == domain.removeprefix(".") or (domain.startswith(".") and host.endswith(domain))
