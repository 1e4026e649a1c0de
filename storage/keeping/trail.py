"""What an asked address led to, by what was kept just before the page: redirects, and the page as it came before a
browser rendered it. No row names these records; that they belong together is told by the order of the file.

Only what is there is found; a trail with a link missing ends there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from storage import warc

MOST = 10
NEAR = 60  # responses that other requests of the same crawl may have had in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response: its record and address, and the address it leads to, empty when it is no redirect."""

    id: str
    url: str
    leads_to: str


def answer(id_: str, url: str, head: bytes) -> Answer:
    """The response whose HTTP message begins with this head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    location = fields.get("location", "") if first[9:10] == "3" else ""
    return Answer(id=id_, url=url, leads_to=_led_to(url, location))


def trail(near: Iterable[Answer], asked: str, page: str, *, is_rendered: bool) -> tuple[Answer, ...]:
    """Those of the responses before a page, oldest first, that led from the address `asked` to it.

    Of a page that a browser rendered, also the page as it had come; of any other nothing, unless they lead to it.
    """
    answers = tuple(near)
    redirects = {one.url: one for one in answers if one.leads_to}
    plain = {one.url: one for one in answers if not one.leads_to}
    wanted, here = bare(asked), bare(page)
    found: list[Answer] = []
    while wanted in redirects and len(found) < MOST and (is_rendered or wanted != here):
        found.append(redirects.pop(wanted))
        wanted = found[-1].leads_to
    if is_rendered:
        return (*found, plain[wanted]) if wanted in plain else tuple(found)
    return tuple(found) if wanted == here else ()


def bare(url: str) -> str:
    """The address as two are compared: as it stands in a record, without its fragment."""
    return warc.uri(urldefrag(url).url)


def _led_to(url: str, location: str) -> str:
    try:
        return bare(urljoin(url, location)) if location else ""
    except ValueError:  # an address that is none leads nowhere
        return ""
