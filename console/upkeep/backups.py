"""`lantian backup`, `lantian backups`: a backup of the home while it goes on, restored for a test before it counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from console.homelocks import nothing_moves, only_backup
from console.homes import account, person
from console.output import harmless, page, print_json, progress, say
from console.sealing import opened_engine
from console.upkeep.restoring import tried
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EvidenceBroken, UserMistake
from storage.shelf import open_shelf
from storage.upkeep.backup import Made, Order, back_up
from storage.upkeep.backups import Backup, Backups
from storage.upkeep.copying import megabytes
from storage.upkeep.proving import Proof
from storage.upkeep.spoiling import REWRITTEN, rewritten, sharing
from storage.upkeep.strays import strays

NEVER = "不在备份里，请另行保管：环境变量（/etc/lantian/environment）里的密钥和口令、登录会话，以及举报人密钥"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where to; who has it done; whether it is tested, and whether what lies on the shelf is fetched too."""

    folder: Path | None
    by: str = ""
    is_tested: bool = True
    with_shelf: bool = False


def run_backup(asked: Asked, *, as_json: bool) -> int:
    """Make a backup and test it; 4 when the test restore did not hold."""
    config = Config.load()
    folder = folder_of(config, asked.folder)
    if not config.home.is_dir():
        raise UserMistake(f"没有 {config.home} 这个数据目录：检查 LANTIAN_HOME")
    with only_backup(config.home), opened_engine(config) as engine:
        known, by = Backups(engine), _who(config, engine, asked.by)
        enter_strays(engine, folder)
        say_rewritten(engine)
        made = _made(config, folder, known, with_shelf=asked.with_shelf)
        number = known.enter(made, by)
        _say_made(config, made)
        proof, trouble = _tested(config, known, number, made) if asked.is_tested else (None, "")
        removed = 0
        if proof:
            removed = known.prune(config.backup.keep, clock.now(), folder, _say_old)
        elif not trouble:
            say("没有试恢复（--no-test）：这份备份还不算数")
    if as_json:
        print_json(_made_told(made, proof, trouble) | {"removed": removed})
    return EXIT_EVIDENCE if trouble else EXIT_DONE


def enter_strays(engine: Engine, folder: Path) -> None:
    """A backup whose maker died is written down late, so that it is listed, and pruned in its turn."""
    known = Backups(engine)
    for made in strays(engine, folder, known.restored()):
        known.enter(made, account())
        say(f"{made.place} 是这个数据目录的备份，没有登记过，现已登记（没有试恢复，不算数）")


def folder_of(config: Config, asked: Path | None) -> Path:
    """The folder that was named, or that of the settings."""
    if asked is None and not config.backup.folder:
        raise UserMistake("备份到哪里？写明文件夹，或在 lantian.toml 的 [backup] 写 folder")
    return (asked or config.home / Path(config.backup.folder).expanduser()).absolute()


def _who(config: Config, engine: Engine, by: str) -> str:
    """A timer has no credential; a person who gives his name proves himself."""
    return person(config, engine, by) if by.strip() else account()


def _made(config: Config, folder: Path, known: Backups, *, with_shelf: bool) -> Made:
    shelf = open_shelf(config) if with_shelf else None
    if with_shelf and shelf is None:
        raise UserMistake("没有设置存储：--with-shelf 要在 lantian.toml 的 [shelf] 写 url")
    order = Order(folder=folder, now=clock.now(), base=known.base(), shelf=shelf)
    with nothing_moves(config.home):
        return back_up(config, order, partial(progress, "备份"))


def _tested(config: Config, known: Backups, number: int, made: Made) -> tuple[Proof | None, str]:
    """The proof, or why there is none. A full disk says nothing of the backup, which is then one that nobody tested."""
    try:
        proof = tried(config, made.place, made.sha256)
    except (OSError, OperationalError, UserMistake):
        say("备份已写成，但没有试成恢复，还不算数")
        raise
    except (EvidenceBroken, DatabaseError) as broken:
        trouble = str(broken)
    else:
        known.proved(number, made, proof, clock.now())
        expired = f"，{proof.expired} 页已按期删除" if proof.expired else ""
        away = f"，{proof.away} 页在存储上或工作机里" if proof.away else ""
        pages = f"{proof.pages} 页逐一取出{expired}{away}"
        say(f"试恢复通过：{proof.exhibits} 个证据项，{pages}；{proof.records} 条记录核验相符，操作日志完整")
        return proof, ""
    known.failed(number, made, trouble, clock.now())
    say(f"试恢复没有通过，这份备份不算数：{harmless(trouble)}")
    if hit := sharing(known, made.place, clock.now()):
        say(f"损坏的文件与以前的备份是同一个（硬链接），这些也不再算数：{'、'.join(one.place for one in hit)}")
        say("下一次备份不再链接，全部重新抄写；现在就再运行 lantian backup")
    else:
        say("以前通过的备份没有改动；原因排除后再运行 lantian backup")
    return None, trouble


def say_rewritten(engine: Engine) -> None:
    """Say, and write down, which backups an expiry on the shelf has made useless."""
    for one in rewritten(engine, clock.now()):
        say(f"{one.place}：{REWRITTEN}")


def _say_old(place: str, why: str) -> None:
    say(f"旧备份没有删掉：{place}（{harmless(why)}）" if why else f"已删除旧备份：{place}")


def _say_made(config: Config, made: Made) -> None:
    inventory = made.inventory
    new = megabytes(inventory.size - made.linked)
    say(f"已备份到 {made.place}：{len(inventory.files)} 个文件，{megabytes(inventory.size)}（新写 {new}）")
    say(f"清单 SHA-256 {made.sha256}：抄在别处，恢复时可用 --sha256 对照")
    here = {one.name for one in inventory.files}
    for one in inventory.facts.shelf:
        if f"archive/{one.file}" not in here:
            say(f"在存储上，不在备份里：{harmless(one.file)}，{one.size} 字节，SHA-256 {one.sha256}")
    for file in inventory.facts.workers:
        say(f"还在工作机里，不在备份里：{harmless(file)}")
    for name in inventory.left_out:
        say(f"不在备份里，请另行保管：{harmless(name)}")
    say(NEVER)
    if made.place.stat().st_dev == config.home.stat().st_dev:
        say("备份与数据在同一块磁盘上：磁盘坏了会一起丢失，请改放到另一块磁盘或另一台机器")


def _made_told(made: Made, proof: Proof | None, trouble: str) -> dict[str, Any]:
    inventory, facts = made.inventory, made.inventory.facts
    return {
        "place": str(made.place),
        "sha256": made.sha256,
        "made_at": inventory.made_at.isoformat(),
        "schema": facts.schema,
        "files": len(inventory.files),
        "bytes": inventory.size,
        "linked": made.linked,
        "exhibits": facts.exhibits,
        "chain": {"number": facts.number, "sha256": facts.head},
        "audit": asdict(facts.audit),
        "shelf": [asdict(one) for one in facts.shelf],
        "workers": list(facts.workers),
        "left_out": list(inventory.left_out),
        "tested": asdict(proof) if proof else None,
        "trouble": trouble,
    }


# -- which there are -------------------------------------------------------------------------------


def list_backups(limit: int, before: int, *, as_json: bool) -> int:
    """`lantian backups`: the newest first."""
    with opened_engine(Config.load()) as engine:
        say_rewritten(engine)
        found = Backups(engine).newest(limit, before)
    if as_json:
        for one in found:
            print_json(_told(one))
        return EXIT_DONE
    if not found:
        say("还没有备份：lantian backup 文件夹")
        return EXIT_DONE
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"备份 {len(found)} 份", title_justify="left")
    for name in ("号", "时间", "证据项", "大小", "试恢复", "在哪里"):
        table.add_column(name, overflow="fold")
    for one in found:
        words = (
            str(one.id),
            clock.in_shanghai(one.at),
            str(one.exhibits),
            megabytes(one.bytes),
            _state(one),
            one.place,
        )
        table.add_row(*(Text(harmless(word)) for word in words))
    page().print(table)
    return EXIT_DONE


def _state(one: Backup) -> str:
    there = "" if one.is_there else "；现在找不到"
    if one.trouble:
        return f"没有通过：{one.trouble}{there}"
    tested = f"通过 {clock.in_shanghai(one.tested_at)}" if one.tested_at else "没有试过，不算数"
    return f"{tested}{there}"


def _told(one: Backup) -> dict[str, Any]:
    told = asdict(one) | {"at": one.at.isoformat(), "is_there": one.is_there}
    return told | {"tested_at": one.tested_at.isoformat() if one.tested_at else ""}
