"""`lantian evidence stamp`: asks for every missing time stamp, now, and says which manifests still have none."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, UserMistake
from storage.stamp import Stamped, Stamping, Waiting, stamp_pending
from storage.warc import date


def stamp(*, as_json: bool) -> int:
    """Exit 4 while a manifest waits: what it covers is sealed, not anchored."""
    config = Config.load()
    if not config.authorities:
        raise UserMistake("没有设置时间戳服务：在 lantian.toml 里写 [[authority]]，见 docs/operations.md")
    with opened_engine(config) as engine:
        stamping = stamp_pending(config.archive, engine, config.authorities, clock.now(), at_once=True)
    if as_json:
        print_json(_told(stamping))
    else:
        _print(stamping)
    return EXIT_EVIDENCE if stamping.left else EXIT_DONE


def _print(stamping: Stamping) -> None:
    for one in stamping.stamped:
        print_line(f"第 {one.number} 号：{clock.in_shanghai(one.at)}（北京时间） {harmless(one.authority)}")
    for broken in stamping.broken:
        say(f"证据不完整，没有盖时间戳：{harmless(broken)}")
    for left in stamping.waiting:
        print_line(f"第 {left.number} 号：没有时间戳，{harmless(left.error) or '还没有请求过'}（试过 {left.tries} 次）")
    if stamping.left > len(stamping.waiting):
        print_line(f"……另有 {stamping.left - len(stamping.waiting)} 份")
    if stamping.left:
        say(f"{stamping.left} 份清单还没有时间戳：{harmless(stamping.error)}；会再试，不会跳过。")
    elif stamping.done:
        say(f"已盖时间戳：{stamping.done} 份清单；每份清单都有时间戳。")
    else:
        say("没有等待时间戳的清单。")


def _told(stamping: Stamping) -> dict[str, Any]:
    told: dict[str, Any] = {"done": stamping.done, "left": stamping.left, "error": stamping.error}
    stamped = [_stamped_told(one) for one in stamping.stamped]
    told |= {"broken": list(stamping.broken)}
    return told | {"stamped": stamped, "waiting": [_waiting_told(one) for one in stamping.waiting]}


def _stamped_told(one: Stamped) -> dict[str, Any]:
    return asdict(one) | {"at": date(one.at)}


def _waiting_told(one: Waiting) -> dict[str, Any]:
    return asdict(one) | {"next_try_at": date(one.next_try_at) if one.next_try_at else ""}
