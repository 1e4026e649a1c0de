"""Pages a second through keep → read → judge → record, against download + read alone.

The same spider over the same pages of about 200 kB with 96 listings each, gzipped, through
TLS on loopback; the server runs in a process of its own. Interleaved, median of three, from
the moment the spider is open.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.made import DEPTH, write_web
from console.specimen import load
from console.specimen_server import SpecimenServer

QUERIES = 100
PAGES = QUERIES * DEPTH
SHARES = (0.1, 0.02)  # of the listings offer what is forbidden
ROUNDS = 3
GOAL = 0.65


def serve(web: str, out: str, ready: Event, done: Event) -> None:
    with SpecimenServer(load(Path(web))) as server:
        server.hosts_file(Path(out))
        ready.set()
        done.wait()


def crawl(mode: str, scratch: Path, turn: int) -> dict[str, float]:
    arguments = [mode, str(scratch / f"home-{mode}-{turn}"), str(scratch / "specimen-hosts"), str(QUERIES)]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.crawl", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    told: dict[str, float] = json.loads(ran.stdout)
    if told["pages"] != PAGES:
        raise RuntimeError(f"{mode}: {told['pages']} of {PAGES} pages were answered")
    return told


def turns(share: float, scratch: Path) -> list[tuple[dict[str, float], dict[str, float]]]:
    """What bare and full crawls told, in turn, over pages of which `share` of the listings are flagged."""
    write_web(scratch / "web", QUERIES, share=share)
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    server = spawn.Process(target=serve, args=(str(scratch / "web"), str(scratch), ready, done))
    server.start()
    ready.wait()
    try:
        return [(crawl("bare", scratch, turn), crawl("full", scratch, turn)) for turn in range(ROUNDS)]
    finally:
        done.set()
        server.join()


def main() -> None:
    for share in SHARES:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            told = turns(share, Path(scratch))
        loading = statistics.median(full["loading"] for _, full in told)
        for measure, unit in (("seconds", "pages/s"), ("cpu", "pages/CPU-s")):
            bare, full = (PAGES / statistics.median(turn[at][measure] for turn in told) for at in (0, 1))
            note = f"{QUERIES} queries of {DEPTH} pages; before the first, {loading:.1f} CPU-s of loading"
            figure = {
                "name": f"round, {share:.0%} of listings flagged, {unit}",
                "value": round(full, 1),
                "baseline": round(bare, 1),
                "ratio": round(full / bare, 2),
            }
            print(json.dumps(figure | {"goal": f"≥ {GOAL}", "note": note}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
