"""`lantian upgrade`: a backup that is restored for a test, the migration, and everything verified afterwards.

Whatever fails before the new schema is committed leaves the home as it was; what fails later says how to go back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from casework.trust import Trust
from console.archive.indexing import caught_up
from console.homelocks import between_crawls, only_backup, only_patrol, only_shelving
from console.homes import account, person
from console.output import harmless, print_json, progress, say
from console.upkeep.backups import enter_strays, folder_of
from console.upkeep.restoring import tried
from console.verifying import Asked as Verification
from console.verifying import report_of
from crawler import clock
from crawler.config import VERSION, Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EvidenceBroken, UserMistake
from storage.audit import Act, AuditLog
from storage.db import HEAD, open_as_it_is, open_database, refuse_newer, schema_of
from storage.folders import made
from storage.upkeep.backup import Made, Order, back_up
from storage.upkeep.backups import Backups
from storage.upkeep.copies import needed_beside, refuse_narrow
from storage.upkeep.copying import megabytes
from storage.upkeep.proving import Proof
from storage.upkeep.upgrading import EVIDENCE, Upgrade, files_of
from storage.whereabouts import SQLITE, shown, url_of

CREDENTIALS = "0017"  # the first schema with people's credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose name stands behind it, where the backup goes, and whether one is made."""

    by: str = ""
    folder: Path | None = None
    has_backup: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What was done. `broken` is how many places do not verify; `fault` is the first in the audit log."""

    old: str
    new: str = HEAD
    backup: str = ""
    copy: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    state: str = ""
    checked: int = 0
    broken: int = 0
    fault: str = ""
    indexed: int = 0


def run_upgrade(asked: Asked, *, as_json: bool) -> int:
    """0 when all is done and verifies; 4 when something in the home does not verify."""
    config = Config.load()
    old = schema_of(config.database)
    refuse_newer(config.database, old)
    if not old:
        raise UserMistake(f"{config.home} 里还没有数据，没有可升级的")
    with _alone(config.home):
        if old == HEAD:
            say(f"数据库已是这一版的结构 {HEAD}（程序 {VERSION}），不必升级")
            return _end(_verified(config, Upgraded(old=old)), as_json=as_json)
        _prove_before(config, asked.by, old)
        _say_needs(config, old)
        backup, proof = _backup(config, asked) if asked.has_backup else (None, None)
        upgraded = _upgraded(config, asked, old, backup, proof)
        return _end(upgraded, as_json=as_json)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody crawls, backs up or moves files meanwhile."""
    with only_patrol(home), between_crawls(home), only_shelving(home), only_backup(home):
        yield


def _prove_before(config: Config, by: str, old: str) -> None:
    """Whoever is not who he says is refused while nothing has changed, where the old schema knows credentials."""
    if by.strip() and old >= CREDENTIALS:
        engine = open_as_it_is(config.database)
        try:
            person(config, engine, by)
        finally:
            engine.dispose()


def _say_needs(config: Config, old: str) -> None:
    say(f"{shown(url_of(config.database))}：结构 {old} → {HEAD}，程序 {VERSION}")
    if url_of(config.database).get_backend_name() == SQLITE:
        path = Path(url_of(config.database).database or "")
        refuse_narrow(path, copies=1)
        needed = megabytes(needed_beside(path, copies=1))
        say(f"数据库 {megabytes(path.stat().st_size)}；升级时另需 {needed}，备份不计在内")


# -- the backup ------------------------------------------------------------------------------------


def _backup(config: Config, asked: Asked) -> tuple[Made, Proof]:
    """A backup at the old schema. Its test restore is the dress rehearsal: it migrates and verifies the copy."""
    order = Order(folder=_made_folder(_folder(config, asked)), now=clock.now())
    try:
        done = back_up(config, order, partial(progress, "备份"))
        proof = tried(config, done.place, done.sha256)
    except (EvidenceBroken, DatabaseError) as broken:
        raise EvidenceBroken(
            f"备份试恢复、试升级没有通过，没有升级，{config.home} 原样未动：{broken}；"
            "先用 lantian evidence verify 查明，查明后可用 --no-backup 升级"
        ) from None
    say(f"已备份到 {done.place}（清单 SHA-256 {done.sha256}），试恢复、试升级通过：{proof.exhibits} 个证据项")
    return done, proof


def _folder(config: Config, asked: Asked) -> Path:
    """Where the settings say, else beside the home: an upgrade must not fail for want of a setting."""
    if asked.folder or config.backup.folder:
        return folder_of(config, asked.folder)
    return config.home.with_name(f"{config.home.name}-backups")


def _made_folder(folder: Path) -> Path:
    try:
        made(folder)
    except OSError as wrong:
        raise UserMistake(
            f"备份文件夹 {folder} 建不成（{wrong.strerror}），没有升级：用 --backup 文件夹 写明放在哪里，"
            "或在 lantian.toml 的 [backup] 写 folder"
        ) from None
    return folder


# -- the migration ---------------------------------------------------------------------------------


def _upgraded(config: Config, asked: Asked, old: str, backup: Made | None, proof: Proof | None) -> Upgraded:
    before = files_of(config.archive)
    with progress("升级", 2 * len(EVIDENCE)) as tell:
        migration = Upgrade(tell, _act)
        engine = open_database(config.database, migration)
    place = str(backup.place) if backup else ""
    copy = str(migration.copy or "")
    try:
        with ExitStack() as held:
            held.callback(engine.dispose)
            if files_of(config.archive) != before:
                raise EvidenceBroken("升级期间有别的程序动过 archive 里的文件")
            _sign(config, engine, asked.by)
            if backup and proof:
                known = Backups(engine)
                known.proved(known.enter(backup, account()), backup, proof, clock.now())
                enter_strays(engine, backup.place.parent)
            rows = {one.table: one.rows for one in migration.evidence}
            done = Upgraded(old=old, backup=place, copy=copy, rows=rows)
            say(f"已升级：{sum(rows.values())} 行证据升级前后逐行一致")
            return _verified(config, done)
    except BaseException:
        say(f"数据库已是结构 {HEAD}。{way_back(copy, place)}")
        raise


def _act(migration: Upgrade) -> Act:
    digests = [f"{one.table} {one.rows} {one.sha256}" for one in migration.evidence]
    detail = {"from": migration.revision, "version": VERSION, "evidence": digests}
    return Act(who=account(), act="upgrade", subject=HEAD, at=clock.now(), detail=detail)


def _sign(config: Config, engine: Engine, by: str) -> None:
    """Whoever gives his name proves it, which needs our schema; so it is an entry of its own."""
    if by.strip():
        who = person(config, engine, by)
        AuditLog(engine).add(Act(who=who, act="upgrade_signed", subject=HEAD, at=clock.now()))


def way_back(copy: str, backup: str) -> str:
    """What to do when the new version is not wanted after all."""
    if copy:
        name = Path(copy).name
        return f"要退回：停下巡查，删去 lantian.db-wal、lantian.db-shm，把 {name} 改名为 lantian.db，用旧版程序"
    return f"要退回：用旧版程序 lantian restore {backup}" if backup else "没有备份，不能退回"


# -- and afterwards --------------------------------------------------------------------------------


def _verified(config: Config, done: Upgraded) -> Upgraded:
    """The archive, the rows and the log read in full, and the search brought up to date."""
    engine = open_database(config.database)
    try:
        report = report_of(Verification(), config) if config.archive.is_dir() else None
        faults = Trust(engine).verify_all().broken
        indexed = caught_up(config, engine)
    finally:
        engine.dispose()
    told = asdict(done) | {"indexed": indexed, "fault": f"第 {faults[0].entry} 条：{faults[0].why}" if faults else ""}
    if report:
        told |= {"state": report.state, "checked": report.checked}
        told["broken"] = 0 if report.is_consistent else report.total
    return Upgraded(**told)


def _end(done: Upgraded, *, as_json: bool) -> int:
    is_whole = not done.broken and not done.fault
    say(f"核验：{done.checked} 条记录" + ("一致" if not done.broken else f"，有 {done.broken} 处不符"))
    if done.fault:
        say(f"操作日志不完整：{harmless(done.fault)}")
    say(f"检索：编入 {done.indexed} 个证据项")
    if done.old != done.new:
        say(way_back(done.copy, done.backup))
    if not is_whole:
        say("升级没有改动证据；这些不符在升级之前就有：lantian evidence verify、lantian audit verify")
    if as_json:
        print_json(_told(done) | {"ok": is_whole})
    return EXIT_DONE if is_whole else EXIT_EVIDENCE


def _told(done: Upgraded) -> dict[str, Any]:
    return {"from" if name == "old" else "to" if name == "new" else name: value for name, value in asdict(done).items()}
