"""`lantian restore`, and the same into scratch space, by which a backup shows that it is one.

A home is never written over; whatever does not hold leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from casework.trust import Trust
from casework.whole_log import refuse_gaps
from console.homes import account
from console.output import harmless, print_json, progress, say
from console.sealing import say_sealed, sealer_of
from console.verifying import beside_shelf
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, ConfigInvalid, EvidenceBroken, UserMistake
from detectors.rule import rules_digest
from storage.audit import Act, AuditLog
from storage.marks import is_simulation
from storage.recovery import recover
from storage.shelf import Shelf, open_shelf
from storage.upkeep.backup import SCRATCH
from storage.upkeep.backups import was_tested
from storage.upkeep.copying import folder_of_ours, safe_all
from storage.upkeep.inventory import Inventory, read_inventory
from storage.upkeep.laying import lay_out
from storage.upkeep.loading import opened_copy, refuse_unreadable
from storage.upkeep.placing import gone_on, refuse_taken, take_place, unfinished
from storage.upkeep.proving import Proof, Trusted, prove
from storage.upkeep.scratch import scratch_database
from storage.upkeep.spoiling import needed, refuse_rewritten
from storage.whereabouts import SQLITE, Place, url_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which backup, as which new home; `sha256` is its list's digest where that is known from elsewhere."""

    backup: Path
    home: Path
    sha256: str = ""


def noted(sha256: str | None) -> str:
    """The digest that was noted, empty without one; `UserMistake` for what is none, which would compare nothing."""
    if sha256 is None:
        return ""
    told = sha256.strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", told):
        raise UserMistake("--sha256 要写备份时抄下的 64 位十六进制摘要")
    return told


def run_restore(asked: Asked, *, as_json: bool) -> int:
    """Make a new home of a backup; `EvidenceBroken` or `UserMistake` says why not, and then there is none."""
    base = Config.load()
    home = asked.home.absolute()
    inventory, sha256 = read_inventory(asked.backup, asked.sha256)
    if gone_on(home, sha256):
        say(f"上次恢复停在最后一步，已接着完成：{home}；那时已全部核验")
        if as_json:
            print_json(_told(asked, inventory, sha256))
        return EXIT_DONE
    refuse_taken(home)
    place = base.secrets.database if inventory.database != SQLITE or base.secrets.database else home / "lantian.db"
    refuse_unreadable(inventory, place)
    with unfinished(home) as part, ExitStack() as held:
        lay_out(asked.backup, inventory, part, partial(progress, "恢复"), links=False)
        engine = held.enter_context(opened_copy(part, inventory, place))
        config = _settings(part, base)
        shelf = _shelf_for(inventory, config)
        refuse_rewritten(inventory, shelf)
        proof = _proved(config, engine, inventory, shelf)
        _begin(config, engine, _act(asked, inventory, sha256))
        engine.dispose()
        safe_all(part)
        take_place(part, home, sha256)
    _say(asked, inventory, sha256, proof)
    if base.secrets.database and inventory.database == SQLITE:
        say(f"LANTIAN_DATABASE 指着另一个数据库，恢复的是 {home / 'lantian.db'}：请改")
    if as_json:
        print_json(_told(asked, inventory, sha256) | asdict(proof))
    return EXIT_DONE


def _told(asked: Asked, inventory: Inventory, sha256: str) -> dict[str, str]:
    told = {"home": str(asked.home.absolute()), "backup": str(asked.backup), "sha256": sha256}
    told |= {"version": inventory.version, "made_at": inventory.made_at.isoformat()}
    return told | {"tested_at": was_tested(asked.backup, sha256)}


def tried(config: Config, backup: Path, sha256: str) -> Proof:
    """Restore a backup beside itself and take it away again; what it came to, or `EvidenceBroken`."""
    inventory, _ = read_inventory(backup, sha256)
    with folder_of_ours(backup.with_name(f".{backup.name}{SCRATCH}")) as part, ExitStack() as held:
        lay_out(backup, inventory, part, partial(progress, "试恢复"), links=True)
        place = held.enter_context(_scratch(config, inventory, part))
        engine = held.enter_context(opened_copy(part, inventory, place))
        return _proved(replace(config, home=part), engine, inventory, _shelf_for(inventory, config))


@contextmanager
def _scratch(config: Config, inventory: Inventory, part: Path) -> Iterator[Place]:
    """A database that is empty, and gone afterwards."""
    if inventory.database == SQLITE:
        yield part / "lantian.db"
        return
    with scratch_database(url_of(config.database)) as address:
        yield address


def _settings(part: Path, base: Config) -> Config:
    """Those of the restored home, with the secrets of this environment."""
    try:
        config = Config.load({"LANTIAN_HOME": str(part)})
    except ConfigInvalid as wrong:
        say(f"备份里的设置现在不能用，恢复后要改：{harmless(str(wrong))}")
        config = Config(home=part)
    return replace(config, secrets=base.secrets)


def _shelf_for(inventory: Inventory, config: Config) -> Shelf | None:
    """The shelf, if some of the archive lies there alone."""
    return open_shelf(config) if needed(inventory) else None


def _proved(config: Config, engine: Engine, inventory: Inventory, shelf: Shelf | None) -> Proof:
    """Finish files that were being written, then read everything."""
    recover(config.archive, sealer_of(config, engine).covered(clock.now()))
    anchors = tuple(authority.ca.read_bytes() for authority in config.authorities)
    trusted = Trusted(anchors=anchors, source=beside_shelf(config.archive, shelf))
    proof = prove(config.home, engine, inventory, trusted, partial(progress, "取出"))
    refuse_gaps(engine, config.archive)
    if broken := Trust(engine).verify_all().broken:
        raise EvidenceBroken(f"操作日志第 {broken[0].entry} 条：{broken[0].why}")
    return proof


def _act(asked: Asked, inventory: Inventory, sha256: str) -> Act:
    detail = {"list": sha256, "made_at": inventory.made_at.isoformat(), "version": inventory.version}
    return Act(who=account(), act="restore", subject=asked.backup.name, at=clock.now(), detail=detail)


def _begin(config: Config, engine: Engine, act: Act) -> None:
    """The new home begins with saying that it was restored, and with a seal over what was not sealed yet."""
    AuditLog(engine).add(act)
    if not is_simulation(engine):
        say_sealed(sealer_of(config, engine).seal(rules_digest(), clock.now()))


def _say(asked: Asked, inventory: Inventory, sha256: str, proof: Proof) -> None:
    at = clock.in_shanghai(inventory.made_at)
    say(f"已恢复到 {asked.home}：{at} 的备份，{proof.exhibits} 个证据项，{proof.records} 条记录核验相符")
    if not was_tested(asked.backup, sha256):
        say("这份备份当时没有试恢复；现在恢复的已全部核验")
    say(f"以后用 LANTIAN_HOME={asked.home}；原来的数据目录不要再同时使用，两边会各写各的")
    say("另要放回：环境变量里的密钥和口令，举报人密钥；登录会话重新登录（lantian login）")
