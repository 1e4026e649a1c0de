"""A round of 1 000 queries over 40 hosts that each answer after 300 ms, by one worker process and by two.

No rate binds: the delay is 0. The queries are addresses of advertisers' own pages, in two claims of twenty hosts
each; every claim is crawled by a process of its own, as by `lantian patrol` and `lantian worker`, from the start of the process
to the last outcome, sealing included. `--postgres URL` keeps the rows there instead of in the home.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import time
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random

from crawler import clock
from crawler.tables import Patrol
from crawler.watches import Slot, Watch, WatchQuery
from patrol.children import Local, Means
from patrol.tick import PatrolStore
from storage.db import open_database
from storage.roster_shapes import Snapshot

ROOT = Path(__file__).parent.parent
HOSTS, QUERIES, CLAIMS = 40, 1000, 2
LATENCY = 0.3
GOAL = 1.7
SETTINGS = """[crawl]
delay = 0.0
throttle = false
landings = 0
[browser]
pictures = false
[pictures]
read = false
"""
OFFERS = (
    "代写专利申请文件，费用面议。",
    "发明专利包授权，不成功全额退款。",
    "商标注册、版权登记、项目申报。",
    "联系我们获取报价。",
)


def page(number: int) -> bytes:
    """An advertiser's page of some 20 kB; one in ten offers what is forbidden."""
    random = Random(number)
    words = [random.choice(OFFERS if number % 10 == 0 else OFFERS[2:]) for _ in range(40)]
    rows = "".join(f'<div class="row"><h3>服务 {place}</h3><p>{word * 3}</p></div>' for place, word in enumerate(words))
    filler = "".join(f'<li><a href="/p/{number}/{n}">知识产权资讯 {n}</a></li>' for n in range(120))
    foot = "<footer>示例知识产权有限公司 电话 13800000000</footer>"
    title = f"<title>示例知识产权 {number}</title>"
    return f'<!doctype html><html><head><meta charset="utf-8">{title}</head><body>{rows}<ul>{filler}</ul>{foot}</body></html>'.encode()


def serve(port_file: str, ready: Event, done: Event) -> None:
    """Every request is answered after the latency, each connection by itself."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            target = head.split(b" ", 2)[1].decode()
            await asyncio.sleep(LATENCY)
            is_robots = target == "/robots.txt"
            body = b"" if is_robots else page(int(target.rpartition("/")[2]))
            status = b"404 Not Found" if is_robots else b"200 OK"
            told = b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(b"HTTP/1.1 %s\r\n%s" % (status, told) + body)
            await writer.drain()
        writer.close()

    async def run() -> None:
        await asyncio.start_server(answer, sock=listener)
        ready.set()
        await asyncio.to_thread(done.wait)

    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    Path(port_file).write_text(str(listener.getsockname()[1]), encoding="ascii")
    asyncio.run(run())


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def plan(store: PatrolStore) -> None:
    """One watch a claim, each with its share of the hosts."""
    now = clock.now()
    times = {"planned_at": now - timedelta(minutes=1), "latest": now + timedelta(hours=6)}
    for claim in range(CLAIMS):
        numbers = range(claim, QUERIES, CLAIMS)
        words = [f"http://h{number % HOSTS:02}.example/q/{number}" for number in numbers]
        queries = tuple(WatchQuery(words=one) for one in words)
        watch = Watch(name=f"watch {claim}", platforms=("landing",), queries=queries, schedule="0 9 * * *", depth=1)
        watch_id = store.watches.add(watch, "bench", now - timedelta(minutes=2))
        slots = [Slot(watch_id=watch_id, version=1, platform="landing", query=one, **times) for one in words]
        store.roster.write(watch_id, slots, now, now)


def round_of(children: int, home: Path, database: str) -> tuple[float, float]:
    """Wall and CPU seconds from the first claim until every run has ended and is sealed."""
    home.mkdir()
    (home / "lantian.toml").write_text(SETTINGS, encoding="utf-8")
    store = PatrolStore(open_database(database or home / "lantian.db"), Patrol(children=children))
    plan(store)
    os.environ["LANTIAN_HOME"] = str(home)  # noqa: TID251 - what the children are given
    means = Means(
        argv=(sys.executable, "-m", "console.asking", "--of", str(os.getpid())),
        log=home / "log",
        holder="bench",
        snapshot=lambda _: Snapshot(tool="bench", settings="{}", words="pages=1 delay=0"),
    )
    local = Local(store, means, lambda _: None)
    before, began = _cpu(), time.monotonic()
    while waiting := store.roster.waiting(clock.now()):
        local.offer(waiting, clock.now())
        while len(local._children) >= children or (local.is_busy and not store.roster.waiting(clock.now())):
            time.sleep(0.1)
            local.tend(clock.now())
    wall, cpu = time.monotonic() - began, _cpu() - before
    _all_ok(store)
    return wall, cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _all_ok(store: PatrolStore) -> None:
    now = clock.now()
    tallies = store.roster.tally(now - timedelta(hours=1), now)
    ends = {str(one.outcome): one.rows for one in tallies}
    store.database.dispose()
    if ends != {"ok": QUERIES}:
        raise RuntimeError(f"not every run was answered: {ends}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres", nargs=2, default=("", ""), metavar="URL", help="two empty databases")
    databases: tuple[str, str] = tuple(parser.parse_args().postgres)
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        ready, done = spawn.Event(), spawn.Event()
        server = spawn.Process(target=serve, args=(f"{scratch}/port", ready, done))
        server.start()
        ready.wait()
        port = Path(scratch, "port").read_text(encoding="ascii")
        hosts = Path(scratch, "hosts")
        hosts.write_text("".join(f"h{n:02}.example 127.0.0.1:{port}\n" for n in range(HOSTS)), encoding="ascii")
        os.environ["LANTIAN_HOSTS"] = str(hosts)  # noqa: TID251 - what the children are given
        try:
            one = round_of(1, Path(scratch, "one"), databases[0])
            two = round_of(2, Path(scratch, "two"), databases[1])
        finally:
            done.set()
            server.join()
    where = "PostgreSQL" if databases[0] else "SQLite"
    figure = {
        "name": f"round of 1 000 queries, 40 hosts, 300 ms, 2 worker processes against 1, queries/s ({where})",
        "value": round(QUERIES / two[0], 1),
        "baseline": round(QUERIES / one[0], 1),
        "ratio": round(one[0] / two[0], 2),
        "goal": f"≥ {GOAL}",
        "note": f"{two[0]:.0f} s against {one[0]:.0f} s; CPU {two[1]:.0f} s and {one[1]:.0f} s on two cores",
    }
    print(json.dumps(figure, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
