"""`lantian archive export`: a result as a file, a table or a package. Nothing leaves that does not verify, by name.

What a kill, a full disk or a refusal leaves is gone on with by the same command; the file is the same as of one that
was never broken off, and gets its name when the audit log knows of it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from console.archive.forms import Csv, Form, JsonLines, Rows
from console.archive.indexing import caught_up
from console.archive.leaving import Exporter, Gate, exporter
from console.archive.query import Chosen, parsed
from console.archive.spool import BODY, FINISHED, Mark, Spool, discard, spool
from console.archive.workbook import write_workbook
from console.export import pack
from console.ledger import opened
from console.output import harmless, print_json, progress, say
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, UserMistake
from storage.audit import Act, AuditLog, add_on
from storage.canonical import canonical
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.search import Search
from storage.searching.resting import resting
from storage.searching.shapes import Query

BATCH = 500  # exhibits
MOST_PACKED = 1_000  # exhibits of one package: each has its papers
FORMATS = ("csv", "xlsx", "jsonl", "wacz")
ACT = "archive_export"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question as it was typed, in which format, into which file, and who exports."""

    words: str
    chosen: Chosen
    format: str
    out: Path
    by: str


def refuse_odd(form: str, out: Path) -> None:
    """`UserMistake` for a format that there is not, and for a file that is not named or placed for it."""
    if form not in FORMATS:
        raise UserMistake(f"--format 要是 {'、'.join(FORMATS)} 之一，不是 {harmless(form)}")
    if out.suffix.lower() != f".{form}" or not out.absolute().parent.is_dir():
        raise UserMistake(f"--out {harmless(str(out))}：要写成已有文件夹中的 .{form} 文件")


def export(asked: Asked, *, as_json: bool) -> int:
    """Write the file, or go on with it. `UserMistake` or `EvidenceBroken` says why not; then nothing has the name."""
    refuse_odd(asked.format, asked.out)
    config = Config.load()
    with opened(config) as store:
        who = exporter(config, store.engine, asked.by)
        if asked.format == "wacz" and who.is_masked:
            raise UserMistake("证据包里是原始网页，联系方式无法遮盖：要有联系方式可见权限，或导出 csv、xlsx、jsonl")
        query = parsed(asked.words, who.reader.chosen(store.engine, asked.chosen))
        caught_up(config, store.engine)
        with spool(asked.out) as made, _told_when_full(made):
            export = _Export(asked, who, made, _Result(config=config, store=store, query=query))
            export.begin()
            resumed = made.mark.done
            export.write()
            export.finish()
            export.note()
            made.hand_over(export.file)
    _tell(asked, who, made, resumed, as_json=as_json)
    return EXIT_DONE


@contextmanager
def _told_when_full(made: Spool) -> Iterator[None]:
    """A full disk is for the operator to mend; what is written is written."""
    try:
        yield
    except OSError as wrong:
        if wrong.errno not in _FULL:
            raise
        done = f"已写好 {made.mark.done}/{made.number} 项，没有丢失"
        raise UserMistake(
            f"空间不足，没有写完 {harmless(str(made.out))}（{wrong.strerror}）：{done}；腾出空间后，用同一命令接着导出"
        ) from None


def _tell(asked: Asked, who: Exporter, made: Spool, resumed: int, *, as_json: bool) -> None:
    mark = made.mark
    if resumed:
        say(f"接着上次的导出：已有 {resumed} 项")
    say(f"已导出 {mark.lines} 个证据项：{harmless(str(asked.out))}")
    say(f"SHA-256 {mark.sha256}" + ("；联系方式已遮盖" if who.is_masked else ""))
    if gone := mark.done - mark.lines:
        say(f"另有 {gone} 项的固定已按保存期限删除，无从核验，不在文件中")
    if mark.is_specimen:
        say("其中有样本网的网页，不是真实平台，不得作为证据使用。")
    if as_json:
        told = {"file": str(asked.out), "format": asked.format, "exhibits": mark.lines, "sha256": mark.sha256}
        print_json(told | {"gone": gone, "masked": who.is_masked, "specimen": mark.is_specimen, "resumed": resumed})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What the question means, and the home it is asked of."""

    config: Config
    store: ExhibitStore
    query: Query


class _Export:
    """One file in the making. Whatever is done already is not done again."""

    def __init__(self, asked: Asked, who: Exporter, made: Spool, result: _Result) -> None:
        self._asked, self._who, self._made, self._result = asked, who, made, result
        self._engine = result.store.engine
        self._search = Search(self._engine)

    @property
    def file(self) -> str:
        """The finished file in the spool; a package tells its own name."""
        return {"xlsx": FINISHED, "wacz": self._asked.out.name}.get(self._asked.format, BODY)

    def begin(self) -> None:
        """Take up what was begun, or write down which exhibits these are."""
        made, question = self._made, self._question()
        if os.path.lexists(made.out) and not (made.is_begun and made.is_named(self.file)):
            if not made.is_begun:
                discard(made)
            raise UserMistake(f"{harmless(str(made.out))} 已经存在，不会覆盖")
        if made.is_begun:
            made.take_up(question)
            return
        made.begin(question, self._search.rows(self._result.query))
        most = MOST_PACKED if self._asked.format == "wacz" else made.number
        if not 0 < made.number <= most:
            number = made.number
            discard(made)
            raise UserMistake(
                f"符合的有 {number} 项，一个证据包最多 {most} 项：请缩小范围，分几个包导出"
                if number
                else "没有符合的证据项，没有写文件"
            )

    def _question(self) -> str:
        """What is asked, by whom and what he may see, in words that are the same for the same."""
        who = {"by": self._who.name, "masked": self._who.is_masked, "districts": list(self._who.reader.districts)}
        told = {"query": _plain(asdict(self._result.query)), "words": self._asked.words, "format": self._asked.format}
        return canonical(told | who | {"tool": TOOL}).decode()

    # -- exhibits ------------------------------------------------------------------------------------

    def write(self) -> None:
        """All exhibits into the body, some hundreds at a time, each batch safe before the next; or into a package."""
        if self._made.mark.sha256:
            return
        if self._asked.format == "wacz":
            self._pack()
            return
        form, gate = self._form(), Gate(self._result.config, self._engine, self._who)
        left = range(self._made.mark.done, self._made.number, BATCH)
        with self._made.body() as body, progress("导出", len(left)) as tell:
            if not self._made.mark.size:
                body.write(form.begin())
            for after in left:
                self._batch(body, form, gate, after)
                tell(f"{self._made.mark.done}/{self._made.number} 项")

    def _batch(self, body: BinaryIO, form: Form, gate: Gate, after: int) -> None:
        rows, mark = self._made.rows(after, BATCH), self._made.mark
        leaving = gate.out(self._search.hits(rows))
        body.writelines(form.line(one) for one in leaving)
        is_specimen = mark.is_specimen or any(one.is_specimen for one in leaving)
        done, lines = mark.done + len(rows), mark.lines + len(leaving)
        self._made.written(body, replace(mark, done=done, lines=lines, is_specimen=is_specimen))

    def _form(self) -> Form:
        if self._asked.format == "jsonl":
            return JsonLines(is_masked=self._who.is_masked)
        return Csv() if self._asked.format == "csv" else Rows()

    def _pack(self) -> None:
        made = self._made
        for path in (*made.folder.glob(".*.part"), made.folder / self.file):
            path.unlink(missing_ok=True)
        rows = made.rows(0, made.number)
        left = {row for row, one in resting(self._engine, rows.tolist()).items() if not one.page.expired_in}
        ids = self._search.public_ids(np.array([row for row in rows.tolist() if row in left], np.int64))
        if not ids:
            raise UserMistake("这些证据项的固定都已按保存期限删除，没有写文件")
        is_specimen = pack(self._result.config, self._result.store, ids, made.folder / self.file)
        made.keep(Mark(done=made.number, lines=len(ids), is_specimen=is_specimen))

    # -- the file ------------------------------------------------------------------------------------

    def finish(self) -> None:
        """The file as it will be, and its digest."""
        made = self._made
        if made.mark.sha256:
            return
        if self.file == FINISHED:
            with made.finishing() as out:
                write_workbook(made.folder / BODY, made.mark.lines, out)
        made.keep(replace(made.mark, sha256=made.digest(self.file)))

    def note(self) -> None:
        """The audit log knows of it, once, before the file has its name."""
        made = self._made
        if made.mark.is_noted:
            return
        if made.mark.entries < 0:
            made.keep(replace(made.mark, entries=AuditLog(self._engine).head().count))
        if not self._is_in_log(made.mark.entries):
            with writing(self._engine).begin() as connection:
                add_on(connection, self._who.sign(self._act()))
        made.keep(replace(made.mark, is_noted=True))

    def _is_in_log(self, after: int) -> bool:
        """Whether a run that died wrote it down behind this entry and could not remember."""
        log = AuditLog(self._engine)
        while entries := log.entries(after=after):
            if any(one.act == ACT and json.loads(one.detail)["export"] == self._made.id for one in entries):
                return True
            after = entries[-1].id
        return False

    def _act(self) -> Act:
        mark, asked = self._made.mark, self._asked
        detail: dict[str, str | int | bool] = {
            "export": self._made.id,
            "query": asked.words,
            "asked": canonical(_plain(asdict(self._result.query))).decode(),
            "format": asked.format,
            "exhibits": mark.lines,
            "gone": mark.done - mark.lines,
            "sha256": mark.sha256,
            "masked": self._who.is_masked,
        }
        return Act(who=self._who.name, act=ACT, subject=asked.out.name, at=clock.now(), detail=detail)


def _plain(value: Any) -> Any:
    """The same in JSON, sets in order."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(_plain(one) for one in value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
