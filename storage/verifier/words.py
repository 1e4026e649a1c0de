"""A report in words for people and as JSON for programs, and the exit code that goes with it.

Names and details may come from a hostile archive: what a terminal would obey is shown, not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from storage.verifier.report import ABSENT, ELSEWHERE, OPEN, SEALED, STAMPED, Report

EXIT_GOOD, EXIT_NOTHING, EXIT_BROKEN = 0, 2, 4
MOST_SHOWN = 20
STATE_WORDS = {
    OPEN: "还有记录未封存",
    SEALED: "已全部封存，没有核验时间戳：持有磁盘的人能把整条链重算一遍",
    STAMPED: "已全部封存，每份清单都有所信任机构的时间戳",
}

ROWS_WORDS = {
    ABSENT: "没有与数据库核对：档案旁没有 lantian.db。",
    ELSEWHERE: "没有逐行与数据库核对：数据库不是档案旁的文件。",
}


def exit_code(report: Report) -> int:
    """0 when everything holds as demanded, else 4."""
    return EXIT_GOOD if report.ok else EXIT_BROKEN


def verdict(report: Report) -> str:
    """The verdict in one line."""
    if report.ok:
        return f"一致。{STATE_WORDS[report.state]}。"
    if not report.is_consistent:
        return f"不一致，共 {report.total} 处。"
    if any(broken.kind == "not_sealed" for broken in report.broken):
        return "一致，但没有全部封存。"
    return "一致，但未锚定。"


def told(report: Report) -> dict[str, Any]:
    """The report as JSON wants it."""
    # Sets and moments are none of it, so the fields are already what JSON has.
    return {"ok": report.ok} | asdict(report)


def as_json(report: Report) -> str:
    """One line; what is no text in a name is escaped."""
    line = json.dumps(told(report), ensure_ascii=False)
    return line.encode("utf-8", "backslashreplace").decode()


def lines(report: Report) -> Iterator[str]:
    """For a person."""
    yield verdict(report)
    for broken in report.broken[:MOST_SHOWN]:
        yield f"  {harmless(str(broken))}"
    if report.total > MOST_SHOWN:
        yield f"  ……另有 {report.total - MOST_SHOWN} 处，见 --json"
    counts = [f"读过 {report.checked} 条记录"]
    counts += [f"其中 {report.unsealed} 条未封存"] if report.unsealed else []
    counts += [f"按期删除 {report.expired} 条"] if report.expired else []
    counts += [f"封存前已损坏 {report.damaged} 处"] if report.damaged else []
    yield "，".join(counts) + "。"
    if report.rows in ROWS_WORDS:
        yield ROWS_WORDS[report.rows]
    chain = report.chain
    if chain.manifests:
        yield f"链条：{chain.manifests} 份清单，末份第 {chain.number} 号，封存于 {chain.sealed_at}"
        yield f"链首：SHA-256 {chain.head}"
        yield f"时间戳：{chain.stamped_at or '没有经核验的'}"


def harmless(text: str) -> str:
    """Control characters and the like as their numbers."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
