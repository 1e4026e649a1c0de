"""`lantian archive export` of a whole archive: exhibits a second and resident memory, at 10⁴ and 10⁵ exhibits.

Every capture is a page as a platform writes it, sealed, and read again by the export and by its spider. The baseline of
the speed writes the same rows to CSV with nothing verified; that of the memory is the smaller archive. With a folder as argument the homes stay there.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler import clock
from crawler.captures import Exchange
from crawler.items import Exhibit, Exhibits, Page, Sightings
from detectors.near import bands
from pipelines.tie import exhibit_id
from spiders.taobao import Taobao
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.seal import Sealer
from storage.searching.indexing import Indexer
from storage.shapes import PlannedRun

SIZES = (10_000, 100_000)
A_PAGE = 50  # exhibits
TOOL = "lantian benchmark"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
FORMATS = ("csv", "xlsx", "jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How long a command took, and how many megabytes it held at most."""

    seconds: float
    megabytes: float


def page(number: int) -> bytes:
    """A search's state with invented offers, each of an item of its own, in a document with some markup around it."""
    auctions = [
        {
            "nid": f"{number}-{place}",
            "title": f"示例专利代写 第 {number}-{place} 号 加急包授权",
            "raw_title": f"示例店铺的第 {number} 页第 {place} 件，不授权全额退款，材料齐全即可办理。" * 3,
            "detail_url": f"https://item.taobao.example/{number}-{place}",
            "nick": f"示例店{number % 997}",
            "user_id": str(number % 997),
            "view_price": "2 800.00",
            "pic_url": f"https://img.taobao.example/{number}-{place}.jpg",
        }
        for place in range(1, A_PAGE + 1)
    ]
    state = json.dumps({"mods": {"itemlist": {"data": {"auctions": auctions}}}}, ensure_ascii=False)
    around = "".join(f'<div class="tip"><a href="/{at}">示例链接 {at}</a></div>' for at in range(500))
    return f"<html><head><script>g_page_config = {state};</script></head><body>{around}</body></html>".encode()


def made(home: Path, exhibits: int) -> None:
    """A sealed and indexed home with so many exhibits, a capture a page."""
    home.mkdir(parents=True)
    engine = open_database(home / "lantian.db")
    store = ExhibitStore(engine)
    runs = [PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=BEGAN)]
    store.plan(store.begin_round(BEGAN, TOOL, ""), runs)
    store.open_runs(runs, BEGAN)
    with FolderArchive(home / "archive", tool=TOOL) as archive:
        for number in range(1, exhibits // A_PAGE + 1):
            store.record(seen(archive, number))
    Sealer(home / "archive", engine, tool=TOOL, demand="sealed").seal("", clock.now())
    Indexer(engine, bands).catch_up(lambda _: None)
    engine.dispose()


def seen(archive: FolderArchive, number: int) -> Exhibits:
    """One page of the run, kept."""
    at, url, body = BEGAN + timedelta(seconds=number), f"https://s.taobao.example/?p={number}", page(number)
    capture = archive.keep(
        Exchange(
            url=url,
            method="GET",
            request_headers=(("Host", "s.taobao.example"),),
            request_body=b"",
            status=200,
            reason="OK",
            protocol="HTTP/1.1",
            response_headers=(("Content-Type", "text/html"),),
            response_body=body,
            ip_address="127.0.0.1",
            fetched_at=at,
        )
    )
    reading = Taobao().read(Page(url=url, requested_url=url, body=body, content_type="text/html", query="包授权"))
    sightings = Sightings(
        run="run-1",
        platform="taobao",
        query="包授权",
        page_number=number,
        requested_url=url,
        url=url,
        seen_at=at,
        reading=reading,
        capture=capture,
    )
    exhibits = (Exhibit(id=exhibit_id(capture.id, one.position, one.key), listing=one) for one in reading.listings)
    return Exhibits(sightings=sightings, exhibits=tuple(exhibits))


def exported(home: Path, out: Path) -> Ran:
    """All of it in one file, by the command in a process of its own."""
    command = ["env", f"LANTIAN_HOME={home}", sys.executable, "-c", "from console.cli import main; main()"]
    command += ["archive", "export", "--kind", "product", "--by", "张示例", "--out", str(out)]
    start = time.perf_counter()
    ran = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(ran.pid, 0)
    ran.returncode = os.waitstatus_to_exitcode(status)
    if ran.returncode:
        raise SystemExit(f"the export of {out.suffix} ended with {ran.returncode}")
    return Ran(seconds=time.perf_counter() - start, megabytes=used.ru_maxrss / 1024)


def plainly(home: Path, out: Path) -> float:
    """Seconds for the same rows as CSV, nothing read again and nothing masked."""
    start = time.perf_counter()
    with sqlite3.connect(home / "lantian.db") as connection, out.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(connection.execute("SELECT * FROM exhibits ORDER BY id DESC"))
    connection.close()
    return time.perf_counter() - start


def told(suffix: str, size: int, ran: Sequence[Ran], baseline: float) -> None:
    """Two figures: the last of `ran` is of this size, the first of the smallest."""
    speed, theirs = size / ran[-1].seconds, size / baseline
    note = f"{size} exhibits, {size // A_PAGE} pages read again"
    figure = {"name": f"archive export {suffix}, exhibits/s", "value": round(speed), "baseline": round(theirs)}
    print(json.dumps(figure | {"ratio": round(speed / theirs, 3), "goal": "—", "note": note, "size": size}))
    held, least = ran[-1].megabytes, ran[0].megabytes
    figure = {"name": f"archive export {suffix}, MB resident", "value": round(held), "baseline": round(least)}
    print(json.dumps(figure | {"ratio": round(held / least, 2), "goal": "≤ 1.2", "note": note, "size": size}))


def main(folder: Path) -> None:
    ran: dict[str, list[Ran]] = {suffix: [] for suffix in FORMATS}
    for size in SIZES:
        home = folder / str(size) / "home"
        if not home.exists():
            made(home, size)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            baseline = plainly(home, Path(scratch) / "plain.csv")
            for suffix in FORMATS:
                ran[suffix].append(exported(home, Path(scratch) / f"x.{suffix}"))
                told(suffix, size, ran[suffix], baseline)


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
