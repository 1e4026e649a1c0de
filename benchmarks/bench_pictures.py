"""Pictures a second read by the OCR engine in one thread, against decoding and shrinking the same bytes.

Advertisements of 800 × 800 pixels and five lines are drawn from a seed; the engine is loaded before
the clock starts. Median of three, per CPU second. Nothing is cached.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from io import BytesIO

from PIL import Image

from benchmarks.drawn import adverts
from detectors.pictures import Reader

PICTURES = 12
ROUNDS = 3
SMALL = (736, 736)


def bodies() -> list[bytes]:
    """The advertisements as a shop sends them: JPEG of quality 85."""
    made = []
    for _, image in adverts(PICTURES):
        body = BytesIO()
        image.save(body, "JPEG", quality=85)
        made.append(body.getvalue())
    return made


def shrunk(body: bytes) -> Image.Image:
    """What any reader has to do first."""
    return Image.open(BytesIO(body)).convert("RGB").resize(SMALL)


def seconds(work: Callable[[bytes], object], made: Sequence[bytes]) -> float:
    start = time.process_time()
    for body in made:
        work(body)
    return (time.process_time() - start) / len(made)


def exact_lines(reader: Reader) -> str:
    wanted = found = 0
    for (lines, _), body in zip(adverts(PICTURES), bodies(), strict=True):
        got = {line.text for line in reader.read(body).lines}
        wanted += len(lines)
        found += sum(line in got for line in lines)
    return f"{found}/{wanted} lines to the letter"


def main() -> None:
    reader, made = Reader(), bodies()
    right = exact_lines(reader)  # loads the engine too
    turns = [(seconds(reader.read, made), seconds(shrunk, made)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(several) for several in zip(*turns, strict=True))
    figure = {
        "name": "read pictures, pictures/CPU-s",
        "value": round(1 / ours, 2),
        "baseline": round(1 / bare, 1),
        "ratio": round(bare / ours, 4),
        "goal": "",
        "note": f"800 × 800, five lines; {right}; baseline: decode and shrink only",
    }
    print(json.dumps(figure, ensure_ascii=False))


if __name__ == "__main__":
    main()
