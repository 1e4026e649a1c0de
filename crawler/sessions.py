"""What it takes to be signed in at a platform with the office's own account. No cookie's value is ever shown.

Only cookies that the platform's own hosts would get are part of it, whatever else the browser picked up on the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

from crawler.errors import UserMistake

Headers = tuple[tuple[str, str], ...]
TELLING = 8  # characters; what is shorter is found by trying, and stands in too much by chance
DEEPEST = 3  # times an address is escaped
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

    def veil(self, asked: str = "") -> Veil:
        """What hides the cookies' values in messages of a page; not in its addresses what already `asked` says."""
        values = {one.value for one in self.cookies()}
        plain = {one for one in values | set(map(_plain, values)) if len(one) >= TELLING}
        told = _plain(asked)
        return Veil(
            values=tuple(sorted(plain | {quote(one, safe="") for one in plain}, key=len, reverse=True)),
            in_addresses=tuple(sorted(one for one in map(_plain, plain) if len(one) >= TELLING and one not in told)),
        )

    def header(self, url: str, now: float) -> str:
        """The Cookie header for an address, the longest paths first; empty where none goes."""
        sent = [one for one in self.cookies() if one.fits(url, now) and _PLAIN.fullmatch(one.name + one.value)]
        ordered = sorted(sent, key=lambda one: -len(one.path))
        return "; ".join(f"{one.name}={one.value}" for one in ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veil:
    """Hides values that are long enough to let anybody in, however they are escaped; a `1` stands in many a header.

    Of an address whole parts are hidden: one that is half hidden would still tell how long the value is.
    """

    values: tuple[str, ...] = field(repr=False)
    in_addresses: tuple[str, ...] = field(repr=False)

    def headers(self, lines: Headers) -> Headers:
        """Header lines as they may be kept: pages' scripts write a cookie's value into headers of their own."""
        return tuple((name, HIDDEN if self._is_told(value) else value) for name, value in lines)

    def body(self, body: bytes) -> bytes:
        """What a page sent."""
        for one in self.values:
            body = body.replace(one.encode("utf-8", "replace"), HIDDEN.encode("ascii"))
        return body

    def words(self, words: str) -> str:
        """A line that was written down about the visit, as an address is."""
        plain = _plain(words)
        return HIDDEN if any(one in plain for one in self.in_addresses) else words

    def address(self, url: str) -> str:
        """An address, its path and each of its parameters as they are or not at all."""
        head, query, fragment = *url.partition("#")[0].partition("?")[::2], url.partition("#")[2]
        host = re.match(r"[a-z]+://[^/]*", head, re.I)
        start = host[0] if host else ""
        path = self._part(head[len(start) :], "/")
        parameters = "&".join(self._parameter(one) for one in query.split("&"))
        return start + path + (f"?{parameters}" if query else "") + (f"#{self._part(fragment, '')}" if fragment else "")

    def _parameter(self, said: str) -> str:
        name, sign, _ = said.partition("=")
        return self._part(said, f"{name}=" if sign and self._part(name, "") == name else "")

    def _part(self, said: str, left: str) -> str:
        plain = _plain(said)
        return left + quote(HIDDEN) if any(one in plain for one in self.in_addresses) else said

    def _is_told(self, words: str) -> bool:
        plain = _plain(words)
        return any(one in words or one in plain for one in self.values)


def _plain(said: str) -> str:
    """Without its escapes, and theirs: an address in an address has two of each."""
    for _ in range(DEEPEST):
        said = unquote_plus(said)
    return said


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
