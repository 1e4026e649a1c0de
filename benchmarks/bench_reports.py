"""What reports cost: the ledger over 2 000 and 20 000 leads, a month in a home of one year and of forty.

Beside the ledger, openpyxl alone writing a sheet of as many rows and columns of plain words. Each ledger is written
in a process of its own, whose largest resident memory is told.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook
from sqlalchemy import Engine, insert

from casework.masking import masked
from casework.reports.coverage import Covered
from casework.reports.ledger import write_ledger
from casework.reports.ledger_columns import COLUMNS, Told
from casework.reports.period import Asked, days, month, period_report
from crawler.tables import Reports
from storage.cases.figure_rows import FigureRows
from storage.cases.ledger_rows import LedgerRows
from storage.db import open_database, writing
from storage.tables.leads import LeadRow, MoveRow

FEW, MANY = 2_000, 20_000
MONTHLY = 200  # leads
AT = datetime(2026, 11, 3, 4, tzinfo=UTC)
COVERED = Covered(first=date(2026, 1, 1), last=date(2026, 12, 31), as_of="", platforms=())
TITLE = "发明专利代写 保证授权 不授权退款 {} 号店铺，联系客服咨询，电话 13800000000"
_WORDS = (
    "platform title seller url note district unit assignee reference office decided_by reason approved_by"
).split()
_NONE = (
    "actor_id case_id due_at told_at handled_at answered_at closed_at merged_into decided_at decision approved_at approval"
).split()


def lead(number: int, at: datetime) -> dict[str, object]:
    """One lead's columns."""
    told: dict[str, object] = dict.fromkeys(_WORDS, "示例") | dict.fromkeys(_NONE)
    told |= {"id": number, "number": f"X2026-{number:05}", "source": "monitoring", "categories": ["guaranteed_grant"]}
    told |= {"points": 70, "state": "new", "state_at": at, "found_at": at, "registered_at": at, "reopened": 0}
    return told | {"title": TITLE.format(number), "url": f"https://www.example.com/{number}"}


def move(number: int, at: datetime) -> dict[str, object]:
    told = {"before": "", "after": "new", "by": "lantian", "reason": "", "detail": []}
    return told | {"lead_id": number, "move": "register", "at": at, "entry": number}


def home(folder: Path, moments: list[datetime]) -> Engine:
    """A lead for each moment."""
    engine = open_database(folder / f"{len(moments)}.db")
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), [lead(number, at) for number, at in enumerate(moments, 1)])
        connection.execute(insert(MoveRow), [move(number, at) for number, at in enumerate(moments, 1)])
    return engine


def took(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def ledger(engine: Engine) -> None:
    told = Told(label_of=str, mask=masked, now=AT)
    with engine.connect() as connection, tempfile.TemporaryFile() as file:
        rows = LedgerRows(connection).rows(days(date(2026, 1, 1), date(2026, 12, 31)))
        write_ledger(file, rows, told, COVERED, lambda: None)


def plain(rows: int) -> None:
    """The same number of cells, each a plain word."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("a")
    for _ in range(rows):
        sheet.append(["示例"] * len(COLUMNS))
    book.save(io.BytesIO())


def apart(database: Path) -> tuple[float, float]:
    """CPU seconds and MB of writing the ledger of a home in a process of its own."""
    argv = [sys.executable, "-m", "benchmarks.bench_reports", str(database)]
    told = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return float(told["seconds"]), float(told["megabytes"])


def alone(database: Path) -> None:
    """The child's part. What it loads is loaded before it is timed."""
    masked(TITLE)
    engine = open_database(database)
    seconds = took(lambda: ledger(engine))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


def monthly(engine: Engine) -> None:
    with engine.connect() as connection:
        asked = Asked(settings=Reports(), label_of=str, now=AT)
        period_report(FigureRows(connection), days(*month("2026-11")), asked)


def ledgers(folder: Path) -> list[dict[str, object]]:
    for rows in (FEW, MANY):
        home(folder, [AT + timedelta(seconds=one) for one in range(rows)]).dispose()
    few, many = apart(folder / f"{FEW}.db"), apart(folder / f"{MANY}.db")
    bare = took(lambda: plain(FEW)) / FEW * 1000
    each, note = many[0] / MANY * 1000, f"{MANY} leads; {FEW} leads"
    return [
        {"name": "ledger, CPU-ms a lead", "value": each, "baseline": bare, "note": f"{MANY} leads; openpyxl alone"},
        {"name": "ledger, growth a lead", "value": each, "baseline": few[0] / FEW * 1000, "note": note},
        {"name": "ledger, peak MB", "value": many[1], "baseline": few[1], "note": note},
    ]


def months(folder: Path) -> dict[str, object]:
    """A month with so many leads, in a home that has nothing else, and in one with forty years of them."""
    those = [AT] * MONTHLY
    young, old = home(folder, those), home(folder, those + [AT - timedelta(days=60 + one) for one in range(14_600)])
    monthly(young)
    spent = {name: min(took(lambda e=e: monthly(e)) for _ in range(3)) * 1000 for name, e in (("y", young), ("o", old))}  # type: ignore[misc]
    note = f"{MONTHLY} leads a month; forty years before it, and nothing before it"
    return {"name": "figures of a month, CPU-ms", "value": spent["o"], "baseline": spent["y"], "note": note}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = [*ledgers(Path(folder)), months(Path(folder))]
    for figure in figures:
        value, baseline = float(str(figure["value"])), float(str(figure["baseline"]))
        told = {"value": f"{value:.3g}", "baseline": f"{baseline:.3g}", "ratio": f"{value / baseline:.2f}"}
        print(json.dumps(figure | told, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    alone(Path(sys.argv[1])) if sys.argv[1:] else main()
