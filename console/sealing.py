"""Sealing as a person, a timer or a round asks for it, and what is sealed, in words: never more than it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from console.output import harmless, page, print_json, print_line, say
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, UserMistake
from detectors.rule import rules_digest
from storage.audit import AuditHead, AuditLog
from storage.canonical import canonical
from storage.db import is_there, open_database
from storage.folders import save_new
from storage.handover import is_worker
from storage.recovery import recover
from storage.seal import Sealed, Sealer, SealHead, State
from storage.stamp import Stamping, stamp_pending
from storage.standing import Standing, standing
from storage.warc import date

STATE_WORDS = {State.OPEN: "未封存", State.SEALED: "已封存（未盖时间戳）", State.STAMPED: "已封存，有时间戳"}
MOST_WAITING = 20
UNMET = {"sealed": "还有写完的文件未封存", "stamped": "未锚定：还有记录未封存或清单没有时间戳"}
NOT_ANCHORED = "已封存，但未锚定：设置要求有时间戳，还有清单没有"


@contextmanager
def opened_engine(config: Config) -> Iterator[Engine]:
    """The home's database; a home without one is a mistake."""
    if not is_there(config.database):
        raise UserMistake(f"{config.home} 里还没有数据：先运行 lantian round，或设置 LANTIAN_HOME")
    engine = open_database(config.database)
    try:
        yield engine
    finally:
        engine.dispose()


def sealer_of(config: Config, engine: Engine) -> Sealer:
    """The sealer of a home."""
    return Sealer(config.archive, engine, tool=TOOL, demand=config.demand)


# -- sealing ---------------------------------------------------------------------------------------


def seal(*, as_json: bool) -> int:
    """`lantian evidence seal`: seal what is open, then ask for time stamps where an authority is named.

    Exit 4 also while stamps are demanded and one is missing.
    """
    config = Config.load()
    with opened_engine(config) as engine:
        recover_files(config, engine)
        sealer = sealer_of(config, engine)
        sealed = sealer.seal(rules_digest(), clock.now())
        say_sealed(sealed)
        stamping = stamp_pending(config.archive, engine, config.authorities, clock.now())
        say_stamping(config, stamping)
        is_met = say_demand(config, sealer)
    if as_json:
        told = {"stamped": stamping.done, "waiting": stamping.left, "broken": stamping.broken, "met": is_met}
        print_json(asdict(sealed) | told)
    return EXIT_DONE if is_met and not (sealed.troubles or stamping.broken) else EXIT_EVIDENCE


def recover_files(config: Config, engine: Engine) -> None:
    """What a dead process left open is finished, never cut below what is sealed, and said."""
    # Of what a worker still has nothing is sealed.
    sealed = {} if is_worker(config.home) else sealer_of(config, engine).covered(clock.now())
    for cut in recover(config.archive, sealed):
        say(f"上次中断的档案已恢复：{cut}")


def seal_round(config: Config, engine: Engine) -> int:
    """What a round has kept, sealed and stamped; what could not be is said. Returns the exit code that calls for.

    An authority that is away is no failure of the round: the manifests wait, and that is said.
    """
    sealer = sealer_of(config, engine)
    try:
        sealed = sealer.seal(rules_digest(), clock.now())
    except EvidenceBroken as broken:
        say(f"没有封存，证据不完整：{harmless(str(broken))}")
        return EXIT_EVIDENCE
    except (OSError, OperationalError) as wrong:
        say(f"没有封存：{harmless(str(wrong))}；已固定的都在，腾出空间后运行 lantian evidence seal")
        return EXIT_USAGE
    say_sealed(sealed)
    stamped = _stamp_round(config, engine, sealer)
    return EXIT_EVIDENCE if sealed.troubles else stamped


def _stamp_round(config: Config, engine: Engine, sealer: Sealer) -> int:
    try:
        stamping = stamp_pending(config.archive, engine, config.authorities, clock.now())
        say_stamping(config, stamping)
        say_demand(config, sealer)
    except (OSError, OperationalError) as wrong:
        say(f"没有盖时间戳：{harmless(str(wrong))}；稍后运行 lantian evidence stamp")
        return EXIT_USAGE
    return EXIT_EVIDENCE if stamping.broken else EXIT_DONE


def say_sealed(sealed: Sealed) -> None:
    for trouble in sealed.troubles:
        say(f"封存时发现：{harmless(trouble)}")
    if sealed.manifests:
        say(f"已封存：{sealed.leaves} 条记录，链首第 {sealed.number} 号 {sealed.sha256}")
    else:
        say("没有新的记录要封存。")


def say_stamping(config: Config, stamping: Stamping) -> None:
    for broken in stamping.broken:
        say(f"证据不完整，没有盖时间戳：{harmless(broken)}")
    if config.authorities and stamping.done:
        say(f"已盖时间戳：{stamping.done} 份清单")
    if config.authorities and stamping.left:
        why = f"（{harmless(stamping.error)}）" if stamping.error else ""
        say(f"等待时间戳：{stamping.left} 份清单{why}；会再试，也可运行 lantian evidence stamp")


def say_demand(config: Config, sealer: Sealer) -> bool:
    """Whether every manifest has the time stamp that the house demands; where not, that is said."""
    if config.demand != "stamped" or not sealer.waiting(1):
        return True
    say(NOT_ANCHORED)
    return False


# -- what is sealed --------------------------------------------------------------------------------


def show_status(*, as_json: bool) -> int:
    """`lantian evidence status`: what is open, sealed, stamped, and what waits for what."""
    config = Config.load()
    with opened_engine(config) as engine:
        sealer = sealer_of(config, engine)
        now, head, audit = standing(config.archive, engine, clock.now()), sealer.head(), AuditLog(engine).head()
        waiting = sealer.waiting(MOST_WAITING)
    is_met = now.is_as(config.demand)
    if as_json:
        told: dict[str, Any] = {"state": now.state, "demand": config.demand, "met": is_met}
        told |= {"head": head_told(head), "audit": _audit_told(audit)}
        told |= {"open": {"captures": now.open_captures, "files": now.open_files, "bytes": now.open_bytes}}
        told |= {"sealed": asdict(now.sealed), "stamped": asdict(now.stamped), "troubles": list(now.troubles)}
        print_json(told | {"waiting": [_waiting_told(one) for one in waiting]})
    else:
        _print_status(config, now, head, audit, waiting)
    return EXIT_DONE if is_met and not now.troubles else EXIT_EVIDENCE


def _print_status(config: Config, now: Standing, head: SealHead, audit: AuditHead, waiting: Sequence[SealHead]) -> None:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("状态", f"{STATE_WORDS[State(now.state)]}；对外要求：{STATE_WORDS[State(config.demand)]}"),
        *(() if now.is_as(config.demand) else (("没有达到", UNMET[config.demand]),)),
        ("未封存", f"固定 {now.open_captures} 次；{now.open_files} 个文件，{now.open_bytes} 字节"),
        ("已封存", f"{now.sealed.manifests} 份清单，{now.sealed.records} 条记录"),
        ("有时间戳", f"{now.stamped.manifests} 份清单，{now.stamped.records} 条记录"),
        ("链首", head_words(head)),
        ("操作日志", f"{audit.count} 条 {audit.digest}"),
        *(("等时间戳", _waiting_words(one)) for one in waiting if config.authorities),
        *(("不对", trouble) for trouble in now.troubles),
    ):
        facts.add_row(name, Text("\n").join(Text(harmless(line)) for line in value.split("\n")))
    page().print(facts)


def _waiting_words(head: SealHead) -> str:
    if not head.tries or head.next_try_at is None:
        return f"第 {head.number} 号，还没有请求过"
    then = clock.in_shanghai(head.next_try_at)
    return f"第 {head.number} 号，试过 {head.tries} 次：{head.last_error}；{then} 以后再试"


def _waiting_told(head: SealHead) -> dict[str, Any]:
    told = {"number": head.number, "tries": head.tries, "last_error": head.last_error}
    return told | {"next_try_at": _iso(head.next_try_at)}


def show_head(export: Path | None, *, as_json: bool) -> int:
    """`lantian evidence head`: what annexes bear, and what a third-party depositor is given."""
    config = Config.load()
    with opened_engine(config) as engine:
        head = sealer_of(config, engine).head()
    if not head.number:
        raise UserMistake("还没有封存过：先运行 lantian evidence seal")
    if export is not None:
        _export(head, export)
    if as_json:
        print_json(head_told(head))
    elif export is None:
        for line in head_words(head).split("\n"):
            print_line(harmless(line))
    return EXIT_DONE


def _export(head: SealHead, path: Path) -> None:
    """A new file, canonical JSON, safe on the disk; what was deposited once is not written over."""
    try:
        save_new(path, canonical(head_told(head)))
    except FileExistsError:
        raise UserMistake(f"{path} 已经有了，不覆盖") from None
    except OSError as wrong:
        raise UserMistake(f"{path}: 不能写：{wrong.strerror}") from None
    say(f"链首已写入 {path}")


def head_words(head: SealHead) -> str:
    """The chain's head in lines, as it is printed."""
    if not head.number or head.sealed_at is None:
        return "还没有封存过"
    stamped = f"{clock.in_shanghai(head.stamped_at)}（北京时间）{head.authority}" if head.stamped_at else "没有"
    lines = (
        f"第 {head.number} 号",
        f"SHA-256 {head.sha256}",
        f"SM3     {head.sm3}",
        f"封存    {clock.in_shanghai(head.sealed_at)}（北京时间）",
        f"时间戳  {stamped}",
        f"日志    {head.audit.count} 条 {head.audit.digest}",
    )
    return "\n".join(lines)


def head_told(head: SealHead) -> dict[str, Any]:
    """The chain's head as every command tells it in JSON."""
    return {
        "number": head.number,
        "sha256": head.sha256,
        "sm3": head.sm3,
        "sealed_at": _iso(head.sealed_at),
        "stamped_at": _iso(head.stamped_at),
        "authority": head.authority,
        "audit": _audit_told(head.audit),
    }


def _audit_told(audit: AuditHead) -> dict[str, Any]:
    return {"count": audit.count, "head": audit.digest}


def _iso(moment: datetime | None) -> str:
    """UTC with microseconds and Z, empty for none."""
    return date(moment) if moment else ""
