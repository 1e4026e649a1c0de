"""A small sealed archive, and packages out of it: invented pages, one browser visit, two manifests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from authority import LocalAuthority
from empty_home import laid
from storage_specimens import T0, TOOL, archive_in, exchange

from crawler import clock
from crawler.captures import Box, BrowserCapture, Chain, Frame, Message, Place, Surroundings, Visit
from crawler.items import Capture
from storage import wacz, warc
from storage.canonical import canonical
from storage.db import open_database
from storage.seal import Sealer
from storage.sealing.proofs import Extent, Proof, prove
from storage.visits import keep_visit
from storage.wacz import Contents, PackagePage, Part

URL = "https://www.xinghe.example/fw/?wd=%E4%B8%93%E5%88%A9&pn=1"
PAGE = "<!doctype html><meta charset=utf-8><title>专利 - 示例搜索</title><h3>发明专利代写 包授权</h3>".encode()
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
TEXT = "发明专利代写 包授权\n不授权全额退款".encode()
EXHIBIT = "e1" * 10
MADE_AT = datetime(2026, 12, 1, 1, 2, 3, 4, tzinfo=UTC)


MESSAGE = Message(
    url=URL,
    method="GET",
    request_headers=(("Host", "www.xinghe.example"),),
    request_body=b"",
    status=200,
    reason="OK",
    protocol="h2",
    response_headers=(("content-type", "text/html; charset=utf-8"),),
    body=PAGE,
    ip_address="127.0.0.1",
    at=T0 + timedelta(seconds=20),
    initiator="document",
)
VISIT = Visit(
    id="0b1d6d0e-8e0f-4a2b-9d0c-7a36a1e0d101",
    requested_url=URL,
    url=URL,
    redirects=(),
    status=200,
    title="专利 - 示例搜索",
    started_at=T0 + timedelta(seconds=20),
    ended_at=T0 + timedelta(seconds=22),
    browser="chromium/156",
    picture=PICTURE,
    dom=PAGE,
    text=TEXT,
    mhtml=b"MIME-Version: 1.0",
    frame=Frame(
        width=1280,
        height=2000,
        places=(Place(exhibit=EXHIBIT, quote="包授权", box=Box(left=160, top=140, right=220, bottom=160)),),
    ),
    messages=(MESSAGE,),
    chains=(Chain(host="www.xinghe.example", certificates=(b"leaf", b"middle")),),
    ip_address="127.0.0.1",
)
SURROUNDINGS = Surroundings(
    machine="x86_64",
    system="Linux",
    python="3.11",
    tools=(("lantian", "0.3.0"),),
    proxies=(),
    hosts_file="ab" * 32,
    hosts_entries=(),
    resolvers=("192.0.2.1",),
    dns=(("www.xinghe.example", ("192.0.2.7",)),),
)


@dataclass(frozen=True)
class Packed:
    """An archive in `folder` that is sealed, and what of it goes into a package."""

    folder: Path
    page: Capture
    visit: BrowserCapture
    authority: LocalAuthority | None = None

    @property
    def manifests(self) -> Path:
        return self.folder / "manifests"

    @property
    def extents(self) -> tuple[Extent, ...]:
        page, visit = self.page, self.visit
        return (
            Extent(file=page.file, start=page.offset, end=page.offset + page.length, and_request=True),
            Extent(file=visit.file, start=visit.offset, end=visit.offset + visit.length),
        )

    def read(self, proof: Proof) -> bytes:
        path = self.folder / proof.file
        path = path if path.exists() else path.with_name(f"{path.name}.open")
        with path.open("rb") as file:
            file.seek(proof.offset)
            return file.read(proof.length)


@contextmanager
def sealer_of(folder: Path, demand: str = "sealed") -> Iterator[Sealer]:
    engine = open_database(laid(folder.parent / "lantian.db"))
    try:
        yield Sealer(folder, engine, tool=TOOL, demand=demand)
    finally:
        engine.dispose()


def sealed_archive(folder: Path, authority: LocalAuthority | None = None, *, others: int = 5) -> Packed:
    """Pages nobody asked for, the page, sealed; then the visit and more, sealed again; then a third manifest."""
    at = T0
    with sealer_of(folder) as sealer, archive_in(folder) as archive:
        for number in range(others):
            archive.keep(exchange(b"other", url=f"https://other.example/{number}", fetched_at=at))
        page = archive.keep(exchange(PAGE, url=URL, fetched_at=at))
        archive.sync()
        sealer.seal("", clock.now())
        visit = keep_visit(archive, VISIT, SURROUNDINGS)
        archive.keep(exchange(b"other", url="https://other.example/z", fetched_at=at))
        archive.sync()
        sealer.seal("", clock.now())
        archive.keep(exchange(b"later", url="https://other.example/later", fetched_at=at))
        archive.sync()
        sealer.seal("", clock.now())
    if authority:
        stamp_all(folder / "manifests", authority)
    return Packed(folder, page, visit, authority)


def stamp_all(manifests: Path, authority: LocalAuthority) -> None:
    for head in sorted(manifests.glob("[0-9][0-9][0-9][0-9][0-9][0-9].json")):
        head.with_suffix(".tsr").write_bytes(authority.stamp(head.read_bytes()))
    (manifests / "authorities").mkdir(exist_ok=True)
    (manifests / "authorities" / f"{'ab' * 8}.pem").write_bytes(authority.root.read_bytes())


def capture_told(part: str, capture: Capture) -> dict[str, object]:
    return {
        "part": part,
        "id": capture.id,
        "url": warc.visit_uri(capture.how, capture.url) if capture.how in warc.VISIT_PARTS else warc.uri(capture.url),
        "how": capture.how.value,
        "taken_at": warc.date(capture.taken_at),
        "sha256": capture.sha256,
        "size": capture.size,
        "mime": capture.mime,
        "status": capture.status,
        "ip_address": capture.ip_address,
    }


def told(packed: Packed) -> dict[str, object]:
    """lantian/package.json of one exhibit, before it is written."""
    head_path = max(packed.manifests.glob("[0-9][0-9][0-9][0-9][0-9][0-9].json"))
    head, first = json.loads(head_path.read_bytes()), (packed.manifests / "000001.json").read_bytes()
    visit = packed.visit
    assert visit.picture
    parts = [("page", packed.page), ("picture", visit.picture), ("dom", visit.dom), ("text", visit.text)]
    return {
        "format": "lantian-package/1",
        "tool": TOOL,
        "created": warc.date(MADE_AT),
        "demand": "stamped" if packed.authority else "sealed",
        "specimen": False,
        "chain": {
            "archive": head["archive"],
            "number": head["number"],
            "sha256": hashlib.sha256(head_path.read_bytes()).hexdigest(),
            "sm3": hashlib.new("sm3", head_path.read_bytes()).hexdigest(),
            "sealed_at": head["sealed_at"],
            "stamped_at": "",
        },
        "exhibits": [
            {
                "id": EXHIBIT,
                "platform": "baidu",
                "query": "专利",
                "page": 1,
                "seen_at": warc.date(T0),
                "listing": {"title": "发明专利代写 包授权", "text": "", "seller": ""},
                "findings": [{"rule": "guaranteed_grant_promise", "field": "title", "quote": "包授权", "image": ""}],
                "captures": [capture_told(*one) for one in parts],
                "visit": packed.visit.id,
                "showing": {"verdict": "shows_quote", "reason": ""},
                "seal": {"manifest": 1, "state": "sealed", "head": hashlib.sha256(first).hexdigest()},
            }
        ],
    }


def contents(packed: Packed, **changes: object) -> Contents:
    made = Contents(
        proofs=prove(packed.manifests, packed.extents),
        read=packed.read,
        manifests=packed.manifests,
        newest=3,
        described=canonical(told(packed)),
        pages=(
            PackagePage(id=packed.page.id, url=URL, title="示例搜索：专利", at=packed.page.taken_at),
            PackagePage(id=packed.visit.id, url=URL, title="专利 - 示例搜索", at=VISIT.started_at, text=TEXT.decode()),
        ),
        pictures=(Part(name=f"pictures/{packed.visit.id}.png", read=lambda: PICTURE),),
        texts=(Part(name=f"texts/{packed.visit.text.id}.txt", read=lambda: TEXT),),
        documents=(Part(name="documents/evidence-list.pdf", read=lambda: b"%PDF-1.7\nexample\n"),),
        created=MADE_AT,
        software=TOOL,
        title="示例",
    )
    return replace(made, **changes)


def package(packed: Packed, out: Path, **changes: object) -> Path:
    """A package of the archive, stamped where it has an authority."""
    stamp: Callable[[bytes], bytes] | None = packed.authority.stamp if packed.authority else None
    wacz.write_package(out, contents(packed, **changes), approve=lambda path, sha256: None, stamp=stamp)
    return out
