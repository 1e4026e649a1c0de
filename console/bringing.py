"""Brings in one file that a person saved: it goes the way of every page, and all of it is written or nothing.

No network is asked, and nothing is written before all of the file was understood. What the file or the person says of
address and time is kept as a claim.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from console.files import platform, platforms
from console.output import harmless
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import PictureRefused, UserMistake
from crawler.items import Capture, Exhibit, Exhibits, Reading, Sightings
from crawler.pictures import Fate, PictureText, WantedPicture
from crawler.saved import MOST_PAGES, Form, Saved, SavedPage
from crawler.transport import is_specimen
from detectors.likeness import signature
from detectors.picture_verdict import is_worth_reading, judge_picture, picture_entities
from detectors.pictures import engine_name
from detectors.shapes import load_shapes
from pipelines.judge import Judge, packaged_screen
from pipelines.ocr import Desk
from pipelines.tie import Tie
from pipelines.verdict import judged
from spiders.base import PlatformSpider
from spiders.imported import TITLE, is_address, open_saved, picture_type, platform_of, query_of, read_saved
from storage.archive import FolderArchive
from storage.care_shapes import Likeness
from storage.exhibits import ExhibitStore
from storage.import_shapes import Imported, KeptImport, Original, ReadPage, ReadRun
from storage.imports import Imports
from storage.keptimports import keep_import
from storage.picture_shapes import PictureEnd
from storage.registry import StoredRegistry

MOST_READ = 40  # pictures of one file whose words are read
LONGEST_NAME = 200  # characters
MIMES = {
    Form.HTML: "text/html",
    Form.SINGLEFILE: "text/html",
    Form.MHTML: "multipart/related",
    Form.WARC: "application/warc",
    Form.WACZ: "application/wacz",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the person says of the files: who brings them, of what they are, how and when they were saved.

    `user` is the number of the person's user, 0 where nobody is one.
    """

    by: str
    user: int = 0
    platform: str = ""
    query: str = ""
    url: str = ""
    saved_at: str = ""
    how: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of a file; `is_new` is false where it had been brought in before and nothing was changed."""

    imported: Imported
    runs: tuple[ReadRun, ...]
    is_new: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One page with its spider and query, and what was read of it."""

    spider: PlatformSpider
    query: str
    page: SavedPage
    reading: Reading


class Bringing:
    """Brings files into one home, one after the other."""

    def __init__(self, config: Config, store: ExhibitStore, archive: FolderArchive, claims: Claims) -> None:
        self._config, self._store, self._archive, self._claims = config, store, archive, claims
        self._imports = Imports(store.engine)
        self._screen = packaged_screen(StoredRegistry.current(config.database))
        self._shapes = load_shapes(config.shapes)

    def bring(self, path: Path, raw: bytes) -> Brought:
        """One file. `UserMistake`, in one line, where it cannot be taken; `OSError` where the disk refused it."""
        sha256 = hashlib.sha256(raw).hexdigest()
        known = self._imports.known(sha256)
        if again := next((one for one in known if one.is_clean), None):
            return Brought(imported=again, runs=(), is_new=False)
        saved = open_saved(raw)
        reads = [self._read(saved.form, page) for page in self._pages(saved, sha256)]
        if again := next((one for one in known if one.platform == reads[0].spider.name), None):
            return Brought(imported=again, runs=(), is_new=False)
        pictures = asyncio.run(self._pictures(saved.form, reads))
        if saved.form is Form.PICTURE:
            (one,), ((_, text),) = reads, pictures.values()
            reads = [replace(one, reading=read_saved(one.spider, saved.form, one.page, one.query, text.text))]
        original = self._original(path, raw, sha256, saved.form, reads[0].page)
        whole = saved.form is Form.PICTURE
        beside = [] if whole else [_picture_page(url, body) for url, (body, _) in pictures.items()]
        kept = keep_import(self._archive, original, [*(read.page for read in reads), *beside])
        self._archive.sync()
        captures = kept.pages[:1] if whole else kept.pages[len(reads) :]
        taken = {url: (text, captures[at]) for at, (url, (_, text)) in enumerate(pictures.items())}
        runs = tuple(self._runs(reads, kept, taken, original.at))
        return Brought(imported=self._imports.record(original, kept, runs), runs=runs)

    # -- which pages, and of what --------------------------------------------------------------

    def _pages(self, saved: Saved, sha256: str) -> list[SavedPage]:
        """The pages that are read, with what is claimed of each."""
        if saved.form in (Form.WARC, Form.WACZ):
            return self._of_several(saved)
        (page,) = saved.pages
        url = self._claims.url or (page.url if is_address(page.url) else "")
        if not url and saved.form is Form.PICTURE:
            if not self._claims.platform:
                raise UserMistake("截图里没有网址：用 --url 注明网址，或用 --platform 注明平台")
            url = f"urn:sha256:{sha256}"
        elif not url:
            url = self._searched()
        return [replace(page, url=url, at=self._claims.saved_at or page.at)]

    def _searched(self) -> str:
        """Without an address, platform and query say which page it is said to be."""
        if not self._claims.platform or not self._claims.query:
            raise UserMistake("文件里没有网址：用 --url 注明，或同时注明 --platform 和 --query")
        return platform(self._claims.platform)().first_url(self._claims.query)

    def _of_several(self, saved: Saved) -> list[SavedPage]:
        """Of all answers in an archive those that are pages to look at, and not what pages load beside themselves."""
        pages = [page for page in saved.pages if is_address(page.url)]
        if self._claims.url:
            pages = [page for page in pages if page.url == self._claims.url]
        elif listed := [page for page in pages if page.url in saved.listed]:
            pages = listed
        else:
            named = self._claims.platform
            several = [platform(named)] if named else list(platforms().values())
            hosts = {host for spider in several for host in spider.hosts}
            pages = [page for page in pages if urlsplit(page.url).hostname in hosts] or pages[:1]
        if not pages:
            raise UserMistake("里面没有要找的网页：用 --url 注明是哪一个，或用 --platform 注明平台")
        if len(pages) > MOST_PAGES:
            raise UserMistake(f"里面有 {len(pages)} 个网页，一次最多 {MOST_PAGES} 个：用 --url 注明是哪一个")
        return [replace(page, at=self._claims.saved_at or page.at) for page in pages]

    def _read(self, form: Form, page: SavedPage) -> Read:
        name = self._claims.platform or platform_of(page.url, platforms())
        spider = platform(name)()
        query = self._claims.query or (TITLE if page.url.startswith("urn:") else query_of(spider, page.url))
        return Read(spider=spider, query=query, page=page, reading=read_saved(spider, form, page, query))

    def _original(self, path: Path, raw: bytes, sha256: str, form: Form, first: SavedPage) -> Original:
        is_claimed = is_address(first.url)
        return Original(
            body=raw,
            sha256=sha256,
            name=harmless(path.name)[:LONGEST_NAME],
            form=form,
            mime=MIMES.get(form) or picture_type(raw),
            url=first.url,
            at=clock.now(),
            by=self._claims.by,
            user=self._claims.user,
            how=self._claims.how,
            note=self._claims.note,
            claimed_url=first.url if is_claimed else "",
            claimed_at=first.at,
            tool=TOOL,
            is_specimen=is_claimed and is_specimen(first.url, self._config.hosts),
        )

    # -- words in pictures -----------------------------------------------------------------------

    async def _pictures(self, form: Form, reads: Sequence[Read]) -> dict[str, tuple[bytes, PictureText]]:
        """What stands in the pictures that the file itself holds, by address; those beyond the measure stay unread."""
        desk, found = Desk(), {}
        try:
            for url, body in list(dict(_held(form, reads)).items())[:MOST_READ]:
                try:
                    found[url] = (body, await self._words(desk, body))
                except PictureRefused as refused:
                    if form is Form.PICTURE:
                        raise UserMistake(f"截图读不了：{refused.reason} {harmless(refused.detail)[:100]}") from None
        finally:
            desk.close()
        return found

    async def _words(self, desk: Desk, body: bytes) -> PictureText:
        """From memory when these bytes were read before."""
        sha256, engine = hashlib.sha256(body).hexdigest(), engine_name()
        known = self._store.picture_text(sha256, engine)
        if known is not None:
            return known
        text = await desk.read(body)
        self._store.keep_picture_text(sha256, engine, text, clock.now())
        return text

    # -- what it comes to --------------------------------------------------------------------------

    def _runs(
        self, reads: Sequence[Read], kept: KeptImport, taken: Mapping[str, tuple[PictureText, Capture]], at: datetime
    ) -> Iterator[ReadRun]:
        """One run a platform and query, with one outcome of its pages."""
        sorted_: dict[tuple[str, str], list[tuple[Read, Capture]]] = {}
        for read, capture in zip(reads, kept.pages[: len(reads)], strict=True):
            sorted_.setdefault((str(read.spider.name), read.query), []).append((read, capture))
        for (name, query), pages in sorted_.items():
            end, run = judged([read.reading for read, _ in pages]), uuid.uuid4().hex
            seen = [
                Sightings(
                    run=run,
                    platform=name,
                    query=query,
                    page_number=number,
                    requested_url=read.page.url,
                    url=read.page.url,
                    seen_at=at,
                    reading=read.reading,
                    capture=capture,
                    is_last=number == len(pages),
                )
                for number, (read, capture) in enumerate(pages, 1)
            ]
            yield ReadRun(
                id=run,
                platform=name,
                query=query,
                outcome=end.outcome,
                reason="imported" if end.outcome.is_clean else end.reason,
                detail=end.detail,
                pages=tuple(self._judged(one, read.page, taken) for one, (read, _) in zip(seen, pages, strict=True)),
            )

    def _judged(self, seen: Sightings, page: SavedPage, taken: Mapping[str, tuple[PictureText, Capture]]) -> ReadPage:
        exhibits: Exhibits = Judge(self._screen).process_item(Tie().process_item(seen))
        shown = [(one, url) for one in exhibits.exhibits for url in dict.fromkeys(one.listing.images) if url in taken]
        return ReadPage(
            exhibits=exhibits,
            page=page,
            likenesses=tuple(
                Likeness(exhibit=one.id, signature=signature(one.listing)) for one in exhibits.exhibits if one.findings
            ),
            wanted=tuple(WantedPicture(exhibit=one.id, url=url) for one, url in shown),
            ends=tuple(self._end(at, one, *taken[url]) for at, (one, url) in enumerate(shown)),
        )

    def _end(self, place: int, exhibit: Exhibit, text: PictureText, capture: Capture) -> PictureEnd:
        """How a picture of this exhibit ends; as the crawl of pictures judges it."""
        listing = exhibit.listing
        findings = judge_picture(self._screen, listing, text, capture.sha256, self._shapes)
        entities = picture_entities(self._screen, listing, text) if findings else ()
        if findings and not exhibit.findings:
            entities += self._screen.entities(listing)
        return PictureEnd(
            row=place,
            fate=Fate.READ,
            at=capture.taken_at,
            capture=capture,
            sha256=capture.sha256,
            findings=findings,
            entities=entities,
            signature=signature(listing) if findings else (),
        )


def _held(form: Form, reads: Sequence[Read]) -> Iterator[tuple[str, bytes]]:
    """The pictures of listings that the file holds and that are worth reading; of a screenshot itself."""
    for read in reads:
        for listing in read.reading.listings:
            if form is Form.PICTURE:
                yield read.page.url, read.page.body
            elif is_worth_reading(listing, read.query, is_flagged=False):
                yield from ((url, read.page.pictures[url]) for url in listing.images if url in read.page.pictures)


def _picture_page(url: str, body: bytes) -> SavedPage:
    return SavedPage(body=body, content_type=picture_type(body) or "application/octet-stream", url=url)
