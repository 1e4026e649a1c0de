"""What a patrol says while it goes on: in Chinese to a person, as JSON to a program, in English into its log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from console.logs import json_handler
from console.output import harmless, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.logs import PATROL, log_file
from patrol.children import Begun, Ended
from patrol.tick import Ticked

UNTOLD = ("event", "at", "watch", "home", "why", "words")
DIED = "异常结束"
UNFINISHED = "有的没有查"
BESIDE_WORDS = {"console.following": "查后的告警、复查和通知", "console.handing": "收齐工作机的文件"}
CODE_WORDS = {
    0: "各项已查",
    1: "出错（程序缺陷）",
    2: "有待处理的问题，见 patrol.log",
    3: "有的没有看到，见 lantian coverage",
    4: "证据不完整，须由人查看",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The patrol has begun, with this many watches."""

    home: str
    watches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumped:
    """The clock was put forward by so many seconds, or back."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A look at the clock failed for what the operator must see to; the next one tries again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """The message broker has gone, or has come back."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """Nothing new begins; crawls that go on have so many seconds."""

    is_busy: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The patrol has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A child that is no crawl did not end well: what follows on crawls, or what collects workers' files."""

    what: str
    pid: int
    code: int


Told = Started | Ticked | Begun | Ended | Beside | Jumped | Troubled | Broker | Stopping | Stopped


class Teller:
    """Says what happens, each in its own way to whom it concerns."""

    def __init__(self, config: Config, *, as_json: bool) -> None:
        self._as_json = as_json
        self._log = logging.getLogger("lantian.patrol")
        self._log.setLevel(logging.INFO)
        self._log.propagate = False
        self._is_for_programs = config.log.format == "json"
        self._handlers: list[logging.Handler] = [log_file(config, PATROL)]
        if self._is_for_programs:
            self._handlers.append(json_handler(sys.stderr))
        for one in self._handlers:
            self._log.addHandler(one)

    def __call__(self, what: Told, /) -> None:
        if isinstance(what, Ticked) and not _is_news(what):
            return
        told = {"event": type(what).__name__.lower(), "at": clock.now().isoformat(), **_facts(what)}
        self._note(told)
        if self._as_json:
            print_json(told, goes_on=True)
        if not self._is_for_programs:
            say(f"{clock.in_shanghai(clock.now())} {WORDS[type(what)](what)}")

    def close(self) -> None:
        for one in self._handlers:
            self._log.removeHandler(one)
            one.close()

    def _note(self, told: Mapping[str, Any]) -> None:
        """Into the log: what a watch is called, and whose home it is, is not for everybody who gathers logs."""
        facts = {name: value for name, value in told.items() if name not in UNTOLD}
        words = " ".join(str(told[name]) for name in ("why", "words") if told.get(name))
        if self._is_for_programs:
            self._log.info(told["event"], extra={"facts": facts, "words": words})
        else:
            self._log.info(" ".join([f"event={told['event']}", *(f"{name}={value}" for name, value in facts.items())]))


def _facts(what: Told) -> Mapping[str, Any]:
    if isinstance(what, Ticked):
        return {**asdict(what.settled), "written": what.written, "waiting": what.waiting, "taken": what.taken}
    return asdict(what)


def _is_news(ticked: Ticked) -> bool:
    return bool(ticked.written or ticked.taken or any(asdict(ticked.settled).values()))


# -- in words --------------------------------------------------------------------------------------


def _started(what: Started) -> str:
    return f"开始按计划巡查：{what.watches} 个巡查任务；数据在 {what.home}"


def _ticked(what: Ticked) -> str:
    settled = what.settled
    counts = (
        ("到时间", what.written),
        ("开始", what.taken),
        ("办结", settled.ended),
        ("中断后重排", settled.back),
        ("中断且不再试，记为漏查", settled.lapsed),
        ("过时未查，记为漏查", settled.passed),
        ("时钟倒退，改正占用期", settled.clamped),
        ("没来得及打开的落地页", settled.cut),
    )
    return "，".join(f"{name} {number} 项" for name, number in counts if number)


def _begun(what: Begun) -> str:
    return f"{harmless(what.watch)}：开始查 {what.runs} 项（进程 {what.pid}）"


def _ended(what: Ended) -> str:
    if what.limit:
        return f"{harmless(what.watch)}：超过上限，已终止（{what.limit}）；没查完的记为漏查"
    how = UNFINISHED if what.has_left and not what.code else _code_words(what.code)
    left = "；没查完的会再试，试尽则记为漏查" if what.has_left else ""
    return f"{harmless(what.watch)}：结束，{how}；最多占用 {what.peak} MB{left}"


def _code_words(code: int) -> str:
    if code in CODE_WORDS:
        return CODE_WORDS[code]
    return f"{DIED}（信号 {-code}）" if code < 0 else f"{DIED}（{code}）"


def _beside(what: Beside) -> str:
    name = BESIDE_WORDS.get(what.what, what.what)
    return f"{name}没有办成：{_code_words(what.code)}；见 patrol.log"


def _jumped(what: Jumped) -> str:
    gone = timedelta(seconds=round(abs(what.seconds)))
    if what.seconds < 0:
        return f"时钟被拨回了 {gone}：已写下的不会重写，过了的时间不会重查"
    return f"时钟向前跳了 {gone}（或机器休眠过）：其间到时间的都会写下，来不及的记为漏查"


def _troubled(what: Troubled) -> str:
    return f"这一次没有办成，稍后再试：{harmless(what.why)}"


def _broker(what: Broker) -> str:
    return harmless(what.words)


def _stopping(what: Stopping) -> str:
    waits = f"，等正在查的结束，最多 {what.seconds:g} 秒；再按一次立即停止" if what.is_busy else ""
    return f"收到停止的要求：不再开始新的巡查{waits}"


def _stopped(_: Stopped) -> str:
    return "巡查已停止。停着的时候到时间的项目，下次启动时补查；来不及的记为漏查"


WORDS: Mapping[type, Callable[[Any], str]] = {
    Started: _started,
    Ticked: _ticked,
    Begun: _begun,
    Ended: _ended,
    Beside: _beside,
    Jumped: _jumped,
    Troubled: _troubled,
    Broker: _broker,
    Stopping: _stopping,
    Stopped: _stopped,
}
