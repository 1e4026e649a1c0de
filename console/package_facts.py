"""What a package says of its records in words: lantian/package.json, and the papers that go with it.

Nobody who reported, judged or exported is named; only officers stand in the record of their own extraction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from casework.papers.documents import evidence_list, extraction_record, monitoring_record
from casework.papers.extraction import facts_read
from casework.papers.paper_facts import ChainHead, Documents, EvidenceList, KeptFile, MonitoringFacts, PageSeen
from console.extraction_facts import chain_of, surroundings_troubles, target_of
from console.monitoring_facts import with_request
from console.rereading import TOLD, headers_of
from crawler.captures import BrowserCapture, VisitFacts
from crawler.items import Capture, Finding, How
from storage import warc
from storage.archive import FolderArchive
from storage.canonical import canonical
from storage.people import Extraction
from storage.seal import SealHead, SealState
from storage.shapes import ExhibitDetail
from storage.wacz import RECORDS, Part

ALONE = ("page", "redirect", "image", "old picture", "original")  # records of their own, no parts of a visit
FORMAT = "lantian-package/1"
PART_WORDS = {
    "page": "网页（服务器的应答，原始字节）",
    "original": "人保存后导入的原文件",
    "redirect": "跳转（服务器的应答）",
    "image": "信息中的图片",
    "old picture": "网页整页截图",
    "picture": "网页整页截图",
    "dom": "渲染后的网页文档",
    "text": "页面可见文字",
    "mhtml": "网页及其部件（MHTML）",
    "facts": "打开网页的事实记录",
}
IMPORTED_WORDS = "网页（由人保存后导入，网址和时间为据称）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One capture of an exhibit: the part it plays, and its file in the package. `sm3` is of its payload."""

    part: str
    capture: Capture
    sm3: str
    file: str = RECORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One exhibit as it goes into a package. `visits` are with their facts, the newest last; `settings` its round's.

    `unjudged` are words on findings that today's rules did not judge again; `shown_before` is the earlier exhibit of
    the same listing that the browser looked at, where it did not look at this one. `claimed` are words on what a
    person brought in.
    """

    detail: ExhibitDetail
    seal: SealState
    kept: tuple[Kept, ...]
    visits: tuple[tuple[BrowserCapture, VisitFacts], ...]
    extractions: tuple[Extraction, ...]
    settings: str
    unjudged: Mapping[Finding, str]
    shown_before: str = ""
    claimed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What is the same for all exhibits of a package."""

    archive_id: str
    head: SealHead
    demand: str
    tool: str
    audit: str
    made_at: Any


def parts_of(visit: BrowserCapture) -> Iterator[tuple[str, Capture]]:
    """The parts of a visit that there are, by name."""
    for name in ("picture", "dom", "text", "mhtml", "facts"):
        capture = getattr(visit, name)
        if capture is not None:
            yield name, capture


def is_specimen(chosen: Sequence[Chosen]) -> bool:
    """Whether any of it was captured from an invented web."""
    return any(one.capture.is_specimen for exhibit in chosen for one in exhibit.kept)


# -- lantian/package.json --------------------------------------------------------------------------


def described(chosen: Sequence[Chosen], house: House, left_out: Sequence[str] = ()) -> bytes:
    """The bytes of lantian/package.json. `left_out` are ids of request records that name a person of the house."""
    head = house.head
    return canonical(
        ({"left_out": list(left_out)} if left_out else {})
        | {
            "format": FORMAT,
            "tool": house.tool,
            "created": warc.date(house.made_at),
            "demand": house.demand,
            "specimen": is_specimen(chosen),
            "chain": {
                "archive": house.archive_id,
                "number": head.number,
                "sha256": head.sha256,
                "sm3": head.sm3,
                "sealed_at": warc.date(head.sealed_at) if head.sealed_at else "",
                "stamped_at": warc.date(head.stamped_at) if head.stamped_at else "",
            },
            "exhibits": [_exhibit(one) for one in chosen],
        }
    )


def _exhibit(one: Chosen) -> dict[str, Any]:
    detail, shown = one.detail, one.detail.shown
    listing = {name: getattr(detail.exhibit.listing, name) for name in TOLD}
    seal = one.seal
    return {
        "id": detail.exhibit.id,
        "platform": detail.exhibit.listing.platform,
        "query": detail.run.query,
        "page": detail.page_number,
        "seen_at": warc.date(detail.seen_at),
        "listing": listing,
        "findings": [
            asdict(finding) | {"judged": one.unjudged.get(finding, "导出时按同一规则版本重新判定，结论相同")}
            for finding in detail.exhibit.findings
        ],
        "captures": [_capture(kept) for kept in one.kept],
        "visit": shown.showing.visit if shown else "",
        "showing": {"verdict": shown.showing.verdict, "reason": shown.showing.reason} if shown else {},
        "seal": {"manifest": seal.number, "state": seal.state, "head": seal.head},
    }


def _capture(kept: Kept) -> dict[str, Any]:
    one = kept.capture
    return {
        "part": kept.part,
        "id": one.id,
        "url": address(kept),
        "how": one.how.value,
        "taken_at": warc.date(one.taken_at),
        "sha256": one.sha256,
        "size": one.size,
        "mime": one.mime,
        "status": one.status,
        "ip_address": one.ip_address,
    }


def address(kept: Kept) -> str:
    """The record's address: a part of a visit has one of its own, and so has what was imported."""
    one = kept.capture
    is_seen = kept.part in ALONE and one.how is not How.IMPORTED
    return warc.uri(one.url) if is_seen else warc.visit_uri(one.how, one.url)


# -- papers ----------------------------------------------------------------------------------------


def papers(chosen: Sequence[Chosen], house: House, archive: FolderArchive) -> Iterator[Part]:
    """The list of evidence, and for each exhibit how it was captured: by officers, or by the machine alone."""
    chain = chain_of(house.head)
    listed = EvidenceList(
        number="、".join(one.detail.exhibit.id for one in chosen),
        made_at=house.made_at,
        files=tuple(dict.fromkeys(file for one in chosen for file in _files(one))),
        chain=chain,
        is_specimen=is_specimen(chosen),
    )
    yield from _both("evidence-list", partial(evidence_list, listed))
    for one in chosen:
        yield from _both(f"monitoring-{one.detail.exhibit.id}", partial(_monitoring, one, house, archive, chain))
        for extraction in one.extractions:
            done = facts_read(extraction.facts)
            yield from _both(f"extraction-{extraction.id}", partial(extraction_record, done))


def _both(name: str, make: Callable[[], Documents]) -> Iterator[Part]:
    """The paper in both forms, drawn when the first is wanted and forgotten with the second."""
    drawn: list[Documents] = []

    def docx() -> bytes:
        drawn.append(make())
        return drawn[0].docx

    yield Part(name=f"documents/{name}.docx", read=docx)
    yield Part(name=f"documents/{name}.pdf", read=lambda: drawn.pop().pdf)


def _files(one: Chosen) -> Iterator[KeptFile]:
    """The rows of the list of evidence; what officers extracted bears their names."""
    takers = _takers(one)
    for kept in one.kept:
        yield replace(kept_file(kept), taken_by=takers.get(kept.capture.id, ()))


def _takers(one: Chosen) -> dict[str, tuple[str, ...]]:
    """The officers by the captures that they made."""
    return {
        file.number: tuple(officer.name for officer in facts.officers)
        for facts in (facts_read(extraction.facts) for extraction in one.extractions)
        for file in facts.files
    }


def kept_file(kept: Kept) -> KeptFile:
    """A row of the list of evidence; `file` is where it lies in the package."""
    one = kept.capture
    is_brought = one.how is How.IMPORTED and kept.part == "page"
    return KeptFile(
        number=one.id,
        title=IMPORTED_WORDS if is_brought else PART_WORDS[kept.part],
        url=one.url,
        taken_at=one.taken_at,
        file=kept.file,
        size=one.size,
        sha256=one.sha256,
        sm3=kept.sm3,
        format=one.mime,
        remark="样本，不是真实平台" if one.is_specimen else "",
    )


def _remarks(one: Chosen) -> Iterator[str]:
    """What a reader must know of this exhibit that its files do not say."""
    if one.claimed:
        yield one.claimed
    if one.shown_before:
        yield f"此次没有另拍网页；同一信息先前的截图在证据项 {one.shown_before} 中，不在本项之内。"
    for finding, words in one.unjudged.items():
        yield f"“{finding.quote}”{words}。"


def _monitoring(one: Chosen, house: House, archive: FolderArchive, chain: ChainHead | None) -> Documents:
    detail, capture = one.detail, one.detail.capture
    shown = detail.shown.showing if detail.shown else None
    facts = next((facts for visit, facts in one.visits if shown and visit.id == shown.visit), None)
    by_officers = _takers(one)
    told = MonitoringFacts(
        exhibit=detail.exhibit.id,
        seen_at=detail.seen_at,
        target=target_of(detail),
        page=PageSeen(
            requested_url=detail.requested_url,
            url=detail.page_url,
            status=capture.status,
            redirects=tuple(kept.capture.url for kept in one.kept if kept.part == "redirect"),
            headers=headers_of(archive, capture) if capture.how is How.HTTP else (),
            ip_address=capture.ip_address,
        ),
        files=tuple(kept_file(kept) for kept in one.kept if kept.capture.id not in by_officers),
        answered_at=capture.taken_at,
        tool=house.tool,
        rules=tuple(dict.fromkeys((found.rule, found.rule_digest) for found in detail.exhibit.findings)),
        verdict=shown.verdict if shown else None,
        reason=shown.reason if shown else "",
        surroundings=facts.surroundings if facts else None,
        audit=house.audit,
        troubles=(*_remarks(one), *(surroundings_troubles(facts.surroundings) if facts else ())),
        chain=chain,
        is_specimen=capture.is_specimen,
    )
    return monitoring_record(with_request(told, archive, capture, one.settings))
