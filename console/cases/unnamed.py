"""The last look at a report before it is written: no words in it give away whoever reported a lead.

A report that leaves the house needs the key for that; the office's own ledger is written without it, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import islice

from docx import Document
from sqlalchemy import Engine

from casework.incoming.guard import known_reporters, refuse_reporters
from console.cases.reporter_keys import existing_key
from console.output import say
from crawler.config import Config
from storage.cases.ledger_rows import LedgerRow
from storage.cases.reporters import Reporters

BATCH = 200


def refuse_named(config: Config, engine: Engine, lead_ids: Sequence[int], files: Iterable[tuple[str, bytes]]) -> None:
    """`UserMistake` where a file names a reporter of these leads, or where nobody can tell for want of the key."""
    known = known_reporters(engine, lead_ids, existing_key(config, engine))
    refuse_reporters(known, ((name, _words(name, content)) for name, content in files))


def refuse_naming(config: Config, engine: Engine, rows: Iterable[LedgerRow], mask: Callable[[str], str]) -> None:
    """`UserMistake` where a row names one of its reporters as it will be shown (`mask`).

    Before a workbook is begun: one that is given up half-way complains for itself.
    """
    if not Reporters(engine).is_any():
        return
    key, left = existing_key(config, engine), iter(rows)
    if key is None:
        say("举报人密钥文件不在这里，台账没有与举报人信息比对")
        return
    while batch := list(islice(left, BATCH)):
        if Reporters(engine).behind(*(row.lead.id for row in batch)):
            for row in batch:
                known = known_reporters(engine, (row.lead.id,), key, is_unchecked=True)
                refuse_reporters(known, ((place, mask(text)) for place, text in _texts(row)))


def _words(name: str, content: bytes) -> str:
    if not name.endswith(".docx"):
        return content.decode()
    document = Document(BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join((*(one.text for one in document.paragraphs), *cells))


def _texts(row: LedgerRow) -> Iterator[tuple[str, str]]:
    """What people or pages wrote, with its place."""
    lead = row.lead
    for name, text in (("标题", lead.title), ("备注", lead.note), ("理由", lead.reason), ("网址", lead.url)):
        yield f"线索 {lead.number} 的{name}", text
    yield from ((f"线索 {lead.number} 的违规表述", one.quote) for one in row.exhibits)
    for move in row.moves:
        yield f"线索 {lead.number} 的办理过程", "\n".join((move.reason, *move.detail))
