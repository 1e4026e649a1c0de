"""Chooses what of the archive goes into a package for an exhibit, and refuses, by name, whatever does not hold.

Every capture is read again and sealed as demanded; what rows say of it must follow from it once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from console.claims import refuse_unbacked, remark_of
from console.package_facts import Chosen, Kept, parts_of
from console.rejudging import Rejudging
from console.rereading import Rereading
from console.reshowing import check_showing
from console.sealing import STATE_WORDS
from crawler.captures import BrowserCapture, VisitFacts
from crawler.config import Config
from crawler.errors import EvidenceBroken
from crawler.items import Capture, Finding, How
from storage import warc
from storage.archive import FolderArchive
from storage.exhibits import ExhibitStore
from storage.imports import Imports
from storage.packaging.redirects import redirects_to
from storage.people import People
from storage.seal import Sealer, State
from storage.sealing.manifests import sm3
from storage.shapes import ExhibitDetail
from storage.visits import read_facts
from storage.wacz import RECORDS


class Choosing:
    """Chooses from one home; what it has read of a page once, it remembers."""

    def __init__(self, config: Config, store: ExhibitStore, archive: FolderArchive, sealer: Sealer) -> None:
        self._config, self._store, self._archive, self._sealer = config, store, archive, sealer
        self._rereading = Rereading(archive)
        self._rejudging = Rejudging(config, store)

    def chosen(self, names: Sequence[str]) -> tuple[Chosen, ...]:
        """The exhibits, each once, in the order of their asking; each has passed every check."""
        details = {detail.exhibit.id: detail for detail in map(self._store.exhibit, names)}
        return tuple(self._chosen(detail) for detail in details.values())

    def _chosen(self, found: ExhibitDetail) -> Chosen:
        is_own = found.shown is not None and found.shown.exhibit == found.exhibit.id
        refuse_unbacked(self._store, found)
        # What was shown of an earlier sighting says nothing of this one: it goes out with its own exhibit.
        detail = found if is_own else replace(found, shown=None)
        extractions = People(self._store.engine).extractions_of(detail.exhibit.id)
        shown = [detail.shown.capture.id] if detail.shown and detail.shown.capture else []
        of_officers = [visit for done in extractions for visit in done.visits]
        ids = dict.fromkeys([*self._visit_of(detail.picture), *shown, *of_officers])
        visits = [self._store.browser_capture(one) for one in ids]
        redirects = redirects_to(
            self._archive, self._config.archive, self._store.engine, detail.capture, detail.requested_url
        )
        parts = [*(("redirect", one) for one in redirects), *_captures(detail, visits), *self._original(detail)]
        files = {capture.id: name for visit in visits for name, capture in _own_files(visit)}
        kept = tuple(self._kept(part, capture, files) for part, capture in parts)
        told = tuple((visit, read_facts(self._archive, visit)) for visit in visits)
        unjudged = self._checked(detail, redirects, told)
        return Chosen(
            detail=detail,
            seal=self._sealer.state_of(detail.capture),
            kept=kept,
            visits=told,
            extractions=extractions,
            settings=self._store.settings_of(detail.run.round),
            unjudged=unjudged,
            shown_before=found.shown.exhibit if found.shown and not is_own else "",
            claimed=remark_of(self._store, detail),
        )

    def _checked(
        self,
        detail: ExhibitDetail,
        redirects: Sequence[Capture],
        visits: Sequence[tuple[BrowserCapture, VisitFacts]],
    ) -> Mapping[Finding, str]:
        """What the rows say follows from what is kept; returns the words on what is not judged again."""
        page = self._rereading.check(detail, redirects)
        images = [hashlib.sha256(self._rereading.picture(one)).hexdigest() for one in _quoted_images(detail)]
        unjudged = self._rejudging.check(detail, page.listing, images)
        for visit, facts in visits:
            if detail.shown and visit.id == detail.shown.showing.visit:
                check_showing(detail, page, facts, self._archive)
        return unjudged

    def _original(self, detail: ExhibitDetail) -> Iterator[tuple[str, Capture]]:
        """The file that an imported page lies in, where that is not the page itself."""
        if detail.capture.how is How.IMPORTED:
            original = Imports(self._store.engine).original_of(detail.capture.id)
            if original.id != detail.capture.id:
                yield "original", original

    def _visit_of(self, picture: Capture | None) -> list[str]:
        """The visit that a picture is of; pictures of older archives are of none."""
        if picture is None or picture.expired_in:
            return []
        record = warc.read_member(self._archive.member(picture.file, picture.offset, picture.length))
        return [visit] if (visit := record.field("Lantian-Visit")) else []

    def _kept(self, part: str, capture: Capture, files: Mapping[str, str]) -> Kept:
        """A capture that is whole on the disk and sealed as demanded."""
        body = self._archive.produce(capture)
        state = self._sealer.state_of(capture).state
        if state is State.OPEN or (self._config.demand == State.STAMPED and state is not State.STAMPED):
            demanded = STATE_WORDS[State(self._config.demand)]
            raise EvidenceBroken(f"固定 {capture.id}：{STATE_WORDS[state]}，导出要求{demanded}")
        own = f"pictures/{capture.id}.png" if part == "old picture" else RECORDS
        return Kept(part=part, capture=capture, sm3=sm3(body), file=files.get(capture.id, own))


def _own_files(visit: BrowserCapture) -> Iterator[tuple[str, Capture]]:
    """The parts of a visit that are files of their own in a package, by their names there."""
    if visit.picture:
        yield f"pictures/{visit.id}.png", visit.picture
    yield f"texts/{visit.text.id}.txt", visit.text


def _captures(detail: ExhibitDetail, visits: Sequence[BrowserCapture]) -> Iterator[tuple[str, Capture]]:
    """Every capture of an exhibit, by the part it plays."""
    yield "page", detail.capture
    of_visits = [named for visit in visits for named in parts_of(visit)]
    if detail.picture and detail.picture.id not in {capture.id for _, capture in of_visits}:
        yield "old picture", detail.picture
    yield from (("image", one) for one in _quoted_images(detail))
    yield from of_visits


def _quoted_images(detail: ExhibitDetail) -> Iterator[Capture]:
    """The listing's pictures in which something was found."""
    quoted = {finding.image for finding in detail.exhibit.findings if finding.image}
    return (image.capture for image in detail.images if image.capture and image.sha256 in quoted)
