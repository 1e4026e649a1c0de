"""The verifier against `sha256sum` of the same files; prints two JSON lines: complete, and `--quick`.

The archive holds the same exchanges as in `bench_warc`, many times over, under real manifests. Both read the same bytes
from the page cache, interleaved, median of five, wall seconds: the verifier uses the cores there are, and computes
SHA-256 and SM3 of every member, unpacks it and computes block and payload digest.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.bench_warc import exchanges
from crawler import clock
from storage.archive import FolderArchive
from storage.db import open_database
from storage.seal import Sealer
from storage.verify import Wanted, verify

TIMES = 48
ROUNDS = 5


def sealed_archive(home: Path) -> list[Path]:
    """An archive of some hundred megabytes in three files; returns them."""
    engine = open_database(home / "lantian.db")
    mixture = list(exchanges())
    sealer = Sealer(home / "archive", engine, tool="lantian benchmark", demand="sealed")
    for _ in range(3):
        with FolderArchive(home / "archive", tool="lantian benchmark") as archive:
            for _ in range(TIMES // 3):
                for exchange in mixture:
                    archive.keep(exchange)
        sealer.seal("", clock.now())
    engine.dispose()
    return sorted((home / "archive").glob("*.warc.gz"))


def verified(home: Path, *, is_quick: bool) -> float:
    start = time.perf_counter()
    report = verify(home, Wanted(is_quick=is_quick))
    spent = time.perf_counter() - start
    if not report.ok:
        raise SystemExit(f"the archive does not verify: {report.broken[0]}")
    return spent


def summed(files: list[Path]) -> float:
    start = time.perf_counter()
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        files = sealed_archive(home)
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        rounds = [(summed(files), verified(home, is_quick=False), verified(home, is_quick=True)) for _ in range(ROUNDS)]
    theirs, complete, quick = (megabytes / statistics.median(column) for column in zip(*rounds, strict=True))
    for name, value, note in (
        ("verifier", complete, "SHA-256, SM3, unpacking, block and payload digests"),
        ("verifier --quick", quick, "SHA-256 and SM3 against the manifests"),
    ):
        result = {
            "name": f"{name} against sha256sum, MB/s",
            "value": round(value, 1),
            "baseline": round(theirs, 1),
            "ratio": round(value / theirs, 2),
            "goal": "≥ 0.5",
            "note": f"{megabytes:.0f} MB of members; {note}",
        }
        print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
