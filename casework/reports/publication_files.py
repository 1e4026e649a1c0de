"""The publication list as files for a web site or a notice board: XLSX, JSON and HTML of the same entries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from html import escape
from typing import BinaryIO

from casework.papers.paper import printable
from casework.reports.ledger_columns import day
from casework.reports.sheets import Book, Head
from storage.cases.publications import Publication

HEADS = ("序号", "当事人", "统一社会信用代码", "标题", "事实", "依据", "公示日期", "截止日期", "案件编号")
WIDTHS = (6, 26, 20, 30, 50, 40, 12, 12, 14)
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font-family: "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2em; line-height: 1.6 }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #666; padding: .4em .6em; text-align: left; vertical-align: top }}
th {{ background: #eee }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{note}</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def title_on(on: date) -> str:
    return f"知识产权代理违法行为公示名单（{on}）"


def note_of(entries: Sequence[Publication]) -> str:
    """How many, and that they end by themselves."""
    return f"共 {len(entries)} 条。各条到截止日期自动移出；信用修复的提前移出。"


def cells_of(place: int, entry: Publication) -> tuple[str, ...]:
    """One entry as every form tells it."""
    first, last = day(entry.first_day), day(entry.last_day)
    words = (entry.actor, entry.credit_code, entry.title, entry.facts, entry.basis)
    return (str(place), *map(printable, words), first, last, entry.case)


def write_xlsx(file: BinaryIO, entries: Sequence[Publication], on: date) -> None:
    book = Book()
    heads = [Head(name=name, width=width) for name, width in zip(HEADS, WIDTHS, strict=True)]
    sheet = book.sheet("公示名单", heads, (title_on(on), note_of(entries)))
    for place, entry in enumerate(entries, 1):
        sheet.add(cells_of(place, entry))
    book.save(file)


def write_json(file: BinaryIO, entries: Sequence[Publication], on: date) -> None:
    told = [dict(zip(HEADS, cells_of(place, entry), strict=True)) for place, entry in enumerate(entries, 1)]
    document = {"title": title_on(on), "on": on.isoformat(), "note": note_of(entries), "entries": told}
    file.write(json.dumps(document, ensure_ascii=False, indent=1).encode())


def write_html(file: BinaryIO, entries: Sequence[Publication], on: date) -> None:
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells_of(place, entry)) + "</tr>"
        for place, entry in enumerate(entries, 1)
    )
    heads = "".join(f"<th>{escape(name)}</th>" for name in HEADS)
    told = {"title": escape(title_on(on)), "note": escape(note_of(entries)), "heads": heads, "rows": rows}
    file.write(_PAGE.format(**told).encode())


FORMS = {".xlsx": write_xlsx, ".json": write_json, ".html": write_html}
