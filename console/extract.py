"""`lantian extract`: two officers, each proved by his own password, open the page again and take home what it shows.

It opens the page on which the exhibit was seen, never an advertiser's link. A page that is gone or says something
else by now is a result, and is told as it is.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import DatabaseError, OperationalError

from casework.papers.extraction import facts_written
from casework.papers.paper_facts import ChainHead, ExtractionFacts, PageSeen
from casework.papers.pdf_paper import demand_pdf
from casework.people import officer
from console.extraction_facts import (
    VERDICT_WORDS,
    chain_of,
    files_of,
    page_of,
    showing_reason,
    showing_troubles,
    surroundings_troubles,
    target_of,
    visit_troubles,
)
from console.extraction_papers import tell, write_papers
from console.extraction_sealing import seal_visit, stamp_visit, words_of
from console.files import platform
from console.ledger import opened
from console.officers import proved, two_names
from console.output import harmless
from console.sealing import sealer_of
from crawler import clock
from crawler.captures import BrowserCapture, PictureVerdict, Showing, Visit
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN, EXIT_USAGE, Disallowed, Unreachable, UserMistake
from crawler.items import Capture
from pipelines.bring import NotBrought, bring
from pipelines.locating import Wanted
from pipelines.permission import Permission, permission
from pipelines.room import Room
from pipelines.shown import failed, showings, sought
from pipelines.surroundings import look
from storage.audit import Act, AuditLog
from storage.exhibits import ExhibitStore
from storage.people import Extraction, People, Person
from storage.shapes import ExhibitDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: the officers' names, where they are, and perhaps a file with their passwords."""

    officers: str
    place: str = ""
    login_file: Path | None = None


def extract(exhibit: str, asked: Asked, *, as_json: bool) -> int:
    """One extraction: 3 when the page no longer shows what was seen, 4 when it could not be sealed or evidence is not
    what it was, 2 when the database did not take its row. Its papers are written all the same."""
    config = Config.load()
    names = two_names(asked.officers)
    demand_pdf()
    with opened(config) as store:
        detail = store.exhibit(exhibit)
        _refuse_unopenable(detail)
        officers = proved(People(store.engine), names, asked.login_file, f"extract {detail.exhibit.id}")
        work = Work(config, store, detail, officers)
        facts = asyncio.run(work.carried_out(asked.place))
        folder = config.home / "extractions" / facts.id
        write_papers(folder, facts)
    tell(facts, work.visits, folder, as_json=as_json)
    if work.failure:
        return work.failure
    return EXIT_DONE if facts.verdict is PictureVerdict.SHOWS_QUOTE else EXIT_NOT_CLEAN


def _refuse_unopenable(detail: ExhibitDetail) -> None:
    if not detail.exhibit.findings:
        raise UserMistake(f"证据项 {detail.exhibit.id} 没有发现，没有可以核对的表述")
    if urlsplit(detail.page_url).scheme not in ("http", "https"):
        raise UserMistake(f"证据项 {detail.exhibit.id} 的页面不是网上的：{harmless(detail.page_url)}")


# -- what ------------------------------------------------------------------------------------------


class Work:
    """One extraction while it is done; every step has its time, and whatever is out of order is kept."""

    def __init__(
        self, config: Config, store: ExhibitStore, detail: ExhibitDetail, officers: tuple[Person, Person]
    ) -> None:
        self.id = f"{clock.now().astimezone(clock.SHANGHAI):%Y%m%d}-{secrets.token_hex(4)}"
        self.visits: tuple[str, ...] = ()
        self.failure = EXIT_DONE  # the exit code of the gravest thing that failed
        self._is_sealed = True
        self._last: Capture | None = None  # the visit's last record
        self._seal_number = 0
        self._config = config
        self._store = store
        self._detail = detail
        self._officers = officers
        self._steps: list[tuple[datetime, str]] = []
        self._troubles: list[str] = []

    async def carried_out(self, place: str) -> ExtractionFacts:
        """All of it, up to the row; the facts are what the record is printed from."""
        started_at = clock.now()
        names = "、".join(one.name for one in self._officers)
        self._step(f"{names} 各以本人口令登录")
        begun = Act(who=names, act="extraction_begun", subject=self._detail.exhibit.id, at=started_at)
        AuditLog(self._store.engine).add(begun)
        around = await look(self._config, urlsplit(self._detail.page_url).hostname or "")
        self._step("检查本机时钟、hosts 文件、代理设置和域名解析")
        self._troubles += surroundings_troubles(around)
        facts = await self._page_taken(
            ExtractionFacts(
                id=self.id,
                officers=(officer(self._officers[0]), officer(self._officers[1])),
                started_at=started_at,
                ended_at=started_at,
                target=target_of(self._detail),
                verdict=PictureVerdict.FAILED,
                surroundings=around,
                page=None,
                steps=(),
                files=(),
                place=place.strip(),
                tool=TOOL,
                is_specimen=self._detail.capture.is_specimen,
            )
        )
        self._seal()
        return self._recorded(facts)

    async def _page_taken(self, facts: ExtractionFacts) -> ExtractionFacts:
        """The page opened, kept, and compared with what was seen."""
        spider, query, exhibit = platform(self._detail.run.platform)(), self._detail.run.query, self._detail.exhibit
        wanted = Wanted(sought=sought([exhibit]), query=query, labels=spider.ad_labels)
        room = Room(self._config)
        try:
            allowed = await self._permitted(spider.name)
            visit, kept = await bring(room, self._detail.page_url, wanted, allowed.override)
            room.archive.sync()
            written = room.archive.produce(kept.facts)
        except NotBrought as trouble:
            (showing,) = failed([exhibit], trouble.reason, str(trouble))
            self._step(f"打开 {self._detail.page_url}，没有成功")
            self._troubles += showing_troubles(showing)
            sought_page = PageSeen(requested_url=self._detail.page_url, url="", status=0)
            return replace(facts, page=sought_page, reason=showing_reason(showing))
        finally:
            await room.close()
        self._kept(visit, kept)
        (showing,) = showings([exhibit], visit, spider, query)
        names = tuple(one.name for one in facts.officers)
        files = tuple(replace(one, taken_by=names) for one in files_of(visit, kept, written))
        page = page_of(visit)
        taken = replace(facts, page=page, files=files, browser=visit.browser, is_specimen=visit.is_specimen)
        return self._compared(taken, showing)

    async def _permitted(self, name: str) -> Permission:
        """Officers go by the same robots.txt and signatures as a round. Raises `NotBrought` without an answer."""
        url = self._detail.page_url
        try:
            allowed = await permission(self._config, self._store, name, url)
        except Disallowed as refused:
            names, said = "、".join(one.name for one in self._officers), harmless(refused.detail)
            act = Act(who=names, act="extraction_refused", subject=self._detail.exhibit.id, at=clock.now())
            AuditLog(self._store.engine).add(act)
            raise UserMistake(
                f"robots.txt 禁止打开 {harmless(url)}（{said}），没有人签署例外。"
                f"签署：lantian override sign {name} --person 姓名 --reason 理由"
            ) from None
        except Unreachable as trouble:
            self._step("查看 robots.txt：没有答复，网页不打开")
            raise NotBrought("not_loaded", str(trouble)) from trouble
        by = f"禁止（{allowed.refusal}），已由例外第 {allowed.number} 号放行" if allowed.refusal else "允许"
        self._step(f"查看 robots.txt：{by}")
        return allowed

    def _kept(self, visit: Visit, kept: BrowserCapture) -> None:
        self._last = kept.facts
        try:
            self._store.record_visit(kept)
            self.visits = (visit.id,)
        except DatabaseError as wrong:
            self._unwritten("本次访问没有登记", wrong)
        # Each page is opened in a context of its own: see `pipelines.browser`.
        self._steps.append((visit.started_at, "启用新的浏览器环境，不带以前的 Cookie 和缓存"))
        self._steps += [(at, f"{words} {visit.requested_url}" if n == 0 else words)
                        for n, (at, words) in enumerate(visit.steps)]  # fmt: skip
        self._troubles += visit_troubles(visit)
        place = f"{kept.file} 偏移 {kept.offset} 长 {kept.length}"
        self._step(f"写入归档文件 {place}，共 {kept.records} 条记录，网页的全部请求和响应在内")

    def _compared(self, facts: ExtractionFacts, showing: Showing) -> ExtractionFacts:
        self._step(f"重新读取网页文档，与监测时所见核对：{VERDICT_WORDS[showing.verdict]}")
        self._troubles += showing_troubles(showing)
        reason = showing_reason(showing) if showing.reason else ""
        return replace(facts, verdict=showing.verdict, reason=reason)

    def _seal(self) -> None:
        """Seal at once, and ask for a stamp where an authority is named; a failure is told, not hidden."""
        sealed = seal_visit(self._config, self._store.engine, self._last)
        self._seal_number, self._is_sealed = sealed.number, sealed.is_sealed
        self._troubles += sealed.troubles
        if not sealed.is_sealed:
            self.failure = EXIT_EVIDENCE
            return
        if sealed.number:
            self._step(f"封存，本次的全部记录列入第 {sealed.number} 号清单")
        stamped = stamp_visit(self._config, self._store.engine, self._last)
        self._troubles += stamped.troubles
        if stamped.is_broken:
            self.failure = EXIT_EVIDENCE

    def _recorded(self, facts: ExtractionFacts) -> ExtractionFacts:
        """Its row, from which the record can be printed again; where the database refuses it, the papers say so."""
        try:
            chain = self._chain()
        except DatabaseError as wrong:
            chain = None
            self._unwritten("没有查到链首", wrong)
        ended_at, steps = clock.now(), tuple(self._steps)
        facts = replace(facts, ended_at=ended_at, steps=steps, troubles=tuple(self._troubles), chain=chain)
        try:
            self._write_down(facts)
        except DatabaseError as wrong:
            self._unwritten("本次提取没有登记，笔录不能再次打印", wrong)
        return replace(facts, troubles=tuple(self._troubles))

    def _chain(self) -> ChainHead | None:
        sealer = sealer_of(self._config, self._store.engine)
        head = sealer.heads(self._seal_number, self._seal_number)[0] if self._seal_number else sealer.head()
        return chain_of(head) if self._is_sealed else None

    def _write_down(self, facts: ExtractionFacts) -> None:
        done = Extraction(
            id=facts.id,
            exhibit=facts.target.exhibit,
            officers=(self._officers[0].id, self._officers[1].id),
            started_at=facts.started_at,
            ended_at=facts.ended_at,
            place=facts.place,
            visits=self.visits,
            outcome=facts.verdict.value,
            reason=facts.reason,
            seal=self._seal_number or None,
            facts=facts_written(facts),
        )
        People(self._store.engine).keep_extraction(done, self._officers)

    def _unwritten(self, what: str, wrong: DatabaseError) -> None:
        """What the database did not take or give: a full disk is the operator's, a damaged one is evidence."""
        self._troubles.append(f"{what}：{words_of(wrong)}")
        if not isinstance(wrong, OperationalError):
            self.failure = EXIT_EVIDENCE
        self.failure = self.failure or EXIT_USAGE

    def _step(self, words: str) -> None:
        self._steps.append((clock.now(), words))
