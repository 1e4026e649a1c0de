"""`lantian evidence export`: exhibits as one package that others can verify. Refused, by name, unless everything holds.

Nothing goes out that is not sealed as demanded, that is not read again from the disk, or that a row says and the
captured page does not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urldefrag

from sqlalchemy import Engine

from console.cases.packing import exhibits_of
from console.choosing import Choosing
from console.files import platform
from console.homes import named_person
from console.ledger import opened
from console.output import harmless, print_json, say
from console.package_facts import ALONE, Chosen, House, described, is_specimen, papers
from console.sealing import STATE_WORDS, sealer_of
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EvidenceBroken, NotStamped, UserMistake
from crawler.items import How
from storage import warc
from storage.archive import FolderArchive
from storage.audit import Act, AuditLog
from storage.exhibits import ExhibitStore
from storage.handover import open_elsewhere
from storage.seal import State
from storage.sealing.manifests import FOLDER, head_of
from storage.sealing.proofs import Extent, Proof, prove
from storage.stamp import stamp_bytes
from storage.verifier.package import verify_package
from storage.verifier.report import Report
from storage.verifier.tokens import anchors
from storage.wacz import Contents, PackagePage, Part, write_package

_NAMELESS = re.compile(r"override [1-9]\d*: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which exhibits (ids or their beginnings), and those of which leads and cases, go where; who hands them over."""

    exhibits: tuple[str, ...]
    out: Path
    by: str
    leads: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


def export(asked: Asked, *, as_json: bool) -> int:
    """Write the package. Whatever does not hold is `EvidenceBroken` or `UserMistake`, and nothing is written."""
    config = Config.load()
    if not (asked.exhibits or asked.leads or asked.cases):
        raise UserMistake("要有证据项（--exhibit）、线索（--lead）或案件（--case）")
    if asked.out.suffix != ".wacz" or not asked.out.parent.is_dir():
        raise UserMistake(f"{asked.out}：要写成已有文件夹中的 .wacz 文件")
    with opened(config) as store:
        asked = replace(asked, by=named_person(config, store.engine, asked.by))
        package = _Package(config, store)
        of_cases = exhibits_of(config, store.engine, asked.leads, asked.cases)
        chosen = package.choosing.chosen([*asked.exhibits, *of_cases])
        written = package.write(chosen, asked.out, partial(package.note, chosen, asked))
    _tell(asked, chosen, written, as_json=as_json)
    return EXIT_DONE


def pack(config: Config, store: ExhibitStore, exhibits: Sequence[str], out: Path) -> bool:
    """The same package of these exhibits, written down nowhere: whoever asks does that. Whether they are invented."""
    package = _Package(config, store)
    chosen = package.choosing.chosen(exhibits)
    package.write(chosen, out, lambda _: None)
    return is_specimen(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A package as it was verified, and its digest. `unstamped` says why it has no token although it should have."""

    report: Report
    sha256: str
    left_out: tuple[str, ...]
    unstamped: str = ""


def _tell(asked: Asked, chosen: Sequence[Chosen], written: _Written, *, as_json: bool) -> None:
    report = written.report
    say(f"已导出 {len(chosen)} 个证据项，{report.checked} 条记录：{asked.out}")
    say(f"{STATE_WORDS[State(report.state)]}；SHA-256 {written.sha256}")
    if written.unstamped:
        say(f"证据包自身没有时间戳，文书因而也没有：{written.unstamped}")
    if written.left_out:
        say(f"{len(written.left_out)} 条请求记录写有签署例外的人的姓名，没有随包提供（VERIFY.md 中写明）")
    if is_specimen(chosen):
        say("其中有样本网的网页，不是真实平台，不得作为证据使用。")
    if as_json:
        print_json(
            {
                "package": str(asked.out),
                "sha256": written.sha256,
                "exhibits": [one.detail.exhibit.id for one in chosen],
                "records": report.checked,
                "state": report.state,
                "specimen": is_specimen(chosen),
                "left_out": list(written.left_out),
                "unstamped": written.unstamped,
                "chain": {"number": report.chain.number, "sha256": report.chain.head},
            }
        )


class _Package:
    """Puts together what goes into one package."""

    def __init__(self, config: Config, store: ExhibitStore) -> None:
        self._config = config
        self._engine: Engine = store.engine
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))
        self._sealer = sealer_of(config, store.engine)
        self._manifests = config.archive / FOLDER
        self.choosing = Choosing(config, store, self._archive, self._sealer)

    # -- writing -----------------------------------------------------------------------------------

    def write(self, chosen: Sequence[Chosen], out: Path, note: Callable[[str], None]) -> _Written:
        """Write the package; it is verified, and `note` told its digest, before it gets its name."""
        reports: list[Report] = []

        def approve(path: Path, sha256: str) -> None:
            reports.append(self._verified(path))
            note(sha256)

        def written(stamp: Callable[[bytes], bytes] | None, unstamped: str = "") -> _Written:
            contents = self._contents(chosen, clock.now())
            sha256 = write_package(out, contents, approve=approve, stamp=stamp)
            return _Written(
                report=reports[0], sha256=sha256, left_out=tuple(contents.left_out), unstamped=unstamped
            )  # fmt: skip

        try:
            return written(self._stamp())
        except NotStamped as wrong:
            if self._config.demand == State.STAMPED:
                raise
            return written(None, str(wrong))

    def _stamp(self) -> Callable[[bytes], bytes] | None:
        authorities = self._config.authorities
        if not authorities:
            return None
        return lambda over: stamp_bytes(over, authorities, clock.now())

    def _verified(self, path: Path) -> Report:
        trusted = [one for authority in self._config.authorities for one in anchors(authority.ca.read_bytes())]
        report = verify_package(path, trusted, self._config.demand)
        if not report.ok:
            raise EvidenceBroken(f"写成的证据包没有通过核验：{report.broken[0]}")
        return report

    def note(self, chosen: Sequence[Chosen], asked: Asked, sha256: str) -> None:
        """Write down in the audit log who exports what."""
        exhibits = [one.detail.exhibit.id for one in chosen]
        detail = {"package": sha256, "file": asked.out.name, "exhibits": exhibits}
        AuditLog(self._engine).add(
            Act(who=asked.by, act="export", subject="、".join(exhibits), at=clock.now(), detail=detail)
        )

    def _contents(self, chosen: Sequence[Chosen], now: datetime) -> Contents:
        wanted = prove(self._manifests, sorted(set(_extents(chosen)), key=lambda one: (one.file, one.start)))
        left_out = tuple(one.id for one in wanted if one.type == "request" and self._names_somebody(one))
        proofs = tuple(one for one in wanted if one.id not in left_out)
        house = self._house(now)
        return Contents(
            proofs=proofs,
            read=self._member,
            manifests=self._manifests,
            newest=house.head.number,
            described=described(chosen, house, left_out),
            pages=tuple({one.id: one for exhibit in chosen for one in self._pages(exhibit)}.values()),
            pictures=tuple(self._parts(chosen, "pictures/")),
            texts=tuple(self._parts(chosen, "texts/")),
            documents=tuple(sorted(papers(chosen, house, self._archive), key=lambda one: one.name)),
            created=now,
            software=TOOL,
            title=f"蓝天巡查证据包：{'、'.join(one.detail.exhibit.id for one in chosen)}",
            is_specimen=is_specimen(chosen),
            left_out=left_out,
        )

    def _names_somebody(self, request: Proof) -> bool:
        """Older records say by name who signed for what robots.txt forbids."""
        member = self._member(request)
        if hashlib.sha256(member).hexdigest() != request.sha256:
            return False  # the writer of the package refuses it by name
        override = warc.read_member(member).field("Lantian-Override")
        return bool(override) and not _NAMELESS.match(override)

    def _house(self, now: datetime) -> House:
        head, audit = self._sealer.head(), AuditLog(self._engine).head()
        return House(
            archive_id=head_of(self._config.archive, head.number).archive,
            head=head,
            demand=self._config.demand,
            tool=TOOL,
            audit=f"{audit.count} 条 {audit.digest}",
            made_at=now,
        )

    def _member(self, proof: Proof) -> bytes:
        return self._archive.member(proof.file, proof.offset, proof.length)

    def _parts(self, chosen: Sequence[Chosen], folder: str) -> Iterator[Part]:
        """Captures that lie in the package as files of their own too, unchanged."""
        found = {kept.file: kept.capture for one in chosen for kept in one.kept if kept.file.startswith(folder)}
        for name, capture in sorted(found.items()):
            yield Part(name=name, read=partial(self._archive.produce, capture))

    def _pages(self, one: Chosen) -> Iterator[PackagePage]:
        """The page as the server gave it, and as the browser saw it where its own answer is among the records."""
        detail, capture = one.detail, one.detail.capture
        label = platform(detail.exhibit.listing.platform).label
        title = f"{label}：{detail.run.query} 第 {detail.page_number} 页"
        is_brought = capture.how is How.IMPORTED
        url = warc.visit_uri(capture.how, capture.url) if is_brought else warc.uri(capture.url)
        yield PackagePage(id=capture.id, url=url, title=harmless(title), at=capture.taken_at)
        for visit, facts in one.visits:
            url = warc.uri(urldefrag(visit.url).url)
            if any(record.type == "response" and record.uri == url for record in facts.records):
                text = _text(self._archive.produce(visit.text))
                yield PackagePage(
                    id=visit.id, url=url, title=harmless(facts.title) or title, at=visit.started_at, text=text
                )


def _text(raw: bytes) -> str:
    """What can be told as JSON and come back the same; else nothing."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _extents(chosen: Sequence[Chosen]) -> Iterator[Extent]:
    for one in chosen:
        for kept in one.kept:
            if kept.part in ALONE:
                at = kept.capture
                yield Extent(file=at.file, start=at.offset, end=at.offset + at.length, and_request=True)
        for visit, _ in one.visits:
            yield Extent(file=visit.file, start=visit.offset, end=visit.offset + visit.length)
