"""What sealing costs, and how long a time stamp takes; prints JSON lines.

Sealing is finding what no manifest covers, both digests, the tree, the files, reading all of it back by the verifier,
and the row. Beside what a round spends on the same pages from download to record (`benchmarks.crawl`), and beside
keeping alone: 500 result pages of about 200 kB into a WARC, synced to the disk after each. CPU seconds, median of three;
what the disk takes to sync is in neither. Time stamps come from an authority of our own on loopback.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.bench_pipeline import PAGES as ROUND_PAGES
from benchmarks.bench_pipeline import QUERIES, crawl, serve
from benchmarks.bench_warc import exchanges
from benchmarks.made import write_web
from crawler import clock
from crawler.captures import Exchange
from crawler.tables import Authority
from storage.archive import FolderArchive
from storage.db import open_database
from storage.seal import Sealer
from storage.stamp import stamp_bytes

PAGES = 500  # [seal] every
ROUNDS = 3
STAMPS = 30
FLAGGED = 0.1  # of the listings in the round


def pages() -> Iterator[Exchange]:
    """As many result pages as a manifest lists by default, no two alike."""
    html = [one for one in exchanges() if "html" in one.response_headers[0][1]]
    chance = random.Random(4)
    for number in range(PAGES):
        page = html[number % len(html)]
        body = page.response_body + chance.randbytes(16).hex().encode()
        headers = (page.response_headers[0], ("Content-Length", str(len(body))))
        yield replace(page, url=f"{page.url}&n={number}", response_body=body, response_headers=headers)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def seal(home: Path) -> float:
    """CPU seconds of sealing what lies in the home."""
    engine = open_database(home / "lantian.db")
    sealer = Sealer(home / "archive", engine, tool="lantian/benchmark", demand="sealed")
    took = cpu(lambda: sealer.seal("", clock.now()))
    engine.dispose()
    return took


def keep(archive: FolderArchive, kept: list[Exchange]) -> None:
    for exchange in kept:
        archive.keep(exchange)
        archive.sync()


def beside_keeping(kept: list[Exchange]) -> tuple[float, float]:
    """Of sealing, while the file is still being written, and of keeping the pages."""
    with tempfile.TemporaryDirectory() as home, FolderArchive(Path(home) / "archive", tool="benchmark") as archive:
        capture = cpu(lambda: keep(archive, kept))
        return seal(Path(home)), capture


def beside_round() -> Iterator[tuple[float, float]]:
    """Of sealing what a round kept, several times, and of that round."""
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        write_web(Path(scratch) / "web", QUERIES, share=FLAGGED)
        server = spawn.Process(target=serve, args=(f"{scratch}/web", scratch, ready, done), daemon=True)
        server.start()
        ready.wait()
        spent = crawl("unsealed", Path(scratch), 0)["cpu"]
        done.set()
        server.join()
        for turn in range(ROUNDS):
            home = shutil.copytree(Path(scratch) / "home-unsealed-0", Path(scratch) / f"copy-{turn}")
            yield seal(home), spent


def share(pairs: list[tuple[float, float]], number: int) -> dict[str, object]:
    """Milliseconds a page of sealing and of what it is beside, and the one over the other."""
    value, baseline = (statistics.median(one) * 1000 / number for one in zip(*pairs, strict=True))
    ratio = statistics.median(sealed / beside for sealed, beside in pairs)
    return {"value": round(value, 2), "baseline": round(baseline, 2), "ratio": round(ratio, 3)}


def stamping() -> float:
    """Milliseconds from the question to a verified answer."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from authority import LocalAuthority, serving

    took = []
    with tempfile.TemporaryDirectory() as folder:
        local = LocalAuthority(Path(folder))
        with serving(local) as url:
            authority = [Authority(url=url, ca=local.root)]
            for _ in range(STAMPS):
                begun = time.perf_counter()
                stamp_bytes(b"head", authority, clock.now())
                took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def told(name: str, figures: dict[str, object], goal: str, note: str) -> None:
    print(json.dumps({"name": name, **figures, "goal": goal, "note": note}, ensure_ascii=False), flush=True)


def main() -> None:
    note = f"a round of {ROUND_PAGES} pages, {FLAGGED:.0%} of listings flagged, without waiting for hosts"
    told("seal beside its round, CPU-ms/page", share(list(beside_round()), ROUND_PAGES), "≤ 0.10", note)
    kept = list(pages())
    alone = share([beside_keeping(kept) for _ in range(ROUNDS)], PAGES)
    told("seal beside keeping alone, CPU-ms/page", alone, "", "all kept bytes are read twice and unpacked twice")
    stamp: dict[str, object] = {"value": round(stamping(), 1), "baseline": "", "ratio": ""}
    told("time stamp, ms", stamp, "", "one a manifest: question, openssl ts on loopback, answer verified")


if __name__ == "__main__":
    main()
