"""`lantian evidence audit`: reads a night's share of the archive again and says what no longer holds, by name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from console.verifying import source_of
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, UserMistake
from storage.fixity import Audited, audit_slice
from storage.verifier.source import FolderSource
from storage.warc import date

MOST_TOLD = 20


def audit(nights: int, *, as_json: bool) -> int:
    """Exit 4 when anything read is not what was sealed."""
    config = Config.load()
    with opened_engine(config) as engine:
        if not config.archive.is_dir():
            raise UserMistake(f"{config.archive} 不在：没有可读的档案")
        source = source_of(config.home, config) or FolderSource(config.archive)
        done = audit_slice(source, engine, nights, clock.now())
    if as_json:
        print_json(_told(done))
    else:
        _print(done)
    if done.broken:
        say(f"证据不完整：{harmless(str(done.broken[0]))}")
    return EXIT_EVIDENCE if done.broken else EXIT_DONE


def _print(done: Audited) -> None:
    print_line(f"今夜重读：{done.files} 个文件，{done.bytes} 字节（{done.nights} 夜读完一遍）")
    print_line(f"全部封存：{done.all_files} 个文件，{done.all_bytes} 字节，其中还没有重读过 {done.unread_bytes} 字节")
    if done.oldest_checked:
        print_line(f"最久没有重读的，上次读于 {clock.in_shanghai(done.oldest_checked)}（北京时间）")
    for one in done.broken[:MOST_TOLD]:
        print_line(f"不对：{harmless(str(one))}")
    if len(done.broken) > MOST_TOLD:
        print_line(f"另有 {len(done.broken) - MOST_TOLD} 处，见 lantian evidence verify")


def _told(done: Audited) -> dict[str, Any]:
    cycle = {"nights": done.nights, "files": done.all_files, "bytes": done.all_bytes, "unread": done.unread_bytes}
    oldest = date(done.oldest_checked) if done.oldest_checked else ""
    told = {"files": done.files, "bytes": done.bytes, "cycle": cycle, "oldest_checked": oldest}
    return told | {"broken": [asdict(one) for one in done.broken]}
