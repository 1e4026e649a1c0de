"""Starts programs by forking from one process that has everything loaded, so that a hundred of them take no time.

Lines of JSON in: ["start", kind, "stopped" or "", output, arguments…] answers the child's pid; ["wait", pid]
answers its exit code, negative for a signal. A child that is to be traced stops itself before it begins.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path


def kinds() -> dict[str, Callable[..., int]]:
    """What can be started; loaded here, once."""
    from faults import driver

    from console.rounds import crawl_round
    from crawler.config import Config
    from crawler.hosts import read_hosts
    from crawler.tables import Browser, Crawl
    from pipelines.judge import packaged_screen
    from spiders.jd import Jd

    def a_round(home: str, ack: str, hosts: str, pictures: str) -> int:
        """A real round over a specimen web, as `lantian round` makes it."""
        packaged_screen(None)
        config = Config(
            home=Path(home),
            crawl=Crawl(delay=0.0, timeout=60.0, retries=0),
            browser=Browser(pictures=bool(pictures), as_root=True),
            hosts=read_hosts(hosts),
        )
        asked = [(Jd.name, query) for query in ("专利", "商标", "发明", "代理", "授权", "申请")]
        return crawl_round(config, asked, pages=1, tell=lambda row: None, ack=Path(ack))

    packaged_screen(None)
    return {"driver": driver.main, "round": a_round}


def born(run: Callable[..., int], is_stopped: bool, output: str, arguments: list[str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        heard = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(heard, 1)
        os.dup2(heard, 2)
        if is_stopped:
            os.kill(os.getpid(), signal.SIGSTOP)
        code = run(*arguments)
    except BaseException:  # noqa: BLE001 - a child must not return into the nursery's own loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    known = kinds()
    print("ready", flush=True)
    for line in sys.stdin:
        word, *rest = json.loads(line)
        if word == "start":
            kind, stopped, output, *arguments = rest
            print(born(known[kind], bool(stopped), output, arguments), flush=True)
        else:
            _, status = os.waitpid(int(rest[0]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
