"""Exports in a process of its own that may die or meet a full disk: a program that is told by lines of JSON.

`kills` are the syncs at which it dies, one run after the other; then the same command runs to its end, where it
`finishes`. `largest` bounds the files that the first run may write.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from console.archive import exporting
from console.archive.query import Chosen
from crawler.errors import UserMistake
from patrol.platforms import label_of


def once(asked: exporting.Asked, dies_at: int = 0, largest: int = 0) -> int:
    """How it ended: 0, 2 for a mistake, 9 for killed."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if largest:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    _die_at(dies_at)
    try:
        os._exit(exporting.export(asked, as_json=False))
    except UserMistake as mistake:
        print(mistake, file=sys.stderr, flush=True)
        os._exit(2)


def _die_at(number: int) -> None:
    """Die instead of the sync of this number: what was not safe before is lost, for all that is known."""
    left, sync = [number], os.fsync

    def fsync(file: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(file)

    os.fsync = fsync


def main(given: dict[str, Any]) -> None:
    """What an export says goes to the file `heard`."""
    os.environ["LANTIAN_HOME"] = given["home"]
    os.dup2(os.open(given["heard"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    exporting.BATCH = given["batch"]
    out = Path(given["out"])
    chosen = Chosen(kinds="product")
    asked = exporting.Asked(words="", chosen=chosen, format=out.suffix[1:], out=out, by="张示例")
    ends = [once(asked, largest=given["largest"])] if given["largest"] else []
    ends += [once(asked, dies_at=at) for at in given["kills"]]
    ends += [once(asked)] if given["finishes"] else []
    print(json.dumps(ends))


if __name__ == "__main__":
    label_of("taobao")  # what every child would load again
    for line in sys.stdin:
        main(json.loads(line))
        sys.stdout.flush()
