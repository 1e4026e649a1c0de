"""Web addresses in the one spelling by which they are compared, and numbers under which they are found.

Scheme, www, escapes, case, a slash at the end and what only counts visitors make no difference. It opens none.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

LONGEST = 2_000  # characters; what is longer is no address that anybody types
DEEPEST = 4  # parts of a path, and names of a host, under which an address is found too
MOST = 20  # addresses of one text
_HOST = r"(?:[^\W_](?:[\w-]{0,62})\.){1,8}(?:[a-z]{2,18}|[^\W\d_a-z]{1,18}|xn--[a-z0-9-]{2,40})"
_WHOLE = re.compile(
    rf"(?:(?:https?:)?//)?(?:www\d?\.)?(?P<host>{_HOST}|(?<=//)\d{{1,3}}(?:\.\d{{1,3}}){{3}})\.?(?::(?P<port>\d{{1,5}}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?"
)
# In a text an address ends where the Chinese goes on.
_IN_TEXT = re.compile(r"(?:https?://|(?<![a-z0-9_@.-])(?=[a-z0-9-]{1,63}\.))[!-;=?-~]{4,2000}")
_OF_VISITORS = re.compile(r"(?:utm_\w*|spm|scm|ali_\w*|gclid|bd_vid|from|source|share\w*|timestamp|sessionid|_\w*|t)$")


def normal_address(words: str) -> str:
    """Host, path and query as they are compared, with no slash at the end; empty for what is no address."""
    told = _WHOLE.fullmatch(_plain(words)) if 0 < len(words) <= LONGEST else None
    if told is None:
        return ""
    port = told["port"] or ""
    host = _unicode(told["host"]) + (f":{port}" if port not in ("", "80", "443") else "")
    path = "/".join(part for part in _opened(told["path"] or "").split("/") if part not in ("", "."))
    query = "&".join(sorted(_kept((told["query"] or "").split("&"))))
    return (f"{host}/{path}" if path else host) + (f"?{query}" if query else "")


def address_mark(normal: str) -> int:
    """The number of an address in normal form; never one of those of near-duplicates, which are below 2^62."""
    return int.from_bytes(hashlib.sha256(normal.encode("utf-8", "surrogatepass")).digest()[:8]) >> 2 | 1 << 62


def address_marks(texts: Iterable[str], addresses: Iterable[str]) -> tuple[int, ...]:
    """The numbers of all addresses that these texts name or that are given, and of what each lies below: so the
    address of a shop leads to its goods, and a host to all that it serves."""
    named = [one for text in texts for one in _named(text)]
    normal = {found for one in (*addresses, *named) if (found := normal_address(one))}
    return tuple(sorted({address_mark(above) for one in normal for above in _above(one)}))


def _named(text: str) -> Iterator[str]:
    if "." not in text and "．" not in text:
        return
    for count, found in enumerate(_IN_TEXT.finditer(_plain(text)), 1):
        yield found[0].rstrip(".,;:!?)]}'\"")
        if count == MOST:
            return


def _above(normal: str) -> Iterator[str]:
    """The address itself, without its query, each shorter path, its host and the hosts above that."""
    yield normal
    host, *parts = normal.partition("?")[0].split("/")
    yield from ("/".join((host, *parts[:depth])) for depth in (*range(min(len(parts), DEEPEST) + 1), len(parts)))
    names = host.partition(":")[0].split(".")
    if not names[-1].isdigit():
        yield from (".".join(names[first:]) for first in range(len(names) - 1)[-DEEPEST:])


def _plain(words: str) -> str:
    """Full-width forms and capitals as they are typed otherwise."""
    return unicodedata.normalize("NFKC", words).replace("。", ".").strip().lower() if words else words


def _unicode(host: str) -> str:
    """xn--… as it is shown."""
    try:
        return host.encode("ascii").decode("idna").lower()
    except UnicodeError:
        return host


def _opened(part: str) -> str:
    """Without escapes, however often it was escaped."""
    while (opened := unquote(part, errors="replace").lower()) != part:
        part = opened
    return part


def _kept(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        name = part.partition("=")[0]
        if part and not _OF_VISITORS.match(name):
            yield _opened(part)
