"""Our clock against the time servers of `[clock] sources`, told as one line of JSON: `python -m console.clockcheck`.

A process of its own: the patrol asks it when so much time has passed that the clock itself may be wrong, and loads
nothing it needs.
"""

from __future__ import annotations

import asyncio
import json
import sys

from crawler.config import Config
from crawler.errors import EXIT_DONE
from pipelines.surroundings import clock_offset


def main() -> int:
    """`offset` is to be added to our clock; null when no source answered."""
    checked = asyncio.run(clock_offset(Config.load().clock.sources))
    print(json.dumps({"source": checked.source, "offset": checked.offset}))
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
