"""What sealing costs beside keeping, and how long a time stamp takes; prints JSON lines.

Keeping: result pages of about 200 kB into a WARC, synced to the disk after each as a round does. Sealing: finding
what no manifest covers, both digests, the tree, the files, reading all of it back by the verifier, and the row.
Wall-clock seconds, one after the other, median of five; time stamps from an authority of our own on loopback.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.bench_warc import exchanges
from crawler import clock
from crawler.config import Authority
from crawler.items import Exchange
from storage.archive import FolderArchive
from storage.db import open_database
from storage.seal import Sealer
from storage.stamp import stamp_bytes

PAGES = 500  # [seal] every
ROUNDS = 5
STAMPS = 30


def pages() -> Iterator[Exchange]:
    """As many result pages as a manifest lists by default, no two alike."""
    html = [one for one in exchanges() if "html" in one.response_headers[0][1]]
    chance = random.Random(4)
    for number in range(PAGES):
        page = html[number % len(html)]
        body = page.response_body + chance.randbytes(16).hex().encode()
        headers = (page.response_headers[0], ("Content-Length", str(len(body))))
        yield replace(page, url=f"{page.url}&n={number}", response_body=body, response_headers=headers)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def keep(archive: FolderArchive, kept: list[Exchange]) -> None:
    for exchange in kept:
        archive.keep(exchange)
        archive.sync()


def sealing(kept: list[Exchange]) -> tuple[float, float]:
    """Seconds of keeping the pages, and of sealing them while their file is still being written."""
    with tempfile.TemporaryDirectory() as home:
        engine = open_database(Path(home) / "lantian.db")
        with FolderArchive(Path(home) / "archive", tool="lantian benchmark") as archive:
            capture = seconds(lambda: keep(archive, kept))
            sealer = Sealer(Path(home) / "archive", engine, tool="lantian/benchmark", demand="sealed")
            seal = seconds(lambda: sealer.seal("", clock.now()))
        engine.dispose()
    return capture, seal


def stamping() -> float:
    """Milliseconds from the question to a verified answer."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from authority import LocalAuthority, serving

    with tempfile.TemporaryDirectory() as folder:
        local = LocalAuthority(Path(folder))
        with serving(local) as url:
            authority = [Authority(url=url, ca=local.root)]
            took = [seconds(lambda: stamp_bytes(b"head", authority, clock.now())) for _ in range(STAMPS)]
    return statistics.median(took) * 1000


def main() -> None:
    kept = list(pages())
    pairs = [sealing(kept) for _ in range(ROUNDS)]
    capture, seal = (statistics.median(one) for one in zip(*pairs, strict=True))
    share = statistics.median(seal / capture for capture, seal in pairs)
    note = f"{PAGES} pages of 200 kB, synced one by one; sealing reads everything back"
    told = {"value": f"{seal * 1000:.0f} ms", "baseline": f"keeping {capture * 1000:.0f} ms", "ratio": f"{share:.3f}"}
    print(json.dumps({"name": "seal: share of capture time", **told, "goal": "≤ 0.10", "note": note}))
    stamp = f"{stamping():.1f} ms"
    note = "question, openssl ts -reply on loopback, answer verified; one a manifest"
    told = {"value": stamp, "baseline": "—", "ratio": "—", "goal": "", "note": note}
    print(json.dumps({"name": "time stamp round trip", **told}))


if __name__ == "__main__":
    main()
