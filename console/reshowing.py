"""Looks again, in what a visit of the browser left, at what its picture is worth: the row must say the same.

Pure: the kept document goes through the same reading as when it was visited, with the frame that its facts tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from console.rereading import Reread
from crawler.captures import BrowserCapture, Message, PictureVerdict, Showing, Visit, VisitFacts
from crawler.errors import EvidenceBroken
from crawler.items import Exhibit, Finding
from pipelines.shown import showings
from pipelines.tie import exhibit_id
from storage import warc
from storage.archive import FolderArchive
from storage.shapes import ExhibitDetail

SAME = ("verdict", "reason", "width", "height", "places", "query_box", "position")
LATER = "found_later"


def check_showing(detail: ExhibitDetail, page: Reread, facts: VisitFacts, archive: FolderArchive) -> None:
    """`EvidenceBroken` unless the exhibit's own showing is what the kept visit gives.

    What was found after the visit is no part of it: the row's showing is then told as weaker than it was.
    """
    shown = detail.shown
    if shown is None or shown.capture is None:
        return
    told, again = shown.showing, _again(detail, page, _visit(shown.capture, facts, archive))
    if told.reason == LATER and told.verdict is PictureVerdict.DIFFERS:
        told = replace(told, verdict=PictureVerdict.SHOWS_QUOTE, reason="")
    # A judgement that replaced the findings leaves what was said of the older ones: never more than there is.
    is_weaker = bool(detail.rejudgements) and told.verdict is not PictureVerdict.SHOWS_QUOTE
    if not is_weaker and any(getattr(told, name) != getattr(again, name) for name in SAME):
        raise EvidenceBroken(
            f"证据项 {detail.exhibit.id}：从固定的网页文档重新核对，截图的核对结果与数据库中的不同，不能导出"
        )


def _again(detail: ExhibitDetail, page: Reread, visit: Visit) -> Showing:
    own = detail.exhibit
    others = (
        Exhibit(id=exhibit_id(detail.capture.id, one.position, one.key), listing=one) for one in page.reading.listings
    )
    seen = replace(own, listing=page.listing, findings=_looked_for(detail))
    exhibits = [seen if one.id == own.id else one for one in others]
    (showing,) = showings(exhibits, visit, page.spider, detail.run.query)
    return showing


def _looked_for(detail: ExhibitDetail) -> tuple[Finding, ...]:
    """The findings that there were when the page was visited."""
    findings, shown = detail.exhibit.findings, detail.shown
    if shown is None or shown.showing.reason != LATER:
        return findings
    quotes = {place.quote for place in shown.showing.places}
    has_image = any(place.image for place in shown.showing.places)
    return tuple(one for one in findings if (has_image if one.image else one.quote in quotes)) or findings


def _visit(kept: BrowserCapture, facts: VisitFacts, archive: FolderArchive) -> Visit:
    """The visit as far as a showing asks for it."""
    names = {one.name for one in fields(Visit)} & {one.name for one in fields(VisitFacts)}
    told = {name: getattr(facts, name) for name in names}
    return Visit(
        **told,
        id=facts.visit,
        picture=archive.produce(kept.picture) if kept.picture else b"",
        dom=archive.produce(kept.dom),
        text=b"",
        mhtml=b"",
        messages=tuple(_messages(kept, facts, archive)),
        chains=(),
    )


def _messages(kept: BrowserCapture, facts: VisitFacts, archive: FolderArchive) -> Iterator[Message]:
    """The answers that were pictures of listings."""
    urls = {place.image.partition("#")[0] for place in facts.frame.places if place.image}
    wanted = {warc.uri(url): url for url in urls}
    for one in facts.records:
        if one.type == "response" and one.uri in wanted:
            record = warc.read_member(archive.member(kept.file, one.offset, one.length))
            yield Message(
                url=wanted[one.uri],
                method="GET",
                request_headers=(),
                request_body=b"",
                status=200,
                reason="",
                protocol="",
                response_headers=(),
                body=warc.payload_of(record).body,
                ip_address="",
                at=facts.ended_at,
            )
