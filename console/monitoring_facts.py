"""What a round's own records say of how a page was asked for: the request's header lines, what robots.txt said of it,
and the pace of the round. What they do not say is left out; when the request went out is not kept, only its answer.
"""

from __future__ import annotations

import re
from dataclasses import replace

from casework.papers.paper_facts import MonitoringFacts
from crawler.items import Capture, How
from storage import warc
from storage.archive import FolderArchive

_SIGNED = re.compile(r"override (?P<number>[1-9]\d*): (?P<line>.*)")
_DELAY = re.compile(r"\bdelay=(?P<seconds>\d+(?:\.\d+)?)\b")


def with_request(facts: MonitoringFacts, archive: FolderArchive, capture: Capture, settings: str) -> MonitoringFacts:
    """The facts with all that is known of the request; `settings` are the round's. Raises `EvidenceBroken`."""
    delay = _DELAY.search(settings)
    facts = replace(facts, delay=float(delay["seconds"]) if delay else None)
    if capture.how is not How.HTTP:
        return facts
    request = warc.read_member(archive.member_from(capture.file, capture.offset + capture.length))
    if request.field("WARC-Concurrent-To") != warc.urn(capture.id):
        return facts
    lines = warc.payload_of(request).head.decode("latin-1").split("\r\n")[1:]
    headers = tuple((name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon)
    return replace(facts, request_headers=headers, robots=_robots(request.field("Lantian-Override")))


def _robots(override: str) -> str:
    if not override:
        return "允许"
    signed = _SIGNED.fullmatch(override)
    if signed is None:  # older records name who signed it: no paper does
        return "禁止；依已签署的例外决定访问"
    return f"禁止（{signed['line']}）；依第 {signed['number']} 号例外决定访问"
